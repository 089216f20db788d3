"""Whether a system prompt is heard."""

import re
from collections.abc import Sequence
from random import Random

from model_lineup.probes import chance as drawn
from model_lineup.probes.contract import TOKENS, Finding, Trial, undecided, yes
from model_lineup.probes.heard import Heard


class SystemPromptProbe:
    name = "system_prompt"
    label = "System prompt"
    about = (
        "The system prompt tells which word to answer with, and one that must not be said; the user only greets. "
        "Proven by the one without the other. Disobedience proves nothing; a refusal of the role is a no."
    )
    fact: str | None = "supports_system_prompt"
    named_by = r"\bsystem\b|developer (message|role)"
    may_think = True

    def trials(self, chance: Random) -> Sequence[Trial]:
        word, other = drawn.words(chance, 2)
        rule = f"You answer every message with the single word {word} and nothing else. Never say {other}."
        messages = [{"role": "system", "content": rule}, {"role": "user", "content": "Hello!"}]
        sent = "A system prompt with a word to answer with and one not to say; the user says hello."
        return [Trial({"messages": messages, "max_tokens": TOKENS}, sent, (word, other))]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        word, other = trial.expected
        said = set(re.findall(r"[a-z]+", heard.text.lower()))
        if other in said:
            return undecided("The answer repeats the system prompt instead of following it.")
        if word in said:
            return yes("The answer has the word that only the system prompt tells.")
        return undecided("The answer does not have the word; the model may have heard it and not obeyed.")


PROBE = SystemPromptProbe()
