"""Everything that can go wrong, in one tree: what the caller sees, and whether trying again can help.

CrossdockError
├── SettingsError                       the operator's settings do not work
├── ImproperIntegration                 the folder of an integration does not keep the contract
├── Unavailable 503                     the database does not answer, or takes no writes now
│   └── LockConflict                    two transactions waited for each other: this one was undone
├── RequestError                        the caller's request; origin "trackstar"
│   ├── BadRequest 400   ├── Unauthorized 401   ├── Forbidden 403   ├── NotFound 404
│   ├── MethodNotAllowed 405   ├── TooSlow 408   ├── Conflict 409   ├── Gone 410   ├── TooLarge 413
│   ├── UnsupportedMediaType 415   ├── Invalid 422   ├── FileRefused 422
│   ├── TooManyRequests 429
│   ├── LinkRefused                     an end user can't connect so; told to the form, by a code
│   └── NotOffered 501                  the integration lacks this function
├── VendorError                         the connected system; origin "integration"
│   ├── InvalidCredentials              blocks the connection
│   │   └── SignInOnHold                they were refused before, and are not tried now: no call was made
│   ├── LoginThrottled                  takes no log-ins now: blocks the connection for a while
│   ├── MissingPermission               blocks the function
│   ├── VendorThrottled                 asked us to slow down
│   ├── VendorUnavailable               time-out, broken connection, 5xx
│   ├── Uncertain                       a write that may have been done, though we can't tell
│   ├── VendorRefused                   any other 4xx
│   ├── VendorNonsense                  an answer that is not what the vendor promises
│   └── AddressRefused                  the address is not one we connect to
├── BadVendorValue                      a value of a record that does not fit: it is quarantined
└── LeaseLost                           another worker has this job now
"""

from collections.abc import Mapping


