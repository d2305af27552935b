"""Every setting once: its name, default, variable and meaning. Read from the environment, nowhere else."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from crossdock.errors import SettingsError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "secret": secret}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """Settings of an operator. A field `data_dir` is read from `CROSSDOCK_DATA_DIR`."""

    data_dir: str = _setting("data", "Folder for the embedded database, the sandbox and dev.json.")
    database_url: str = _setting(
        "",
        "sqlite:///path or postgresql://user:password@host/name. Empty: SQLite in the data folder.",
        secret=True,
    )
    host: str = _setting("127.0.0.1", "Address that the server listens on.")
    port: int = _setting(8080, "Port that the server listens on.")
    base_url: str = _setting("", "Where clients reach the server. Empty: http://HOST:PORT.")
    api_key: str = _setting(
        "", "The key that `crossdock listen` signs in with. Empty: the one in dev.json.", secret=True
    )
    secret_key: str = _setting(
        "",
        "Encrypts credentials at rest: 32 random bytes as base64 (`openssl rand -base64 32`). Several, "
        "separated by commas: the first encrypts, all decrypt.",
        secret=True,
    )
    max_connections: int = _setting(
        10_000, "Connections that a server has open at a time, those that wait idle too."
    )
    connections_per_address: int = _setting(
        5000,
        "How many of them one address may hold; those that were silent longest are ended. Trusted proxies "
        "may hold any number. 0: no limit. Linux only.",
    )
    idle_seconds: int = _setting(
        30, "How long a connection may stand idle, or take to send the headers of its next request."
    )
    body_seconds: int = _setting(
        30,
        "How long the body of a request may take to come, and a second more for each 16 KiB of it that came; "
        "and how long a caller may take nothing of an answer.",
    )
    strangers_per_second: int = _setting(
        500, "Requests per second and address without a key that works, /healthz aside. 0: no limit."
    )
    trusted_proxies: str = _setting(
        "",
        "Reverse proxies that are believed who calls (`X-Forwarded-For`): CIDR, separated by commas.",
    )
    redis_url: str = _setting(
        "", "Redis or Valkey: rate limits shared by several API processes.", secret=True
    )
    allowed_addresses: str = _setting(
        "",
        "Private networks that outgoing calls may reach: CIDR, separated by commas.",
    )
    reads_per_second: int = _setting(10, "GET requests per second and access token. 0: no limit.")
    writes_per_second: int = _setting(50, "Other requests per second and access token. 0: no limit.")
    link_token_minutes: int = _setting(30, "How long a link token works, which the button connects with.")
    auth_code_minutes: int = _setting(10, "How long the auth code of a new connection can be exchanged.")
    magic_link_connections: int = _setting(
        1, "Connections that can be made with a magic link that does not say how many. 0: any number."
    )
    lookback_days: int = _setting(30, "How far back the first sync reads, up to 1096 days.")
    disabled_functions: str = _setting(
        "get_bills,get_inventory_ledger",
        "Functions that are off for all connections, separated by commas; `cart:get_orders`: for carts only. "
        "`none`: none is.",
    )
    concurrency: int = _setting(4, "Sync runs that one worker process does at a time.")
    connection_concurrency: int = _setting(4, "Sync runs of one connection at a time, over all workers.")
    slice_seconds: int = _setting(20, "How long a run goes on while other connections wait for a worker.")
    stuck_minutes: int = _setting(60, "A run that stores nothing for so long is ended, and told as stuck.")
    max_record_bytes: int = _setting(8_388_608, "A vendor record larger than this is set aside.")
    history_days: int = _setting(90, "How long old values of records are kept. 0: for ever.")
    events_days: int = _setting(90, "How long events are kept for GET /events. 0: for ever.")
    api_log_days: int = _setting(
        7, "How long calls of the API are kept for GET /api-logs. 0: none is logged."
    )
    api_log_details: str = _setting(
        "failures",
        "Of which calls the log keeps headers and bodies, without secrets and without what says who a person "
        "is: none, failures (from 400 on) or all.",
    )
    runs_days: int = _setting(30, "How long sync runs and jobs that ended are kept. 0: for ever.")
    files_url: str = _setting(
        "",
        "Where files that come in are kept: a folder, or s3://bucket/prefix, gs://… or az://…. "
        "Empty: `files` in the data folder.",
    )
    files_endpoint: str = _setting("", "Where S3-compatible storage is reached. Empty: at AWS.")
    files_region: str = _setting("", "The region of S3-compatible storage.")
    files_access_key: str = _setting("", "The access key of S3-compatible storage. Empty: as the cloud says.")
    files_secret_key: str = _setting("", "The secret that belongs to it.", secret=True)
    max_file_bytes: int = _setting(268_435_456, "A file larger than this is refused, wherever it comes from.")
    watched_root: str = _setting(
        "", "The folder below which connections may name a folder to watch for files. Empty: none may."
    )
    webhook_timeout_seconds: int = _setting(15, "How long an attempt to deliver a webhook may take.")
    webhook_disable_hours: int = _setting(
        120, "An endpoint that nothing was delivered to for so long is disabled. 0: never."
    )
    webhook_max_bytes: int = _setting(
        1_048_576, "An event with a larger body is sent without its data, and says where to get them."
    )
    webhook_https_only: int = _setting(0, "1: webhooks are sent to https only.")
    webhook_concurrency: int = _setting(512, "Webhooks that one worker process has under way at a time.")
    portal_frames: str = _setting(
        "*",
        "Pages that may show the webhook portal in a frame: origins such as https://app.example.com, "
        "separated by commas. `*`: any may. `none`: none may.",
    )
    attempts_days: int = _setting(90, "How long the log of webhook attempts is kept. 0: for ever.")
    smtp_url: str = _setting(
        "",
        "The mail server that alerts go by: smtp://user:password@host:587 (with STARTTLS), or smtps://…. "
        "Empty: there is no e-mail.",
        secret=True,
    )
    mail_from: str = _setting("", "Whom e-mail is from: alerts@example.com, or Name <alerts@example.com>.")
    smtp_timeout_seconds: int = _setting(20, "How long handing an e-mail to the mail server may take.")
    alert_channels: int = _setting(20, "Channels for alerts that an organization may have.")
    svix_url: str = _setting(
        "",
        "A Svix server that messages are handed to; it sends them, Crossdock itself then sends none of what "
        "happens.",
    )
    svix_token: str = _setting("", "What we sign in to that server with.", secret=True)
    session_idle_minutes: int = _setting(720, "How long a person who signed in may do nothing, in minutes.")
    session_hours: int = _setting(720, "How long a person stays signed in at most, in hours.")
    invitation_hours: int = _setting(168, "How long an invitation into an organization can be accepted.")
    metrics_token: str = _setting(
        "",
        "The bearer token that GET /metrics wants. Empty: there is no /metrics. `open`: anybody may read it.",
        secret=True,
    )
    write_seconds: int = _setting(90, "How long a write may take in the connected system, in seconds.")
    write_settle_seconds: int = _setting(
        120, "After a write got no answer: seconds until nothing of it can still be under way there."
    )
    metrics_port: int = _setting(0, "Port where `crossdock work` answers /metrics. 0: it does not.")
    log_format: str = _setting("", "json or console. Empty: console on a terminal, else json.")
    log_level: str = _setting(
        "",
        "debug, info, warning or error. Empty: info for serve and work, warning for dev, error for commands.",
    )

    @property
    def url(self) -> str:
        return self.base_url.rstrip("/") or f"http://{self.host}:{self.port}"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.folder / 'crossdock.db'}"

    @property
    def folder(self) -> Path:
        return Path(self.data_dir)

    @property
    def files(self) -> str:
        """The storage of files: a URL, or the path of a folder."""
        return self.files_url or str(self.folder / "files")

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks of reverse proxies that are believed who calls."""
        return tuple(ipaddress.ip_network(part) for part in _parts(self.trusted_proxies))

    @property
    def off(self) -> frozenset[str]:
        """The functions that are off for everybody."""
        if self.disabled_functions == "none":
            return frozenset()
        return frozenset(part.strip() for part in self.disabled_functions.split(",") if part.strip())


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"CROSSDOCK_{name.upper()}"


