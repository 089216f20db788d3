"""`lineup chat`: say something to a model as a caller of `/v1` would, and watch the answer come."""

import json
import re
import sys
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import typer

from model_lineup.cli import completion, show
from model_lineup.cli.client import Answer, Asked, Refused
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import said
from model_lineup.cli.session import Session
from model_lineup.clock import tick

INTERRUPTED = 130
PATH = "/v1/chat/completions"


def chat(
    here: Session,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What a caller puts into `model`.", autocompletion=completion.models)
    ],
    prompt: Annotated[str, typer.Argument(metavar="TEXT", help="What to say; `-` reads standard input.")],
    system: Annotated[str | None, typer.Option(help="Instructions before it.")] = None,
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Tokens to write, at most.")] = None,
    stream: Annotated[bool, typer.Option("--stream/--no-stream", help="Show the answer as it comes.")] = True,
    caller: Annotated[
        Literal["user", "agent"] | None, typer.Option("--as", show_default="user", help="Whose call it is to be.")
    ] = None,
) -> None:
    """Call a model through /v1 and show its answer; usage has it, as of every call.

    Here no key is needed: no limit holds, and usage names the local command line. With --key, here or at --url, it is
    the call of that user's or agent's key, with its limits. Times and tokens stand on standard error at the end. Ctrl-C
    ends the answer, at the provider too.
    """
    key = here.place.key if here.is_local else None
    if caller is not None and (key or not here.is_local):
        raise Misused("--as is for calls without a key; a key says whose call it is.")
    streamed = stream and not here.place.as_json
    body = {"model": name, "messages": _messages(prompt, system), **said(max_tokens=max_tokens)}
    if streamed:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    whose = {"authorization": f"Bearer {key}"} if key else {"x-lineup-as": caller or "user"}
    asked = Asked("POST", PATH, {"content-type": "application/json", **whose}, _encoded(body))
    meaning = here.get("resolve", name=name, **{"as": caller or "user"}).json if here.is_local else None
    heard = _Heard()
    try:
        answer = here.admin.events(asked, heard.event)
    except KeyboardInterrupt:
        heard.end_line()
        show.note("Ended, at the provider too.")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        heard.over()
    if answer.status != 200:
        raise _refusal(here, meaning, answer)
    if heard.failure is not None:
        heard.end_line()
        raise Refused(heard.failure)
    if not streamed:
        here.answer(answer, lambda whole: _tell_whole(whole, heard))
    heard.end_line()
    if not here.place.as_json:
        show.note(heard.figures(answer.headers))
        if ending := _ending(answer.headers):
            show.note(ending)


class _Heard:
    """What came of a stream: text goes to standard output at once, the rest is kept. Times in seconds."""

    def __init__(self) -> None:
        self._began_at = tick()
        self._first_at: float | None = None
        self._last_at: float | None = None
        self._ends_open = False
        self._pieces = 0
        self.usage: Mapping[str, Any] = {}
        self.failure: dict[str, Any] | None = None

    def event(self, data: bytes) -> None:
        if data == b"[DONE]":
            return
        chunk = json.loads(data)
        if "error" in chunk:
            self.failure = _problem(chunk)
            return
        self.usage = chunk.get("usage") or self.usage
        for choice in chunk.get("choices") or ():
            self.text(str((choice.get("delta") or {}).get("content") or ""))

    def text(self, text: str) -> None:
        if not text:
            return
        self._last_at = tick()
        self._first_at = self._first_at or self._last_at
        self._pieces += 1
        sys.stdout.write(show.printable(text))
        sys.stdout.flush()
        self._ends_open = not text.endswith("\n")

    def end_line(self) -> None:
        if self._ends_open:
            sys.stdout.write("\n")
            self._ends_open = False

    def over(self) -> None:
        self._last_at = self._last_at or tick()

    def figures(self, headers: Mapping[str, str]) -> str:
        """Time to the first text, tokens, their pace after the first, and who answered."""
        assert self._last_at is not None
        parts = []
        if self._first_at is not None and self._pieces > 1:
            parts.append(f"first text after {show.number(self._first_at - self._began_at, ' s')}")
        tokens, took_s = self.usage.get("completion_tokens"), self._last_at - self._began_at
        parts.append(f"{f'{tokens} tokens' if tokens else 'an answer'} in {show.number(took_s, ' s')}")
        writing_s = self._last_at - (self._first_at or self._last_at)
        if tokens and tokens > 1 and writing_s > 0 and self._pieces > 1:
            parts.append(f"{show.number((tokens - 1) / writing_s)} tokens/s")
        who = f"{headers.get('x-lineup-model', '?')} at {headers.get('x-lineup-provider', '?')}"
        return f"{', '.join(parts)}; {who}"


def _ending(headers: Mapping[str, str]) -> str:
    """What the answer says of the model's end, if it has one; callers see it in the same headers."""
    if "deprecation" not in headers:
        return ""
    links = headers.get("link", "")
    follows = re.search(r'</v1/models/([^>]*)>; rel="successor-version"', links)
    notice = re.search(r"title\*=UTF-8''([^,;\s]*)", links)
    parts = [
        f"ends on {headers['sunset']}" if "sunset" in headers else "is deprecated",
        f"{unquote(follows[1])} follows it" if follows else "",
        unquote(notice[1]) if notice else "",
    ]
    return f"This model {'; '.join(filter(None, parts))}"


def _tell_whole(whole: dict[str, Any], heard: _Heard) -> None:
    heard.usage = whole.get("usage") or {}
    for choice in whole.get("choices") or ():
        heard.text(str((choice.get("message") or {}).get("content") or ""))


def _messages(prompt: str, system: str | None) -> list[dict[str, str]]:
    text = sys.stdin.read() if prompt == "-" else prompt
    if not text.strip():
        raise Misused("There is nothing to say: TEXT is empty.")
    before = [{"role": "system", "content": system}] if system else []
    return [*before, {"role": "user", "content": text}]


def _encoded(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _refusal(here: Session, meaning: dict[str, Any] | None, answer: Answer) -> Refused:
    """What `/v1` said; here, where an administrator asks, also what callers are not told."""
    try:
        problem = _problem(answer.json)
    except (ValueError, KeyError, TypeError, AttributeError):
        problem = {"code": "not_lineup", "detail": f"The server answered {answer.status}, and not as Lineup does."}
    if meaning is not None and problem["code"] in ("model_not_found", "model_not_enabled_for_agents"):
        problem["detail"] = f"{problem['detail']} {_why(here, meaning)}"
    return Refused(problem, answer.body)


def _problem(body: Any) -> dict[str, Any]:
    error = body["error"]
    return {"code": error.get("code") or "upstream_error", "detail": str(error["message"])}


def _why(here: Session, meaning: dict[str, Any]) -> str:
    model = meaning["steps"][-1]["model"]
    if model is None:
        close = f" Did you mean {', '.join(meaning['suggestions'])}?" if meaning["suggestions"] else ""
        return f"Nothing here has this name.{close} `lineup models list` shows what there is."
    row = here.get(f"models/{model['id']}").json
    if not row["visible"]:
        return f"It is hidden: `lineup models unhide {model['id']}` shows it to callers."
    if not row["provider"]["enabled"]:
        return f"Its provider is off: `lineup providers enable {row['provider']['slug']}` switches it on."
    return f"`lineup models agents-on {model['id']}` lets agents call it."
