"""Old Excel files (xls) from the outside: which cells are filled and which hold a formula, before anything parses them.

A compound file ([MS-CFB]) is a small file system; its stream "Workbook" ("Book" before 1997) is a run of records
([MS-XLS]): two bytes kind, two bytes length, content. Only lengths, positions and kinds are read here. Pure: bytes in,
numbers out.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_LAST_SECTOR = 0xFFFFFFFA
"""Sector numbers from here on are marks: end of chain, free, table sector."""
_IN_HEADER = 109
_STREAM, _ROOT = 2, 5

_EOF, _FILEPASS, _BOUNDSHEET, _MULRK, _STRINGS, _DIMENSIONS = 0x0A, 0x2F, 0x85, 0xBD, 0xFC, 0x0200
_BEGINNINGS = frozenset({0x0009, 0x0209, 0x0409, 0x0809})
_FORMULAS = frozenset({0x0006, 0x0206, 0x0406})
_CELLS = _FORMULAS | {0x0002, 0x0003, 0x0004, 0x0005, 0x0203, 0x027E, 0x0204, 0x00FD, 0x0205, 0x00D6, _MULRK}
_MOST_ROWS, _MOST_COLUMNS = 65_536, 256


class Damaged(Exception):
    """The bytes are no compound file with a readable workbook."""


class _Entry(NamedTuple):
    kind: int
    start: int
    size: int


def streams(data: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    """The streams of a compound file that bear one of the ``wanted`` names; raises Damaged."""
    try:
        return _streams(data, wanted)
    except (struct.error, IndexError) as error:
        raise Damaged from error


def _streams(data: bytes, wanted: Sequence[str]) -> dict[str, bytes]:
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise Damaged
    directory_start, small_limit, small_table, more_start = struct.unpack_from("<I4xII4xI", data, 48)
    size = 1 << shift
    table = _table(data, size, more_start)
    directory = _follow(data[size:], size, table, directory_start)
    entries: dict[str, _Entry] = {}
    for at in range(0, len(directory) - 127, 128):
        length, kind = struct.unpack_from("<HB", directory, at + 64)
        start, stream_size = struct.unpack_from("<II", directory, at + 116)
        label = directory[at : at + max(min(length, 64) - 2, 0)].decode("utf-16-le", "replace")
        entries.setdefault("" if kind == _ROOT else label, _Entry(kind, start, stream_size))
    found = {}
    for label in wanted:
        entry = entries.get(label)
        if entry is None or entry.kind != _STREAM:
            continue
        if entry.size < small_limit:
            root = entries.get("")
            if root is None or root.kind != _ROOT:
                raise Damaged
            small_numbers = _follow(data[size:], size, table, small_table)
            small = struct.unpack(f"<{len(small_numbers) // 4}I", small_numbers)
            content = _follow(_follow(data[size:], size, table, root.start), 1 << small_shift, small, entry.start)
        else:
            content = _follow(data[size:], size, table, entry.start)
        found[label] = content[: entry.size]
    return found


def _table(data: bytes, size: int, more_start: int) -> Sequence[int]:
    """The sector table: for each sector the number of the one that follows."""
    places = [place for place in struct.unpack_from(f"<{_IN_HEADER}I", data, 76) if place < _LAST_SECTOR]
    seen = set()
    while more_start < _LAST_SECTOR:
        if more_start in seen:
            raise Damaged
        seen.add(more_start)
        *more, more_start = struct.unpack_from(f"<{size // 4}I", data, (more_start + 1) * size)
        places += [place for place in more if place < _LAST_SECTOR]
    if len(places) > len(data) // size:
        raise Damaged
    numbers: list[int] = []
    for place in places:
        numbers += struct.unpack_from(f"<{size // 4}I", data, (place + 1) * size)
    return numbers


def _follow(data: bytes, size: int, table: Sequence[int], start: int) -> bytes:
    """The sectors of one chain, put together; a chain longer than the table runs in a circle."""
    pieces: list[bytes] = []
    while start < _LAST_SECTOR:
        if len(pieces) > len(table):
            raise Damaged
        pieces.append(data[start * size : (start + 1) * size])
        start = table[start]
    return b"".join(pieces)


def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(kind, where its content begins, length) of each record from ``at`` on."""
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        if at + 4 + length > len(book):
            return
        yield kind, at + 4, length
        at += 4 + length


def is_locked(book: bytes) -> bool:
    """Whether a password is needed to read the workbook."""
    for kind, _, _ in _records(book, 0):
        if kind in (_FILEPASS, _EOF):
            return kind == _FILEPASS
    return False


def sheet_starts(book: bytes) -> list[int]:
    """Where each sheet begins in the workbook stream, in workbook order; raises Damaged.

    Damaged is also a table of strings that claims more of them than there are bytes: the parser would set room aside.
    """
    starts = []
    for kind, at, length in _records(book, 0):
        if kind == _EOF:
            break
        if kind == _STRINGS and (length < 8 or struct.unpack_from("<I", book, at + 4)[0] > len(book)):
            raise Damaged
        if kind == _BOUNDSHEET:
            if length < 4:
                raise Damaged
            starts.append(struct.unpack_from("<I", book, at)[0])
    if len(set(starts)) < len(starts):
        raise Damaged
    return starts


def cells(book: bytes, start: int) -> Iterator[tuple[int, int, bool]]:
    """(row, column, is a formula) of each filled cell of the sheet that begins at ``start``, all from 0; raises Damaged."""
    depth = 0
    for kind, at, length in _records(book, start):
        # a chart inside the sheet is a sheet of its own between a beginning and an end
        depth += (kind in _BEGINNINGS) - (kind == _EOF)
        if depth <= 0:
            break
        if kind == _DIMENSIONS:
            _check_dimensions(book[at : at + length])
        elif kind in _CELLS and length >= 4:
            row, column = struct.unpack_from("<HH", book, at)
            if kind == _MULRK:
                column = max(column, struct.unpack_from("<H", book, at + length - 2)[0])
            yield row, column, kind in _FORMULAS
    else:
        raise Damaged
    if depth < 0:
        raise Damaged


def _check_dimensions(record: bytes) -> None:
    """The claimed size of a sheet, for which the parser sets room aside; row numbers of four bytes since 1997."""
    if len(record) not in (10, 14):
        raise Damaged
    first_row, rows, first_column, columns = struct.unpack_from("<IIHH" if len(record) == 14 else "<HHHH", record)
    if not (first_row <= rows <= _MOST_ROWS and first_column <= columns <= _MOST_COLUMNS):
        raise Damaged
