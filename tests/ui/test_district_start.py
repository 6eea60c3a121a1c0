"""The window before a district is open, worked with keys: setting up, unlocking, a forgotten password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import app, settings, vault, words
from station_app.db import Database
from station_app.district import books, desk, store
from station_app.services import keepers, preferences
from station_app.ui.district.start import DistrictCard, DistrictStart
from station_app.ui.start import UnlockCard
from station_app.ui.start_recover import RecoverCard
from tests.conftest import CHEAP, PASSWORD, Clock
from tests.ui.shell import shown

Key = Qt.Key


class First:
    """The first window of a folder and what it handed over."""

    def __init__(self, qtbot: QtBot, folder: Path, clock: Clock) -> None:
        self.qtbot, self.folder = qtbot, folder
        self.opened: list[Database] = []
        self.window = DistrictStart(folder, clock=clock, cost=CHEAP)
        self.window.opened.connect(self.opened.append)
        qtbot.addWidget(self.window)
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()

    def keys(self, *keys: str | Qt.Key) -> None:
        for key in keys:
            focus = QApplication.focusWidget()
            assert focus is not None
            if isinstance(key, str):
                commit = QInputMethodEvent()
                commit.setCommitString(key)
                QApplication.sendEvent(focus, commit)
            else:
                self.qtbot.keyClick(focus, key)

    def wait(self) -> None:
        self.qtbot.waitUntil(lambda: self.window.idle, timeout=60_000)


@pytest.fixture
def first(qtbot: QtBot, tmp_path: Path, clock: Clock) -> Iterator[First]:
    made = First(qtbot, tmp_path / "district", clock)
    yield made
    made.window.close()
    for db in made.opened:
        db.close()


@pytest.fixture
def there(qtbot: QtBot, tmp_path: Path, clock: Clock) -> Iterator[First]:
    db = store.set_up(tmp_path / "district", "990101", "云桥区", "陈立", PASSWORD, pin="2468", clock=clock, cost=CHEAP)
    root, _ = vault.unlock(db.path.with_suffix(".slots"), PASSWORD)
    key, _ = keepers.make_recovery_key(db, db.path.parent, root)
    db.close()
    made = First(qtbot, tmp_path / "district", clock)
    made.window.setProperty("groups", list(key.groups))
    yield made
    made.window.close()
    for opened in made.opened:
        opened.close()


def test_a_district_is_set_up_from_nothing_by_keys_alone(first: First) -> None:
    assert isinstance(first.window.card, DistrictCard)
    first.keys("云桥区", Key.Key_Return, "990101", Key.Key_Return, "陈立", Key.Key_Return)
    first.keys("demo-district", Key.Key_Return, "demo-district", Key.Key_Return, "2468", Key.Key_Return)
    first.wait()
    (db,) = first.opened
    place = desk.place(db)
    assert (place.name, place.district_code) == ("云桥区", "990101")
    (officer,) = books.officers(db)
    assert (officer.name, officer.id) == ("陈立", db.acting)
    assert keepers.unlock_screen(db, officer.id, "2468") == officer


def test_what_cannot_be_is_said_at_its_field_and_nothing_is_made(first: First) -> None:
    card = first.window.card
    assert isinstance(card, DistrictCard)
    first.keys("云桥区", Key.Key_Return, "12", Key.Key_Return, "陈立", Key.Key_Return)
    first.keys("demo-district", Key.Key_Return, "another one", Key.Key_Return, Key.Key_Return)
    assert "两遍密码不一样，请再看一下" in shown(card.form.field("again"))
    card.form.set_values({"again": "demo-district"})
    card.form.submit()
    first.wait()
    assert first.opened == []
    assert not (first.folder / "district.db").exists()
    assert card.form.values()["name"] == "云桥区", "what was typed stays"
    assert "区划代码是 6 位数字" in shown(card.form.field("district_code"))


def test_the_password_opens_it_and_a_wrong_one_does_not(there: First) -> None:
    assert isinstance(there.window.card, UnlockCard)
    there.keys("not the password", Key.Key_Return)
    there.wait()
    assert there.opened == []
    assert there.window.card.errors.text()
    there.keys(PASSWORD, Key.Key_Return)
    there.wait()
    assert [desk.place(db).name for db in there.opened] == ["云桥区"]


def test_the_language_chosen_here_is_kept(there: First) -> None:
    there.window.languages.choose("en")
    there.keys(PASSWORD, Key.Key_Return)
    there.wait()
    (db,) = there.opened
    assert preferences.get(db, settings.LANGUAGE) == "en"
    assert words.language() == "en"


def test_the_recovery_sheet_opens_it_with_a_new_password(there: First) -> None:
    there.window.recovering(True)
    card = there.window.card
    assert isinstance(card, RecoverCard)
    there.keys(" ".join(there.window.property("groups")), Key.Key_Return)
    there.wait()
    assert card.fresh is not None
    there.keys("a new password", Key.Key_Return, "a new password", Key.Key_Return)
    there.wait()
    (db,) = there.opened
    assert [one.name for one in books.officers(db) if one.id == db.acting] == ["陈立"]
    db.close()
    again = store.open_district(there.folder, "a new password", clock=Clock())
    again.close()
    there.opened.clear()


def test_the_program_knows_both_windows() -> None:
    assert callable(app.main)
    assert callable(app.district_main)
