"""What went wrong, as people read it: the sentence, the fields, the code, and what to do in this command line."""

import json
from collections.abc import Mapping
from typing import Any

from model_lineup.cli import show
from model_lineup.cli.wording import in_verbs
from model_lineup.errors import LineupError, problem_body

HINTS = {
    "name_would_move": "Repeat with --confirm if that is what you want.",
    "provider_has_models": "Repeat with --force to delete its models and their aliases too.",
    "credential_rebind_required": "Give the key again: --api-key-stdin, --api-key-env NAME or --api-key-prompt.",
    "ambiguous_model": "Say which one: its id, or slug/model_id.",
    "alias_shadows_model": "Repeat with --allow-shadow to let the alias win.",
    "deleted_model": "`lineup models restore ID` brings it back.",
    "duplicate_model": "`lineup models change ID` changes it.",
    "duplicate_person": "`lineup people change EMAIL --password-stdin` gives this person a new password.",
    "run_in_progress": "`lineup runs follow ID` shows it, `lineup runs cancel ID` ends it.",
    "version_mismatch": "Look at it again, then repeat.",
    "not_signed_in": "The key in LINEUP_KEY or --key must be an admin key of this server.",
    "unreachable": "Is the address right, and the server running?",
}
TABLES = ("candidates", "names", "items")
"""Members of a problem that are lists of objects worth showing."""
SHOWN = 20


def tell(problem: Mapping[str, Any], body: bytes, *, as_json: bool) -> None:
    """On standard error; with --json the problem itself on standard output."""
    if as_json:
        show.raw(body)
        return
    show.error(in_verbs(str(problem.get("detail", ""))))
    for error in problem.get("errors", ()):
        if error["pointer"] and not str(problem.get("detail", "")).startswith(f"{error['pointer']}:"):
            show.note(f"  {error['pointer']}: {in_verbs(error['message'])}")
    for name in TABLES:
        _tell_rows(problem.get(name))
    code = str(problem.get("code", ""))
    hint = HINTS.get(code, "") or _scope(problem)
    show.note(f"  ({code}) {hint}".rstrip())


def _scope(problem: Mapping[str, Any]) -> str:
    """Of an address that was refused, where a network scope would allow it."""
    scope = problem.get("allowed_by_network_scope")
    return f"--network-scope {scope} allows it, if you trust what answers there." if scope else ""


def tell_error(error: LineupError, *, as_json: bool) -> None:
    """The same for an error of this process."""
    body = {name: value for name, value in problem_body(error, "").items() if name != "request_id"}
    if as_json:
        show.raw(json.dumps(body).encode())
    else:
        show.error(in_verbs(error.detail))


def _tell_rows(rows: Any) -> None:
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict):
        return
    names = list(dict.fromkeys(name for row in rows[:SHOWN] for name in row))
    show.table([[row.get(name) for name in names] for row in rows[:SHOWN]], names, to_stderr=True)
    if len(rows) > SHOWN:
        show.note(f"  … and {len(rows) - SHOWN} more; --json shows all.")
