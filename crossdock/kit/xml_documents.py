"""XML as vendors send it, read without what makes XML dangerous. Pure.

A document type is refused, and with it all entities of its own (billion laughs, files of this machine, calls
to elsewhere); so is what is larger, deeper or has more elements than any honest answer.
"""

from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from crossdock.errors import VendorNonsense

LARGEST_BYTES = 16 * 2**20
MOST_ELEMENTS = 500_000
DEEPEST = 100


def parse_xml(body: bytes) -> Element:
    """The root element. Raises VendorNonsense when it is not XML, or not such as is read here."""
    if len(body) > LARGEST_BYTES:
        raise VendorNonsense(f"the XML has {len(body):,} bytes; at most {LARGEST_BYTES:,} are read")
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    tree = _BoundedTree()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.builder.data
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise VendorNonsense(f"wanted XML: {problem}") from None
    return tree.builder.close()


def _refuse_document_type(*_: Any) -> None:
    raise VendorNonsense("the XML declares a document type; such are not read")


class _BoundedTree:
    """Builds the elements, counting them."""

    def __init__(self) -> None:
        self.builder = TreeBuilder()
        self._depth = self._elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > DEEPEST or self._elements > MOST_ELEMENTS:
            raise VendorNonsense(
                f"the XML is too large: at most {MOST_ELEMENTS:,} elements, nested at most {DEEPEST} deep"
            )
        self.builder.start(_qualified(name), {_qualified(key): text for key, text in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.builder.end(_qualified(name))


def _qualified(name: str) -> str:
    """A name as ElementTree writes it: {namespace}name."""
    return f"{{{name}" if "}" in name else name
