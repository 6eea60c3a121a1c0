"""Files between the houses: sealed bytes that lie about, are copied, mangled and lost.

In memory most of the time, with the checks of the worker done in this process; in ``Folder`` they are real files, opened by the
real worker. Both sides of the real code reach them by the same two doors: ``carry.write_file`` and an opener.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from station_app.sync import carry, opening


class Crash(BaseException):
    """The program is gone in the middle of its work."""


class Memory:
    """Sticks as bytes by path. ``crash`` lets the next write die "before" or "after" the file stands there."""

    def __init__(self) -> None:
        self.files: dict[Path, bytes] = {}
        self.crash = ""
        self.last = Path()
        """The file written last."""

    def write(self, folder: Path, name: str, data: bytes, progress: object = None) -> carry.Written:
        """In the place of ``carry.write_file``."""
        crash, self.crash = self.crash, ""
        if crash == "before":
            raise Crash
        self.last = path = folder / name
        self.files[path] = bytes(data)
        if crash == "after":
            raise Crash
        return carry.Written(path, len(data), hashlib.sha256(data).hexdigest())

    def read(self, path: Path, cap: int = 0) -> bytes:
        """In the place of ``carry.read_file``."""
        return self.files[path]

    def move(self, path: Path, fresh: Path) -> None:
        """Give a file another path."""
        self.files[fresh] = self.files.pop(path)

    def put(self, path: Path, data: bytes) -> None:
        """Lay a file on a stick."""
        self.files[path] = data

    def open_carrier(self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> opening.Opened:
        """As ``Opener.open_carrier``, in this process."""
        data = opening.check("batches", self.files[path], list(identities), verify_keys)
        return opening.read_batches(data, verify_keys)

    def open_pack(
        self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]
    ) -> opening.OpenedPack:
        """As ``Opener.open_pack``, in this process."""
        data = opening.check("pack", self.files[path], list(identities), verify_keys)
        return opening.read_pack(data, verify_keys)


class Folder(Memory):
    """Sticks as real folders, written by ``carry.write_file`` itself and opened by the real worker."""

    def __init__(self, opener: opening.Opener) -> None:
        super().__init__()
        self._opener = opener
        self._write = carry.write_file

    def write(self, folder: Path, name: str, data: bytes, progress: Any = None) -> carry.Written:
        """Through the real door, with the same crashes."""
        crash, self.crash = self.crash, ""
        if crash == "before":
            raise Crash
        written = self._write(folder, name, data, progress)
        self.last = written.path
        if crash == "after":
            raise Crash
        return written

    def read(self, path: Path, cap: int = 1 << 25) -> bytes:
        """The bytes on the stick."""
        return path.read_bytes()

    def move(self, path: Path, fresh: Path) -> None:
        """Give a file another path."""
        path.replace(fresh)

    def put(self, path: Path, data: bytes) -> None:
        """Lay a file on a stick."""
        path.write_bytes(data)

    def open_carrier(self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]) -> opening.Opened:
        """Through the worker."""
        return self._opener.open_carrier(path, identities, verify_keys)

    def open_pack(
        self, path: Path, identities: Iterable[str], verify_keys: Mapping[bytes, bytes]
    ) -> opening.OpenedPack:
        """Through the worker."""
        return self._opener.open_pack(path, identities, verify_keys)


def mangled(data: bytes, chance: random.Random) -> bytes:
    """What a bad stick makes of a file: bits turned, cut short, a hole of zeros, another file's end, nothing at all."""
    way = chance.randrange(6)
    at = chance.randrange(len(data))
    if way <= 1:
        return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
    if way == 2:
        return data[:at]
    if way == 3:
        size = min(chance.randrange(1, 4096), len(data) - at)
        hole = bytes(size)
        return b"" if data[at : at + size] == hole else data[:at] + hole + data[at + size :]
    if way == 4:
        return data + data[at:]
    cut = sorted(chance.sample(range(len(data) + 1), 2))
    turned = data[: cut[0]] + data[cut[0] : cut[1]][::-1] + data[cut[1] :]
    return data[:-1] if turned == data else turned
