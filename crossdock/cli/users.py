"""`crossdock users`: people who may sign in, made and helped by who runs the server."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from crossdock.cli.output import print_json, print_table, say
from crossdock.cli.running import AsJson, OrganizationReference, run
from crossdock.config import Settings
from crossdock.errors import NotFound

if TYPE_CHECKING:
    from crossdock.people.members import MadeUser
    from crossdock.services.wiring import Services
    from crossdock.store.people.users import User

app = typer.Typer(no_args_is_help=True, help="Users: people who may sign in.")

RoleName = Literal["owner", "developer", "viewer"]
Email = Annotated[str, typer.Argument(help="The user's e-mail address.")]


@app.command("create")
def create_user(
    email: Email,
    name: Annotated[str, typer.Option(help="The user's name.")] = "",
    role: Annotated[RoleName, typer.Option(help="What the user may do in the organization.")] = "viewer",
    owner: Annotated[bool, typer.Option("--owner", help="The same as --role owner.")] = False,
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Make a user, or a user a member of one more organization; print a link that signs them in once."""
    wanted: RoleName = "owner" if owner else role
    run(
        lambda settings: _create(settings, organization, (email, name, wanted), as_json=as_json),
        as_json=as_json,
    )


async def _create(
    settings: Settings, organization: str | None, wanted: tuple[str, str, RoleName], *, as_json: bool
) -> None:
    from crossdock.connections.organizations import NO_ORGANIZATION, choose
    from crossdock.services.open import open_services
    from crossdock.store.connections import access

    async with open_services(settings) as services:
        organizations = await access.organizations(services.database)
        if not organizations:
            raise NotFound(NO_ORGANIZATION)
        organization_id = choose(organizations, organization).id
        made = await services.identity.members.create(organization_id, *wanted)
    _tell_link(made, as_json=as_json)


def _tell_link(made: "MadeUser", *, as_json: bool) -> None:
    if as_json:
        print_json({"id": made.user.id, "email": made.user.email, "link": made.link})
        return
    say(f"User [bold]{made.user.email}[/]. This link signs in once, within a day:")
    say(made.link)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List users, their organizations and roles, and who has a second factor."""
    run(lambda settings: _list(settings, as_json=as_json), as_json=as_json)


async def _list(settings: Settings, *, as_json: bool) -> None:
    from crossdock.services.open import open_services
    from crossdock.store.people import users
    from crossdock.wire import stamp

    rows: list[dict[str, Any]] = []
    async with open_services(settings) as services:
        for user in await users.everybody(services.database):
            memberships = await users.of_user(services.database, user.id)
            rows.append(
                {
                    "email": user.email,
                    "name": user.name,
                    "roles": ", ".join(
                        f"{membership.role} of {membership.organization_name}" for membership in memberships
                    ),
                    "second_factor": "yes" if user.has_second_factor else None,
                    "disabled_at": None if user.disabled_ms is None else stamp(user.disabled_ms),
                    "last_sign_in_at": None if user.last_sign_in_ms is None else stamp(user.last_sign_in_ms),
                    "created_at": stamp(user.created_ms),
                    "id": user.id,
                }
            )
    if as_json:
        print_json(rows)
    else:
        print_table("Users", rows, "There are no users yet: crossdock users create EMAIL --owner")


@app.command("role")
def set_role(
    email: Email,
    role: Annotated[RoleName, typer.Argument(help="What the user may do from now on.")],
    organization: OrganizationReference = None,
    as_json: AsJson = False,
) -> None:
    """Give a member of an organization another role."""
    run(lambda settings: _set_role(settings, email, role, organization, as_json=as_json), as_json=as_json)


async def _set_role(
    settings: Settings, email: str, role: RoleName, organization: str | None, *, as_json: bool
) -> None:
    from crossdock.connections.organizations import choose
    from crossdock.services.open import open_services
    from crossdock.store.connections import access

    async with open_services(settings) as services:
        organization_id = choose(await access.organizations(services.database), organization).id
        user = await _user(services, email)
        await services.identity.members.change_role(organization_id, user.id, role)
    if as_json:
        print_json({"id": user.id, "email": user.email, "role": role})
    else:
        say(f"{user.email} is {role} now.")


@app.command("disable")
def disable_user(email: Email, as_json: AsJson = False) -> None:
    """Let a user in no longer, into any organization: their sessions end at once."""
    act = _doing(lambda services, user: services.identity.members.disable(user), "is disabled")
    run(lambda settings: act(settings, email, as_json), as_json=as_json)


@app.command("enable")
def enable_user(email: Email, as_json: AsJson = False) -> None:
    """Let a user in again who was disabled."""
    act = _doing(lambda services, user: services.identity.members.enable(user), "may sign in again")
    run(lambda settings: act(settings, email, as_json), as_json=as_json)


Act = Callable[["Services", "User"], Awaitable[None]]


def _doing(act: Act, words: str) -> Callable[[Settings, str, bool], Any]:
    async def work(settings: Settings, email: str, as_json: bool) -> None:
        from crossdock.services.open import open_services

        async with open_services(settings) as services:
            user = await _user(services, email)
            await act(services, user)
        if as_json:
            print_json({"id": user.id, "email": user.email})
        else:
            say(f"{user.email} {words}.")

    return work


@app.command("reset-password")
def reset_password(
    email: Email,
    keep: Annotated[
        bool, typer.Option("--keep", help="Only make a link: password and second factor stay.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Take a user's password and second factor away; print a link that signs them in once."""
    run(lambda settings: _reset(settings, email, keep=keep, as_json=as_json), as_json=as_json)


async def _reset(settings: Settings, email: str, *, keep: bool, as_json: bool) -> None:
    from crossdock.services.open import open_services

    async with open_services(settings) as services:
        members, user = services.identity.members, await _user(services, email)
        made = await (members.link(user) if keep else members.reset(user))
    _tell_link(made, as_json=as_json)


async def _user(services: "Services", email: str) -> "User":
    """The user with this address. Raises NotFound."""
    from crossdock.store.people import users

    user = await users.by_email(services.database, email)
    if user is None:
        raise NotFound(f"there is no user {email!r}: `crossdock users list` shows them", record_id=email)
    return user
