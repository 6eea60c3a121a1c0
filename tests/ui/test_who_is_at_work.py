"""The window and who is at work: each role finds its own pages, keys and buttons; nothing of the one before stays to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractListModel, QCoreApplication, QEvent, Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from station_app import app, vault
from station_app.db import Database
from station_app.model import Consent, Keeper, Occupation, Person, Role
from station_app.paths import DataFolder
from station_app.services import keepers, people, requests, samples, stations, supplies, visits
from station_app.ui import theme
from station_app.ui.hands import Hands
from station_app.ui.kit import Button, Chip
from station_app.ui.main_window import OFFERED, PAGES, MainWindow
from station_app.ui.window import Window
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock

Key = Qt.Key
ALT = Qt.KeyboardModifier.AltModifier
NAME, PHONE, WORDS, PLACE = "欧阳志强", "13912345678", "欠薪三个月没有人管", "城西物流园三号门"
OTHER_NAME, OTHER_PHONE = "买买提·艾力", "13787654321"
SECRETS = (NAME, PHONE, PHONE[-4:], WORDS, WORDS[:4], PLACE, OTHER_NAME, OTHER_PHONE)
PINS = {role: f"97{place}5" for place, role in enumerate(Role)}


class House:
    """A station with one keeper of every role, two regulars with names, a request in their words; the real window over it."""

    def __init__(self, window: MainWindow, db: Database, who: Mapping[Role, Keeper], regular: Person) -> None:
        self.window, self.db, self.who, self.regular = window, db, who, regular
        self.broken: list[object] = []
        window.jobs.broken.connect(self.broken.append)
        self.hands = Hands(window, lambda: window.idle, window.catcher)

    @property
    def shown(self) -> str:
        return next(name for name in PAGES if self.window.offers(name) and self.window.page(name).isVisible())

    def page(self, name: str) -> None:
        self.hands.key(str(PAGES.index(name) + 1), ALT)

    def hand_over(self, role: Role) -> None:
        """Ctrl+L, the other keeper's name, their PIN."""
        self.hands.ctrl("l")
        name = self.who[role].name
        chip = next(chip for chip in self.window.findChildren(Chip) if chip.isVisible() and chip.text() == name)
        chip.click()
        self.hands.settle()
        self.hands.type(PINS[role])
        self.hands.key(Key.Key_Return)
        assert not self.window.locked
        assert self.db.role is role

    def look_everywhere(self) -> None:
        """Leave as much as can be left behind: the card, a search, the list, a person, a request, the toast."""
        self.hands.scan(self.regular.badge_code)
        for name in PAGES:
            self.page(name)
        self.page("desk")
        self.hands.key(Key.Key_Slash)
        self.hands.type("zhiqiang")

    def denied(self) -> list[str]:
        rows = self.db.rows("SELECT json_extract(details, '$.denied') AS what FROM operation WHERE op = 'refuse'")
        return [row["what"] for row in rows if row["what"]]


@pytest.fixture(scope="module")
def dressed(qapp: QApplication) -> None:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)


@pytest.fixture
def house(qtbot: QtBot, dressed: None, tmp_path: Path) -> Iterator[House]:
    clock, folder = Clock("2026-07-17T14:26:00+08:00"), tmp_path / "station"
    db, first = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PINS[Role.SUPERVISOR], clock=clock, cost=CHEAP)
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    who = {Role.SUPERVISOR: first}
    for role, name in ((Role.KEEPER, "赵秀兰"), (Role.EVENING, "马师傅"), (Role.AUDITOR, "检查员")):
        who[role], _ = keepers.add(db, folder, root, name, role, f"password-of-{role}", PINS[role], cost=CHEAP)
    samples.stock(db)
    regular, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", NAME, PHONE, Consent.DISTRICT)
    people.register(db, Occupation.COURIER, "", OTHER_NAME, OTHER_PHONE, Consent.STATION)
    came, _ = visits.check_in(db, regular.badge_code)
    supplies.hand_out(db, supplies.items(db)[0].id, person_id=regular.id, visit_id=came.visit.id)
    requests.add(db, WORDS, person_id=regular.id, contact=PHONE, place=PLACE)
    clock.forward(minutes=30)
    window = app.window(db)
    window.show()
    qtbot.waitActive(window)
    built = House(window, db, who, regular)
    built.hands.settle()
    yield built
    window.close()
    db.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert built.broken == []


