"""The window around the pages: keys and scans that work everywhere, forms that are not lost, lock, language, help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from station_app import app, settings, vault, words
from station_app.db import Database
from station_app.model import Consent, Occupation, Person, Role
from station_app.services import badges, keepers, people, preferences, samples, stations, visits
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.help import KEYS, keys_for
from station_app.ui.main_window import OFFERED, PAGES, MainWindow
from station_app.ui.pages.trail import TrailPage
from station_app.ui.window import SMALLEST
from station_app.words import t
from tests.conftest import PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
TEXT = "楼下充电口坏了"


class House:
    """A station's real window, the hands on it, and its database to look into."""

    def __init__(self, window: MainWindow, db: Database, person: Person) -> None:
        self.window, self.db, self.person = window, db, person
        self.broken: list[object] = []
        window.jobs.broken.connect(self.broken.append)
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.badge = badges.resolve(db, person.card_number).code

    @property
    def shown(self) -> str:
        """The page in front."""
        return next(name for name in PAGES if self.window.page(name).isVisible())

    @property
    def told(self) -> str:
        return self.window.toast.text()

    def page(self, name: str) -> None:
        self.hands.key(str(PAGES.index(name) + 1), ALT)

    def half_a_request(self) -> QPlainTextEdit:
        """A request begun and not saved; the field it stands in."""
        self.page("requests")
        self.hands.ctrl("n")
        self.hands.type(TEXT)
        return self.field()

    def field(self) -> QPlainTextEdit:
        focus = QApplication.focusWidget()
        assert isinstance(focus, QPlainTextEdit)
        return focus

    def person_times(self) -> int:
        return visits.today(self.db, self.db.stamp().business_date).person_times


@pytest.fixture(scope="module")
def dressed(qapp: QApplication) -> None:
    """The application in its clothes, once: every change of them touches every widget."""
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)


@pytest.fixture
def house(qtbot: QtBot, dressed: None, tmp_path: Path) -> Iterator[House]:
    clock = Clock("2026-07-17T14:26:00+08:00")
    cost = vault.Cost(passes=1, memory=8 * 1024)
    db, _keeper = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=cost)
    samples.stock(db)
    person, _changes = people.register(db, Occupation.RIDER, "飞鹿外卖", "曾德娟", "13800000021", Consent.DISTRICT)
    window = app.window(db)
    window.show()
    qtbot.waitActive(window)
    built = House(window, db, person)
    built.hands.settle()
    yield built
    window.close()
    db.close()
    window.deleteLater()
    # A window left over would be dressed again and again.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert built.broken == []


def test_alt_and_a_digit_show_every_page_in_the_order_of_the_rail(house: House) -> None:
    for name in reversed(PAGES):
        house.page(name)
        assert house.shown == name


@pytest.mark.parametrize("name", [name for name in PAGES if name != "desk"])
def test_a_tally_key_counts_from_any_page_and_shows_the_desk(house: House, name: str) -> None:
    house.page(name)
    house.hands.key(Key.Key_F2)
    assert house.shown == "desk"
    house.hands.type("5")
    assert house.person_times() == 5
    assert "5" in house.told


@pytest.mark.parametrize("name", ["supplies", "requests", "shift", "reports", "sync"])
def test_a_scan_checks_in_from_any_page_that_has_no_use_for_it(house: House, name: str) -> None:
    house.page(name)
    house.hands.scan(house.badge)
    assert house.shown == "desk"
    assert house.person_times() == 1
    assert "曾德娟" in house.told


def test_ctrl_z_says_what_it_took_back(house: House) -> None:
    house.hands.key(Key.Key_F3)
    house.page("reports")
    house.hands.ctrl("z")
    assert house.shown == "reports"
    assert house.person_times() == 0
    assert house.told == "已撤销：匿名登记（14:26）"


# --- forms ---------------------------------------------------------------------------------------------------------------


