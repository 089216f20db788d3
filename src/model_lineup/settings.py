"""Every setting of Lineup: type, unit, default, help. Frozen, read once, passed in; never a global.

Environment (`LINEUP_PORT`) wins over `lineup.toml` (`port = …`), which wins over the default. The reference page
`docs/reference/settings.md` is made from this file.
"""

import functools
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator

from model_lineup.errors import StartRefused

PREFIX = "LINEUP_"
_HEADER_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
SETUP_LINK_FILE = "setup-link"
"""In the data directory, readable by its owner alone, until the link was used."""


class Settings(BaseModel):
    """All settings, with units in the names where the type cannot hold them."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8484, ge=0, le=65535, description="Port that the server listens on; 0 takes a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve the port together.")
    data_dir: Path = Field(Path("lineup-data"), description="Folder of the databases and the key ring.")
    database_url: SecretStr | None = Field(
        None, description="`postgresql://…` for PostgreSQL; without it SQLite files in the data directory."
    )
    keyring_file: Path | None = Field(None, description="Key ring; `keyring.json` in the data directory by default.")
    public_url: str | None = Field(None, description="Address under which browsers reach Lineup, for links.")
    root_path: str = Field(
        "/",
        pattern="^(/|(/[A-Za-z0-9._~-]+)+)$",
        max_length=200,
        description="Path below which a proxy serves Lineup, like `/lineup`; the proxy may strip it or leave it.",
    )
    admin_email: str | None = Field(None, description="E-mail address of the first administrator (first start only).")
    admin_password: SecretStr | None = Field(
        None, description="Password of the first administrator, 10–256 characters."
    )
    metrics_token: SecretStr | None = Field(
        None, description="Bearer token that may read `/metrics`; admins always may."
    )
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="Least level that is logged.")
    log_format: str = Field("auto", pattern="^(auto|json|text)$", description="`auto`: text on a terminal, else JSON.")

    access_token_minutes: int = Field(15, ge=1, le=1440, description="Life of an access token.")
    refresh_token_days: int = Field(14, ge=1, le=365, description="Life of a refresh token.")
    session_days: int = Field(
        90, ge=1, le=3650, description="Life of a session as a whole, however often it is refreshed."
    )
    panel_idle_hours: int = Field(
        12, ge=1, le=720, description="A session of the Admin Panel ends after that long without a request."
    )
    setup_link_minutes: int = Field(30, ge=1, le=1440, description="Life of the set-up link.")
    sign_in_failures: int = Field(
        5, ge=1, le=100, description="Wrong passwords for one account from one address before it is locked out there."
    )
    sign_in_lock_s: int = Field(30, ge=1, le=86400, description="First lock-out; it doubles with each further failure.")
    sign_in_longest_lock_s: int = Field(900, ge=1, le=86400, description="Longest lock-out.")
    sign_in_forget_minutes: int = Field(
        15, ge=1, le=10080, description="Time without a failure after which one failure is forgotten."
    )
    sign_ins_per_s: int = Field(20, ge=1, le=10_000, description="Sign-ins per second, of all workers together.")
    password_queue: int = Field(
        20, ge=1, le=1000, description="Passwords waiting to be checked in one process before 503."
    )
    password_sign_in: bool = Field(
        True, description="Whether people may sign in with a password; off needs single sign-on to be set up."
    )
    oidc_issuer: str | None = Field(
        None, max_length=500, description="Issuer of the OpenID Connect provider; switches single sign-on on."
    )
    oidc_client_id: str | None = Field(None, max_length=500, description="Client id of Lineup at that provider.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Client secret there; without one Lineup is a public client, which PKCE protects."
    )
    oidc_client_secret_file: Path | None = Field(None, description="File that holds the client secret instead.")
    oidc_name: str = Field(
        "single sign-on", min_length=1, max_length=60, description="What the button to sign in with is called."
    )
    oidc_scopes: str = Field(
        "openid email profile", max_length=500, description="Scopes that are asked for; `openid` is always among them."
    )
    oidc_sign_up: bool = Field(
        False, description="Whether whoever the provider knows becomes a person here at the first sign-in."
    )
    oidc_link_by_email: bool = Field(
        False, description="Whether a first sign-in takes over the person here who has the same, verified address."
    )
    oidc_require_verified_email: bool = Field(
        True, description="Whether new people need an address that the provider says it has verified."
    )
    oidc_email_domains: str | None = Field(
        None, max_length=2_000, description="Domains of the addresses that new people may have; all without it."
    )
    oidc_role_claim: str | None = Field(
        None,
        min_length=1,
        max_length=200,
        description="Claim that decides the role at each sign-in; `realm_access.roles` looks inside of a claim.",
    )
    oidc_role_map: str | None = Field(
        None,
        max_length=4_000,
        description="Which of its values give which role, like `staff=user, ml-ops=admin`; "
        "separated by semicolons where values hold commas.",
    )
    oidc_default_role: str = Field(
        "user",
        pattern="^(none|user|viewer)$",
        description="Role of those to whom no value gives one; `none` lets them not in.",
    )
    oidc_groups_claim: str | None = Field(
        None, min_length=1, max_length=200, description="Claim that decides about groups at each sign-in."
    )
    oidc_group_map: str | None = Field(
        None,
        max_length=8_000,
        description="Which of its values give which group, like `team-a=Research, b=Sales`; `*` takes groups by name.",
    )
    oidc_session_hours: int = Field(
        24, ge=1, le=2160, description="A session that began by single sign-on ends after that long, used or not."
    )
    oidc_network_scope: str = Field(
        "public", pattern="^(public|private|loopback)$", description="Where the provider's addresses may lie."
    )
    oidc_ca_file: Path | None = Field(
        None, description="PEM file of the authorities that vouch for the provider, instead of the system's."
    )
    oidc_proxy: str | None = Field(
        None, max_length=500, description="`http://host:port` of a CONNECT proxy on the way to the provider."
    )
    oidc_timeout_s: float = Field(10, ge=0.1, le=60, description="Longest wait for one answer of the provider.")
    oidc_skew_s: int = Field(30, ge=0, le=300, description="How far the provider's clock may differ from ours.")
    trusted_proxies: str = Field(
        "none",
        description="Networks of proxies whose `X-Forwarded-For` is believed, like `10.0.0.0/8, fd00::/8`; "
        "from others the header is not looked at.",
    )
    idempotency_hours: int = Field(
        24, ge=1, le=720, description="How long an answer is kept for a repeated request with the same Idempotency-Key."
    )
    idempotency_lease_s: int = Field(
        30, ge=3, le=600, description="Silence after which a request with an Idempotency-Key counts as broken off."
    )
    idempotency_answer_kib: int = Field(256, ge=1, le=16_384, description="Largest answer kept for repetition, KiB.")
    security_log_days: int = Field(90, ge=1, le=3650, description="How long the security log is kept.")

    usage_entries_days: int = Field(
        30, ge=1, le=3650, description="How long single requests to `/v1` are kept in the ledger."
    )
    usage_days: int = Field(400, ge=31, le=3650, description="How long the sums of each day's usage are kept.")
    usage_flush_s: float = Field(1, gt=0, le=60, description="Time between two writings of the ledger.")
    usage_waiting: int = Field(
        50_000,
        ge=100,
        le=10_000_000,
        description="Requests that one worker remembers while the ledger cannot be written; more are counted as lost.",
    )

    admin_body_mib: int = Field(1, ge=1, le=64, description="Largest request body under `/api`, MiB.")
    import_body_mib: int = Field(5, ge=1, le=64, description="Largest alias import or catalogue file, MiB.")
    lint_silenced: str | None = Field(
        None, max_length=1_000, description="Codes of linter rules that are not asked, separated by commas or spaces."
    )
    v1_body_mib: int = Field(10, ge=1, le=1024, description="Largest request body under `/v1`, MiB.")
    streams: int = Field(2048, ge=1, le=100_000, description="Requests to models that one worker answers at a time.")
    reserved_answer_tokens: int = Field(
        1024,
        ge=1,
        le=10_000_000,
        description="Tokens reserved of a key's limits for an answer whose request does not bound it.",
    )
    front_end_user_headers: str = Field(
        "x-openwebui-user-email, x-openwebui-user-id",
        description="Headers in which trusted front ends say for which of their users they ask; "
        "the first that is there counts. The defaults are Open WebUI's.",
    )
    header_receipt_s: float = Field(10, gt=0, le=600, description="Time for a client to send its request head.")
    body_receipt_s: float = Field(30, gt=0, le=3600, description="Time for a client to send its request body.")
    body_grace_s: float = Field(10, gt=0, le=3600, description="Time after which a request body must keep its rate.")
    body_least_rate: int = Field(1024, ge=1, le=2**20, description="Least rate of a request body, bytes per second.")
    write_stall_s: float = Field(
        60, gt=0, le=3600, description="Time for which a client may leave an answer unread before it is cut off."
    )
    unsent_kib: int = Field(
        64,
        ge=4,
        le=65_536,
        description="Largest part of an answer, in KiB, that the system takes before its client reads, on Linux.",
    )
    admin_at_once: int = Field(
        32,
        ge=1,
        le=10_000,
        description="Requests under `/api` that a worker handles at a time; more get 503 at once.",
    )
    keep_alive_s: float = Field(75, gt=0, le=3600, description="Idle time after which a client connection is closed.")
    drain_delay_s: float = Field(
        2, ge=0, le=600, description="Time between not being ready any more and taking no more connections, at the end."
    )
    drain_s: float = Field(30, ge=0, le=3600, description="Time that running requests get at shutdown.")
    drain_farewell_s: float = Field(
        2, ge=0, le=600, description="So long before that time is over, what still runs ends in an error of its own."
    )
    bulk_ids: int = Field(10_000, ge=1, le=100_000, description="Most model ids in one bulk change.")
    import_aliases: int = Field(5_000, ge=1, le=100_000, description="Most aliases in one import.")
    page_limit: int = Field(1_000, ge=1, le=10_000, description="Largest `limit` of a list.")
    database_busy_s: float = Field(2.0, gt=0, le=60, description="Wait for another process's write before 503.")
    writer_queue: int = Field(200, ge=1, le=10_000, description="Writes waiting in this process before 503.")
    start_check_s: float = Field(
        1, ge=0, le=600, description="Time for SQLite's quick check of the databases at start; 0 does without."
    )
    upgrade_backups: int = Field(
        3, ge=0, le=100, description="Backups kept that are made before the tables of SQLite are upgraded; 0: none."
    )
    backup_days: int = Field(
        7, ge=0, le=3650, description="Age in days from which `lineup doctor` calls the last backup old; 0: never."
    )
    postgres_pool: int = Field(10, ge=2, le=100, description="Connections to PostgreSQL, at most; one more listens.")
    postgres_silence_s: float = Field(
        30, ge=1, le=3_600, description="How long PostgreSQL may take for an answer before its connection is given up."
    )

    fetch_models: int = Field(20_000, ge=1, le=200_000, description="Most models that one provider list may have.")
    fetch_mib: int = Field(
        10, ge=1, le=256, description="Most MiB that one provider list may have, over all its pages."
    )
    notice_days: int = Field(
        90, ge=1, le=3_650, description="How long notices, and what was sent of them to webhooks, are kept."
    )
    notice_retiring_days: int = Field(
        30, ge=1, le=365, description="How long before a model's end there is a notice of it."
    )
    fetch_plans_kept: int = Field(
        20, ge=1, le=1_000, description="Plans of fetches that are kept of each provider, the newest ones."
    )
    staged_ahead_days: int = Field(
        400, ge=1, le=3_650, description="How far ahead of its moment a change may be staged."
    )
    staged_waiting: int = Field(1_000, ge=1, le=100_000, description="Staged changes that may wait at a time.")
    staged_kept: int = Field(
        500, ge=1, le=100_000, description="Staged changes that are kept once they ended, the newest ones."
    )
    rollout_least_keys: int = Field(
        10, ge=2, le=10_000, description="Active keys below which an alias is not rolled out by a share of them."
    )
    upstream_connect_s: float = Field(5, gt=0, le=60, description="DNS, TCP and TLS to a provider.")
    upstream_first_byte_s: float = Field(120, gt=0, le=600, description="Request sent to first byte of a stream.")
    upstream_idle_s: float = Field(300, gt=0, le=3600, description="Silence inside a stream.")
    upstream_stream_total_s: float = Field(3600, gt=0, le=86400, description="One whole stream.")
    upstream_plain_total_s: float = Field(600, gt=0, le=3600, description="One whole answer that is not streamed.")
    upstream_test_s: float = Field(60, gt=0, le=600, description="One connection test, or reading one whole list.")
    upstream_pool: int = Field(1024, ge=1, le=65536, description="Connections per provider origin and key.")
    breaker_failures: int = Field(
        5, ge=1, le=1000, description="Failures in a row after which a provider, or a model there, is left alone."
    )
    breaker_open_s: float = Field(
        30, gt=0, le=3600, description="First time for which it is left alone; it grows by as much with each probe."
    )
    breaker_longest_s: float = Field(300, gt=0, le=86400, description="Longest time for which it is left alone.")
    cooldown_longest_s: float = Field(
        3600, ge=0, le=3600, description="Longest `Retry-After` of a provider's 429 that is kept; 0 keeps none."
    )
    retry_percent: int = Field(
        20, ge=0, le=100, description="Fallbacks after a failure, as a share of a worker's requests."
    )
    retry_floor: int = Field(
        10, ge=0, le=10_000, description="Fallbacks after a failure that are always allowed in `retry_window_s`."
    )
    retry_window_s: float = Field(10, gt=0, le=3600, description="Time over which that share is taken.")
    egress_max_scope: str = Field(
        "loopback",
        pattern="^(public|private|loopback)$",
        description="Widest `network_scope` that an administrator may give to a provider.",
    )
    drills: bool = Field(
        False, description="Offer the provider kind `fault`, to rehearse what happens when a provider misbehaves."
    )
    runs_at_once: int = Field(2, ge=1, le=64, description="Benchmarks that run at a time, over all workers.")
    tests_per_minute: int = Field(
        60, ge=1, le=100_000, description="Connection tests of one model by one person or key, per minute."
    )
    benchmarks_per_minute: int = Field(
        30, ge=1, le=100_000, description="Benchmarks of one model that one person or key starts, per minute."
    )
    check_window: int = Field(
        3, ge=1, le=20, description="Latest scheduled tests of a model by which its status is judged."
    )
    check_agreeing: int = Field(
        2, ge=1, le=20, description="How many of them must agree before the status changes, in either direction."
    )
    run_lease_s: float = Field(15, gt=1, le=600, description="Silence after which a benchmark counts as interrupted.")

    _origin: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def origin_of(self, name: str) -> str:
        """Where the setting comes from; `default` also where nobody has noted it and the value is the default."""
        default = getattr(self, name) == type(self).model_fields[name].default
        return self._origin.get(name) or ("default" if default else "given at start")

    @property
    def keyring_path(self) -> Path:
        return self.keyring_file or self.data_dir / "keyring.json"

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, said: str) -> str:
        networks(said)
        return said

    @field_validator("front_end_user_headers")
    @classmethod
    def _are_headers(cls, said: str) -> str:
        header_names(said)
        return said


def header_names(said: str) -> tuple[str, ...]:
    """Names of headers, separated by commas. Raises ValueError naming what is none."""
    names = tuple(name.strip().lower() for name in said.split(",") if name.strip())
    for name in names:
        if not _HEADER_NAME.fullmatch(name) or name in ("authorization", "x-api-key", "cookie"):
            raise ValueError(f"{name!r} is no header that could name a user")
    return names


@functools.lru_cache(maxsize=8)
def networks(said: str) -> tuple[Network, ...]:
    """Networks in CIDR form, separated by commas, or `none`. Raises ValueError naming the one that is no network."""
    if said.strip() == "none":
        return ()
    return tuple(ipaddress.ip_network(one.strip()) for one in said.split(",") if one.strip())


def secret_variables() -> list[str]:
    """The environment variables that hold secrets; once they are read nobody needs them there."""
    secret = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    return [PREFIX + name.upper() for name in secret] + [PREFIX + "KEY"]


def in_the_open(settings: Settings) -> dict[str, Any]:
    """What `Settings.model_validate` makes the same settings of; secrets are readable in it."""
    dumped = settings.model_dump(mode="json")
    for name, value in settings:
        if isinstance(value, SecretStr):
            dumped[name] = value.get_secret_value()
    return dumped


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and where each one came from: `default`, `environment`, or the file's name."""

    settings: Settings
    origin: Mapping[str, str]


