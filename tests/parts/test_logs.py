"""What the process logs, and what it never does."""

import json
from collections.abc import Iterator

import pytest
import structlog

from crossdock import logs
from crossdock.config import Settings


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def fail(password: str) -> None:
    token = f"token made of {password}"
    raise ValueError(f"cannot sign in with {len(token)} letters")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_p20_a_logged_exception_tells_where_and_why_and_no_variable(
    capsys: pytest.CaptureFixture[str], log_format: str
):
    logs.configure(Settings(log_format=log_format))
    try:
        fail("hush" + "-hush")
    except ValueError:
        structlog.get_logger().exception("request failed")
    text = capsys.readouterr().err
    assert "request failed" in text
    assert "test_logs.py" in text
    assert "cannot sign in with" in text
    assert "hush-hush" not in text


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]):
    logs.configure(Settings(log_format="json"))
    structlog.get_logger().info("sync completed", pages=2)
    [line] = capsys.readouterr().err.splitlines()
    assert {"event": "sync completed", "level": "info", "pages": 2}.items() <= json.loads(line).items()


def test_less_than_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]):
    logs.configure(Settings(log_format="json", log_level="error"))
    structlog.get_logger().warning("not worth it")
    assert capsys.readouterr().err == ""
