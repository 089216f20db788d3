"""Which probes there are: every module in `each/` that holds a `PROBE`."""

import importlib
import pkgutil
from functools import cache

from model_lineup.probes import each as package
from model_lineup.probes.contract import Probe

_FIRST = ("streaming", "tools", "streamed_tools", "vision")
"""In this order, then the others by name."""


@cache
def probes() -> dict[str, Probe]:
    """Capability → probe, in the order in which they are shown and carried out."""
    names = [module.name for module in pkgutil.iter_modules(package.__path__)]
    found: list[Probe] = [importlib.import_module(f"{package.__name__}.{name}").PROBE for name in names]
    place = {name: number for number, name in enumerate(_FIRST)}
    found.sort(key=lambda probe: (place.get(probe.name, len(place)), probe.name))
    return {probe.name: probe for probe in found}
