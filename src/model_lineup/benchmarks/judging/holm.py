"""Several questions asked of the same two runs: Holm's correction keeps the chance of any false answer. Pure.

Whoever asks five questions at 3 % each is wrong about something in 14 % of all cases in which there is nothing. Holm
(1979) multiplies the least p by the number of questions, the next by one less, and so on; it needs no assumption on
how the questions hang together, and finds no less than Bonferroni's.
"""

from collections.abc import Sequence


def adjusted(values: Sequence[float]) -> list[float]:
    """p values as they are to be compared with the whole family's level, in the order in which they came."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found, least = [0.0] * len(values), 0.0
    for place, number in enumerate(order):
        least = max(least, min(1.0, (len(values) - place) * values[number]))
        found[number] = least
    return found
