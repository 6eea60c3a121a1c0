"""The notice, who agreed to which, what is held, what goes soon, and what erasing says first, as the keeper meets them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app import backup
from station_app import settings as declared
from station_app.db import Database
from station_app.model import Consent, Occupation, Person, RequestState, Verdict
from station_app.paper import preview
from station_app.services import people, preferences, requests, retention, visits
from station_app.ui.keeping import Keeping
from station_app.ui.pages.people import PeoplePage
from station_app.ui.pages.people_sheets import AgreeForm, HeldSheet, PersonForm
from station_app.ui.pages.settings_privacy import PrivacyCard
from tests.ui.shell import Clock, SheetShell, focus, in_front

Key = Qt.Key


@pytest.fixture
def page(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> PeoplePage:
    def show(path: Path) -> bool:
        printed.append(path)
        return True

    found = in_front(PeoplePage(shell, show=show), shell, qtbot)
    idle(qtbot, found)
    return found


def idle(qtbot: QtBot, page: PeoplePage) -> None:
    turns: list[bool] = []

    def still() -> bool:
        turns.append(page.jobs.idle)
        return turns[-3:] == [True] * 3

    qtbot.waitUntil(still)


def named(db: Database, name: str = "赵丽") -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, "13800001234", Consent.STATION)[0]


def works(db: Database, clock: Clock, days: int) -> None:
    for _ in range(days):
        clock.forward(days=1)
        visits.tally(db, Occupation.COURIER)


def tabs(page: PeoplePage) -> list[str]:
    return [tab.words() for tab in page.tabs._tabs.values() if tab.isVisible()]


def again(page: PeoplePage, qtbot: QtBot) -> None:
    page.refresh()
    idle(qtbot, page)


def test_who_agreed_to_an_older_notice_is_listed_marked_and_agrees_anew(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = named(db)
    people.register(db, Occupation.COURIER)
    again(page, qtbot)
    assert not any("旧版" in tab for tab in tabs(page))
    assert not page.card.agree_button.isVisible()
    monkeypatch.setattr(people, "NOTICE_VERSION", 2)
    again(page, qtbot)
    assert "旧版告知书 1" in tabs(page)
    page.show_subject("older")
    idle(qtbot, page)
    assert page._ids == [person.id]
    assert page.card.agree_button.isVisible()
    page.card.agree_button.click()
    assert isinstance(shell.sheet, AgreeForm)
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    assert people.get(db, person.id).notice_version == 2
    assert shell.last == "赵丽同意了新的告知书"
    assert not any("旧版" in tab for tab in tabs(page))
    assert page.tabs.code() == "all"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert people.get(db, person.id).notice_version == 1


def test_mending_a_name_is_no_consent_to_a_newer_notice_and_a_wider_scope_is(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = named(db)
    monkeypatch.setattr(people, "NOTICE_VERSION", 2)
    assert people.change(db, person.id, name="赵莉")[0].notice_version == 1
    assert people.change(db, person.id, consent=Consent.DISTRICT)[0].notice_version == 2


def test_the_notice_where_they_agree_says_how_long(
    page: PeoplePage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    preferences.change(db, declared.KEEP_PEOPLE_MONTHS.name, "9")
    again(page, qtbot)
    page.new()
    assert isinstance(shell.sheet, PersonForm)
    texts = [text.text() for text in shell.sheet.findChildren(type(page.card.name))]
    assert any("9 个月没有来访" in text for text in texts)


def test_who_goes_soon_has_a_tab_and_a_visit_takes_them_off_it(
    page: PeoplePage, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    person = named(db)
    works(db, clock, 340)
    again(page, qtbot)
    assert "将到期 1" in tabs(page)
    page.show_subject("soon")
    idle(qtbot, page)
    assert page._ids == [person.id]
    assert page.card.facts["kept"].accessibleName().endswith("不再来的话，7月17日删除")
    visits.check_in_person(db, person.id)
    again(page, qtbot)
    assert not any("将到期" in tab for tab in tabs(page))


def test_all_that_is_held_is_read_out_copied_and_printed(
    page: PeoplePage, shell: SheetShell, db: Database, printed: list[Path], qtbot: QtBot
) -> None:
    person = named(db)
    visits.check_in_person(db, person.id)
    request, _ = requests.add(db, "充电口不足", person_id=person.id, contact="13800001234")
    requests.step(db, request.id, RequestState.REPLIED, note="月底加装")
    again(page, qtbot)
    page.card.held_button.click()
    idle(qtbot, page)
    sheet = shell.sheet
    assert isinstance(sheet, HeldSheet)
    for told in (
        "赵丽",
        "13800001234",
        "美团",
        "仅本站",
        "2026-07：17",
        "充电口不足",
        "月底加装",
        "还没有报出过本站",
        "2027-07-17",
    ):
        assert told in sheet.text(), told
    assert focus() is sheet.print_button
    qtbot.keyClick(focus(), Key.Key_Return)
    idle(qtbot, page)
    (file,) = printed
    assert person.card_number in file.name
    assert preview.count(file) == 1


def test_erasing_says_first_what_goes_what_stays_and_until_when_backups_hold_it(
    page: PeoplePage, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    person = named(db)
    requests.add(db, "路灯不亮", person_id=person.id)
    kept, _ = requests.add(db, "工资没发", person_id=person.id, contact="13800001234")
    backup.make(db, backup.Reason.DAILY)
    clock.forward(days=1)
    again(page, qtbot)
    page.card.erase_button.click()
    said = page.card.erase_strip.sentence.text()
    ends = backup.rolled_off([one.time for one in backup.listing(backup.folder_of(db))], db.now())
    assert ends is not None
    assert "1 件诉求的原话也一起删除" in said
    assert "1 件诉求，原话留到答复为止" in said
    assert f"最迟{ends.month}月{ends.day}日" in said
    page.card.erase_strip.yes.click()
    idle(qtbot, page)
    assert "旧备份里的最迟" in shell.last
    assert [one.forgotten for one in requests.listing(db, person_id=person.id)] == [False, True]
    assert requests.get(db, kept.id).contact == "13800001234"


def test_the_window_forgets_by_itself_once_a_day_before_it_backs_up(
    db: Database, clock: Clock, qtbot: QtBot, qapp: object
) -> None:
    person = named(db)
    works(db, clock, 370)
    keeping = Keeping(db, qapp)  # type: ignore[arg-type]
    told: list[object] = []
    keeping.forgot.connect(told.append)
    keeping.tick()
    qtbot.waitUntil(lambda: keeping.idle)
    assert people.get(db, person.id).erased
    assert len(told) == 1
    (made,) = backup.listing(backup.folder_of(db))
    held = backup.look(made, db.key, clock=clock)
    assert held.scalar("SELECT count(*) FROM subject_key") == 0
    held.close()
    keeping.tick()
    qtbot.waitUntil(lambda: keeping.idle)
    assert len(told) == 1
    keeping.close()


def test_the_card_of_the_settings_tells_and_changes(
    shell: SheetShell, db: Database, clock: Clock, printed: list[Path], qtbot: QtBot
) -> None:
    named(db)
    gone = named(db, "李志强")
    over, _ = requests.add(db, "路灯不亮")
    requests.step(db, over.id, RequestState.REPLIED, note="修好了")
    requests.step(db, over.id, RequestState.TOLD, verdict=Verdict.FIXED)
    backup.make(db, backup.Reason.DAILY)
    people.erase(db, gone.id)
    works(db, clock, 340)

    def show(path: Path) -> bool:
        printed.append(path)
        return True

    card = PrivacyCard(shell, show=show)
    qtbot.addWidget(card)
    card.show()
    qtbot.waitUntil(lambda: shell.jobs.idle)
    assert (
        card.soon.accessibleName()
        == "30 天内到期 1 位久未来访的师傅、0 件办结的诉求，姓名和原话将自动删除；师傅再来一次就不删"
    )
    assert card.last.accessibleName().endswith("还没有做过")
    assert "最迟" in card.copies.accessibleName()
    card.show_soon.click()
    assert shell.went == [("people", "soon")]
    card.print_notice.click()
    qtbot.waitUntil(lambda: bool(printed))
    assert preview.count(printed[0]) == 1
    row = card.rows[declared.KEEP_PEOPLE_MONTHS.name]
    row.field.set_value("3")
    row._apply()
    qtbot.waitUntil(lambda: preferences.get(db, declared.KEEP_PEOPLE_MONTHS) == "3")
    clock.moment += timedelta(days=4000)
    retention.forget_due(db)
    card.refresh()
    qtbot.waitUntil(lambda: "电脑的时间不对" in card.last.accessibleName())
