"""Whether answers come in pieces as they are written, and whether the stream tells its tokens."""

from collections.abc import Sequence
from random import Random

from model_lineup.probes.contract import TOKENS, Finding, Trial, no, undecided, yes
from model_lineup.probes.heard import Heard

_BURST_S = 0.005
_BURST_SHARE = 0.02
"""All pieces within 5 ms, or within 2 % of the wait for the first one: somebody held them back."""


class StreamingProbe:
    name = "streaming"
    label = "Streaming"
    about = (
        "Counts aloud in a stream. Proven by at least two pieces of content and an end that the stream itself tells; "
        "beside it stands whether the pieces came spread in time or in one burst, and whether tokens were told."
    )
    fact: str | None = "supports_streaming"
    named_by = r"\bstream(?!_options)"
    may_think = False

    def trials(self, chance: Random) -> Sequence[Trial]:
        begin = chance.randrange(2, 50)
        body = {
            "messages": [{"role": "user", "content": f"Count from {begin} to {begin + 25}, with spaces between."}],
            "max_tokens": TOKENS,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        return [Trial(body, f"A stream of at most {TOKENS} tokens, its usage at the end: count aloud.")]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        if not heard.streamed and (heard.text or heard.calls):
            return no("A stream was asked for, and the answer came in one piece of JSON.")
        pieces = len(heard.content_at)
        if pieces < 2:
            return undecided(f"The stream held {pieces} piece(s) of content, which proves nothing.", pieces=pieces)
        delivery = "buffered" if is_burst(heard.sent_at, heard.content_at) else "spread"
        told = "tokens told" if heard.usage_event else "no tokens told"
        how = "all at once: something on the way holds them back" if delivery == "buffered" else "spread in time"
        reason = f"{pieces} pieces came {how}; {told}."
        return yes(reason, pieces=pieces, delivery=delivery, usage_event=heard.usage_event)


def is_burst(sent_at: float, content_at: Sequence[float]) -> bool:
    """Whether pieces that are one answer were received as good as together. Monotonic seconds."""
    return content_at[-1] - content_at[0] < max(_BURST_S, _BURST_SHARE * (content_at[0] - sent_at))


PROBE = StreamingProbe()
