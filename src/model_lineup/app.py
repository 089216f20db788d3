"""The composition root: settings become rooms. With `faces`, which makes the application of them, the only file that
knows everything.

settings ── open_instance ──▶ Rooms ── faces.build ──▶ Shell (the ASGI application)
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import cast

from sqlalchemy import Engine

from model_lineup.access.arrivals import Arrivals, Welcome
from model_lineup.access.browsers import BrowserSessions
from model_lineup.access.door import Door
from model_lineup.access.groups.groups import Groups
from model_lineup.access.keys import Keys
from model_lineup.access.passwords import Passwords
from model_lineup.access.people import People
from model_lineup.access.sessions import Sessions
from model_lineup.benchmarks.comparisons import Comparisons
from model_lineup.benchmarks.keeping import Keeper
from model_lineup.benchmarks.runs import Runs
from model_lineup.benchmarks.testing import Agreement, ConnectionTests
from model_lineup.benchmarks.turns import BenchmarkTurns
from model_lineup.catalog.alias_import import AliasImport
from model_lineup.catalog.aliases import Aliases
from model_lineup.catalog.bulk import Bulk
from model_lineup.catalog.census import Census
from model_lineup.catalog.discovery import Discovery
from model_lineup.catalog.models import Models
from model_lineup.catalog.plans import Plans
from model_lineup.catalog.providers import Providers
from model_lineup.catalog.refreshing import CatalogueDesk
from model_lineup.catalog.retirement import Retirement
from model_lineup.catalog.scheduled import ScheduledFetches
from model_lineup.catalog.stating import Facts
from model_lineup.catalog.store import limited
from model_lineup.changes.as_code.applying import Apply
from model_lineup.changes.as_code.exporting import Export
from model_lineup.changes.as_code.lock import refuse_locked
from model_lineup.changes.as_code.releasing import TakeOver
from model_lineup.changes.impact import Impacts, Refusal, Refusals
from model_lineup.changes.rollouts.rolling import Rollouts
from model_lineup.changes.staged.operations import Operations
from model_lineup.changes.staged.staging import Staging
from model_lineup.changes.undo.undo import Undo
from model_lineup.changes.weighing import weigh
from model_lineup.clock import Clock, SystemClock
from model_lineup.database import engines, holding, instance
from model_lineup.database.engines import Database
from model_lineup.gateway import failures
from model_lineup.jobs.chores import Chores
from model_lineup.journal.record import Journal
from model_lineup.ledger.recorder import Kept, Recorder
from model_lineup.ledger.spending import OwnWork
from model_lineup.ledger.usage import Usage
from model_lineup.limits.guesses import Guesses, GuessRules
from model_lineup.limits.keys import KeyLimits
from model_lineup.limits.rates import Rates
from model_lineup.lint.linter import Linter
from model_lineup.migrations import upgrade
from model_lineup.notices.notices import Notices
from model_lineup.operations import preflight, swap
from model_lineup.operations.backup import before_upgrade
from model_lineup.probes.checks import ScheduledChecks
from model_lineup.probes.covering import Covering
from model_lineup.probes.proofs import Proofs
from model_lineup.probes.testing import CapabilityTests
from model_lineup.repeats.claims import Claims
from model_lineup.rooms import Rooms
from model_lineup.routing.follow import Follower
from model_lineup.routing.route import Routes
from model_lineup.routing.sights import Sights
from model_lineup.security.changes import ChangesAsEvents
from model_lineup.security.log import SecurityLog
from model_lineup.settings import Settings
from model_lineup.signals.signals import Signals
from model_lineup.signon.provider import Provider
from model_lineup.signon.rules import rules_of
from model_lineup.signon.signon import SingleSignOn
from model_lineup.signon.states import States
from model_lineup.turns.turns import Turns
from model_lineup.upstream.contract import Bounds, NetworkScope, Timeouts
from model_lineup.upstream.shared import SharedClient
from model_lineup.upstream.wire import BadUrl, Origin
from model_lineup.vault import Vault
from model_lineup.watch.watching import Watch
from model_lineup.webhooks.courier import Courier
from model_lineup.webhooks.webhooks import Webhooks


@contextlib.contextmanager
def open_instance(settings: Settings, *, clock: Clock | None = None, migrate: bool = True) -> Iterator[Rooms]:
    """All rooms over a migrated database; without `migrate` somebody has just seen to that. Raises StartRefused.

    What needs an event loop (tests, benchmarks, fetching) is used from one loop; `rooms.runs.close()` ends it.
    """
    with (
        contextlib.closing(open_database(settings, migrate=migrate)) as database,
        rooms_over(database, settings, clock or SystemClock()) as rooms,
    ):
        yield rooms


@contextlib.contextmanager
def rooms_over(database: Database, settings: Settings, clock: Clock) -> Iterator[Rooms]:
    """All rooms over a migrated database that stays open afterwards. Raises StartRefused."""
    vault = instance.open_vault(database, settings.keyring_path, clock.now())
    rooms = _rooms(settings, database, vault, clock)
    with contextlib.closing(rooms.follower), contextlib.closing(rooms.security), contextlib.closing(rooms.ledger):
        yield rooms


def open_database(settings: Settings, *, migrate: bool = True) -> Database:
    """Migrate what is due, then open. Raises StartRefused."""
    busy_s = settings.database_busy_s
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        if migrate:
            _migrate(engines.postgres_engine(url, pool=1))
        silence_s = settings.postgres_silence_s
        return engines.open_postgres(url, busy_s=busy_s, pool=settings.postgres_pool, silence_s=silence_s)
    preflight.make_folder(settings.data_dir)
    swap.finish_interrupted(settings.data_dir)
    with contextlib.ExitStack() as held:
        held.enter_context(holding.together(settings.data_dir))
        if migrate:
            keep = functools.partial(before_upgrade, settings, SystemClock())
            with holding.in_turn(settings.data_dir):
                _migrate(engines.open_sqlite_for_migration(settings.data_dir), before=keep)
        database = engines.open_sqlite(settings.data_dir, busy_s=busy_s, queue=settings.writer_queue)
        database.until_closed.push(held.pop_all())
    return database


def _migrate(engine: Engine, before: Callable[[upgrade.Versions], None] | None = None) -> None:
    try:
        upgrade.migrate(engine, before=before)
    finally:
        engine.dispose()


def _rooms(settings: Settings, database: Database, vault: Vault, clock: Clock) -> Rooms:
    security = SecurityLog(database, clock, kept=timedelta(days=settings.security_log_days))
    journal = Journal(database, clock, listener=ChangesAsEvents(security), weigh=weigh, lock=refuse_locked)
    passwords, bounds = Passwords(settings.password_queue), _bounds(settings, vault)
    rates = Rates(database, vault, clock)
    guesses = Guesses(database, vault, clock, _guess_rules(settings))
    door = Door(database, guesses, rates, security, per_second=settings.sign_ins_per_s)
    sessions = Sessions(
        database,
        vault,
        passwords,
        clock,
        door=door,
        log=security,
        access_life=timedelta(minutes=settings.access_token_minutes),
        refresh_life=timedelta(days=settings.refresh_token_days),
        session_life=timedelta(days=settings.session_days),
        passwords_count=settings.password_sign_in,
    )
    browsers = BrowserSessions(
        database,
        vault,
        clock,
        sessions,
        idle_life=timedelta(hours=settings.panel_idle_hours),
        session_life=timedelta(days=settings.session_days),
    )
    client = SharedClient(pool=settings.upstream_pool, own_listeners=bounds.own_listeners)
    models = Models(database, journal)
    providers = Providers(database, journal, vault, timeouts=_timeouts(settings), bounds=bounds)
    discovery = Discovery(database, journal, providers, clock, client.list_models, most=settings.fetch_models)
    plans = Plans(database, journal, discovery, kept=settings.fetch_plans_kept)
    chores, notices = Chores(database, clock), Notices(database, clock)
    follower = Follower(database, now=clock.tick, wall=lambda: clock.now().timestamp())
    routes, groups = Routes(follower, models, providers), Groups(database, journal, limited.holding)
    ledger = Recorder(database, clock, kept=_usage_kept(settings), most=settings.usage_waiting)
    keeper, lease = Keeper(database, clock), timedelta(seconds=settings.run_lease_s)
    facts = Facts(database, journal)
    agreement = Agreement(settings.check_window, settings.check_agreeing)
    turns = Turns(database, clock)
    tests = ConnectionTests(database, clock, client.get, routes.target, models, ledger, agreement, turns)
    usage = Usage(database, ledger)
    own_work = OwnWork(usage, clock)
    runs = Runs(
        *(database, models, keeper, routes.target, ledger, providers, own_work),
        lease=lease,
        at_once=settings.runs_at_once,
    )
    proofs = Proofs(journal, vault, providers)
    providers.told_of_moves = proofs.of_provider
    capabilities = CapabilityTests(
        *(database, clock, vault, client.get, routes.target, models, facts, proofs, ledger, turns)
    )
    comparisons = Comparisons(database, runs, clock)
    covering = Covering(models, capabilities)
    return Rooms(
        settings=settings,
        clock=clock,
        database=database,
        people=People(database, journal, vault, passwords, door, clock),
        sessions=sessions,
        browsers=browsers,
        sign_on=_sign_on(settings, journal, vault, rates, clock, client, browsers, door, security),
        keys=Keys(database, journal, vault, clock, security),
        groups=groups,
        security=security,
        rates=rates,
        key_limits=KeyLimits(database, clock),
        signals=Signals(database, clock),
        upstream=client,
        repeats=Claims(
            database,
            vault,
            clock,
            passwords.fingerprint,
            kept=timedelta(hours=settings.idempotency_hours),
            lease=timedelta(seconds=settings.idempotency_lease_s),
            answer_bytes=settings.idempotency_answer_kib * 1024,
        ),
        providers=providers,
        models=models,
        facts=facts,
        catalogues=CatalogueDesk(database, journal),
        census=Census(database),
        retirement=Retirement(journal),
        bulk=Bulk(journal, most=settings.bulk_ids),
        aliases=Aliases(database, journal),
        alias_import=AliasImport(journal, most=settings.import_aliases),
        discovery=discovery,
        plans=plans,
        scheduled=ScheduledFetches(database, clock, plans, chores, lease=_fetch_lease(settings)),
        chores=chores,
        notices=notices,
        webhooks=Webhooks(database, journal, vault, bounds),
        courier=Courier(database, clock, vault, chores, client.get, bounds, kept=timedelta(days=settings.notice_days)),
        watch=Watch(database, clock, chores, notices, ahead=timedelta(days=settings.notice_retiring_days)),
        follower=follower,
        routes=routes,
        sights=Sights(follower, groups),
        tests=tests,
        capabilities=capabilities,
        checks=ScheduledChecks(database, clock, models, tests, capabilities, own_work, chores),
        runs=runs,
        comparisons=comparisons,
        turns=turns,
        benchmark_turns=BenchmarkTurns(runs, turns),
        ledger=ledger,
        usage=usage,
        own_work=own_work,
        impacts=Impacts(database, ledger, clock, _REFUSALS),
        undo=Undo(journal, providers),
        staging=_staging(settings, database, journal, providers),
        rollouts=Rollouts(database, journal, clock, covering.unproven, least_keys=settings.rollout_least_keys),
        export=Export(database),
        apply=Apply(journal, providers),
        take_over=TakeOver(journal),
        linter=Linter(database, clock, silenced=(settings.lint_silenced or "").replace(",", " ").split()),
    )


def _staging(settings: Settings, database: Database, journal: Journal, providers: Providers) -> Staging:
    return Staging(
        database,
        journal,
        Operations(database, providers, most=settings.bulk_ids),
        ahead=timedelta(days=settings.staged_ahead_days),
        waiting=settings.staged_waiting,
        kept=settings.staged_kept,
    )


def _sign_on(
    settings: Settings,
    journal: Journal,
    vault: Vault,
    rates: Rates,
    clock: Clock,
    client: SharedClient,
    browsers: BrowserSessions,
    door: Door,
    security: SecurityLog,
) -> SingleSignOn:
    """Raises StartRefused."""
    rules = rules_of(settings)
    provider = None if rules is None else Provider(rules, client.get, clock)
    arrivals = Arrivals(journal, Welcome() if rules is None else rules.welcome)
    return SingleSignOn(rules, provider, States(vault, rates, clock), arrivals, browsers, door, security)


def _as_told(refused: failures.Refused, request_id: str) -> Refusal:
    return Refusal(refused.status, refused.body(request_id))


_REFUSALS = Refusals(
    unavailable=lambda name, request_id: _as_told(failures.not_found(name), request_id),
    not_for_agents=lambda name, request_id: _as_told(failures.not_for_agents(name), request_id),
)


def _usage_kept(settings: Settings) -> Kept:
    return Kept(timedelta(days=settings.usage_entries_days), timedelta(days=settings.usage_days))


def _fetch_lease(settings: Settings) -> timedelta:
    """Longer than reading a list and writing what it says ever takes."""
    return timedelta(seconds=settings.upstream_test_s + 120)


def _guess_rules(settings: Settings) -> GuessRules:
    return GuessRules(
        settings.sign_in_failures,
        timedelta(seconds=settings.sign_in_lock_s),
        timedelta(seconds=settings.sign_in_longest_lock_s),
        timedelta(minutes=settings.sign_in_forget_minutes),
    )


def _bounds(settings: Settings, vault: Vault) -> Bounds:
    return Bounds(
        widest_scope=cast("NetworkScope", settings.egress_max_scope),
        own_listeners=tuple(_own_listeners(settings)),
        list_models=settings.fetch_models,
        list_bytes=settings.fetch_mib * 2**20,
        drills=settings.drills,
        pseudonym=f"lineup-{vault.derive('via').hex()[:16]}",
    )


def _own_listeners(settings: Settings) -> Iterator[tuple[str, int]]:
    """Where this Lineup can be reached, as far as it knows."""
    hosts = ("127.0.0.1", "::1") if settings.host == "localhost" else (settings.host,)
    yield from ((host, settings.port) for host in hosts)
    if settings.public_url is not None:
        with contextlib.suppress(BadUrl):
            public = Origin.of(settings.public_url)
            yield public.host, public.port


def _timeouts(settings: Settings) -> Timeouts:
    return Timeouts(
        connect_s=settings.upstream_connect_s,
        first_byte_s=settings.upstream_first_byte_s,
        idle_s=settings.upstream_idle_s,
        stream_total_s=settings.upstream_stream_total_s,
        plain_total_s=settings.upstream_plain_total_s,
        test_s=settings.upstream_test_s,
    )
