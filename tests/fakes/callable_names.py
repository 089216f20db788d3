"""What callers of `/v1` get, told again from CONTRACT §4 and §7 with plain loops: `meaning.World` with agents, lists,
fallbacks, groups and rollouts. It shares no code with Lineup."""

import copy
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from tests.fakes import meaning
from tests.fakes.meaning import same

Caller = Literal["user", "agent"]
CALLERS: tuple[Caller, ...] = ("user", "agent")


@dataclass
class Rollout:
    """To the row `target`, for `share` percent of the keys or, where it is `by_request`, of the requests."""

    target: int
    share: float
    by_request: bool

    def moves(self, alias: str, key: int) -> bool:
        """By request only for all, as which request is asked about is not said here."""
        if self.by_request or self.share == 100:
            return self.share == 100
        digest = blake2b(f"{alias.lower()}\nkey {key}".encode(), digest_size=8, person=b"lineup rollout").digest()
        return int.from_bytes(digest, "big") % 10_000 < self.share * 100


@dataclass
class Leading:
    """What an alias says beside its target. `groups`: that it is limited to; none: it is for everybody."""

    fallbacks: list[int]
    groups: set[int] = field(default_factory=set)
    rollout: Rollout | None = None


@dataclass
class Model(meaning.Model):
    listed: bool = True
    agents: bool = False
    groups: set[int] = field(default_factory=set)
    lost_leading: dict[str, Leading] = field(default_factory=dict)
    """Of the aliases that went when it was deleted."""


@dataclass
class World(meaning.World):
    """`leading`: of each alias. `keys`, `groups_of`: of each caller, the id of the key and the groups that it is in."""

    models: list[Model] = field(default_factory=list)  # type: ignore[assignment]
    leading: dict[str, Leading] = field(default_factory=dict)
    keys: dict[Caller, int] = field(default_factory=dict)
    groups_of: dict[Caller, set[int]] = field(default_factory=dict)

    def copy(self) -> "World":
        return copy.deepcopy(self)

    def admits(self, limit: set[int], caller: Caller) -> bool:
        return not limit or bool(limit & self.groups_of.get(caller, set()))

    def may_use(self, row: int, caller: Caller) -> bool:
        return any(
            self.available(row) and (caller == "user" or model.agents) and self.admits(model.groups, caller)
            for model in self.models
            if model.id == row
        )

    def is_there(self, name: str, row: int, caller: Caller) -> bool:
        """Whether this caller may know that the name leads to this row."""
        alias = self._alias_that_decides(name)
        limits = [self.model(row).groups] + ([] if alias is None else [self.leading[alias].groups])
        return all(self.admits(limit, caller) for limit in limits)

    def verdict(self, name: str, caller: Caller) -> tuple[int, int | None]:
        """Status, and the row that answers."""
        row = self.answers(name)
        if row is None or not self.is_there(name, row, caller):
            return 404, None
        if not self.may_use(row, caller):
            return 403, None
        alias = self._alias_that_decides(name)
        rollout = None if alias is None else self.leading[alias].rollout
        if alias is None or rollout is None or not self.may_use(rollout.target, caller):
            return 200, row
        return 200, rollout.target if rollout.moves(alias, self.keys.get(caller, 0)) else row

    def behind(self, name: str, caller: Caller) -> list[int]:
        """The rows that are tried after the one that answers: an alias's fallbacks, as far as usable."""
        alias = self._alias_that_decides(name)
        rows = self.leading[alias].fallbacks if alias is not None else []
        first = self.verdict(name, caller)[1]
        return [row for row in rows if row != first and self.may_use(row, caller)]

    def listing(self, caller: Caller) -> list[str]:
        """Every callable, listed name once."""
        shown = [model for model in self.living() if self.model(model.id).listed and self.may_use(model.id, caller)]
        names = {
            alias
            for alias, row in self.aliases.items()
            if self.admits(self.leading[alias].groups, caller) and any(model.id == row for model in shown)
        }
        for model in shown:
            whole = f"{self.provider(model.provider).slug}/{model.model_id}"
            for name in (model.model_id, whole):
                if name not in self.aliases and self.means(name) == model.id:
                    names.add(name)
                    break
        return sorted(names)

    def model(self, row: int) -> Model:
        return next(one for one in self.models if one.id == row)

    def point(self, alias: str, row: int) -> None:
        """A rollout to that row is over."""
        self.aliases[alias] = row
        leading = self.leading.setdefault(alias, Leading([]))
        if leading.rollout is not None and leading.rollout.target == row:
            leading.rollout = None

    def delete(self, row: int) -> None:
        lost = {alias: said for alias, said in self.leading.items() if self.aliases.get(alias) == row}
        super().delete(row)
        self.model(row).lost_leading = lost
        self.leading = {alias: said for alias, said in self.leading.items() if alias not in lost}

    def restore(self, row: int) -> None:
        before = set(self.aliases)
        super().restore(row)
        came_back = set(self.aliases) - before
        self.leading.update({a: said for a, said in self.model(row).lost_leading.items() if a in came_back})

    def _alias_that_decides(self, name: str) -> str | None:
        if name in self.aliases:
            return name
        for model in self.living():
            if name in (model.model_id, f"{self.provider(model.provider).slug}/{model.model_id}"):
                return None
        return next((alias for alias in self.aliases if same(alias, name)), None)