# --- everything that stands anywhere ---------------------------------------------------------------------------------------


def written(widget: QWidget) -> Iterator[str]:
    """Everything a widget says: painted, read aloud, in a tip, in the rows of a list."""
    yield from (widget.accessibleName(), widget.accessibleDescription(), widget.toolTip(), widget.windowTitle())
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        yield widget.text()
    if isinstance(widget, QPlainTextEdit):
        yield widget.toPlainText()
    if isinstance(widget, QAbstractItemView) and (model := widget.model()) is not None:
        for row in range(model.rowCount()):
            for column in range(1 if isinstance(model, QAbstractListModel) else model.columnCount()):
                for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
                    yield str(model.index(row, column).data(role) or "")


def kept(thing: object, depth: int = 5) -> Iterator[str]:
    """The texts that an object of ours keeps in memory to paint from."""
    if isinstance(thing, str):
        yield thing
    elif depth and is_dataclass(thing) and not isinstance(thing, type):
        for field in fields(thing):
            yield from kept(getattr(thing, field.name), depth - 1)
    elif depth and isinstance(thing, dict):
        for key, value in thing.items():
            yield from (*kept(key, depth - 1), *kept(value, depth - 1))
    elif depth and isinstance(thing, list | tuple | set | frozenset):
        for one in thing:
            yield from kept(one, depth - 1)


def leaks(window: MainWindow) -> set[str]:
    """Which secrets stand anywhere in the window: on any page, shown or not, in a tip, in what a page keeps."""
    texts = []
    for widget in (window, *window.findChildren(QWidget)):
        texts += list(written(widget))
        rows = widget.model() if isinstance(widget, QAbstractItemView) else None
        for content in (*vars(widget).values(), *(vars(rows).values() if rows is not None else ())):
            texts += list(kept(content))
    everything = "\n".join(texts)
    return {secret for secret in SECRETS if secret in everything}


def test_a_supervisor_sees_them_all(house: House) -> None:
    """The net catches what it is made for."""
    house.look_everywhere()
    assert leaks(house.window) == set(SECRETS)


@pytest.mark.parametrize("role", [Role.EVENING, Role.AUDITOR])
def test_nothing_of_anybody_stays_for_who_may_not_see_it(house: House, role: Role) -> None:
    house.look_everywhere()
    house.hand_over(role)
    assert leaks(house.window) == set()
    for name in PAGES:
        house.page(name)
        assert leaks(house.window) == set(), name
    assert house.denied() == []


def test_without_the_rebuilding_the_names_would_stay(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Window, "_take_over", lambda _window, _back: None)
    house.look_everywhere()
    house.hand_over(Role.EVENING)
    assert {NAME, OTHER_NAME, PHONE} <= leaks(house.window)


def test_the_evening_keepers_desk_shows_nobody_whole(house: House) -> None:
    house.hand_over(Role.EVENING)
    house.hands.scan(house.regular.badge_code)
    house.hands.type("1")
    house.page("desk")
    house.hands.key(Key.Key_Slash)
    house.hands.type("5678")
    assert leaks(house.window) <= {PHONE[-4:]}  # what they typed themselves
    assert "欧阳" not in house.window.toast.text()
    assert house.denied() == []


def test_the_supervisor_finds_everything_again(house: House) -> None:
    house.hand_over(Role.EVENING)
    house.hand_over(Role.SUPERVISOR)
    house.look_everywhere()
    assert NAME in leaks(house.window)


def test_what_an_evening_keeper_wrote_is_not_shown_to_the_next_one(house: House) -> None:
    root, _ = vault.unlock(DataFolder(house.db.path.parent).slots, PASSWORD)
    second, _ = keepers.add(
        house.db, house.db.path.parent, root, "高师傅", Role.EVENING, "another-password", "8642", cost=CHEAP
    )
    house.hand_over(Role.EVENING)
    requests.add(house.db, "夜里充电桩跳闸", contact="13611112222")
    house.page("requests")
    assert any("夜里充电桩跳闸" in text for widget in house.window.findChildren(QLabel) for text in written(widget))
    house.hands.ctrl("l")
    next(chip for chip in house.window.findChildren(Chip) if chip.isVisible() and chip.text() == second.name).click()
    house.hands.settle()
    house.hands.type("8642")
    house.hands.key(Key.Key_Return)
    for name in PAGES:
        house.page(name)
    shown = "\n".join(text for widget in house.window.findChildren(QWidget) for text in written(widget))
    assert "夜里充电桩" not in shown
    assert "13611112222" not in shown


