"""How the webhook administration shows what is stored."""

import pytest

from crossdock.svix_api import answers


@pytest.mark.parametrize(
    ("moment_ms", "shown"),
    [
        (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        (0, "1970-01-01T00:00:00.000Z"),
        (-62_135_632_800_000, "0001-01-01T00:00:00.000Z"),
        (253_402_336_799_000, "9999-12-31T23:59:59.999Z"),
        (-(1 << 63), "0001-01-01T00:00:00.000Z"),
        ((1 << 63) - 1, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_every_stored_number_is_shown_as_a_time(moment_ms: int, shown: str):
    assert answers.time(moment_ms) == shown
