"""All rooms of one instance, wired by `app.py`; what every face is handed."""

from dataclasses import dataclass

from model_lineup.access.browsers import BrowserSessions
from model_lineup.access.groups.groups import Groups
from model_lineup.access.keys import Keys
from model_lineup.access.people import People
from model_lineup.access.sessions import Sessions
from model_lineup.benchmarks.comparisons import Comparisons
from model_lineup.benchmarks.runs import Runs
from model_lineup.benchmarks.testing import ConnectionTests
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
from model_lineup.changes.as_code.applying import Apply
from model_lineup.changes.as_code.exporting import Export
from model_lineup.changes.as_code.releasing import TakeOver
from model_lineup.changes.impact import Impacts
from model_lineup.changes.rollouts.rolling import Rollouts
from model_lineup.changes.staged.staging import Staging
from model_lineup.changes.undo.undo import Undo
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.jobs.chores import Chores
from model_lineup.ledger.recorder import Recorder
from model_lineup.ledger.spending import OwnWork
from model_lineup.ledger.usage import Usage
from model_lineup.limits.keys import KeyLimits
from model_lineup.limits.rates import Rates
from model_lineup.lint.linter import Linter
from model_lineup.notices.notices import Notices
from model_lineup.probes.checks import ScheduledChecks
from model_lineup.probes.testing import CapabilityTests
from model_lineup.repeats.claims import Claims
from model_lineup.routing.follow import Follower
from model_lineup.routing.route import Routes
from model_lineup.routing.sights import Sights
from model_lineup.security.log import SecurityLog
from model_lineup.settings import Settings
from model_lineup.signals.signals import Signals
from model_lineup.signon.signon import SingleSignOn
from model_lineup.turns.turns import Turns
from model_lineup.upstream.shared import SharedClient
from model_lineup.watch.watching import Watch
from model_lineup.webhooks.courier import Courier
from model_lineup.webhooks.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Rooms:
    settings: Settings
    clock: Clock
    database: Database
    people: People
    sessions: Sessions
    browsers: BrowserSessions
    sign_on: SingleSignOn
    keys: Keys
    groups: Groups
    security: SecurityLog
    rates: Rates
    key_limits: KeyLimits
    signals: Signals
    upstream: SharedClient
    repeats: Claims
    providers: Providers
    models: Models
    facts: Facts
    catalogues: CatalogueDesk
    census: Census
    retirement: Retirement
    bulk: Bulk
    aliases: Aliases
    alias_import: AliasImport
    discovery: Discovery
    plans: Plans
    scheduled: ScheduledFetches
    chores: Chores
    notices: Notices
    webhooks: Webhooks
    courier: Courier
    watch: Watch
    follower: Follower
    routes: Routes
    sights: Sights
    tests: ConnectionTests
    capabilities: CapabilityTests
    checks: ScheduledChecks
    runs: Runs
    comparisons: Comparisons
    turns: Turns
    benchmark_turns: BenchmarkTurns
    ledger: Recorder
    usage: Usage
    own_work: OwnWork
    impacts: Impacts
    undo: Undo
    staging: Staging
    rollouts: Rollouts
    export: Export
    apply: Apply
    take_over: TakeOver
    linter: Linter