def printable(text: str) -> str:
    """A text that every database, answer and log can hold: what is no character, and NUL, as its escape."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")


class CrossdockError(Exception):
    """The root. `http_status` and `origin` are what the API answers with.

    A message may quote strangers, so it is made printable here, for whoever stores or shows it.
    """

    http_status = 500
    origin = "trackstar"
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(printable(message))


class SettingsError(CrossdockError):
    """A setting is missing or wrong; the message names the variable."""


class ImproperIntegration(CrossdockError):
    """The folder of an integration lacks something, has it twice, or has a manifest that is not right.

    The message names it, of a manifest the key and its value.
    """


class Unavailable(CrossdockError):
    """The database can't do this now: it is down, read-only, full or overrun. Nothing was half done.

    The message is for everybody, `detail` is what the driver said, for logs and the operator.
    """

    http_status = 503
    retryable = True
    retry_after_seconds = 5

    def __init__(self, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail


class LockConflict(Unavailable):
    """Two transactions waited for each other, and this one was undone: the same again works at once."""


class RequestError(CrossdockError):
    """The request can't be served as it is. code: a word for programs, where the API that answers has one."""

    http_status = 400
    code = ""

    def __init__(self, message: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class BadRequest(RequestError):
    http_status = 400
    code = "bad_request"


class Unauthorized(RequestError):
    http_status = 401


class Forbidden(RequestError):
    http_status = 403


class NotFound(RequestError):
    """No such record for this caller."""

    http_status = 404

    def __init__(self, message: str, *, record_id: str | None = None, code: str = "") -> None:
        super().__init__(message, code=code)
        self.record_id = record_id


class MethodNotAllowed(RequestError):
    http_status = 405


class Conflict(RequestError):
    http_status = 409


class Gone(RequestError):
    """A thing that was there once, and is not kept any more."""

    http_status = 410


class TooSlow(RequestError):
    """The request took too long to come."""

    http_status = 408


class TooLarge(RequestError):
    """The request has more bytes than we read."""

    http_status = 413


class UnsupportedMediaType(RequestError):
    """The body is of another kind than wanted."""

    http_status = 415


def _field_sentence(name: str, message: str) -> str:
    """A message of a field as a sentence of its own: "quantity must be more than 0"."""
    wants_name = name and message.startswith(("is ", "must ", "can't ", "may "))
    return f"{name} {message}" if wants_name else message


class RecordHidden(NotFound):
    """The vendor shows no such record to these credentials, which says nothing of whether it is there."""


class Invalid(RequestError):
    """The request is malformed. `detail` is {location: {field: [messages]}}."""

    http_status = 422

    def __init__(self, detail: Mapping[str, Mapping[str, list[str]]]) -> None:
        texts = (
            _field_sentence(name, m) for fields in detail.values() for name, ms in fields.items() for m in ms
        )
        super().__init__(next(texts, "invalid request"))
        self.detail = detail


class LinkRefused(RequestError):
    """An end user can't go on connecting like this.

    code: what the form has words for; status: of the answer; field: the field that it is about; fields:
    messages by field.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 400,
        field: str | None = None,
        fields: Mapping[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.http_status = status
        self.field = field
        self.fields = fields


class FileRefused(RequestError):
    """A file that can't be read as what it should be; the message says what was seen in it."""

    http_status = 422


class TooManyRequests(RequestError):
    http_status = 429
    retryable = True

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotOffered(RequestError):
    http_status = 501


class VendorError(CrossdockError):
    """The connected system refused or failed. `url` is where, without its query; `status` its HTTP status."""

    http_status = 502
    origin = "integration"

    def __init__(self, message: str, *, url: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.url = printable(url)
        self.status = status


class InvalidCredentials(VendorError):
    """The vendor does not accept the credentials: nothing of this connection can sync until they change."""

    http_status = 401
    is_noted = False
    """Whether the connection's gate knows of it."""


class SignInOnHold(InvalidCredentials):
    """A sign-in was refused before, and is not tried again yet. Nothing was sent."""


class LoginThrottled(VendorError):
    """The vendor takes no *log-ins* of this user now, usually because several were refused.

    Not `VendorThrottled`: each further attempt may prolong the lock, so it is not repeated in the call. The
    connection's gate tries again by itself, once, after `retry_after` seconds or more.
    """

    http_status = 503
    is_noted = False

    def __init__(
        self, message: str, *, retry_after: float = 0, url: str = "", status: int | None = 429
    ) -> None:
        super().__init__(message, url=url, status=status)
        self.retry_after = retry_after


class MissingPermission(VendorError):
    """The credentials are good but do not reach this function."""

    http_status = 403


class VendorThrottled(VendorError):
    """The vendor asked us to slow down. `retry_after` is in seconds."""

    http_status = 503
    retryable = True

    def __init__(self, retry_after: float, *, url: str = "", status: int | None = 429) -> None:
        super().__init__(f"the vendor allows the next request in {retry_after:g} s", url=url, status=status)
        self.retry_after = retry_after


class VendorUnavailable(VendorError):
    """A time-out, a broken connection or a 5xx: the same call may work later."""

    http_status = 503
    retryable = True

    def __init__(
        self, message: str, *, url: str = "", status: int | None = None, may_have_arrived: bool = True
    ) -> None:
        super().__init__(message, url=url, status=status)
        self.may_have_arrived = may_have_arrived
        """Whether the vendor may have acted on the call all the same."""


class Uncertain(VendorError):
    """A write of which nobody knows whether it was done. `outcome` says what is known."""

    def __init__(self, message: str, *, outcome: str = "uncertain", record_id: str | None = None) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.record_id = record_id


class VendorRefused(VendorError):
    """A 4xx that is about the request: the same call will fail again."""

    http_status = 400


class VendorNonsense(VendorError):
    """An answer that is not what the vendor promises: HTML with status 200, a page without end."""


class AddressRefused(VendorError):
    """The host resolves only to addresses that we do not connect to."""

    http_status = 422


class BadVendorValue(CrossdockError):
    """A value of a vendor's record does not fit. It is left out and told; where that can't be, the record is
    set aside with this message, and the run goes on."""


class LeaseLost(CrossdockError):
    """The loss of a job to another worker, as this one took too long: nothing of this page was stored."""