def test_a_scan_in_the_middle_of_a_form_checks_in_and_the_form_waits(house: House) -> None:
    house.page("supplies")
    house.hands.ctrl("n")
    house.hands.type("12")
    house.hands.scan(house.badge)
    assert house.shown == "desk"
    assert house.person_times() == 1
    house.page("supplies")
    assert any(field.text() == "12" for field in house.window.page("supplies").findChildren(QLineEdit) if field.isVisible())


def test_a_scan_while_a_request_is_written_says_who_brought_it(house: House) -> None:
    house.half_a_request()
    house.hands.scan(house.badge)
    assert house.shown == "requests"
    assert house.person_times() == 0
    assert house.field().toPlainText() == TEXT


def test_a_tally_in_the_middle_of_a_form_counts_and_the_form_waits(house: House) -> None:
    house.half_a_request()
    house.hands.key(Key.Key_F4)
    assert house.person_times() == 1
    house.page("requests")
    assert house.field().toPlainText() == TEXT


def test_a_form_nobody_typed_in_is_gone_when_the_page_is_left(house: House) -> None:
    house.page("requests")
    house.hands.ctrl("n")
    house.page("desk")
    house.page("requests")
    assert not isinstance(QApplication.focusWidget(), QPlainTextEdit)


def test_ctrl_n_does_not_throw_away_a_form_that_is_being_filled_in(house: House) -> None:
    field = house.half_a_request()
    house.hands.ctrl("n")
    assert house.field() is field
    assert field.toPlainText() == TEXT
    assert house.told == t("window.form_first")


def test_esc_leaves_a_form_and_ctrl_z_brings_it_back(house: House) -> None:
    house.half_a_request()
    house.hands.key(Key.Key_Escape)
    assert not isinstance(QApplication.focusWidget(), QPlainTextEdit)
    assert t("window.not_saved") in house.told
    house.hands.ctrl("z")
    assert house.field().toPlainText() == TEXT
    house.hands.ctrl(Key.Key_Return)
    assert house.db.scalar("SELECT count(*) FROM request") == 1


def test_ctrl_z_takes_back_what_was_done_after_a_form_was_left(house: House) -> None:
    house.half_a_request()
    house.hands.key(Key.Key_Escape)
    house.hands.key(Key.Key_F2)
    house.hands.ctrl("z")
    assert house.person_times() == 0
    assert house.shown == "desk"


def test_ctrl_z_in_a_form_undoes_typing_only(house: House) -> None:
    house.hands.key(Key.Key_F2)
    house.page("requests")
    house.hands.ctrl("n")
    house.hands.type("abc")
    house.hands.ctrl("z")
    assert house.field().toPlainText() != "abc"
    assert house.person_times() == 1


def test_help_over_a_form_leaves_it_alone(house: House) -> None:
    house.half_a_request()
    house.hands.key(Key.Key_F1)
    assert not isinstance(QApplication.focusWidget(), QPlainTextEdit)
    house.hands.key("?")  # from the handbook on to the keys, and back
    house.hands.key("?")
    house.hands.key(Key.Key_F1)
    assert house.field().toPlainText() == TEXT
    house.hands.key(Key.Key_F1)
    house.hands.key(Key.Key_Escape)
    assert house.field().toPlainText() == TEXT


def test_large_type_in_the_middle_of_a_form_keeps_it(house: House) -> None:
    field = house.half_a_request()
    house.hands.key(Key.Key_F11)
    assert theme.tokens().large
    assert house.field() is field
    assert field.toPlainText() == TEXT
    house.hands.key(Key.Key_F11)
    assert not theme.tokens().large
    assert preferences.get(house.db, settings.LARGE_TYPE) == "0"


def test_a_slash_is_text_in_a_field_and_finds_outside(house: House) -> None:
    house.page("requests")
    house.hands.key(Key.Key_Slash)
    search = QApplication.focusWidget()
    assert isinstance(search, QLineEdit)
    house.hands.type("a/b")
    assert search.text() == "a/b"


