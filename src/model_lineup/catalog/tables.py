"""Providers, models, the facts about models with their origin, aliases; and how models fared when tested.

Deleted rows stay as marks: what was deleted can be restored, and followers of the revision see that it went.
"""

from sqlalchemy import CheckConstraint, Column, ColumnElement, ForeignKey, Index, UniqueConstraint, func

from model_lineup.database.dialects import only_on, position
from model_lineup.database.metadata import Flag, Number, Words, activity, configuration, row_id, table


def _unique_while_alive(name: str, column: Column[str], deleted_at: ColumnElement[int]) -> Index:
    alive = deleted_at.is_(None)
    return Index(name, column, unique=True, sqlite_where=alive, postgresql_where=alive)


providers = table(
    "providers",
    configuration,
    row_id(),
    Column("name", Words, nullable=False),
    Column("slug", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("base_url", Words, nullable=False),
    Column("sealed_key", Words),
    Column("key_origin", Words),
    Column("key_hint", Words),
    Column("enabled", Flag, nullable=False),
    Column("network_scope", Words, nullable=False),
    Column("headers", Words, nullable=False),
    Column("api_version", Words),
    Column("ca_bundle", Words),
    Column("proxy", Words),
    Column("timeouts", Words, nullable=False),
    Column("position", Number, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
    Column("changed_at_revision", Number, nullable=False),
    Column("fetch_rules", Words),
    Column("fetch_schedule", Words),
    Column("check_schedule", Words),
    Column("key_reference", Words),
    Column("managed_by", Words),
    Column("list_reading", Number),
)
_unique_while_alive("ux_providers_slug", providers.c.slug, providers.c.deleted_at)

models = table(
    "models",
    configuration,
    row_id(),
    Column("provider_id", Number, ForeignKey("providers.id"), nullable=False),
    Column("model_id", Words, nullable=False),
    Column("display_name", Words, nullable=False),
    Column("description", Words),
    Column("task", Words, CheckConstraint("task IN ('chat', 'embedding', 'other', 'unknown')"), nullable=False),
    Column("context_length", Number),
    Column("max_output_tokens", Number),
    Column("supports_tools", Flag),
    Column("supports_vision", Flag),
    Column("supports_streaming", Flag),
    Column("pricing", Words),
    Column("lifecycle", Words),
    Column("visible", Flag, nullable=False),
    Column("listed", Flag, nullable=False),
    Column("agents_enabled", Flag, nullable=False),
    Column("source", Words, CheckConstraint("source IN ('manual', 'discovered', 'file')"), nullable=False),
    Column("missing_since", Number),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
    Column("changed_at_revision", Number, nullable=False),
    Column("managed_by", Words),
    Column("group_ids", Words),
    UniqueConstraint("provider_id", "model_id", name="uq_models_provider_model"),
    Index("ix_models_model_id", "model_id"),
    Index(
        "ix_models_changed",
        "changed_at_revision",
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32, "autosummarize": "on"},
    ),
    postgresql_with={"fillfactor": 50},
)
Index("ix_models_lower_model_id", func.lower(models.c.model_id))
Index(
    "ix_models_groups",
    models.c.id,
    models.c.group_ids,
    sqlite_where=models.c.group_ids.is_not(None),
    postgresql_where=models.c.group_ids.is_not(None),
)
only_on("postgresql", Index("ix_models_lower_name", func.lower(models.c.display_name), models.c.id))

RETIRED = position('"state":"retired"', models.c.lifecycle)
"""More than 0 for a model that its provider has retired."""

MODEL_LIST = only_on(
    "sqlite",
    Index(
        "ix_models_list",
        models.c.id,
        models.c.provider_id,
        models.c.visible,
        models.c.agents_enabled,
        models.c.supports_tools,
        models.c.supports_vision,
        models.c.supports_streaming,
        models.c.task,
        models.c.source,
        models.c.context_length,
        models.c.max_output_tokens,
        models.c.missing_since,
        RETIRED,
        models.c.created_at,
        models.c.updated_at,
        models.c.model_id,
        func.lower(models.c.display_name),
        sqlite_where=models.c.deleted_at.is_(None),
    ),
)
"""All that lists filter, sort and search by, a tenth of the table's size: SQLite reads this instead of the rows.

PostgreSQL has other indexes: a row of an index of its holds no more than 2.7 kB, and a name alone may have 2.
"""

_MANAGED = models.c.managed_by.is_not(None)
MANAGED = Index("ix_models_managed", models.c.managed_by, models.c.id, sqlite_where=_MANAGED, postgresql_where=_MANAGED)
"""The few, or none, that belong to a configuration file."""

effective_facts = table(
    "effective_facts",
    configuration,
    Column("model_row", Number, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("facts", Words, nullable=False),
)
"""What counts of a model, each fact with its origin, as the JSON that is answered. It is most of what is kept of a
model, and beside its row so that a change of thousands of rows does not write it again (docs/decisions/0057). A row
that is missing is an empty object.
"""

stated_facts = table(
    "stated_facts",
    configuration,
    Column("model_row", Number, ForeignKey("models.id", ondelete="CASCADE"), primary_key=True),
    Column("source", Words, primary_key=True),
    Column("facts", Words, nullable=False),
    sqlite_with_rowid=False,
)
"""What each source says of a model: as JSON `{field: [value, at in microseconds]}` (docs/decisions/0036)."""

aliases = table(
    "aliases",
    configuration,
    row_id(),
    Column("alias", Words, nullable=False),
    Column("folded", Words, nullable=False),
    Column("model_row", Number, ForeignKey("models.id", ondelete="CASCADE"), nullable=False),
    Column("description", Words),
    Column("fallbacks", Words, nullable=False),
    Column("version", Number, nullable=False),
    Column("created_at", Number, nullable=False),
    Column("updated_at", Number, nullable=False),
    Column("deleted_at", Number),
    Column("deleted_with_model", Flag, nullable=False),
    Column("changed_at_revision", Number, nullable=False),
    Column("managed_by", Words),
    Column("group_ids", Words),
    Column("rollout", Words),
    Index("ix_aliases_model_row", "model_row"),
    Index("ix_aliases_changed", "changed_at_revision"),
)
_unique_while_alive("ux_aliases_folded", aliases.c.folded, aliases.c.deleted_at)

model_health = table(
    "model_health",
    activity,
    Column("model_row", Number, primary_key=True, autoincrement=False),
    Column("passed", Flag),
    Column("last_test", Words),
    Column("last_benchmark", Words),
    Column("ttft_ms", Number),
    Column("output_tokens_per_s", Number),
)
"""`ttft_ms` and `output_tokens_per_s` are rounded medians of the last benchmark, for sorting."""

HEALTH_LIST = Index(
    "ix_model_health_list",
    model_health.c.model_row,
    model_health.c.passed,
    model_health.c.ttft_ms,
    model_health.c.output_tokens_per_s,
)
"""All that lists filter and sort by of how models fared."""


def _by(column: Column[int], name: str) -> Index:
    known = column.is_not(None)
    return Index(name, column, model_health.c.model_row, sqlite_where=known, postgresql_where=known)


FASTEST = {
    "ttft_ms": _by(model_health.c.ttft_ms, "ix_model_health_ttft"),
    "output_tokens_per_s": _by(model_health.c.output_tokens_per_s, "ix_model_health_speed"),
}
"""By field, for lists sorted by it: only the models of which a benchmark has found it."""

provider_fetches = table(
    "provider_fetches",
    activity,
    Column("provider_id", Number, primary_key=True, autoincrement=False),
    Column("at", Number, nullable=False),
    Column("outcome", Words, nullable=False),
)

fetch_plans = table(
    "fetch_plans",
    configuration,
    row_id(),
    Column("provider_id", Number, ForeignKey("providers.id"), nullable=False),
    Column("made_at", Number, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("revision", Number, nullable=False),
    Column("address", Words, nullable=False),
    Column("list_digest", Words, nullable=False),
    Column("pages", Number, nullable=False),
    Column("listed", Number, nullable=False),
    Column("candidates", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("ended_at", Number),
    Column("ended_by", Words),
    Column("list_reading", Number, nullable=False, server_default="0"),
    Column("newly_read", Number, nullable=False, server_default="0"),
    Index("ix_fetch_plans_provider", "provider_id", "id"),
    Index("ix_fetch_plans_status", "status", "id"),
)
"""`address`: where the list came from, as JSON; `list_digest`: SHA-256 of what it said; `list_reading`: of the kind
that read it, which a provider takes over when its list was applied; `newly_read`: how many of the changed say nothing
but what was not read before (docs/decisions/0039)."""

fetch_plan_items = table(
    "fetch_plan_items",
    configuration,
    Column("plan_id", Number, ForeignKey("fetch_plans.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Number, primary_key=True, autoincrement=False),
    Column("outcome", Words, nullable=False),
    Column("model_id", Words, nullable=False),
    Column("model_row", Number),
    Column("reason", Words, nullable=False),
    Column("changes", Words, nullable=False),
    Column("listed", Words),
    Column("applied_at_revision", Number),
    Index("ix_fetch_plan_items_outcome", "plan_id", "outcome", "number"),
)
"""`listed`: what the list said of the model, as JSON; nothing for one that it does not have."""

staged_changes = table(
    "staged_changes",
    configuration,
    row_id(),
    Column("operation", Words, nullable=False),
    Column("wanted", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("due_at", Number, nullable=False),
    Column("announced_at", Number),
    Column("message", Words),
    Column("successor", Number),
    Column("confirmed", Flag, nullable=False),
    Column("impact", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("made_at", Number, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("made_at_revision", Number, nullable=False),
    Column("ended_at", Number),
    Column("ended_by", Words),
    Column("refusal", Words),
    Column("changed_at_revision", Number, nullable=False),
    Index("ix_staged_changes_state", "state", "id"),
    Index("ix_staged_changes_changed", "changed_at_revision"),
)
"""Changes that wait for their moment, and what became of them. `wanted`: what the operation needs, as JSON, with the
ids of all rows. `announced_at`: from when on callers are told, nothing where they are not; `successor`: a model's row
(docs/decisions/0052)."""
