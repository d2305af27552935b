"""`manifest.toml`: what an integration is, how one signs in to it, what it allows, and what it can do.

Read once and checked whole: a mistake names the file, the key and the value.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from crossdock.errors import ImproperIntegration
from crossdock.kit.fields import SIGN_IN, Field, FileWays, fields_of
from crossdock.kit.hosts import HostTable, Problem, address_problems, host_problems, host_table
from crossdock.kit.limits import CallLimit, RateLimits

T = TypeVar("T")

Scheme = Literal[
    "none", "api_key", "basic", "bearer", "session", "oauth_code", "oauth_client", "oauth1", "hmac"
]
"""How one signs in. Only `oauth_code`, and `oauth1` with `[auth.oauth]`, send users to a page of the vendor;
all others ask for fields."""


class OAuthManifest(msgspec.Struct, forbid_unknown_fields=True):
    """`[auth.oauth]`. Addresses may have placeholders: sign-in fields, and names of `[hosts]`."""

    token_url: str
    authorize_url: str = ""
    """Where users consent; only for `oauth_code` and `oauth1`."""
    request_url: str = ""
    """Where temporary credentials come from; only for `oauth1` (RFC 5849, section 2.1)."""
    signature_method: Literal["HMAC-SHA1", "HMAC-SHA256"] = "HMAC-SHA1"
    """How `oauth1` signs."""
    scopes: list[str] = []
    scope_separator: str = " "
    pkce: bool = True
    """Whether the vendor takes a code challenge, S256."""
    client_auth: Literal["basic", "body", "json"] = "basic"
    """Where the token endpoint wants id and secret; json: its whole body is JSON."""
    audience: str = ""
    authorize_params: dict[str, str] = {}
    """Further parameters of the consent page, `token_params` those of the token endpoint."""
    token_params: dict[str, str] = {}
    refresh_rotates: bool = True
    """Whether a refresh token may be used only once. False: its use is repeated when the answer was lost."""
    refresh_grace_seconds: float = 0.0
    """How long the vendor still takes the refresh token before: its use is repeated then, too."""
    expires_seconds: float | None = None
    """How long a token works, where answers do not say."""
    header: str = "Authorization"
    form: str = "Bearer {}"
    """How a header holds the token."""


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """A way to sign in, and what users fill in for it."""

    scheme: Scheme
    fields: list[Field] = []
    header: str = "X-Api-Key"
    """The header of an `api_key`."""
    oauth: OAuthManifest | None = None

    @property
    def asks_for_consent(self) -> bool:
        """Check whether users sign in on a page of the vendor."""
        return self.scheme == "oauth_code" or (self.scheme == "oauth1" and self.oauth is not None)


class SignInWay(SignIn, forbid_unknown_fields=True):
    """`[auth.ways.<name>]`: one of several ways to sign in to a system."""

    label: str = ""
    """What users are told of it."""


class AuthManifest(SignIn, forbid_unknown_fields=True):
    """`[auth]`: how one signs in.

    With several ways the field `sign_in` chooses one of them. What stands in `[auth]` itself are then the
    fields that all of them have; `scheme`, `header` and `oauth` are those of the first way, which is meant
    when nothing is chosen.
    """

    ways: dict[str, SignInWay] = {}

    def of(self, credentials: Mapping[str, str]) -> SignIn:
        """The sign-in that counts for these credentials."""
        return self.ways.get(credentials.get(SIGN_IN, ""), self)

    def of_field(self, field: Field) -> SignIn:
        """The sign-in that a field belongs to."""
        return self.ways.get(field.sign_in, self)

    @property
    def consent_way(self) -> str | None:
        """The way in which users sign in on a page of the vendor; None: there is none among several."""
        return next((name for name, way in self.ways.items() if way.asks_for_consent), None)


class VerificationManifest(msgspec.Struct, forbid_unknown_fields=True):
    """`[verification]`: the call that shows whom credentials belong to. Members by path: "company.name"."""

    path: str
    """Below the host `api`."""
    name: str
    identifiers: dict[str, str] = {}
    """What is shown of the account: name → member of the answer."""
    facts: dict[str, str] = {}
    """What is kept in the session of the connection, likewise."""


class FunctionNames(msgspec.Struct, forbid_unknown_fields=True):
    """`[functions]`: what the integration can do."""

    read: list[str] = []
    write: list[str] = []
    snapshot: list[str] = []
    """Reads that always return everything the vendor has: only these can show that a record is gone."""
    on_demand: list[str] = []
    """Reads that can be asked for a window of time, `Walk.start` to `Walk.end`, also one long past."""


class RereadRule(msgspec.Struct, forbid_unknown_fields=True):
    """The records of a function to read again at intervals, where the vendor does not tell all changes."""

    where: dict[str, list[str]]
    """Our own columns and the values of those that are open: {"status": ["open", "processing"]}."""
    every_hours: float = 6.0
    at_most: int = 500
    """How many a walk gets; the next ones follow in the next walk."""


class InboundRule(msgspec.Struct, forbid_unknown_fields=True):
    """The webhooks of the vendor, which `inbound.py` understands."""

    functions: list[str]
    """Reads whose changes it sends: their client reads one record by the resource's reader."""
    check_every_hours: float = 24.0
    """How often it is asked whether it still has our subscription."""
    in_process: bool = False
    """Whether the system lives in our process, and hands its notices over by `Context.push`."""


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """`manifest.toml`, checked."""

    name: str
    type: Literal["wms", "cart", "carrier", "freight"]
    description: str
    evidence: Literal["documented", "recorded", "live"]
    functions: FunctionNames
    docs: str = ""
    evidence_note: str = ""
    """For `live`: the version it was run against and the date."""
    logo: str = ""
    """A picture in the folder: an SVG or PNG."""
    category: str = ""
    """What catalogues list it under, where the type says too little."""
    auth: AuthManifest = msgspec.field(default_factory=lambda: AuthManifest("none"))
    hosts: HostTable = msgspec.field(default_factory=HostTable)
    verification: VerificationManifest | None = None
    limits: RateLimits = msgspec.field(default_factory=RateLimits)
    reread: dict[str, RereadRule] = {}
    """By function: what its walks get as `open_ids`."""
    inbound: InboundRule | None = None
    files: FileWays | None = None
    """Set where the system's API is files: their ways to us, whose fields join those of `auth`."""

    def __post_init__(self) -> None:
        # A copy with other members comes here, too, and has these fields already.
        keys = {field.key for field in self.auth.fields}
        if self.auth.ways and SIGN_IN not in keys:
            _join_ways(self.auth)
        if self.files is not None:
            added = [field for field in fields_of(self.files) if field.key not in keys]
            self.auth.fields = [*self.auth.fields, *added]

    def auth_of(self, credentials: Mapping[str, str]) -> SignIn:
        """The sign-in that counts for these credentials: the way that they choose, else the first."""
        return self.auth.of(credentials)


