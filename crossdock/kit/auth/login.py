"""Log-in calls that yield a token: the vendor forgets it after a while, and a 401 logs in again."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, in_header
from crossdock.kit.session import ConnectionSession, LocalSession


def session(
    login: Callable[[], Awaitable[str]],
    header: str = "Authorization",
    form: str = "{}",
    *,
    keep: ConnectionSession | None = None,
    expires: timedelta | None = None,
) -> RenewedAuth:
    """A log-in call that yields a token.

    form: how the header holds it, "Session {}". keep: `context.session`, where all runs and workers share one
    log-in; None: each run logs in. expires: how long the token works, where the vendor says so.
    """

    async def obtain(_: AccessToken | None) -> AccessToken:
        token = await login()
        return AccessToken(token, datetime.now(UTC) + expires if expires else None)

    return RenewedAuth(
        obtain=obtain, session=keep if keep is not None else LocalSession(), insert=in_header(header, form)
    )
