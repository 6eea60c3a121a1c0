"""Pictures on the requests page: brought with the words, dropped on the card, seen large, taken away and back, by keys."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from station_app import blobs, vault
from station_app.db import Database
from station_app.district import intake, store
from station_app.errors import UserMistake
from station_app.model import Channel, Request, RequestState, Role
from station_app.services import attachments, keepers, pictures, requests
from station_app.sync import outbox
from station_app.sync.opening import Opener
from station_app.ui.district.requests import RequestsPage as DistrictRequests
from station_app.ui.jobs import Jobs
from station_app.ui.page import Page
from station_app.ui.pages.requests import RequestsPage
from station_app.ui.pages.requests_form import RecordedCard, RequestForm
from station_app.ui.pages.requests_pictures import Viewer
from station_app.ui.pictures import Large, Thumb, drawn, files_of
from tests.conftest import CHEAP, PASSWORD
from tests.district.conftest import introduced
from tests.pictures import BLUE, PLANTED, RED, bomb, phone, saved
from tests.ui.shell import SheetShell, focus, idle, in_front, sees, type_in

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return pictures.prepare(phone())


@pytest.fixture(scope="module")
def opener() -> Iterator[Opener]:
    with Opener(command=WORKER) as made:
        yield made


class Chosen:
    """The system's file window: it gives these files."""

    def __init__(self) -> None:
        self.files: list[Path] = []

    def __call__(self, parent: QWidget, then: Callable[[Sequence[Path]], None]) -> None:
        then(self.files)


@pytest.fixture
def chosen(tmp_path: Path) -> Chosen:
    return Chosen()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = [tmp_path / name for name in ("现场.jpg", "截图.png", "病毒.jpg")]
    for file, data in zip(found, (phone(orientation=6), saved("PNG"), b"MZ" + bytes(99)), strict=True):
        file.write_bytes(data)
    return found


@pytest.fixture
def page(shell: SheetShell, opener: Opener, chosen: Chosen, qtbot: QtBot) -> RequestsPage:
    return in_front(RequestsPage(shell, opener=opener, choose=chosen), shell, qtbot)


def settled(qtbot: QtBot, page: Page) -> None:
    qtbot.waitUntil(lambda: page.idle, timeout=20_000)
    idle(qtbot, page)


