"""Checks of the opened instance: its sealed keys, who may sign in, backups, runs, proxies, and with --online whether
providers answer."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from model_lineup.app import open_instance
from model_lineup.catalog.shapes import Provider
from model_lineup.cli.doctor import sign_on
from model_lineup.cli.doctor.check import Check, failed, ok, warned
from model_lineup.database import health, listening
from model_lineup.database.metadata import moment
from model_lineup.errors import LineupError
from model_lineup.journal.verify import verify
from model_lineup.operations import last_backup, store
from model_lineup.rooms import Rooms
from model_lineup.settings import Settings
from model_lineup.upstream.wire import WireError

_PROXY_S = 3.0


def examine(settings: Settings, *, online: bool) -> Iterator[Check]:
    """The instance must be sound: opening it then changes nothing. Raises StartRefused for another key ring."""
    with open_instance(settings) as rooms:
        yield ok("sealed keys", "the key ring opens this database")
        yield from _notifications(rooms)
        yield _people(rooms)
        yield _journal(rooms)
        yield _references(rooms)
        providers, total = rooms.providers.page(limit=1000, offset=0)
        yield from _sealed(rooms, providers, total)
        yield from sign_on.examine(rooms)
        yield _runs(rooms)
        yield from _backup(rooms)
        enabled = [one for one in providers if one.enabled]
        yield from asyncio.run(_try_proxies(rooms, enabled))
        if online:
            yield from asyncio.run(_ask(rooms, enabled))


def _notifications(rooms: Rooms) -> Iterator[Check]:
    """PostgreSQL tells of changes, unless something between does not pass it on."""
    if rooms.database.is_sqlite:
        return
    if listening.comes_through(rooms.database):
        yield ok("notifications", "PostgreSQL's come through: replicas hear of a change at once")
    else:
        yield warned(
            "notifications",
            "PostgreSQL's do not come through: replicas see a change when they look, every 250 ms",
            "A pooler that shares connections keeps them; name PostgreSQL itself in LINEUP_DATABASE_URL.",
        )


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


def _runs(rooms: Rooms) -> Check:
    """A worker that was killed leaves a run behind until somebody looks at runs."""
    lapsed = rooms.runs.lapsed()
    if not lapsed:
        return ok("runs", "none was left behind")
    shown = ", ".join(map(str, lapsed[:5]))
    return warned(
        "runs",
        f"nobody measures any more, and nobody has ended: {shown}{' …' if len(lapsed) > 5 else ''}",
        "`lineup runs list` marks them as interrupted, with what was measured; was a server killed?",
    )


def _backup(rooms: Rooms) -> Iterator[Check]:
    days = rooms.settings.backup_days
    if not days:
        return
    remedy = "`lineup backup FOLDER`, every day; LINEUP_BACKUP_DAYS=0 where something else makes backups."
    found, now = last_backup.last(rooms.settings), rooms.clock.now()
    if found is None:
        with rooms.database.read() as connection:
            made_at = store.made_at(connection)
        is_new = made_at is None or now - moment(made_at) < timedelta(days=days)
        yield ok("backup", "none yet") if is_new else warned("backup", "none was ever made", remedy)
        return
    where = f", in {found.file}" if found.file else ""
    said = f"the last one is of {found.made_at:%Y-%m-%d %H:%M} UTC{where}"
    yield warned("backup", said, remedy) if now - found.made_at > timedelta(days=days) else ok("backup", said)


async def _try_proxies(rooms: Rooms, providers: list[Provider]) -> list[Check]:
    """Each proxy once; it hears nothing but a connection."""
    behind: dict[str, list[str]] = {}
    for provider in providers:
        if provider.proxy is not None:
            behind.setdefault(provider.proxy, []).append(provider.slug)
    try:
        return [await _try_proxy(rooms, proxy, slugs) for proxy, slugs in behind.items()]
    finally:
        await rooms.upstream.close()


async def _try_proxy(rooms: Rooms, proxy: str, slugs: list[str]) -> Check:
    name, users = f"proxy {proxy.removeprefix('http://')}", ", ".join(slugs)
    try:
        await rooms.upstream.get().try_proxy(proxy, within_s=min(_PROXY_S, rooms.settings.upstream_connect_s))
    except WireError as error:
        remedy = (
            f"It is the way to {users}. Start it, name another one (`lineup providers change {slugs[0]} --proxy "
            f"http://HOST:PORT`), or do without (`lineup providers change {slugs[0]} --remove proxy`)."
        )
        return failed(name, error.message, remedy)
    return ok(name, f"takes connections, for {users}")


async def _ask(rooms: Rooms, providers: list[Provider]) -> list[Check]:
    try:
        return [*(await sign_on.ask(rooms)), *[await _ask_one(rooms, provider) for provider in providers]]
    finally:
        await rooms.upstream.close()


async def _ask_one(rooms: Rooms, provider: Provider) -> Check:
    name = f"provider {provider.slug}"
    try:
        result = await rooms.discovery.test(provider.id)
    except LineupError as error:
        return failed(name, error.detail)
    if result.passed:
        return ok(name, f"answered in {result.latency_ms:.0f} ms, {result.models} models")
    return failed(name, f"{result.stage}: {result.message}", result.hint)
