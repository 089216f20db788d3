"""When tests by the clock change a model's status: one failure in the night is not an outage. Pure."""

from collections.abc import Sequence


def judged(outcomes: Sequence[bool], before: bool | None, *, window: int, agreeing: int) -> bool | None:
    """The status after these tests: passing, failing, or None for not tested. `outcomes`: the newest first; those that
    a quota or a key prevented are not among them. `before`: what it was.

    It changes when `agreeing` of the latest `window` say the same; while both could, the newest decides.
    """
    latest = list(outcomes[:window])
    agreed = [said for said in (True, False) if latest.count(said) >= min(agreeing, window)]
    if not agreed:
        return before
    return agreed[0] if len(agreed) == 1 else latest[0]
