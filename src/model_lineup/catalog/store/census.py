"""Counting models: in all, and what is the matter with them. One query each, over what the indexes hold."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, case, func, select

from model_lineup.catalog.store.selecting import STATUS
from model_lineup.catalog.tables import HEALTH_LIST, MODEL_LIST, model_health, models
from model_lineup.database.dialects import using

_ALIVE = models.c.deleted_at.is_(None)


def by_provider(connection: Connection) -> Sequence[Any]:
    """Of each provider that has models: its id, and how many there are, are visible, are for agents, have vanished."""
    vanished = func.sum(case((models.c.missing_since.is_not(None), 1), else_=0))
    sums = (func.count(), func.sum(models.c.visible), func.sum(models.c.agents_enabled), vanished)
    query = select(models.c.provider_id, *sums).where(_ALIVE).group_by(models.c.provider_id)
    return connection.execute(using(query, models, MODEL_LIST)).all()


def visible_by_status(connection: Connection) -> Sequence[Any]:
    """Status, and how many visible models are in it."""
    joined = models.outerjoin(model_health, model_health.c.model_row == models.c.id)
    query = select(STATUS.label("status"), func.count()).select_from(joined).where(_ALIVE, models.c.visible == 1)
    query = using(using(query, models, MODEL_LIST), model_health, HEALTH_LIST)
    return connection.execute(query.group_by("status")).all()
