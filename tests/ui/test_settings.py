"""The page 设置 by keys: what is changed there is there tomorrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import settings, vault, words
from station_app.db import Database
from station_app.errors import Refused
from station_app.model import Consent, Keeper, Occupation, Role, WeatherLevel
from station_app.paths import DataFolder
from station_app.services import keepers, people, preferences, stations, weather
from station_app.ui.entry import Entry
from station_app.ui.jobs import Jobs
from station_app.ui.kit import Text
from station_app.ui.pages.settings import SettingsPage
from tests.ui.shell import Clock, SheetShell, set_up

Key = Qt.Key
CHEAP = vault.Cost(1, 8192)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    store = set_up(tmp_path / "station", Clock())
    yield store
    store.close()


@pytest.fixture
def shell(db: Database, qtbot: QtBot) -> Iterator[SheetShell]:
    jobs = Jobs(db)
    broken: list[object] = []
    jobs.broken.connect(broken.append)
    yield SheetShell(jobs, stations.current(db))
    jobs.close()
    assert broken == []


class Hands:
    """The page and the keys."""

    def __init__(self, qtbot: QtBot, shell: SheetShell) -> None:
        self.qtbot, self.shell = qtbot, shell
        self.page = SettingsPage(shell, cost=CHEAP)
        qtbot.addWidget(self.page)
        shell.hold(self.page)
        self.page.resize(1274, 678)
        self.page.show()
        qtbot.waitExposed(self.page)
        self.wait()
        self.page.settle()

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.shell.jobs.idle, timeout=30_000)

    def keys(self, *keys: str | Qt.Key) -> None:
        """Type texts over what stands there (as an input method commits them) and press keys where the focus is."""
        for key in keys:
            focus = QApplication.focusWidget()
            assert focus is not None
            if isinstance(key, str):
                self.qtbot.keyClick(focus, Key.Key_A, Qt.KeyboardModifier.ControlModifier)
                commit = QInputMethodEvent()
                commit.setCommitString(key)
                QApplication.sendEvent(focus, commit)
            else:
                self.qtbot.keyClick(focus, key)
        self.wait()

    def form(self) -> Entry:
        assert isinstance(self.shell.sheet, Entry)
        return self.shell.sheet

    def error(self, name: str) -> str:
        return str(self.form().field(name).focusProxy().accessibleDescription())


@pytest.fixture
def hands(qtbot: QtBot, shell: SheetShell) -> Hands:
    return Hands(qtbot, shell)


def test_a_number_is_kept_by_enter_and_only_within_its_bounds(hands: Hands, db: Database) -> None:
    row = hands.page.rows[settings.DOUBLE_SCAN_MINUTES.name]
    row.field.take_focus()
    hands.keys("0", Key.Key_Return)
    assert row.field.focusProxy().accessibleDescription() == words.t("kit.bad_number", low=1, high=240)
    assert preferences.number(db, settings.DOUBLE_SCAN_MINUTES) == 10
    hands.keys("25")
    assert preferences.number(db, settings.DOUBLE_SCAN_MINUTES) == 10, "filling in saves nothing"
    assert row.save.isVisible()
    hands.keys(Key.Key_Return)
    assert preferences.number(db, settings.DOUBLE_SCAN_MINUTES) == 25
    assert not row.save.isVisible()
    assert hands.shell.last == "“同一张卡几分钟内不重复计数”已改好"


def test_from_when_it_is_hot_is_set_on_the_page(hands: Hands, db: Database) -> None:
    row = hands.page.weather.rows[settings.WEATHER_HEAT_ORANGE.name]
    assert row.field.value() == 37
    row.field.take_focus()
    hands.keys("34", Key.Key_Return)
    assert preferences.number(db, settings.WEATHER_HEAT_ORANGE) == 34
    assert weather.tell(db, high=34)[0].level is WeatherLevel.HEAT_ORANGE


def test_a_number_being_typed_survives_another_change(hands: Hands, db: Database) -> None:
    row = hands.page.rows[settings.IDLE_LOCK_MINUTES.name]
    row.field.take_focus()
    hands.keys("42")
    preferences.change(db, settings.DOUBLE_SCAN_MINUTES.name, "11")
    hands.page.refresh()
    hands.wait()
    assert row.field.value() == 42
    assert hands.page.rows[settings.DOUBLE_SCAN_MINUTES.name].field.value() == 11


def test_switches_and_choices_take_effect_at_once_and_stay(hands: Hands, qtbot: QtBot, db: Database) -> None:
    for name, keys, kept in (
        (settings.LARGE_TYPE.name, Key.Key_1, "1"), (settings.DARK.name, Key.Key_1, "1"), (settings.LANGUAGE.name, Key.Key_3, "en"),
    ):  # fmt: skip
        hands.page.rows[name].field.take_focus()
        hands.keys(keys)
        assert preferences.get(db, settings.BY_NAME[name]) == kept
    again = Hands(qtbot, hands.shell)
    assert [again.page.rows[s.name].field.value() for s in (settings.LARGE_TYPE, settings.DARK, settings.LANGUAGE)] == [
        "1",
        "1",
        "en",
    ]
    again.page.rows[settings.LANGUAGE.name].field.take_focus()
    again.keys(Key.Key_1)
    assert preferences.get(db, settings.LANGUAGE) == ""


def test_the_stations_facts_are_changed_and_can_be_taken_back(hands: Hands, db: Database) -> None:
    hands.keys(Key.Key_Return)
    hands.keys("新湾暖心驿站", Key.Key_Return, "9", Key.Key_Return, Key.Key_Return, "0999-1", Key.Key_Return)
    assert hands.error("opens") == words.t("stations.bad_hours", text="9")
    hands.keys("09:00", Key.Key_Return, Key.Key_Return, Key.Key_Return)
    assert hands.shell.last == "新湾暖心驿站的资料已改好"
    station = stations.current(db)
    assert (station.name, station.opens, station.phone) == ("新湾暖心驿站", "09:00", "0999-1")
    assert hands.page.facts["name"].accessibleName() == "名称 新湾暖心驿站"
    assert hands.shell.then is not None
    hands.shell.then()
    hands.wait()
    assert stations.current(db).name == "马家湾暖心驿站"


def test_a_keeper_is_added_with_the_acting_keepers_own_password(hands: Hands, db: Database) -> None:
    hands.page.new()
    hands.keys(
        "陈立", Key.Key_Return, Key.Key_3, Key.Key_Return, "evening-pass", Key.Key_Return, "1357", Key.Key_Return
    )
    hands.keys("not the password", Key.Key_Return)
    assert hands.error("password") == "密码不对，请再试一次"
    assert len(keepers.listing(db)) == 1
    hands.keys("demo-station", Key.Key_Return)
    assert hands.shell.last == "已添加管理员 陈立"
    added = next(keeper for keeper in keepers.listing(db) if keeper.name == "陈立")
    assert added.role is Role.EVENING
    assert vault.unlock(DataFolder(db.path.parent).slots, "evening-pass")[1] == added.id
    assert set(hands.page.pins) == {keeper.id for keeper in keepers.listing(db)}

    hands.page.new()
    hands.keys(
        "陈立",
        Key.Key_Return,
        Key.Key_Return,
        "another-pass",
        Key.Key_Return,
        Key.Key_Return,
        "evening-pass",
        Key.Key_Return,
    )
    assert hands.error("password") == "这是别人的密码，请输入您自己的"
    hands.keys("demo-station", Key.Key_Return)
    assert hands.error("name") == "已经有一位叫 陈立 的管理员"
    with pytest.raises(Refused):
        vault.unlock(DataFolder(db.path.parent).slots, "another-pass")


@pytest.fixture
def second(db: Database) -> Keeper:
    root, _ = vault.unlock(DataFolder(db.path.parent).slots, "demo-station")
    return keepers.add(db, db.path.parent, root, "陈立", Role.KEEPER, "chen-li-pass", "1357", cost=CHEAP)[0]


def test_a_keeper_gets_another_name_role_and_a_password_for_a_forgotten_one(
    second: Keeper, db: Database, hands: Hands
) -> None:
    hands.page.changes[second.id].setFocus()
    hands.keys(Key.Key_Return)
    assert hands.shell.sheet_title == "修改 陈立"
    hands.keys("陈立（夜）", Key.Key_Return, Key.Key_3, Key.Key_Return, "short", Key.Key_Return, "demo-station", Key.Key_Return)
    assert hands.error("fresh") == words.t("vault.short_password", n=8)
    assert keepers.keeper(db, second.id) == second, "nothing was changed by half"
    hands.keys("longer-than-before", Key.Key_Return, Key.Key_Return)
    assert hands.shell.last == "陈立（夜） 的资料已改好"
    assert keepers.keeper(db, second.id) == Keeper(second.id, "陈立（夜）", Role.EVENING)
    slots = DataFolder(db.path.parent).slots
    assert vault.unlock(slots, "longer-than-before")[1] == second.id
    with pytest.raises(Refused):
        vault.unlock(slots, "chen-li-pass")


def test_the_only_supervisor_stays_one(db: Database, hands: Hands) -> None:
    assert set(hands.page.leaves) == set(), "nobody lets themselves go"
    hands.page.changes[db.acting].setFocus()
    hands.keys(Key.Key_Return)
    hands.keys(Key.Key_Return, Key.Key_1, Key.Key_Return, "demo-station", Key.Key_Return)
    assert hands.error("role") == words.t("vault.last_supervisor", name="王敏")


def test_a_keeper_leaves_after_the_own_password(second: Keeper, db: Database, hands: Hands) -> None:
    hands.page.leaves[second.id].setFocus()
    hands.keys(Key.Key_Return)
    assert isinstance(hands.shell.sheet, Entry)
    assert "记录都留着" in " ".join(text.text() for text in hands.shell.sheet.findChildren(Text))
    hands.keys("chen-li-pass", Key.Key_Return)
    assert hands.error("password") == "这是别人的密码，请输入您自己的"
    hands.keys("demo-station", Key.Key_Return)
    assert hands.shell.last == words.t("settings.keeper_left", name="陈立")
    assert [one.name for one in keepers.listing(db)] == ["王敏"]
    assert set(hands.page.pins) == {db.acting}
    assert hands.shell.then is not None
    hands.shell.then()
    hands.wait()
    assert len(keepers.listing(db)) == 2


def test_a_pin_is_changed_after_the_password(hands: Hands, db: Database) -> None:
    (keeper_id,) = hands.page.pins
    hands.page.pins[keeper_id].setFocus()
    hands.keys(Key.Key_Return)
    hands.keys("97531", Key.Key_Return, "97530", Key.Key_Return, "demo-station", Key.Key_Return)
    assert hands.error("again") == "两遍 PIN 码不一样，请再看一下"
    hands.keys("97531", Key.Key_Return, Key.Key_Return)
    assert hands.shell.last == "王敏 的 PIN 码已改好"
    assert keepers.unlock_screen(db, keeper_id, "97531").name == "王敏"
    with pytest.raises(Refused):
        keepers.unlock_screen(db, keeper_id, "1234")


def test_the_scanner_test_shows_what_arrived(hands: Hands, db: Database) -> None:
    person, _ = people.register(db, Occupation.RIDER, "", "", "", Consent.NONE)
    code = person.badge_code
    assert hands.page.scanned(code)
    assert hands.page.scanner.scan_text.text() == code
    assert f"区划 520304 · 卡内编号 {code[7:15]} · 校验位 {code[-1]}" in hands.page.scanner.scan_parts.text()
    assert hands.page.scanned(code[:-1] + str((int(code[-1]) + 1) % 10))
    assert "校验位不对" in hands.page.scanner.scan_parts.text()
    assert hands.page.scanned("6901234567892")
    assert hands.page.scanner.scan_parts.text() == "收到 13 个字符。扫码枪是好的，不过这不是驿站卡。"


def test_about_and_the_keys(hands: Hands, db: Database) -> None:
    assert hands.page.folder.text() == str(db.path.parent)
    hands.page.keys.setFocus()
    hands.keys(Key.Key_Return)
    assert hands.shell.went == [("help", "")]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_setting_has_its_words(language: str, qtbot: QtBot, shell: SheetShell) -> None:
    words.use(language)
    page = Hands(qtbot, shell).page
    assert set(page.rows) == {setting.name for setting in settings.SHOWN}
