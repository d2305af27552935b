"""The session of Linnworks: application and installation token buy it, with the server of the account.

It ends 20 minutes after it was last used (apidocs.linnworks.net, "Generating an API Key"), which a 401 tells:
then another is bought. It comes with the address that calls go to, and the region of those of version 2.
"""

from dataclasses import asdict, dataclass

from yarl import URL

from crossdock.errors import (
    InvalidCredentials,
    MissingPermission,
    VendorError,
    VendorNonsense,
    VendorRefused,
)
from crossdock.kit.auth.renewed import AccessToken, RenewedAuth, in_header, token_in
from crossdock.kit.contract import Context, Raw
from crossdock.kit.responses import Response, member

LOGIN = "/api/Auth/AuthorizeByApplication"
REGIONS = ("EU", "US", "AS")
REFUSALS: dict[int, type[VendorError]] = {400: VendorRefused, 403: MissingPermission, 404: VendorRefused}


@dataclass(frozen=True)
class AccountServer:
    """The place of an account, and its owner."""

    server: str
    region: str
    name: str
    entity_id: str | None


def refusal(answer: Response) -> VendorError | None:
    """The refusal, in Linnworks' words, which stand in `Message`."""
    if answer.status not in REFUSALS:
        return None
    try:
        words = answer.json()
    except VendorNonsense:
        return None
    if not isinstance(words, dict) or not isinstance(words.get("Message"), str):
        return None
    said = answer.redaction(f"{answer.status}: {words['Message']}")[:500]
    return REFUSALS[answer.status](said, url=answer.url, status=answer.status)


class LinnworksSession:
    """The session of one connection, bought when it is first needed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.auth = RenewedAuth(obtain=self._bought, session=context.session, insert=in_header(form="{}"))
        self._place: AccountServer | None = None

    async def place(self) -> AccountServer:
        """The place of the account. Signs in where nobody has."""
        if self._place is None:
            token = token_in(await self._context.session.get())
            if token is None or "server" not in token.answer:
                await self.auth.ready()
                token = token_in(await self._context.session.get())
            if token is None:
                raise InvalidCredentials("Linnworks gave no session")
            self._place = AccountServer(**token.answer)
        return self._place

    async def _bought(self, _: AccessToken | None) -> AccessToken:
        fields = self._context.credentials
        url = f"{self._context.host('api')}{LOGIN}"
        body = {
            "ApplicationId": fields["application_id"],
            "ApplicationSecret": fields["application_secret"],
            "Token": fields["token"],
        }
        try:
            answer = await self._context.http.send("POST", url, json=body, repeatable=True, refusal=refusal)
        except (VendorRefused, MissingPermission) as refused:
            raise InvalidCredentials(str(refused), url=url, status=refused.status) from None
        grant = answer.json()
        place = self._placed(grant)
        return AccessToken(member(grant, "Token", str), answer=asdict(place))

    def _placed(self, grant: Raw) -> AccountServer:
        server, region = member(grant, "Server", str).rstrip("/"), grant.get("Locality")
        if not self._is_theirs(server):
            raise VendorNonsense(f"Linnworks names the server {server[:100]!r}, which is none of its own")
        if region not in REGIONS:
            raise VendorNonsense(f"wanted one of the regions {', '.join(REGIONS)}, got {region!r}")
        name = grant.get("Email") or grant.get("UserName") or grant.get("EntityId") or "Linnworks"
        entity = grant.get("EntityId")
        return AccountServer(server, region.lower(), str(name), None if entity is None else str(entity))

    def _is_theirs(self, server: str) -> bool:
        """Check whether a server is of the domain where one signs in: sessions go to no other."""
        home = URL(self._context.host("api"))
        domain = str(home.host).partition(".")[2]
        try:
            there = URL(server)
        except ValueError:
            return False
        return there.scheme == home.scheme and str(there.host).endswith(f".{domain}")
