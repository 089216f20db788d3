"""One case for every public method that changes the configuration: how to call it, and what the journal then says."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from model_lineup.access.actor import LOCAL_ACTOR, Role
from model_lineup.access.groups.shapes import GroupChanges, NewGroup, Who
from model_lineup.access.shapes import KeyChanges, Limits, NewKey, NewPerson, PersonChanges
from model_lineup.catalog.shapes import (
    AliasChanges,
    GroupsEdit,
    ImportItem,
    ModelChanges,
    ModelFilter,
    NewAlias,
    NewModel,
    NewProvider,
    ProviderChanges,
    Selection,
)
from model_lineup.changes.rollouts.shapes import NewRollout
from model_lineup.changes.staged.shapes import FlagWanted, NewStaged
from model_lineup.webhooks.shapes import NewWebhook, WebhookChanges
from tests.fakes.desk import BY, Desk, ScriptedProvider

PASSWORD, NEW_PASSWORD = "canary horse battery", "canary staple altogether"
PROVIDER_KEY, OTHER_KEY = "sk-canary-0123456789abcdef", "sk-canary-fedcba9876543210"
CANARIES = (PASSWORD, NEW_PASSWORD, PROVIDER_KEY, OTHER_KEY)

CATALOGUE = b'{"openai": {"models": {"gpt-4o": {"id": "gpt-4o", "tool_call": true, "limit": {"context": 1000}}}}}'

Entry = tuple[str, Mapping[str, Any], Mapping[str, Any]]
"""Entity, and fields that stand in `before` and `after`."""


@dataclass(frozen=True)
class Ready:
    """An operation that can be done. `do` takes `dry_run` where the method does."""

    do: Callable[..., object]
    entries: tuple[Entry, ...]
    anew: bool = False
    """Doing it again is a second effective operation, like making another key."""
    actor: str = BY.label


Case = Callable[[Desk], Ready]
CASES: dict[str, list[Case]] = {}


def of(method: str) -> Callable[[Case], Case]:
    def remember(case: Case) -> Case:
        CASES.setdefault(method, []).append(case)
        return case

    return remember


def admin(desk: Desk, email: str = "ada@example.com") -> int:
    new = NewPerson(email=email, role=Role.ADMIN, password=PASSWORD)
    return desk.rooms.people.create(new, BY)[0].id


def key(desk: Desk) -> int:
    return desk.rooms.keys.create(NewKey(name="ci", kind="admin"), LOCAL_ACTOR, BY)[0].id


@of("people.create")
def a_person(desk: Desk) -> Ready:
    return Ready(lambda: admin(desk), (("person", {}, {"email": "ada@example.com", "role": "admin"}),))


@of("people.change")
def a_role(desk: Desk) -> Ready:
    admin(desk)
    person = admin(desk, "bob@example.com")
    changes = PersonChanges(role=Role.USER, disabled=True)
    expected: Entry = ("person", {"role": "admin", "disabled": False}, {"role": "user", "disabled": True})
    return Ready(lambda: desk.rooms.people.change(person, changes, BY), (expected,))


@of("people.change")
def a_password(desk: Desk) -> Ready:
    person = admin(desk)
    changes = PersonChanges(password=NEW_PASSWORD)
    do = lambda: desk.rooms.people.change(person, changes, BY)  # noqa: E731
    return Ready(do, (("person", {}, {"password": "replaced"}),), anew=True)


@of("people.delete")
def a_person_with_a_key(desk: Desk) -> Ready:
    admin(desk)
    pair = desk.rooms.sessions.sign_in("ada@example.com", PASSWORD)
    other = admin(desk, "bob@example.com")
    maker = desk.rooms.sessions.actor(desk.rooms.sessions.sign_in("bob@example.com", PASSWORD).access_token)
    assert maker is not None
    assert pair.access_token
    desk.rooms.keys.create(NewKey(name="ci", kind="user"), maker, BY)
    expected: tuple[Entry, ...] = (
        ("key", {"deleted": False}, {"deleted": True}),
        ("person", {"email": "bob@example.com"}, {}),
    )
    return Ready(lambda: desk.rooms.people.delete(other, BY), expected)


@of("people.change_own_password")
def my_password(desk: Desk) -> Ready:
    person = admin(desk)
    do = lambda: desk.rooms.people.change_own_password(person, PASSWORD, NEW_PASSWORD, BY)  # noqa: E731
    return Ready(do, (("person", {}, {"password": "replaced"}),))


@of("people.first_admin")
def the_first_admin(desk: Desk) -> Ready:
    do = lambda: desk.rooms.people.first_admin("ada@example.com", PASSWORD)  # noqa: E731
    return Ready(do, (("person", {}, {"email": "ada@example.com", "role": "admin"}),), actor="first start")


@of("people.use_setup_link")
def a_setup_link(desk: Desk) -> Ready:
    token = desk.rooms.people.new_setup_link(timedelta(minutes=30))
    do = lambda: desk.rooms.people.use_setup_link(token, "ada@example.com", PASSWORD)  # noqa: E731
    return Ready(do, (("person", {}, {"email": "ada@example.com", "role": "admin"}),), actor="first start")


@of("keys.create")
def a_key(desk: Desk) -> Ready:
    expected: Entry = ("key", {}, {"name": "ci", "kind": "admin", "role": "admin", "disabled": False})
    return Ready(lambda: key(desk), (expected,), anew=True)


@of("keys.change")
def a_keys_name(desk: Desk) -> Ready:
    key_id = key(desk)
    changes = KeyChanges(name="deploy", disabled=True)
    expected: Entry = ("key", {"name": "ci", "disabled": False}, {"name": "deploy", "disabled": True})
    return Ready(lambda: desk.rooms.keys.change(key_id, changes, BY), (expected,))


@of("keys.delete")
def a_revoked_key(desk: Desk) -> Ready:
    key_id = key(desk)
    return Ready(lambda: desk.rooms.keys.delete(key_id, BY), (("key", {"name": "ci"}, {}),))


@of("providers.create")
def a_provider(desk: Desk) -> Ready:
    new = NewProvider(name="Acme", type="openai", base_url="https://api.example.com/v1", api_key=PROVIDER_KEY)
    expected: Entry = ("provider", {}, {"name": "Acme", "slug": "acme", "api_key_set": True})
    return Ready(lambda: desk.rooms.providers.create(new, BY), (expected,), anew=True)


@of("providers.change")
def a_providers_switch(desk: Desk) -> Ready:
    provider = desk.provider().id
    changes = ProviderChanges(enabled=False, name="Acme 2")
    expected: Entry = ("provider", {"enabled": True, "name": "Acme"}, {"enabled": False, "name": "Acme 2"})
    return Ready(lambda **dry: desk.rooms.providers.change(provider, changes, BY, **dry), (expected,))


@of("providers.change")
def a_providers_key(desk: Desk) -> Ready:
    provider = desk.provider(api_key=PROVIDER_KEY).id
    changes = ProviderChanges(api_key=OTHER_KEY)
    do = lambda **dry: desk.rooms.providers.change(provider, changes, BY, **dry)  # noqa: E731
    return Ready(do, (("provider", {}, {"api_key": "replaced"}),), anew=True)


@of("providers.reorder")
def an_order(desk: Desk) -> Ready:
    first, second = desk.provider("One").id, desk.provider("Two").id
    do = lambda **dry: desk.rooms.providers.reorder([second, first], BY, **dry)  # noqa: E731
    return Ready(do, (("provider", {}, {}), ("provider", {}, {})))


@of("providers.delete")
def a_provider_with_a_model(desk: Desk) -> Ready:
    provider = desk.provider(api_key=PROVIDER_KEY).id
    desk.alias(desk.model(provider, "gpt"), "fast")
    do = lambda **dry: desk.rooms.providers.delete(provider, BY, force=True, confirm=True, **dry)  # noqa: E731
    gone = ({"deleted": False}, {"deleted": True})
    return Ready(do, (("alias", *gone), ("model", *gone), ("provider", {"name": "Acme"}, {})))


@of("models.create")
def a_model(desk: Desk) -> Ready:
    new = NewModel(provider_id=desk.provider().id, model_id="gpt", pins={"context_length": 8192})
    return Ready(lambda: desk.rooms.models.create(new, BY), (("model", {}, {"visible": False}),))


@of("models.change")
def a_models_flag(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt").id
    do = lambda **dry: desk.rooms.models.change(model, ModelChanges(visible=True), BY, **dry)  # noqa: E731
    return Ready(do, (("model", {"visible": False}, {"visible": True}),))


@of("models.delete")
def a_model_with_an_alias(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt")
    desk.alias(model, "fast")
    gone = ({"deleted": False}, {"deleted": True})
    do = lambda **dry: desk.rooms.models.delete(model.id, BY, confirm=True, **dry)  # noqa: E731
    return Ready(do, (("alias", *gone), ("model", *gone)))


@of("models.restore")
def a_deleted_model(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt")
    desk.alias(model, "fast")
    desk.rooms.models.delete(model.id, BY, confirm=True)
    back = ({"deleted": True}, {"deleted": False})
    return Ready(lambda: desk.rooms.models.restore(model.id, BY), (("alias", *back), ("model", *back)))


@of("bulk.set_flag")
def a_flag_of_two_of_three(desk: Desk) -> Ready:
    provider = desk.provider()
    desk.model(provider, "a", visible=True)
    desk.model(provider, "b")
    desk.model(provider, "c")
    chosen = Selection(filter=ModelFilter(provider_id=provider.id))
    do = lambda **dry: desk.rooms.bulk.set_flag(chosen, "visible", True, BY, **dry)  # noqa: E731
    expected: Entry = ("model", {"visible": False}, {"visible": True})
    return Ready(do, (expected, expected))


@of("bulk.delete")
def two_models(desk: Desk) -> Ready:
    provider = desk.provider()
    chosen = Selection(model_ids=[desk.model(provider, name).id for name in ("a", "b")])
    expected: Entry = ("model", {"deleted": False}, {"deleted": True})
    return Ready(lambda **dry: desk.rooms.bulk.delete(chosen, BY, **dry), (expected, expected))


@of("aliases.create")
def an_alias(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt").id
    do = lambda: desk.rooms.aliases.create(model, NewAlias(alias="fast"), BY)  # noqa: E731
    return Ready(do, (("alias", {}, {}),))


@of("aliases.change")
def an_aliass_words(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt").id
    desk.alias(model, "fast")
    changes = AliasChanges(description="for drafts")
    do = lambda **dry: desk.rooms.aliases.change(model, "fast", changes, BY, **dry)  # noqa: E731
    return Ready(do, (("alias", {"description": None}, {"description": "for drafts"}),))


@of("aliases.delete")
def a_deleted_alias(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt").id
    desk.alias(model, "fast")
    do = lambda **dry: desk.rooms.aliases.delete(model, "fast", BY, confirm=True, **dry)  # noqa: E731
    return Ready(do, (("alias", {"deleted": False}, {"deleted": True}),))


def rolling(desk: Desk) -> tuple[int, NewRollout]:
    """An alias `fast`, and what rolls it out to another model."""
    provider = desk.provider()
    model, other = (desk.model(provider, name, visible=True).id for name in ("gpt", "mini"))
    desk.alias(model, "fast")
    return model, NewRollout(target=other, share=10, sticky="request")


@of("rollouts.set")
def a_rollout(desk: Desk) -> Ready:
    model, new = rolling(desk)
    do = lambda **dry: desk.rooms.rollouts.set(model, "fast", new, BY, **dry)  # noqa: E731
    after = {"target": new.target, "share": 10.0, "sticky": "request"}
    return Ready(do, (("alias", {"rollout": None}, {"rollout": after}),))


@of("rollouts.stop")
def a_stopped_rollout(desk: Desk) -> Ready:
    model, new = rolling(desk)
    desk.rooms.rollouts.set(model, "fast", new, BY)
    do = lambda **dry: desk.rooms.rollouts.stop(model, "fast", BY, **dry)  # noqa: E731
    return Ready(do, (("alias", {}, {"rollout": None}),))


@of("rollouts.finish")
def a_finished_rollout(desk: Desk) -> Ready:
    model, new = rolling(desk)
    desk.rooms.rollouts.set(model, "fast", new, BY)
    do = lambda **dry: desk.rooms.rollouts.finish(model, "fast", BY, **dry)  # noqa: E731
    return Ready(do, (("alias", {"model": model}, {"model": new.target, "rollout": None}),))


@of("alias_import.run")
def two_aliases_one_of_them_there(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt")
    desk.alias(model, "fast")
    items = [ImportItem(model_id="gpt", alias=alias) for alias in ("fast", "cheap")]
    return Ready(lambda **dry: desk.rooms.alias_import.run(items, BY, **dry), (("alias", {}, {}),))


@of("discovery.fetch")
def a_list(desk: Desk) -> Ready:
    provider = desk.provider(api_key=PROVIDER_KEY).id
    discovery = desk.discovery(ScriptedProvider("gpt", "gpt-mini"))
    do = lambda **dry: asyncio.run(discovery.fetch(provider, BY, **dry))  # noqa: E731
    return Ready(do, (("model", {}, {}), ("model", {}, {})))


@of("undo.undo")
def what_was_shown_is_hidden_again(desk: Desk) -> Ready:
    desk.model(desk.provider(), "gpt", visible=True)
    desk.rooms.bulk.set_flag(Selection(model_ids=[1]), "visible", False, BY)
    hidden = desk.last_change().id
    do = lambda **dry: desk.rooms.undo.undo([hidden], BY, **dry)  # noqa: E731
    return Ready(do, (("model", {"visible": False}, {"visible": True}),))


def _staged(desk: Desk) -> NewStaged:
    model = desk.model(desk.provider(), "gpt", visible=True).id
    hide = FlagWanted(chosen=Selection(model_ids=[model]), flag="visible", value=False)
    return NewStaged(wanted=hide, at=desk.rooms.clock.now() + timedelta(days=1))


@of("staging.stage")
def a_change_that_waits(desk: Desk) -> Ready:
    new = _staged(desk)
    do = lambda **dry: desk.rooms.staging.stage(new, BY, **dry)  # noqa: E731
    return Ready(do, (("staged_change", {}, {"operation": "models.visibility", "state": "waiting"}),), anew=True)


@of("staging.cancel")
def a_change_that_waits_no_more(desk: Desk) -> Ready:
    staged = desk.rooms.staging.stage(_staged(desk), BY)[0].id
    do = lambda **dry: desk.rooms.staging.cancel(staged, BY, **dry)  # noqa: E731
    return Ready(do, (("staged_change", {"state": "waiting"}, {"state": "cancelled"}),))


@of("facts.state")
def a_probe(desk: Desk) -> Ready:
    model = desk.model(desk.provider(), "gpt").id
    said = {model: {"supports_tools": True}}
    expected: Entry = ("model", {}, {"supports_tools": {"value": True, "source": "probe"}})
    return Ready(lambda: desk.rooms.facts.state("probe", said, BY, "models.probe"), (expected,))


@of("plans.apply")
def a_plan(desk: Desk) -> Ready:
    plans = desk.plans(ScriptedProvider("gpt"))
    plan = asyncio.run(plans.make(desk.provider().id, BY)).id
    expected: tuple[Entry, ...] = (
        ("model", {}, {"source": "discovered"}),
        ("fetch_plan", {"status": "open"}, {"status": "applied", "applied": 1, "left": 0}),
    )
    return Ready(lambda **dry: plans.apply(plan, BY, **dry), expected)


@of("catalogues.refresh")
def a_catalogue(desk: Desk) -> Ready:
    return Ready(
        lambda **dry: desk.rooms.catalogues.refresh(CATALOGUE, BY, name="mine", **dry),
        (("catalogue", {"in_use": False}, {"in_use": True}),),
    )


@of("catalogues.use")
def no_catalogue(desk: Desk) -> Ready:
    desk.rooms.catalogues.refresh(CATALOGUE, BY, name="mine")
    do = lambda **dry: desk.rooms.catalogues.use(None, BY, **dry)  # noqa: E731
    return Ready(do, (("catalogue", {"in_use": True}, {"in_use": False}),))


def webhook(desk: Desk) -> int:
    new = NewWebhook(name="ops", url="https://hooks.example.com/T0/secret", secret=PROVIDER_KEY)
    return desk.rooms.webhooks.create(new, BY)[0].id


@of("webhooks.create")
def a_webhook(desk: Desk) -> Ready:
    return Ready(lambda: webhook(desk), (("webhook", {}, {"name": "ops", "secret_set": True}),), anew=True)


@of("webhooks.change")
def a_webhook_switched_off(desk: Desk) -> Ready:
    row = webhook(desk)
    do = lambda: desk.rooms.webhooks.change(row, WebhookChanges(enabled=False), BY)  # noqa: E731
    return Ready(do, (("webhook", {"enabled": True}, {"enabled": False}),))


@of("webhooks.delete")
def a_deleted_webhook(desk: Desk) -> Ready:
    row = webhook(desk)
    return Ready(lambda: desk.rooms.webhooks.delete(row, BY), (("webhook", {"name": "ops"}, {}),))


FILE = """
[providers.acme]
name = "Acme"
type = "openai"
base_url = "https://api.example.com/v1"
api_key = "env:ACME"
[models.acme.m]
visible = true
[aliases.a]
model = "acme/m"
"""


@of("apply.apply")
def a_configuration_file(desk: Desk) -> Ready:
    def do(**more: Any) -> object:
        return desk.rooms.apply.apply(FILE, BY, label="lineup.toml", keys={"env:ACME": PROVIDER_KEY}, **more)

    expected: tuple[Entry, ...] = (
        ("provider", {}, {"slug": "acme", "managed_by": "lineup.toml", "api_key_set": True}),
        ("model", {}, {"model_id": "m", "visible": True, "source": "file", "managed_by": "lineup.toml"}),
        ("alias", {}, {"model_id": "m", "managed_by": "lineup.toml"}),
    )
    return Ready(do, expected)


@of("take_over.release")
def rows_of_a_file(desk: Desk) -> Ready:
    desk.rooms.apply.apply(FILE, BY, label="lineup.toml", keys={"env:ACME": PROVIDER_KEY})
    of_file, of_nobody = {"managed_by": "lineup.toml"}, {"managed_by": None}
    expected = tuple[Entry, ...]((entity, of_file, of_nobody) for entity in ("provider", "model", "alias"))
    return Ready(lambda **more: desk.rooms.take_over.release(BY, label="lineup.toml", **more), expected)


JOINED: Entry = ("membership", {"member": False}, {"member": True})
LEFT: Entry = ("membership", {"member": True}, {"member": False})


@of("groups.create")
def a_group(desk: Desk) -> Ready:
    new = NewGroup(name="Research", limits=Limits(requests_per_minute=60))
    expected: Entry = ("group", {}, {"name": "Research", "limits": {"requests_per_minute": 60}})
    return Ready(lambda: desk.rooms.groups.create(new, BY), (expected,))


@of("groups.change")
def a_groups_name(desk: Desk) -> Ready:
    group = desk.group("Research", keys=[desk.key().id])
    changes = GroupChanges(name="Science", limits=Limits(tokens_per_month=9))
    expected: Entry = ("group", {"name": "Research", "limits": {}}, {"name": "Science"})
    return Ready(lambda **dry: desk.rooms.groups.change(group.id, changes, BY, **dry), (expected,))


@of("groups.delete")
def a_deleted_group(desk: Desk) -> Ready:
    group = desk.group("Research", keys=[desk.key().id])
    return Ready(lambda **dry: desk.rooms.groups.delete(group.id, BY, **dry), (("group", {"name": "Research"}, {}),))


@of("groups.add_members")
def members_of_a_group(desk: Desk) -> Ready:
    group, who = desk.group(), Who(people=[desk.person().id], keys=[desk.key().id])
    do = lambda **dry: desk.rooms.groups.add_members(group.id, who, BY, **dry)  # noqa: E731
    return Ready(do, (JOINED, JOINED))


@of("groups.remove_members")
def a_member_who_leaves(desk: Desk) -> Ready:
    key = desk.key().id
    group = desk.group(keys=[key])
    do = lambda **dry: desk.rooms.groups.remove_members(group.id, Who(keys=[key]), BY, **dry)  # noqa: E731
    return Ready(do, (LEFT,))


@of("people.create")
def a_person_in_a_group(desk: Desk) -> Ready:
    group = desk.group().id
    return Ready(lambda: desk.person(groups=[group]), (("person", {}, {"email": "bob@example.com"}), JOINED))


@of("people.change")
def a_persons_groups(desk: Desk) -> Ready:
    person = desk.person().id
    changes = PersonChanges(groups=[desk.group("b").id])
    desk.group("a", people=[person])
    return Ready(lambda: desk.rooms.people.change(person, changes, BY), (JOINED, LEFT))


@of("keys.create")
def a_key_in_a_group(desk: Desk) -> Ready:
    group = desk.group().id
    return Ready(lambda: desk.key(groups=[group]), (("key", {}, {"name": "ci"}), JOINED), anew=True)


@of("keys.change")
def a_keys_groups(desk: Desk) -> Ready:
    key_id, group = desk.key().id, desk.group().id
    return Ready(lambda: desk.rooms.keys.change(key_id, KeyChanges(groups=[group]), BY), (JOINED,))


@of("models.change")
def a_models_groups(desk: Desk) -> Ready:
    model, group = desk.model(desk.provider(), "gpt").id, desk.group().id
    expected: Entry = ("model", {"groups": []}, {"groups": [group]})
    return Ready(lambda **dry: desk.rooms.models.change(model, ModelChanges(groups=[group]), BY, **dry), (expected,))


@of("aliases.change")
def an_aliass_groups(desk: Desk) -> Ready:
    model, group = desk.model(desk.provider(), "gpt"), desk.group().id
    desk.alias(model, "fast")
    expected: Entry = ("alias", {"groups": []}, {"groups": [group]})
    do = lambda **dry: desk.rooms.aliases.change(model.id, "fast", AliasChanges(groups=[group]), BY, **dry)  # noqa: E731
    return Ready(do, (expected,))


@of("bulk.set_groups")
def many_models_groups(desk: Desk) -> Ready:
    provider, first, second = desk.provider(), desk.group("a").id, desk.group("b").id
    limited = [desk.model(provider, "gpt", groups=[first]).id, desk.model(provider, "mini").id]
    chosen, edit = Selection(model_ids=limited), GroupsEdit(add=[second], remove=[first])
    do = lambda **dry: desk.rooms.bulk.set_groups(chosen, edit, BY, **dry)  # noqa: E731
    after = {"groups": [second]}
    return Ready(do, (("model", {"groups": [first]}, after), ("model", {"groups": []}, after)))
