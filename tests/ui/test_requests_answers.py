"""Answers told by badge and slip, voices instead of duplicates, boxes opened by two: through the real pages by keys."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import Channel, Consent, Occupation, Op, Person, RequestState, Verdict, uuid7
from station_app.services import answers, boxes, people, requests, slips, voices
from station_app.ui.answer_sheet import AnswerSheet, open_for_badge, open_for_slip
from station_app.ui.pages.desk import DeskPage
from station_app.ui.pages.requests import RequestsPage
from station_app.ui.pages.requests_box import BoxForm
from station_app.ui.pages.requests_form import RequestForm
from tests.ui.shell import SheetShell, focus, idle, in_front, type_in

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
PACK = b"\3" * 32


@pytest.fixture
def rider(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "美团", "李志强", "", Consent.STATION)[0]


@pytest.fixture
def page(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> RequestsPage:
    def show(path: Path) -> bool:
        printed.append(path)
        return True

    return in_front(RequestsPage(shell, show=show), shell, qtbot)


def brought(db: Database, digits: str) -> answers.Answer:
    """A pack brought an answer of another station's request for whoever shows these digits."""
    told = answers.Answer(
        uuid7(), "LT-A-2026-0007", "龙塔暖心驿站", "facilities", "help", 1, "2026-07-16T08:00:00+08:00", "区城管局", "", "充电口不足",
        "月底前加装八个", b"\5" * 32,
    )  # fmt: skip
    with db.transact(Op.APPLY_PACK) as tx:
        answers.replace(tx, PACK.hex(), [answers.seal(PACK, digits, told)])
    return told


