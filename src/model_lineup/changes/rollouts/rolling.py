"""Starting a rollout, changing it, stopping it and finishing it: each in one transaction."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from model_lineup.catalog.aliases import point, the_one
from model_lineup.catalog.models import living
from model_lineup.catalog.rollouts import Rollout, is_share, noted, stored, without
from model_lineup.catalog.shapes import Alias, Model
from model_lineup.catalog.store import aliases as alias_store
from model_lineup.catalog.store import models as model_store
from model_lineup.changes.rollouts.keys import active, placed, reach_of, told
from model_lineup.changes.rollouts.shapes import NewRollout, RolloutState
from model_lineup.clock import Clock
from model_lineup.database.engines import Database
from model_lineup.database.metadata import micros
from model_lineup.errors import InvalidInput, NotFound, NotProven, PreconditionFailed, TargetNotAvailable, TooFewKeys
from model_lineup.journal.record import Author, Change, Journal
from model_lineup.journal.shapes import Receipt

SHOWN = 100
"""Keys that move, and keys that stay, that an answer names; all are counted."""
Unproven = Callable[[int, int], Sequence[str]]
"""What a model (its row first) declares and tests of another have not proven, by the names of capabilities."""


class Rollouts:
    """`least_keys`: fewer than these cannot be shared out. `unproven`: what the gate asks."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, unproven: Unproven, *, least_keys: int
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._unproven = unproven
        self._least_keys = least_keys

    def get(self, row_id: int, alias: str, *, limit: int, offset: int) -> RolloutState:
        """Whom the rollout moves, and who stays. Raises NotFound where the alias has none."""
        now = micros(self._clock.now())
        with self._database.read() as connection:
            found = the_one(connection, alias, row_id)
            rollout = _running(connection, found)
            keys = placed(connection, found, rollout, active(connection, found, now), now)
            return told(connection, found, keys, keys, limit=limit, offset=offset)

    def set(
        self,
        row_id: int,
        alias: str,
        new: NewRollout,
        author: Author,
        *,
        if_match: int | None = None,
        dry_run: bool = False,
    ) -> tuple[RolloutState, Receipt]:
        """Give a share of the keys that may use this alias another model; a larger share than before adds to them.

        Raises NotFound, PreconditionFailed, InvalidInput, TargetNotAvailable, TooFewKeys, NotProven.
        """
        if not is_share(new.share):
            raise InvalidInput.at("/share", "0.01 to 100 percent, in steps of 0.01; DELETE stops a rollout")
        missing = self._unproven(row_id, new.target) if new.gate else ()
        with self._journal.change(author, "aliases.roll_out", dry_run=dry_run) as change:
            connection = change.connection
            before = the_one(connection, alias, row_id)
            _check_version(before, if_match)
            target = living(model_store.one(connection, new.target), new.target)
            own = living(model_store.one(connection, row_id), row_id)
            if target.id == row_id:
                raise InvalidInput.at("/id", "the alias leads to this model already; say another one")
            if not reach_of(target, change.now).serves:
                raise TargetNotAvailable(
                    f"{target.model_id!r} is hidden, retired, or its provider is off. Make it visible first.",
                    id=target.id,
                )
            if missing:
                raise _not_proven(own, target, missing)
            held, rollout = alias_store.rollout(connection, before.id), new.rollout
            keys = active(connection, before, change.now)
            if rollout.sticky == "key" and rollout != held:
                self._refuse_too_few(alias, len(keys))
            if rollout != held:
                _write(change, before, held, rollout)
            after = the_one(connection, alias, row_id)
            then = placed(connection, after, rollout, keys, change.now)
            was = placed(connection, before, held, keys, change.now)
            state = told(connection, after, then, was, limit=SHOWN, offset=0)
        return state, change.receipt

    def stop(
        self, row_id: int, alias: str, author: Author, *, if_match: int | None = None, dry_run: bool = False
    ) -> tuple[Alias, Receipt]:
        """Everybody gets the alias's own model again. Raises NotFound, also where nothing is rolled out any more."""
        with self._journal.change(author, "aliases.stop_rollout", dry_run=dry_run) as change:
            before = the_one(change.connection, alias, row_id)
            _check_version(before, if_match)
            _write(change, before, _running(change.connection, before), None)
            after = the_one(change.connection, alias, row_id)
        return after, change.receipt

    def finish(
        self, row_id: int, alias: str, author: Author, *, if_match: int | None = None, dry_run: bool = False
    ) -> tuple[Alias, Receipt]:
        """Everybody gets the model that was rolled out: the alias leads there from now on.

        Raises NotFound, also where nothing is rolled out any more; TargetNotAvailable.
        """
        with self._journal.change(author, "aliases.finish_rollout", dry_run=dry_run) as change:
            connection = change.connection
            before = the_one(connection, alias, row_id)
            _check_version(before, if_match)
            rollout = _running(connection, before)
            target = model_store.one(connection, rollout.target)
            if target is None or not reach_of(target, change.now).serves:
                raise TargetNotAvailable(
                    f"Model {rollout.target} is deleted, hidden, retired, or its provider is off: everybody would get "
                    "404. Show it again, or stop the rollout.",
                    id=rollout.target,
                )
            fallbacks = alias_store.fallbacks_of(connection, before.id)
            point(change, before, target.id, without(fallbacks, target.id))
            after = the_one(connection, alias, target.id)
        return after, change.receipt

    def _refuse_too_few(self, alias: str, keys: int) -> None:
        if keys < self._least_keys:
            raise TooFewKeys(
                f"{keys} active key{'' if keys == 1 else 's'} may use {alias!r}; a share of keys needs "
                f"{self._least_keys} (LINEUP_ROLLOUT_LEAST_KEYS), or one key is a large part of the traffic. "
                'Say sticky: "request" to have each request placed by itself.',
                active_keys=keys,
                least_keys=self._least_keys,
            )


def _running(connection: Connection, alias: Alias) -> Rollout:
    found = alias_store.rollout(connection, alias.id)
    if found is None:
        raise NotFound(f"{alias.alias!r} is not being rolled out: everybody gets its own model.", alias=alias.alias)
    return found


def _write(change: Change, alias: Alias, before: Rollout | None, after: Rollout | None) -> None:
    columns = {"rollout": stored(after)}
    alias_store.change(change.connection, alias.id, columns, now=change.now, revision=change.revision)
    was, now = {"rollout": noted(before)}, {"rollout": noted(after)}
    change.touched("alias", alias.id, alias.alias, before=was, after=now)


def _check_version(alias: Alias, if_match: int | None) -> None:
    if if_match is not None and if_match != alias.version:
        raise PreconditionFailed(
            f"Alias {alias.id} is at version {alias.version}, which If-Match does not name. "
            "Read it again, then repeat your change.",
            current=alias,
        )


def _not_proven(own: Model, target: Model, missing: Sequence[str]) -> NotProven:
    return NotProven(
        f"Tests have not proven of {target.model_id!r} what {own.model_id!r} declares: {', '.join(missing)}. Test it "
        f"(lineup test {target.provider.slug}/{target.model_id} --capabilities), or leave the gate out.",
        id=target.id,
        capabilities=list(missing),
    )
