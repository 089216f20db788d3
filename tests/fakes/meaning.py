"""What names mean, told again from CONTRACT §4 with plain loops over plain rows; it shares no code with Lineup."""

import copy
from dataclasses import dataclass, field


@dataclass
class Provider:
    id: int
    slug: str
    enabled: bool = True


@dataclass
class Model:
    id: int
    provider: int
    model_id: str
    visible: bool
    deleted: bool = False
    agents_enabled: bool = False
    lost_aliases: list[str] = field(default_factory=list)
    """Those that went when it was deleted."""


@dataclass
class World:
    """`providers` in the admin's order; `aliases`: spelling → row."""

    providers: list[Provider] = field(default_factory=list)
    models: list[Model] = field(default_factory=list)
    aliases: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "World":
        return copy.deepcopy(self)

    def provider(self, provider_id: int) -> Provider:
        return next(one for one in self.providers if one.id == provider_id)

    def model(self, row: int) -> Model:
        return next(one for one in self.models if one.id == row)

    def living(self) -> list[Model]:
        return [model for model in self.models if not model.deleted]

    def available(self, row: int) -> bool:
        model = self.model(row)
        return not model.deleted and model.visible and self.provider(model.provider).enabled

    def means(self, name: str) -> int | None:
        """The row that a name means, available or not."""
        for alias, row in self.aliases.items():
            if alias == name:
                return row
        for model in self.living():
            if f"{self.provider(model.provider).slug}/{model.model_id}" == name:
                return model.id
        bearers = [
            model.id
            for provider in self.providers
            for model in sorted(self.living(), key=lambda one: one.id)
            if model.provider == provider.id and model.model_id == name
        ]
        for row in bearers:
            if self.available(row):
                return row
        if bearers:
            return bearers[0]
        for alias, row in self.aliases.items():
            if same(alias, name):
                return row
        return None

    def answers(self, name: str) -> int | None:
        row = self.means(name)
        return row if row is not None and self.available(row) else None

    def alias_like(self, name: str) -> str | None:
        return next((alias for alias in self.aliases if same(alias, name)), None)

    def visible_like(self, name: str) -> bool:
        return any(model.visible and same(model.model_id, name) for model in self.living())

    def delete(self, row: int) -> None:
        model = self.model(row)
        model.lost_aliases = [alias for alias, target in self.aliases.items() if target == row]
        model.deleted = True
        self.aliases = {alias: target for alias, target in self.aliases.items() if target != row}

    def restore(self, row: int) -> None:
        model = self.model(row)
        model.deleted = False
        self.aliases.update({alias: row for alias in model.lost_aliases if self.alias_like(alias) is None})


def same(one: str, other: str) -> bool:
    """But for the case of ASCII letters."""
    return len(one) == len(other) and all(
        a == b or (a.isascii() and b.isascii() and a.lower() == b.lower()) for a, b in zip(one, other, strict=True)
    )


def moved(before: World, after: World, names: list[str], *, freed: str | None = None) -> set[str]:
    """Names that are answered before and are another model's after, or are kept by one that does not answer."""
    found = set()
    for name in names:
        old, new = before.answers(name), after.means(name)
        if old is None or new is None or old == new:
            continue
        if after.available(new) or (after.available(old) and name != freed):
            found.add(name)
    return found
