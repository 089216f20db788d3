"""What `lineup aliases rollout` asks, and how it tells whom a rollout moves."""

from typing import Any, NamedTuple

from model_lineup.cli import finding, show
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import said
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column

PATH = "models/by-id/aliases/rollout"
WHY = {
    "share": "outside the share",
    "not_member": "not in the model's groups",
    "not_for_agents": "the model is not for agents",
    "not_available": "the model is not available",
}
COLUMNS = (
    Column("key", "id"),
    Column("name", "name"),
    Column("kind", "kind"),
    Column("owner", "owner"),
    Column("ends in", "last4"),
    Column("moves", "moves"),
    Column("so far", "moved_before"),
    Column("why not", lambda row: WHY.get(row["reason"] or "")),
)


class Wanted(NamedTuple):
    """The options of the verb."""

    to: str | None
    share: float | None
    sticky: str | None
    gate: bool
    stop: bool
    finish: bool
    terminate: bool
    dry_run: bool


def carry_out(here: Session, where: dict[str, Any], wanted: Wanted) -> None:
    """Raises Misused for options that do not go together."""
    starts = (wanted.to, wanted.share, wanted.sticky, wanted.gate) != (None, None, None, False)
    if starts + wanted.stop + wanted.finish > 1:
        raise Misused("Say --to and --share, or --stop, or --finish.")
    if wanted.terminate and not (wanted.stop or wanted.finish):
        raise Misused("--terminate goes with --stop or --finish.")
    if wanted.stop or wanted.finish:
        _end(here, where, wanted)
    elif starts:
        _start(here, where, wanted)
    else:
        here.answer(here.get(PATH, **where), _tell)


def _start(here: Session, where: dict[str, Any], wanted: Wanted) -> None:
    if wanted.to is None or wanted.share is None:
        raise Misused("A rollout needs --to and --share.")
    model = finding.model(here, wanted.to)
    body = said(id=model["id"], share=wanted.share, sticky=wanted.sticky, gate=wanted.gate or None)
    answer = here.put(PATH, body, **where, dry_run=wanted.dry_run)
    here.answer(answer, lambda state: _tell(state, wanted.dry_run))


def _end(here: Session, where: dict[str, Any], wanted: Wanted) -> None:
    query = {**where, "terminate": wanted.terminate, "dry_run": wanted.dry_run}
    answer = here.delete(PATH, **query) if wanted.stop else here.post(f"{PATH}/finish", None, **query)
    now = answer.json["model"]
    told = f"{where['alias']} means {now['model_id']} at {now['provider']}, for everybody."
    if wanted.dry_run:
        return here.answer(answer, lambda _: show.line(f"Dry run, nothing stored. {told}"))
    return here.tell(answer, told)


def _tell(state: dict[str, Any], dry_run: bool = False) -> None:
    alias, rollout = state["alias"], state["alias"]["rollout"]
    of = "its keys" if rollout["sticky"] == "key" else "the requests of each key"
    lead = "Dry run, nothing stored. " if dry_run else ""
    other = f"{rollout['model']['model_id']} at {rollout['model']['provider']}"
    show.line(f"{lead}{alias['alias']} means {alias['model_id']}; {rollout['share']:g} % of {of} get {other}.")
    counts = f"{state['moving_total']} of {state['moving_total'] + state['staying_total']} active keys move."
    show.line(counts)
    show.rows([*state["moving"], *state["staying"]], COLUMNS, nothing="No key may use it.")
    left = state["moving_total"] + state["staying_total"] - len(state["moving"]) - len(state["staying"])
    if left:
        show.note(f"{left} more keys; GET /api/admin/{PATH} has them by the page.")
    for warning in alias["warnings"]:
        show.note(f"Warning: {warning}")
