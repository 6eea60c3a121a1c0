"""The district's window: its pages, what its bars tell, files dropped anywhere onto it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtGui import QDragEnterEvent, QDropEvent

from ... import settings
from ...db import Database
from ...district import books, desk
from ...model import Changes, Keeper, Station
from ...services import care, keeping, preferences, updates
from ...words import t
from .. import when
from ..help import Keys
from ..keeping import Keeping
from ..window import Window
from .stations import StationsPage

PAGES = ("stations", "requests", "supplies", "campaigns", "regulars", "rules", "reports", "exchange", "settings")
"""The pages in the order of Alt+1..9; settings stand at the rail's foot."""
KEYS: Keys = (
    ("anywhere", (
        ("Ctrl+Z", "undo"), ("Ctrl+L", "lock"), ("F11", "large"), ("/", "find"), ("Ctrl+N", "new"), ("Alt+1 – 9", "pages"),
        ("Esc", "escape"), ("F1", "handbook"), ("?", "help"),
    )),
    ("district", (("Ctrl+I", "take_in"), ("Ctrl+B", "forms"), ("Ctrl+E", "packs"), ("Ctrl+P", "print"), ("1 – 9", "deed"))),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """The state of the bars. ``officer`` is who is at work, ``backed_up`` when the newest backup was made (ISO 8601) or "".

    ``watching``: whether a folder is to be looked at while the desk is open.
    """

    now: datetime
    officer: str
    idle_minutes: int
    troubles: tuple[care.Trouble, ...]
    backed_up: str
    stations: int
    watching: bool


def read_frame(db: Database, damaged: bool = False) -> Frame:
    """The state of the bars now; ``damaged`` is what the check of the file found."""
    now = db.now()
    officer = next((one.name for one in books.officers(db) if one.id == db.acting), "")
    return Frame(
        now, officer, preferences.number(db, settings.IDLE_LOCK_MINUTES), care.look(db, now, damaged=damaged),
        keeping.newest_time(db), books.count_stations(db), bool(preferences.get(db, settings.WATCH_FOLDER)),
    )  # fmt: skip


class DistrictKeeping(Keeping):
    """The district's backups: it forgets what its stations say, when they say so, and rehearses nothing by itself."""

    def tick(self) -> None:
        """The day's backup when it is due; called again and again."""
        if self.idle and self._due(self._db.now()):
            self._aside.do(lambda: keeping.daily(self._db, rehearse=False), self._tell, self._missed)


class DistrictWindow(Window):
    """A district's window over its open database."""

    page_names = PAGES
    icons: ClassVar[Mapping[str, str]] = {"stations": "home", "campaigns": "flag", "regulars": "people", "exchange": "sync"}
    keys = KEYS
    can_rescue: ClassVar[bool] = False
    house_keeping = DistrictKeeping

    # --- what the frame asks -------------------------------------------------------------------------------------

    def _whose(self, db: Database) -> Station:
        return desk.place(db)

    def _who(self, db: Database) -> list[Keeper]:
        return books.officers(db)

    def _label(self, page: str) -> str:
        return t(f"district_desk.page_{page}")

    def chapter(self, page: str) -> tuple[str, str]:
        """All pages of the district are told on one page of the handbook, each under its name."""
        return "district", self._label(page)

    def _prepare(self) -> None:
        self.setAcceptDrops(True)

    def _read_frame(self, db: Database) -> Frame:
        return read_frame(db, bool(self._damaged))

    def _show_frame(self, frame: Frame) -> None:
        now = frame.now
        self.top.show_station(t("district_desk.title", district=self.station.name))
        self.top.show_date(
            t("district_desk.day", date=when.plain(now.date()), weekday=t(f"terms.Weekday.{now.weekday()}"))
        )
        worst = frame.troubles[0] if frame.troubles else None
        self.top.show_trouble(t(worst.word, **worst.fields) if worst else "", worst.severity if worst else "attention")
        self.top.show_pills([(frame.officer, "plain")] if frame.officer else [])
        kept = t(care.DAMAGED.word) if worst is care.DAMAGED else t("window.encrypted")
        saved = [t("window.backed_up", when=when.moment(frame.backed_up, now.date()))] if frame.backed_up else []
        self.foot.show_states([*([t("window.sample")] if self.station.sample else []), *saved, kept])
        self._take_care(frame.troubles, frame.idle_minutes)
        if frame.watching:
            self.page("exchange")  # it looks at the folder, also where nobody has opened it yet

    def _undo_last(self) -> None:
        def work(db: Database) -> Any:
            found = desk.undo_last(db)
            return (None, None) if found is None else (found, found[1])

        self.jobs.run(work, self._undone)

    def _note(self, changes: Changes) -> None:
        if "meta" in changes.tables:
            self.station = desk.place(self.db)
        super()._note(changes)

    # --- files dropped ---------------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders may be dropped, while nobody has to unlock first."""
        if not self.locked and event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Take in what was dropped, wherever it fell."""
        if self.locked:
            return
        self.take_in([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def take_in(self, places: list[Path]) -> None:
        """Take in files and folders, on the page that shows what becomes of them."""
        if len(places) == 1 and updates.looks_like(places[0]):
            self.update_from(places[0])
            return
        page = self.page("stations")
        if places and isinstance(page, StationsPage):
            self.go("stations")
            page.take(places)
