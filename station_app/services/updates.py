"""A new version brought on a stick: signed by the release key, checked file by file, put beside the old one, begun at the next start.

A package is a folder or a zip (alone, or with one folder around it)::

    update.json     the manifest: format, version, platform, files {path: [sha256, bytes]}, runs [paths], links {path: target}
    update.sig      128 hexadecimal digits: the ed25519 signature of ``CONTEXT`` and the manifest's bytes
    program/...     every file of the manifest, and nothing else

``packaging/release.py`` makes keys and packages. The program that runs is never written to: the new one is copied into a folder
beside it and a line in a pointer file names it (``paths.handed_over``). Power may fail at any moment; the old one begins then.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from .. import __version__
from ..errors import EnvironmentFault, Refused, StationError
from ..paths import Pointer, asset, base_folder, machine_kind

MANIFEST, SIGNATURE, INSIDE = "update.json", "update.sig", "program"
CONTEXT = b"warm-station update 1\n"
LARGEST_MANIFEST, LARGEST, MOST_FILES = 4_000_000, 2_000_000_000, 20_000
PART = 1 << 20
_VERSION = re.compile(r"\d{1,4}(\.\d{1,4}){1,3}")
_BAD = re.compile(r'[\\:*?"<>|\x00-\x1f]')
_WINDOWS = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

Progress = Callable[[int, int], None]
"""Bytes done and bytes in all; may raise Cancelled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the new program: its hash, its size, whether it is run."""

    sha256: str
    size: int
    runs: bool


@dataclass(frozen=True, slots=True)
class Update:
    """What a package brings, as its signed manifest says; nothing of it was copied yet."""

    source: Path
    version: str
    platform: str
    files: Mapping[str, Entry]
    links: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())


class _Package(Protocol):
    """A folder or a zip, alike."""

    def names(self) -> set[str]:
        """Every file in it, relative to where the manifest stands; Refused for what is no plain file."""

    def open(self, name: str) -> Any:
        """A file of it, to be read and closed."""


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> set[str]:
        found = set()
        for place, folders, files in os.walk(self._root):
            for name in (*folders, *files):
                if Path(place, name).is_symlink():
                    raise Refused("updates.extra", name=name)
            found |= {Path(place, name).relative_to(self._root).as_posix() for name in files}
        return found

    def open(self, name: str) -> Any:
        return (self._root / name).open("rb")


class _Zip:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        listed = [info.filename for info in archive.infolist() if not info.is_dir()]
        tops = {name.partition("/")[0] for name in listed}
        self._around = f"{tops.pop()}/" if MANIFEST not in listed and len(tops) == 1 else ""
        self._listed = listed

    def names(self) -> set[str]:
        found = {name.removeprefix(self._around) for name in self._listed}
        if len(found) != len(self._listed):  # one name twice: which of them would count?
            raise Refused("updates.unreadable")
        return found

    def open(self, name: str) -> Any:
        return self._archive.open(self._around + name)


@contextmanager
def _opened(source: Path) -> Iterator[_Package]:
    """The package; Refused when it cannot be read as one."""
    try:
        if source.is_dir():
            inside = [one for one in source.iterdir() if one.is_dir()]
            alone = not (source / MANIFEST).exists() and len(inside) == 1
            yield _Folder(inside[0] if alone else source)
        else:
            with zipfile.ZipFile(source) as archive:
                yield _Zip(archive)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, KeyError) as error:
        if isinstance(error, StationError):
            raise
        raise Refused("updates.unreadable") from error


def looks_like(path: Path) -> bool:
    """Whether a dropped folder or file is meant as an update: by the name of what is in it, nothing is believed yet."""
    try:
        with _opened(path) as package, package.open(MANIFEST):
            return True
    except StationError:
        return False


# --- looking -------------------------------------------------------------------------------------------------------------


def release_key() -> bytes:
    """The public key that releases are signed with; Refused when this program was built without one."""
    try:
        return bytes.fromhex(asset("release.pub").read_text("ascii").strip())
    except (OSError, ValueError):
        raise Refused("updates.no_key") from None


def look(source: Path, *, key: bytes | None = None, present: str = __version__, platform: str = "") -> Update:
    """What a package brings. Refused, with the reason, for a wrong signature, an older version, another platform, files that lack.

    The signature comes before everything: nothing of a manifest that is not ours is believed.
    """
    with _opened(source) as package:
        manifest = _read(package, MANIFEST, LARGEST_MANIFEST)
        signature = _read(package, SIGNATURE, 200)
        _check_signature(manifest, signature, release_key() if key is None else key)
        update = _parsed(source, manifest)
        if _number(update.version) <= _number(present):
            raise Refused("updates.older", theirs=update.version, ours=present)
        if update.platform != (platform or machine_kind()):
            raise Refused("updates.other_platform", theirs=update.platform, ours=platform or machine_kind())
        wanted = {MANIFEST, SIGNATURE} | {f"{INSIDE}/{name}" for name in update.files}
        there = package.names()
        if there - wanted:
            raise Refused("updates.extra", name=min(there - wanted))
        if wanted - there:
            raise Refused("updates.incomplete", name=min(wanted - there))
    return update


def _read(package: _Package, name: str, most: int) -> bytes:
    try:
        with package.open(name) as file:
            content: bytes = file.read(most + 1)
    except (OSError, KeyError):
        raise Refused("updates.incomplete", name=name) from None
    if len(content) > most:
        raise Refused("updates.unreadable")
    return content


def _check_signature(manifest: bytes, signature: bytes, key: bytes) -> None:
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey

    try:
        VerifyKey(key).verify(CONTEXT + manifest, bytes.fromhex(signature.decode("ascii").strip()))
    except (BadSignatureError, ValueError):
        raise Refused("updates.wrong_signature") from None


def _parsed(source: Path, manifest: bytes) -> Update:
    """The manifest as it must be; even a signed one leads nowhere out of its folder."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise ValueError("a name twice")
        return dict(pairs)

    try:
        told = json.loads(manifest.decode("utf-8"), object_pairs_hook=once)
        if told["format"] != 1 or not _VERSION.fullmatch(told["version"]):
            raise ValueError("another format")
        runs, links = set(told["runs"]), dict(told["links"])
        files = {
            name: Entry(str(content[0]), int(content[1]), name in runs) for name, content in dict(told["files"]).items()
        }
        platform = str(told["platform"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
        raise Refused("updates.unreadable") from None
    names = [*files, *links]
    alike = {name.casefold() for name in names}
    for name in names:
        if not _plain(name):
            raise Refused("updates.escapes", name=name)
    for name, target in links.items():
        reached = PurePosixPath(os.path.normpath(PurePosixPath(name).parent / target)).as_posix()
        if not isinstance(target, str) or _BAD.search(target) or reached.startswith(("..", "/")) or reached not in files:
            raise Refused("updates.escapes", name=name)
    sizes = [entry.size for entry in files.values()]
    if len(alike) != len(names) or len(files) > MOST_FILES or min(sizes, default=-1) < 0 or sum(sizes) > LARGEST:
        raise Refused("updates.unreadable")
    return Update(source, told["version"], platform, files, links)


def _plain(name: object) -> bool:
    """Whether this is the name of a file inside, on every system."""
    if not isinstance(name, str) or not name or len(name) > 400 or _BAD.search(name):
        return False
    parts = name.split("/")
    return all(part not in ("", ".", "..") and part == part.rstrip(". ") and not _WINDOWS.fullmatch(part) for part in parts)


def _number(version: str) -> tuple[int, ...]:
    """A version as numbers, so that 0.10 is newer than 0.9; 1.0 is 1.0.0."""
    parts = [int(part) for part in version.split(".")]
    while parts and not parts[-1]:
        parts.pop()
    return tuple(parts)


# --- putting in place ----------------------------------------------------------------------------------------------------


def install(update: Update, *, base: Path | None = None, progress: Progress = lambda _done, _total: None) -> Path:
    """Copy it beside ``base`` (this program) and have it begin at the next start; its folder.

    Every file is hashed while it is copied: what changes on the stick meanwhile is refused. EnvironmentFault where there is no
    room or no right to write. The versions before this one and the one it replaces go.
    """
    home = base or base_folder()
    pointer = Pointer(home)
    target = home.parent / f"{home.name}-{update.version}"
    part = target.with_name(f"{target.name}.part")
    try:
        if shutil.disk_usage(home.parent).free < update.size + 50_000_000:
            raise EnvironmentFault("updates.no_room", folder=str(home.parent), size=update.size // 1_000_000 + 50)
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        with _opened_to_copy(update) as package:
            _copy(update, package, part, progress)
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
        _settle(home.parent)
        pointer.point_at(target.name)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise EnvironmentFault("updates.not_written", folder=str(home.parent), reason=error.strerror or "") from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    _sweep(home, pointer)
    return target


@contextmanager
def _opened_to_copy(update: Update) -> Iterator[_Package]:
    with _opened(update.source) as package:
        yield package


def _copy(update: Update, package: _Package, part: Path, progress: Progress) -> None:
    done = 0
    for name, entry in sorted(update.files.items()):
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        told = hashlib.sha256()
        copied = 0
        try:
            source = package.open(f"{INSIDE}/{name}")
        except (OSError, KeyError):
            raise Refused("updates.incomplete", name=name) from None
        with source, place.open("xb") as file:
            while chunk := source.read(PART):
                copied += len(chunk)
                if copied > entry.size:
                    break
                told.update(chunk)
                file.write(chunk)
                done += len(chunk)
                progress(done, update.size)
            file.flush()
            os.fsync(file.fileno())
        if copied != entry.size or told.hexdigest() != entry.sha256:
            raise Refused("updates.changed", name=name)
        place.chmod(0o755 if entry.runs else 0o644)
    for name, target in update.links.items():
        place = part / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if os.name == "nt":
            shutil.copyfile(place.parent / target, place)
        else:
            place.symlink_to(target)


def _settle(folder: Path) -> None:
    """Let the disk keep what the folder lists now."""
    if os.name == "nt":
        return
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _sweep(home: Path, pointer: Pointer) -> None:
    """Versions that nobody goes back to, and copies that were never finished, are taken away; this one runs and stays."""
    running = Path(sys.executable).resolve().parent
    for old in home.parent.glob(f"{home.name}-*"):
        keeps = old.name in pointer.names or old == running
        if old.is_dir() and not keeps and re.fullmatch(r"[\d.]+(\.part)?", old.name.removeprefix(f"{home.name}-")):
            with suppress(OSError):
                shutil.rmtree(old)


def go_back(*, base: Path | None = None) -> str:
    """Begin the version before this one at the next start; what it is called. Refused when there is none."""
    pointer = Pointer(base or base_folder())
    if not pointer.names:
        raise Refused("updates.nothing_before")
    return pointer.step_back()
