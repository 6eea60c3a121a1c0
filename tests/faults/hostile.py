"""Files nobody meant well with, made from good ones."""

from __future__ import annotations

import io
import os
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlwt

Make = Callable[[Path, bytes], object]
"""(where to put it, the bytes of a good file of the kind the command wants) -> anything."""


def _write(data: bytes) -> Make:
    return lambda path, _good: path.write_bytes(data)


def _of_good(change: Callable[[bytes], bytes]) -> Make:
    return lambda path, good: path.write_bytes(change(good))


def packed(parts: dict[str, bytes]) -> bytes:
    """A zip with these parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def bomb() -> bytes:
    """A workbook of some 300 KB that unpacks to 300 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(b" " * 1024 * 1024)
    return out.getvalue()


def liar() -> bytes:
    """A workbook whose directory says that a part of 2 MB unpacks to ten bytes."""
    data = packed({"xl/workbook.xml": b"<workbook/>", "xl/worksheets/sheet1.xml": b" " * 2 * 1024 * 1024})
    return data.replace(struct.pack("<I", 2 * 1024 * 1024), struct.pack("<I", 10))


def locked() -> bytes:
    """A workbook under a password: a compound file with the stream that then stands in place of the zip ([MS-OFFCRYPTO])."""
    book = xlwt.Workbook()
    book.add_sheet("名册").write(0, 0, "姓名")
    out = io.BytesIO()
    book.save(out)

    def entry(name: str) -> bytes:
        wide = name.encode("utf-16-le")
        return wide.ljust(64, b"\0") + struct.pack("<H", len(wide) + 2)

    data = out.getvalue()
    assert data.count(entry("Workbook")) == 1
    return data.replace(entry("Workbook"), entry("EncryptedPackage"))


def _folder(path: Path, _good: bytes) -> None:
    path.mkdir()


def _huge(path: Path, _good: bytes) -> None:
    with path.open("wb") as file:
        file.truncate(3 * 1024**3)  # sparse: takes no room


def _loop(path: Path, _good: bytes) -> None:
    path.symlink_to(path.name)


def _pipe(path: Path, _good: bytes) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(path)


def _sealed_off(path: Path, good: bytes) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("for root every file is readable")
    path.write_bytes(good)
    path.chmod(0)


NOISE = random.Random(7).randbytes(4096)
PLACES: dict[str, Make] = {
    "missing": lambda _path, _good: None,
    "folder": _folder,
    "link to itself": _loop,
    "named pipe": _pipe,
    "unreadable": _sealed_off,
}
"""No file to read at all."""
CONTENTS: dict[str, Make] = {
    "empty": _write(b""),
    "one byte": _write(b"\x80"),
    "one letter": _write(b"a"),
    "30 MB of zeros": _write(bytes(30 * 1024 * 1024)),
    "3 GB": _huge,
    "noise": _write(NOISE),
    "PDF": _write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type /Catalog>>\nendobj\n"),
    "PNG": _write(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0"),
    "ZIP": _write(packed({"readme.txt": b"hello"})),
    "program": _write(b"\x7fELF\x02\x01\x01" + bytes(200)),
    "bomb": _write(bomb()),
    "liar": _write(liar()),
    "password": _write(locked()),
    "UTF-16 without BOM": _write("甲,乙,丙\n一,二,三\n".encode("utf-16-le")),
    "text in no encoding": _write("姓名,电话,职业\n".encode() + b"\xff\xfe\xfd\xe5" * 20),
    "bytes amid the text": _write("姓名,电话,职业,名称,单位,数量,时段,人次\n".encode() + bytes(range(256)) * 4),
    "deep JSON": _write(b"[" * 100_000),
    "JSON of somebody else": _write(b'{"type": "enrol", "signature": "00", "made": NaN}'),
    "half": _of_good(lambda good: good[: len(good) // 2]),
    "its end missing": _of_good(lambda good: good[:-1]),
    "its start missing": _of_good(lambda good: good[1:]),
    "twice": _of_good(lambda good: good + good),
}
"""A file whose content is no good."""
