"""Checks of the opened instance: its sealed keys, who may sign in, and with --online whether providers answer."""

import asyncio
from collections.abc import Iterator

from model_lineup.app import open_instance
from model_lineup.catalog.shapes import Provider
from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.database import health
from model_lineup.errors import LineupError
from model_lineup.journal.verify import verify
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings


def examine(settings: Settings, *, online: bool) -> Iterator[Check]:
    """The instance must be sound: opening it then changes nothing. Raises StartRefused for another key ring."""
    with open_instance(settings) as rooms:
        yield ok("sealed keys", "the key ring opens this database")
        yield _people(rooms)
        yield _journal(rooms)
        yield _references(rooms)
        providers, total = rooms.providers.page(limit=1000, offset=0)
        yield from _sealed(rooms, providers, total)
        if online:
            yield from asyncio.run(_ask(rooms, [one for one in providers if one.enabled]))


def _people(rooms: Rooms) -> Check:
    if rooms.people.set_up():
        return ok("sign-in", "somebody can sign in")
    return warned("sign-in", "nobody can sign in yet", "`lineup create-admin EMAIL`, or the link that `serve` prints.")


def _journal(rooms: Rooms) -> Check:
    found = verify(rooms.database)
    if found.holds:
        return ok("journal", f"{found.change_sets} change sets, as they were written")
    where = f"change set {found.broken_at}" if found.broken_at else "it"
    return failed("journal", f"{where} is not as it was written: {found.reason}", "Compare it with a backup.")


def _references(rooms: Rooms) -> Check:
    broken = health.broken_references(rooms.database)
    if broken:
        said = ", ".join(f"{count} in {table}" for table, count in broken.items())
        return failed("references", f"rows that refer to nothing: {said}", "Restore the last backup without them.")
    return ok("references", "every row refers to one that is there")


def _sealed(rooms: Rooms, providers: list[Provider], total: int) -> Iterator[Check]:
    """One line for all keys that open, one for each that does not."""
    shut = 0
    for provider in providers:
        try:
            rooms.providers.endpoint(provider.id)
        except LineupError as error:
            shut += 1
            remedy = f"Enter it again: `lineup providers change {provider.slug} --api-key-prompt`"
            yield failed(f"provider {provider.slug}", error.detail, remedy)
    if not shut:
        with_key = sum(provider.api_key_set for provider in providers)
        yield ok("providers", f"{total}, {with_key} of them with a key; all open")


async def _ask(rooms: Rooms, providers: list[Provider]) -> list[Check]:
    return [await _ask_one(rooms, provider) for provider in providers]


async def _ask_one(rooms: Rooms, provider: Provider) -> Check:
    name = f"provider {provider.slug}"
    try:
        result = await rooms.discovery.test(provider.id)
    except LineupError as error:
        return failed(name, error.detail)
    if result.passed:
        return ok(name, f"answered in {result.latency_ms:.0f} ms, {result.models} models")
    return failed(name, f"{result.stage}: {result.message}", result.hint)
