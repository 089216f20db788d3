"""Rooms become the ASGI application: the faces behind one shell, and what runs beside the requests.

It stands apart from `app` because it needs the web framework, which a command or a supervisor does not wait for.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from model_lineup.access.callers import CallerKind, GroupSet
from model_lineup.access.tokens import kind_of
from model_lineup.api import application
from model_lineup.changes.staged.carrying import carry_out_on_time
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import Unavailable
from model_lineup.gateway import openapi
from model_lineup.gateway.admission import Admission, OwnersAdmission
from model_lineup.gateway.breaker import BreakerRules, Breakers
from model_lineup.gateway.budget import BudgetRules, RetryBudget
from model_lineup.gateway.errors import ToldAsErrors
from model_lineup.gateway.face import SURFACES, Gateway
from model_lineup.gateway.front_ends import FrontEnds
from model_lineup.gateway.hearing import Hearing
from model_lineup.gateway.hops import Hops
from model_lineup.gateway.limits import Desk
from model_lineup.gateway.opening import Opener
from model_lineup.gateway.recording import OwnersRecording, PlaygroundRecording, Recording
from model_lineup.gateway.streams import Streams
from model_lineup.gateway.visit import Listener
from model_lineup.journal import store as journal_store
from model_lineup.ledger.figures import Figures
from model_lineup.metrics import Metrics, watch_loop
from model_lineup.panel import application as panel
from model_lineup.panel import failures as panel_failures
from model_lineup.rooms import Rooms
from model_lineup.routing.retiring import retire_on_time
from model_lineup.routing.targets import Endpoints
from model_lineup.settings import Settings, header_names
from model_lineup.shell import MIB, HeadAsGet, Limits, Probes, Shell, WholeBody, throw_away
from model_lineup.signals.signals import Ear


def build(rooms: Rooms, *, worker: int = 0, listeners: Sequence[Listener] = ()) -> Shell:
    """The ASGI application over these rooms; `worker` is the number of this process, from 0.

    `listeners`: who else hears of each request to `/v1` when it is over.
    """
    settings, metrics = rooms.settings, Metrics(worker=worker, revision=lambda: _revision(rooms.database))
    limits = _limits(settings)
    probes = Probes(
        is_set_up=rooms.people.set_up,
        readiness=lambda: _readiness(rooms.database),
        may_read_metrics=lambda token: _may_read_metrics(rooms, token),
        notes=lambda: {} if rooms.follower.listens is None else {"listen": rooms.follower.listens},
    )

    figures = Figures(metrics)
    rooms.ledger.told, rooms.ledger.told_losses = figures.count, figures.lose
    background: list[asyncio.Task[None]] = []
    streams, breakers = Streams(settings.streams), _breakers(rooms, metrics)
    hearing = Hearing(Ear(rooms.database), rooms.follower, streams, breakers)

    async def start() -> None:
        with contextlib.suppress(Unavailable):  # it is tried again, and nothing is ready until then
            await rooms.follower.newest()
        background.append(asyncio.create_task(rooms.follower.follow()))
        background.append(asyncio.create_task(watch_loop(metrics, also=note_snapshot)))
        background.append(asyncio.create_task(retire_on_time(rooms.follower, rooms.retirement.carry_out)))
        background.append(asyncio.create_task(carry_out_on_time(rooms.follower, rooms.staging.carry_out)))
        background.append(asyncio.create_task(gateway.sweep(lambda: micros(rooms.clock.now()))))
        background.append(asyncio.create_task(hearing.run()))
        background.append(asyncio.create_task(rooms.ledger.run(settings.usage_flush_s)))
        background.append(asyncio.create_task(rooms.checks.run()))
        served = (rooms.scheduled, rooms.watch, rooms.courier, rooms.turns)
        background.extend(asyncio.create_task(one.run()) for one in served)

    def note_snapshot() -> None:
        metrics.snapshot_revision.set(rooms.follower.revision)

    async def stop() -> None:
        await rooms.turns.close()
        await rooms.capabilities.close()
        await rooms.upstream.close()
        await desk.close()
        for task in background:
            task.cancel()

    def playground(kind: CallerKind, person_id: int | None, groups: GroupSet | None = None) -> ASGIApp:
        """`/v1` as a user or an agent for somebody at the panel: without a key, with everything else as it is.
        `groups`: which to look through; they open nothing, for None is whatever the groups."""
        admission = OwnersAdmission(kind, "playground", person_id, groups)
        heard_by = (PlaygroundRecording(rooms.ledger),)
        return ToldAsErrors(_gateway(rooms, heard_by, streams, opener, desk, admission=admission), linger=throw_away)

    desk = Desk(rooms.key_limits, unsaid=settings.reserved_answer_tokens)
    opener = Opener(rooms.upstream.get, Endpoints(rooms.providers), breakers, _retry_budget(rooms, metrics))
    gateway = _gateway(rooms, (Recording(rooms.ledger), *listeners), streams, opener, desk)
    pages_and_api = application.build(
        rooms, user_surface=openapi.document(), more=panel.ROUTERS, finish=panel_failures.install
    )
    pages_and_api.state.playground = playground
    admin = HeadAsGet(WholeBody(pages_and_api, limits))
    user_surface = ToldAsErrors(WholeBody(gateway, _limits_of_v1(settings)), linger=throw_away)
    faces: dict[str, ASGIApp] = {"api": admin, "admin": admin, "v1": user_surface}
    return Shell(
        faces,
        probes,
        metrics,
        start=start,
        leave=rooms.runs.refuse_new,
        wind_up=rooms.runs.close,
        end_streams=gateway.end_all,
        stop=stop,
        prompt=dict.fromkeys(SURFACES, gateway.at_once),
        root_path=settings.root_path,
        told={"admin": panel_failures.told(settings.root_path)},
    )


@dataclass(frozen=True, slots=True)
class OwnersFace:
    """`/v1` in a process of the command line. `close` writes what a key's limits still hold."""

    application: ASGIApp
    close: Callable[[], Awaitable[None]]