def press(qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    for key in keys:
        qtbot.keyClick(focus(), key, modifier)


def drop(target: QWidget, paths: Sequence[Path]) -> bool:
    """Drag files over a part of the window and let them go there, if it takes them."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    action, button, key = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), action, mime, button, key)
    QApplication.sendEvent(target, enter)
    if enter.isAccepted():
        QApplication.sendEvent(target, QDropEvent(QPointF(9, 9), action, mime, button, key))
    return enter.isAccepted()


def form(shell: SheetShell) -> RequestForm:
    assert isinstance(shell.sheet, RequestForm)
    return shell.sheet


def strip(page: RequestsPage) -> list[Thumb]:
    return page.card.strip.thumbs if page.card.strip is not None else []


def with_pictures(db: Database, jpeg: bytes, count: int = 2) -> Request:
    return requests.add(db, "中午充电排队半小时", pictures=[jpeg] * count)[0]


def near(image: QImage, x: int, y: int, colour: tuple[int, int, int]) -> bool:
    found = image.pixelColor(x, y)
    return all(
        abs(got - meant) < 30 for got, meant in zip((found.red(), found.green(), found.blue()), colour, strict=True)
    )


# --- with a new request -------------------------------------------------------------------------------------------------


def test_a_request_is_recorded_with_pictures_by_keys_alone(
    page: RequestsPage, shell: SheetShell, db: Database, chosen: Chosen, files: list[Path], qtbot: QtBot
) -> None:
    chosen.files = files[:2]
    page.new()
    type_in(qtbot, "中午充电排队半小时")
    press(qtbot, Key.Key_Tab)
    assert focus() is form(shell).pictures.add_button
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    assert len(form(shell).pictures.thumbs()) == 2
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    settled(qtbot, page)
    assert isinstance(shell.sheet, RecordedCard)
    [request] = requests.listing(db)
    first, second = (attachments.content(db, one.id) for one in attachments.listing(db, request.id))
    assert drawn(first).size().toTuple() == (480, 640)
    assert drawn(second).size().toTuple() == (640, 480)
    assert near(drawn(second), 9, 9, RED)
    assert near(drawn(second), 9, 470, BLUE)
    qtbot.waitUntil(lambda: len(strip(page)) == 2 and all(thumb.seen for thumb in strip(page)))
    shell.undo(shell.undoable[-1].operation)
    settled(qtbot, page)
    attachments.sweep(db)
    assert blobs.of(db).names() == set()


def test_what_is_no_picture_is_told_below_and_the_words_stay(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "保安不让进")
    assert drop(form(shell), files)
    settled(qtbot, page)
    new = form(shell).pictures
    assert new.error() == "“病毒.jpg”不是照片（能收 JPG、PNG、WebP），没有添加"
    assert len(new.thumbs()) == 2
    new.thumbs()[0].setFocus()
    press(qtbot, Key.Key_Return, Key.Key_Delete)  # not this one after all
    assert len(new.thumbs()) == 1
    assert new.error() == ""
    form(shell).field("text").take_focus()
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    settled(qtbot, page)
    [request] = requests.listing(db)
    assert request.text == "保安不让进"
    [one] = attachments.listing(db, request.id)
    assert drawn(attachments.content(db, one.id)).size().toTuple() == (640, 480)


def test_a_face_is_covered_before_it_is_kept_by_keys_and_by_the_mouse(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "保安不让进")
    new = form(shell).pictures
    new.bring(files[1:2])
    settled(qtbot, page)
    [before] = new.jpegs
    new.thumbs()[0].setFocus()
    press(qtbot, Key.Key_Return)
    covering = new.covering
    assert focus() is covering.frame
    press(qtbot, Key.Key_Up, modifier=Qt.KeyboardModifier.ShiftModifier)
    press(qtbot, Key.Key_Left, Key.Key_Return)  # over the line between red and blue
    settled(qtbot, page)
    assert covering.said.text() == "已打码 1 处，记下后原图不留"
    spot = covering.frame.spot()
    start, end = spot.topLeft().toPoint() + QPoint(4, 4), spot.center().toPoint() + QPoint(-30, 30)
    qtbot.mousePress(covering.frame, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(covering.frame, end)
    qtbot.mouseRelease(covering.frame, Qt.MouseButton.LeftButton, pos=end)
    settled(qtbot, page)
    assert len(new.kept[0].boxes) == 2
    press(qtbot, Key.Key_Backspace)
    settled(qtbot, page)
    [(left, top, width, _height)] = new.kept[0].boxes
    press(qtbot, Key.Key_Escape)
    assert focus() is new.thumbs()[0]
    assert covering.isHidden()
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    settled(qtbot, page)
    [request] = requests.listing(db)
    assert request.text == "保安不让进"
    [one] = attachments.listing(db, request.id)
    stored = attachments.content(db, one.id)
    assert stored != before
    kept = drawn(stored)
    assert near(drawn(before), left + width // 2, 238, RED)
    assert near(drawn(before), left + width // 2, 242, BLUE)
    assert not near(kept, left + width // 2, 238, RED) or not near(kept, left + width // 2, 242, BLUE)
    assert near(kept, 9, 9, RED)
    assert min(left, top) > 9


def test_a_request_sent_while_a_part_is_being_covered_waits_for_it(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "保安不让进")
    new = form(shell).pictures
    new.bring(files[1:2])
    settled(qtbot, page)
    [before] = new.jpegs
    new.thumbs()[0].click()
    press(qtbot, Key.Key_Return)
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    qtbot.waitUntil(lambda: isinstance(shell.sheet, RecordedCard))
    [one] = attachments.listing(db, requests.listing(db)[0].id)
    assert attachments.content(db, one.id) != before


def test_a_form_that_is_sent_while_pictures_are_made_ready_waits_for_them(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    type_in(qtbot, "路灯不亮")
    form(shell).pictures.bring(files[:1])
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    assert requests.listing(db) == []
    settled(qtbot, page)
    qtbot.waitUntil(lambda: isinstance(shell.sheet, RecordedCard))
    assert len(attachments.listing(db, requests.listing(db)[0].id)) == 1


def test_a_file_dropped_on_the_words_does_not_become_words(
    page: RequestsPage, shell: SheetShell, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    parts = [*form(shell).findChildren(QLineEdit), *form(shell).findChildren(QPlainTextEdit)]
    assert parts
    assert not any(part.acceptDrops() for part in parts)


def test_a_seventh_picture_is_refused_where_it_was_brought(
    page: RequestsPage, shell: SheetShell, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    form(shell).pictures.bring([files[0]] * 7)
    settled(qtbot, page)
    assert len(form(shell).pictures.thumbs()) == 6
    assert form(shell).pictures.error() == "一件诉求最多 6 张图片，现在已有 6 张"


def test_a_closed_form_lets_go_of_what_was_still_coming(
    page: RequestsPage, shell: SheetShell, files: list[Path], qtbot: QtBot
) -> None:
    page.new()
    form(shell).pictures.bring(files)
    shell.close_sheet()
    settled(qtbot, page)
    assert shell.told == []


# --- on the card --------------------------------------------------------------------------------------------------------


def test_pictures_are_dropped_on_a_request_in_one_step_and_taken_back(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], qtbot: QtBot
) -> None:
    request, _ = requests.add(db, "路灯不亮")
    page.refresh()
    settled(qtbot, page)
    assert drop(page.card, files[:2])
    settled(qtbot, page)
    qtbot.waitUntil(lambda: len(strip(page)) == 2)
    assert shell.last == f"已给诉求 {request.number} 添加 2 张图片"
    shell.undo(shell.undoable[-1].operation)
    settled(qtbot, page)
    assert attachments.listing(db, request.id) == []
    qtbot.waitUntil(lambda: strip(page) == [])


def test_good_ones_are_added_and_the_bad_one_is_named(
    page: RequestsPage, shell: SheetShell, db: Database, chosen: Chosen, files: list[Path], qtbot: QtBot
) -> None:
    request, _ = requests.add(db, "路灯不亮")
    page.refresh()
    settled(qtbot, page)
    chosen.files = files
    assert page.card.strip is not None
    assert page.card.strip.add_button is not None
    page.card.strip.add_button.setFocus()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    assert len(attachments.listing(db, request.id)) == 2
    assert "病毒.jpg" in shell.last
    assert request.number in shell.last


def test_enter_shows_one_large_and_closer_and_page_keys_turn_over(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    with_pictures(db, jpeg)
    page.refresh()
    settled(qtbot, page)
    strip(page)[1].setFocus()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    viewer = shell.sheet
    assert isinstance(viewer, Viewer)
    assert isinstance(focus(), Large)
    assert viewer.large.accessibleName() == "第 2 张，共 2 张"
    assert near(viewer.large.grab().toImage(), viewer.large.width() // 2, viewer.large.height() // 2 - 40, RED)
    press(qtbot, Key.Key_Return, Key.Key_Down)
    assert viewer.large.close_up
    press(qtbot, Key.Key_PageDown)
    settled(qtbot, page)
    assert viewer.large.accessibleName() == "第 1 张，共 2 张"
    assert not viewer.large.close_up
    press(qtbot, Key.Key_Escape)
    assert not shell.real.is_open()


def test_a_picture_is_removed_and_comes_back_by_undo(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    request = with_pictures(db, jpeg)
    page.refresh()
    settled(qtbot, page)
    strip(page)[0].click()
    assert isinstance(shell.sheet, Viewer)
    viewer = shell.sheet
    next(button for button in viewer.findChildren(QWidget) if button.accessibleName() == "移除这张").setFocus()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    assert [one.rank for one in attachments.listing(db, request.id)] == [2]
    assert shell.last == "已移除诉求 2026-0001 的一张图片"
    shell.undo(shell.undoable[-1].operation)
    settled(qtbot, page)
    assert len(attachments.listing(db, request.id)) == 2


def test_a_part_of_a_picture_that_is_kept_is_covered_and_the_one_before_comes_back_by_undo(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    """By keys alone; nothing is kept before it is said, the covered one stands in the same place, nobody reads the one before."""
    request = with_pictures(db, jpeg)
    page.refresh()
    settled(qtbot, page)
    strip(page)[1].setFocus()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    viewer = shell.sheet
    assert isinstance(viewer, Viewer)
    first, second = attachments.listing(db, request.id)
    before = attachments.content(db, second.id)
    viewer.cover_button.setFocus()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    assert focus() is viewer.covering.frame
    assert not viewer.keep_button.isEnabled()
    press(qtbot, Key.Key_Up, Key.Key_Up, Key.Key_Return)
    settled(qtbot, page)
    assert "1" in viewer.covering.said.text()
    press(qtbot, Key.Key_Backspace)
    settled(qtbot, page)
    assert not viewer.keep_button.isEnabled()
    press(qtbot, Key.Key_Return)
    settled(qtbot, page)
    assert attachments.content(db, second.id) == before, "nothing is kept yet"
    press(qtbot, Key.Key_Return, modifier=Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, page)
    assert shell.last == "诉求 2026-0001 的图片已遮盖，原图 30 天后删除"
    now = attachments.listing(db, request.id)
    assert [one.rank for one in now] == [1, 2]
    assert (now[0].id, now[1].id == second.id) == (first.id, False)
    covered = attachments.content(db, now[1].id)
    assert covered != before
    with pytest.raises(UserMistake):
        attachments.content(db, second.id)
    shell.undo(shell.undoable[-1].operation)
    settled(qtbot, page)
    assert [one.id for one in attachments.listing(db, request.id)] == [first.id, second.id]
    assert attachments.content(db, second.id) == before


def test_one_whose_file_is_gone_says_so_and_the_others_are_shown(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    request = with_pictures(db, jpeg)
    lost = attachments.listing(db, request.id)[0]
    blobs.of(db).delete([lost.sha256])
    page.refresh()
    settled(qtbot, page)
    assert [thumb.seen for thumb in strip(page)] == [False, True]
    assert strip(page)[0].accessibleDescription() == "这张图片打不开，按回车看原因"
    strip(page)[0].click()
    settled(qtbot, page)
    assert shell.sheet_error_shown == "这张图片的文件不在了；可以从备份恢复"


def test_who_is_not_shown_what_people_said_sees_no_picture_and_adds_none(
    shell: SheetShell, db: Database, jpeg: bytes, opener: Opener, qtbot: QtBot, files: list[Path]
) -> None:
    with_pictures(db, jpeg)
    root, _ = vault.unlock(db.path.with_suffix(".slots"), PASSWORD)
    auditor, _ = keepers.add(db, db.path.parent, root, "审计", Role.AUDITOR, "password-3", cost=CHEAP)
    db.acting = auditor.id
    page = in_front(RequestsPage(shell, opener=opener), shell, qtbot)
    assert page.card.strip is not None
    assert strip(page) == []
    assert page.card.strip.add_button is None
    assert not drop(page.card, files)


def test_only_files_of_this_machine_are_taken() -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.jpg")])
    assert files_of(mime) == []


def test_in_large_type_they_are_there_again(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    with_pictures(db, jpeg)
    page.refresh()
    settled(qtbot, page)
    before = strip(page)[0]
    QApplication.sendEvent(page, QEvent(QEvent.Type.StyleChange))
    settled(qtbot, page)
    assert strip(page)[0] is not before
    qtbot.waitUntil(lambda: all(thumb.seen for thumb in strip(page)))


def test_a_clue_is_adopted_and_shown_before_and_after_side_by_side(
    page: RequestsPage, shell: SheetShell, db: Database, jpeg: bytes, qtbot: QtBot
) -> None:
    clue, _ = requests.add(db, "井盖松了", channel=Channel.SNAP, place="人民路口", pictures=[jpeg, jpeg])
    page.refresh()
    settled(qtbot, page)
    assert "采纳" in [deed.text for deed in page.card.deeds]
    requests.step(db, clue.id, RequestState.ACCEPTED)
    attachments.add(db, clue.id, [jpeg], shows="after")
    page.refresh()
    settled(qtbot, page)
    qtbot.waitUntil(lambda: len(strip(page)) == 3 and all(thumb.seen for thumb in strip(page)))
    first, second, after = strip(page)
    qtbot.waitUntil(lambda: after.x() > first.x())
    assert after.y() == first.y()
    assert second.x() == first.x()
    assert second.y() > first.y()
    sees(qtbot, page.card, "处理前")
    sees(qtbot, page.card, "处理后")
    after.click()
    settled(qtbot, page)
    assert isinstance(shell.sheet, Viewer)
    assert shell.sheet.large.accessibleName() == "第 3 张，共 3 张 · 处理后"


def test_hostile_files_are_refused_one_by_one_and_the_words_are_recorded(
    page: RequestsPage, shell: SheetShell, db: Database, tmp_path: Path, qtbot: QtBot
) -> None:
    great = tmp_path / "大.jpg"
    with great.open("wb") as out:
        out.write(phone()[:4000])
        out.truncate(50 * 1024 * 1024)
    hostile = {
        great: "“大.jpg”超过 32 MB，没有添加",
        tmp_path / "炸弹.png": "“炸弹.png”超过 24 百万像素，没有打开；请拍小一点的照片",
        tmp_path / "程序.jpg": "“程序.jpg”不是照片（能收 JPG、PNG、WebP），没有添加",
        tmp_path / "断了.jpg": "“断了.jpg”打不开：文件不完整或已损坏",
    }
    for path, data in zip(list(hostile)[1:], (bomb(30_000, 30_000), b"MZ" + bytes(999), phone()[:2000]), strict=True):
        path.write_bytes(data)
    located = tmp_path / "有位置.jpg"
    located.write_bytes(phone())
    page.new()
    type_in(qtbot, "保安不让进")
    new = form(shell).pictures
    for path, said in hostile.items():
        new.bring([path])
        settled(qtbot, page)
        assert new.error() == said
        assert form(shell).values()["text"] == "保安不让进"
    new.bring([located])
    settled(qtbot, page)
    assert new.error() == ""
    form(shell).submit()
    settled(qtbot, page)
    [request] = requests.listing(db)
    assert request.text == "保安不让进"
    [one] = attachments.listing(db, request.id)
    kept = attachments.content(db, one.id)
    assert PLANTED not in kept
    assert b"Exif" not in kept


# --- at the district ----------------------------------------------------------------------------------------------------


def test_from_the_drop_at_the_desk_to_the_districts_window(
    page: RequestsPage, shell: SheetShell, db: Database, files: list[Path], opener: Opener, tmp_path: Path, qtbot: QtBot
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    district = store.set_up(
        tmp_path / "district", "990101", "云桥区", "社会工作部", PASSWORD, clock=db.clock, cost=CHEAP
    )
    introduced(db, district, stick)
    page.new()
    type_in(qtbot, "中午充电排队半小时")
    assert drop(form(shell), files[:2])
    press(qtbot, Key.Key_Return, modifier=CONTROL)
    settled(qtbot, page)
    [request] = requests.listing(db)
    for path in outbox.export(db, stick)[0].paths:
        intake.receive(district, intake.open_file(district, path, opener))
    lost = attachments.listing(db, request.id)[1]

    there = SheetShell(Jobs(district), shell.station)
    try:
        desk = in_front(DistrictRequests(there), there, qtbot)
        settled(qtbot, desk)
        assert desk.card.strip is not None
        assert desk.card.strip.add_button is None
        qtbot.waitUntil(lambda: [thumb.seen for thumb in desk.card.strip.thumbs] == [True, True])
        desk.card.strip.thumbs[0].setFocus()
        press(qtbot, Key.Key_Return)
        settled(qtbot, desk)
        assert isinstance(there.sheet, Viewer)
        assert near(there.sheet.large.grab().toImage(), 300, 225, RED)
        assert "移除这张" not in [part.accessibleName() for part in there.sheet.findChildren(QWidget)]
        there.close_sheet()
        blobs.of(district).delete([lost.sha256])  # a stick that was pulled out too early
        desk.refresh()
        settled(qtbot, desk)
        qtbot.waitUntil(lambda: len(desk.card.strip.thumbs) == 1)
        sees(qtbot, desk.card, "还有 1 张图片没有送到")
        desk.close()
    finally:
        there.jobs.close()
        district.close()
