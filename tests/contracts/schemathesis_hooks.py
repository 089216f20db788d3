"""Loaded by schemathesis: keeps its own credential alive, and keeps it from waiting for what takes its time by design.

It would revoke the key that it calls with, disable, demote or delete the person whom that key belongs to, or sign out.
Those two rows alone are out of its reach, and nobody signs out but strangers; every operation stays in. A benchmark at
one request in 100 s, and waiting 5 s for a revision that never comes, are valid and slow: those numbers alone are
replaced by other valid ones.
"""

import os
from typing import Any

import schemathesis

_ACTING = {"key_id": os.environ["ACTING_KEY"], "person_id": os.environ["ACTING_PERSON"]}
_NOBODY = 999_999


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    for name, acting in _ACTING.items():
        if case.method.upper() != "GET" and str((case.path_parameters or {}).get(name)) == acting:
            case.path_parameters[name] = _NOBODY
    if case.path == "/api/auth/logout" and "authorization" in {name.lower() for name in kwargs.get("headers") or {}}:
        kwargs["headers"] = {**kwargs["headers"], "Authorization": "Bearer of nobody"}
    if isinstance(case.body, dict):
        _hurry(case.body, "rate", least=0.01, slow=50)
    if case.query:
        _hurry(case.query, "wait_revision", least=0, slow=2**53, instead=0)


def _hurry(values: Any, name: str, *, least: float, slow: float, instead: float = 50) -> None:
    value = values.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and least <= value < slow:
        values[name] = instead
