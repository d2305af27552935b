"""A rule is there once: what refuses something says so in one place, whoever asks."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from crossdock import errors

ROOT = Path(__file__).parents[2] / "crossdock"
FILES = [file for file in sorted(ROOT.rglob("*.py")) if not file.is_relative_to(ROOT / "integrations")]
"""All but vendors: each says in its own words what is refused."""
ERRORS = {name for name, value in vars(errors).items() if isinstance(value, type)}
FEWEST_WORDS = 5
"""Shorter messages ("the file is empty") are no rules. What is put in does not count."""


def messages(file: Path) -> Iterator[str]:
    """The texts that errors are made of, with {} for whatever is put in."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and _called(node) in ERRORS:
            for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
                yield from _texts(argument)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                yield from _texts(child)


def test_what_is_refused_is_said_by_one_package():
    packages = defaultdict[str, set[str]](set)
    for file in FILES:
        for message in messages(file):
            if len(message.replace("{}", "").split()) >= FEWEST_WORDS:
                packages[message].add(file.relative_to(ROOT).parts[0])
    assert "Endpoint {} is not implemented for {}" in packages
    assert {message: sorted(names) for message, names in packages.items() if len(names) > 1} == {}


def test_switches_are_asked_by_the_rules_and_not_by_handlers():
    """What a connection offers is said by `connections/capabilities.py`; syncs ask what to queue."""
    askers = {
        file.relative_to(ROOT).parts[0] for file in FILES if ".is_off(" in file.read_text(encoding="utf-8")
    }
    assert askers == {"connections", "sync"}


def test_webhooks_are_managed_by_work_that_is_done_again_where_other_transactions_undid_it():
    """`Database.transact`, and not a transaction that tells the caller to come again."""
    files = sorted((ROOT / "svix_api").rglob("*.py"))
    texts = {file.name: file.read_text() for file in files}
    assert any(".transact(" in text for text in texts.values())
    assert [name for name, text in texts.items() if ".transaction()" in text] == []
