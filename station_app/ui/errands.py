"""What a window leaves to the first window when it closes: something that needs the store closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .. import vault
from ..backup import Backup


@dataclass(frozen=True, slots=True)
class Restoring:
    """Put a backup in place; ``by`` is the keeper who confirmed it, ``slots`` the file their root came from."""

    chosen: Backup
    slots: Path
    root: vault.Root
    by: str


@dataclass(frozen=True, slots=True)
class Rescuing:
    """The store was found damaged: unlock it for rescue."""


Errand = Restoring | Rescuing
