"""Which operation a request is about: by its method and its path."""

import pytest

from crossdock.web.router import Router

ENTRIES = [
    ("GET", "/orders", "list"),
    ("POST", "/orders", "create"),
    ("GET", "/orders/channels", "channels"),
    ("GET", "/orders/{order_id}", "one"),
    ("PUT", "/orders/{id}", "change"),
    ("POST", "/orders/sync", "sync"),
    ("GET", "/orders/{order_id}/lines/{line_id}", "line"),
    ("GET", "/{kind}/lines", "lines of a kind"),
    ("GET", "/files/{file_id:path}", "file"),
    ("POST", "/files/{file_id}/read", "read again"),
]
ROUTER = Router(ENTRIES, answers_head=True, splits_first=True)
PLAIN = Router(ENTRIES, ends_loosely=True)


def matched(method: str, path: str, raw_path: bytes = b"") -> tuple[str, dict[str, str]] | None:
    match = ROUTER.find(method, path, raw_path)
    return None if match is None else (match.target, dict(match.path_params))


@pytest.mark.parametrize(
    ("method", "path", "target", "params"),
    [
        ("GET", "/orders", "list", {}),
        ("GET", "/orders/o1", "one", {"order_id": "o1"}),
        ("PUT", "/orders/o1", "change", {"id": "o1"}),
        ("GET", "/orders/o1/lines/l2", "line", {"order_id": "o1", "line_id": "l2"}),
        ("GET", "/returns/lines", "lines of a kind", {"kind": "returns"}),
        ("HEAD", "/orders", "list", {}),
    ],
)
def test_a_path_is_found_with_its_variable_parts(method, path, target, params):
    assert matched(method, path) == (target, params)


def test_text_comes_before_names():
    assert matched("GET", "/orders/channels") == ("channels", {})
    assert matched("GET", "/orders/lines") == ("one", {"order_id": "lines"})


def test_a_text_that_is_offered_with_another_method_is_taken_for_a_name():
    assert matched("GET", "/orders/sync") == ("one", {"order_id": "sync"})


@pytest.mark.parametrize(
    "path", ["/", "", "/order", "/orders/", "//orders", "/orders//lines/l2", "/orders/o1/lines"]
)
def test_what_nothing_is_offered_at_is_not_found(path):
    assert matched("GET", path) is None
    assert ROUTER.methods(path) == []


def test_a_path_says_which_methods_it_is_offered_with():
    assert ROUTER.methods("/orders") == ["GET", "HEAD", "POST"]
    assert PLAIN.methods("/orders/") == ["GET", "POST"]
    assert matched("DELETE", "/orders") is None


@pytest.mark.parametrize("file_id", ["a", "a/b", "a/b/read", ""])
def test_a_part_that_may_have_slashes_takes_all_that_follows(file_id):
    assert matched("GET", f"/files/{file_id}") == ("file", {"file_id": file_id})
    assert matched("GET", "/files") is None


def test_paths_below_a_part_that_may_have_slashes_come_first():
    assert matched("POST", "/files/a/read") == ("read again", {"file_id": "a"})


@pytest.mark.parametrize(
    ("raw_path", "target", "params"),
    [
        (b"/orders/a%2Fb", "one", {"order_id": "a/b"}),
        (b"/orders/a%2fb?x=%2F", "one", {"order_id": "a/b"}),
        (b"/orders/%C3%A9%2F/lines/l", "line", {"order_id": "é/", "line_id": "l"}),
        (b"/files/a%2Fb/c", "file", {"file_id": "a/b/c"}),
        (b"/orders%2Fchannels", "channels", {}),
    ],
)
def test_an_id_may_have_slashes_where_they_are_sent_as_such(raw_path, target, params):
    path = (
        raw_path.partition(b"?")[0]
        .replace(b"%2F", b"/")
        .replace(b"%2f", b"/")
        .replace(b"%C3%A9", "é".encode())
    )
    assert matched("GET", path.decode(), raw_path) == (target, params)


def test_slashes_at_the_end_may_mean_nothing():
    match = PLAIN.find("GET", "/orders/o1//")
    assert match is not None
    assert (match.target, match.path_params) == ("one", {"order_id": "o1"})
    assert PLAIN.find("HEAD", "/orders") is None
