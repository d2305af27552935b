"""What connecting by end users stands on."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from crossdock.config import Settings
from crossdock.connections.connect import Connector
from crossdock.connections.link.oauth_apps import OAuthApps
from crossdock.connections.link.permission_checks import PermissionChecks
from crossdock.kit.contract import Client, Context
from crossdock.kit.registry import Integration
from crossdock.store.connections.connections import ConnectionRow
from crossdock.store.database.engine import Database
from crossdock.store.database.ids import Clock
from crossdock.store.database.secrets import Vault

SignIn = Callable[[ConnectionRow, Integration], AbstractAsyncContextManager[Client]]
"""A client for somebody who waits."""
ConsentContext = Callable[[ConnectionRow, Integration, Mapping[str, str]], Context]
"""A context for a connection that is not stored yet, with these sign-in fields."""


@dataclass(frozen=True)
class LinkServices:
    """The parts that connecting by end users needs."""

    settings: Settings
    database: Database
    vault: Vault
    clock: Clock
    connector: Connector
    apps: OAuthApps
    sign_in: SignIn
    consent_context: ConsentContext
    checks: PermissionChecks
