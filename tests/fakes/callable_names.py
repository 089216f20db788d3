"""What callers of `/v1` get, told again from CONTRACT §4 and §7 with plain loops: `meaning.World` with agents, lists
and fallbacks. It shares no code with Lineup."""

import copy
from dataclasses import dataclass, field
from typing import Literal

from tests.fakes import meaning
from tests.fakes.meaning import same

Caller = Literal["user", "agent"]
CALLERS: tuple[Caller, ...] = ("user", "agent")


@dataclass
class Model(meaning.Model):
    listed: bool = True
    agents: bool = False
    lost_fallbacks: dict[str, list[int]] = field(default_factory=dict)
    """Of the aliases that went when it was deleted."""


@dataclass
class World(meaning.World):
    """`fallbacks`: of each alias, rows in order."""

    models: list[Model] = field(default_factory=list)  # type: ignore[assignment]
    fallbacks: dict[str, list[int]] = field(default_factory=dict)

    def copy(self) -> "World":
        return copy.deepcopy(self)

    def may_use(self, row: int, caller: Caller) -> bool:
        return any(
            self.available(row) and (caller == "user" or model.agents) for model in self.models if model.id == row
        )

    def verdict(self, name: str, caller: Caller) -> tuple[int, int | None]:
        """Status, and the row that answers."""
        row = self.answers(name)
        if row is None:
            return 404, None
        return (200, row) if self.may_use(row, caller) else (403, None)

    def behind(self, name: str, caller: Caller) -> list[int]:
        """The rows that are tried after the one that a name means: an alias's fallbacks, as far as usable."""
        alias = self._alias_that_decides(name)
        rows = self.fallbacks.get(alias, []) if alias is not None else []
        return [row for row in rows if self.may_use(row, caller)]

    def listing(self, caller: Caller) -> list[str]:
        """Every callable, listed name once."""
        shown = [model for model in self.living() if self.model(model.id).listed and self.may_use(model.id, caller)]
        names = {alias for alias, row in self.aliases.items() if any(model.id == row for model in shown)}
        for model in shown:
            whole = f"{self.provider(model.provider).slug}/{model.model_id}"
            for name in (model.model_id, whole):
                if name not in self.aliases and self.means(name) == model.id:
                    names.add(name)
                    break
        return sorted(names)

    def model(self, row: int) -> Model:
        return next(one for one in self.models if one.id == row)

    def delete(self, row: int) -> None:
        kept = {alias: rows for alias, rows in self.fallbacks.items() if self.aliases.get(alias) == row}
        super().delete(row)
        self.model(row).lost_fallbacks = kept
        self.fallbacks = {alias: rows for alias, rows in self.fallbacks.items() if alias not in kept}

    def restore(self, row: int) -> None:
        before = set(self.aliases)
        super().restore(row)
        came_back = set(self.aliases) - before
        self.fallbacks.update({a: rows for a, rows in self.model(row).lost_fallbacks.items() if a in came_back})

    def _alias_that_decides(self, name: str) -> str | None:
        if name in self.aliases:
            return name
        for model in self.living():
            if name in (model.model_id, f"{self.provider(model.provider).slug}/{model.model_id}"):
                return None
        return next((alias for alias in self.aliases if same(alias, name)), None)
