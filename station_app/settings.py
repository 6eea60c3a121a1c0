"""Each setting of a station, declared once: name, kind, default, the ids of its label and help.

Labels and help are ``settings.<name>`` and ``settings.<name>_help`` in the catalogues. Values live in the station's
database (``services/preferences.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "switch", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. ``low`` and ``high`` bound a number; ``choices`` are the codes of a choice."""

    name: str
    kind: Kind
    default: str
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()

    def accepts(self, text: str) -> bool:
        """Whether ``text`` can be this setting's content."""
        if self.kind == "number":
            return text.isascii() and text.isdigit() and self.low <= int(text) <= self.high
        if self.kind == "switch":
            return text in ("0", "1")
        if self.kind == "choice":
            return text in self.choices
        return len(text) <= 2000


DOUBLE_SCAN_MINUTES = Setting("double_scan_minutes", "number", "10", low=1, high=240)
IDLE_LOCK_MINUTES = Setting("idle_lock_minutes", "number", "10", low=1, high=240)
LARGE_TYPE = Setting("large_type", "switch", "0")
DARK = Setting("dark", "switch", "0")
LANGUAGE = Setting("language", "choice", "", choices=("", "zh", "en"))
LAST_FOLDER = Setting("last_folder", "text", "")
BACKUP_PLACE = Setting("backup_place", "text", "")

ALL: tuple[Setting, ...] = (DOUBLE_SCAN_MINUTES, IDLE_LOCK_MINUTES, LARGE_TYPE, DARK, LANGUAGE, LAST_FOLDER, BACKUP_PLACE)
SHOWN: tuple[Setting, ...] = (DOUBLE_SCAN_MINUTES, IDLE_LOCK_MINUTES, LARGE_TYPE, DARK, LANGUAGE)
BY_NAME = {setting.name: setting for setting in ALL}
