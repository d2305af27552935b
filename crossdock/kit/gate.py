"""Where signing in to a vendor passes: one sign-in of a connection at a time, none while they are refused.

Accounts get locked by programs that go on trying a password that was changed. So whoever signs in does it
inside `Http.signing_in()`, which `Renewed` does by itself, and every call asks `SignInGate.check` first. The
gate that keeps this over all workers is `sync.gate`; `OpenSignInGate` is for single tries of new credentials.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from contextvars import ContextVar
from typing import Protocol

from crossdock.errors import LoginThrottled, VendorError, VendorThrottled

_is_logging_in: ContextVar[bool] = ContextVar("logging in", default=False)


class SignInGate(Protocol):
    """Guards the credentials of one connection, for one run or write."""

    async def check(self) -> None:
        """Wait until a call may be made. Raises SignInOnHold when the credentials are refused just now."""
        ...

    def signing_in(self) -> AbstractAsyncContextManager[None]:
        """Around one log-in, or the first call with a fixed key. Others of the connection wait until it ends.

        InvalidCredentials and LoginThrottled that leave the block are noted as a refusal; a block that ends
        well says that the credentials work. Raises SignInOnHold when they were refused meanwhile.
        """
        ...

    async def refused(self, failure: VendorError) -> None:
        """Note that the vendor refused the credentials, where no block of `signing_in` saw it."""
        ...


class OpenSignInGate:
    """Lets everything through, and notes nothing."""

    async def check(self) -> None:
        return None

    @asynccontextmanager
    async def signing_in(self) -> AsyncIterator[None]:
        yield

    async def refused(self, failure: VendorError) -> None:  # noqa: ARG002 - there is nobody to tell
        return None


@asynccontextmanager
async def log_in(gate: SignInGate) -> AsyncIterator[None]:
    """Around a log-in at the vendor. A 429 in here is about log-ins: it is raised as LoginThrottled."""
    async with gate.signing_in():
        token = _is_logging_in.set(True)
        try:
            yield
        except VendorThrottled as failure:
            if failure.status != 429:
                raise
            raise LoginThrottled(
                "the system takes no more log-ins of this user for now; wait some minutes without trying",
                retry_after=failure.retry_after, url=failure.url,
            ) from None  # fmt: skip
        finally:
            _is_logging_in.reset(token)


def is_logging_in() -> bool:
    """Check whether this is within `log_in`: a call that is throttled here is not made again."""
    return _is_logging_in.get()
