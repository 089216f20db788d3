"""The whole configuration as rules see it, in memory, with the names as `catalog.names` resolves them."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from model_lineup.catalog import names
from model_lineup.catalog.lifecycle import Notice, notice_of
from model_lineup.lint.shapes import AliasSeen, ModelSeen, ProviderSeen, Subject

INACTIVE = '"state":"inactive"'


class Scene:
    """`models` and `providers` without deleted ones; `providers` in their order. A `names.NameIndex`."""

    def __init__(
        self,
        models: Sequence[ModelSeen],
        providers: Sequence[ProviderSeen],
        aliases: Sequence[AliasSeen],
        now: datetime,
    ) -> None:
        self.models, self.aliases, self.now = models, aliases, now
        self.providers = {one.id: one for one in providers}
        self.by_row = {one.id: one for one in models}
        self.by_model_id: dict[str, list[ModelSeen]] = {}
        place = {one.id: number for number, one in enumerate(providers)}
        for model in sorted(models, key=lambda one: (place[one.provider_id], one.id)):
            self.by_model_id.setdefault(model.model_id, []).append(model)
        self._slugs = {one.slug: one.id for one in providers}
        self._exact = {one.alias: one.model_row for one in aliases}
        self._folded = {one.folded: one.model_row for one in aliases}
        self._at = {(one.provider_id, one.model_id): one.id for one in models}
        on = {one.id for one in providers if one.enabled}
        self.offered = [one for one in models if one.visible and one.provider_id in on]
        """Models that callers can reach: visible, at a provider that is on."""
        self._available = {one.id for one in self.offered}
        self._hits: dict[str, names.Hit | None] = {}
        self._notices: dict[str, Notice | None] = {}

    def provider_of(self, model: ModelSeen) -> ProviderSeen:
        return self.providers[model.provider_id]

    def full_name(self, model: ModelSeen) -> str:
        """`slug/model_id`."""
        return f"{self.provider_of(model).slug}/{model.model_id}"

    def subject(self, model: ModelSeen) -> Subject:
        return Subject("model", model.id, model.model_id, self.provider_of(model).slug, f"/api/admin/models/{model.id}")

    def answers(self, name: str) -> int | None:
        """The row of the model that a name means; None where nobody is reached by it."""
        hit = self._hit(name)
        return hit.row if hit is not None and hit.available else None

    def means(self, name: str) -> int | None:
        """The row that a name leads to, reachable or not."""
        hit = self._hit(name)
        return None if hit is None else hit.row

    def _hit(self, name: str) -> names.Hit | None:
        if name not in self._hits:
            self._hits[name] = names.resolve(self, name)
        return self._hits[name]

    def notice(self, model: ModelSeen) -> Notice | None:
        """What administrators and providers say of its end."""
        said = model.lifecycle
        if said is None:
            return None
        if said not in self._notices:
            told = msgspec.json.decode(said)
            self._notices[said] = notice_of(told, self.now) if isinstance(told, dict) else None
        return self._notices[said]

    def is_inactive(self, model: ModelSeen) -> bool:
        """Whether its provider lists it, and says in the same breath that it is switched off."""
        return model.lifecycle is not None and INACTIVE in model.lifecycle

    def alias(self, name: str) -> int | None:
        return self._exact.get(name)

    def alias_without_case(self, folded: str) -> int | None:
        return self._folded.get(folded)

    def at_provider(self, slug: str, model_id: str) -> int | None:
        provider = self._slugs.get(slug)
        return None if provider is None else self._at.get((provider, model_id))

    def with_id(self, model_id: str) -> Sequence[int]:
        return [one.id for one in self.by_model_id.get(model_id, ())]

    def available(self, row: int) -> bool:
        return row in self._available


def listed(words: Iterable[str], most: int = 4) -> str:
    """`a, b and 3 more`, each cut."""
    all_words = [word[:80] for word in words]
    shown = ", ".join(all_words[:most])
    return shown if len(all_words) <= most else f"{shown} and {len(all_words) - most} more"
