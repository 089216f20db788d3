"""More of `lineup providers`: order, kinds, deletion, and what asks the provider itself."""

from typing import Annotated, Any

import typer

from model_lineup.cli import finding, plans, show
from model_lineup.cli.options import Confirm, DryRun, Terminate
from model_lineup.cli.providers import COLUMNS, Which, app
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import FAILED, verb

LISTS = ("added", "changed", "reactivated", "vanished", "protected")
SHOWN = 20


@verb(app, "delete")
def delete_provider(
    here: Session,
    provider: Which,
    force: Annotated[bool, typer.Option("--force", help="Delete its models and their aliases with it.")] = False,
    confirm: Confirm = False,
    terminate: Terminate = False,
) -> None:
    """Delete a provider and its sealed key. This cannot be taken back."""
    row = finding.provider(here, provider)
    answer = here.delete(f"providers/{row['id']}", force=force, confirm=confirm, terminate=terminate)
    here.tell(answer, f"Deleted {row['slug']}.")


@verb(app, "order", examples=["lineup providers order local openai"])
def order_providers(
    here: Session,
    providers: Annotated[list[str], typer.Argument(metavar="PROVIDER", help="Those not named keep their order.")],
    confirm: Confirm = False,
) -> None:
    """Put these first, in this order. Of several that have a model, the first one available answers."""
    known = here.every("providers", "providers")
    first = list(dict.fromkeys(int(finding.provider(here, one)["id"]) for one in providers))
    rest = [int(row["id"]) for row in known if row["id"] not in first]
    answer = here.put("providers/order", {"provider_ids": [*first, *rest]}, confirm=confirm)
    here.answer(answer, lambda page: show.rows(page["providers"], COLUMNS, nothing="No providers."))


@verb(app, "fetch", examples=["lineup providers fetch openai --plan", "lineup models unhide --provider openai --all"])
def fetch_models(
    here: Session,
    provider: Which,
    plan: Annotated[bool, typer.Option("--plan", help="Keep it as a plan instead, to be looked at.")] = False,
    dry_run: DryRun = False,
    confirm: Confirm = False,
) -> None:
    """Read the provider's list of models. New ones arrive hidden; nothing is deleted, what you pinned stays."""
    row = finding.provider(here, provider)
    if plan:
        here.answer(here.post(f"providers/{row['id']}/plans"), plans.tell)
        return
    here.answer(here.post(f"providers/{row['id']}/fetch", dry_run=dry_run, confirm=confirm), _tell_plan)


@verb(app, "test")
def check_provider(here: Session, provider: Which) -> None:
    """Whether its list can be read with this key. Stores nothing; the exit code is 1 when it cannot."""
    row = finding.provider(here, provider)
    answer = here.post(f"providers/{row['id']}/test")
    here.answer(answer, _tell_test)
    if not answer.json["passed"]:
        raise typer.Exit(FAILED)


@verb(app, "kinds")
def list_kinds(here: Session) -> None:
    """The kinds of provider that this Lineup knows."""
    columns = (
        Column("kind", "type"),
        Column("what", "label"),
        Column("base URL by default", "default_base_url"),
        Column("key needed", "key_needed"),
        Column("settings", lambda row: [field["name"] for field in row["fields"]]),
    )
    here.answer(here.get("provider-kinds"), lambda found: show.rows(found["kinds"], columns, nothing="No kinds."))


def _tell_plan(plan: dict[str, Any]) -> None:
    counts = ", ".join(f"{len(plan.get(name, ()))} {name}" for name in LISTS)
    prefix = "Dry run, nothing stored. " if plan.get("dry_run") else ""
    show.line(
        f"{prefix}{show.count(plan['listed'], 'model')} listed on {show.count(plan['pages'], 'page')}: "
        f"{counts}, {plan.get('unchanged', 0)} unchanged."
    )
    if said := plans.newly_read(plan):
        show.note(said)
    if ignored := plan.get("ignored"):
        show.note(f"{show.count(len(ignored), 'model')} ignored by the provider's rules.")
    cells = [
        [name, item.get("id"), item["model_id"], _changes(item) or item.get("reason")]
        for name in LISTS
        for item in plan.get(name, ())[:SHOWN]
    ]
    if cells:
        show.table(cells, ["", "id", "model", "why"])
    for name in LISTS:
        if len(plan.get(name, ())) > SHOWN:
            show.note(f"… and {len(plan[name]) - SHOWN} more {name}; --json shows all.")
    for warning in plan.get("warnings", ()):
        show.note(f"Warning: {warning}")


def _changes(item: dict[str, Any]) -> str:
    return plans.differences(item.get("changes", {}))


def _tell_test(found: dict[str, Any]) -> None:
    took = show.number(found["latency_ms"], " ms")
    if found["passed"]:
        show.line(f"Passed in {took}: {found['message']}")
    else:
        status = f", HTTP {found['http_status']}" if found["http_status"] else ""
        show.line(f"Failed at {found['stage']}{status} after {took}: {found['message']}", style="red")
    if found["hint"]:
        show.note(found["hint"])
