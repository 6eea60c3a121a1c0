"""Where things live: what the program brings along, and the data folder of a station or district."""

from __future__ import annotations

import sys
from pathlib import Path


def asset(*parts: str) -> Path:
    """A file the program brings along (fonts, icons, catalogues), found the same way when frozen."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return root.joinpath("assets", *parts)
