"""`crossdock listen`: the organization's feed of events, live, and a signed copy of each to a local program.

GET /events?after=latest ─▶ place ─┬─▶ GET /events?after=place ─▶ print, forward ─▶ the next place ─┐
                                   └───────────────── a moment later, or when the server is back ◀──┘
"""

import asyncio
import difflib
import re
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
import msgspec
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from crossdock.config import Settings
from crossdock.errors import AddressRefused, Invalid, Unavailable
from crossdock.integrations.addresses import AddressPolicy, parsed_url
from crossdock.integrations.http import new_session
from crossdock.resources.event_types import event_types
from crossdock.terminal import output
from crossdock.terminal.remote import TIMEOUT_SECONDS, Away, Event, Events, Server, address_and_key, said
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
class Wanted:
    """What to show, and where to send it."""

    forward: str | None
    connection: str | None
    types: tuple[str, ...]
    secret: str | None

    def check(self) -> None:
        """Raises Invalid for options that do not work."""
        faults: dict[str, list[str]] = {}
        if self.forward is not None:
            try:
                parsed_url(self.forward)
            except AddressRefused as problem:
                faults["forward"] = [f"--forward: {problem}"]
        if self.secret is not None and (fault := sign.secret_fault(self.secret)):
            faults["secret"] = [f"--secret: {fault}"]
        if unknown := [one for one in self.types if one not in event_types()]:
            faults["type"] = [_no_type(one) for one in unknown]
        if self.secret is not None and self.forward is None:
            faults["secret"] = ["--secret is what --forward signs with; say where to"]
        if faults:
            raise Invalid({"options": faults})


def _no_type(name: str) -> str:
    """Says that there is no such event, and which the nearest are."""
    known = event_types()
    near = [one for one in known if re.split(r"[.-]", one)[0] == name]
    near = (near or difflib.get_close_matches(name, known, MOST_NEAR))[:MOST_NEAR]
    meant = f"; near it are {', '.join(near)}" if near else ""
    return f"--type: {name!r} is no event{meant}; GET /api/v1/event-type lists all"


class _Forwarded(msgspec.Struct):
    """What the local program answered: its status, or why there is none."""

    status: int | None
    milliseconds: int
    error: str | None = None

    def __str__(self) -> str:
        return self.error or f"{self.status} in {self.milliseconds} ms"


async def run(settings: Settings, wanted: Wanted, *, as_json: bool) -> None:
    """Shows events until it is told to stop."""
    wanted.check()
    url, key = address_and_key(settings)
    async with new_session(ANYWHERE) as session:
        server = Server(session, url, key)
        following = asyncio.create_task(_follow(server, session, wanted, as_json=as_json))
        for one in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(one, following.cancel)
        await asyncio.wait({following})
        if not following.cancelled():
            following.result()


async def _follow(server: Server, session: aiohttp.ClientSession, wanted: Wanted, *, as_json: bool) -> None:
    """Prints, and forwards, all that happens from now on."""
    types = [("type", one) for one in wanted.types]
    try:
        connection = await server.connection(wanted.connection) if wanted.connection else None
        place = (await server.get("/events", Events, [*types, ("after", "latest")])).next
    except Away as problem:
        raise Unavailable(f"{problem}; start it with `crossdock dev` or `crossdock serve`") from None
    secret = wanted.secret or sign.new_secret()
    _greet(server, wanted, secret, as_json=as_json)
    while True:
        page = await _patiently(server, [*types, ("after", place)])
        for event in page.data:
            if connection in (None, event.connection_id):
                told = await _forward(session, wanted.forward, secret, event) if wanted.forward else None
                _show(event, told, as_json=as_json)
        if place == page.next:
            await asyncio.sleep(POLL_SECONDS)
        place = page.next


async def _patiently(server: Server, query: Sequence[tuple[str, str]]) -> Events:
    """The next page, however long the server is away."""
    seconds, away = POLL_SECONDS, False
    while True:
        try:
            page = await server.get("/events", Events, query)
        except Away as problem:
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
    """Posts an event as a webhook is posted; whatever goes wrong is told, and not tried again."""
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
        error = said(problem)
    return _Forwarded(status, round((time.perf_counter() - begun) * 1000), error)


def _greet(server: Server, wanted: Wanted, secret: str, *, as_json: bool) -> None:
    _note(f"Listening to {escape(server.url)}. Ctrl-C ends it.")
    if wanted.forward:
        made = " (made just now; --secret takes one of yours)" if wanted.secret is None else ""
        _note(f"Events go to {escape(wanted.forward)}, signed with {sign.shown(secret)}{made}.")
    if not as_json:
        output.console.print(
            row({name: name for name in WIDTHS if name != "answer" or wanted.forward}, "bold")
        )


def _show(event: Event, told: _Forwarded | None, *, as_json: bool) -> None:
    if as_json:
        line = msgspec.structs.asdict(event) | ({} if told is None else {"forwarded": told})
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()
        return
    answer = {} if told is None else {"answer": str(told)}
    cells = {
        "at": event.created_at[11:19],
        "event": event.type,
        "connection": event.connection_id[:8],
        **answer,
        "id": event.id,
    }
    good = told is None or (told.status is not None and 200 <= told.status < 300)
    output.console.print(row(cells, "" if good else "red"))


def row(cells: dict[str, str], style: str) -> Table:
    """A line of the table: its columns stand below each other, though it grows for ever."""
    gaps = 2 * (len(cells) - 1)
    fits = output.console.width >= sum(WIDTHS[name] for name in cells) + gaps
    shown = {name: text for name, text in cells.items() if fits or name != "id"}
    table = Table.grid(padding=(0, 2, 0, 0))
    for name in shown:
        table.add_column(width=WIDTHS[name], overflow="fold")
    table.add_row(*(Text(one) for one in shown.values()), style=style)
    return table


def _note(text: str) -> None:
    """What is not an event goes to standard error: the output is for events."""
    output.errors.print(text, highlight=False, soft_wrap=True)
