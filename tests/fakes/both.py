"""Which tests meet both databases every day.

Stores, migrations and journeys do, and every operation of the journal, which is every change that there is. What only
stands on them (the rules of a room, a route, a round in the background) meets SQLite every day, and PostgreSQL in
`make hard`, where `tests/database/test_the_rest.py` runs what is left out here.
"""

import os
from pathlib import Path

import pytest

from tests.fakes.counts import HARD

REST = os.environ.get("TESTS_ON_POSTGRESQL") == "rest"
"""Run what is left out every day, and nothing else."""
_TESTS = Path(__file__).parents[1]
_FOLDERS = {"database", "jobs", "journal", "journeys", "ledger", "limits", "migrations", "operations", "routing"}
_FILES = {
    "access/test_sessions.py",
    "catalog/test_bulk.py",
    "catalog/test_discovery.py",
    "catalog/test_facets.py",
    "catalog/test_models.py",
    "catalog/test_newly_read.py",
    "catalog/test_selecting.py",
    "changes/test_undo.py",
    "probes/test_two_processes.py",
}


def runs_now(item: pytest.Item) -> bool:
    if HARD:
        return True
    return _is_left_out(item) if REST else not _is_left_out(item)


def _is_left_out(item: pytest.Item) -> bool:
    """True for the twin on PostgreSQL of a test that is not about a store; never for a test that says itself which
    databases it wants."""
    if not isinstance(item, pytest.Function) or not hasattr(item, "callspec"):
        return False
    if item.callspec.params.get("kind") != "postgresql" or _says_which(item):
        return False
    path = item.path.relative_to(_TESTS)
    return path.parts[0] not in _FOLDERS and path.as_posix() not in _FILES


def _says_which(item: pytest.Function) -> bool:
    return any("kind" in mark.args[0] for mark in item.iter_markers("parametrize"))
