"""The pictures of the handbook, taken from the real windows: ``python -m tests.handbook`` puts them into docs/handbook/pictures.

They are made of a demo station and a district that takes in its files, in both languages, small enough to be kept with the text.
What they show differs from day to day, so nobody compares pixels: tests/test_handbook.py sees that all of them are made, and that
the handbook names no other.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from station_app import app, vault, words
from station_app.db import Database
from station_app.district import intake, practice, store
from station_app.services import badges, demo, people, stations
from station_app.sync import outbox
from station_app.sync.opening import Opener
from station_app.ui.hands import Hands
from station_app.ui.main_window import PAGES
from station_app.ui.start import StartWindow
from station_app.ui.window import SMALLEST
from tests.conftest import Clock

HOUSE = Path(__file__).resolve().parent.parent
BOOK = HOUSE / "docs" / "handbook"
PICTURES = BOOK / "pictures"
NAMES = ("start", "drill", *PAGES, "print", "kiosk", "district")
"""Every picture, by its name."""
WIDE, COLOURS = 1100, 64
"""Pixels across, and how many colours are enough for a screen of flat ones."""
MOMENT = "2026-07-17T14:26:00+08:00"
CHEAP = vault.Cost(passes=1, memory=8 * 1024)
DAYS = 3


def squeezed(file: Path) -> None:
    """Make a picture small: narrower, and with few colours."""
    with Image.open(file) as whole:
        small = whole.convert("RGB").resize((WIDE, round(whole.height * WIDE / whole.width)), Image.Resampling.LANCZOS)
    small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(file, optimize=True)


@contextmanager
def shown(window: QWidget, hands: Hands) -> Iterator[Hands]:
    hands.show()
    hands.settle()
    try:
        yield hands
    finally:
        window.close()
        window.deleteLater()


class Studio:
    """A demo station, a district that knows it, and an empty computer."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, Clock(MOMENT)
        demo.make(folder / "station", DAYS, 30, until=date(2026, 7, 17), clock=self.clock, cost=CHEAP)
        self.stick = folder / "stick"
        self.stick.mkdir()
        with self.station() as db, self.district(new=True) as district, Opener() as opener:
            store.enrol(district, outbox.enrol(db, self.stick).path)
            outbox.trust(db, outbox.read_trust(store.introduce(district, self.stick).path))
            outbox.close_batch(db)
            outbox.export(db, self.stick)
            intake.receive(district, intake.open_file(district, next(self.stick.glob("*.batch")), opener))
            for person_id in people.ids(db)[:4]:
                if not people.get(db, person_id).badge_code:
                    badges.issue(db, person_id)

    @contextmanager
    def station(self) -> Iterator[Database]:
        db = stations.open_station(self.folder / "station", demo.PASSWORD, clock=self.clock)
        try:
            yield db
        finally:
            db.close()

    @contextmanager
    def district(self, *, new: bool = False) -> Iterator[Database]:
        place = self.folder / "district"
        if new:
            store.set_up(place, "990101", "云桥区", "陈立", demo.PASSWORD, clock=self.clock, cost=CHEAP).close()
        db = store.open_district(place, demo.PASSWORD, clock=self.clock)
        try:
            yield db
        finally:
            db.close()

    def take(self, language: str, out: Path) -> list[str]:
        """Take every picture in a language; their names."""
        words.use(language)
        taken: list[str] = []

        def picture(hands: Hands, name: str) -> None:
            hands.picture(out / f"{name}.png")
            squeezed(out / f"{name}.png")
            taken.append(name)

        first = StartWindow(self.folder / "empty", clock=self.clock, cost=CHEAP)
        with shown(first, Hands(first, lambda: first.idle)) as hands:
            picture(hands, "start")
        db = practice.make(self.folder / "empty", clock=self.clock)
        window = app.window(db)
        with shown(window, Hands(window, lambda: window.idle, window.catcher)) as hands:
            hands.key(Qt.Key.Key_F9)
            hands.key(Qt.Key.Key_F2)
            picture(hands, "drill")
        db.close()
        practice.wipe(self.folder / "empty")
        with self.station() as db:
            window = app.window(db)
            with shown(window, Hands(window, lambda: window.idle, window.catcher)) as hands:
                for number, name in enumerate(PAGES, start=1):
                    hands.key(str(number), Qt.KeyboardModifier.AltModifier)
                    if name == "desk":
                        hands.scan(next(one.badge_code for one in people.several(db, people.ids(db)[:20]) if one.badge_code))
                    picture(hands, name)
                hands.key("p", Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
                picture(hands, "print")
                hands.ctrl("k")
                window.showNormal()  # the screen of a machine without one is of any size
                window.resize(*SMALLEST)
                picture(hands, "kiosk")
                if window.kiosk is not None:
                    window._leave_kiosk(window._at_work)
        with self.district() as db:
            desk = app.district_window(db)
            with shown(desk, Hands(desk, lambda: desk.idle)) as hands:
                picture(hands, "district")
        return taken


def main() -> int:
    """Take all of them anew."""
    app.for_pictures()
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        for language in words.LANGUAGES:
            print(language, *studio.take(language, PICTURES / language))
    print(f"{sum(file.stat().st_size for file in PICTURES.rglob('*.png')) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
