"""Reading secrets: from a prompt that hides them, from standard input, or from the environment; never as arguments.

Arguments are seen by every user of the machine (`ps`) and stay in the shell's history.
"""

import os
import sys
from typing import Annotated

import typer

from model_lineup.cli.misused import Misused

KeyStdin = Annotated[bool, typer.Option("--api-key-stdin", help="Read the provider's key from standard input.")]
KeyEnv = Annotated[
    str | None,
    typer.Option("--api-key-env", metavar="NAME", help="Read the provider's key from this environment variable."),
]
KeyPrompt = Annotated[bool, typer.Option("--api-key-prompt", help="Ask for the provider's key without showing it.")]


def api_key(stdin: bool, variable: str | None, prompt: bool) -> str | None:
    """The key, or None when no way to give one was chosen. Raises Misused."""
    if stdin + bool(variable) + prompt > 1:
        raise Misused("Say one of --api-key-stdin, --api-key-env and --api-key-prompt.")
    if stdin:
        return from_stdin("key")
    if variable:
        return _from_environment(variable)
    return str(typer.prompt("Key", hide_input=True)) if prompt else None


def password(stdin: bool, *, who: str) -> str:
    """Asked twice on a terminal. Raises Misused where there is no terminal to ask on."""
    if stdin:
        return from_stdin("password")
    if not sys.stdin.isatty():
        raise Misused("There is no terminal to ask for the password on; use --password-stdin.")
    return str(typer.prompt(f"Password for {who}", hide_input=True, confirmation_prompt=True))


def from_stdin(what: str) -> str:
    """All of standard input without its last line end. Raises Misused when that is nothing."""
    found = sys.stdin.read().rstrip("\r\n")
    if not found:
        raise Misused(f"Standard input was to hold the {what}, and is empty.")
    return found


def _from_environment(variable: str) -> str:
    found = os.environ.get(variable)
    if not found:
        raise Misused(f"The environment variable {variable} is not set, or empty.")
    return found
