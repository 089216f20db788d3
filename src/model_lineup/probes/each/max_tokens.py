"""Whether the bound of an answer's length is kept."""

from collections.abc import Sequence
from random import Random

from model_lineup.probes.contract import LEAST_TOKENS, Finding, Trial, no, undecided, yes
from model_lineup.probes.heard import Heard

_LETTERS_PER_TOKEN = 12
_LEEWAY = 2
"""Some servers count the mark that ends an answer, some the one that begins it."""


class MaxTokensProbe:
    name = "max_tokens"
    label = "Length bound"
    about = (
        f"Asks for a long answer in at most {LEAST_TOKENS} tokens. Proven if it ends there and says so (`length`); "
        "an answer that is longer, by its usage or by its sheer size, is a no."
    )
    fact: str | None = "supports_max_tokens"
    named_by = r"max_(completion_|output_)?tokens|maxOutputTokens|max_tokens_to_sample"
    may_think = False

    def trials(self, chance: Random) -> Sequence[Trial]:
        begin = chance.randrange(100, 800)
        question = f"Write the numbers from {begin} to {begin + 60}, with spaces between. Do not stop early."
        body = {"messages": [{"role": "user", "content": question}], "max_tokens": LEAST_TOKENS}
        return [Trial(body, f"Count for long, in at most {LEAST_TOKENS} tokens.")]

    def judge(self, trial: Trial, heard: Heard) -> Finding:
        written = heard.usage.completion_tokens if heard.usage is not None else None
        letters = len(heard.text)
        if written is not None and written > LEAST_TOKENS + _LEEWAY:
            return no(f"{written} tokens came of {LEAST_TOKENS} that were allowed.", completion_tokens=written)
        if letters > LEAST_TOKENS * _LETTERS_PER_TOKEN:
            return no(f"{letters} characters came, more than {LEAST_TOKENS} tokens hold.", characters=letters)
        if not heard.was_cut:
            return undecided("The answer ended by itself, so nothing bounded it.")
        if not heard.text and written is None:
            return undecided("The answer is said to be cut, but has no content and no usage to tell its length.")
        return yes("The answer was cut at the bound, and says so.", completion_tokens=written)


PROBE = MaxTokensProbe()
