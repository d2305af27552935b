"""A new integration from `template`: small, but it runs and passes the contract suite.

template/manifest.toml  client.py  notes.md      the same for all
template/<type>/read.py  cases/*.json            one example resource of each vertical
"""

import keyword
import re
from pathlib import Path

from crossdock.errors import BadRequest, Conflict
from crossdock.resources.catalogue import TYPES, by_function

TEMPLATE = Path(__file__).parent / "template"
SHARED = ("__init__.py", "client.py", "manifest.toml", "notes.md")


def create(name: str, type: str, target: Path) -> list[Path]:
    """The files of a new integration in the folder target/name.

    name: the integration's id, for ever; letters, digits and _, "my_wms". type: "wms", "cart", "carrier" or
    "freight". Raises BadRequest for any other, and Conflict when there is something of that name already.
    """
    if type not in TYPES:
        raise BadRequest(f"there is no type {type!r}; wanted one of {', '.join(TYPES)}")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise BadRequest(f"{name!r} can't be a folder of code; wanted lower-case letters, digits and _")
    folder = target / name
    if folder.exists():
        raise Conflict(f"there is a {name!r} in {target} already")
    return [_write(source, folder / path, name, type) for source, path in _sources(type)]


def _sources(type: str) -> list[tuple[Path, Path]]:
    """Each file of the template, and where it goes below the new folder."""
    shared = [(TEMPLATE / path, Path(path)) for path in SHARED]
    special = TEMPLATE / type
    cases = sorted((special / "cases").glob("*.json"))
    return [*shared, *((path, path.relative_to(special)) for path in (special / "read.py", *cases))]


def _write(source: Path, path: Path, name: str, type: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = source.read_text(encoding="utf-8")
    if source.parent == TEMPLATE:
        text = _for_type(text, type)
    path.write_text(text.replace("Acme", name.replace("_", " ").title()), encoding="utf-8")
    return path


def _for_type(text: str, type: str) -> str:
    """The shared files speak of WMS orders: this makes them speak of the type's own example."""
    [case] = {*(TEMPLATE / type / "cases").glob("*.json")} - {TEMPLATE / type / "cases" / "calls.json"}
    resource = by_function(type)[f"get_{case.stem}"]
    words = {"wms": type, "get_orders": resource.function, "orders": resource.name}
    return re.sub(r"\b(wms|get_orders|orders)\b", lambda match: words[match[1]], text)
