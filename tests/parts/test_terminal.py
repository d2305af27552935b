"""What commands print for people: it fits on 80 columns, and what is to be copied is in one piece."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from crossdock.cli import listening, output, progress
from crossdock.cli.connecting import choose_integration, complete
from crossdock.cli.progress import Watched
from crossdock.errors import Invalid, NotFound
from crossdock.kit.fields import Field
from crossdock.kit.registry import get_integration
from crossdock.store.connections.runs import Run
from crossdock.store.jobs.queue import JobRow

UID = "97935200-6eee-4d6a-a392-277ffffe6c28"
JOB = JobRow(
    "job_1", "sync", 1, "get_inbound_shipment_suppliers", "force", "running", 0, None, None, 1, 0, None, None
)
RUN = Run(
    "job_1", 1, "get_inbound_shipment_suppliers", False, "{}", None, None, pages=1_234, received=123_456,
    created=9_999, updated=9_999, unchanged=99_999, gone=0, quarantined=0, oldest_data=None,
    newest_data=None, started_ms=0, progress_ms=10_000,
)  # fmt: skip


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal of 80 columns."""
    shown = io.StringIO()
    monkeypatch.setattr(output, "console", Console(file=shown, width=80))
    monkeypatch.setattr(output, "errors", Console(file=shown, width=80))
    return shown


def lines(screen: io.StringIO) -> list[str]:
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_a_table_leaves_out_columns_that_say_nothing(screen: io.StringIO):
    output.print_table("Keys", [{"id": "a", "name": "x", "revoked_at": None, "note": ""}], "none")
    assert lines(screen) == ["Keys", "id  name", "a   x"]


def test_the_first_column_is_never_broken(screen: io.StringIO):
    output.print_table("Connections", [{"connection_id": UID, "customer": "word " * 40}], "none")
    assert any(UID in line for line in lines(screen))
    assert max(map(len, lines(screen))) <= 80


def test_brackets_in_a_value_are_shown_as_they_are(screen: io.StringIO):
    output.print_table("Keys", [{"id": "[bold]a[/]", "name": "[/x]"}], "none")
    assert lines(screen)[-1] == "[bold]a[/]  [/x]"


def test_an_empty_table_says_what_to_do(screen: io.StringIO):
    output.print_table("Keys", [], "There are no keys yet")
    assert lines(screen) == ["There are no keys yet"]


def test_the_progress_of_a_large_sync_fits_and_names_the_function_in_one_piece(screen: io.StringIO):
    output.console.print(progress.table([Watched(JOB, RUN)]))
    assert lines(screen) == [
        "  function                       pages records     /s created updated unchanged",
        "… get_inbound_shipment_suppliers 1,234 123,456 12,346   9,999   9,999    99,999",
    ]


def test_what_is_rare_has_a_column_only_when_there_is_any(screen: io.StringIO):
    output.console.print(progress.table([Watched(JOB, replace(RUN, gone=3, quarantined=2))]))
    assert "gone" in screen.getvalue()
    assert "set aside" in screen.getvalue()


def test_a_job_that_waits_is_shown_without_numbers(screen: io.StringIO):
    output.console.print(progress.table([Watched(replace(JOB, state="queued"), None)]))
    assert lines(screen)[-1] == "· get_inbound_shipment_suppliers"


def test_every_fault_has_a_line_of_its_own(screen: io.StringIO):
    fault = Invalid({"credentials": {"url": ["needs url"], "user": ["needs [user]"]}})
    with pytest.raises(Exception, match="1"):
        output.stop(fault, as_json=False)
    assert lines(screen) == ["error: needs url", "error: needs [user]"]


def test_an_error_for_a_program_is_json(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(Exception, match="1"):
        output.stop(NotFound("there is no key 'x'"), as_json=True)
    assert capsys.readouterr().err == '{"error":"there is no key \'x\'","origin":"trackstar"}\n'


@pytest.mark.parametrize(("columns", "ids"), [(80, False), (87, False), (88, True)])
def test_a_line_of_listen_fits_the_terminal_and_no_id_is_cut(
    columns: int, ids: bool, monkeypatch: pytest.MonkeyPatch
):
    shown = io.StringIO()
    monkeypatch.setattr(output, "console", Console(file=shown, width=columns))
    cells = {"at": "03:04:05", "event": "carrier-invoice-line-item.updated", "connection": "5b9c580d"}
    row = listening.row({**cells, "id": "msg_0ERZ1RJkUvq0GVGpGnR1zfJx85Z"}, "")
    output.console.print(row)
    expected = "03:04:05  carrier-invoice-line-item.updated  5b9c580d"
    assert lines(shown) == [f"{expected}    msg_0ERZ1RJkUvq0GVGpGnR1zfJx85Z" if ids else expected]


def test_an_answer_that_listen_shows_is_not_cut_either(monkeypatch: pytest.MonkeyPatch):
    shown = io.StringIO()
    monkeypatch.setattr(output, "console", Console(file=shown, width=80))
    output.console.print(
        listening.row(
            {"at": "03:04:05", "event": "order.created", "answer": "no answer within 15 s at all"}, ""
        )
    )
    assert [line[45:] for line in lines(shown)] == ["no answer within 15 s", "at all"]


def test_a_terminal_asks_for_the_source_first_and_then_for_what_that_needs():
    answers = {"source": "sftp", "sftp_host": "files.example", "sftp_user": "acme", "sftp_password": "p"}
    answers["sftp_fingerprint"] = "SHA256:x"
    texts: list[str] = []

    def ask(field: Field) -> str:
        texts.append(field.key)
        return answers[field.key]

    assert complete(get_integration("carrier", "ups"), {}, ask) == answers
    assert texts == list(answers)
    assert complete(get_integration("carrier", "ups"), {"source": "upload"}, ask) == {"source": "upload"}
    assert texts == list(answers)


def test_a_terminal_asks_for_a_key_where_no_password_was_given():
    fields = complete(
        get_integration("carrier", "ups"),
        {"source": "sftp", "sftp_host": "h", "sftp_user": "u", "sftp_fingerprint": "f"},
        lambda field: {"sftp_password": "", "sftp_private_key": "k"}[field.key],
    )
    assert fields["sftp_private_key"] == "k"
    assert "sftp_password" not in fields


@pytest.mark.parametrize("name", ["dhl-ecom", "dhl_ecom"])
def test_an_integration_is_chosen_by_its_id_or_its_folder(name: str):
    assert choose_integration(name, None).slug == "dhl-ecom"
