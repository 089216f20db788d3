"""How a verb is made: a function that takes a `Session` first becomes a command with the options of `place.py`.

    @verb(app, "list", examples=["lineup providers list --json"])
    def list_providers(here: Session, limit: Limit = 100) -> None:
        \"\"\"Providers in their order.\"\"\"

Every way in which a verb can fail ends here: with a message and an exit code, never with a traceback.
"""

import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec

import typer

from model_lineup.cli import place, problems
from model_lineup.cli.client import Refused
from model_lineup.cli.misused import Misused
from model_lineup.cli.place import Place
from model_lineup.cli.session import Session
from model_lineup.errors import LineupError, StartRefused

P = ParamSpec("P")
Verb = Callable[Concatenate[Session, P], None]
FAILED, MISUSED, REFUSED_TO_START = 1, 2, 78
FOLDER = {"data_dir": place.DataDir, "config": place.Config}
ANYWHERE = {**FOLDER, "url": place.Url, "key": place.Key}
JSON = {"as_json": place.AsJson}
NOT_SAID = {**dict.fromkeys(ANYWHERE), "as_json": False}


def noun(name: str, what: str) -> typer.Typer:
    """A group of verbs."""
    return typer.Typer(name=name, help=what, no_args_is_help=True)


def verb(
    group: typer.Typer, name: str, *, examples: Sequence[str] = (), only_here: bool = False, json: bool = True
) -> Callable[[Verb[P]], Verb[P]]:
    """`only_here`: works on the data folder alone; `json`: can answer in JSON."""
    options = {**(FOLDER if only_here else ANYWHERE), **(JSON if json else {})}

    def register(function: Verb[P]) -> Verb[P]:
        epilog = "\n  ".join(["\b\nExamples:", *examples]) if examples else None  # \b: leave the lines as they are
        group.command(name, epilog=epilog)(_as_command(function, options))
        return function

    return register


@contextlib.contextmanager
def failures_told(as_json: bool) -> Iterator[None]:
    """Turns what verbs raise into words and exit codes."""
    try:
        yield
    except Refused as refused:
        problems.tell(refused.problem, refused.body, as_json=as_json)
        raise typer.Exit(FAILED) from None
    except LineupError as error:
        problems.tell_error(error, as_json=as_json)
        raise typer.Exit(REFUSED_TO_START if isinstance(error, StartRefused) else FAILED) from None
    except UnicodeEncodeError:
        raise Misused("Arguments must be UTF-8.") from None


def _as_command(function: Verb[P], options: dict[str, Any]) -> Callable[..., None]:
    """The function with the options of `place.py` behind its own, as Typer reads them."""
    _, *own = inspect.signature(function).parameters.values()
    common = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=False if name in JSON else None, annotation=annotation
        )
        for name, annotation in options.items()
    ]
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

    def command(*, context: typer.Context, **given: Any) -> None:
        said = Place(**{name: given.pop(name) for name in options})
        outer = context.find_root().obj
        session = Session(said.under(outer if isinstance(outer, Place) else Place()))
        with failures_told(session.place.as_json), contextlib.closing(session):
            function(session, **given)  # type: ignore[call-arg]

    parameters = [context, *keywords, *common]
    command.__doc__ = function.__doc__
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command
