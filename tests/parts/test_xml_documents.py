"""XML is read as vendors send it; what makes XML dangerous is refused."""

import pytest

from crossdock.errors import VendorNonsense
from crossdock.kit.xml_documents import DEEPEST, LARGEST_BYTES, MOST_ELEMENTS, parse_xml

BILLION_LAUGHS = (
    b'<!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(
        b'<!ENTITY lol%d "&lol%s;&lol%s;">'
        % (n, b"%d" % (n - 1) if n > 1 else b"", b"%d" % (n - 1) if n > 1 else b"")
        for n in range(1, 30)
    )
    + b"]><lolz>&lol29;</lolz>"
)


def test_elements_attributes_texts_and_namespaces_are_read():
    root = parse_xml(
        '<?xml version="1.0" encoding="ISO-8859-1"?><a xmlns="urn:x" xmlns:y="urn:y" n="1" y:m="2">'
        "<b>Köln &amp; Ulm</b><b/>tail</a>".encode("latin-1")
    )
    assert (root.tag, root.get("n"), root.get("{urn:y}m")) == ("{urn:x}a", "1", "2")
    assert [b.text for b in root.findall("{urn:x}b")] == ["Köln & Ulm", None]


@pytest.mark.parametrize(
    "document",
    [
        BILLION_LAUGHS,
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>',
        b'<!DOCTYPE r SYSTEM "http://169.254.169.254/"><r/>',
    ],
)
def test_a_document_type_is_refused(document: bytes):
    with pytest.raises(VendorNonsense, match="declares a document type"):
        parse_xml(document)


@pytest.mark.parametrize(
    "document", [b"", b"<a>", b"<a></b>", b"{}", b"<a>&x;</a>", b"\xff\xfe<a/>", b"<a>\x00</a>"]
)
def test_what_is_no_xml_is_nonsense(document: bytes):
    with pytest.raises(VendorNonsense, match="wanted XML"):
        parse_xml(document)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<a>" * (DEEPEST + 1), "nested at most"),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", "elements"),
        (b" " * (LARGEST_BYTES + 1), "bytes"),
    ],
)
def test_what_is_larger_than_any_honest_answer_is_refused(document: bytes, why: str):
    with pytest.raises(VendorNonsense, match=why):
        parse_xml(document)
