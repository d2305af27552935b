"""The operator's OAuth apps: registrations with vendors, whose client id and secret no user is asked for.

Those in the environment come before those in the database. They are filled in when somebody signs in, and are
stored with no connection: a new secret holds for all at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from crossdock.connections.link.form import APP_FIELDS, is_configured
from crossdock.errors import Invalid, NotFound
from crossdock.kit.registry import Integration, integrations_of, slug_of
from crossdock.resources.catalogue import TYPES
from crossdock.store.connections import oauth_apps
from crossdock.store.connections.oauth_apps import OPERATOR, OAuthRegistration
from crossdock.store.database.engine import Database
from crossdock.store.database.secrets import Vault
from crossdock.store.people.audit_log import Actor, AuditEntry, note


@dataclass(frozen=True)
class OAuthApps:
    """Knows them."""

    database: Database
    vault: Vault
    environment: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False)
    """Client id and secret by integration."""

    async def fields(self, integration: Integration) -> dict[str, str]:
        """The sign-in fields that are filled in for everybody; empty: there is no app."""
        declared = {known.key for known in integration.manifest.auth.fields}
        if not declared.intersection(APP_FIELDS):
            return {}
        if pair := self.environment.get(integration.slug):
            client_id, client_secret = pair
        elif registration := await oauth_apps.get(self.database, self.vault, integration.slug):
            client_id, client_secret = registration.client_id, registration.client_secret
        else:
            return {}
        values = zip(APP_FIELDS, (client_id, client_secret) * 2, strict=True)  # OAuth 1.0a: consumer_…
        return {key: value for key, value in values if key in declared}

    async def missing(self) -> list[str]:
        """The integrations whose users can't sign in, as there is no app."""
        present = {row["integration"] for row in await self.listed()}
        return sorted(
            {
                integration.slug
                for integration in _every_integration()
                if integration.slug not in present and not is_configured(integration, ())
            }
        )

    async def listed(self) -> list[dict[str, str]]:
        """The apps that there are, without their secrets."""
        rows = {
            slug: {"integration": slug, "client_id": client_id, "set_by": "database"}
            for slug, client_id in (await oauth_apps.client_ids(self.database)).items()
        }
        for slug, (client_id, _) in self.environment.items():
            rows[slug] = {"integration": slug, "client_id": client_id, "set_by": "environment"}
        return [rows[slug] for slug in sorted(rows)]

    async def set(self, name: str, client_id: str, client_secret: str, actor: Actor, now_ms: int) -> str:
        """Keep an app for an integration; its slug. Raises NotFound and Invalid."""
        slug = _with_app(name)
        values = {"client_id": client_id.strip(), "client_secret": client_secret.strip()}
        if empty := [key for key, value in values.items() if not value]:
            raise Invalid({"options": {empty[0]: [f"{empty[0]} is empty"]}})
        registration = OAuthRegistration(slug, **values)
        sealed = await oauth_apps.seal(self.vault, registration)
        async with self.database.transaction() as transaction:
            await oauth_apps.put(transaction, registration, sealed, now_ms)
            detail = {"client_id": registration.client_id}
            await note(transaction, AuditEntry(OPERATOR, actor, "oauth_app.changed", slug, detail), now_ms)
        return slug

    async def remove(self, name: str, actor: Actor, now_ms: int) -> str:
        """Forget the app of an integration; its slug. Raises NotFound."""
        slug = slug_of(name)
        async with self.database.transaction() as transaction:
            if not await oauth_apps.remove(transaction, slug):
                raise NotFound(f"there is no OAuth app for {slug!r} in the database", record_id=slug)
            await note(transaction, AuditEntry(OPERATOR, actor, "oauth_app.deleted", slug), now_ms)
        return slug


def _every_integration() -> Iterator[Integration]:
    return chain.from_iterable(integrations_of(kind) for kind in TYPES)


def _with_app(name: str) -> str:
    """The slug of an integration that has use for an app. Raises NotFound and Invalid."""
    slug = slug_of(name)
    systems = [system for system in _every_integration() if system.slug == slug]
    if not systems:
        raise NotFound(f"no integration is called {name!r}", record_id=name)
    keys = {field.key for system in systems for field in system.manifest.auth.fields}
    if not keys.intersection(APP_FIELDS):
        raise Invalid({"options": {"name": [f"{slug} has no use for an OAuth app"]}})
    return slug
