"""What alerts are about: each kind once, with its title and what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass

from crossdock.store.alerts.problems import PASSING


@dataclass(frozen=True)
class AlertKind:
    """A kind of problem.

    title: what is wrong, in a few words; over: the same once it is not; advice: what to do, where the message
    of the problem does not say so; has_count: a threshold of how many makes sense; is_operators: it is about
    the server, and told to nobody but who runs it.
    """

    name: str
    title: str
    over: str
    advice: str = ""
    has_count: bool = False
    is_operators: bool = False

    @property
    def is_passing(self) -> bool:
        """Check whether it happens, and does not stand."""
        return self.name in PASSING


OTHER = "other"
"""The kind of what there are no words for yet."""
_ALL = (
    AlertKind("invalid_credentials", "credentials are refused", "credentials work again",
              "Have the connection signed in to again; everything that failed is synced at once then."),
    AlertKind("login_throttled", "log-ins are refused for now", "log-ins are taken again"),
    AlertKind("missing_permission", "a permission is missing", "the permission is there"),
    AlertKind("system_unavailable", "the system can't be reached", "the system can be reached again"),
    AlertKind("system_throttled", "the system asks us to slow down", "the system takes our calls again"),
    AlertKind("unexpected_answer", "the system's answers can't be read", "the system's answers can be read"),
    AlertKind("request_refused", "the system refuses requests", "the system takes our requests again"),
    AlertKind("address_refused", "the system's address is refused", "the system's address is called again"),
    AlertKind("no_progress", "a sync is stuck", "the sync gets on again"),
    AlertKind("internal_error", "Crossdock has a fault", "the fault is over"),
    AlertKind("records_set_aside", "records are set aside", "no record is set aside now", has_count=True),
    AlertKind("file_refused", "a file is refused", "no file is refused any more", has_count=True),
    AlertKind(OTHER, "something is wrong", "it works again"),
    AlertKind("sync_job_stuck", "an on-demand sync is stuck", "",
              "Look at the connection's errors, and ask for the window again."),
    AlertKind("install_failed", "connecting a system failed", "",
              "Nothing was stored. Whoever connects can try again with other credentials.", has_count=True),
    AlertKind("messages_failing", "webhooks don't arrive", "webhooks arrive again",
              "Have the endpoint answer with a status from 200 to 299 within 15 seconds; then recover what "
              "failed.", has_count=True),
    AlertKind("endpoint_disabled", "a webhook endpoint is disabled", "the webhook endpoint is enabled",
              "Nothing more is sent there. Repair the endpoint, enable it, and recover what failed."),
    AlertKind("queue_backlog", "syncs wait too long for a worker", "syncs are done in time again",
              "Start more workers, or raise CROSSDOCK_CONCURRENCY.", is_operators=True),
    AlertKind("webhook_backlog", "webhooks wait too long to be sent", "webhooks are sent in time again",
              "Start more workers, or look at the log of those that run.", is_operators=True),
    AlertKind("jobs_failing", "syncs fail by faults of Crossdock", "no sync fails by faults of Crossdock",
              "The workers' logs have the traces; please report them.", has_count=True, is_operators=True),
    AlertKind("mail_failing", "e-mail can't be sent", "e-mail is sent again",
              "Check CROSSDOCK_SMTP_URL and the mail server.", is_operators=True),
)  # fmt: skip

KINDS = {kind.name: kind for kind in _ALL}
CUSTOMER_KINDS = tuple(kind.name for kind in _ALL if not kind.is_operators)
"""Those that an organization can be told of."""
URGENT = ("invalid_credentials", "endpoint_disabled")
"""What breaks through quiet hours unless a channel says otherwise."""


def kind_of(name: str) -> AlertKind:
    """The kind with this name."""
    return KINDS.get(name, KINDS[OTHER])


def offered(*, is_operators: bool) -> tuple[str, ...]:
    """The kinds that a channel may choose from: an operator's has all."""
    return tuple(KINDS) if is_operators else CUSTOMER_KINDS


def unknown(names: Iterable[str], *, is_operators: bool) -> list[str]:
    """The names among these that are no kinds which a channel may choose."""
    choices = offered(is_operators=is_operators)
    return [name for name in names if name not in choices]
