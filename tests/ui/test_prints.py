"""The print room by its keys: what waits is seen, printed, and waits no longer; a picture of a badge dropped on the window is a scan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtPrintSupport import QPrinter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from station_app import app, vault
from station_app.db import Database
from station_app.model import AssetKind, Consent, Occupation, Person
from station_app.paper import preview
from station_app.paper.manner import offset_of
from station_app.services import (
    badges,
    feedback,
    loans,
    people,
    pictures,
    preferences,
    prints,
    samples,
    stations,
    visits,
)
from station_app.services.supplies.barcodes import label_code
from station_app.ui import print_out, theme
from station_app.ui.hands import Hands
from station_app.ui.main_window import MainWindow
from station_app.ui.pages.prints import PrintPage
from tests.conftest import PASSWORD, PIN, SAMPLE, Clock

Key = Qt.Key
DAY = "2026-07-17"
CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Room:
    """The window on the print room; what was opened."""

    def __init__(self, window: MainWindow, db: Database) -> None:
        self.window, self.db = window, db
        self.hands = Hands(window, lambda: window.idle, window.catcher)
        self.opened: list[Path] = []
        self.hands.settle()
        self.hands.key("p", CTRL_SHIFT)
        page = window.page("print")
        assert isinstance(page, PrintPage)
        self.page = page
        page._show_file = lambda path: self.opened.append(path) is None
        page._printers = lambda: False
        self.hands.settle()


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    clock = Clock(f"{DAY}T14:26:00+08:00")
    made, _ = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=vault.Cost(1, 8192))
    samples.stock(made)
    yield made
    made.close()


@pytest.fixture
def regulars(db: Database) -> list[Person]:
    return [
        people.register(db, Occupation.RIDER, "", name, "", Consent.STATION)[0] for name in ("李志强", "欧阳志强", "买买提·艾力")
    ]  # fmt: skip


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication, db: Database, regulars: list[Person]) -> Iterator[Room]:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)
    window = app.window(db)
    window.show()
    qtbot.waitActive(window)
    yield Room(window, db)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_what_a_killed_window_left_readable_goes_when_the_next_one_opens_and_what_is_printed_when_it_closes(
    qtbot: QtBot, qapp: QApplication, db: Database
) -> None:
    folder = db.path.parent / "print"
    folder.mkdir(mode=0o700)
    for name in ("badge.pdf", "half.part", "somebodys.txt"):
        (folder / name).write_bytes(b"%PDF-1.4")
    window = app.window(db)
    window.show()
    hands = Hands(window, lambda: window.idle, window.catcher)
    hands.until(lambda: not (folder / "badge.pdf").exists() and not (folder / "half.part").exists())
    assert [file.name for file in folder.iterdir()] == ["somebodys.txt"], "only what is ours"
    (folder / "list.pdf").write_bytes(b"%PDF-1.4")
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [file.name for file in folder.iterdir()] == ["somebodys.txt"]


def codes(pdf: Path) -> list[str]:
    found = []
    for page in preview.pages(pdf, 150):
        image = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
        found += [one.text for one in zxingcpp.read_barcodes(image) if one.valid]
    return sorted(found)


def test_new_badges_wait_are_seen_and_wait_no_longer_once_printed(room: Room, db: Database, regulars: list[Person]) -> None:
    assert "3" in room.page.told.text()
    assert room.page.large._image.width() > 500, "the sheet is seen before it is printed"
    room.hands.ctrl("s")
    assert codes(room.opened[0]) == sorted(one.badge_code for one in regulars)
    assert prints.waiting_count(db) == 3, "a PDF alone is no card"
    room.hands.ctrl(Key.Key_Return)
    assert prints.waiting_count(db) == 0
    assert not room.page.print_button.isEnabled()
    room.window.toast.act()
    room.hands.settle()
    assert prints.waiting_count(db) == 3, "it went wrong: they wait again, with their codes"
    room.hands.ctrl("s")
    assert codes(room.opened[-1]) == sorted(one.badge_code for one in regulars)


def test_a_replacement_waits_and_the_lost_one_does_not(room: Room, db: Database, regulars: list[Person]) -> None:
    prints.printed(db, [one.id for one in regulars])
    badge, _ = badges.issue(db, regulars[0].id)
    assert prints.waiting(db) == [regulars[0].id]
    room.page.refresh()
    room.hands.settle()
    room.hands.ctrl("s")
    assert codes(room.opened[-1]) == [badge.code]
    people.erase(db, regulars[0].id)
    assert prints.waiting_count(db) == 0


@pytest.mark.parametrize("kind", ["poster", "labels", "things", "offset"])
def test_the_other_papers_of_the_room(room: Room, kind: str, db: Database) -> None:
    umbrellas, _ = loans.add(db, "雨伞", AssetKind.UMBRELLA, 3)
    room.page.refresh()
    room.hands.settle()
    room.page.show_subject(kind)
    room.page._chosen(kind)
    room.hands.settle()
    assert room.page.large._image.width() > 500
    room.hands.ctrl("p")  # no printer here: a PDF is opened instead
    made = room.opened[-1]
    assert made.suffix == ".pdf"
    if kind == "labels":
        assert len(codes(made)) == preview.count(made) * 9
    if kind == "things":
        assert sorted(codes(made)) == sorted(one.code for one in umbrellas)
    if kind == "offset":
        assert preview.count(made) == 2


@pytest.mark.parametrize("form", ["single", "label58", "label80"])
def test_the_form_chosen_is_remembered(room: Room, db: Database, form: str, regulars: list[Person]) -> None:
    room.page.form.set_value(form)
    room.page.form.changed.emit()
    room.hands.settle()
    assert preferences.get(db, room_setting("print_form")) == form
    room.hands.ctrl("s")
    assert preview.count(room.opened[-1]) == len(regulars)


def room_setting(name: str):  # type: ignore[no-untyped-def]
    from station_app import settings

    return settings.BY_NAME[name]


def test_a_real_printer_gets_every_page_whole(db: Database, regulars: list[Person], tmp_path: Path, qapp: QApplication) -> None:
    """QPrinter prints into a PDF here; what it drew is read again."""
    from station_app.paper.badges import badge_sheet

    badge_sheet(stations.current(db), regulars, tmp_path / "sheet.pdf", back=True)
    printer = print_out.printer_for((210.0, 297.0))
    assert isinstance(printer, QPrinter)
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "printed.pdf"))
    assert print_out.send(printer, tmp_path / "sheet.pdf") == 2
    assert codes(tmp_path / "printed.pdf") == sorted(one.badge_code for one in regulars)


def test_a_mark_is_drawn_anew_and_stands_on_the_cards(room: Room, db: Database, tmp_path: Path) -> None:
    Image.new("RGB", (900, 900), "red").save(tmp_path / "mark.png")
    room.page.take_logo([tmp_path / "mark.png"])
    room.hands.settle()
    logo = prints.logo(db)
    assert logo is not None
    pictures.check(logo)
    room.hands.ctrl("s")
    [page] = preview.pages(room.opened[-1], 100)
    image = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
    assert any(red > 200 and green < 60 for red, green, _blue in image.get_flattened_data())
    (tmp_path / "none.png").write_bytes(b"no picture")
    room.page.take_logo([tmp_path / "none.png"])
    room.hands.settle()
    assert prints.logo(db) == logo


@pytest.mark.parametrize("text", ["1.5,-0.5", "0,0", "-5，5"])
def test_an_offset_is_two_numbers(text: str) -> None:
    assert all(abs(part) <= 5 for part in offset_of(text))


def test_goods_without_a_code_have_one_of_the_house_that_stays(db: Database) -> None:
    from station_app.services import supplies

    first = {item.id: label_code(item) for item in supplies.items(db)}
    assert len(set(first.values())) == len(first)
    assert {item.id: label_code(item) for item in supplies.items(db)} == first


# --- a picture of a badge ------------------------------------------------------------------------------------------------


def drop(window: MainWindow, path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    none = Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, none))


def test_a_photograph_of_a_badge_dropped_on_the_window_checks_in(room: Room, db: Database, regulars: list[Person], tmp_path: Path) -> None:
    from station_app.paper.badges import badge_cards

    badge_cards(stations.current(db), [regulars[1]], tmp_path / "card.pdf")
    [page] = preview.pages(tmp_path / "card.pdf", 300)
    image = Image.frombuffer("RGB", (page.width, page.height), page.rgb, "raw", "RGB", page.stride, 1)
    photo = Image.new("RGB", (1600, 1200), (120, 110, 100))
    photo.paste(image.rotate(9, expand=True, fillcolor=(120, 110, 100)), (200, 200))
    photo.save(tmp_path / "photo.jpg", quality=70)
    drop(room.window, tmp_path / "photo.jpg")
    room.hands.settle()
    assert [visit.person_id for visit in visits.listing(db, DAY, DAY)] == [regulars[1].id], room.window.toast.text()
    Image.new("RGB", (300, 300), "white").save(tmp_path / "empty.png")
    drop(room.window, tmp_path / "empty.png")
    room.hands.settle()
    assert "没有找到驿站卡的码" in room.window.toast.text()
    assert feedback.counts(db, DAY, DAY) is not None
