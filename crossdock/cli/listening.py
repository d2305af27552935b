"""`crossdock listen`: the organization's feed of events, live, and a signed copy of each to a local program.

GET /events?after=latest ─▶ place ─┬─▶ GET /events?after=place ─▶ print, forward ─▶ the next place ─┐
                                   └───────────────── a moment later, or when the server is back ◀──┘
"""

import asyncio
import difflib
import re
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import msgspec
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from crossdock.cli import output
from crossdock.cli.remote import (
    TIMEOUT_SECONDS,
    Event,
    Events,
    Server,
    ServerAway,
    address_and_key,
    describe_network_error,
)
from crossdock.config import Settings
from crossdock.errors import AddressRefused, Invalid, Unavailable
from crossdock.kit.http import new_session
from crossdock.net.addresses import AddressPolicy, parsed_url
from crossdock.resources.event_types import event_types, proper_name
from crossdock.webhooks import sign

POLL_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 5.0
MOST_NEAR = 4
"""Events that are named in place of one that there is not."""
ANSWER_BYTES = 20_000
"""Of what --forward is answered with: read and forgotten, so that the connection can be used again."""

# Whoever calls this command says where to; the rules are for addresses that others give us.
ANYWHERE = AddressPolicy.parse("0.0.0.0/0, ::/0")

WIDTHS = {"at": 8, "event": 33, "connection": 10, "answer": 22, "id": 31}
"""Of the table's columns. Ids are shown where the terminal has room for all of one."""


@dataclass(frozen=True)
class ListenOptions:
    """The events to show, and where to send them."""

    forward: str | None
    connection: str | None
    types: tuple[str, ...]
    secret: str | None

    def check(self) -> None:
        """Raise Invalid for options that do not work."""
        faults: dict[str, list[str]] = {}
        if self.forward is not None and (problem := _address_fault(self.forward)):
            faults["forward"] = [f"--forward: {problem}"]
        if self.secret is not None and (fault := sign.secret_fault(self.secret)):
            faults["secret"] = [f"--secret: {fault}"]
        if unknown := _unknown_types(self.types):
            faults["type"] = unknown
        if self.secret is not None and self.forward is None:
            faults["secret"] = ["--secret is what --forward signs with; say where to"]
        if faults:
            raise Invalid({"options": faults})


def _address_fault(url: str) -> str | None:
    try:
        parsed_url(url)
    except AddressRefused as problem:
        return str(problem)
    return None


def _unknown_types(names: Sequence[str]) -> list[str]:
    return [_no_type(name) for name in names if proper_name(name) not in event_types()]


def _no_type(name: str) -> str:
    """The message that there is no such event, and which the nearest are."""
    known_event_types = event_types()
    near = [event_type for event_type in known_event_types if re.split(r"[.-]", event_type)[0] == name]
    near = (near or difflib.get_close_matches(name, known_event_types, MOST_NEAR))[:MOST_NEAR]
    text = f"; near it are {', '.join(near)}" if near else ""
    return f"--type: {name!r} is no event{text}; GET /api/v1/event-type lists all"


class _Forwarded(msgspec.Struct):
    """The answer of the local program: its status, or why there is none."""

    status: int | None
    milliseconds: int
    error: str | None = None

    def __str__(self) -> str:
        return self.error or f"{self.status} in {self.milliseconds} ms"


async def run(settings: Settings, listen_options: ListenOptions, *, as_json: bool) -> None:
    """Show events until told to stop."""
    listen_options.check()
    url, key = address_and_key(settings)
    async with new_session(ANYWHERE) as session:
        server = Server(session, url, key)
        following = asyncio.create_task(_follow(server, session, listen_options, as_json=as_json))
        for signals in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signals, following.cancel)
        await asyncio.wait({following})
        if not following.cancelled():
            following.result()


