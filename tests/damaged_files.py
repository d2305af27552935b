"""Invoice files, damaged in the ways that mail, spreadsheets and people do: text in, text out, by chance."""

import csv
import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping

Damage = Callable[[random.Random, str], str]

CELLS = (
    "", " ", "N/A", "n/a", "-", "--", "INF", "NaN", "1e400", "1,234.5", "1.234,56", "(1.00)", "1.00-", "€ 3",
    "=1+1", "#REF!", '"', '""', "\n", "a\nb", "a\r\nb", "\t", ";", ",", "sep=;", "0", "-0", "9" * 400,
    "1.5.2",
    "2026-02-30", "30.02.2026", "2026-02-03T00:00:00", "99999999", "\x1e", "\ufeff", "\u00a0", "é",
    "😀", "x" * 500,
)  # fmt: skip

DELIMITERS = ",;\t|"


def _records(text: str) -> list[list[str]]:
    return [*csv.reader(io.StringIO(text), delimiter=_delimiter(text))]


def _delimiter(text: str) -> str:
    return max(DELIMITERS, key=text.partition("\n")[0].count)


def _written(records: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(records)
    return out.getvalue()


def _in_records(change: Callable[[random.Random, list[list[str]]], None]) -> Damage:
    def damage(chance: random.Random, text: str) -> str:
        try:
            records = _records(text)
        except csv.Error:
            return text
        if not records or not any(records):
            return text
        change(chance, records)
        return _written(records, _delimiter(text))

    return damage


def _some(chance: random.Random, records: list[list[str]]) -> list[str]:
    return chance.choice([record for record in records if record])


def _replace_cell(chance: random.Random, records: list[list[str]]) -> None:
    record = _some(chance, records)
    record[chance.randrange(len(record))] = chance.choice(CELLS)


def _drop_cell(chance: random.Random, records: list[list[str]]) -> None:
    record = _some(chance, records)
    del record[chance.randrange(len(record))]


def _add_cells(chance: random.Random, records: list[list[str]]) -> None:
    _some(chance, records).extend(["", chance.choice(CELLS)][: chance.randint(1, 2)])


def _trailing_cells(chance: random.Random, records: list[list[str]]) -> None:
    for record in records[chance.randint(0, 1) :]:
        record.append("")


def _drop_column(chance: random.Random, records: list[list[str]]) -> None:
    position = chance.randrange(len(records[0]) or 1)
    for record in records:
        del record[position : position + 1]


def _move_column(chance: random.Random, records: list[list[str]]) -> None:
    here, there = (chance.randrange(len(records[0]) or 1) for _ in "ab")
    for record in records:
        if len(record) > max(here, there):
            record[here], record[there] = record[there], record[here]


def _repeat_row(chance: random.Random, records: list[list[str]]) -> None:
    records.insert(chance.randint(0, len(records)), [*chance.choice(records)])


def _drop_row(chance: random.Random, records: list[list[str]]) -> None:
    del records[chance.randrange(len(records))]


def _blank_row(chance: random.Random, records: list[list[str]]) -> None:
    records.insert(chance.randint(0, len(records)), [""] * chance.randint(0, 3))


def _rename_header(chance: random.Random, records: list[list[str]]) -> None:
    position = chance.randrange(len(records[0]) or 1)
    if records[0]:
        records[0][position] = chance.choice((str.upper, str.lower, str.title, lambda text: f" {text} "))(
            records[0][position]
        )


def _cut_off(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _insert(chance: random.Random, text: str) -> str:
    position = chance.randrange(len(text) + 1)
    return text[:position] + chance.choice(CELLS) + text[position:]


def _overwrite(chance: random.Random, text: str) -> str:
    position = chance.randrange(len(text) + 1)
    return (
        text[:position]
        + chr(chance.choice((34, 10, 13, 44, 59, 9, 65, 48, 233, 8364)))
        + text[position + 1 :]
    )


def _other_delimiter(chance: random.Random, text: str) -> str:
    return text.replace(_delimiter(text), chance.choice(DELIMITERS))


def _other_newline(chance: random.Random, text: str) -> str:
    return text.replace("\n", chance.choice(("\r\n", "\r", "\n\n", "\r\r\n")))


def _twice(_: random.Random, text: str) -> str:
    return text + text


DAMAGES: tuple[Damage, ...] = (
    *map(
        _in_records,
        (
            _replace_cell, _replace_cell, _replace_cell, _drop_cell, _add_cells, _trailing_cells,
            _drop_column,
            _move_column, _repeat_row, _drop_row, _blank_row, _rename_header,
        ),
    ),
    _cut_off, _insert, _overwrite, _other_delimiter, _other_newline, _twice,
)  # fmt: skip


def damaged(samples: list[str], count: int, seed: int) -> Iterator[bytes]:
    """So many files, each one of the samples with one to four damages."""
    chance = random.Random(seed)
    for _ in range(count):
        text = chance.choice(samples)
        for _ in range(chance.choice((1, 1, 2, 3, 4))):
            text = chance.choice(DAMAGES)(chance, text)
        yield text.encode(chance.choice(("utf-8", "utf-8", "utf-8-sig", "cp1252")), "replace")


WORDS = (
    b"<c", b"</c>", b"<row", b"</row>", b"<v>", b"<f>1+1</f>", b't="s"', b't="b"', b't="e"', b't="d"',
    b'r="A1"', b'r="XFE1"', b"<sheetData>", b"</sheetData>", b"<is><t>x</t></is>", b"99999999999", b"-1", b"",
    b"&#0;", b"&x;",
)  # fmt: skip


# Fields of a ZIP's headers, as (offset, bytes): versions, flags, ways of packing, sizes, offsets.
ZIP_FIELDS = {
    b"PK\x01\x02": ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)),
    b"PK\x03\x04": ((4, 2), (6, 2), (8, 2), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x05\x06": ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}
ZIP_NUMBERS = (0, 1, 2, 8, 12, 14, 63, 64, 99, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF)


def damaged_workbooks(whole_content: bytes, count: int, seed: int) -> Iterator[bytes]:
    """So many workbooks, damaged as archives, or in a part of them that is packed again."""
    chance = random.Random(seed)
    fields = [*_zip_fields(whole_content)]
    for _ in range(count):
        kind = chance.random()
        if kind < 0.3:
            broken = bytearray(whole_content)
            for _ in range(chance.choice((1, 2, 8))):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            yield bytes(broken[: chance.choice((None, None, chance.randrange(len(broken))))])
        elif kind < 0.5:
            yield _with_other_headers(chance, whole_content, fields)
        else:
            yield _repacked(chance, whole_content)


def _zip_fields(whole_content: bytes) -> Iterator[tuple[int, int]]:
    for signature, fields in ZIP_FIELDS.items():
        for header in re.finditer(re.escape(signature), whole_content):
            for offset, size in fields:
                yield header.start() + offset, size


def _with_other_headers(chance: random.Random, whole_content: bytes, fields: list[tuple[int, int]]) -> bytes:
    broken = bytearray(whole_content)
    for _ in range(chance.choice((1, 1, 2, 3))):
        start, size = chance.choice(fields)
        before = int.from_bytes(broken[start : start + size], "little")
        number = chance.choice((*ZIP_NUMBERS, before - 100, before - 1, before + 1, before + 100))
        broken[start : start + size] = (number % (1 << 8 * size)).to_bytes(size, "little")
    return bytes(broken)


def _repacked(chance: random.Random, whole_content: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(whole_content)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    hit = chance.choice((*parts, *[name for name in parts if "sheet" in name] * 8))
    if chance.random() < 0.1:
        del parts[hit]
        return zipped(parts)
    content = parts[hit]
    for _ in range(chance.choice((1, 1, 3))):
        start = chance.randrange(len(content) + 1)
        end = start + chance.choice((0, 0, 1, 5, 40))
        content = content[:start] + chance.choice(WORDS) + content[end:]
    return zipped(parts | {hit: content})


def zipped(parts: Mapping[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    """An archive of these parts; the same bytes whenever it is made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in parts.items():
            target.writestr(zipfile.ZipInfo(name), content, packing)
    return out.getvalue()
