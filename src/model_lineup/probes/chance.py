"""What nobody can know beforehand, drawn anew for every request: words and numbers that prove where they were read."""

from random import Random

_FIRST, _SECOND = "bdfgklmnprstvz", "aeiou"


def word(chance: Random, syllables: int = 3) -> str:
    """A word that means nothing and can be spelt, like `zopiru`."""
    return "".join(chance.choice(_FIRST) + chance.choice(_SECOND) for _ in range(syllables))


def words(chance: Random, count: int) -> list[str]:
    """Different ones."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[word(chance)] = None
    return list(found)


def numbers(chance: Random, count: int) -> list[int]:
    """Different ones of two digits."""
    return chance.sample(range(10, 100), count)
