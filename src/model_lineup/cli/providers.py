"""`lineup providers`: upstream accounts, their order, their lists of models."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import completion, finding, secret, show
from model_lineup.cli.options import Confirm, Limit, Offset, nothing, numbers, pairs, said, shown_of, something
from model_lineup.cli.session import Session
from model_lineup.cli.show import Column
from model_lineup.cli.verbs import noun, verb

app = noun("providers", "Upstream accounts: who answers, where, with which key.")

Which = Annotated[
    str, typer.Argument(metavar="PROVIDER", help="Its slug, name or id.", autocompletion=completion.providers)
]
NetworkScope = Annotated[
    Literal["public", "private", "loopback"] | None,
    typer.Option(help="Where it may stand: the Internet, also a private network, or this machine.", show_default=False),
]
Headers = Annotated[
    list[str] | None, typer.Option("--header", metavar="NAME=VALUE", help="Extra header; may be repeated.")
]
Timeouts = Annotated[
    list[str] | None,
    typer.Option("--timeout", metavar="NAME=SECONDS", help="connect_s, first_byte_s, idle_s, …; may be repeated."),
]
ApiVersion = Annotated[str | None, typer.Option(help="For kinds that ask for one.")]
CaBundle = Annotated[typer.FileText | None, typer.Option(help="PEM file of the authorities to trust instead.")]
Proxy = Annotated[str | None, typer.Option(help="http://host:port of a proxy that answers CONNECT.")]

COLUMNS = (
    Column("id", "id"),
    Column("slug", "slug"),
    Column("name", "name"),
    Column("kind", "type"),
    Column("base URL", "base_url"),
    Column("scope", "network_scope"),
    Column("key", lambda row: f"…{row['api_key_last4'] or ''}" if row["api_key_set"] else None),
    Column("enabled", "enabled"),
    Column("models", "models"),
)


@verb(app, "list")
def list_providers(here: Session, limit: Limit = 100, offset: Offset = 0) -> None:
    """All providers, in their order: of several that have a model, the first one available answers."""

    def as_text(page: dict[str, Any]) -> None:
        show.rows(page["providers"], COLUMNS, nothing="No providers yet. `lineup providers add` adds one.")
        if rest := shown_of(page, len(page["providers"])):
            show.note(rest)

    here.answer(here.get("providers", limit=limit, offset=offset), as_text)


@verb(app, "show")
def show_provider(here: Session, provider: Which) -> None:
    """One provider with everything that is set."""
    row = finding.provider(here, provider)

    def as_text(found: dict[str, Any]) -> None:
        kept = {name: value for name, value in found.items() if value not in (None, {}, "")}
        show.facts((name, value) for name, value in kept.items())

    here.answer(here.get(f"providers/{row['id']}"), as_text)


@verb(
    app,
    "add",
    examples=[
        "lineup providers add OpenAI https://api.openai.com/v1 --api-key-prompt",
        "lineup providers add Ollama http://127.0.0.1:11434/v1 --network-scope loopback",
    ],
)
def add_provider(
    here: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="For people.")],
    base_url: Annotated[
        str, typer.Argument(metavar="BASE_URL", help="As the provider documents it, mostly ending in /v1.")
    ],
    kind: Annotated[str, typer.Option(help="One of `lineup providers kinds`.")] = "openai",
    slug: Annotated[str | None, typer.Option(help="For names like slug/model_id; else made from the name.")] = None,
    api_key_stdin: secret.KeyStdin = False,
    api_key_env: secret.KeyEnv = None,
    api_key_prompt: secret.KeyPrompt = False,
    network_scope: NetworkScope = None,
    header: Headers = None,
    api_version: ApiVersion = None,
    ca_bundle: CaBundle = None,
    proxy: Proxy = None,
    timeout: Timeouts = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Add it switched off.")] = False,
) -> None:
    """Add a provider. Its key is sealed at once and never shown again."""
    body = said(
        name=name,
        type=kind,
        base_url=base_url,
        slug=slug,
        api_key=secret.api_key(api_key_stdin, api_key_env, api_key_prompt),
        enabled=False if disabled else None,
        network_scope=network_scope,
        headers=pairs(header, "--header"),
        api_version=api_version,
        ca_bundle=ca_bundle.read() if ca_bundle else None,
        proxy=proxy,
        timeouts=numbers(timeout, "--timeout"),
    )
    answer = here.post("providers", body)
    made = answer.json
    here.tell(
        answer,
        f"Added {made['slug']} as provider {made['id']}.",
        f"`lineup providers fetch {made['slug']}` reads its list of models.",
    )


@verb(app, "change", examples=["lineup providers change openai --name 'OpenAI (team)'"])
def change_provider(
    here: Session,
    provider: Which,
    name: Annotated[str | None, typer.Option(help="For people.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Another origin needs the key again.")] = None,
    api_key_stdin: secret.KeyStdin = False,
    api_key_env: secret.KeyEnv = None,
    api_key_prompt: secret.KeyPrompt = False,
    network_scope: NetworkScope = None,
    header: Headers = None,
    api_version: ApiVersion = None,
    ca_bundle: CaBundle = None,
    proxy: Proxy = None,
    timeout: Timeouts = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD",
            help="Take away api_key, headers, api_version, ca_bundle, proxy or timeouts; may be repeated.",
        ),
    ] = None,
    confirm: Confirm = False,
) -> None:
    """Change what is said and nothing else; the kind and the slug stay."""
    body = said(
        name=name,
        base_url=base_url,
        api_key=secret.api_key(api_key_stdin, api_key_env, api_key_prompt),
        network_scope=network_scope,
        headers=pairs(header, "--header"),
        api_version=api_version,
        ca_bundle=ca_bundle.read() if ca_bundle else None,
        proxy=proxy,
        timeouts=numbers(timeout, "--timeout"),
    )
    row = finding.provider(here, provider)
    body = something({**body, **nothing(remove)})
    here.tell(here.put(f"providers/{row['id']}", body, confirm=confirm), f"Changed {row['slug']}.")


@verb(app, "enable")
def enable_provider(here: Session, provider: Which, confirm: Confirm = False) -> None:
    """Switch it on: its visible models answer again."""
    _toggle(here, provider, True, confirm)


@verb(app, "disable")
def disable_provider(here: Session, provider: Which, confirm: Confirm = False) -> None:
    """Switch it off: none of its models answers; their own flags stay."""
    _toggle(here, provider, False, confirm)


def _toggle(here: Session, provider: str, enabled: bool, confirm: bool) -> None:
    row = finding.provider(here, provider)
    answer = here.put(f"providers/{row['id']}/toggle", {"enabled": enabled}, confirm=confirm)
    here.tell(answer, f"{row['slug']} is {'on' if enabled else 'off'}.")
