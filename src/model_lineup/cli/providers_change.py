"""More of `lineup providers`: add one, and change how it is reached."""

from typing import Annotated, Any, Literal

import typer

from model_lineup.cli import finding, secret
from model_lineup.cli.options import Confirm, nothing, numbers, pairs, said, something
from model_lineup.cli.providers import Which, app
from model_lineup.cli.session import Session
from model_lineup.cli.verbs import verb

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
    body = {**_settings(locals()), **said(type=kind, slug=slug, enabled=False if disabled else None)}
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
    body = _settings(locals())
    row = finding.provider(here, provider)
    body = something({**body, **nothing(remove)})
    here.tell(here.put(f"providers/{row['id']}", body, confirm=confirm), f"Changed {row['slug']}.")


def _settings(words: dict[str, Any]) -> dict[str, Any]:
    """The fields of the request body for the options of a verb. Raises Misused."""
    ca_bundle = words["ca_bundle"]
    return said(
        **{name: words[name] for name in ("name", "base_url", "network_scope", "api_version", "proxy")},
        api_key=secret.api_key(words["api_key_stdin"], words["api_key_env"], words["api_key_prompt"]),
        headers=pairs(words["header"], "--header"),
        ca_bundle=ca_bundle.read() if ca_bundle else None,
        timeouts=numbers(words["timeout"], "--timeout"),
    )