def load(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings, with values that a command line gives taking precedence.

    Raises SettingsError naming each variable that is wrong.
    """
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    faults: list[str] = []
    for current_field in fields(Settings):
        text = source.get(variable(current_field.name))
        if text is None or text == "":
            continue
        try:
            values[current_field.name] = int(text) if isinstance(current_field.default, int) else text
        except ValueError:
            faults.append(f"{variable(current_field.name)} is {text!r}; a whole number is wanted")
    values.update({name: value for name, value in overrides.items() if value is not None})
    settings = Settings(**values)
    faults += _faults(settings)
    if faults:
        raise SettingsError("; ".join(faults))
    return settings


RANGES = {
    "port": (1, 65535),
    "reads_per_second": (0, 1_000_000),
    "writes_per_second": (0, 1_000_000),
    "max_connections": (16, 1_000_000),
    "connections_per_address": (0, 1_000_000),
    "idle_seconds": (1, 3600),
    "body_seconds": (1, 3600),
    "strangers_per_second": (0, 1_000_000),
    "link_token_minutes": (1, 1440),
    "auth_code_minutes": (1, 1440),
    "magic_link_connections": (0, 1_000_000),
    "lookback_days": (0, 1096),
    "concurrency": (1, 256),
    "connection_concurrency": (1, 256),
    "slice_seconds": (1, 3600),
    "stuck_minutes": (1, 1440),
    "max_record_bytes": (1, 1_073_741_824),
    "history_days": (0, 36_525),
    "events_days": (0, 36_525),
    "api_log_days": (0, 36_525),
    "runs_days": (0, 36_525),
    "write_seconds": (1, 3600),
    "write_settle_seconds": (0, 86_400),
    "webhook_timeout_seconds": (1, 60),
    "webhook_disable_hours": (0, 8760),
    "webhook_max_bytes": (1024, 16_777_216),
    "webhook_https_only": (0, 1),
    "webhook_concurrency": (2, 10_000),
    "attempts_days": (0, 36_525),
    "session_idle_minutes": (1, 525_600),
    "session_hours": (1, 87_600),
    "invitation_hours": (1, 8760),
    "smtp_timeout_seconds": (1, 300),
    "alert_channels": (0, 1000),
    "metrics_port": (0, 65535),
    "max_file_bytes": (1, 17_179_869_184),
}
_FRAME_SOURCE = re.compile(r"none|\*|https?://(\*\.)?[A-Za-z0-9.-]+(:\d{1,5})?")
CHOICES = {
    "log_format": ("json", "console"), "log_level": ("debug", "info", "warning", "error"),
    "api_log_details": ("none", "failures", "all"),
}  # fmt: skip


def _faults(settings: Settings) -> list[str]:
    """Faults of values that have the right type."""
    faults = []
    for name, (low, high) in RANGES.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            faults.append(f"{variable(name)} is {value}; {low} to {high} is wanted")
    for name, choices in CHOICES.items():
        value = getattr(settings, name)
        if value and value not in choices:
            faults.append(f"{variable(name)} is {value!r}; wanted is one of {', '.join(choices)}")
    if not settings.url.startswith(("http://", "https://")):
        faults.append("CROSSDOCK_BASE_URL must begin with http:// or https://")
    if not settings.database.startswith(("sqlite:///", "postgresql://")):
        faults.append("CROSSDOCK_DATABASE_URL must begin with sqlite:/// or postgresql://")
    if settings.smtp_url and not settings.smtp_url.startswith(("smtp://", "smtps://")):
        faults.append("CROSSDOCK_SMTP_URL must begin with smtp:// or smtps://")
    if settings.smtp_url and not settings.mail_from:
        faults.append("CROSSDOCK_MAIL_FROM must be set with CROSSDOCK_SMTP_URL: it is whom e-mail is from")
    faults += _frame_faults(settings.portal_frames)
    for name in ("allowed_addresses", "trusted_proxies"):
        faults += _network_faults(variable(name), getattr(settings, name))
    return faults


def _frame_faults(text: str) -> list[str]:
    """Which parts of a list of pages that may frame the portal are none."""
    return [
        f"CROSSDOCK_PORTAL_FRAMES has {part[:100]!r}; wanted is an origin, * or none"
        for part in _parts(text)
        if not _FRAME_SOURCE.fullmatch(part)
    ]


def _network_faults(name: str, text: str) -> list[str]:
    """Parts of a list of networks that are none."""
    faults = []
    for part in _parts(text):
        try:
            ipaddress.ip_network(part)
        except ValueError as problem:
            faults.append(f"{name}: {problem}")
    return faults


def _parts(text: str) -> list[str]:
    """Parts of a text between its commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none: mistyped, or of another version."""
    known_variables = {variable(current_field.name) for current_field in fields(Settings)}
    return sorted(
        name
        for name in environment
        if name.startswith("CROSSDOCK_") and name not in known_variables and not _OAUTH_APP.fullmatch(name)
    )


_OAUTH_APP = re.compile("CROSSDOCK_OAUTH_([A-Z0-9_]+)_CLIENT_(ID|SECRET)")


def oauth_apps(environment: Mapping[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """The operator's registrations with vendors, by integration: client id and client secret.

    `CROSSDOCK_OAUTH_ACME_SHOP_CLIENT_ID` and `…_CLIENT_SECRET` are those for `acme-shop`. Raises
    SettingsError for one of the two alone.
    """
    source = os.environ if environment is None else environment
    parts: dict[str, dict[str, str]] = {}
    for name, value in source.items():
        if value and (match := _OAUTH_APP.fullmatch(name)):
            parts.setdefault(match[1], {})[match[2]] = value
    for name, values in parts.items():
        for missing in {"ID", "SECRET"} - values.keys():
            raise SettingsError(f"CROSSDOCK_OAUTH_{name}_CLIENT_{missing} is not set, and its other half is")
    return {
        name.lower().replace("_", "-"): (values["ID"], values["SECRET"]) for name, values in parts.items()
    }


def described(settings: Settings) -> list[dict[str, str]]:
    """Each setting for people: variable, value (never a secret one), default, meaning."""
    rows = []
    for current_field in fields(Settings):
        value = str(getattr(settings, current_field.name))
        shown = "(set)" if value and current_field.metadata["secret"] else value
        default = "" if current_field.default is MISSING else str(current_field.default)
        rows.append(
            {
                "variable": variable(current_field.name),
                "value": shown,
                "default": default,
                "meaning": current_field.metadata["meaning"],
            }
        )
    return rows
