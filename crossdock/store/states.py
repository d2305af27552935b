"""The states that rows go through, and why rows are there: each is said once, for Python and for SQL.

Each has a type that lists its members, and a class that says what each member means.
"""

from collections.abc import Iterable
from typing import Final, Literal


def quoted(members: Iterable[str]) -> str:
    """Members as SQL has them: "'queued', 'running'"."""
    return ", ".join(f"'{member}'" for member in members)


JobState = Literal["queued", "running", "done", "failed"]


class JobStates:
    """The states of a job; the ways between are drawn in `jobs/queue.py`."""

    QUEUED: Final = "queued"
    """It waits for a worker, until it is due or longer."""
    RUNNING: Final = "running"
    """It is leased to a worker. When the lease has run out, any worker may claim it."""
    DONE: Final = "done"
    """It came to its end."""
    FAILED: Final = "failed"
    """It ended before its end; its error says why."""


JobKind = Literal["sync", "on_demand", "purge", "audit", "read_again", "subscribe", "erase"]


class JobKinds:
    """The kinds of work that jobs do."""

    SYNC: Final = "sync"
    """Reads one function of a connection, from where the last run ended."""
    ON_DEMAND: Final = "on_demand"
    """Reads the window of time that a caller asked for."""
    PURGE: Final = "purge"
    """Removes what is left of a connection that was deleted."""
    AUDIT: Final = "audit"
    """Audits the carriers' charges of a connection."""
    READ_AGAIN: Final = "read_again"
    """Reads records of one function that the vendor's webhooks name."""
    SUBSCRIBE: Final = "subscribe"
    """Has the vendor send webhooks about a connection."""
    ERASE: Final = "erase"
    """Masks a person or a shop everywhere. It is of no connection: 0; its function is the erasure's id."""


NOTICE_KINDS = (JobKinds.READ_AGAIN, JobKinds.SUBSCRIBE)
"""What is done about webhooks of vendors: one open job of each for a connection and function."""


JobCause = Literal["schedule", "force", "file", "on_demand", "delete", "notice", "erasure"]


class JobCauses:
    """The reasons why a job is there."""

    SCHEDULE: Final = "schedule"
    """It was due."""
    FORCE: Final = "force"
    """Somebody asked to sync a function now; its end is published."""
    FILE: Final = "file"
    """A file came in, is to be read again, or is to be taken away."""
    ON_DEMAND: Final = "on_demand"
    """A caller asked for a window of time."""
    DELETE: Final = "delete"
    """The connection was deleted."""
    NOTICE: Final = "notice"
    """The vendor sent a webhook."""
    ERASURE: Final = "erasure"
    """Somebody asked to erase a person or a shop, or what is held about one."""


RunOutcome = Literal["done", "failed"]


class RunOutcomes:
    """The outcomes of the last run of a schedule."""

    DONE: Final = "done"
    """It went to its end."""
    FAILED: Final = "failed"
    """It did not; what it stored stays."""


WindowStatus = Literal["open", "completed", "cancelled", "stuck"]


class WindowStatuses:
    """The statuses of the sync of a window that a caller asked for. Callers see these."""

    OPEN: Final = "open"
    """It waits or runs."""
    COMPLETED: Final = "completed"
    """All of the window was read."""
    CANCELLED: Final = "cancelled"
    """A caller, or the end of the connection, has ended it."""
    STUCK: Final = "stuck"
    """Its job failed."""


WriteState = Literal["running", "sending", "settling", "done", "uncertain"]


class WriteStates:
    """The states of a write; the ways between are drawn in `store/jobs/write_log.py`."""

    RUNNING: Final = "running"
    """It is being checked: nothing was sent."""
    SENDING: Final = "sending"
    """Something may have been sent."""
    SETTLING: Final = "settling"
    """Whoever goes on with it asks what became of the attempt before."""
    DONE: Final = "done"
    """It was done; the answer is kept."""
    UNCERTAIN: Final = "uncertain"
    """Nobody works on it, and nobody knows whether it was done."""


ErasureState = Literal["running", "settling", "done"]


class ErasureStates:
    """The states of an erasure. Callers see these."""

    RUNNING: Final = "running"
    """It waits for a worker, or is worked on."""
    SETTLING: Final = "settling"
    """All was gone through; what was under way meanwhile has time to end, then all is gone through again."""
    DONE: Final = "done"
    """Nothing was left, and the values that were searched for are forgotten."""


FileState = Literal["received", "read", "refused", "kept", "again", "removed"]


class FileStates:
    """The states of a file that came in."""

    RECEIVED: Final = "received"
    """It waits to be read for the first time."""
    READ: Final = "read"
    """It was read; its records are stored."""
    REFUSED: Final = "refused"
    """It could not be read; its error says why."""
    KEPT: Final = "kept"
    """It is none that is read, such as a PDF: it can be downloaded."""
    AGAIN: Final = "again"
    """It was read, and waits to be read once more. Callers see it as received."""
    REMOVED: Final = "removed"
    """Somebody has removed it: it is taken away before the next file is read."""


JOB_IS_QUEUED = f"state = '{JobStates.QUEUED}'"
JOB_IS_RUNNING = f"state = '{JobStates.RUNNING}'"
JOB_IS_OPEN = f"state IN ({quoted((JobStates.QUEUED, JobStates.RUNNING))})"
"""Conditions on a job, in SQL."""
