"""Whether images are seen: two pictures of a number each, of which nothing but the picture tells the number."""

import re
from collections.abc import Sequence
from random import Random

from model_lineup.probes import chance as drawn
from model_lineup.probes import drawing
from model_lineup.probes.contract import TOKENS, Finding, Trial, undecided, yes
from model_lineup.probes.heard import Heard

_NUMBER = re.compile(r"\d+")


class VisionProbe:
    name = "vision"
    label = "Vision"
    about = (
        "Shows two pictures, one after the other, each of a number of two digits that was drawn a moment ago. Proven "
        "by both numbers read right; a wrong number proves nothing, a refusal of images is a no."
    )
    fact: str | None = "supports_vision"
    named_by = r"\bimages?\b|image_url|\bvision\b|multi-?modal|mmproj|\bpictures?\b"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        return [_trial(number, chance) for number in drawn.numbers(chance, 2)]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        """Exactly one number, and the right one: whoever lists them all has seen none."""
        said = {int(digits) for digits in _NUMBER.findall(heard.text) if len(digits) < 10}
        if said == {trial.expected}:
            return yes("Both numbers were read from their pictures.")
        if not said:
            return undecided("The answer names no number.")
        return undecided(f"The picture shows {trial.expected}; that is not what was read, which proves nothing.")


def _trial(number: int, chance: Random) -> Trial:
    question = "Which number does this picture show? Answer with its digits only."
    content = [
        {"type": "text", "text": question},
        {"type": "image_url", "image_url": {"url": drawing.data_url(drawing.png(number, chance))}},
    ]
    sent = f"A drawn picture of {number}, and the question which number it shows."
    return Trial({"messages": [{"role": "user", "content": content}], "max_tokens": TOKENS}, sent, number)


PROBE = VisionProbe()
