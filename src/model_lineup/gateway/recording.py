"""Puts each request into the ledger when it is over."""

from model_lineup.catalog.names import fold
from model_lineup.clock import tick
from model_lineup.database.values import can_be_stored
from model_lineup.gateway.meter import Meter
from model_lineup.gateway.opening import Opened
from model_lineup.gateway.visit import Visit
from model_lineup.ledger.entry import Entry, TokenSource
from model_lineup.ledger.recorder import Recorder
from model_lineup.routing.snapshot import Snapshot

_NAME_LENGTH = 200
_NOTHING: "tuple[int | None, int | None, int | None, TokenSource]" = (None, None, None, "none")


class Recording:
    """A listener of the gateway."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def note(self, visit: Visit) -> None:
        caller, route, opened, meter = visit.caller, visit.route, visit.opened, visit.meter
        row = provider = place = None
        if opened is not None:
            row, provider, place = opened.model.id, opened.provider.id, opened.place
        elif route is not None:
            row, provider = route.models[0].id, route.models[0].provider_id
        tokens = _NOTHING if meter is None else _tokens(meter, whole=visit.outcome == "completed")
        prompt, completion, cached, source = tokens
        name = visit.name
        if name is not None:
            name = _as_typed(name) if route is None else _spelt(name, route.snapshot)
        self._recorder.note(
            Entry(
                visit.began_at,
                tick(),
                None if meter is None else meter.first_content_at,
                visit.request_id,
                caller.key_id,
                caller.person_id,
                visit.on_behalf_of,
                name,
                row,
                provider,
                visit.surface,
                visit.outcome,
                visit.code,
                visit.status,
                visit.stream,
                prompt,
                completion,
                cached,
                source,
                place,
                _cost(opened, tokens),
            )
        )


class OwnersRecording(Recording):
    """Of the calls that come from the command line of whoever owns the data folder: no key stands for them, so these
    words do, where other calls name the user of a front end."""

    WHO = "local command line"

    def note(self, visit: Visit) -> None:
        if not visit.caller.key_id:
            visit.on_behalf_of = self.WHO
        super().note(visit)


class PlaygroundRecording(OwnersRecording):
    """Of the calls that administrators make in the panel: they count as theirs, under no key."""

    WHO = "playground"


def _cost(opened: Opened | None, tokens: "tuple[int | None, int | None, int | None, TokenSource]") -> int | None:
    """In billionths of a US dollar; None where the tokens or their price are not known."""
    prompt, completion, cached, _ = tokens
    if opened is None or opened.model.price is None or prompt is None:
        return None
    return opened.model.price.of(prompt, completion or 0, cached or 0)


def _tokens(meter: Meter, *, whole: bool) -> "tuple[int | None, int | None, int | None, TokenSource]":
    """Prompt, completion, cached, and who says so. An answer that was cut has at least as many tokens as pieces of
    content came; its provider tells the true number only at the end."""
    usage, came = meter.usage, meter.contents
    if usage is None:
        return (None, came, None, "estimated") if came and not whole else _NOTHING
    told = usage.completion_tokens
    if not whole and came > (told or 0):
        return usage.prompt_tokens, came, usage.cached_tokens, "estimated"
    return usage.prompt_tokens, told, usage.cached_tokens, "provider"


def _spelt(name: str, snapshot: Snapshot) -> str:
    """An alias that was found without regard to case, as it is spelt: there are too many ways to spell it."""
    if name in snapshot.aliases or name in snapshot.by_id:
        return name
    alias = snapshot.folded.get(fold(name))
    return name if alias is None else alias.alias


def _as_typed(name: str) -> str:
    """A name that leads nowhere, as far as it can be kept."""
    shown = name if len(name) <= _NAME_LENGTH else name[: _NAME_LENGTH - 1] + "…"
    return shown if can_be_stored(shown) else repr(shown)[1:-1].encode("ascii", "backslashreplace").decode()
