"""`lineup test --capabilities` and `lineup models capabilities`: what a model can do, and how that is known."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.models import app
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED, verb

Name = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="Id, model_id, slug/model_id or alias.", autocompletion=completion.models),
]
VERDICTS = {"not_applicable": "not applicable", None: "not tested"}


def prove(here: Session, row: dict[str, Any], only: Sequence[str]) -> None:
    """Tests and tells. The exit code is 1 when the provider answered nothing."""
    body = {"capabilities": list(only)} if only else None
    answer = here.admin.call("POST", "models/by-id/test/capability", query=finding.address(row), body=body)
    here.answer(answer, tell_report)
    found = answer.json["capabilities"]
    if found and all(one["verdict"] == "undecided" for one in found):
        raise typer.Exit(FAILED)


def tell_report(report: dict[str, Any]) -> None:
    """One line for each capability, then what it cost."""
    show.table(
        [
            [one["capability"], _verdict(one["verdict"]), one["requests"], one["reason"]]
            for one in report["capabilities"]
        ],
        ["capability", "verdict", "requests", "why"],
    )
    spent = report["spent"]
    cost = "price unknown" if spent["cost_usd"] is None else f"{spent['cost_usd']:.6f} USD"
    tokens = (spent["prompt_tokens"] or 0) + (spent["completion_tokens"] or 0)
    took = f"{report['duration_s']:.1f} s"
    show.note(f"{show.count(spent['requests'], 'request')}, {show.count(tokens, 'token')}, {cost}, {took}.")
    if report["stopped"]:
        show.note(f"Ended early ({report['stopped']}): the rest was not asked.")


@verb(app, "capabilities", examples=["lineup models capabilities gpt-4o"])
def capabilities(here: Session, model: Name) -> None:
    """What is known of each capability of a model, without asking it. `lineup test --capabilities` asks."""
    here.answer(here.get(f"models/{finding.model(here, model)['id']}/capabilities"), tell_states)


def tell_states(found: dict[str, Any]) -> None:
    """One line each: the verdict that stands, and what speaks against it."""
    show.table(
        [
            [one["capability"], _verdict(one["verdict"]), _but(one), one["at"], one["reason"]]
            for one in found["capabilities"]
        ],
        ["capability", "verdict", "but", "since", "why"],
    )


def _verdict(verdict: str | None) -> str:
    return VERDICTS.get(verdict, verdict or "")


def _but(one: dict[str, Any]) -> str:
    """Stale, contradicted, or tried again in vain."""
    said = ["stale"] if one["stale"] else []
    said += [f"{claim['source']} says {'yes' if claim['value'] else 'no'}" for claim in one["contradicted"]]
    if one["last_try"] is not None and one["at"] is not None:
        said.append("last try undecided")
    return "; ".join(said)
