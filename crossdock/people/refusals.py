"""Refusals that several parts give in the same words."""

from collections.abc import Iterable

from crossdock.errors import BadRequest, Invalid, NotFound, Unauthorized


def not_signed_in() -> Unauthorized:
    """The refusal of a session that opens nothing, or nothing any more."""
    return Unauthorized("nobody is signed in, or no longer", code="not_signed_in")


def signed_in_already() -> BadRequest:
    """The refusal of a sign-in by somebody who is in."""
    return BadRequest("you are signed in already", code="signed_in_already")


def no_sign_on() -> NotFound:
    """The refusal where an organization has no single sign-on."""
    return NotFound("there is no single sign-on here", code="no_sign_on")


def no_choice(member: str, value: str, choices: Iterable[str]) -> Invalid:
    """The refusal of a member of a body that is none of the values that there are."""
    return Invalid({"json": {member: [f"is {value[:40]!r}; wanted is one of {', '.join(choices)}"]}})
