"""SQL of the things that are watched; each at most `MOST` rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, union

from model_lineup.access.tables import keys
from model_lineup.catalog.plan_shapes import OPEN
from model_lineup.catalog.tables import (
    fetch_plan_items,
    fetch_plans,
    model_health,
    models,
    provider_fetches,
    providers,
    staged_changes,
)

MOST = 1_000
Rows = Sequence[Row[Any]]
_PROVIDER = (
    providers.c.id.label("provider_id"),
    providers.c.name.label("provider_name"),
    providers.c.slug,
    providers.c.key_hint,
)
_MODELS = models.join(providers, providers.c.id == models.c.provider_id)
_SEEN = (models.c.visible == 1, models.c.deleted_at.is_(None), providers.c.enabled == 1)
"""What users can call, or could if it worked: hidden models are nobody's trouble."""


def vanished(connection: Connection) -> Rows:
    """Visible models that are marked as gone, or that an open plan would mark."""
    marked = select(models.c.id).where(models.c.missing_since.is_not(None), models.c.visible == 1)
    joined = fetch_plan_items.join(fetch_plans, fetch_plans.c.id == fetch_plan_items.c.plan_id)
    waiting = (fetch_plans.c.status.in_(OPEN), fetch_plan_items.c.outcome == "vanished")
    planned = select(fetch_plan_items.c.model_row).select_from(joined).where(*waiting)
    either = union(marked, planned).subquery()
    query = select(models.c.id, models.c.model_id, *_PROVIDER).select_from(_MODELS)
    wanted = query.where(models.c.id.in_(select(either)), *_SEEN)
    return list(connection.execute(wanted.order_by(models.c.id).limit(MOST)))


def ending(connection: Connection) -> Rows:
    """Visible models of whose end something is said."""
    query = select(models.c.id, models.c.model_id, models.c.lifecycle, models.c.created_at, *_PROVIDER)
    said = models.c.lifecycle.is_not(None)
    return list(connection.execute(query.select_from(_MODELS).where(said, *_SEEN).order_by(models.c.id).limit(MOST)))


def failing(connection: Connection) -> Rows:
    """Visible models whose last test failed."""
    joined = _MODELS.join(model_health, model_health.c.model_row == models.c.id)
    query = select(models.c.id, models.c.model_id, model_health.c.last_test, *_PROVIDER).select_from(joined)
    return list(connection.execute(query.where(model_health.c.passed == 0, *_SEEN).order_by(models.c.id).limit(MOST)))


def fetches(connection: Connection) -> Rows:
    """How the last fetch of each provider that is on ended."""
    joined = providers.join(provider_fetches, provider_fetches.c.provider_id == providers.c.id)
    query = select(provider_fetches.c.outcome, *_PROVIDER).select_from(joined)
    alive = (providers.c.enabled == 1, providers.c.deleted_at.is_(None))
    return list(connection.execute(query.where(*alive).order_by(providers.c.id).limit(MOST)))


def ending_keys(connection: Connection, since: int, until: int) -> Rows:
    """Keys that work, or did until a moment ago, and end between these moments."""
    alive = keys.c.deleted_at.is_(None) & (keys.c.disabled == 0)
    query = select(keys.c.id, keys.c.name, keys.c.kind, keys.c.expires_at)
    wanted = query.where(alive, keys.c.expires_at >= since, keys.c.expires_at <= until)
    return list(connection.execute(wanted.order_by(keys.c.id).limit(MOST)))


def staged_ended(connection: Connection, since: int) -> Rows:
    """Staged changes that were carried out or refused since then."""
    ended = (staged_changes.c.state.in_(("done", "refused")), staged_changes.c.ended_at >= since)
    return list(connection.execute(select(staged_changes).where(*ended).order_by(staged_changes.c.id).limit(MOST)))
