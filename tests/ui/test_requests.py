"""The requests page: from Ctrl+N to the person's verdict by keys, search, time limits, anonymity, the printed slip."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.errors import UserMistake
from station_app.model import (
    Category,
    Channel,
    Consent,
    Exchange,
    Occupation,
    Op,
    Person,
    RequestKind,
    RequestState,
    Urgency,
    Verdict,
)
from station_app.services import exchange, history, people, request_notes, requests
from station_app.ui.kit import Button, Pill, Text, Timeline
from station_app.ui.pages.requests import RequestsPage
from station_app.ui.pages.requests_form import RecordedCard
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, type_in

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def rider(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "美团", "李志强", "", Consent.STATION)[0]


@pytest.fixture
def page(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> RequestsPage:
    return opened(shell, printed, qtbot)


def opened(shell: SheetShell, printed: list[Path], qtbot: QtBot) -> RequestsPage:
    """The page in front, all read; what it opens is only noted."""

    def show(path: Path) -> bool:
        printed.append(path)
        return True

    return in_front(RequestsPage(shell, show=show), shell, qtbot)


def press(qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        qtbot.keyClick(focus(), key, modifier)


def shown(widget: QWidget) -> str:
    texts = [label.text() for label in widget.findChildren(Text) if label.isVisible()]
    texts += [line.accessibleName() for line in widget.findChildren(Timeline) if line.isVisible()]
    texts += [button.words() for button in widget.findChildren(Button) if button.isVisible()]
    return "\n".join(texts + [pill.text() for pill in widget.findChildren(Pill) if pill.isVisible()])


def sees(qtbot: QtBot, widget: QWidget, text: str) -> None:
    """Wait until it is written there: Qt shows what is new in a layout on its next round."""
    qtbot.waitUntil(lambda: text in shown(widget))


def lines(page: RequestsPage) -> list[str]:
    """What is read aloud for each line of the list."""
    model = page.list.model()
    role = Qt.ItemDataRole.AccessibleTextRole
    return [" ".join(str(model.index(row, column).data(role)) for column in range(3)) for row in range(model.rowCount())]


def tabs(page: RequestsPage) -> list[str]:
    return [button.words() for button in page.tabs._tabs.values()]


def test_five_keys_and_the_words_record_a_request_and_show_its_number_large(
    page: RequestsPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "中午充电排队半小时")
    press(qtbot, Key.Key_Return, Key.Key_5)  # a suggestion
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    idle(qtbot, page)
    [request] = requests.listing(db)
    assert (request.text, request.kind, request.category) == ("中午充电排队半小时", RequestKind.SUGGESTION, Category.OTHER)
    assert (request.channel, request.urgency, request.person_id) == (Channel.DESK, Urgency.ORDINARY, None)
    assert isinstance(shell.sheet, RecordedCard)
    assert shell.sheet.number.text() == "YQ-A-2026-0001"
    sees(qtbot, shell.sheet, "本站可说 1")
    assert shell.last == "已记下诉求 YQ-A-2026-0001"
    press(qtbot, Key.Key_Return)
    assert not shell.real.is_open()
    assert "匿名" in lines(page)[0]
    assert tabs(page) == ["全部 1", "待上报 1", "办理中 0", "待告知 0", "已办结 0"]
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert lines(page) == []


def test_every_field_goes_from_one_to_the_next_by_enter(
    rider: Person, page: RequestsPage, db: Database, qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "小区保安不让进")
    press(qtbot, Key.Key_Return, Key.Key_3, Key.Key_Return)
    type_in(qtbot, "出入")
    press(qtbot, Key.Key_Return)
    type_in(qtbot, "lzq")
    press(qtbot, Key.Key_Return)
    idle(qtbot, page)
    press(qtbot, Key.Key_2, Key.Key_Return, Key.Key_1, Key.Key_Return)
    type_in(qtbot, "东门")
    press(qtbot, Key.Key_Return)
    type_in(qtbot, "13800000000")
    press(qtbot, Key.Key_Return)
    idle(qtbot, page)
    [request] = requests.listing(db)
    assert (request.kind, request.category, request.channel) == (
        RequestKind.COMPLAINT, Category.ESTATE_ACCESS, Channel.COMMENT_BOX,
    )  # fmt: skip
    assert (request.urgency, request.person_id, request.place, request.contact) == (
        Urgency.EMERGENCY, rider.id, "东门", "13800000000",
    )  # fmt: skip


def test_a_name_nobody_has_is_not_taken_for_anonymous(
    page: RequestsPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "x")
    press(qtbot, Key.Key_Return, Key.Key_Return, Key.Key_Return)
    type_in(qtbot, "wangwu")
    press(qtbot, Key.Key_Return)
    idle(qtbot, page)
    assert shell.sheet is not None
    sees(qtbot, shell.sheet, "没有找到这位来访者；清空就按匿名记录")
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    idle(qtbot, page)
    assert requests.listing(db) == []


def test_without_words_nothing_is_recorded(page: RequestsPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    page.new()
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    idle(qtbot, page)
    assert shell.real.is_open()
    assert shell.sheet is not None
    sees(qtbot, shell.sheet, "请填写这一项")
    assert requests.listing(db) == []


def test_transferred_replied_told_and_closed_by_digits(
    rider: Person, shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot
) -> None:
    request, _changes = requests.add(db, "门口只有 4 个充电口。希望增加。", category=Category.FACILITIES, person_id=rider.id)
    page = opened(shell, printed, qtbot)
    sees(qtbot, page.card, "2026-0001 · 求助 · 充电停车如厕 · 李志强（外卖骑手） · 前台")
    digit(qtbot, page, "转办")
    type_in(qtbot, "综合行政执法局")
    press(qtbot, Key.Key_Return, Key.Key_Return)
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.TRANSFERRED
    assert "办理中 1" in tabs(page)
    digit(qtbot, page, "记下答复")
    type_in(qtbot, "月底前加装 8 个")
    press(qtbot, Key.Key_Return, Key.Key_Return)
    idle(qtbot, page)
    sees(qtbot, page.card, "当面告知李志强，记下是否解决")
    sees(qtbot, page.card, "王敏 转办 综合行政执法局")
    assert "待告知 1" in tabs(page)
    digit(qtbot, page, "已告知 · 已解决")
    idle(qtbot, page)
    done = requests.get(db, request.id)
    assert (done.state, done.verdict) == (RequestState.CLOSED, Verdict.FIXED)
    assert shell.last == "诉求 YQ-A-2026-0001：已告知、已解决、已办结"
    assert "已办结 1" in tabs(page)
    shell.undo()
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.REPLIED
    assert "待告知 1" in tabs(page)


def digit(qtbot: QtBot, page: RequestsPage, deed: str) -> None:
    """Press the digit shown on a button of the card, from the list."""
    idle(qtbot, page)
    page.settle()
    number = [each.text for each in page.card.deeds].index(deed) + 1
    press(qtbot, Qt.Key(Key.Key_0 + number))


def test_not_fixed_reopens(shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot) -> None:
    request, _changes = requests.add(db, "保险怎么办")
    requests.step(db, request.id, RequestState.REPLIED, note="带身份证来")
    page = opened(shell, printed, qtbot)
    digit(qtbot, page, "已告知 · 未解决")
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.REOPENED
    assert "重新办理" in lines(page)[0]
    sees(qtbot, page.card, "王敏 已当面告知，师傅说：未解决")
    assert page.card.deeds[0].text == "当场办结"


def test_a_note_of_the_desk_stays_here_and_is_taken_back(
    shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot
) -> None:
    """Written from the card, sealed under the request's key, in no batch, gone with one press and back with another."""
    request, _ = requests.add(db, "充电口不足")
    page = in_front(RequestsPage(shell, show=lambda path: not printed.append(path)), shell, qtbot)
    qtbot.waitUntil(lambda: page.card.whole is not None and page.jobs.idle)
    before = exchange.status(db).local
    assert page.card.note_button is not None
    page.card.note_button.click()
    type_in(qtbot, "物业电话没人接，周一再打")
    qtbot.keyClick(focus(), Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: "周一再打" in shown(page.card) and page.jobs.idle)
    assert shell.last == "已记下备注"
    (note,) = request_notes.listing(db, request.id)
    assert (note.text, note.keeper) == ("物业电话没人接，周一再打", "王敏")
    assert exchange.status(db).local == before
    assert "周一" not in db.scalar("SELECT note_sealed FROM request_note")
    next(one for one in page.card.findChildren(Button) if one.text() == "删去").click()
    qtbot.waitUntil(lambda: request_notes.listing(db, request.id) == [] and page.jobs.idle)
    assert shell.then is not None
    shell.then()
    qtbot.waitUntil(lambda: [one.text for one in request_notes.listing(db, request.id)] == [note.text])
    requests.step(db, request.id, RequestState.CLOSED)
    with pytest.raises(UserMistake, match=r"request_notes\.empty"):
        request_notes.add(db, request.id, " ")