async def _follow(
    server: Server, session: aiohttp.ClientSession, listen_options: ListenOptions, *, as_json: bool
) -> None:
    """Print, and forward, all that happens from now on."""
    types = [("type", text) for text in listen_options.types]
    try:
        connection = await server.connection(listen_options.connection) if listen_options.connection else None
        position = (await server.get("/events", Events, [*types, ("after", "latest")])).next
    except ServerAway as problem:
        raise Unavailable(f"{problem}; start it with `crossdock dev` or `crossdock serve`") from None
    secret = listen_options.secret or sign.new_secret()
    _greet(server, listen_options, secret, as_json=as_json)
    while True:
        page = await _patiently(server, [*types, ("after", position)])
        for event in page.data:
            if connection in (None, event.connection_id):
                forwarded = (
                    await _forward(session, listen_options.forward, secret, event)
                    if listen_options.forward
                    else None
                )
                _show(event, forwarded, as_json=as_json)
        if position == page.next:
            await asyncio.sleep(POLL_SECONDS)
        position = page.next


async def _patiently(server: Server, query: Sequence[tuple[str, str]]) -> Events:
    """The next page, however long the server is away."""
    seconds, away = POLL_SECONDS, False
    while True:
        try:
            page = await server.get("/events", Events, query)
        except ServerAway as problem:
            if not away:
                _note(f"[yellow]waiting:[/] {escape(str(problem))}")
            away = True
            await asyncio.sleep(seconds)
            seconds = min(2 * seconds, LONGEST_WAIT_SECONDS)
            continue
        if away:
            _note("[green]the server is back;[/] nothing was missed")
        return page


async def _forward(session: aiohttp.ClientSession, url: str, secret: str, event: Event) -> _Forwarded:
    """Post an event as a webhook is posted; whatever goes wrong is told, and not tried again."""
    body = bytes(event.body)
    headers = {
        "Content-Type": "application/json",
        **sign.headers(event.id, int(time.time()), body, [secret]),
    }
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    status, error, begun = None, None, time.perf_counter()
    try:
        async with session.post(
            parsed_url(url), data=body, headers=headers, allow_redirects=False, timeout=timeout
        ) as answer:
            status = answer.status
            with suppress(aiohttp.ClientError):
                await answer.content.read(ANSWER_BYTES)
    except TimeoutError:
        error = f"no answer within {TIMEOUT_SECONDS:g} s"
    except (aiohttp.ClientError, OSError) as problem:
        error = describe_network_error(problem)
    return _Forwarded(status, round((time.perf_counter() - begun) * 1000), error)


def _greet(server: Server, listen_options: ListenOptions, secret: str, *, as_json: bool) -> None:
    _note(f"Listening to {escape(server.url)}. Ctrl-C ends it.")
    if listen_options.forward:
        text = " (made just now; --secret takes one of yours)" if listen_options.secret is None else ""
        _note(f"Events go to {escape(listen_options.forward)}, signed with {sign.shown(secret)}{text}.")
    if not as_json:
        output.console.print(
            row({name: name for name in WIDTHS if name != "answer" or listen_options.forward}, "bold")
        )


def _show(event: Event, forwarded: _Forwarded | None, *, as_json: bool) -> None:
    if as_json:
        line = msgspec.structs.asdict(event) | ({} if forwarded is None else {"forwarded": forwarded})
        output.write_json(msgspec.json.encode(line))
        return
    answer = {} if forwarded is None else {"answer": str(forwarded)}
    cells = {
        "at": event.created_at[11:19],
        "event": event.type,
        "connection": event.connection_id[:8],
        **answer,
        "id": event.id,
    }
    good = forwarded is None or (forwarded.status is not None and 200 <= forwarded.status < 300)
    output.console.print(row(cells, "" if good else "red"))


def row(cells: dict[str, str], style: str) -> Table:
    """A line of the table: its columns stand below each other, though it grows for ever."""
    gaps = 2 * (len(cells) - 1)
    fits = output.console.width >= sum(WIDTHS[name] for name in cells) + gaps
    shown = {name: text for name, text in cells.items() if fits or name != "id"}
    table = Table.grid(padding=(0, 2, 0, 0))
    for name in shown:
        table.add_column(width=WIDTHS[name], overflow="fold")
    table.add_row(*(Text(text) for text in shown.values()), style=style)
    return table


def _note(text: str) -> None:
    """Print what is not an event to standard error: the output is for events."""
    output.errors.print(text, highlight=False, soft_wrap=True)
