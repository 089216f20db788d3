"""One file per rule. Each has `RULE`; `all_rules` finds them, so that adding one is adding a file."""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import NamedTuple

from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import Finding, Severity, Subject


class Found(NamedTuple):
    """What a rule says of one subject; `severity` where it is another one than the rule's own."""

    subject: Subject
    message: str
    severity: Severity | None = None


class Rule(NamedTuple):
    """`code`: stable, kebab case. `about`: one sentence for people. `remedy`: what to do, in the imperative."""

    code: str
    severity: Severity
    about: str
    remedy: str
    check: Callable[[Scene], Iterable[Found]]

    def findings(self, scene: Scene) -> Iterator[Finding]:
        for found in self.check(scene):
            yield Finding(self.code, found.severity or self.severity, found.subject, found.message, self.remedy)


@cache
def all_rules() -> tuple[Rule, ...]:
    """In the order of their codes."""
    modules = (importlib.import_module(f"{__name__}.{one.name}") for one in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.RULE for module in modules), key=lambda rule: rule.code))
