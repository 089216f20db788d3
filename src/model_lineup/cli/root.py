"""The whole command line: nouns with their verbs, and the verbs that need no noun."""

import io
import sys
from typing import Annotated

import typer

from model_lineup import __version__
from model_lineup.cli import (
    aliases,
    as_code,
    backup,
    benchmark,
    capabilities,
    catalog,
    changes,
    chat,
    config,
    db,
    demo,
    doctor,
    drill,
    groups,
    importing,
    keys,
    lint,
    make_keyring,
    models,
    models_change,
    models_facts,
    models_impact,
    models_many,
    models_retire,
    names,
    people,
    plans,
    providers,
    providers_change,
    providers_checks,
    providers_fetching,
    providers_more,
    restore,
    rotate_keys,
    runs,
    security,
    serve,
    staged,
    turns,
    usage,
    webhooks,
)
from model_lineup.cli.place import AsJson, Config, DataDir, Key, Place, Url
from model_lineup.cli.verbs import verb

NOUNS = (
    providers,
    plans,
    models,
    catalog,
    aliases,
    keys,
    people,
    groups,
    runs,
    turns,
    usage,
    changes,
    staged,
    webhooks,
    config,
    db,
    importing,
    drill,
)
_MORE_VERBS = (
    capabilities,
    models_change,
    models_facts,
    models_many,
    models_impact,
    models_retire,
    providers_change,
    providers_checks,
    providers_fetching,
    providers_more,
)  # importing them is what adds their verbs

app = typer.Typer(
    name="lineup",
    help="Lineup: which AI models people and agents may use, and proof that they work.",
    epilog="Begin with `lineup demo`, or with `lineup serve` and `lineup providers add`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"lineup {__version__}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Say the version and end.")
]


@app.callback()
def options(
    context: typer.Context,
    data_dir: DataDir = None,
    config: Config = None,
    url: Url = None,
    key: Key = None,
    as_json: AsJson = False,
    version: Version = False,
) -> None:
    """These options stand before a verb or after it."""
    context.obj = Place(data_dir, config, url, key, as_json)


verb(app, "serve", only_here=True, json=False, examples=["lineup serve --port 9000"])(serve.serve)
verb(app, "demo", only_here=True, json=False)(demo.demo)
verb(app, "create-admin", examples=["lineup create-admin ann@example.com"])(people.create_admin)
verb(app, "resolve", examples=["lineup resolve gpt-4o --as agent"])(names.resolve)
verb(app, "sees", examples=["lineup sees --person ann@example.com", "lineup sees --of-key my-agent --not"])(groups.sees)
verb(app, "who-sees", examples=["lineup who-sees gpt-4o"])(groups.who_sees)
verb(app, "test", examples=["lineup test gpt-4o", "lineup test gpt-4o --capabilities"])(names.check)
verb(app, "benchmark", examples=["lineup benchmark gpt-4o --requests 100 --concurrency 8"])(benchmark.benchmark)
verb(app, "lint", examples=["lineup lint", "lineup lint --severity error --json"])(lint.lint)
verb(app, "chat", examples=['lineup chat gpt-4o "Say hello."', "lineup chat gpt-4o - --max-tokens 200 < question.txt"])(
    chat.chat
)
verb(app, "export", examples=["lineup export > lineup.toml", "lineup export --json -o lineup.json"])(as_code.export)
verb(
    app,
    "apply",
    examples=[
        "lineup apply -f lineup.toml",
        "lineup apply -f lineup.toml --dry-run --exit-code",
        "lineup apply -f lineup.toml --prune --yes",
    ],
)(as_code.apply)
verb(app, "take-over", examples=["lineup take-over --model gpt-4o", "lineup take-over --file lineup.toml"])(
    as_code.take_over
)
verb(app, "backup", only_here=True, examples=["lineup backup", "lineup backup --verify lineup-backup-….tar.gz"])(
    backup.backup
)
verb(app, "security-log", examples=["lineup security-log --event sign_in_failed --since 2030-01-31T00:00:00Z"])(
    security.security_log
)
verb(app, "restore", only_here=True, examples=["lineup restore lineup-backup-….tar.gz --replace"])(restore.restore)
verb(app, "rotate-keys", only_here=True, examples=["lineup rotate-keys", "lineup rotate-keys --retire"])(
    rotate_keys.rotate_keys
)
verb(app, "make-keyring", only_here=True, json=False, examples=["lineup make-keyring keyring.json"])(
    make_keyring.make_keyring
)
verb(app, "doctor", only_here=True, examples=["lineup doctor --online"])(doctor.doctor)
for _noun in NOUNS:
    app.add_typer(_noun.app)


def main() -> None:
    """What `lineup` runs. Lines appear at once, also in a pipe; what cannot be spelt there becomes a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="replace")
    app()
