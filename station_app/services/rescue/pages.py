"""A damaged store's file as pages: copied, each page proved by its MAC, what cannot be proved made blank.

SQLCipher 4 seals every page of 4096 bytes by itself: ciphertext, then 16 bytes of IV, then an HMAC-SHA512 over both and the
page's number. The HMAC's key follows from the database key and the salt that the file begins with
(https://www.zetetic.net/sqlcipher/design/), so pages can be proved, and sealed anew, without opening them. One page whose MAC
does not hold makes a whole connection unusable; an empty page in its place only has no rows.

Nothing is ever written to the damaged file: it is copied while nobody has it open, and the copy is worked on.
"""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import pbkdf2_hmac
from pathlib import Path
from typing import BinaryIO

from ... import db as database
from ...errors import Refused, StationError
from ...paths import DataFolder

PAGE, SALT, IV, MAC = 4096, 16, 16, 64
FRAME, JOURNAL = 24, 32
"""Bytes before each page of the write-ahead log, and before the first (https://sqlite.org/fileformat2.html, section 4)."""
SAMPLES = 64
"""Pages tried to find out whether a salt is the file's."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that opens: its file, how many pages it has, and which of them could not be proved."""

    file: Path
    pages: int
    bad: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a sound store of the same key is like: its file, the names of its tables and indexes, and a page without rows."""

    file: Path
    names: frozenset[str]
    blank: bytes


class Seal:
    """What proves the pages of one file: its key (64 hex digits) and salt (16 bytes)."""

    def __init__(self, key: str, salt: bytes) -> None:
        self.salt = salt
        self._key = pbkdf2_hmac("sha512", bytes.fromhex(key), bytes(byte ^ 0x3A for byte in salt), 2, 32)

    def holds(self, page: bytes, number: int) -> bool:
        """Whether this is, byte for byte, what was written as page ``number``."""
        return len(page) == PAGE and hmac.compare_digest(self._mac(page, number), page[-MAC:])

    def anew(self, page: bytes, number: int) -> bytes:
        """The page under a MAC that holds in this file; it was proved in another of the same key."""
        if number == 1:
            page = self.salt + page[SALT:]
        return page[:-MAC] + self._mac(page, number)

    def _mac(self, page: bytes, number: int) -> bytes:
        sealed = page[SALT if number == 1 else 0 : -MAC]
        return hmac.digest(self._key, sealed + number.to_bytes(4, "little"), "sha512")


def copy(place: DataFolder, key: str, work: Path, like: Pattern, salt: str, progress: Progress, holder: str) -> Copy:
    """Copy a store that is closed to ``work`` and make the copy readable.

    ``like`` is the newest sound backup, or a new store of the same schema; ``salt`` is that of the file as it was noted (hex, ""
    when nobody knows). Raises Refused ("rescue.nothing") when not one page can be proved or the copy does not open,
    EnvironmentFault when another program has the store or the disk says no.
    """
    file, journal = work / "copy.db", work / "copy.db-wal"
    with database.held(place.database, holder):
        size = place.database.stat().st_size
        _copied(place.database, file, lambda done: progress(done, size * 2))
        beside = place.database.with_name(f"{place.database.name}-wal")
        if beside.exists():
            _copied(beside, journal, lambda _done: None)
    frames = journal.read_bytes() if journal.exists() else b""
    journal.unlink(missing_ok=True)
    seal = _seal(file, frames, key, salt)
    bad = _prove(file, _newest(frames, seal), seal, like.blank, lambda done: progress(size + done, size * 2))
    _complete(file, key, seal, bad, like)
    return Copy(file, file.stat().st_size // PAGE, tuple(sorted(bad)))


def _copied(source: Path, target: Path, tell: Callable[[int], None]) -> None:
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(PAGE * 256):
            write.write(piece)
            tell(read.tell())


# --- the salt ------------------------------------------------------------------------------------------------------------


def _seal(file: Path, frames: bytes, key: str, noted: str) -> Seal:
    """The seal under which pages hold: by the salt in the file, in its journal, as noted, or with one bit put right."""
    samples = list(itertools.islice(_samples(file, frames), SAMPLES))
    for salt in _salts(file, frames, noted):
        seal = Seal(key, salt)
        if any(seal.holds(page, number) for number, page in samples):
            return seal
    raise Refused("rescue.nothing")


def _salts(file: Path, frames: bytes, noted: str) -> Iterator[bytes]:
    with file.open("rb") as source:
        first = source.read(SALT)
    if len(first) == SALT:
        yield first
    for number, page in _frames(frames):
        if number == 1:
            yield page[:SALT]
    if len(noted) == SALT * 2:
        yield bytes.fromhex(noted)
    if len(first) == SALT:
        whole = int.from_bytes(first, "big")
        yield from ((whole ^ 1 << bit).to_bytes(SALT, "big") for bit in range(SALT * 8))


def _samples(file: Path, frames: bytes) -> Iterator[tuple[int, bytes]]:
    """Pages from all over the file, and those of the journal."""
    count = file.stat().st_size // PAGE
    with file.open("rb") as source:
        for number in range(1, count + 1, max(1, count // (SAMPLES // 2))):
            source.seek((number - 1) * PAGE)
            yield number, source.read(PAGE)
    yield from _frames(frames)


def _frames(frames: bytes) -> Iterator[tuple[int, bytes]]:
    for at in range(JOURNAL, len(frames) - FRAME - PAGE + 1, FRAME + PAGE):
        yield int.from_bytes(frames[at : at + 4], "big"), frames[at + FRAME : at + FRAME + PAGE]


# --- the write-ahead log ---------------------------------------------------------------------------------------------------


def _newest(frames: bytes, seal: Seal) -> dict[int, bytes]:
    """The newest committed page of each number in the journal; b"" for one that cannot be proved.

    A frame belongs to this journal when it bears its salts; what stands after the last of them is older. A page of the last
    transaction that cannot be proved may be what a power cut tore off, so the one before it stands.
    """
    found = list(_frames(frames))
    marks = [frames[at + 8 : at + 16] for at in range(JOURNAL, JOURNAL + len(found) * (FRAME + PAGE), FRAME + PAGE)]
    heads = [frames[16:24], *marks[:2]]
    mine = max(heads, key=heads.count) if found else b""
    last = max((place for place, mark in enumerate(marks) if mark == mine), default=-1)
    newest: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    before: dict[int, bytes] = {}
    for place, (number, page) in enumerate(found[: last + 1]):
        at = JOURNAL + place * (FRAME + PAGE)
        right = _number(seal, page, number)
        if right:
            waiting[right] = page
        elif marks[place] == mine:
            waiting[number] = b""
        if any(frames[at + 4 : at + 8]):  # the size of the file in pages: a transaction ends here
            before = dict(newest) if b"" in waiting.values() else {}
            newest |= waiting
            waiting = {}
            torn = {number for number, page in newest.items() if not page} if place == last else set()
            for number in torn:
                if number in before:
                    newest[number] = before[number]
                else:
                    newest.pop(number)
    return newest


def _number(seal: Seal, page: bytes, number: int) -> int:
    """The number a frame's page is proved under: as written, or with one bit put right; 0 for none."""
    for guess in (number, *(number ^ 1 << bit for bit in range(32))):
        if seal.holds(page, guess):
            return guess
    return 0


