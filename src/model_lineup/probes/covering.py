"""Whether tests have proven of one model what another one can do, before it takes that one's place."""

from model_lineup.catalog.models import Models
from model_lineup.probes.registry import probes
from model_lineup.probes.testing import CapabilityTests


class Covering:
    def __init__(self, models: Models, tests: CapabilityTests) -> None:
        self._models = models
        self._tests = tests

    def unproven(self, model_row: int, other_row: int) -> list[str]:
        """Capabilities of the model that no test has proven of the other one as it is now: what the model is said to
        have, and, where nobody else speaks of a capability, what its own tests have proven. Raises ModelNotFound."""
        return [name for name in self._declared(model_row) if name not in self._proven(other_row)]

    def _declared(self, row: int) -> list[str]:
        model, proven = self._models.get(row), self._proven(row)
        said = {
            name: None if probe.fact is None else getattr(model, probe.fact, None) for name, probe in probes().items()
        }
        return [name for name, value in said.items() if value is True or (value is None and name in proven)]

    def _proven(self, row: int) -> set[str]:
        known = self._tests.known(row).capabilities
        return {one.capability for one in known if one.verdict == "yes" and not one.stale}
