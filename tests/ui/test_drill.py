"""The practice day: worked to its end by keys and a scan, ticked only by what stands in the records, wiped without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, vault, words
from station_app.district import practice
from station_app.errors import EnvironmentFault
from station_app.model import Consent, Op
from station_app.paths import DataFolder
from station_app.services import badges, drill, people, stations, supplies
from station_app.services.drill import Course, Task
from station_app.ui import printing, theme
from station_app.ui.drill import DrillStrip
from station_app.ui.errands import Practised, Practising
from station_app.ui.hands import Hands
from station_app.ui.kit import Text
from station_app.ui.main_window import PAGES, MainWindow
from station_app.ui.start import SetUpCard, StartWindow, UnlockCard
from station_app.ui.window import SMALLEST
from station_app.words import label, t
from tests.conftest import PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
CHEAP = vault.Cost(passes=1, memory=8 * 1024)


class Turn:
    """The program as it runs: the first window and the one it opens, in turn, over a folder of data."""

    def __init__(self, qtbot: QtBot, folder: Path, clock: Clock) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.turns = app.Turns(
            DataFolder(folder), lambda errand: StartWindow(folder, errand=errand, clock=clock, cost=CHEAP), app.window
        )

    @property
    def start(self) -> StartWindow:
        assert self.turns.start is not None
        return self.turns.start

    @property
    def window(self) -> MainWindow:
        assert isinstance(self.turns.shown, MainWindow)
        return self.turns.shown

    @property
    def strip(self) -> DrillStrip:
        assert self.window.drill is not None
        return self.window.drill

    def front(self) -> None:
        """The first window is the active one."""
        Hands(self.start, lambda: self.turns.start is None or self.turns.start.idle).show()

    def begun(self) -> Hands:
        """Wait for the practice to open; hands on it."""
        before = self.turns.shown
        self.qtbot.waitUntil(lambda: self.turns.shown is not None and self.turns.shown is not before, timeout=20_000)
        hands = Hands(self.window, lambda: self.window.idle, self.window.catcher)
        hands.show()
        hands.settle()
        return hands

    def back(self) -> StartWindow:
        """Wait for the first window to come back after the practice."""
        self.qtbot.waitUntil(lambda: self.start.isVisible() and self.start.idle, timeout=20_000)
        return self.start


@pytest.fixture
def turn(qtbot: QtBot, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Turn]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    qapp.setQuitOnLastWindowClosed(False)
    monkeypatch.setattr(printing.QDesktopServices, "openUrl", staticmethod(lambda _url: True))
    found = Turn(qtbot, tmp_path / "data", Clock("2026-07-17T14:26:00+08:00"))
    yield found
    for window in (found.turns.shown, found.turns.start):
        if window is not None:
            window.close()
            window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def focus() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def page(hands: Hands, name: str) -> None:
    hands.key(str(PAGES.index(name) + 1), ALT)


def tab_to(hands: Hands, name: str) -> None:
    """Tab on until the control of this name has the focus."""
    for _ in range(20):
        if focus().accessibleName() == name:
            return
        hands.key(Key.Key_Tab)
    raise AssertionError(f"no way to {name} with Tab")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_a_new_keeper_works_the_whole_drill_with_keys_and_a_scan(turn: Turn, language: str) -> None:
    words.use(language)
    turn.turns.begin()
    turn.front()
    assert isinstance(turn.start.card, SetUpCard)
    turn.qtbot.keyClick(focus(), Key.Key_Tab)  # the second of the ways to begin
    assert focus() is turn.start.card.begin.practise
    turn.qtbot.keyClick(focus(), Key.Key_Return)
    hands, db = turn.begun(), turn.window.db
    assert turn.window.station.name == t("drill.station")

    def now(task: Task | None) -> None:
        hands.settle()
        assert drill.course(db).next is task
        assert turn.strip.task.text() == (t(f"drill.task_{task.value}") if task else t("drill.all_done"))

    now(Task.OPEN)
    hands.key(Key.Key_F9)
    now(Task.COUNT)
    hands.key(Key.Key_F2)
    now(Task.UNDO)
    hands.ctrl("z")
    now(Task.REGISTER)
    page(hands, "people")
    hands.ctrl("n")
    hands.key("1")
    tab_to(hands, label(Consent.STATION))
    hands.key("2")
    hands.key(Key.Key_Return)
    hands.type("李强" if language == "zh" else "Li Qiang")
    hands.key(Key.Key_Return)
    now(Task.HAND_OUT)
    new = next(one for one in people.several(db, people.ids(db)) if one.name in ("李强", "Li Qiang"))
    assert new.consent is not Consent.NONE
    page(hands, "desk")
    hands.scan(badges.resolve(db, new.card_number).code)
    water = next(place for place, item in enumerate(supplies.items(db), start=1) if item.name == "矿泉水")
    hands.key(str(water))
    now(Task.FIND)
    hands.key(Key.Key_Escape)
    hands.type(drill.FOUND_TYPED)
    hands.key(Key.Key_Return)
    now(Task.REQUEST)
    page(hands, "requests")
    hands.ctrl("n")
    hands.type("东门换电柜太少")
    hands.ctrl(Key.Key_Return)
    now(Task.PRINT)
    page(hands, "people")
    hands.ctrl("p")
    now(Task.CLOSE)
    page(hands, "shift")
    hands.ctrl(Key.Key_Return)
    now(Task.EXPORT)
    page(hands, "sync")
    hands.ctrl("e")
    now(None)
    assert list(practice.below(turn.folder).stick.glob("*.batch"))

    hands.window.setFocus()
    turn.qtbot.keyClick(focus(), Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    back = turn.back()
    assert t("drill.wiped") in {one.text() for one in back.findChildren(Text)}
    assert not practice.below(turn.folder).folder.exists()
    assert not any(turn.folder.rglob("*"))


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_strip_fits_the_smallest_screen_in_large_type(turn: Turn, language: str) -> None:
    words.use(language)
    turn.turns.begin(Practising())
    hands = turn.begun()
    hands.key(Key.Key_F11)
    for course in (Course(frozenset(list(Task)[:number])) for number in range(len(Task) + 1)):
        turn.strip.show_course(course)
        hands.settle()
        assert turn.window.minimumSizeHint().width() <= SMALLEST[0]
    hands.key(Key.Key_F11)
    turn.window.close()


def test_what_recorded_nothing_ticks_nothing(turn: Turn) -> None:
    turn.turns.begin(Practising())
    hands, db = turn.begun(), turn.window.db
    for name in PAGES:
        page(hands, name)
    page(hands, "requests")
    hands.ctrl("n")
    hands.key(Key.Key_Escape)
    hands.ctrl("l")
    hands.ctrl("k")
    assert drill.course(db).done == frozenset()
    assert not turn.window.locked
    page(hands, "desk")
    hands.key(Key.Key_F3)  # a courier is no rider
    hands.ctrl("z")
    assert drill.course(db).done == {Task.UNDO}
    turn.window.close()


def test_a_practice_may_be_left_at_any_time_and_the_real_station_is_untouched(turn: Turn, clock: Clock) -> None:
    db, _ = stations.set_up(turn.folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    db.close()
    before = {file.name: file.read_bytes() for file in turn.folder.iterdir() if file.is_file()}
    turn.turns.begin()
    turn.front()
    assert isinstance(turn.start.card, UnlockCard)
    turn.start.card.practise.setFocus()
    turn.qtbot.keyClick(focus(), Key.Key_Space)
    hands = turn.begun()
    hands.key(Key.Key_F2)
    assert practice.below(turn.folder).station.exists()
    turn.window.close()  # by the cross: nothing comes back, and nothing is left
    assert {file.name: file.read_bytes() for file in turn.folder.iterdir()} == before


def test_the_settings_of_a_real_station_lead_into_a_practice_and_back(turn: Turn, clock: Clock) -> None:
    stations.set_up(turn.folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)[0].close()
    turn.turns.begin()
    turn.front()
    for character in PASSWORD:
        turn.qtbot.keyClicks(focus(), character)
    turn.qtbot.keyClick(focus(), Key.Key_Return)
    hands = turn.begun()
    assert turn.window.drill is None
    page(hands, "settings")
    button = turn.window.page("settings").practise  # type: ignore[attr-defined]
    button.setFocus()
    turn.qtbot.keyClick(button, Key.Key_Space)
    turn.begun()
    assert turn.strip.task.text() == t("drill.task_open")
    turn.strip.leave.click()
    turn.back()
    assert isinstance(turn.start.card, UnlockCard)
    assert not practice.below(turn.folder).folder.exists()


def test_the_news_of_a_version_open_once_by_themselves(turn: Turn, clock: Clock) -> None:
    stations.set_up(turn.folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)[0].close()
    DataFolder(turn.folder).version.write_text("0.0.9\n")
    for shown in (True, False):
        turn.turns.begin()
        turn.front()
        turn.qtbot.keyClicks(focus(), PASSWORD)
        turn.qtbot.keyClick(focus(), Key.Key_Return)
        turn.begun()
        assert (turn.window._book is not None) is shown
        turn.window.close()


def test_what_a_power_cut_left_is_wiped_at_the_next_start(turn: Turn, clock: Clock) -> None:
    practice.make(turn.folder, clock=clock).close()
    turn.turns.begin()
    turn.qtbot.waitUntil(lambda: turn.start.idle, timeout=20_000)
    assert not practice.below(turn.folder).folder.exists()


def test_a_folder_that_is_not_ours_is_never_taken_away(tmp_path: Path, clock: Clock) -> None:
    theirs = practice.below(tmp_path).folder / "station"
    theirs.mkdir(parents=True)
    (theirs / "letter.txt").write_text("mine")
    assert not practice.wipe(tmp_path)
    with pytest.raises(EnvironmentFault, match="folder_taken"):
        practice.make(tmp_path, clock=clock)
    assert (theirs / "letter.txt").read_text() == "mine"


def test_a_refused_operation_ticks_nothing(tmp_path: Path, clock: Clock) -> None:
    db = practice.make(tmp_path, clock=clock)
    with db.transact(Op.TALLY, denied=True):
        pass
    assert drill.course(db).done == frozenset()
    assert drill.practising(db)
    db.close()
    assert practice.wipe(tmp_path)


def test_an_end_that_could_not_be_wiped_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    window = StartWindow(tmp_path, errand=Practised(gone=False), cost=CHEAP)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.idle)
    assert t("drill.still_open") in {one.text() for one in window.findChildren(Text)}
