"""Works the sample day through the real window, by keys alone: for the journey test and for machines without a display.

Everything a person would do is done with ``Hands``; only what stands outside the window is called: the clock is set to the
moment of each line of the day, and the district (another machine) takes in and answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt

from .. import words
from ..db import Database
from ..district import answer, intake, store
from ..errors import Bug
from ..model import Amenity, Category, Occupation, Op, RequestState
from ..paths import asset
from ..services import badges, history, people, samples, supplies
from ..sync.opening import Opener
from .hands import Hands
from .main_window import PAGES, TALLY_KEYS, MainWindow

ROSTERS = ("roster_utf8.csv", "roster_gb18030.csv", "roster.xlsx")
DAY = "day_2026-07-17.jsonl"
PASSWORD = "demo-station"
PIN = "2468"
KEY_OF = {occupation: Qt.Key(key) for key, occupation in TALLY_KEYS.items()}
NUMBERED = 100
"""``who`` of the day file counts the first hundred people of each roster."""


class SampleClock:
    """The time as the sample day tells it."""

    def __init__(self, moment: str = "2026-07-17T07:50:00+08:00") -> None:
        self.moment = datetime.fromisoformat(moment)

    def __call__(self) -> datetime:
        """The moment of the line at work."""
        return self.moment

    def set(self, text: str) -> None:
        """It is now (ISO 8601 with offset)."""
        self.moment = datetime.fromisoformat(text)


def sample_lines() -> list[dict[str, Any]]:
    """The lines of the sample day, in order."""
    return [json.loads(line) for line in asset("sample", DAY).read_text("utf-8").splitlines()]


class Walk:
    """One station's window, the hands on it, and the clock on its wall."""

    def __init__(self, window: MainWindow, clock: SampleClock) -> None:
        self.window, self.clock = window, clock
        self.db: Database = window.db
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.badges: list[str] = []
        self._digits: dict[str, str] = {}

    # --- before the day ------------------------------------------------------------------------------------------

    def open_page(self, name: str) -> None:
        """Alt and the page's number."""
        self.hands.key(str(PAGES.index(name) + 1), Qt.KeyboardModifier.AltModifier)

    def import_rosters(self, drop: Callable[[Path], None]) -> None:
        """Drop each roster on the people page, look at the preview, Enter; everybody has their badge in the pocket then."""
        self.open_page("people")
        for name in ROSTERS:
            drop(asset("sample", name))
            self.hands.settle()
            self.hands.key(Qt.Key.Key_Return)
            self.hands.key(Qt.Key.Key_Escape)
            done = next(line for line in history.log(self.db, self.db.stamp().business_date) if line.op is Op.IMPORT_PEOPLE)
            added = people.added_by(self.db, done.operation)[:NUMBERED]
            badge_of = {person.id: person.badge_code for person in people.several(self.db, added)}
            self.badges += [badge_of[person_id] for person_id in added]

    def stock(self) -> None:
        """The opening stock stands on the shelf before the first visitor."""
        samples.stock(self.db)
        self._digits = {item.name: str(place) for place, item in enumerate(supplies.items(self.db), start=1)}

    def begin(self) -> None:
        """Take the desk and open the station."""
        self.open_page("desk")
        self.hands.key(Qt.Key.Key_F9)

    # --- the day -------------------------------------------------------------------------------------------------

    def work(self, lines: Sequence[dict[str, Any]]) -> None:
        """Every line of a day, by keys and scans."""
        deeds = {"check_in": self._check_in, "tally": self._tally, "handout": self._hand_out, "request": self._request}
        for line in lines:
            self.clock.set(line["at"])
            deeds[line["do"]](line)

    def _check_in(self, line: dict[str, Any]) -> None:
        self.hands.scan(self.badges[line["who"]])
        for amenity in line["amenities"]:
            self.hands.ctrl(str(list(Amenity).index(_meant(Amenity, amenity)) + 1))

    def _tally(self, line: dict[str, Any]) -> None:
        self.hands.key(KEY_OF[_meant(Occupation, line["occupation"])])
        if line["count"] > 1:
            self.hands.key(str(line["count"]))

    def _hand_out(self, line: dict[str, Any]) -> None:
        for _ in range(line["qty"]):
            self.hands.key(self._digits[line["item"]])

    def _request(self, line: dict[str, Any]) -> None:
        self.open_page("requests")
        self.hands.ctrl("n")
        self.hands.type(line["text"])
        self.hands.key(Qt.Key.Key_Tab)  # past the pictures, which this day has none of
        self.hands.key(Qt.Key.Key_Tab)
        self.hands.key(Qt.Key.Key_Return)
        self.hands.type(words.label(_meant(Category, line["category"])))
        self.hands.key(Qt.Key.Key_Return)
        if line["who"] is not None:
            self.hands.type(badges.resolve(self.db, self.badges[line["who"]]).card_number)
            self.hands.key(Qt.Key.Key_Return)
        self.hands.ctrl(Qt.Key.Key_Return)
        self.hands.key(Qt.Key.Key_Escape)
        self.open_page("desk")

    # --- what else a day holds -----------------------------------------------------------------------------------

    def slip_and_undo(self) -> None:
        """A finger slips: a tally too many, taken back."""
        self.open_page("desk")
        self.hands.key(Qt.Key.Key_F8)
        self.hands.ctrl("z")

    def lock_and_unlock(self) -> None:
        """Away from the desk for a moment."""
        self.hands.ctrl("l")
        self.hands.type(PIN)
        self.hands.key(Qt.Key.Key_Return)

    # --- the exchange --------------------------------------------------------------------------------------------

    def join(self, district: Database, stick: Path) -> None:
        """The station introduces itself on a stick, the district answers with its own introduction, both by hand."""
        self.open_page("sync")
        self.hands.ctrl("e")
        for file in stick.glob("enrol-*.json"):
            store.enrol(district, file)
        store.introduce(district, stick)
        self._look_around()
        self.hands.ctrl("i")
        self.hands.key(Qt.Key.Key_Backtab)  # the careful answer has the focus: the fingerprints are the same, so one back
        self.hands.key(Qt.Key.Key_Return)

    def export(self, stick: Path) -> Path:
        """Ctrl+E: the batch on the stick."""
        self.open_page("sync")
        self.hands.ctrl("e")
        return max(stick.glob("*.batch"))

    def answer(self, district: Database, batch: Path, stick: Path, opener: Opener) -> Path:
        """The district takes the stick in, replies to what was asked, and writes its pack onto the stick."""
        intake.receive(district, intake.open_file(district, batch, opener))
        for request in answer.inbox(district):
            if request.state is RequestState.RECORDED:
                answer.reply(district, request.number, RequestState.REPLIED, samples_reply(request.number))
        written, _ = answer.pack(district, samples.STATION.code, stick)
        return written.path

    def take_back(self) -> None:
        """Ctrl+I: the pack is offered, looked at and applied."""
        self.open_page("sync")
        self._look_around()
        self.hands.ctrl("i")

    def _look_around(self) -> None:
        """The page looks at the stick as it does every two seconds."""
        self.hands.settle()  # a look that is under way may have begun before the file was there
        self.window.page("sync").poll()  # type: ignore[attr-defined]
        self.hands.settle()

    # --- pictures ------------------------------------------------------------------------------------------------

    def pictures(self, folder: Path) -> list[Path]:
        """A picture of every page as it is now."""
        taken = []
        for name in PAGES:
            self.open_page(name)
            file = folder / f"{name}.png"
            self.hands.picture(file)
            taken.append(file)
        return taken


def samples_reply(number: str) -> str:
    """What the fictional district answers."""
    return f"{number}：已收到，下周给出安排。" if words.language() == "zh" else f"{number}: received, a plan follows next week."


def _meant(codes: type[Any], name: str) -> Any:
    """The code a Chinese name of the day file stands for."""
    for code in codes:
        if name in words.labels(code):
            return code
    raise Bug(f"the day file says {name}")