def test_an_answer_on_its_way_does_not_reach_the_next_one(house: House) -> None:
    """What was asked for by one and answered after the other came is dropped; what was written is still told."""
    told: list[str] = []
    house.window.jobs.read(lambda db: people.get(db, house.regular.id).name, told.append)
    house.window.jobs.forget()
    house.hands.settle()
    assert told == []
    house.window.jobs.read(lambda db: people.get(db, house.regular.id).name, told.append)
    house.hands.settle()
    assert told == [NAME]


def test_a_form_left_by_somebody_else_is_gone_and_that_is_said(house: House) -> None:
    house.page("requests")
    house.hands.ctrl("n")
    house.hands.type("这句话只给站长看")
    house.hand_over(Role.EVENING)
    assert house.window.toast.text() == t("window.form_gone")
    shown = "\n".join(text for widget in house.window.findChildren(QWidget) for text in written(widget))
    assert "这句话只给站长看" not in shown


def test_a_form_of_the_same_keeper_waits(house: House) -> None:
    house.page("requests")
    house.hands.ctrl("n")
    house.hands.type("abc")
    house.hand_over(Role.SUPERVISOR)
    focus = QApplication.focusWidget()
    assert isinstance(focus, QPlainTextEdit)
    assert focus.toPlainText() == "abc"


# --- what is offered ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_each_role_finds_its_pages_and_no_others(house: House, role: Role) -> None:
    house.hand_over(role)
    reached = set()
    for name in PAGES:
        house.page(name)
        reached.add(house.shown)
    assert reached == OFFERED[role]
    buttons = {button.accessibleName() for button in house.window.rail.findChildren(QPushButton)}
    assert {name for name in PAGES if t(f"window.{name}") in buttons} == OFFERED[role]


KEYS: tuple[tuple[Key, Qt.KeyboardModifier], ...] = (
    *((key, Qt.KeyboardModifier.NoModifier) for key in (Key.Key_F2, Key.Key_F9, Key.Key_Return, Key.Key_1, Key.Key_2, Key.Key_5)),
    *((key, Qt.KeyboardModifier.ControlModifier) for key in (Key.Key_N, Key.Key_Z, Key.Key_Return, Key.Key_2, Key.Key_I)),
)  # fmt: skip


