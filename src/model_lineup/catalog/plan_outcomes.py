"""What a provider's list can mean for one model."""

from typing import Literal

Outcome = Literal["added", "changed", "reactivated", "vanished", "unchanged", "protected", "ignored"]
Doable = Literal["added", "changed", "reactivated", "vanished"]
"""Outcomes that there is something to apply of."""
DOABLE: tuple[Doable, ...] = ("added", "changed", "reactivated", "vanished")
