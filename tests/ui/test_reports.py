"""The reports page: its figures beside an independent count of what was put in, by keys, on paper and as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from station_app import words
from station_app.db import Database
from station_app.model import (
    Amenity,
    Category,
    Channel,
    Consent,
    ItemKind,
    Occupation,
    RequestKind,
    RequestState,
    Urgency,
    Verdict,
)
from station_app.services import keepers, people, requests, supplies, visits
from station_app.ui.kit import BigFigure, Text
from station_app.ui.pages import reports_reads as reads
from station_app.ui.pages.reports import ReportsPage
from tests.ui.shell import SheetShell, idle, in_front, shown

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
TODAY = date(2026, 7, 17)


@dataclass
class Book:
    """What was put in, kept beside the station: by day, by occupation, by item."""

    by_day: Counter[date] = field(default_factory=Counter)
    by_occupation: Counter[tuple[date, Occupation]] = field(default_factory=Counter)
    people: dict[date, set[str]] = field(default_factory=dict)
    given: Counter[date] = field(default_factory=Counter)
    asked: Counter[date] = field(default_factory=Counter)
    closed: Counter[date] = field(default_factory=Counter)

    def total(self, counted: Counter[date], first: date, last: date) -> int:
        return sum(count for day, count in counted.items() if first <= day <= last)

    def seen(self, first: date, last: date) -> int:
        return len(set().union(*(seen for day, seen in self.people.items() if first <= day <= last)))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:{minute:02d}:00+08:00")


@pytest.fixture
def book(db: Database) -> Book:
    """Days before and in July 2026: badges, groups, kits, requests, one slip undone by a void count of its own."""
    book = Book()
    kit, _changes = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, low_level=1)
    supplies.receive(db, kit.id, 100, at=at(date(2026, 6, 1), 8))
    regulars = [
        people.register(db, Occupation.COURIER, "顺丰", name, "", Consent.STATION, at=at(date(2026, 6, 1), 8))[0]
        for name in ("赵丽", "孙强")
    ]
    plan = {date(2026, 6, 10): 2, date(2026, 6, 20): 4, date(2026, 7, 1): 3, date(2026, 7, 13): 5, date(2026, 7, 16): 6, TODAY: 1}
    for number, (day, size) in enumerate(plan.items()):
        keepers.open_station(db, at=at(day, 8, 20))
        visits.tally(db, Occupation.RIDER, size, at=at(day, 13))
        book.by_day[day] += size
        book.by_occupation[day, Occupation.RIDER] += size
        person = regulars[number % 2]
        came, _changes2 = visits.check_in_person(db, person.id, at=at(day, 14))
        visits.use_amenity(db, came.visit.id, Amenity.WATER, at=at(day, 14, 1))
        book.by_day[day] += 1
        book.by_occupation[day, Occupation.COURIER] += 1
        book.people.setdefault(day, set()).add(person.id)
        supplies.hand_out(db, kit.id, 2, given=True, at=at(day, 14, 2))
        book.given[day] += 2
        request, _changes3 = requests.add(
            db, "充电口不足", kind=RequestKind.HELP, category=Category.FACILITIES, channel=Channel.DESK, urgency=Urgency.ORDINARY,
            at=at(day, 14, 3),
        )  # fmt: skip
        book.asked[day] += 1
        if day.day == 13:
            requests.step(db, request.id, RequestState.ACCEPTED, at=at(day, 15))
            requests.step(db, request.id, RequestState.CLOSED, verdict=Verdict.FIXED, at=at(day, 16))
            book.closed[day] += 1
    return book


@pytest.fixture
def page(shell: SheetShell, book: Book, printed: list[Path], qtbot: QtBot) -> ReportsPage:
    def show(path: Path) -> bool:
        printed.append(path)
        return True

    return in_front(ReportsPage(shell, show=show), shell, qtbot)


def press(qtbot: QtBot, page: ReportsPage, key: Qt.Key, modifier: Qt.KeyboardModifier = CONTROL) -> None:
    """A key where the focus is."""
    widget = page.focusWidget()
    assert widget is not None
    qtbot.keyClick(widget, key, modifier)
    idle(qtbot, page)


def numbers(page: ReportsPage) -> list[str]:
    """The five big figures that are counts; how long requests took stands beside them."""
    return [
        next(text.text() for text in figure.findChildren(Text) if text.property("role") == "figure")
        for figure in page.findChildren(BigFigure)
    ][:5]


SPANS = (
    (Key.Key_1, TODAY, TODAY),
    (Key.Key_2, date(2026, 7, 13), TODAY),
    (Key.Key_3, date(2026, 7, 1), TODAY),
    (Key.Key_4, date(2026, 7, 1), TODAY),
    (Key.Key_5, date(2026, 1, 1), TODAY),
    (Key.Key_6, date(2026, 6, 1), date(2026, 6, 30)),
)


@pytest.mark.parametrize(("key", "first", "last"), SPANS)
def test_each_key_shows_the_figures_of_its_span(
    page: ReportsPage, book: Book, qtbot: QtBot, key: Qt.Key, first: date, last: date
) -> None:
    press(qtbot, page, key)
    visits_, open_days = book.total(book.by_day, first, last), len([day for day in book.by_day if first <= day <= last])
    assert numbers(page) == [
        f"{visits_}", f"{visits_ / open_days:.1f}", f"{book.seen(first, last)}", f"{book.total(book.given, first, last)}",
        f"{book.total(book.asked, first, last)}",
    ]  # fmt: skip
    assert (page.first.value(), page.last.value()) == (first, last)
    assert page.tabs.code() == reads.CODES[key.value - Key.Key_1.value]


def test_the_change_is_against_as_many_days_just_before(page: ReportsPage, book: Book, qtbot: QtBot) -> None:
    # July 1-17 against June 14-30: of June only the 20th lies in it
    now, before = book.total(book.by_day, date(2026, 7, 1), TODAY), book.by_day[date(2026, 6, 20)]
    percent = round((now - before) * 100 / before)
    assert f"比前 17 天 +{percent}%" in shown(page.figures)
    press(qtbot, page, Key.Key_1)
    less = round((book.by_day[TODAY] - book.by_day[date(2026, 7, 16)]) * 100 / book.by_day[date(2026, 7, 16)])
    assert f"比前 1 天 {less}%" in shown(page.figures)
    press(qtbot, page, Key.Key_5)
    assert "前 198 天没有记录" in shown(page.figures)


def test_the_lists_say_who_came_what_was_used_and_what_is_left(page: ReportsPage, book: Book, qtbot: QtBot) -> None:
    press(qtbot, page, Key.Key_3)
    first = date(2026, 7, 1)
    by = {who: sum(n for (day, o), n in book.by_occupation.items() if o is who and day >= first) for who in Occupation}
    total = sum(by.values())
    read_aloud = page.visitors.bars[0].accessibleDescription()
    for who, name in ((Occupation.RIDER, "外卖骑手"), (Occupation.COURIER, "快递员")):
        assert f"{name}：{by[who]} · {by[who] * 100 / total:.0f}%" in read_aloud
    assert "居民" not in read_aloud
    assert page.visitors.bars[1].accessibleDescription() == "饮水：4"
    left = 100 - sum(book.given.values())
    assert page.supplies.bars[0].accessibleDescription() == f"防暑包：8 / 余 {left}"
    assert page.supplies.bars[1].accessibleDescription() == "已登记：3; 已办结：1"
    assert "办结率 25%" in shown(page.figures)
    assert f"7/13：登记 1 · 匿名计数 {book.by_day[date(2026, 7, 13)] - 1}" in page.course.days.accessibleDescription()
    fridays = book.by_day[TODAY]
    assert f"星期五 13：{fridays - 1}" in page.course.heat.accessibleDescription()


def test_one_day_is_drawn_by_hour(page: ReportsPage, qtbot: QtBot) -> None:
    assert page.course.days.isVisible()
    assert not page.course.hours.isVisible()
    press(qtbot, page, Key.Key_1)
    assert page.course.hours.isVisible()
    assert not page.course.heat.isVisible()
    assert "13时：1; 14时：1" in page.course.hours.accessibleDescription()


def test_arrows_move_along_the_tabs(page: ReportsPage, qtbot: QtBot) -> None:
    press(qtbot, page, Key.Key_Right, Qt.KeyboardModifier.NoModifier)
    assert page.tabs.code() == "quarter"
    press(qtbot, page, Key.Key_Left, Qt.KeyboardModifier.NoModifier)
    press(qtbot, page, Key.Key_Left, Qt.KeyboardModifier.NoModifier)
    assert page.tabs.code() == "week"
    assert page.view is not None
    assert page.view.report.first == "2026-07-13"


def test_two_days_typed_are_a_span_that_stays(page: ReportsPage, book: Book, qtbot: QtBot) -> None:
    page.look_up()
    qtbot.keyClicks(page.first.line, "2026-06-10")
    qtbot.keyClick(page.first.line, Key.Key_Return)
    idle(qtbot, page)
    page.last.take_focus()
    page.last.line.selectAll()
    page.last.line.insert("6月20日")  # as an input method commits it
    qtbot.keyClick(page.last.line, Key.Key_Return)
    idle(qtbot, page)
    assert page.tabs.code() == "dates"
    assert numbers(page)[0] == str(book.total(book.by_day, date(2026, 6, 10), date(2026, 6, 20)))
    press(qtbot, page, Key.Key_1)
    press(qtbot, page, Key.Key_7)
    assert page.view is not None
    assert (page.view.report.first, page.view.report.last) == ("2026-06-10", "2026-06-20")


def test_days_the_wrong_way_round_are_said_under_the_field(page: ReportsPage, qtbot: QtBot) -> None:
    before = numbers(page)
    page.look_up()
    qtbot.keyClicks(page.first.line, "2026-08-01")
    qtbot.keyClick(page.first.line, Key.Key_Return)
    idle(qtbot, page)
    assert "开始日期 2026-08-01 在结束日期 2026-07-17 之后" in shown(page.first)
    assert numbers(page) == before
    page.look_up()
    qtbot.keyClicks(page.first.line, "2026-02-30")
    qtbot.keyClick(page.first.line, Key.Key_Return)
    assert page.first.problem() in shown(page.first)


def test_a_visit_counted_meanwhile_is_shown(page: ReportsPage, book: Book, db: Database, qtbot: QtBot) -> None:
    press(qtbot, page, Key.Key_1)
    page.jobs.run(lambda store: visits.tally(store, Occupation.OTHER, 3))
    idle(qtbot, page)
    qtbot.waitUntil(lambda: numbers(page)[0] == str(book.by_day[TODAY] + 3))


def test_an_empty_span_helps(page: ReportsPage, shell: SheetShell, qtbot: QtBot) -> None:
    page.show_subject("2026-03-04")
    idle(qtbot, page)
    assert page.empty.isVisible()
    assert "2026-03-04 星期三 还没有登记" in page.empty.sentence.text()
    assert not page.pdf_button.isEnabled()
    page.copy()
    assert shell.told == []
    page.empty.acted.emit()
    assert shell.went == [("shift", "2026-03-04")]


def test_every_figure_is_explained(page: ReportsPage, shell: SheetShell, qtbot: QtBot) -> None:
    page.how.setFocus()
    qtbot.keyClick(page.how, Key.Key_Return)
    assert shell.real.is_open()
    text = shown(shell.real)
    for name in ("来访人次", "日均", "人数", "发放物资", "诉求"):
        assert name in text
    assert "开站天数是这段时间里做过开站检查、或有过来访登记的日子" in text
    qtbot.keyClick(shell.real, Key.Key_Escape)
    assert not shell.real.is_open()


def test_the_text_holds_the_figures_and_no_names(page: ReportsPage, book: Book, shell: SheetShell, qtbot: QtBot) -> None:
    press(qtbot, page, Key.Key_C)
    text = QGuiApplication.clipboard().text()
    total = book.total(book.by_day, date(2026, 7, 1), TODAY)
    assert text.splitlines()[:3] == [
        "云桥暖心驿站（演示） 2026-07-01 — 2026-07-17",
        f"来访 {total} 人次（登记 4，匿名 {total - 4}）",
        f"开站 4 天，日均 {total / 4:.1f} 人次",
    ]
    assert "发放物资 8 件：防暑包 8" in text
    assert "诉求 4 件：已登记 3、已办结 1" in text
    assert "赵丽" not in text
    assert "孙强" not in text
    assert "已复制" in shell.last


def test_the_pdf_is_written_and_opened(
    page: ReportsPage, book: Book, shell: SheetShell, printed: list[Path], qtbot: QtBot
) -> None:
    import pypdfium2

    press(qtbot, page, Key.Key_P)
    qtbot.waitUntil(lambda: bool(printed))
    assert printed[0].name == "report-YQ-A-2026-07-01-2026-07-17.pdf"
    with pypdfium2.PdfDocument(printed[0]) as document:
        sheet = document[0]
        text = sheet.get_textpage()
        content = text.get_text_bounded()
        text.close()
        sheet.close()
    assert str(book.total(book.by_day, date(2026, 7, 1), TODAY)) in content
    assert "云桥暖心驿站" in content
    assert printed[0].name in shell.last


def test_the_report_goes_to_a_printer_and_every_paper_offers_it(
    page: ReportsPage, shell: SheetShell, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pypdfium2
    from PySide6.QtPrintSupport import QPrinter

    from station_app.ui import print_out, printing

    def ask(_parent: object, size: tuple[float, float], _both: bool, then: Callable[[object], None]) -> None:
        printer = print_out.printer_for(size)
        assert isinstance(printer, QPrinter)
        printer.setOutputFileName(str(tmp_path / "out.pdf"))
        printer.setResolution(100)
        then(printer)

    page._ask = ask
    page.print_button.click()
    qtbot.waitUntil(lambda: shell.last == "已送打印机，共 2 页")
    with pypdfium2.PdfDocument(tmp_path / "out.pdf") as document:
        assert len(document) == 2
        assert [round(side) for side in document[0].get_size()] == [595, 842]
    monkeypatch.setattr(print_out, "printers", lambda: True)
    printing.tell_shown(shell, tmp_path / "out.pdf", lambda _path: True)
    assert (shell.action, shell.then is not None) == ("打印", True)


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("week", "2026-01-12", "2026-01-12"), ("quarter", "2026-01-01", "2026-01-12"), ("last_month", "2025-12-01", "2025-12-31"),
        ("year", "2026-01-01", "2026-01-12"),
    ],
)  # fmt: skip
def test_spans_at_the_turn_of_the_year(code: str, first: str, last: str) -> None:
    assert reads.span(code, date(2026, 1, 12)) == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_span_before_ends_the_day_before_and_is_as_long() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    start, end = reads.before(first, last)
    assert end + timedelta(days=1) == first
    assert end - start == last - first


def test_english_says_it_too(shell: SheetShell, book: Book, qtbot: QtBot) -> None:
    words.use("en")
    page = in_front(ReportsPage(shell), shell, qtbot)
    press(qtbot, page, Key.Key_3)
    press(qtbot, page, Key.Key_C)
    text = QGuiApplication.clipboard().text()
    assert "4 requests: Recorded 3, Closed 1" in text
    assert "over 4 open days" in shown(page.figures)
    assert "25% closed" in shown(page.figures)
