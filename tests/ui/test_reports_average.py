"""The district's average on the reports page: three stations' files go in, the pack comes back, the page says what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from station_app import words
from station_app.db import Database
from station_app.district import answer, intake, store
from station_app.model import Occupation
from station_app.services import averages, stations, visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from station_app.ui.pages import reports_reads as reads
from station_app.ui.pages.reports import ReportsPage
from station_app.ui.pages.reports_cards import Figures
from tests.conftest import CHEAP, PASSWORD, SAMPLE
from tests.district.conftest import introduced
from tests.ui.shell import Clock, SheetShell, idle, in_front, shown

CONTROL = Qt.KeyboardModifier.ControlModifier
DAYS = ("2026-06-29", "2026-06-30", "2026-07-01", "2026-07-16", "2026-07-17")
CAME = {"YQ": (7, 5, 4, 9, 2), "HZ": (3, 1, 8, 8, 8), "XG": (0, 2, 1, 30, 5)}
"""Person-times of three stations on these days; nobody came to the last on the first of them, so it was not open."""


def count(db: Database, code: str) -> None:
    for day, n in zip(DAYS, CAME[code], strict=True):
        if n:
            visits.tally(db, Occupation.RIDER, n, at=datetime.fromisoformat(f"{day}T11:00:00+08:00"))


def packed(db: Database, folder: Path, clock: Clock, others: tuple[str, ...]) -> None:
    """Everything through files, as on a stick; the pack is read at ``db``."""
    stick = folder / "stick"
    stick.mkdir()
    district = store.set_up(folder / "district", "990101", "云桥区", "社会工作部", PASSWORD, clock=clock, cost=CHEAP)
    made = [
        stations.set_up(folder / code, replace(SAMPLE, code=code), "李丽", PASSWORD, clock=clock, cost=CHEAP)[0] for code in others
    ]
    with Opener() as opener:
        for one, code in zip((db, *made), ("YQ", *others), strict=True):
            introduced(one, district, stick)
            count(one, code)
            intake.receive(district, intake.open_file(district, outbox.export(one, stick)[0].path, opener))
        pack, _ = inbox.look(db, answer.pack(district, "YQ", stick)[0].path, opener)
        inbox.apply(db, pack)
    for one in (district, *made):
        one.close()


def expected(days: slice) -> str:
    """What the stations had by open day."""
    numbers = [n for came in CAME.values() for n in came[days] if n]
    return f"{sum(numbers) / len(numbers):.1f}"


def test_the_page_says_what_all_stations_had(
    shell: SheetShell, db: Database, tmp_path: Path, clock: Clock, qtbot: QtBot
) -> None:
    packed(db, tmp_path, clock, ("HZ", "XG"))
    for language, told in (("zh", "区平均 {}"), ("en", "district {}")):
        words.use(language)
        page = in_front(ReportsPage(shell), shell, qtbot)
        for key, days in ((Qt.Key.Key_3, slice(2, None)), (Qt.Key.Key_6, slice(0, 2))):  # this month, the last one
            focused = page.focusWidget()
            assert focused is not None
            qtbot.keyClick(focused, key, CONTROL)
            idle(qtbot, page)
            assert told.format(expected(days)) in shown(page.figures)
    assert (expected(slice(2, None)), expected(slice(0, 2))) == ("8.3", "3.6")  # 75 in nine days, 18 in five


def test_of_two_stations_nothing_is_told(shell: SheetShell, db: Database, tmp_path: Path, clock: Clock, qtbot: QtBot) -> None:
    """Either would learn the other's number."""
    packed(db, tmp_path, clock, ("HZ",))
    today = db.stamp().business_date
    assert averages.average(db, today, today) is None
    page = in_front(ReportsPage(shell), shell, qtbot)
    assert "区平均" not in shown(page.figures)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_read_later_makes_room_for_itself(db: Database, tmp_path: Path, clock: Clock, qtbot: QtBot, language: str) -> None:
    """The figures come after the page was laid out: no line of any may be cut then."""
    packed(db, tmp_path, clock, ("HZ", "XG"))
    words.use(language)
    strip, around = Figures(), QWidget()
    qtbot.addWidget(around)
    QVBoxLayout(around).addWidget(strip)
    around.setFixedWidth(720)
    with qtbot.waitExposed(around):
        around.show()
    strip.show_view(reads.read(db, "month", None))
    qtbot.waitUntil(lambda: all(tile.width() >= tile.minimumSizeHint().width() for tile in strip.tiles.values()), timeout=1000)
    lines = [line for tile in strip.tiles.values() for line in (tile.note, tile.more) if line.isVisible()]
    assert lines
    assert all(line.width() >= line.fontMetrics().horizontalAdvance(line.text()) for line in lines)
