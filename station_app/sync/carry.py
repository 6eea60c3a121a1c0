"""To a stick and back: written so that "you may unplug it" is true, read with a cap. Knows nothing of what files mean.

Writing goes to a temporary name in the target folder, flushes and fsyncs, renames, and reads back through a fresh
handle (past the cache where the system can) to compare hashes; only then is it done. Whatever fails, the temporary file
goes and a file that stood there under that name before stays as it was until the rename.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..errors import Bug, EnvironmentFault, Refused

CHUNK = 256 * 1024
PATIENCE = 2.0
"""Seconds to keep trying while another program (an antivirus scanner) holds a file on Windows (SYNC.md section 5)."""

_PLAIN = re.compile(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,80}\Z")
_SHARING = (5, 32, 33)  # ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
T = TypeVar("T")

Progress = Callable[[int, int], None]
"""(bytes done, bytes in all), the read-back counted too; may raise Cancelled to stop, which leaves nothing behind."""


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was read back and is what was meant: where, its length in bytes, its SHA-256 in hex."""

    path: Path
    bytes: int
    sha256: str


def write_file(folder: Path, name: str, data: bytes, progress: Progress | None = None) -> Written:
    """Write ``data`` as ``folder / name`` and prove it by reading it back.

    Raises EnvironmentFault ``folder_missing``, ``disk_full``, ``read_only``, ``file_held``, ``not_written`` or
    ``readback_differs``; Cancelled when ``progress`` does. ``name`` is ASCII and no path.
    """
    if not _PLAIN.match(name):
        raise Bug("a file name for a stick is plain ASCII")
    if not folder.is_dir():
        raise EnvironmentFault("sync_files.folder_missing", folder=str(folder))
    target = folder / name
    fresh = folder / f".{name}.{os.urandom(4).hex()}.part"
    tell = progress or _quiet
    meant = hashlib.sha256(data).hexdigest()
    _sweep(folder, name)
    try:
        with _faults(name, folder):
            _write(fresh, data, tell)
            _patiently(lambda: fresh.replace(target))
            _sync_folder(folder)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise
    with _faults(name, folder):
        found = _patiently(lambda: _hash_again(target, len(data), tell))
    if found != meant:
        with suppress(OSError):
            target.unlink(missing_ok=True)
        raise EnvironmentFault("sync_files.readback_differs", name=name)
    return Written(target, len(data), meant)


def _write(fresh: Path, data: bytes, tell: Progress) -> None:
    view, total = memoryview(data), 2 * len(data)
    with fresh.open("xb", buffering=0) as out:
        done = 0
        while done < len(view):
            done += out.write(view[done : done + CHUNK])
            tell(done, total)
        os.fsync(out.fileno())


def _hash_again(path: Path, size: int, tell: Progress) -> str:
    """SHA-256 of what is on the stick, not of what the system still remembers of it."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as back:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(back.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        done = 0
        while piece := back.read(CHUNK):
            digest.update(piece)
            done += len(piece)
            tell(size + min(done, size), 2 * size)
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    """Make the rename durable where a folder can be synced (not on Windows, not on every file system of a stick)."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _quiet(_done: int, _total: int) -> None:
    pass


def _patiently(step: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """``step``, tried again for ``PATIENCE`` seconds while Windows says that another program holds the file."""
    waited = 0.0
    while True:
        try:
            return step()
        except OSError as error:
            if getattr(error, "winerror", None) not in _SHARING or waited >= PATIENCE:
                raise
            pause(0.05)
            waited += 0.05


@contextmanager
def _faults(name: str, folder: Path) -> Iterator[None]:
    """What the system says, as a sentence for the keeper."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise EnvironmentFault("sync_files.disk_full", folder=str(folder)) from error
        if getattr(error, "winerror", None) in _SHARING:
            raise EnvironmentFault("sync_files.file_held", name=name) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise EnvironmentFault("sync_files.read_only", folder=str(folder)) from error
        if not folder.is_dir():  # pulled out in the middle
            raise EnvironmentFault("sync_files.folder_missing", folder=str(folder)) from error
        raise EnvironmentFault("sync_files.not_written", name=name, reason=error.strerror or "") from error


# --- reading ---------------------------------------------------------------------------------------------------------


def _sweep(folder: Path, name: str) -> None:
    """Remove what a write that was killed left behind: unfinished files of the same sender."""
    left = re.compile(rf"\A\.{re.escape(name.partition('-')[0])}-.*\.[0-9a-f]{{8}}\.part\Z")
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if left.match(entry.name):
                Path(entry.path).unlink(missing_ok=True)


def read_file(path: Path, cap: int) -> bytes:
    """The content of a file of at most ``cap`` bytes.

    Raises Refused ``file_missing``, ``too_big`` or ``empty_file``; EnvironmentFault ``not_read``.
    """
    try:
        # no waiting at a pipe or device that somebody named like a batch
        if not path.is_file():
            raise Refused("sync_files.file_missing", name=path.name)
        data = _patiently(lambda: _read(path, cap + 1))
    except OSError as error:
        raise EnvironmentFault("sync_files.not_read", name=path.name, reason=error.strerror or "") from error
    if len(data) > cap:
        raise Refused("sync_files.too_big", name=path.name)
    if not data:
        raise Refused("sync_files.empty_file", name=path.name)
    return data


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size >= most:
            return bytes(most)  # too big whatever it says; not read
        return file.read(most)


def find_batches(folder: Path) -> list[Path]:
    """The files in ``folder`` (not below it) whose names are those of stations' carriers, sorted by name."""
    return _named(folder, re.compile(r"\A[A-Z0-9]{1,16}-[0-9]{8}-[0-9]{1,12}(-[0-9]{1,4}of[0-9]{1,4})?\.batch\Z"))


def find_packs(folder: Path, station: str) -> list[Path]:
    """The files in ``folder`` (not below it) whose names are those of packs for ``station``, by pack number."""
    found = _named(folder, re.compile(rf"\A[0-9]{{6}}-{re.escape(station)}-[0-9]{{1,12}}\.pack\Z"))
    return sorted(found, key=lambda path: int(path.stem.rpartition("-")[2]))


def _named(folder: Path, wanted: re.Pattern[str]) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if wanted.match(entry.name) and entry.is_file())
    except OSError as error:
        raise EnvironmentFault("sync_files.folder_missing", folder=str(folder)) from error
