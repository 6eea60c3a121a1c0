"""Where things live: what the program brings along, and the data folder of a station or district."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path


def asset(*parts: str) -> Path:
    """A file the program brings along (fonts, icons, catalogues), found the same way when frozen."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root.joinpath("assets", *parts)


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files of one station or district; ``side`` is "station" or "district"."""

    path: Path
    side: str = "station"

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.path / f"{self.side}.db"

    @property
    def slots(self) -> Path:
        """The key slots, one per keeper."""
        return self.path / f"{self.side}.slots"

    @property
    def anchor(self) -> Path:
        """The last closed batch as known outside the database (SYNC.md section 4, rule 5)."""
        return self.path / f"{self.side}.anchor"

    @property
    def exists(self) -> bool:
        """Whether somebody was set up here."""
        return self.slots.exists() and self.database.exists()


def default_folder() -> Path:
    """Where data goes without ``--data``: beside the program when a ``.portable`` file stands there, else the user's own."""
    program = (
        Path(sys.executable).resolve().parent
        if getattr(sys, "frozen", False)
        else Path(__file__).resolve().parent.parent
    )
    if (program / ".portable").exists():
        return program / "data"
    if named := os.environ.get("STATION_DATA"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("warm-station", appauthor=False)
