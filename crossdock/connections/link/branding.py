"""How the form of an organization looks: a name, a logo, a colour that can be read, links, and which pages
may hold it.

The colour is that of the main button. On a light page it must reach a contrast of 3:1 with the page (WCAG
2.2, 1.4.11), or the button can't be seen; else it is refused. On a dark page it is made lighter until it is.
The text on it is white or black, whichever can be read better: one of them always reaches 4.5:1.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec
from yarl import URL

from crossdock.config import Settings
from crossdock.errors import Invalid, VendorNonsense
from crossdock.kit.registry import Integration
from crossdock.kit.xml_documents import parse_xml
from crossdock.store.connections import branding as store
from crossdock.store.connections.branding import Branding
from crossdock.store.database.engine import Database
from crossdock.store.people.audit_log import Actor, AuditEntry, note

LARGEST_LOGO = 262_144
LONGEST_NAME = 100
LONGEST_URL = 2000
MOST_ORIGINS = 50
LEAST_CONTRAST = 3.0
LIGHT_PAGE, DARK_PAGE = "#ffffff", "#17181c"
LOGO_TYPES = {"image/png": "png", "image/svg+xml": "svg"}
LOGOS = "/connect/logos"

_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_COLOR = re.compile("#[0-9a-f]{6}")
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = "http://www.w3.org/2000/svg"
_SVG_ELEMENTS = frozenset({
    "svg", "g", "defs", "title", "desc", "symbol", "use", "path", "rect", "circle", "ellipse", "line",
    "polyline", "polygon", "text", "tspan", "linearGradient", "radialGradient", "stop", "clipPath", "mask",
    "pattern", "filter", "feGaussianBlur", "feOffset", "feBlend", "feColorMatrix", "feFlood", "feComposite",
    "feMerge", "feMergeNode", "metadata", "style",
})  # fmt: skip


class ShownBranding(msgspec.Struct, frozen=True):
    """The look of the form, as it is told."""

    name: str
    logo_url: str | None
    color: str | None
    """ "#rrggbb", of buttons on a light page."""
    color_text: str | None
    """The colour of texts on it."""
    color_dark: str | None
    """The same for a dark page."""
    color_dark_text: str | None
    terms_url: str | None
    privacy_url: str | None


def shown_branding(
    branding: Branding, organization_name: str, settings: Settings, logo: str | None
) -> ShownBranding:
    """The look of the form. logo: a link that takes the place of the organization's own."""
    color = branding.color
    dark = None if color is None else lightened(color)
    return ShownBranding(
        name=branding.name or organization_name,
        logo_url=logo or logo_url(branding, settings),
        color=color,
        color_text=None if color is None else text_color(color),
        color_dark=dark,
        color_dark_text=None if dark is None else text_color(dark),
        terms_url=branding.terms_url,
        privacy_url=branding.privacy_url,
    )


def logo_url(branding: Branding, settings: Settings) -> str | None:
    """The address of an organization's logo."""
    if branding.logo_name is None:
        return None
    return f"{settings.url}{LOGOS}/organizations/{branding.logo_name}"


def integration_logo_url(integration: Integration, settings: Settings) -> str | None:
    """The address of the logo in an integration's folder; None: it has none."""
    if not integration.manifest.logo:
        return None
    name = f"{integration.slug}{PurePosixPath(integration.manifest.logo).suffix}"
    return f"{settings.url}{LOGOS}/integrations/{integration.type}/{name}"


async def set_branding(
    database: Database, organization_id: str, branding: Branding, actor: Actor, now_ms: int
) -> Branding:
    """Set all but the logo; how it is then. Raises Invalid with all that is wrong."""
    checked = check_branding(branding)
    async with database.transaction() as transaction:
        await store.put(transaction, organization_id, checked)
        detail = msgspec.to_builtins(
            {
                "name": checked.name, "color": checked.color, "terms_url": checked.terms_url,
                "privacy_url": checked.privacy_url, "allowed_origins": checked.allowed_origins,
            }
        )  # fmt: skip
        await note(transaction, AuditEntry(organization_id, actor, "branding.changed", detail=detail), now_ms)
    return await store.get(database, organization_id)


async def set_logo(
    database: Database, organization_id: str, logo: bytes | None, actor: Actor, now_ms: int
) -> Branding:
    """Set the logo, or remove it; how it is then. Raises Invalid for what is no PNG or harmless SVG."""
    media_type = None if logo is None else check_logo(logo)
    name = None
    if logo is not None and media_type is not None:
        digest = hashlib.sha256(organization_id.encode() + b"\0" + logo).hexdigest()[:32]
        name = f"{digest}.{LOGO_TYPES[media_type]}"
    async with database.transaction() as transaction:
        await store.put_logo(transaction, organization_id, logo, media_type, name)
        entry = AuditEntry(organization_id, actor, "branding.changed", detail={"logo": name})
        await note(transaction, entry, now_ms)
    return await store.get(database, organization_id)


def check_branding(branding: Branding) -> Branding:
    """The same, as it is stored: an empty text is none. Raises Invalid with all that is wrong."""
    origins, bad_origins = _origins(branding.allowed_origins)
    checked = Branding(
        " ".join((branding.name or "").split()) or None,
        (branding.color or "").strip().lower() or None,
        branding.terms_url or None,
        branding.privacy_url or None,
        origins,
    )
    faults = {
        "name": _name_faults(checked.name),
        "color": _color_faults(checked.color),
        "terms_url": _link_faults(checked.terms_url),
        "privacy_url": _link_faults(checked.privacy_url),
        "allowed_origins": bad_origins,
    }
    if any(faults.values()):
        raise Invalid({"json": {name: messages for name, messages in faults.items() if messages}})
    return checked


