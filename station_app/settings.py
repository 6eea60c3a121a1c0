"""Each setting of a station, declared once: name, kind, default, the ids of its label and help.

Labels and help are ``settings.<name>`` and ``settings.<name>_help`` in the catalogues. Values live in the station's
database (``services/preferences.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "switch", "choice", "text", "weekdays"]


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
        if self.kind == "weekdays":
            return set(text) <= set("1234567") and len(set(text)) == len(text)
        return len(text) <= 2000


DOUBLE_SCAN_MINUTES = Setting("double_scan_minutes", "number", "10", low=1, high=240)
IDLE_LOCK_MINUTES = Setting("idle_lock_minutes", "number", "10", low=1, high=240)
LARGE_TYPE = Setting("large_type", "switch", "0")
DARK = Setting("dark", "switch", "0")
LANGUAGE = Setting("language", "choice", "", choices=("", "zh", "en"))
LAST_FOLDER = Setting("last_folder", "text", "")
LEDGER_SPAN = Setting("ledger_span", "text", "this_month")
"""The days a ledger was last looked at for: this_month, last_month, this_year, or "FIRST LAST" as ISO dates."""
BACKUP_PLACE = Setting("backup_place", "text", "")
KEEP_PEOPLE_MONTHS = Setting("keep_people_months", "number", "12", low=1, high=36)
KEEP_REQUESTS_MONTHS = Setting("keep_requests_months", "number", "24", low=1, high=60)
KEEP_PICTURES_MONTHS = Setting("keep_pictures_months", "number", "6", low=1, high=24)
REST_DAYS = Setting("rest_days", "weekdays", "")
"""The weekdays on which the station does not open, Monday being 1: "67" for the weekend."""
SCAN_GAP = Setting("scan_gap", "number", "35", low=35, high=110)
"""Milliseconds between two keys of this machine's scanner at most, as tried out."""
SCAN_SUFFIX = Setting("scan_suffix", "text", "")
"""What this machine's scanner sends after a code (``ui.burst``), as tried out; "" takes Enter, Tab and a pause."""
PRINT_OFFSET = Setting("print_offset", "text", "0,0")
"""Millimetres right and down by which this machine's printer has to be corrected, "x,y"."""
PRINT_FORM = Setting("print_form", "choice", "sheet", choices=("sheet", "single", "label58", "label80"))
PRINT_BACK = Setting("print_back", "switch", "0")
BADGE_COLOUR = Setting("badge_colour", "choice", "green", choices=("green", "blue", "red", "brown", "black"))
POSTER_LINK = Setting("poster_link", "text", "")
PRINTS: tuple[Setting, ...] = (PRINT_OFFSET, PRINT_FORM, PRINT_BACK, BADGE_COLOUR, POSTER_LINK)
"""Those the print room shows."""
OVERDUE_DAYS = Setting("overdue_days", "number", "7", low=1, high=90)
"""At the district: days without a file after which a station is asked for one."""
WATCH_FOLDER = Setting("watch_folder", "text", "")
WATCH_ANSWERS = Setting("watch_answers", "text", "")
"""At the district: the folder whose files are taken in while its desk is open, and where answers are left; "" for none."""

OVERRIDE_ROLE = Setting("override_role", "choice", "keeper", choices=("evening", "keeper", "supervisor"))
"""From which role on a rule may be set aside with a reason before giving."""
WEATHER_HEAT_YELLOW = Setting("weather_heat_yellow", "number", "35", low=25, high=50)
WEATHER_HEAT_DAYS = Setting("weather_heat_days", "number", "3", low=1, high=7)
WEATHER_HEAT_ORANGE = Setting("weather_heat_orange", "number", "37", low=25, high=50)
WEATHER_HEAT_RED = Setting("weather_heat_red", "number", "40", low=25, high=55)
WEATHER_COLD_LOW = Setting("weather_cold_low", "number", "4", low=0, high=20)
WEATHER_COLD_BLUE = Setting("weather_cold_blue", "number", "8", low=1, high=40)
WEATHER_COLD_YELLOW = Setting("weather_cold_yellow", "number", "10", low=1, high=40)
WEATHER_COLD_ORANGE = Setting("weather_cold_orange", "number", "12", low=1, high=40)
WEATHER_COLD_RED = Setting("weather_cold_red", "number", "16", low=1, high=40)

WEATHER: tuple[Setting, ...] = (
    WEATHER_HEAT_YELLOW, WEATHER_HEAT_DAYS, WEATHER_HEAT_ORANGE, WEATHER_HEAT_RED, WEATHER_COLD_LOW, WEATHER_COLD_BLUE,
    WEATHER_COLD_YELLOW, WEATHER_COLD_ORANGE, WEATHER_COLD_RED,
)  # fmt: skip
"""From when a heat or cold level holds, in degrees Celsius and days (DOMAIN.md section 6)."""
RETENTION: tuple[Setting, ...] = (KEEP_PEOPLE_MONTHS, KEEP_REQUESTS_MONTHS, KEEP_PICTURES_MONTHS)
"""How long things are kept (DOMAIN.md section 6, "Privacy"). The log is not among them: it is never thinned out."""
ALL: tuple[Setting, ...] = (
    DOUBLE_SCAN_MINUTES, IDLE_LOCK_MINUTES, LARGE_TYPE, DARK, LANGUAGE, LAST_FOLDER, LEDGER_SPAN, BACKUP_PLACE, OVERDUE_DAYS,
    OVERRIDE_ROLE, *WEATHER, REST_DAYS, WATCH_FOLDER, WATCH_ANSWERS, SCAN_GAP, SCAN_SUFFIX, *PRINTS, *RETENTION,
)  # fmt: skip
SHOWN: tuple[Setting, ...] = (DOUBLE_SCAN_MINUTES, OVERRIDE_ROLE, IDLE_LOCK_MINUTES, LARGE_TYPE, DARK, LANGUAGE)
AT_DISTRICT: tuple[Setting, ...] = (OVERDUE_DAYS, IDLE_LOCK_MINUTES, LARGE_TYPE, DARK, LANGUAGE)
"""Those the district's desk shows."""
BY_NAME = {setting.name: setting for setting in ALL}
