"""A Lineup to be measured: 10 000 visible models of one provider, and a user's key that has limits."""

from pathlib import Path

from sqlalchemy import insert

from bench.gateway_speed.cases import MODELS
from model_lineup.access.actor import LOCAL_ACTOR
from model_lineup.access.shapes import Limits, NewKey
from model_lineup.app import open_instance
from model_lineup.catalog.shapes import NewModel, NewProvider
from model_lineup.catalog.tables import models
from model_lineup.journal.record import Author
from model_lineup.settings import Settings

_BY = Author("bench")
_LIMITS = Limits(requests_per_minute=100_000_000, tokens_per_minute=1_000_000_000, tokens_per_month=10**15)


def furnished(data_dir: Path, upstream: int) -> str:
    """The key. `upstream`: the provider's port."""
    with open_instance(Settings.model_validate({"data_dir": data_dir})) as rooms:
        rooms.people.first_admin("admin@example.com", "correct horse battery")
        new = NewProvider(
            name="Upstream",
            type="openai",
            base_url=f"http://127.0.0.1:{upstream}/v1",
            network_scope="loopback",
            api_key="upstream-key",
        )
        provider = rooms.providers.create(new, _BY)[0]
        first = NewModel(provider_id=provider.id, model_id="vendor/model-0", visible=True)
        row = rooms.models.create(first, _BY)[0].id
        with rooms.database.write() as connection:
            made = connection.execute(models.select().where(models.c.id == row)).one()._asdict()
            del made["id"]
            named = [f"vendor/model-{number}" for number in range(1, MODELS)]
            connection.execute(insert(models), [{**made, "model_id": one, "display_name": one} for one in named])
        return rooms.keys.create(NewKey(name="bench", kind="user", limits=_LIMITS), LOCAL_ACTOR, _BY)[1]