def press(qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        qtbot.keyClick(focus(), key, modifier)


def sheet(shell: SheetShell, qtbot: QtBot) -> AnswerSheet:
    found = shell.sheet
    assert isinstance(found, AnswerSheet)
    qtbot.waitUntil(lambda: bool(found.accessibleName()))
    return found


def test_a_scan_says_that_an_answer_of_elsewhere_waits_and_one_digit_records_the_word(
    shell: SheetShell, db: Database, rider: Person, qtbot: QtBot
) -> None:
    told = brought(db, rider.badge_code)
    desk = in_front(DeskPage(shell), shell, qtbot)
    desk.scanned(rider.badge_code)
    qtbot.waitUntil(lambda: desk.card._elsewhere.isVisible())
    assert desk.card._elsewhere.text.text() == "龙塔暖心驿站 记下的诉求 2026-0007 有答复了，请当面告知"
    desk._tell_waiting()
    shown = sheet(shell, qtbot)
    assert shown.accessibleName() == "LT-A-2026-0007 月底前加装八个"
    shown.note.setText("去看过了")
    shown.setFocus()
    press(qtbot, Key.Key_3)
    qtbot.waitUntil(lambda: not shell.real.is_open())
    [step] = db.rows("SELECT * FROM request_step WHERE request_id = ? AND state = 'told'", (told.request_id,))
    assert (step["side"], step["verdict"], step["unit"]) == ("elsewhere", "not", "云桥暖心驿站")
    assert shell.last == "已告知 LT-A-2026-0007：未解决"
    idle(qtbot, desk)
    assert not desk.card._elsewhere.isVisible()


def test_a_card_that_is_unknown_here_still_has_its_answer(shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    digits = "1" * 22
    brought(db, digits)
    desk = in_front(DeskPage(shell), shell, qtbot)
    desk.scanned(digits)
    qtbot.waitUntil(lambda: desk.card._elsewhere.isVisible())
    desk.tally(Occupation.RIDER)
    idle(qtbot, desk)
    assert not desk.card._elsewhere.isVisible()


def test_a_slip_is_asked_about_without_a_name(shell: SheetShell, db: Database, page: RequestsPage, qtbot: QtBot) -> None:
    asked, _ = requests.add(db, "充电口不足")
    assert not open_for_slip(shell, "1" * 22)
    assert open_for_slip(shell, asked.slip)
    assert sheet(shell, qtbot).accessibleName().startswith("YQ-A-2026-0001：已登记，办理时限")
    requests.step(db, asked.id, RequestState.REPLIED, note="已加装")
    open_for_slip(shell, asked.slip)
    sheet(shell, qtbot).say(Verdict.FIXED)
    qtbot.waitUntil(lambda: requests.get(db, asked.id).state is RequestState.CLOSED and shell.sheet is None)  # written, and told
    open_for_slip(shell, slips.code(b"\1" * 32))
    assert "还没有带到本站" in sheet(shell, qtbot).accessibleName()


def test_a_badge_without_an_answer_says_so(shell: SheetShell, page: RequestsPage, rider: Person, qtbot: QtBot) -> None:
    open_for_badge(shell, rider.badge_code)
    assert sheet(shell, qtbot).accessibleName() == "这张卡现在没有待告知的答复"


def test_what_is_like_an_open_request_can_be_joined_instead(
    page: RequestsPage, shell: SheetShell, db: Database, rider: Person, printed: list[Path], qtbot: QtBot
) -> None:
    first, _ = requests.add(db, "马家湾市场门口充电口太少，中午排队半小时")
    page.new()
    form = shell.sheet
    assert isinstance(form, RequestForm)
    type_in(qtbot, "市场门口充电口太少")
    qtbot.waitUntil(lambda: [one.id for one in form.alike.found] == [first.id])
    form.scanned(rider.card_number)
    qtbot.waitUntil(lambda: form.field("person").value() == rider.id)
    form._join(form.alike.found[0])
    qtbot.waitUntil(lambda: not shell.real.is_open())
    [voice] = voices.of_request(db, first.id)
    assert (voice.person_id, voice.note) == (rider.id, "市场门口充电口太少")
    assert [request.id for request in requests.listing(db)] == [first.id]
    qtbot.waitUntil(lambda: bool(printed))


def test_those_who_joined_are_told_on_the_requests_card_one_after_the_other(
    page: RequestsPage, shell: SheetShell, db: Database, rider: Person, qtbot: QtBot
) -> None:
    """Also whoever has neither badge nor slip with them: fixed for one, not for the other, and that opens it again for all."""
    asked, _ = requests.add(db, "充电口太少")
    first, _slip, _ = voices.add(db, asked.id, person_id=rider.id, note="我也等过半小时")
    second, _slip, _ = voices.add(db, asked.id, contact="13800000000")
    page.show_subject(asked.id)
    qtbot.waitUntil(lambda: page.card.whole is not None and page.jobs.idle)
    assert page.card.voices_button is None, "there is no answer yet"
    requests.step(db, asked.id, RequestState.REPLIED, note="已加装八个")
    page.refresh()
    qtbot.waitUntil(lambda: page.card.voices_button is not None and page.jobs.idle)
    page.card.voices_button.click()
    told = sheet(shell, qtbot)
    qtbot.waitUntil(lambda: told.shown is not None)
    assert (told.shown.about, told.shown.answer) == ("我也等过半小时", "已加装八个")
    told.say(Verdict.FIXED)
    qtbot.waitUntil(lambda: told.shown is not None and "13800000000" in told.shown.facts)
    assert voices.get(db, first.id).told is Verdict.FIXED
    told.say(Verdict.NOT)
    qtbot.waitUntil(lambda: not shell.real.is_open())
    assert voices.get(db, second.id).id == second.id
    assert requests.get(db, asked.id).state is RequestState.REOPENED


def test_two_people_open_a_box_and_take_all_slips_down(
    page: RequestsPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    assert page.boxes.text() == "意见箱还没有开过箱 · 诉求箱还没有开过箱"
    page.open_box()
    form = shell.sheet
    assert isinstance(form, BoxForm)
    assert form.field("first_name").value() == "王敏"
    form.set_values({"box": Channel.REQUEST_BOX, "second_name": "王敏", "text": "路灯坏了"})
    form.next_slip()
    form.set_values({"text": "想学叉车"})
    form.submit()
    idle(qtbot, page)
    assert shell.real.is_open()  # one person is not two: what was typed stays
    assert (len(form.slips), form.field("text").value()) == (1, "想学叉车")
    form.set_values({"second_name": "李芳", "found": 3})
    form.submit()
    qtbot.waitUntil(lambda: not shell.real.is_open())
    [opening] = boxes.listing(db)
    assert (opening.box, opening.first_name, opening.second_name, opening.slips) == (Channel.REQUEST_BOX, "王敏", "李芳", 3)
    assert (opening.first_number, opening.last_number) == ("YQ-A-2026-0001", "YQ-A-2026-0002")
    assert [request.text for request in requests.listing(db)] == ["想学叉车", "路灯坏了"]
    idle(qtbot, page)
    assert page.boxes.text() == "意见箱还没有开过箱 · 诉求箱今天已开箱"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert boxes.listing(db) == [] == requests.listing(db)


def test_the_board_names_nobody(db: Database, rider: Person, tmp_path: Path) -> None:
    import pypdfium2

    from station_app.paper.board import reply_board, shown
    from tests.conftest import SAMPLE

    asked, _ = requests.add(db, "充电口不足", person_id=rider.id, contact="19911000000")
    requests.step(db, asked.id, RequestState.REPLIED, note="李志强师傅，请打 199 1100 0000 或 024-88880000 找王工")
    found, names = requests.for_board(db, "2026-07-01T00:00:00+08:00")
    pages = reply_board(replace(SAMPLE), shown(found, names), tmp_path / "board.pdf", printed_on=db.now().date(), days=60)
    with pypdfium2.PdfDocument(tmp_path / "board.pdf") as document:
        text = document[0].get_textpage().get_text_bounded()
    assert pages == 1
    assert "2026-0001" in text
    assert not any(secret in text for secret in ("李志强", "1100", "8888", "充电口不足"))