def for_owner(rooms: Rooms, kind: CallerKind | None) -> OwnersFace:
    """`/v1` for whoever owns the data folder, in his own process: without a key, as a user or an agent; or, where
    `kind` is None, with the key that each request has, and with that key's limits. The ledger has either."""
    metrics, desk = Metrics(revision=lambda: -1), Desk(rooms.key_limits, unsaid=rooms.settings.reserved_answer_tokens)
    breakers, budget = _breakers(rooms, metrics), _retry_budget(rooms, metrics)
    streams = Streams(rooms.settings.streams)
    opener = Opener(rooms.upstream.get, Endpoints(rooms.providers), breakers, budget)
    admission = None if kind is None else OwnersAdmission(kind)
    listeners = (OwnersRecording(rooms.ledger),)
    gateway = _gateway(rooms, listeners, streams, opener, desk, admission=admission)
    application = ToldAsErrors(WholeBody(gateway, _limits_of_v1(rooms.settings)), linger=throw_away)
    return OwnersFace(application, desk.close)


def _gateway(
    rooms: Rooms,
    listeners: Sequence[Listener],
    streams: Streams,
    opener: Opener,
    desk: Desk,
    *,
    admission: Admission | None = None,
) -> Gateway:
    """The user surface; its client and its snapshots belong to one event loop."""
    admission = admission or Admission(rooms.keys.hash_of, lambda: micros(rooms.clock.now()))
    hops = Hops(rooms.providers.bounds.pseudonym)
    front_ends = FrontEnds(header_names(rooms.settings.front_end_user_headers))
    return Gateway(rooms.follower, admission, opener, streams, hops, desk, front_ends, listeners)


def _breakers(rooms: Rooms, metrics: Metrics) -> Breakers:
    said = rooms.settings
    rules = BreakerRules(said.breaker_failures, said.breaker_open_s, said.breaker_longest_s, said.cooldown_longest_s)
    return Breakers(rules, now=rooms.clock.tick, note=metrics.note_left_alone)


def _retry_budget(rooms: Rooms, metrics: Metrics) -> RetryBudget:
    said = rooms.settings
    rules = BudgetRules(said.retry_percent, said.retry_floor, said.retry_window_s)
    return RetryBudget(rules, now=rooms.clock.tick, note=metrics.note_retry)


def _limits_of_v1(settings: Settings) -> Limits:
    """Exchanges are counted by the gateway itself."""
    return Limits(
        body=settings.v1_body_mib * MIB,
        import_body=settings.v1_body_mib * MIB,
        body_receipt_s=settings.body_receipt_s,
        grace_s=settings.body_grace_s,
        least_rate=settings.body_least_rate,
        at_once=None,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        body=settings.admin_body_mib * MIB,
        import_body=settings.import_body_mib * MIB,
        body_receipt_s=settings.body_receipt_s,
        grace_s=settings.body_grace_s,
        least_rate=settings.body_least_rate,
        at_once=settings.admin_at_once,
    )


def _revision(database: Database) -> int:
    with database.read() as connection:
        return journal_store.revision(connection)


def _readiness(database: Database) -> dict[str, str]:
    try:
        _revision(database)
    except Unavailable:
        return {"database": "unavailable"}
    return {"database": "ok"}


def _may_read_metrics(rooms: Rooms, token: str) -> bool:
    wanted = rooms.settings.metrics_token
    if wanted is not None and hmac.compare_digest(wanted.get_secret_value().encode(), token.encode()):
        return True
    return kind_of(token) == "admin" and rooms.keys.admin_actor(token) is not None
