"""What the demo leaves on the screen: where Lineup is, how to sign in, what to try next."""

import json
import shlex
import sys
from pathlib import Path

from model_lineup.cli import show
from model_lineup.cli.demo.phases import ALIAS
from model_lineup.cli.demo.stage import PASSWORD_FILE, Stage


def tell_farewell(stage: Stage, email: str, key: str) -> None:
    lineup = f"{_command()} --data-dir {shlex.quote(str(stage.folder))}"
    login = shlex.quote(json.dumps({"email": email, "password": stage.password}))
    show.line(f"\nLineup keeps serving at {stage.url} until Ctrl-C.\n")
    show.facts(
        [
            ("Admin Panel", f"{stage.url}/admin/"),
            ("API reference", f"{stage.url}/api/docs"),
            ("e-mail address", email),
            ("password", f"{stage.password}  (kept in {stage.folder / PASSWORD_FILE})"),
        ]
    )
    ask = shlex.quote(json.dumps({"model": ALIAS, "messages": [{"role": "user", "content": "Say hello."}]}))
    show.line("\nIn another terminal, call the model as an application would (this key lives for a day):\n")
    show.line(f"curl -s {stage.url}/v1/chat/completions -H 'Authorization: Bearer {key}' \\")
    show.line(f"  -H 'Content-Type: application/json' -d {ask}")
    show.line("\nSign in and list the models:\n")
    show.line(f"TOKEN=$(curl -s {stage.url}/api/auth/login -H 'Content-Type: application/json' -d {login} \\")
    show.line("""  | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')""")
    show.line(f'curl -s {stage.url}/api/admin/models -H "Authorization: Bearer $TOKEN"')
    show.line("\nor without signing in, because the folder is yours:\n")
    for verb in ("models list", f"chat {ALIAS} 'Say hello.'", "benchmark tiny --requests 8", "changes list"):
        show.line(f"{lineup} {verb}")


def _command() -> str:
    """As it was called, so that it can be called again."""
    called = Path(sys.argv[0])
    return shlex.quote(str(called)) if called.name in ("lineup", "model-lineup") else "lineup"