@pytest.mark.parametrize("role", [Role.EVENING, Role.AUDITOR])
def test_no_key_and_no_button_leads_to_a_refusal(house: House, role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page: keys that do something somewhere, and every button that can be seen."""
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: True)
    house.hand_over(role)
    for name in PAGES:
        house.page(name)
        for key, held in KEYS:
            house.page(name)
            house.hands.key(key, held)
            house.hands.key(Key.Key_Escape)
        house.page(name)
        texts = [button.text() for button in seen(house) if button.text() not in [t(word) for word in ELSEWHERE]]
        for text in texts:
            house.page(name)
            for button in [button for button in seen(house) if button.text() == text][:1]:
                button.click()
                house.hands.settle()
                house.hands.key(Key.Key_Escape)
    assert house.denied() == []


ELSEWHERE = ("trail.csv", "trail.pdf", "kiosk.start", "drill.begin")
"""Buttons that lead out of the window: to the system's file window, to the visitors' screen, which a PIN alone leaves, to a practice
day at a station of its own."""


def seen(house: House) -> list[Button]:
    """The buttons of the page in front."""
    page = house.window.page(house.shown)
    return [button for button in page.findChildren(Button) if button.isVisible() and button.isEnabled() and button.text()]


def test_an_auditor_counts_nobody_with_a_scan(house: House) -> None:
    house.hand_over(Role.AUDITOR)
    before = visits.today(house.db, "2026-07-17").person_times
    house.hands.scan(house.regular.badge_code)
    assert visits.today(house.db, "2026-07-17").person_times == before
    assert house.denied() == []


@pytest.mark.parametrize("role", Role)
def test_everybody_changes_the_look_and_their_own_pin(house: House, role: Role) -> None:
    house.hand_over(role)
    house.hands.key(Key.Key_F11)
    assert theme.tokens().large
    house.hands.key(Key.Key_F11)
    house.page("settings")
    pins = [button for button in seen(house) if button.text() == t("settings.change_pin")]
    own = next(button for button in pins if button.accessibleDescription() == house.who[role].name)
    assert len(pins) == (4 if role is Role.SUPERVISOR else 1)
    own.click()
    house.hands.settle()
    for text in ("86420", "86420", PASSWORD if role is Role.SUPERVISOR else f"password-of-{role}"):
        house.hands.type(text)
        house.hands.key(Key.Key_Return)
    assert house.window.toast.text() == t("settings.pin_changed", name=house.who[role].name)
    assert keepers.unlock_screen(house.db, house.who[role].id, "86420") == house.who[role]


def test_a_new_password_takes_the_old_one_and_opens_the_store(house: House) -> None:
    house.hand_over(Role.AUDITOR)
    house.page("settings")
    next(button for button in seen(house) if button.text() == t("settings.change_password")).click()
    house.hands.settle()
    for text in (f"password-of-{Role.AUDITOR}", "a-quite-new-password", "a-quite-new-one"):
        house.hands.type(text)
        house.hands.key(Key.Key_Return)
    told = "\n".join(text.text() for text in house.window.findChildren(QLabel) if text.isVisible())
    assert t("settings.passwords_differ") in told
    house.hands.key(Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    house.hands.type("a-quite-new-password")
    house.hands.key(Key.Key_Return)
    assert house.window.toast.text() == t("settings.password_changed", name="检查员")
    assert vault.unlock(house.db.path.with_suffix(".slots"), "a-quite-new-password")[1] == house.who[Role.AUDITOR].id


def test_who_is_let_go_while_at_work_only_reads_at_once(house: House) -> None:
    house.hand_over(Role.KEEPER)
    house.db.acting = house.who[Role.SUPERVISOR].id
    gone = keepers.remove(house.db, house.db.path.parent, house.who[Role.KEEPER].id)
    house.db.acting = house.who[Role.KEEPER].id
    house.window.jobs.changed.emit(gone)
    house.hands.settle()
    assert house.window.role is Role.AUDITOR
    assert not house.window.offers("people")


# --- what a visitor may see --------------------------------------------------------------------------------------------------


def visible(window: MainWindow) -> str:
    """What stands on the screen now."""
    return "\n".join(text for widget in (window, *window.findChildren(QWidget)) if widget.isVisible() for text in written(widget))


def test_the_desk_says_no_whole_phone_and_the_lock_nobody(house: House) -> None:
    house.hands.scan(house.regular.badge_code)
    house.hands.key(Key.Key_Slash)
    house.hands.type("zhiqiang")
    desk = visible(house.window)
    assert NAME in desk
    assert PHONE not in desk
    assert WORDS not in desk
    house.hands.key(Key.Key_Escape)
    house.hands.ctrl("l")
    assert [secret for secret in SECRETS if secret in visible(house.window)] == []


def test_what_is_told_while_locked_is_not_shown_to_the_next_one(house: House) -> None:
    house.hands.ctrl("l")
    house.window.tell(f"{NAME} 登记成功")
    assert NAME not in visible(house.window)
    chip = next(chip for chip in house.window.findChildren(Chip) if chip.isVisible() and chip.text() == "马师傅")
    chip.click()
    house.hands.settle()
    house.hands.type(PINS[Role.EVENING])
    house.hands.key(Key.Key_Return)
    assert house.window.toast.text() == ""


def test_a_name_that_looks_like_markup_is_never_taken_for_it(house: House) -> None:
    evil, _ = people.register(house.db, Occupation.RIDER, "<img src=x>", "<b>粗</b>体", "", Consent.STATION)
    house.hands.scan(evil.badge_code)
    for name in ("people", "requests", "desk"):
        house.page(name)
    tips = [widget.toolTip() for widget in house.window.findChildren(QWidget)]
    log = next(view for view in house.window.findChildren(QAbstractItemView) if type(view).__name__ == "LogList")
    tips.append(str(log.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)))
    told = [tip for tip in tips if "粗" in tip or "img" in tip]
    assert len(told) >= 2
    assert not [tip for tip in told if "<b>" in tip or "<img" in tip]
    assert "<b>粗</b>体" in house.window.toast.text()