@pytest.mark.parametrize("name", ["desk", "people", "requests", "trail"])
def test_a_slash_goes_into_the_search_of_every_page_that_has_one(house: House, name: str) -> None:
    house.page(name)
    house.window.rail.setFocus()
    house.hands.key(Key.Key_Tab)
    house.hands.key(Key.Key_Slash)
    search = QApplication.focusWidget()
    assert isinstance(search, QLineEdit)
    assert house.window.page(name).isAncestorOf(search)
    house.hands.type("ma")
    assert search.text() == "ma"


def test_a_slash_in_a_drop_down_finds_too(house: House) -> None:
    house.page("trail")
    page = house.window.page("trail")
    assert isinstance(page, TrailPage)
    page.keeper.setFocus()
    house.hands.key(Key.Key_Slash)
    assert QApplication.focusWidget() is page.search


def test_the_toast_fades_and_ctrl_z_goes_on_working(house: House) -> None:
    house.hands.key(Key.Key_F3)
    assert house.told
    house.window.toast.rest.timeout.emit()
    house.window.toast.fading.setCurrentTime(house.window.toast.fading.totalDuration())
    assert house.told == ""
    house.hands.ctrl("z")
    assert house.person_times() == 0


def test_the_form_put_aside_comes_back_after_its_toast_faded(house: House) -> None:
    house.half_a_request()
    house.hands.key(Key.Key_Escape)
    house.window.toast.rest.timeout.emit()
    house.window.toast.fading.setCurrentTime(house.window.toast.fading.totalDuration())
    house.hands.ctrl("z")
    assert house.field().toPlainText() == TEXT


# --- help ------------------------------------------------------------------------------------------------------------------


def said_keys(*sections: str) -> set[str]:
    """Every key the help says (in these sections), ranges one by one."""
    said: set[str] = set()
    for section, parts in KEYS:
        if sections and section not in sections:
            continue
        for caps, _word in parts:
            found = re.fullmatch(r"(.*?)(\d+) – (?:F?)(\d+)", caps)
            if found is None:
                said |= {caps, *caps.split()}
            else:
                said |= {f"{found[1]}{number}" for number in range(int(found[2]), int(found[3]) + 1)}
    return said


def test_the_help_says_every_key_the_window_listens_to(house: House) -> None:
    """Every shortcut of the window and of its pages stands in the one table, whatever page it belongs to."""
    for name in PAGES:
        house.window.page(name)
    listened = {shortcut.key().toString() for shortcut in house.window.findChildren(QShortcut)}
    alike = {"Ctrl+Return": "Ctrl+Enter"}
    assert {alike.get(key, key) for key in listened} - said_keys() == set()
    assert len(listened) > 30
    assert {"/", "Esc", "Enter", "Backspace", "Shift+1", "1", "Ctrl+P"} <= said_keys()


def test_the_help_says_the_keys_of_a_page_under_that_page(house: House) -> None:
    alike = {"Ctrl+Return": "Ctrl+Enter", "Alt+Return": "Alt+Enter"}
    unsaid = {
        (name, key) for name in PAGES for shortcut in house.window.page(name).findChildren(QShortcut)
        if (key := shortcut.key().toString()) and alike.get(key, key) not in said_keys("anywhere", "forms", "lists", name)
    }  # fmt: skip
    assert unsaid == set()


def test_the_help_of_a_page_that_is_not_offered_is_not_there() -> None:
    auditor = keys_for(KEYS, Role.AUDITOR, lambda section: section in PAGES and section not in OFFERED[Role.AUDITOR])
    assert {section for section, _parts in auditor} == {"anywhere", "lists", "forms", "supplies", "reports", "trail"}
    assert not {"tally", "undo", "new"} & {word for _section, parts in auditor for _cap, word in parts}


def test_esc_in_a_search_empties_it_and_goes_back_to_the_list(house: House) -> None:
    house.page("requests")
    before = QApplication.focusWidget()
    house.hands.key(Key.Key_Slash)
    house.hands.type("abc")
    house.hands.key(Key.Key_Escape)
    assert QApplication.focusWidget() is before