def _name_faults(name: str | None) -> list[str]:
    is_good = name is None or (len(name) <= LONGEST_NAME and name.isprintable())
    return [] if is_good else [f"must have at most {LONGEST_NAME} printable letters"]


def _color_faults(color: str | None) -> list[str]:
    fault = None if color is None else color_fault(color)
    return [] if fault is None else [fault]


def _link_faults(link: str | None) -> list[str]:
    is_good = link is None or _is_link(link)
    return [] if is_good else [f"is {link!r:.100}; wanted is a link that begins with https://"]


def _is_link(text: str) -> bool:
    if len(text) > LONGEST_URL or not text.startswith("https://") or not text.isprintable():
        return False
    try:
        return bool(URL(text).host)
    except ValueError:
        return False


def _origins(texts: Iterable[str]) -> tuple[tuple[str, ...], list[str]]:
    """Origins as browsers write them, and what is wrong with those that are none."""
    origins: list[str] = []
    faults: list[str] = []
    for text in texts:
        origin = origin_of(text)
        if origin is None or URL(text).path not in ("", "/") or URL(text).query_string:
            faults.append(f"{text!r:.100} is no origin, such as https://app.example.com")
        else:
            origins.append(origin)
    if len(origins) > MOST_ORIGINS:
        faults.append(f"has {len(origins)} origins; at most {MOST_ORIGINS} are kept")
    return tuple(dict.fromkeys(origins)), faults[:100]


def origin_of(text: str) -> str | None:
    """The origin of a link, as browsers write it; None: it has none. http only for this machine."""
    try:
        url = URL(text)
        if not url.raw_host or url.user or url.password or url.port is None:
            return None
        if not _HOST.fullmatch(url.raw_host):
            return None
        if url.scheme != "https" and not (url.scheme == "http" and is_local(url.raw_host)):
            return None
        return str(url.origin())
    except ValueError:
        return None


def is_local(host: str) -> bool:
    """Check whether a host is this machine, where developers try things out."""
    return host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")


# Colours: WCAG 2.2, "relative luminance" and "contrast ratio"


def color_fault(color: str) -> str | None:
    """The reason why a colour can't be that of buttons; None: it can."""
    if not _COLOR.fullmatch(color):
        return f"is {color!r:.40}; wanted is a colour such as #1d4ed8"
    ratio = contrast(color, LIGHT_PAGE)
    if ratio < LEAST_CONTRAST:
        return (
            f"is {color}, whose contrast with a white page is {ratio:.1f}:1; wanted is {LEAST_CONTRAST:g}:1"
        )
    return None


def contrast(color: str, other_color: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    light, dark = sorted((_luminance(color), _luminance(other_color)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_color(color: str) -> str:
    """The colour, white or black, of texts on this one."""
    return max(("#ffffff", "#000000"), key=lambda text: contrast(color, text))


def lightened(color: str) -> str:
    """The colour, mixed with as little white as makes it seen on a dark page."""
    for percent in range(0, 101, 5):
        parts = [round(part + (255 - part) * percent / 100) for part in _parts(color)]
        mixed = "#" + "".join(f"{part:02x}" for part in parts)
        if contrast(mixed, DARK_PAGE) >= LEAST_CONTRAST:
            return mixed
    return "#ffffff"


def _luminance(color: str) -> float:
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in _parts(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(color: str) -> list[int]:
    return [int(color[start : start + 2], 16) for start in (1, 3, 5)]


# Logos


def check_logo(logo: bytes) -> str:
    """The media type of a logo. Raises Invalid for what is too large, no picture, or a picture that acts."""
    fault = None
    media_type = "image/png"
    if len(logo) > LARGEST_LOGO:
        fault = f"has {len(logo):,} bytes; at most {LARGEST_LOGO:,} are kept"
    elif not logo.startswith(_PNG):
        media_type = "image/svg+xml"
        fault = _svg_fault(logo)
    if fault:
        raise Invalid({"json": {"logo": [fault]}})
    return media_type


def _svg_fault(logo: bytes) -> str | None:
    try:
        root = parse_xml(logo)
    except VendorNonsense as problem:
        return f"is neither a PNG nor an SVG: {problem}"
    if root.tag != f"{{{_SVG}}}svg":
        return "is neither a PNG nor an SVG"
    for element in root.iter():
        space, _, name = element.tag.rpartition("}")
        if space == f"{{{_SVG}" and name not in _SVG_ELEMENTS:
            return f"is an SVG with the element {name!r:.60}; only plain drawings are taken"
        if name == "script":
            return "is an SVG with a script"
        if fault := _attribute_fault(element.attrib) or _style_fault(name, element.text):
            return fault
    return None


def _attribute_fault(attributes: Mapping[str, Any]) -> str | None:
    for key, value in attributes.items():
        name = key.rpartition("}")[2].lower()
        text = "".join(str(value).split()).lower()
        if name.startswith("on"):
            return f"is an SVG with a script ({name:.40})"
        if name == "href" and not text.startswith("#"):
            return "is an SVG that points elsewhere"
        if "url(" in text.replace("url(#", "").replace("url('#", "").replace('url("#', ""):
            return "is an SVG that loads something"
    return None


def _style_fault(name: str, text: str | None) -> str | None:
    style = (text or "").lower()
    if name == "style" and ("@import" in style or "url(" in style or "expression" in style or "\\" in style):
        return "is an SVG whose style loads something"
    return None
