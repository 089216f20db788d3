"""Whether a stop sequence ends the answer."""

import re
from collections.abc import Sequence
from random import Random

from model_lineup.probes.contract import TOKENS, Finding, Trial, no, undecided, yes
from model_lineup.probes.heard import Heard

_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_STOPS = (4, 5, 6, 7)


class StopProbe:
    name = "stop"
    label = "Stop sequences"
    about = (
        "Asks twice to count to ten in words, each time to be stopped at another one. Proven if both answers end just "
        "before their word; an answer that has its word is a no."
    )
    fact: str | None = "supports_stop"
    named_by = r"\bstop(_sequences?| sequences?)?\b"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        return [_trial(place) for place in chance.sample(_STOPS, 2)]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        place = trial.expected
        counted = [word for word in re.findall(r"[a-z]+", heard.text.lower()) if word in _NUMBERS]
        if _NUMBERS[place] in counted:
            return no(f"The answer goes on beyond {_NUMBERS[place]!r}, where it was to be stopped.")
        if heard.was_cut:
            return undecided("The tokens ended before the answer could be stopped.")
        if counted[-2:] == list(_NUMBERS[place - 2 : place]):
            return yes("Both answers ended just before the word that they were to be stopped at.")
        return undecided("The answer does not count, so nothing could stop it.")


def _trial(place: int) -> Trial:
    question = f"Write the numbers from one to ten as words in lower case, with spaces between: {' '.join(_NUMBERS)}"
    body = {"messages": [{"role": "user", "content": question}], "stop": [_NUMBERS[place]], "max_tokens": TOKENS}
    return Trial(body, f"Count to ten in words; stop at {_NUMBERS[place]!r}.", place)


PROBE = StopProbe()
