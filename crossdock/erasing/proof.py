"""The proof of an erasure, for programs and for a spreadsheet: who, when, what kind, how many. No values."""

import csv
import io
from typing import Any

from crossdock.store.erasing.erasures import ErasureRow
from crossdock.wire import stamp


def described(erasure: ErasureRow) -> dict[str, Any]:
    """An erasure as the API and the command line show it."""
    progress = erasure.progress
    return {
        "id": erasure.id,
        "mode": erasure.mode,
        "state": erasure.state,
        "source": erasure.source,
        "requested_by": erasure.actor,
        "kinds": erasure.kinds,
        "digests": [{"kind": kind, "digest": digest} for kind, digest in erasure.digests],
        "counts": erasure.counts,
        "examples": erasure.examples,
        "progress": " ".join(map(str, progress.get("task") or ())) if erasure.ended_ms is None else "",
        "created_date": stamp(erasure.created_ms),
        "updated_date": stamp(erasure.updated_ms),
        "ended_date": None if erasure.ended_ms is None else stamp(erasure.ended_ms),
    }


def as_csv(erasure: ErasureRow) -> str:
    """A line for each place, with what holds for all of the erasure on each."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    names = ("id", "mode", "state", "requested_by", "created_date", "ended_date")
    writer.writerow([*names, "identifiers", "place", "count"])
    shown = described(erasure)
    identifiers = " ".join(f"{kind}:{digest}" for kind, digest in erasure.digests)
    for place, count in sorted(erasure.counts.items()) or [("", 0)]:
        writer.writerow([*(shown[name] or "" for name in names), identifiers, place, count])
    return text.getvalue()