def _join_ways(auth: AuthManifest) -> None:
    """Add the field that chooses a way to sign in, and the fields of each."""
    first = next(iter(auth.ways.values()))
    auth.scheme, auth.header, auth.oauth = first.scheme, first.header, first.oauth
    labels = {name: way.label for name, way in auth.ways.items() if way.label}
    choice = Field(
        SIGN_IN, "Sign-in", default=next(iter(auth.ways)), choices=list(auth.ways), choice_labels=labels
    )
    for name, way in auth.ways.items():
        for field in way.fields:
            field.sign_in = name
    auth.fields = [choice, *auth.fields, *chain.from_iterable(way.fields for way in auth.ways.values())]


def load_manifest(file: Path) -> Manifest:
    """The manifest in a file. Raises ImproperIntegration, naming file, key and value of the first mistake."""
    where = "/".join(file.parts[-3:])
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ImproperIntegration(f"{where}: not TOML: {problem}") from None
    return manifest_of(raw, file.parent, where)


def manifest_of(raw: Mapping[str, Any], folder: Path, where: str = "manifest.toml") -> Manifest:
    """The manifest in decoded TOML. folder: where its logo lies."""
    if raw.get("auth", {}).get("scheme") == "oauth":
        raise ImproperIntegration(
            f"{where}: auth.scheme is 'oauth', which says too little; it is 'oauth_code' where users consent "
            "on a page of the vendor, and 'oauth_client' where they fill in a client id and secret"
        )
    shaped = dict(raw)
    if isinstance(raw.get("auth"), dict) and raw["auth"].get("ways"):
        shaped["auth"] = _with_ways(raw["auth"], where)
    if isinstance(raw.get("limits"), dict):
        shaped["limits"] = _limits(raw["limits"], where)
    if isinstance(raw.get("hosts"), dict):
        shaped["hosts"] = host_table(raw["hosts"])
    manifest = _converted(shaped, Manifest, where, "")
    for key, value, reason in _problems(manifest, folder):
        shown = "" if value is None else f" is {repr(value)[:80]}, which"
        raise ImproperIntegration(f"{where}: {key}{shown} {reason}")
    return manifest


