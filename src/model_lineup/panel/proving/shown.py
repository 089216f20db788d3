"""Verdicts, put into words."""

from typing import Any, NamedTuple

from model_lineup.catalog.shapes import Model
from model_lineup.panel.models.rows import ORIGINS
from model_lineup.panel.wording import plural
from model_lineup.probes.estimate import Estimate
from model_lineup.probes.records import CapabilityState
from model_lineup.rooms import Rooms

WORDS = {"yes": "yes", "no": "no", "undecided": "undecided", "not_applicable": "not applicable", None: "not tested"}
LOOKS = {"yes": "ok", "no": "bad", "undecided": "warn", "not_applicable": "", None: ""}
"""As what a status is shown."""


class Shown(NamedTuple):
    """`marks`: what speaks against the verdict."""

    state: CapabilityState
    words: str
    looks: str
    marks: list[str]


def of_model(there: Rooms, model: Model) -> dict[str, Any]:
    """What the part of a model's page is given."""
    states = there.capabilities.known(model.id).capabilities
    return {
        "model": model,
        "capabilities": [of_state(state) for state in states],
        "estimate": told(there.capabilities.estimate([model])),
        "proving": bool(there.capabilities.under_way([model.id])),
    }


def of_state(state: CapabilityState) -> Shown:
    marks = ["stale: another address, key or id than was tested"] if state.stale else []
    claims = state.contradicted
    marks += [f"{'yes' if claim.value else 'no'} is {ORIGINS.get(claim.source, claim.source)}" for claim in claims]
    if state.last_try is not None and state.at is not None:
        marks.append("the last test decided nothing")
    return Shown(state, WORDS[state.verdict], LOOKS[state.verdict], marks)


def told(estimate: Estimate) -> str:
    """What it costs at most, in a few words."""
    if not estimate.models:
        return "nothing would be asked"
    tokens = f"{estimate.prompt_tokens + estimate.completion_tokens:,}".replace(",", "\u202f")
    parts = [plural(estimate.requests, "request"), f"at most about {tokens} tokens"]
    if estimate.cost_usd is not None:
        parts.append(f"about ${estimate.cost_usd:.4f} at most")
    if estimate.unpriced:
        known = estimate.cost_usd is not None
        parts.append(f"and {plural(estimate.unpriced, 'model')} without a known price" if known else "price unknown")
    return ", ".join(parts)
