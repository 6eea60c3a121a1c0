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


@dataclass(frozen=True, slots=True)
class Practising:
    """Make a practice station and open it."""


@dataclass(frozen=True, slots=True)
class Practised:
    """A practice is over; ``gone`` tells whether everything of it could be wiped."""

    gone: bool = True


Errand = Restoring | Rescuing | Practising | Practised