# --- the pages -------------------------------------------------------------------------------------------------------------


def blank_of(file: Path, number: int) -> bytes:
    """The page of a closed store that is the root of an empty table."""
    with file.open("rb") as source:
        return _page(source, number)


def _prove(file: Path, pages: dict[int, bytes], seal: Seal, blank: bytes, tell: Callable[[int], None]) -> set[int]:
    """Bring the copy up to date, blank what cannot be proved, and say which pages that are."""
    bad: set[int] = set()
    count = max(-(-file.stat().st_size // PAGE), max(pages, default=0))
    with file.open("r+b") as source:
        for number in range(1, count + 1):
            page = pages[number] if number in pages else _page(source, number)
            if number == 1 and len(page) == PAGE:
                page = seal.salt + page[SALT:]  # under no MAC: the salt is what the others were proved by
            if not seal.holds(page, number):
                bad.add(number)
                page = seal.anew(blank, number)
            elif number == 1:
                page = seal.anew(_measured_by_file(page), 1)
            source.seek((number - 1) * PAGE)
            source.write(page)
            tell(number * PAGE)
    return bad


def _page(source: BinaryIO, number: int) -> bytes:
    source.seek((number - 1) * PAGE)
    return source.read(PAGE)


def _measured_by_file(first: bytes) -> bytes:
    """The first page with one bit changed, so that the pages are counted by the file and not by what it says of itself.

    The page count it holds counts only while the change counter in bytes 24 to 27 is the one of the writer that noted it; they
    stand in the first 16 bytes that are encrypted, where a bit changed in the IV changes the same bit (CBC). The file may have
    been cut off, or the page come from a smaller one.
    """
    at = PAGE - MAC - IV + 11
    return first[:at] + bytes([first[at] ^ 1]) + first[at + 1 :]


def _complete(file: Path, key: str, seal: Seal, bad: set[int], like: Pattern) -> None:
    """Make the copy open, with every table it had, by pages borrowed from ``like``; Refused when that does not help.

    Only what says where every table begins is borrowed: that changes with a new version of the program alone, so it is the same
    in the backup. All other pages stay blank, for theirs are older.
    """
    if _names(file, key) >= like.names:
        return
    kept = {number: page for number in bad if (page := _borrow(file, number, seal, like)) is not None}
    if not _names(file, key) >= like.names:
        raise Refused("rescue.nothing")
    for number, blank in kept.items():
        if number == 1:
            continue
        with file.open("rb") as source:
            lent = _page(source, number)
        _put(file, number, blank)
        if not _names(file, key) >= like.names:
            _put(file, number, lent)


def _borrow(file: Path, number: int, seal: Seal, like: Pattern) -> bytes | None:
    """Put a page of ``like`` into the copy; returns the blank one that stood there, None when there is no such page."""
    with like.file.open("rb") as source, file.open("rb") as target:
        page, before = _page(source, number), _page(target, number)
    if len(page) < PAGE:
        return None
    _put(file, number, seal.anew(_measured_by_file(page) if number == 1 else page, number))
    return before


def _put(file: Path, number: int, page: bytes) -> None:
    with file.open("r+b") as target:
        target.seek((number - 1) * PAGE)
        target.write(page)


def _names(file: Path, key: str) -> frozenset[str]:
    """The tables and indexes of a copy, none where it does not open."""
    with suppress(StationError), database.glance(file, key) as rows:
        return frozenset(row["name"] for row in rows("SELECT name FROM sqlite_master"))
    return frozenset()