def test_closed_on_the_spot_needs_words(shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot) -> None:
    request, _changes = requests.add(db, "厕所在哪")
    page = opened(shell, printed, qtbot)
    digit(qtbot, page, "当场办结")
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.RECORDED
    type_in(qtbot, "已指路")
    press(qtbot, Key.Key_Return)
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.CLOSED
    sees(qtbot, page.card, "王敏 办结：已指路")
    digit(qtbot, page, "重新办理")
    press(qtbot, Key.Key_Return)
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.REOPENED


def test_only_what_may_follow_is_offered(shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot) -> None:
    request, _changes = requests.add(db, "算了")
    page = opened(shell, printed, qtbot)
    digit(qtbot, page, "撤回")
    idle(qtbot, page)
    assert requests.get(db, request.id).state is RequestState.WITHDRAWN
    assert [deed.text for deed in page.card.deeds] == ["打印回执"]


def test_overdue_is_said_until_there_is_an_answer(
    shell: SheetShell, printed: list[Path], db: Database, clock: Clock, qtbot: QtBot
) -> None:
    request, _changes = requests.add(db, "停水了", urgency=Urgency.URGENT)
    clock.forward(24 * 60 + 60)
    page = opened(shell, printed, qtbot)
    assert "待办理 · 超期 1 小时" in lines(page)[0]
    sees(qtbot, page.card, "应在 今天 14:26 前答复，已超期 1 小时")
    clock.forward(2 * 24 * 60)
    page.refresh()
    idle(qtbot, page)
    assert "超期 2 天" in lines(page)[0]
    requests.step(db, request.id, RequestState.REPLIED, note="已修好")
    page.refresh()
    idle(qtbot, page)
    assert "已答复 · 待告知" in lines(page)[0]