def _with_ways(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`[auth]` of a system with several ways to sign in. Its scheme is replaced by that of the first way."""
    for key in ("scheme", "header", "oauth"):
        if key in raw:
            raise ImproperIntegration(f"{where}: auth.{key} is that of each way: auth.ways.<name>.{key}")
    return {**raw, "scheme": "none"}


def _limits(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`[limits]` with the tables below it, checked, in a member of their own."""
    named = {name: value for name, value in raw.items() if isinstance(value, dict)}
    for name, value in named.items():
        _converted(value, CallLimit, where, f"limits.{name}")
    return {name: value for name, value in raw.items() if name not in named} | {"named": named}


def _converted(raw: Mapping[str, Any], kind: type[T], where: str, below: str) -> T:
    """The raw value as this type. below: the key of what it is."""
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as problem:
        raise ImproperIntegration(f"{where}: {_readable(str(problem), raw, below)}") from None


def _readable(message: str, raw: Mapping[str, Any], below: str) -> str:
    """The message of msgspec, with the key as the manifest writes it, and the value."""
    text, _, path = message.partition(" - at `$")
    key = (below + path.rstrip("`")).lstrip(".").replace("hosts.common", "hosts")
    value: Any = raw
    for name, number in re.findall(r"([\w-]+)|\[(\d+)\]", path):
        try:
            value = value[name] if name else value[int(number)]
        except (LookupError, TypeError):
            value = None
    shown = f" is {repr(value)[:80]}" if isinstance(value, str | int | float | bool) else ""
    return f"{key}{shown}: {text}" if key else text


def _problems(manifest: Manifest, folder: Path) -> Iterator[Problem]:
    """The faults of a manifest whose members are all of their kind."""
    fields = {field.key: field for field in manifest.auth.fields}
    named = ((f"limits.{name}", limit) for name, limit in manifest.limits.named.items())
    limits = [("limits", manifest.limits), *named]
    yield from chain.from_iterable(_field_problems(field) for field in fields.values())
    yield from host_problems(manifest.hosts, fields)
    yield from _way_problems(manifest.auth)
    ways: dict[str, SignIn] = {f"auth.ways.{name}": way for name, way in manifest.auth.ways.items()}
    for key, sign_in in (ways or {"auth": manifest.auth}).items():
        yield from _oauth_problems(key, sign_in, manifest.hosts, fields)
    yield from chain.from_iterable(_limit_problems(key, limit) for key, limit in limits)
    if manifest.verification and "api" not in manifest.hosts.names():
        yield "verification", manifest.verification.path, "needs a host called api"
    if manifest.logo:
        yield from _logo_problems(manifest.logo, folder)


def _logo_problems(logo: str, folder: Path) -> Iterator[Problem]:
    if not (folder / logo).is_file():
        yield "logo", logo, "is no file in the folder"
    if not logo.endswith((".svg", ".png")):
        yield "logo", logo, "is neither an .svg nor a .png"


def _field_problems(field: Field) -> Iterator[Problem]:
    key = f"auth.fields.{field.key}"
    try:
        pattern = re.compile(field.pattern)
    except re.error as problem:
        yield f"{key}.pattern", field.pattern, f"is no regular expression: {problem}"
        return
    if field.pattern:
        yield from _pattern_problems(field, pattern, key)
    if field.choices and field.default and field.default not in field.choices:
        yield f"{key}.default", field.default, "is none of its choices"
    if field.doc and not field.doc.startswith(("https://", "http://")):
        yield f"{key}.doc", field.doc, "is no link"


def _pattern_problems(field: Field, pattern: re.Pattern[str], key: str) -> Iterator[Problem]:
    """Values of the field's own that do not fit; a default such as "{connection}" is filled in later."""
    for name, value in (("example", field.example), ("default", field.default or "")):
        if value and "{" not in value and not pattern.fullmatch(value):
            yield f"{key}.{name}", value, f"does not fit its pattern {field.pattern}"


def _way_problems(auth: AuthManifest) -> Iterator[Problem]:
    """The faults of several ways to sign in, taken together."""
    keys = [field.key for field in auth.fields]
    for key in sorted({key for key in keys if keys.count(key) > 1}):
        yield f"auth.fields.{key}", None, "is the key of several fields"
    consents = [name for name, way in auth.ways.items() if way.asks_for_consent]
    if len(consents) > 1:
        yield f"auth.ways.{consents[1]}", None, "is a second way to sign in on a page of the vendor"


def _oauth_problems(
    key: str, auth: SignIn, hosts: HostTable, fields: Mapping[str, Field]
) -> Iterator[Problem]:
    """The faults of `[auth.oauth]`. key: that of the sign-in, "auth"."""
    oauth = auth.oauth
    if oauth is None:
        if auth.scheme == "oauth_code":
            yield f"{key}.oauth", None, "is missing: oauth_code needs authorize_url and token_url"
        return
    if auth.scheme not in ("oauth_code", "oauth_client", "oauth1"):
        yield f"{key}.scheme", auth.scheme, "has no use for [auth.oauth]"
    addresses = {
        "token_url": oauth.token_url, "authorize_url": oauth.authorize_url, "request_url": oauth.request_url
    }  # fmt: skip
    if auth.asks_for_consent and not oauth.authorize_url:
        yield f"{key}.oauth.authorize_url", None, "is missing: users consent there"
    if (auth.scheme == "oauth1") != bool(oauth.request_url):
        reason = "is only for oauth1" if oauth.request_url else "is missing: oauth1 begins there"
        yield f"{key}.oauth.request_url", oauth.request_url or None, reason
    for name, address in addresses.items():
        if address:
            yield from address_problems(f"{key}.oauth.{name}", address, fields, hosts.names())
    if oauth.form.count("{}") != 1:
        yield f"{key}.oauth.form", oauth.form, "needs one {} where the token stands"


def _limit_problems(key: str, limit: CallLimit) -> Iterator[Problem]:
    numbers = (
        "requests_per_minute",
        "cost_per_minute",
        "capacity",
        "restore_per_second",
        "concurrent_requests",
    )
    for name in numbers:
        value = getattr(limit, name)
        if value is not None and value <= 0:
            yield f"{key}.{name}", value, "must be more than 0"
    rates = [limit.requests_per_minute, limit.cost_per_minute, limit.restore_per_second]
    if rates.count(None) < 2:
        yield key, None, "may have one of requests_per_minute, cost_per_minute and restore_per_second"
    if limit.capacity is not None and limit.restore_per_second is None and limit.cost_per_minute is None:
        yield f"{key}.capacity", limit.capacity, "needs restore_per_second or cost_per_minute"
    if limit.reset_header and not limit.remaining_header:
        yield f"{key}.reset_header", limit.reset_header, "needs a remaining_header"
