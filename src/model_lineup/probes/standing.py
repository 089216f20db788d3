"""What is known of each capability now: the verdict that stands, whether it is stale, and who says otherwise. Pure."""

from collections.abc import Mapping

from model_lineup.catalog.stating import ModelFacts
from model_lineup.probes.contract import Probe, Verdict
from model_lineup.probes.records import CapabilityState, Claim
from model_lineup.probes.registry import probes
from model_lineup.probes.store import Known

_CLAIMS = ("pin", "provider", "catalogue")
"""Whose word a proof can contradict; a guess or a default claims nothing."""
_PROVEN: dict[Verdict | None, bool] = {"yes": True, "no": False}


def states(known: Mapping[str, Known], bases: Mapping[str, str] | None, said: ModelFacts) -> list[CapabilityState]:
    """`bases`: of the model as it is now, None where that cannot be told; `said`: what each source says of it."""
    claims = {
        field.field: [Claim(one.value, one.source) for one in field.said if one.source in _CLAIMS]
        for field in said.fields
    }
    return [_state(probe, known.get(name), bases, claims.get(probe.fact or "", [])) for name, probe in probes().items()]


def _state(probe: Probe, known: Known | None, bases: Mapping[str, str] | None, claims: list[Claim]) -> CapabilityState:
    standing = known.standing if known is not None else None
    tried = known.tried if known is not None and known.tried.verdict == "undecided" else None
    stale = standing is not None and known is not None and known.basis != (bases or {}).get(probe.name)
    proven = _PROVEN.get(standing.verdict) if standing is not None and not stale else None
    return CapabilityState(
        capability=probe.name,
        label=probe.label,
        about=probe.about,
        fact=probe.fact,
        verdict=standing.verdict if standing else "undecided" if tried else None,
        reason=standing.reason if standing else tried.reason if tried else None,
        details=standing.details if standing else {},
        evidence=standing.evidence if standing else [],
        at=standing.at if standing else None,
        stale=stale,
        last_try=tried,
        contradicted=[] if proven is None else [one for one in claims if one.value is not proven],
    )