def test_search_holds_words_numbers_and_names(
    rider: Person, shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot
) -> None:
    requests.add(db, "充电口不足", person_id=rider.id)
    requests.add(db, "孩子上学")
    page = opened(shell, printed, qtbot)
    page.look_up()
    for text, wanted in (("充电", "充电口不足"), ("李志", "充电口不足"), ("2", "孩子上学"), ("YQ-A-2026-0001", "充电口不足")):
        page.search.clear()
        type_in(qtbot, text)
        assert len(lines(page)) == 1
        assert wanted in lines(page)[0]
    page.search.setText("没有这样的")
    assert lines(page) == []
    assert page.card.whole is None
    press(qtbot, Key.Key_Escape)
    assert len(lines(page)) == 2


def test_the_tabs_part_the_list(shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot) -> None:
    first, _changes = requests.add(db, "甲")
    second, _changes = requests.add(db, "乙")
    requests.step(db, second.id, RequestState.ACCEPTED)
    pack(db)
    requests.add(db, "丙")
    page = opened(shell, printed, qtbot)
    assert tabs(page) == ["全部 3", "待上报 1", "办理中 2", "待告知 0", "已办结 0"]
    assert sorted({line.request.exchange for line in page._rows}) == [Exchange.LOCAL, Exchange.PACKED]
    page.tabs.choose("local")
    assert [line.split(" ")[0] for line in lines(page)] == ["2026-0003"]
    page.show_subject(first.id)
    idle(qtbot, page)
    assert page.tabs.code() == "all"
    sees(qtbot, page.card, "随第 1 批导出，还没收到回执")