def load(environment: Mapping[str, str] | None = None, file: Path | None = None, **given: Any) -> Loaded:
    """Merge `given` (command-line options, None is absent) over the environment over the file over the defaults.

    `file` defaults to `LINEUP_CONFIG`, then to `lineup.toml` in the data directory, where it may be missing.
    Raises StartRefused naming the setting, where it came from, and what would be right.
    """
    env = os.environ if environment is None else environment
    options = {name: value for name, value in given.items() if value is not None}
    named = {name: env[PREFIX + name.upper()] for name in Settings.model_fields if env.get(PREFIX + name.upper())}
    stored, path = _read_file(file, env, {**named, **options})
    origin = dict.fromkeys(Settings.model_fields, "default")
    origin.update(dict.fromkeys(stored, str(path)))
    origin.update({name: f"environment {PREFIX}{name.upper()}" for name in named})
    origin.update(dict.fromkeys(options, "command line"))
    _refuse_unknown(env)
    try:
        settings = Settings(**{**stored, **named, **options})
    except ValidationError as error:
        raise StartRefused(_explain(error, origin)) from None
    settings._origin = origin
    return Loaded(settings, origin)


def _read_file(file: Path | None, env: Mapping[str, str], known: Mapping[str, Any]) -> tuple[dict[str, Any], Path]:
    wanted = file or (Path(env[PREFIX + "CONFIG"]) if env.get(PREFIX + "CONFIG") else None)
    path = wanted or Path(known.get("data_dir", Settings.model_fields["data_dir"].default)) / "lineup.toml"
    if not path.is_file():
        if wanted:
            raise StartRefused(
                f"There is no settings file at {path}. Create it, or leave out the option that names it."
            )
        return {}, path
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), path
    except (OSError, ValueError) as error:
        raise StartRefused(f"{path} cannot be read as TOML: {error}") from None


def _refuse_unknown(env: Mapping[str, str]) -> None:
    """A misspelt setting is worse than none: name it, and do not start."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + "CONFIG", PREFIX + "HARD"}
    known |= {PREFIX + "URL", PREFIX + "KEY"}  # the command line's, for a remote server
    unknown = sorted(name for name in env if name.startswith(PREFIX) and name not in known)
    if unknown:
        raise StartRefused(
            f"{', '.join(unknown)}: no such setting. `lineup config show` lists them all; remove or correct this one."
        )


def _explain(error: ValidationError, origin: Mapping[str, str]) -> str:
    lines = []
    for problem in error.errors():
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        lines.append(f"Setting {name!r} (from {origin.get(name, 'file')}): {_remedy(name, problem['msg'])}")
    return " ".join(lines)


def _remedy(name: str, message: str) -> str:
    """What is wrong with the value, and what the setting is for; or that there is no such setting."""
    if name not in Settings.model_fields:
        return "no such setting. `lineup config show` lists them all; remove or correct this one."
    return f"{message}. ({Settings.model_fields[name].description})"
