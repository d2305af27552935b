"""Channels as people make and change them. Handlers and commands call this and add only their own form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import msgspec

from crossdock.alerts import rules as channel_rules
from crossdock.alerts.rules import AlertRules, rule_faults
from crossdock.alerts.smtp import address_fault
from crossdock.errors import AddressRefused, BadRequest, Conflict, Invalid, NotFound
from crossdock.net.addresses import AddressPolicy, check_url
from crossdock.store.alerts import channels, outbox, positions, problems
from crossdock.store.alerts.channels import OPERATOR, AlertChannel, ChannelTarget
from crossdock.store.connections import connections
from crossdock.store.database.engine import Database, Transaction
from crossdock.store.database.ids import Clock, new_id
from crossdock.store.database.secrets import Vault
from crossdock.store.people import audit_log
from crossdock.store.people.audit_log import Actor, AuditEntry
from crossdock.store.webhooks import endpoints
from crossdock.store.webhooks.endpoints import Endpoint, EndpointSecret, HiddenHeaders, of_alerts

EMAIL, SLACK, TEAMS, URL = CHANNEL_KINDS = ("email", "slack", "teams", "url")
MOST_ADDRESSES, LONGEST_NAME, LONGEST_URL = 20, 100, 2000
MOST_FAULTS = 20
DELETED = "the channel was deleted"


@dataclass(frozen=True, kw_only=True)
class ChannelDraft:
    """A channel that is to be made."""

    name: str
    kind: str
    addresses: Sequence[str] = ()
    url: str = ""
    rules: AlertRules = field(default_factory=AlertRules)
    disabled: bool = False


@dataclass(frozen=True, kw_only=True)
class ChannelChange:
    """A change of a channel; None: stays as it is. rules: in place of those before."""

    name: str | None = None
    addresses: Sequence[str] | None = None
    url: str | None = None
    rules: AlertRules | None = None
    disabled: bool | None = None


@dataclass(frozen=True)
class ChannelKeeper:
    """Makes, changes and deletes channels. new_secret: makes the secret that signs what goes to a URL."""

    database: Database
    vault: Vault
    clock: Clock
    policy: AddressPolicy
    https_only: bool
    has_mail: bool
    most_channels: int
    new_secret: Callable[[], str]

    async def get_list(self, organization_id: str) -> list[AlertChannel]:
        return await channels.of_organization(self.database, self.vault, organization_id)

    async def get(self, organization_id: str, channel_id: str) -> AlertChannel:
        """A channel. Raises NotFound."""
        channel = await channels.get(self.database, self.vault, organization_id, channel_id)
        if channel is None:
            raise _no_channel(channel_id)
        return channel

    async def owner(self, channel_id: str) -> str:
        """The organization of a channel, for who may see all. Raises NotFound."""
        organization_id = await channels.owner(self.database, channel_id)
        if organization_id is None:
            raise _no_channel(channel_id)
        return organization_id

    async def create(self, organization_id: str, draft: ChannelDraft, actor: Actor) -> AlertChannel:
        """A new channel, which hears first of what is wrong now. Raises Invalid, BadRequest, Conflict."""
        now = self.clock()
        secret = self.new_secret() if draft.kind == URL else ""
        channel = AlertChannel(
            id=new_id("alch", now), organization_id=organization_id, name=_name(draft.name), kind=draft.kind,
            rules=msgspec.json.encode(draft.rules), disabled=draft.disabled, created_ms=now, updated_ms=now,
            target=ChannelTarget(addresses=tuple(draft.addresses), url=draft.url, secret=secret),
        )  # fmt: skip
        self._check(channel)
        await self._check_connections(organization_id, draft.rules, AlertRules())
        await self.vault.prepare(organization_id)

        async def work(transaction: Transaction) -> AlertChannel:
            await _plan_anew(transaction, organization_id)
            await transaction.in_turn(f"alert channels of {organization_id}")
            if await channels.count(transaction, organization_id) >= self.most_channels:
                raise Conflict(
                    f"there are {self.most_channels} channels already, which is all that there may be"
                )
            stored = replace(channel, endpoint=await self._add_endpoint(transaction, channel))
            await channels.add(transaction, self.vault, stored)
            await self._note(transaction, stored, "alert_channel.created", actor)
            return stored

        return await self.database.transact(work)

    async def change(
        self, organization_id: str, channel_id: str, change: ChannelChange, actor: Actor
    ) -> AlertChannel:
        """The channel as it is then. Raises NotFound, Invalid, BadRequest."""
        if change.rules is not None:
            current = await self.get(organization_id, channel_id)
            await self._check_connections(organization_id, change.rules, channel_rules.read(current.rules))
        await self.vault.prepare(organization_id)

        async def work(transaction: Transaction) -> AlertChannel:
            await _plan_anew(transaction, organization_id)
            before = await channels.locked(transaction, self.vault, organization_id, channel_id)
            if before is None:
                raise _no_channel(channel_id)
            after = self._changed(before, change)
            await channels.change(transaction, self.vault, after)
            await self._change_endpoint(transaction, before, after)
            await problems.forget_skipped(transaction, channel_id)
            await self._note(transaction, after, "alert_channel.updated", actor)
            return after

        return await self.database.transact(work)

    async def delete(self, organization_id: str, channel_id: str, actor: Actor) -> None:
        """Delete a channel: nothing goes there any more, and its secrets are gone. Raises NotFound."""
        await self.vault.prepare(organization_id)

        async def work(transaction: Transaction) -> None:
            await _plan_anew(transaction, organization_id)
            channel = await channels.locked(transaction, self.vault, organization_id, channel_id)
            if channel is None:
                raise _no_channel(channel_id)
            if channel.endpoint is not None:
                await endpoints.delete(transaction, channel.endpoint, self.clock())
            await outbox.cancel(transaction, channel_id, DELETED)
            await problems.forget_channel(transaction, channel_id)
            await channels.delete(transaction, channel_id)
            if not await channels.count(transaction, organization_id):
                await positions.leave(transaction, organization_id)
            await self._note(transaction, channel, "alert_channel.deleted", actor)

        await self.database.transact(work)

    # Checks

    def _changed(self, before: AlertChannel, change: ChannelChange) -> AlertChannel:
        target = before.target
        if change.addresses is not None:
            target = msgspec.structs.replace(target, addresses=tuple(change.addresses))
        if change.url is not None:
            target = msgspec.structs.replace(target, url=change.url)
        after = replace(
            before,
            name=before.name if change.name is None else _name(change.name),
            target=target,
            rules=before.rules if change.rules is None else msgspec.json.encode(change.rules),
            disabled=before.disabled if change.disabled is None else change.disabled,
            updated_ms=self.clock(),
        )
        self._check(after)
        return after

    async def _check_connections(self, organization_id: str, rules: AlertRules, before: AlertRules) -> None:
        """Raise Invalid for a connection that there is not: of a mistyped one nobody would ever be told.

        Those that were named before stay, though they may be gone meanwhile.
        """
        fresh = sorted(set(rules.connection_ids or ()) - set(before.connection_ids or ()))
        offered = await connections.among(self.database, organization_id, fresh)
        if faults := [f"there is no connection {uid[:100]!r}" for uid in fresh if uid not in offered]:
            raise Invalid({"json": {"rules.connection_ids": faults[:MOST_FAULTS]}})

    def _check(self, channel: AlertChannel) -> None:
        """Raise Invalid with all that is wrong; BadRequest for e-mail where there is no mail server."""
        faults = rule_faults(
            channel_rules.read(channel.rules), is_operators=channel.organization_id == OPERATOR
        )
        faults = {f"rules.{name}": texts for name, texts in faults.items()}
        if channel.kind not in CHANNEL_KINDS:
            faults["type"] = [f"is {channel.kind[:60]!r}; wanted is one of {', '.join(CHANNEL_KINDS)}"]
        elif channel.kind == EMAIL:
            faults |= _address_faults(channel.target)
        else:
            faults |= self._url_faults(channel.target)
        if faults:
            raise Invalid({"json": faults})
        if channel.kind == EMAIL and not self.has_mail:
            raise BadRequest("e-mail is not set up: the operator of this server sets CROSSDOCK_SMTP_URL")

    def _url_faults(self, target: ChannelTarget) -> dict[str, list[str]]:
        faults: dict[str, list[str]] = {}
        if target.addresses:
            faults["emails"] = ["can't be there: they are of channels of the type email"]
        if (fault := self._url_fault(target.url)) is not None:
            faults["url"] = [fault]
        return faults

    def _url_fault(self, url: str) -> str | None:
        """The fault of a URL, as far as that shows without calling it."""
        if not url:
            return "must be there: it is where the channel's messages are posted to"
        if len(url) > LONGEST_URL:
            return f"must have at most {LONGEST_URL} characters, not {len(url)}"
        if any(ord(letter) <= 32 or ord(letter) == 127 for letter in url):
            return "must not hold a space or a control character"
        if self.https_only and not url.lower().startswith("https://"):
            return "must begin with https://"
        try:
            check_url(url, self.policy)
        except AddressRefused as problem:
            return f"is not one that is called: {problem}"
        return None

    # The webhook sender's side

    async def _add_endpoint(self, transaction: Transaction, channel: AlertChannel) -> int | None:
        """The endpoint that the sender delivers a channel's messages to; None: e-mail."""
        if channel.kind == EMAIL:
            return None
        now = self.clock()
        # Slack and Teams don't check signatures: a secret of nobody's signs what goes there.
        secret = channel.target.secret or self.new_secret()
        endpoint = Endpoint(
            number=0, id=new_id("ep", now), organization_id=channel.organization_id,
            application_id=of_alerts(channel.organization_id), description=f"alerts: {channel.id}",
            hidden=HiddenHeaders(url=channel.target.url, secrets=[EndpointSecret(secret)]),
            disabled=channel.disabled, created_ms=now, updated_ms=now,
        )  # fmt: skip
        return (await endpoints.add(transaction, self.vault, endpoint)).number

    async def _change_endpoint(
        self, transaction: Transaction, before: AlertChannel, after: AlertChannel
    ) -> None:
        if after.endpoint is None:
            return
        endpoint = await endpoints.locked(transaction, self.vault, after.endpoint)
        if endpoint is None:
            return
        if before.disabled and not after.disabled:
            await endpoints.note_success(transaction, endpoint.number)  # a new beginning
        hidden = msgspec.structs.replace(endpoint.hidden, url=after.target.url)
        changed = replace(endpoint, hidden=hidden, disabled=after.disabled, updated_ms=after.updated_ms)
        await endpoints.change(transaction, self.vault, changed)

    async def _note(self, transaction: Transaction, channel: AlertChannel, action: str, actor: Actor) -> None:
        detail = {"name": channel.name, "type": channel.kind, "target": shown_target(channel.target)}
        entry = AuditEntry(channel.organization_id, actor, action, channel.id, detail)
        await audit_log.note(transaction, entry, self.clock())


