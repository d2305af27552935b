"""Tables are read out of any bytes that hold one, in bounded memory, and nothing else is."""

import errno
import gzip
import io
import re
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from crossdock.errors import FileRefused
from crossdock.invoices import sheets, tables
from crossdock.invoices.tables import BrokenRecord, open_table
from tests.damaged_files import zipped


def records(tmp_path: Path, content: bytes, delimiter: str = ","):
    path = tmp_path / "table"
    path.write_bytes(content)
    return list(open_table(path).records(delimiter))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
        (b"\xef\xbb\xbfa,b\n", [["a", "b"]]),
        ("Größe,€\n".encode(), [["Größe", "€"]]),
        ("Größe,€\n".encode("cp1252"), [["Größe", "€"]]),
        (b"\xe9\x81\n", [["é\x81"]]),
        (b'"x,1","say ""hi""","two\nlines"\n', [["x,1", 'say "hi"', "two\nlines"]]),
        (b'5" tube,a"b\n', [['5" tube', 'a"b']]),
        (b"a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
        (b"a,b\r1,2", [["a", "b"], ["1", "2"]]),
        (b"a,b\n\n1,2", [["a", "b"], [], ["1", "2"]]),
    ],
)
def test_a_table_is_read_in_any_encoding_quoting_and_line_ends(tmp_path, content, expected):
    assert records(tmp_path, content) == expected


def test_lines_that_are_longer_than_a_chunk_are_put_together(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_CHUNK", 5)
    content = 'größe,"zwei\r\nZeilen",x\r\n1,2,3'.encode()
    assert records(tmp_path, content) == [["größe", "zwei\nZeilen", "x"], ["1", "2", "3"]]


def test_a_file_that_ends_within_quotes_says_so(tmp_path):
    *before, last = records(tmp_path, b'a,b\n1,2\n3,"open\nnot a row, is it')
    assert before == [["a", "b"], ["1", "2"]]
    assert isinstance(last, BrokenRecord)
    assert "ends within a quoted cell" in last.message


def test_a_cell_without_end_is_told_and_what_follows_is_read(tmp_path):
    content = b'a,b\n"' + b"x\n" * 70_000 + b'1,2\n3,4\n"5",6\n'
    found_records = records(tmp_path, content)
    [broken] = [record for record in found_records if isinstance(record, BrokenRecord)]
    assert "never closed" in broken.message
    assert found_records[-1] == ["5", "6"]


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n\n", "is empty"),
        (b"a,b\n1,\x002\n", "byte 7 of the file is zero"),
        (b"%PDF-1.7 a,b", "PDF"),
        (gzip.compress(b"a,b", mtime=0), "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel"),
        ("a,b".encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path, content, value):
    with pytest.raises(FileRefused, match=value):
        records(tmp_path, content)


def test_a_line_without_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "LONGEST_LINE", 1000)
    monkeypatch.setattr(tables, "_CHUNK", 100)
    path = tmp_path / "table"
    path.write_bytes(b"a,b\n" + b"x" * 1_000_000)
    walk = open_table(path).records(",")
    with pytest.raises(FileRefused, match="line 2 is longer than 1,000 bytes"):
        list(walk)
    assert walk.position < 20_000


# Workbooks


def workbook(tmp_path: Path, *rows: list) -> Path:
    book, path = Workbook(write_only=True), tmp_path / "table.xlsx"
    sheet = book.create_sheet("Invoice")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def packed(tmp_path: Path, **parts: bytes) -> Path:
    """A workbook with some parts replaced; in names "__" stands for "/"."""
    good, path = workbook(tmp_path, ["a"]), tmp_path / "bad.xlsx"
    replaced = {name.replace("__", "/") + ".xml": content for name, content in parts.items()}
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for zip_info in source.infolist():
            target.writestr(zip_info.filename, replaced.pop(zip_info.filename, b"") or source.read(zip_info))
        for name, content in replaced.items():
            target.writestr(name, content)
    return path


def test_cells_of_a_workbook_are_texts_as_typed(tmp_path):
    from datetime import datetime

    path = workbook(
        tmp_path, ["a", 1, 2.5, 0.1 + 0.2, True, None, datetime(2026, 1, 31), datetime(2026, 1, 31, 9, 5)]
    )
    assert list(open_table(path).records(",")) == [
        ["a", "1", "2.5", "0.3", "TRUE", "", "2026-01-31", "2026-01-31 09:05:00"]
    ]


def test_three_decimals_of_a_workbook_are_not_taken_for_thousands(tmp_path):
    assert list(open_table(workbook(tmp_path, [1.234])).records(",")) == [["1.2340"]]


def test_numbers_that_excel_has_rounded_are_marked(tmp_path):
    [row] = open_table(workbook(tmp_path, ["x", 1.2345678901234567e21])).records(",")
    assert isinstance(row, sheets.SheetRow)
    assert row.flaws == [(1, sheets.ROUNDED)]


