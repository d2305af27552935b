"""The limits of tools/structure.py hold for the package, and what measures them can be relied on."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tools import structure

FIXTURE_FILES = {
    "crossdock/first.py": """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from crossdock.second import Shelf
        class Parcel: ...
        class Client: ...
        def weigh(parcel, one):
            for other in parcel:
                total = other
    """,
    "crossdock/second.py": """
        from crossdock import first
        class Shelf:
            def __init__(self):
                self.found = [place for place in range(3)]
        def late():
            import crossdock.third
    """,
    "crossdock/third.py": """
        # Blue-Box is a vendor; look-ups and blueboxes are none.
        import crossdock.second
        class Parcel: ...
        class Client: ...
    """,
    "crossdock/integrations/blue_box/manifest.toml": "",
    "crossdock/integrations/blue_box/client.py": "BLUE_BOX = 'ups'",
    "crossdock/integrations/ups/manifest.toml": "",
    "tests/test_all.py": "assert True",
}


@pytest.fixture(scope="module")
def measurements() -> Mapping[str, structure.Measurement]:
    return structure.measure()


@pytest.fixture
def checkout(tmp_path: Path) -> Mapping[str, structure.Measurement]:
    for path, text in FIXTURE_FILES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            "\n".join(line[8:] if line[:8].isspace() else line for line in text.splitlines()) + "\n"
        )
    return structure.measure(tmp_path)


@pytest.mark.parametrize("name", structure.LIMITS)
def test_the_package_keeps_to_the_limit(name: str, measurements: Mapping[str, structure.Measurement]):
    culprits = "\n".join(measurements[name].culprits[: structure.LONGEST_LIST])
    assert name not in structure.broken(measurements), culprits


def test_what_does_not_hold_yet_is_a_limit():
    assert set(structure.NOT_YET) <= set(structure.LIMITS)


def test_imports_for_types_make_a_cycle_and_imports_inside_functions_make_none(
    checkout: Mapping[str, structure.Measurement],
):
    assert checkout["import_cycle"] == structure.Measurement(2, ["crossdock.first", "crossdock.second"])


def test_parameters_loops_comprehensions_and_attributes_count_as_bindings(
    checkout: Mapping[str, structure.Measurement],
):
    assert sorted(checkout["pronouns"].culprits) == [
        "1 crossdock/first.py one",
        "1 crossdock/first.py other",
        "1 crossdock/second.py found",
        "1 crossdock/second.py place",
    ]
    assert checkout["pronouns"].value == pytest.approx(100 * 4 / 7, abs=0.01)


def test_a_class_name_is_used_once_but_for_the_contract_of_integrations(
    checkout: Mapping[str, structure.Measurement],
):
    assert checkout["class_names"].culprits == ["Parcel: crossdock/first.py:5, crossdock/third.py:4"]


def test_a_vendor_counts_as_a_word_outside_its_folder(checkout: Mapping[str, structure.Measurement]):
    assert checkout["vendor_names"].culprits == [
        "crossdock/third.py:2 blue_box",
        "crossdock/integrations/blue_box/client.py:1 ups",
    ]


@pytest.mark.parametrize(
    ("line", "is_named"),
    [
        ("DhlExpress()", True),
        ("from integrations.dhl_express import read", True),
        ("# DHL Express rounds", True),
        ("a dhlexpressed parcel", False),
        ("by non-dhl-express", False),
    ],
)
def test_a_name_is_recognised_in_any_spelling(line: str, is_named: bool):
    assert structure.names("dhl_express", line) is is_named


def test_the_check_fails_and_says_what_breaks_a_limit(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    checkout: Mapping[str, structure.Measurement],
):
    monkeypatch.setattr(structure, "NOT_YET", {})
    monkeypatch.setattr(structure, "measure", lambda: checkout)
    assert structure.main(["--check"]) == 1
    assert "Parcel: crossdock/first.py:5, crossdock/third.py:4" in capsys.readouterr().err


def test_a_docstring_that_begins_with_a_pronoun_is_named(tmp_path: Path):
    file = tmp_path / "crossdock" / "first.py"
    file.parent.mkdir()
    file.write_text(
        'def wait():\n    """What is waited for."""\n\n\ndef add():\n    """Add what is missing."""\n'
    )
    assert structure.measure(tmp_path)["docstrings"].culprits == ["crossdock/first.py:1 wait"]