def pack(db: Database) -> None:
    """Close a batch over everything so far, as the outbox does."""
    with db.transact(Op.CLOSE_BATCH) as tx:
        last = exchange.newest_sequence(db)
        exchange.keep_batch(tx, no=1, closed=tx.stamp.time, first=1, last=last, row_count=last, hash="h", body=b"b")


def test_a_request_is_shown_by_its_id_from_any_tab(
    shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot
) -> None:
    first, _changes = requests.add(db, "甲")
    requests.add(db, "乙")
    page = opened(shell, printed, qtbot)
    page.tabs.choose("closed")
    page.search.setText("丙")
    page.show_subject(first.id)
    idle(qtbot, page)
    assert page.card.whole is not None
    assert page.card.whole.row.id == first.id


def test_an_erased_person_is_named_nowhere(
    rider: Person, shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot
) -> None:
    requests.add(db, "工资没发", person_id=rider.id)
    people.erase(db, rider.id)
    page = opened(shell, printed, qtbot)
    assert "已匿名" in lines(page)[0]
    assert "李志强" not in lines(page)[0]
    assert "李志强" not in shown(page.card)


def test_the_slip_is_a_pdf_beside_the_database(
    shell: SheetShell, printed: list[Path], db: Database, qtbot: QtBot, tmp_path: Path
) -> None:
    requests.add(db, "路灯不亮")
    page = opened(shell, printed, qtbot)
    digit(qtbot, page, "打印回执")
    idle(qtbot, page)
    assert printed == [tmp_path / "station" / "print" / "YQ-A-2026-0001.pdf"]
    assert printed[0].read_bytes().startswith(b"%PDF-")
    assert shell.last == "已生成 YQ-A-2026-0001.pdf，请在打开的窗口里打印"


def test_the_log_knows_the_operation_of_a_row(db: Database) -> None:
    request, changes = requests.add(db, "甲")
    line = history.of_row(db, "request", request.id)
    assert line is not None
    assert (line.operation, line.op, line.undoable) == (changes.operation, Op.ADD_REQUEST, True)
    assert history.of_row(db, "request", "nobody") is None


def test_the_list_goes_into_a_spreadsheet_as_it_is_filtered_and_names_nobody(
    shell: SheetShell, printed: list[Path], db: Database, rider: Person, qtbot: QtBot, tmp_path: Path
) -> None:
    asked, _changes = requests.add(db, "门口缺车位", person_id=rider.id, contact="13800000001")
    requests.add(db, "想要热水")
    page = opened(shell, printed, qtbot)
    page.search.setText("车位")
    page.export_button.save(tmp_path / "requests.xlsx")
    qtbot.waitUntil(lambda: "已导出 1 行" in shell.last)
    sheet = load_workbook(tmp_path / "requests.xlsx").active
    assert sheet is not None
    (note, *_), heads, row = sheet.iter_rows(values_only=True)
    assert "车位" in str(note)
    assert heads[:3] == ("编号", "登记时间", "内容")
    assert (row[0], row[2]) == (asked.number, "门口缺车位")
    assert "李志强" not in str(row)
    assert "13800000001" not in str(row)
