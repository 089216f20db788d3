"""Short words for what an administrator does with the catalog, and for looking at what came of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from model_lineup.access.actor import Actor, Role
from model_lineup.access.groups.shapes import Group, NewGroup, Who
from model_lineup.access.shapes import Key, NewKey, NewPerson, Person
from model_lineup.catalog.discovery import Discovery
from model_lineup.catalog.plans import Plans
from model_lineup.catalog.scheduled import ScheduledFetches
from model_lineup.catalog.shapes import (
    Alias,
    Model,
    ModelFilter,
    NewAlias,
    NewModel,
    NewProvider,
    Provider,
    ProviderChanges,
)
from model_lineup.database.metadata import activity, configuration
from model_lineup.journal import store as journal_store
from model_lineup.journal.record import Author, Journal
from model_lineup.journal.shapes import ChangeSet
from model_lineup.rooms import Rooms
from model_lineup.upstream.contract import Endpoint, ListedModel, Listing

BY = Author("tester")
PROVIDER_KEY = "sk-canary-0123456789-wxyz"


class Desk:
    """Everything is done by `BY`; what goes wrong is raised as it is."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms = rooms

    def provider(self, name: str = "Acme", **fields: Any) -> Provider:
        values = {"name": name, "type": "openai", "base_url": "https://api.example.com/v1", **fields}
        return self.rooms.providers.create(NewProvider(**values), BY)[0]

    def change_provider(self, provider_id: int, **changes: Any) -> Any:
        confirm = changes.pop("confirm", False)
        return self.rooms.providers.change(provider_id, ProviderChanges(**changes), BY, confirm=confirm)

    def model(self, provider: Provider | int, model_id: str, **fields: Any) -> Model:
        provider_id = provider if isinstance(provider, int) else provider.id
        confirm = fields.pop("confirm", False)
        new = NewModel(provider_id=provider_id, model_id=model_id, **fields)
        return self.rooms.models.create(new, BY, confirm=confirm)[0]

    def alias(self, target: Model | int, alias: str, *, confirm: bool = False, **fields: Any) -> Alias:
        row_id = target if isinstance(target, int) else target.id
        return self.rooms.aliases.create(row_id, NewAlias(alias=alias, **fields), BY, confirm=confirm)[0]

    def group(self, name: str = "research", *, people: Sequence[int] = (), keys: Sequence[int] = ()) -> Group:
        """With these members."""
        group = self.rooms.groups.create(NewGroup(name=name), BY)[0]
        if people or keys:
            self.rooms.groups.add_members(group.id, Who(people=[*people], keys=[*keys]), BY)
        return group

    def person(self, email: str = "bob@example.com", **fields: Any) -> Person:
        return self.rooms.people.create(NewPerson(email=email, role=Role.USER, **fields), BY)[0]

    def key(self, name: str = "ci", kind: str = "user", *, owner: int | None = None, **fields: Any) -> Key:
        maker = Actor("maker", Role.ADMIN, person_id=owner)
        return self.rooms.keys.create(NewKey(name=name, kind=kind, **fields), maker, BY)[0]

    def ids(self, sort: str = "id", **wanted: Any) -> list[str]:
        """The `model_id`s that a filter lets through, in the order of a sort."""
        page = self.rooms.models.page(ModelFilter(**wanted), sort=sort, limit=1_000, offset=0)
        return [model.model_id for model in page.models]

    def answers(self, name: str) -> int | None:
        """The row that answers a user who says this name."""
        model = self.rooms.routes.explain(name, "user").model
        return None if model is None else model.id

    def revision(self) -> int:
        with self.rooms.database.read() as connection:
            return journal_store.revision(connection)

    def changes(self) -> list[ChangeSet]:
        """All change sets with their entries, oldest first."""
        with self.rooms.database.read() as connection:
            found = journal_store.page(connection, limit=100_000, offset=0).changes
            whole = [journal_store.one(connection, change.id) for change in reversed(found)]
        return [change for change in whole if change is not None]

    def last_change(self) -> ChangeSet:
        return self.changes()[-1]

    def tables(self, *but: str) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table, but for some tables: what a refused operation must leave as it was."""
        with self.rooms.database.read() as connection:
            return {
                table.fullname: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for metadata in (configuration, activity)
                for table in metadata.sorted_tables
                if table.fullname not in but
            }

    def discovery(self, provider: "ScriptedProvider", *, most: int = 20_000) -> Discovery:
        rooms = self.rooms
        journal = Journal(rooms.database, rooms.clock)
        return Discovery(rooms.database, journal, rooms.providers, rooms.clock, provider.read_list, most=most)

    def scheduled(self, provider: "ScriptedProvider") -> ScheduledFetches:
        rooms = self.rooms
        lease = timedelta(minutes=3)
        return ScheduledFetches(rooms.database, rooms.clock, self.plans(provider), rooms.chores, lease=lease)

    def plans(self, provider: "ScriptedProvider", *, kept: int = 20) -> Plans:
        journal = Journal(self.rooms.database, self.rooms.clock)
        return Plans(self.rooms.database, journal, self.discovery(provider), kept=kept)


class ScriptedProvider:
    """Lists what it is told to, or fails as it is told to. `asked` holds the endpoints that it was asked with."""

    def __init__(self, *models: str | tuple[str, dict[str, Any]]) -> None:
        self.models: list[ListedModel] = []
        self.offers_only_what_could_be_deployed = False
        self.reading = 1
        self.failure: Exception | None = None
        self.asked: list[Endpoint] = []
        self.lists(*models)

    def lists(self, *models: str | tuple[str, dict[str, Any]]) -> None:
        pairs = [(model, {}) if isinstance(model, str) else model for model in models]
        self.models = [ListedModel(model_id, facts) for model_id, facts in pairs]

    async def read_list(self, endpoint: Endpoint) -> Listing:
        self.asked.append(endpoint)
        if self.failure is not None:
            raise self.failure
        if self.offers_only_what_could_be_deployed:
            return Listing((), 1, tuple(self.models))
        return Listing(tuple(self.models), 1, reading=self.reading)
