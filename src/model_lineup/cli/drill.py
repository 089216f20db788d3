"""`lineup drill`: rehearse what happens when a provider misbehaves. The cases themselves are in `demo.faults`."""

import asyncio
import contextlib
import json
from typing import Annotated, Any

import typer

from model_lineup.cli import show
from model_lineup.cli.drilling import KINDS, PORT, Rehearsal, cases_of, index
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import FAILED, noun, verb
from model_lineup.errors import StartRefused

app = noun("drill", "A provider that misbehaves on purpose, on this machine, to see what Lineup makes of it.")
Port = Annotated[int, typer.Option(min=1, max=65535, help="Where `lineup drill serve` listens.")]
Kind = Annotated[str, typer.Option("--kind", help=f"In which format: {', '.join(KINDS)}. `fault` needs LINEUP_DRILLS.")]


@verb(app, "serve", only_here=True, json=False, examples=["lineup drill serve"])
def serve_drills(
    here: Session,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORT,
) -> None:
    """Run the provider that misbehaves, at 127.0.0.1 alone, until Ctrl-C. It knows no keys and keeps none."""
    from model_lineup.cli.serve import sigterm_ends_in_order
    from model_lineup.demo.faults.server import FaultServer

    async def serve() -> None:
        async with FaultServer(port) as server:
            show.line(f"{server.origin} misbehaves in {len(server.index()['cases'])} ways. Ctrl-C ends it.")
            show.note("`lineup drill list` tells them, `lineup drill add CASE` makes a provider of one.")
            await asyncio.Event().wait()

    try:
        with sigterm_ends_in_order(), contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve())
    except OSError as error:
        raise StartRefused(f"Cannot listen on port {port}: {error.strerror}. Choose another one with --port.") from None


@verb(app, "list", only_here=True, examples=["lineup drill list redirect", "lineup drill list --urls"])
def list_drills(
    here: Session,
    words: Annotated[list[str] | None, typer.Argument(metavar="[WORD]…", help="Only cases that hold these.")] = None,
    urls: Annotated[bool, typer.Option("--urls", help="Their base URLs, from a running `lineup drill serve`.")] = False,
    port: Port = PORT,
) -> None:
    """The cases, with what Lineup is to make of each: of the list, and of a test or benchmark."""
    found = cases_of(words or [])
    if urls:
        places = {one["case"]: one["base_urls"] for one in index(port)["cases"]}
        found = [{**one, "base_urls": places[one["case"]]} for one in found]
    if here.place.as_json:
        show.raw(json.dumps(found).encode())
        return
    cells = [[one["case"], one["expected"]["list"], one["expected"]["test"], _last(one, urls)] for one in found]
    show.table(cells, ["case", "list", "test", "base URL" if urls else "what goes wrong"])


@verb(app, "add", examples=["lineup drill add stream-cut-in-order", "lineup drill add unauthorized --kind anthropic"])
def add_drill(
    here: Session,
    case: Annotated[str, typer.Argument(metavar="CASE", help="One of `lineup drill list`.")],
    kind: Kind = "fault",
    port: Port = PORT,
) -> None:
    """Add a provider that meets this case, with one hidden model `drill`."""
    rehearsal = Rehearsal(here, port, kind)
    answer, provider, model = rehearsal.add(case)
    here.tell(
        answer,
        f"Added {provider['slug']} as provider {provider['id']}, with model {model['id']}.",
        f"`lineup providers test {provider['slug']}`, `lineup test {model['id']}` and `lineup benchmark {model['id']}` "
        f"meet it; `lineup providers delete {provider['slug']} --force` ends the drill.",
    )


@verb(app, "run", examples=["lineup drill run redirect-found unauthorized", "lineup drill run --word stream"])
def run_drills(
    here: Session,
    cases: Annotated[list[str] | None, typer.Argument(metavar="[CASE]…", help="These; without any, all.")] = None,
    word: Annotated[list[str] | None, typer.Option("--word", help="All cases that hold this word.")] = None,
    kind: Kind = "fault",
    port: Port = PORT,
) -> None:
    """Meet cases one after the other: list and test each, compare with what is expected, and delete it again.

    The exit code is 1 when any differs.
    """
    rehearsal = Rehearsal(here, port, kind)
    results: list[dict[str, Any]] = []
    for case in rehearsal.chosen(cases or [], word or []):
        results.append(rehearsal.meet(case))
        if not here.place.as_json:
            show.note(f"{case}: {'as expected' if results[-1]['as_expected'] else 'NOT as expected'}")
    if here.place.as_json:
        show.raw(json.dumps(results).encode())
    else:
        show.table([_told(one) for one in results], ["case", "list", "test", "as expected", "seconds"])
    if not all(one["as_expected"] for one in results):
        raise typer.Exit(FAILED)


def _last(one: dict[str, Any], urls: bool) -> str:
    if not urls:
        return str(one["story"])
    places = one["base_urls"]
    return str(places.get("openai") or next(iter(places.values())))


def _told(one: dict[str, Any]) -> list[Any]:
    return [one["case"], one["list"], one["test"], one["as_expected"], one["seconds"]]
