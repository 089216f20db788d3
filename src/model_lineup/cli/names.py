"""`lineup resolve` and `lineup test`: what a name means, and whether it answers."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import completion, finding, show
from model_lineup.cli.capabilities import prove
from model_lineup.cli.misused import Misused
from model_lineup.cli.models import Which
from model_lineup.cli.options import said
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED

RULES = {
    "alias": "an alias",
    "provider/model_id": "slug/model_id",
    "model_id": "a model_id",
    "alias_without_case": "an alias, whatever the case",
}


def resolve(
    here: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What a caller puts into `model`.", autocompletion=completion.models)
    ],
    caller: Annotated[Literal["user", "agent"], typer.Option("--as", help="Whose key it is.")] = "user",
    person: Annotated[
        str | None, typer.Option(help="Address or id of the person whose key it is: with that person's groups.")
    ] = None,
    of_key: Annotated[
        str | None, typer.Option("--of-key", metavar="KEY", help="Name or id of the key itself, instead of --as.")
    ] = None,
) -> None:
    """Explain which model answers to a name, step by step. The exit code is 1 when none does."""
    if person is not None and of_key is not None:
        raise Misused("Say --person or --of-key, not both.")
    whose = {
        "person_id": None if person is None else finding.person(here, person)["id"],
        "key_id": None if of_key is None else finding.key(here, of_key)["id"],
    }
    answer = here.get("resolve", name=name, **{"as": caller}, **said(**whose))
    here.answer(answer, tell_explanation)
    if answer.json["status"] != 200:
        raise typer.Exit(FAILED)


def tell_explanation(found: dict[str, Any]) -> None:
    """The steps, then the verdict."""
    show.table([_step(step) for step in found["steps"]], ["is it …", "", "model", "provider", "available"])
    show.line(found["message"], style="" if found["status"] == 200 else "red")
    if (rollout := found["rollout"]) is not None and not rollout["moved"]:
        show.line(_rolling(rollout))
    if found["fallbacks"]:
        show.line(f"Should that fail: {', '.join(one['model_id'] for one in found['fallbacks'])}.")
    if found["suggestions"]:
        show.note(f"Did you mean {', '.join(found['suggestions'])}?")
    elif found["status"] == 404 and found["steps"][-1]["available"]:
        show.note("`lineup who-sees NAME` tells for whom it is.")
    elif found["status"] == 404 and (hidden := found["steps"][-1]["model"]):
        show.note(f"It is hidden, or its provider is off: `lineup models show {hidden['id']}`.")


def _rolling(rollout: dict[str, Any]) -> str:
    of = "keys" if rollout["sticky"] == "key" else "requests"
    other = f"{rollout['model']['model_id']} at {rollout['model']['slug']}"
    told = f"It is being rolled out: {rollout['share']:g} % of its {of} get {other}"
    return f"{told}; not this caller." if rollout["moved"] is False else f"{told}."


def _step(step: dict[str, Any]) -> list[Any]:
    model = step["model"]
    rule = RULES.get(step["rule"], step["rule"])
    if model is None:
        return [rule, "no", "", "", ""]
    return [rule, "yes", f"{model['model_id']} (id {model['id']})", model["slug"], step["available"]]


def check(
    here: Session,
    model: Which,
    capabilities: Annotated[
        bool, typer.Option("--capabilities", help="Prove what it can do: tools, vision, streaming and so on.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="CAPABILITY", help="Prove this one; can be said several times.")
    ] = None,
) -> None:
    """Send one real request on the way that users' requests take. The exit code is 1 when it fails.

    With --capabilities a few requests for each capability; the exit code is 1 when none of them was answered.
    """
    row = finding.model(here, model)
    if capabilities or only:
        prove(here, row, only or [])
        return
    answer = here.admin.call("POST", "models/by-id/test/connection", query=finding.address(row))
    here.answer(answer, lambda result: tell_test(row, result))
    if not answer.json["passed"]:
        raise typer.Exit(FAILED)


def tell_test(row: dict[str, Any], result: dict[str, Any]) -> None:
    """Passed with times, or the step that failed and what to do."""
    name = f"{row['model_id']} at {row['provider']['slug']}"
    if result["passed"]:
        ttft = f", first token after {show.number(result['ttft_ms'], ' ms')}" if result["ttft_ms"] else ""
        cold = " (new connection)" if result["cold"] else ""
        took = show.number(result["latency_ms"], " ms")
        show.line(f"{name}: passed in {took}{ttft}{cold}. {result['message']}")
    else:
        status = f", HTTP {result['http_status']}" if result["http_status"] else ""
        show.line(f"{name}: failed at {result['stage']}{status}. {result['message']}", style="red")
    if result["hint"]:
        show.note(result["hint"])
