"""Attachments on the disk: sealed files under names that tell nothing, written whole or not at all.

What crosses is ciphertext under the key of its subject (a request), made above this room, and known everywhere by its SHA-256:
forgetting the subject's key makes it unreadable in every copy (DECISIONS.md 1). In a store's folder it is sealed once more
under a key derived from the store's own, bound to its name: what was altered, cut short or put under another name is found
without the subject's key, also after that key is gone. The name is a keyed MAC of the hash, so that nobody who sees the
folder can tell whether it holds a file that they hold too.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import vault
from .db import Database
from .errors import EnvironmentFault, Refused

FOLDER = "blobs"
"""Where a store's attachments lie, beside it."""
LARGEST = 1024 * 1024
"""Bytes of one attachment as it crosses; the carrier takes no larger one (docs/pack-format.md)."""
OVERHEAD = 40
"""Bytes that each seal adds."""

NAME = re.compile(r"[0-9a-f]{40}")
"""What a finished file is called; anything else in the folder is not ours or was never finished."""


class Blobs:
    """The attachments of one store in ``folder``, whose database has this raw ``key`` (64 hex digits)."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._seal = vault.derived(bytes.fromhex(key), "attachments")
        self._names = vault.derived(bytes.fromhex(key), "names of attachments")

    def name(self, digest: str) -> str:
        """What the file of the attachment with this SHA-256 (hex) is called."""
        return hmac.digest(self._names, digest.encode(), "sha256").hex()[:40]

    def put(self, content: bytes) -> str:
        """Write an attachment, safe on the disk when this returns; returns its SHA-256. The same one again changes nothing.

        Raises Refused for one that is too large, EnvironmentFault when the disk says no.
        """
        if len(content) > LARGEST:
            raise Refused("blobs.too_big", most=LARGEST // 1024)
        digest = hashlib.sha256(content).hexdigest()
        name = self.name(digest)
        with self._told():
            vault.make_folder(self.folder)
            vault.write_whole(self.folder / name, vault.seal_bytes(self._seal, name, content))
        return digest

    def read(self, digest: str) -> bytes:
        """The attachment with this SHA-256; raises Refused when it is missing ("blobs.missing") or altered ("blobs.damaged")."""
        name = self.name(digest)
        try:
            sealed = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise Refused("blobs.missing") from None
        except OSError as error:
            raise EnvironmentFault("blobs.unreadable", reason=error.strerror) from error
        try:
            return vault.open_bytes(self._seal, name, sealed)
        except Refused:
            raise Refused("blobs.damaged") from None

    def holds(self, digest: str) -> bool:
        """Whether there is a file for it; only reading tells whether it is whole."""
        return (self.folder / self.name(digest)).is_file()

    def delete(self, digests: Iterable[str]) -> None:
        """Remove these; what the disk will not let go now is left to a later ``sweep``."""
        for digest in digests:
            with suppress(OSError):
                (self.folder / self.name(digest)).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """The names of the finished files."""
        return names_in(self.folder)

    def sweep(self, kept: Iterable[str]) -> int:
        """Remove every file but those of these SHA-256s, what a power cut left half written too; returns how many went."""
        wanted = {self.name(digest) for digest in kept}
        gone = 0
        with suppress(OSError):
            for file in list(self.folder.iterdir()):
                ours = NAME.fullmatch(file.name.removesuffix(".new"))
                if ours and file.name not in wanted:
                    with suppress(OSError):
                        file.unlink()
                        gone += 1
        return gone

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
                raise EnvironmentFault("db.full") from error
            raise EnvironmentFault("blobs.unwritable", folder=self.folder.name, reason=error.strerror) from error


def of(db: Database) -> Blobs:
    """The attachments beside an open store."""
    return Blobs(db.path.parent / FOLDER, db.key)


def names_in(folder: Path) -> set[str]:
    """The names of the finished files in a folder of attachments; none where there is no such folder."""
    try:
        return {file.name for file in folder.iterdir() if NAME.fullmatch(file.name)}
    except OSError:
        return set()
