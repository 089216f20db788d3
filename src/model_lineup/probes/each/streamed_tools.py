"""Whether tools are called natively in a stream too; many servers can do either, but not both together."""

from collections.abc import Sequence
from random import Random

from model_lineup.probes.contract import Finding, Trial, no
from model_lineup.probes.each.tools import ToolsProbe, judged, trial_of
from model_lineup.probes.heard import Heard


class StreamedToolsProbe:
    name = "streamed_tools"
    label = "Tools in streams"
    about = (
        "The same as for tools, in a stream: the pieces of the call must have an index, an id and a name, and their "
        "arguments must fit the schema when they are put together."
    )
    fact: str | None = "supports_streamed_tools"
    named_by = rf"{ToolsProbe.named_by}|\bstream(?!_options)"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        return [trial_of(chance, stream=True)]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        if not heard.streamed and (heard.text or heard.calls):
            return no("A stream was asked for, and the answer came in one piece of JSON.")
        return judged(trial, heard)


PROBE = StreamedToolsProbe()
