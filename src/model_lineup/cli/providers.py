"""`lineup providers`: list them, look at one, switch it; `providers_change.py`, `providers_more.py` have the rest."""

from typing import Annotated, Any

import typer

from model_lineup.cli import completion, finding, show, staging
from model_lineup.cli.misused import Misused
from model_lineup.cli.options import Confirm, Limit, Offset, Terminate, shown_of
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("providers", "Upstream accounts: who answers, where, with which key.")

Which = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="Its slug, name or id.", autocompletion=completion.providers)
]
COLUMNS = (
    Column("id", "id"),
    Column("slug", "slug"),
    Column("name", "name"),
    Column("kind", "type"),
    Column("base URL", "base_url"),
    Column("scope", "network_scope"),
    Column("key", lambda row: f"…{row['api_key_last4'] or ''}" if row["api_key_set"] else None),
    Column("enabled", "enabled"),
    Column("models", "models"),
)


@verb(app, "list")
def list_providers(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """All providers in their order. Of several that have a model, the first one available answers."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["providers"], COLUMNS, nothing="No providers yet. `lineup providers add` adds one.")
        if rest := shown_of(page, len(page["providers"])):
            show.note(rest)

    here.answer(here.get("providers", limit=limit, offset=offset), as_text)


@verb(app, "show")
def show_provider(here: Session, provider: Which) -> None:
    """One provider with everything that is set."""
    row = finding.provider(here, provider)

    def as_text(found: dict[str, Any]) -> None:
        kept = {name: value for name, value in found.items() if value not in (None, {}, "")}
        show.facts((name, value) for name, value in kept.items())

    here.answer(here.get(f"providers/{row['id']}"), as_text)


WithAt = Annotated[bool, typer.Option("--dry-run", help="With --at: say whom it would meet, and keep nothing.")]


@verb(app, "enable")
def enable_provider(
    here: Session, provider: Which, confirm: Confirm = False, dry_run: WithAt = False, at: staging.At = None
) -> None:
    """Switch it on: its visible models answer again."""
    _toggle(here, provider, True, confirm, later=staging.Later(at, None, None, None), dry_run=dry_run)


@verb(app, "disable")
def disable_provider(
    here: Session,
    provider: Which,
    confirm: Confirm = False,
    terminate: Terminate = False,
    dry_run: WithAt = False,
    at: staging.At = None,
    announce: staging.Announce = None,
    announce_from: staging.AnnounceFrom = None,
    successor: staging.Successor = None,
) -> None:
    """Switch it off: none of its models answers; their own flags stay."""
    later = staging.Later(at, announce, announce_from, successor)
    _toggle(here, provider, False, confirm, terminate, later=later, dry_run=dry_run)


def _toggle(
    here: Session,
    provider: str,
    enabled: bool,
    confirm: bool,
    terminate: bool = False,
    *,
    later: staging.Later,
    dry_run: bool,
) -> None:
    """Raises Misused."""
    later.refuse_now()
    if dry_run and later.at is None:
        raise Misused("--dry-run goes with --at.")
    row = finding.provider(here, provider)
    if later.at is not None:
        wanted = {"operation": "providers.enabled", "provider_id": row["id"], "enabled": enabled}
        return staging.stage(here, wanted, later, dry_run=dry_run, confirm=confirm)
    answer = here.put(f"providers/{row['id']}/toggle", {"enabled": enabled}, confirm=confirm, terminate=terminate)
    here.tell(answer, f"{row['slug']} is {'on' if enabled else 'off'}.")
    return None