def test_esc_in_the_dates_of_the_report_goes_back_to_its_spans(house: House) -> None:
    house.page("reports")
    before = QApplication.focusWidget()
    house.hands.key(Key.Key_Slash)
    assert QApplication.focusWidget() is not before
    house.hands.key(Key.Key_Escape)
    assert QApplication.focusWidget() is before


def test_tab_goes_through_the_desk_as_it_is_read_and_everything_has_a_name(house: House) -> None:
    order: list[QWidget] = []
    focus = QApplication.focusWidget()
    while focus is not None and focus not in order:
        order.append(focus)
        assert focus.accessibleName()
        house.hands.key(Key.Key_Tab)
        focus = QApplication.focusWidget()
    kinds = [type(widget).__name__ for widget in order]
    assert kinds[0] == "DeskField"
    assert kinds.index("OfferCard") < kinds.index("TallyCard") < kinds.index("LogList") < kinds.index("_RailButton")
    assert "Scroll" not in kinds  # all fits, so there is nothing to scroll


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_page_fits_the_smallest_screen_in_large_type(house: House, language: str) -> None:
    """Nine pages on the rail, nothing wider or higher than 1366 x 768, nothing to be scrolled sideways."""
    house.window.rail.language_chosen.emit(language)
    house.hands.key(Key.Key_F11)
    for name in PAGES:
        house.page(name)
        assert (name, house.window.width(), house.window.height()) == (name, *SMALLEST)
        bars = [area.horizontalScrollBar() for area in house.window.page(name).findChildren(QScrollArea)]
        assert not [bar for bar in bars if bar.isVisible() and bar.maximum() > 0], name
    house.hands.key(Key.Key_F11)


# --- language ------------------------------------------------------------------------------------------------------------


def test_another_language_keeps_the_page_and_is_remembered(house: House) -> None:
    house.page("supplies")
    house.window.rail.language_chosen.emit("en")
    house.hands.settle()
    assert words.language() == "en"
    assert house.shown == "supplies"
    assert preferences.get(house.db, settings.LANGUAGE) == "en"


def test_another_language_waits_for_a_form_that_is_being_filled_in(house: House) -> None:
    house.half_a_request()
    house.page("desk")
    house.window.rail.language_chosen.emit("en")
    house.hands.settle()
    assert words.language() == "zh"
    assert house.told == t("window.form_first")
    assert house.field().toPlainText() == TEXT


# --- locking -------------------------------------------------------------------------------------------------------------


def test_a_locked_screen_shows_and_does_nothing_until_the_pin_is_right(house: House) -> None:
    house.half_a_request()
    house.hands.ctrl("l")
    assert house.window.locked
    for key in (Key.Key_Escape, Key.Key_F2, Key.Key_F1, Key.Key_F11, Key.Key_F9):
        house.hands.key(key)
    house.hands.ctrl("z")
    house.hands.ctrl("n")
    house.page("people")
    house.hands.scan(house.badge)
    assert house.window.locked
    assert house.person_times() == 0
    assert not theme.tokens().large
    assert keepers.day(house.db, "2026-07-17").opened == ""
    house.hands.type("1111")
    house.hands.key(Key.Key_Return)
    assert house.window.locked
    house.hands.type(PIN)  # what was wrong is selected: the next try replaces it
    house.hands.key(Key.Key_Return)
    assert not house.window.locked
    assert house.shown == "requests"
    assert house.field().toPlainText() == TEXT


def test_a_password_unlocks_as_well(house: House) -> None:
    house.hands.ctrl("l")
    house.hands.type(PASSWORD)
    house.hands.key(Key.Key_Return)
    assert not house.window.locked


def test_nobody_at_the_desk_locks_the_screen(house: House) -> None:
    house.window._idle.timeout.emit()
    house.hands.settle()
    assert house.window.locked
