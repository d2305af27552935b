"""Every setting once: its name, default, variable and meaning. Read from the environment, nowhere else."""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from crossdock.errors import SettingsError


def _setting(default: Any, meaning: str, *, secret: bool = False) -> Any:
    metadata = {"meaning": meaning, "secret": secret}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """What an operator can set. A field `data_dir` is read from `CROSSDOCK_DATA_DIR`."""

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
    redis_url: str = _setting(
        "", "Redis or Valkey: rate limits shared by several API processes.", secret=True
    )
    allowed_addresses: str = _setting(
        "",
        "Private networks that outgoing calls may reach: CIDR, separated by commas.",
    )
    reads_per_second: int = _setting(10, "GET requests per second and access token. 0: no limit.")
    writes_per_second: int = _setting(50, "Other requests per second and access token. 0: no limit.")
    lookback_days: int = _setting(30, "How far back the first sync reads, up to 1096 days.")
    disabled_functions: str = _setting(
        "get_bills,get_inventory_ledger",
        "Functions that are off for all connections, separated by commas. `none`: none is.",
    )
    concurrency: int = _setting(4, "Sync runs that one worker process does at a time.")
    connection_concurrency: int = _setting(4, "Sync runs of one connection at a time, over all workers.")
    slice_seconds: int = _setting(20, "How long a run goes on while other connections wait for a worker.")
    stuck_minutes: int = _setting(60, "A run that stores nothing for so long is ended, and told as stuck.")
    max_record_bytes: int = _setting(1_048_576, "A vendor record larger than this is set aside.")
    history_days: int = _setting(90, "How long old values of records are kept. 0: for ever.")
    events_days: int = _setting(90, "How long events are kept for GET /events. 0: for ever.")
    runs_days: int = _setting(30, "How long sync runs and jobs that ended are kept. 0: for ever.")
    files_url: str = _setting(
        "",
        "Where files that come in are kept: a folder, or s3://bucket/prefix, gs://… or az://…. "
        "Empty: `files` in the data folder.",
    )
    files_endpoint: str = _setting("", "Where S3-compatible storage is reached. Empty: at Amazon's.")
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
    attempts_days: int = _setting(90, "How long the log of webhook attempts is kept. 0: for ever.")
    svix_url: str = _setting(
        "",
        "A Svix server that messages are handed to; it sends them, Crossdock itself then sends none of what "
        "happens.",
    )
    svix_token: str = _setting("", "What we sign in to that server with.", secret=True)
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
    def off(self) -> frozenset[str]:
        """The functions that are off for everybody."""
        if self.disabled_functions == "none":
            return frozenset()
        return frozenset(one.strip() for one in self.disabled_functions.split(",") if one.strip())


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
    for one in fields(Settings):
        text = source.get(variable(one.name))
        if text is None or text == "":
            continue
        try:
            values[one.name] = int(text) if isinstance(one.default, int) else text
        except ValueError:
            faults.append(f"{variable(one.name)} is {text!r}; a whole number is wanted")
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
    "lookback_days": (0, 1096),
    "concurrency": (1, 256),
    "connection_concurrency": (1, 256),
    "slice_seconds": (1, 3600),
    "stuck_minutes": (1, 1440),
    "max_record_bytes": (1, 1_073_741_824),
    "history_days": (0, 36_525),
    "events_days": (0, 36_525),
    "runs_days": (0, 36_525),
    "write_seconds": (1, 3600),
    "write_settle_seconds": (0, 86_400),
    "webhook_timeout_seconds": (1, 60),
    "webhook_disable_hours": (0, 8760),
    "webhook_max_bytes": (1024, 16_777_216),
    "webhook_https_only": (0, 1),
    "webhook_concurrency": (2, 10_000),
    "attempts_days": (0, 36_525),
    "metrics_port": (0, 65535),
    "max_file_bytes": (1, 17_179_869_184),
}
CHOICES = {"log_format": ("json", "console"), "log_level": ("debug", "info", "warning", "error")}


def _faults(settings: Settings) -> list[str]:
    """What is wrong with values that have the right type."""
    found = []
    for name, (low, high) in RANGES.items():
        value = getattr(settings, name)
        if not low <= value <= high:
            found.append(f"{variable(name)} is {value}; {low} to {high} is wanted")
    for name, choices in CHOICES.items():
        value = getattr(settings, name)
        if value and value not in choices:
            found.append(f"{variable(name)} is {value!r}; wanted is one of {', '.join(choices)}")
    if not settings.url.startswith(("http://", "https://")):
        found.append("CROSSDOCK_BASE_URL must begin with http:// or https://")
    if not settings.database.startswith(("sqlite:///", "postgresql://")):
        found.append("CROSSDOCK_DATABASE_URL must begin with sqlite:/// or postgresql://")
    for one in filter(None, (part.strip() for part in settings.allowed_addresses.split(","))):
        try:
            ipaddress.ip_network(one)
        except ValueError as problem:
            found.append(f"CROSSDOCK_ALLOWED_ADDRESSES: {problem}")
    return found


def unknown(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none: mistyped, or of another version."""
    known = {variable(one.name) for one in fields(Settings)}
    return sorted(name for name in environment if name.startswith("CROSSDOCK_") and name not in known)


def described(settings: Settings) -> list[dict[str, str]]:
    """Each setting for people: variable, value (never a secret one), default, meaning."""
    rows = []
    for one in fields(Settings):
        value = str(getattr(settings, one.name))
        shown = "(set)" if value and one.metadata["secret"] else value
        default = "" if one.default is MISSING else str(one.default)
        rows.append(
            {
                "variable": variable(one.name),
                "value": shown,
                "default": default,
                "meaning": one.metadata["meaning"],
            }
        )
    return rows
