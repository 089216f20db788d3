"""Which kinds of provider there are: every module in `kinds/` that holds a `KIND`."""

import importlib
import pkgutil
from functools import cache

from model_lineup.upstream import kinds as package
from model_lineup.upstream.contract import DrillKind, Kind


@cache
def kinds() -> dict[str, Kind]:
    """Name → kind, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    found: list[Kind] = [importlib.import_module(f"{package.__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in found}


@cache
def offered(*, drills: bool = False) -> dict[str, Kind]:
    """Those that a provider can be added as: all, but without drills none that is for drills."""
    return {name: kind for name, kind in kinds().items() if drills or not isinstance(kind, DrillKind)}


def kind_named(name: str) -> Kind:
    """Raises KeyError; stored rows only hold names that were checked against `kinds()`."""
    return kinds()[name]