def test_a_second_sheet_with_content_is_refused_an_empty_one_is_not(tmp_path):
    for content, is_refused in (([], False), (["b"], True)):
        book, path = Workbook(write_only=True), tmp_path / "two.xlsx"
        book.create_sheet("Invoice").append(["a"])
        book.create_sheet("Totals").append(content)
        book.save(path)
        if is_refused:
            with pytest.raises(FileRefused, match="'Totals'"):
                list(open_table(path).records(","))
        else:
            assert list(open_table(path).records(",")) == [["a"]]


def test_an_archive_that_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("ups.csv", "a,b")
    with pytest.raises(FileRefused, match="ZIP archive"):
        open_table(path)


def test_a_workbook_that_unpacks_to_far_more_than_it_should_is_refused(tmp_path):
    path = packed(tmp_path, xl__worksheets__sheet1=b"<row>" + b" " * (64 << 20))
    assert path.stat().st_size < 1 << 17
    with pytest.raises(FileRefused, match="far more than it should"):
        open_table(path)


def test_a_workbook_with_a_row_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sheets, "LONGEST_ROW", 1 << 18)
    monkeypatch.setattr(sheets, "_CHUNK", 1 << 16)
    cells = b"".join(b"<c><v>%d</v></c>" % number for number in range(40_000))
    with pytest.raises(FileRefused, match=r"a row in xl/worksheets/sheet1\.xml is longer"):
        open_table(packed(tmp_path, xl__worksheets__sheet1=b"<worksheet><sheetData><row>" + cells))


def test_a_workbook_that_declares_entities_is_refused(tmp_path):
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(FileRefused, match=r"XML entities in xl/sharedStrings\.xml"):
        open_table(packed(tmp_path, xl__sharedStrings=laughs))


def test_a_workbook_with_a_row_of_an_absurd_number_is_refused(tmp_path):
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="99999999999"><c r="A99999999999"><v>1</v></c></row>'
        b"</sheetData></worksheet>"
    )
    with pytest.raises(FileRefused, match=r"beyond what a sheet can have|damaged"):
        list(open_table(packed(tmp_path, xl__worksheets__sheet1=sheet)).records(","))


@pytest.mark.parametrize("cut", [30, 500, 2000, 4000])
def test_a_workbook_that_was_cut_off_is_refused(tmp_path, cut):
    path = workbook(tmp_path, ["a", "b"])
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FileRefused):
        list(open_table(path).records(","))


def test_a_workbook_whose_parts_are_no_xml_is_refused(tmp_path):
    for part in ("xl__worksheets__sheet1", "xl__workbook", "xl__styles"):
        with pytest.raises(FileRefused, match="damaged"):
            list(open_table(packed(tmp_path, **{part: b"<not closed"})).records(","))


def test_bytes_that_only_look_like_a_workbook_are_refused(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK\x03\x04" + io.BytesIO(b"x" * 1000).read())
    with pytest.raises(FileRefused, match="damaged"):
        open_table(path)


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_part_that_is_packed_as_in_no_workbook_is_refused_before_it_is_unpacked(tmp_path, packing):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(workbook(tmp_path, ["a"])) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    path.write_bytes(zipped(parts, packing))
    with pytest.raises(FileRefused, match="packed in a way that workbooks are not"):
        open_table(path)


def test_a_part_that_is_said_to_lie_before_the_archive_is_damage(tmp_path):
    path = workbook(tmp_path, ["a"])
    content = bytearray(path.read_bytes())
    [end] = [match.start() for match in re.finditer(rb"PK\x05\x06", content)]
    directory = int.from_bytes(content[end + 16 : end + 20], "little")
    # Readers take this for the length of something that was put before the archive, here a negative one.
    content[end + 16 : end + 20] = (directory + 100).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="the workbook is damaged"):
        open_table(path)


class Failing(io.BufferedReader):
    """A file on a disk that fails after so many reads."""

    left = 0

    def read(self, size: int | None = -1, /) -> bytes:
        Failing.left -= 1
        if Failing.left < 0:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size)


def test_trouble_of_the_disk_is_never_taken_for_damage_of_a_workbook(tmp_path, monkeypatch):
    path, after = workbook(tmp_path, ["a", 1], ["b", 2]), 0
    monkeypatch.setattr(Path, "open", lambda path, mode: Failing(io.FileIO(path, mode)))
    while _is_cut_off(path, after):
        after += 1
    assert after > 50, "each of its reads failed once"


def _is_cut_off(path: Path, after: int) -> bool:
    """Whether reading a table ends in the disk's own error when the disk fails after so many reads."""
    Failing.left = after
    try:
        list(open_table(path).records(","))
    except OSError as problem:
        return problem.errno == errno.EIO
    return False
