"""The page about how the form for connecting a system looks."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.responses import Response

from crossdock.connections.link.branding import LARGEST_LOGO, LOGOS, lightened, set_logo, text_color
from crossdock.dashboard.context import DashboardContext
from crossdock.dashboard.settings.view import lines, settings_view
from crossdock.store.people.audit_log import acting

PATH = "/settings/branding"
PRESETS = ("#14171f", "#1d4ed8", "#0f766e", "#15803d", "#b91c1c", "#7c3aed", "#be185d", "#c2410c")
TEXTS = ("name", "color", "terms_url", "privacy_url")


class BrandingPage(msgspec.Struct):
    """The look of the form, colours to choose from, and those that follow from the chosen colour."""

    branding: dict[str, Any]
    organization: str
    presets: list[str]
    color: str
    color_text: str
    color_dark: str
    color_dark_text: str
    largest_logo: int
    logo_path: str
    """Of the logo, from the root of the server; "": there is none."""


async def shown(visit: DashboardContext) -> Response:
    branding = (await visit.inside.get("/branding"))["data"]
    color = branding["color"] or PRESETS[0]
    dark = lightened(color)
    page = BrandingPage(
        branding, visit.holder.organization_name or "", list(PRESETS), color, text_color(color), dark,
        text_color(dark), LARGEST_LOGO, _path(branding["logo_url"]),
    )  # fmt: skip
    return settings_view(visit, "branding.html", page, path=PATH, title="Branding")


def _path(url: str | None) -> str:
    """The path of a logo: a page may be reached by another name than the server says."""
    return f"{LOGOS}{url.partition(LOGOS)[2]}".lstrip("/") if url else ""


async def changed(visit: DashboardContext) -> Response:
    await ACTS[visit.text("do")](visit)
    return visit.onward(PATH, done="saved")


async def _saved(visit: DashboardContext) -> None:
    body: dict[str, Any] = {name: visit.text(name).strip() or None for name in TEXTS}
    await visit.inside.send(
        "PUT", "/branding", body | {"allowed_origins": lines(visit.text("allowed_origins"))}
    )


async def _logo_changed(visit: DashboardContext) -> None:
    await _set_logo(visit, await visit.file("logo", LARGEST_LOGO))


async def _logo_removed(visit: DashboardContext) -> None:
    await _set_logo(visit, None)


async def _set_logo(visit: DashboardContext, logo: bytes | None) -> None:
    door = visit.door
    await set_logo(door.database, visit.organization_id, logo, acting(), door.clock())


ACTS: dict[str, Callable[[DashboardContext], Awaitable[None]]] = {
    "save": _saved, "logo": _logo_changed, "remove_logo": _logo_removed,
}  # fmt: skip