async def _plan_anew(transaction: Transaction, organization_id: str) -> None:
    """First thing, as planning has it: two who change and plan then don't wait for each other."""
    if organization_id == OPERATOR:
        await positions.plan_at(transaction, organization_id, 0)
    else:
        await positions.follow(transaction, organization_id)


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise Invalid(
            {"json": {"name": [f"is {text[:100]!r}; wanted are 1 to {LONGEST_NAME} printable letters"]}}
        )
    return name


def _address_faults(target: ChannelTarget) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    if target.url:
        faults["url"] = ["can't be there: a channel of the type email has emails"]
    if not 0 < len(target.addresses) <= MOST_ADDRESSES:
        faults["emails"] = [f"must be 1 to {MOST_ADDRESSES} addresses, not {len(target.addresses)}"]
    for number, address in enumerate(target.addresses[:MOST_ADDRESSES]):
        if (fault := address_fault(address)) is not None:
            faults[f"emails.{number}"] = [fault]
    if len(set(target.addresses)) < len(target.addresses):
        faults.setdefault("emails", ["holds the same address twice"])
    return faults


def shown_target(target: ChannelTarget) -> str:
    """The target of a channel as it may be shown: a URL without what may be secret in it."""
    if target.addresses:
        return ", ".join(target.addresses)
    parts = urlsplit(target.url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" + ("/***" if parts.path.strip("/") or parts.query else "")


def _no_channel(channel_id: str) -> NotFound:
    return NotFound(f"there is no channel {channel_id!r}", record_id=channel_id)
