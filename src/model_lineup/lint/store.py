"""All that rules look at, in three statements; and whether models fare as before."""

from datetime import datetime

from sqlalchemy import Connection, case, func, select

from model_lineup.catalog.tables import aliases, effective_facts, model_health, models, providers
from model_lineup.database.dialects import position
from model_lineup.lint.scene import Scene
from model_lineup.lint.shapes import AliasSeen, ModelSeen, ProviderSeen

_ENDING = (
    select(effective_facts.c.facts)
    .where(effective_facts.c.model_row == models.c.id, position('"expected_end"', effective_facts.c.facts) > 0)
    .scalar_subquery()
)
_COLUMNS = (
    models.c.id,
    models.c.provider_id,
    models.c.model_id,
    models.c.visible,
    models.c.listed,
    models.c.agents_enabled,
    models.c.task,
    models.c.context_length,
    models.c.max_output_tokens,
    models.c.supports_tools,
    models.c.supports_vision,
    models.c.pricing.is_not(None),
    case((models.c.visible == 1, models.c.lifecycle)),
    case((models.c.visible == 1, _ENDING)),
    models.c.missing_since,
    model_health.c.passed,
)
_MODELS = (
    select(*_COLUMNS)
    .select_from(models.outerjoin(model_health, model_health.c.model_row == models.c.id))
    .where(models.c.deleted_at.is_(None))
    .order_by(models.c.id)
)
_PROVIDERS = (
    select(providers.c.id, providers.c.name, providers.c.slug, providers.c.enabled, providers.c.network_scope)
    .where(providers.c.deleted_at.is_(None))
    .order_by(providers.c.position, providers.c.id)
)
_ALIASES = (
    select(aliases.c.id, aliases.c.alias, aliases.c.folded, aliases.c.model_row, aliases.c.rollout)
    .where(aliases.c.deleted_at.is_(None))
    .order_by(aliases.c.id)
)


_HEALTH = select(
    func.count(), func.sum(model_health.c.passed), func.sum(model_health.c.passed * model_health.c.model_row)
)


def health(connection: Connection) -> tuple[int, ...]:
    """Figures that change when another model passes or fails its test; read from an index."""
    return tuple(int(one or 0) for one in connection.execute(_HEALTH).one())


def scene(connection: Connection, now: datetime) -> Scene:
    seen = [ModelSeen._make(row) for row in connection.execute(_MODELS).all()]
    found = [ProviderSeen._make(row) for row in connection.execute(_PROVIDERS)]
    known = {one.id for one in found}
    living = [one for one in seen if one.provider_id in known]
    return Scene(living, found, [AliasSeen._make(row) for row in connection.execute(_ALIASES)], now)
