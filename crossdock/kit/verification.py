"""Whom credentials belong to, by `[verification]` of the manifest: the whole of a client's `check`, often."""

from typing import Any

from crossdock.errors import VendorNonsense
from crossdock.kit.contract import Account, Context
from crossdock.kit.http import Http


async def verified(context: Context, http: Http) -> Account:
    """The account that the call shows. http: signed. Raises VendorNonsense when the answer lacks its name."""
    spec = context.manifest.verification if context.manifest else None
    if spec is None:
        raise LookupError("the manifest has no [verification]")
    url = context.host("api") + context.address(spec.path)
    answer = (await http.send("GET", url, headers={"Accept": "application/json"})).json()
    name = member_at(answer, spec.name)
    if name is None:
        raise VendorNonsense(f"wanted {spec.name!r} in the answer, and it is not there", url=spec.path)
    return Account(
        str(name),
        {key: member_at(answer, path) for key, path in spec.identifiers.items()},
        {key: member_at(answer, path) for key, path in spec.facts.items()},
    )


def member_at(value: Any, path: str) -> Any:
    """The member at a path, "shops.0.id"; None where there is none."""
    for name in path.split("."):
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
