"""The audit trail page by keys: days, filters, words found, one step in full, tables written, the chain verified or found bent."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from station_app import vault, words
from station_app.db import Database
from station_app.errors import Refused
from station_app.model import Consent, ItemKind, Occupation, Op, Role
from station_app.schema import LEDGERS
from station_app.services import audit, history, keepers, people, requests, supplies, trail, visits
from station_app.ui import theme
from station_app.ui.pages import trail_text
from station_app.ui.pages.trail import TrailPage
from station_app.ui.pages.trail_card import StepDetails
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, Clock
from tests.ui.shell import SheetShell, focus, in_front, shown, type_in

Key = Qt.Key
NAME, PHONE, WORDS = "欧阳志强", "13912345678", "欠薪三个月没有人管"


@pytest.fixture
def days(db: Database, clock: Clock) -> Database:
    """A day last week, and today: a regular, a supply, a request, something taken back, something refused, a formula."""
    clock.set("2026-07-09T10:00:00+08:00")
    visits.tally(db, Occupation.COURIER, 2)
    clock.set("2026-07-17T09:00:00+08:00")
    person, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", NAME, PHONE, Consent.DISTRICT)
    item, _ = supplies.add_item(db, "=防暑包", "份", ItemKind.COOLING)
    supplies.receive(db, item.id, 20)
    requests.add(db, WORDS, person_id=person.id, contact=PHONE)
    _, tallied = visits.tally(db, Occupation.SANITATION_WORKER, 4)
    history.undo(db, tallied.operation)
    first = db.acting
    root, _ = vault.unlock(db.path.with_suffix(".slots"), PASSWORD)
    other, _ = keepers.add(db, db.path.parent, root, "马师傅", Role.EVENING, "another-password", cost=CHEAP)
    db.acting = other.id
    with pytest.raises(Refused):
        people.change(db, person.id, platform="x")
    db.acting = first
    return db


class Hands:
    """The page in front, and its keys."""

    def __init__(self, page: TrailPage, shell: SheetShell, qtbot: QtBot, opened: list[Path]) -> None:
        self.page, self.shell, self.qtbot, self.opened = page, shell, qtbot, opened
        self.target: Path | None = None
        self.settle()

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.page.idle and self.page.jobs.idle, timeout=30_000)
        turned: list[bool] = []
        QTimer.singleShot(0, lambda: turned.append(True))
        self.qtbot.waitUntil(lambda: bool(turned))  # rows that came into view ask for themselves
        self.qtbot.waitUntil(lambda: self.page.idle and self.page.jobs.idle, timeout=30_000)

    def key(self, key: Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        self.qtbot.keyClick(focus(), key, held)
        self.settle()

    def lines(self) -> list[tuple[str, ...]]:
        """The rows as they stand: kind, subject, keeper."""
        model = self.page.rows
        for row in range(model.rowCount()):
            model.record(row)  # as if it came into view
        self.settle()
        return [
            tuple(str(model.index(row, column).data()) for column in (2, 3, 4)) for row in range(model.rowCount())
        ]

    def pick(self, combo: QWidget, text: str) -> None:
        """Choose in a drop-down by its keys."""
        row = combo.findText(text)  # type: ignore[attr-defined]
        combo.setFocus()
        for _ in range(abs(row - combo.currentIndex())):  # type: ignore[attr-defined]
            self.key(Key.Key_Down if row > combo.currentIndex() else Key.Key_Up)  # type: ignore[attr-defined]

    @property
    def step(self) -> str:
        """Everything the open step says."""
        assert isinstance(self.shell.sheet, StepDetails)
        self.settle()
        return shown(self.shell.sheet)


@pytest.fixture
def hands(days: Database, shell: SheetShell, qtbot: QtBot, tmp_path: Path) -> Iterator[Hands]:
    opened: list[Path] = []

    def show(path: Path) -> bool:
        opened.append(path)
        return True

    page = TrailPage(shell, choose=lambda _parent, name, then: then(tmp_path / name), show=show)
    built = Hands(in_front(page, shell, qtbot), shell, qtbot, opened)
    yield built
    page.wind_up()


def test_this_week_stands_there_the_newest_first(hands: Hands) -> None:
    lines = hands.lines()
    assert [line[0] for line in lines] == [
        "尝试（未获准）", "添加管理员", "撤销", "匿名登记", "登记诉求", "入库", "新增物资", "办卡", "建站",
    ]  # fmt: skip
    assert lines[0][2] == "马师傅"
    assert lines[3][1] == "环卫工人 · ×4"
    assert hands.page.count.text() == "9 条"


def test_nobodys_data_stands_anywhere_on_it(hands: Hands) -> None:
    for place in range(1, 11):
        hands.page.show_step(place)
        hands.settle()
        assert not any(secret in hands.step for secret in (NAME, PHONE, WORDS))
    assert not any(NAME in part for line in hands.lines() for part in line)


def test_days_are_chosen_by_tab_and_by_date(hands: Hands) -> None:
    hands.page.tabs.choose("year")
    hands.settle()
    assert hands.page.count.text() == "10 条"
    hands.page.first.set_value(None)
    hands.page.first.take_focus()
    type_in(hands.qtbot, "2026-07-09")
    hands.page.last.take_focus()
    hands.page.last.line.selectAll()
    type_in(hands.qtbot, "2026-07-09")
    hands.key(Key.Key_Return)
    assert [line[0] for line in hands.lines()] == ["匿名登记"]
    hands.page.first.take_focus()
    hands.page.first.line.selectAll()
    type_in(hands.qtbot, "2026-07-10")
    hands.key(Key.Key_Return)
    assert t("trail.wrong_way") in shown(hands.page)


def test_one_keeper_one_kind_only_what_was_refused(hands: Hands) -> None:
    hands.pick(hands.page.keeper, "马师傅")
    assert [line[0] for line in hands.lines()] == ["尝试（未获准）"]
    hands.pick(hands.page.keeper, t("trail.all_keepers"))
    hands.pick(hands.page.op, "入库")
    assert [line[:2] for line in hands.lines()] == [("入库", "=防暑包 · ×20")]
    hands.pick(hands.page.op, t("trail.all_kinds"))
    hands.page.refused.setFocus()
    hands.key(Key.Key_Space)
    assert [line[0] for line in hands.lines()] == ["尝试（未获准）"]


@pytest.mark.parametrize(
    ("text", "count"),
    [("防暑包", 2), ("马师傅", 2), ("撤销", 2), ("YQ-A-2026", 1), ("修改资料", 1), ("没有这样的", 0), (NAME, 0)],
)
def test_a_text_finds_what_is_shown_and_nothing_else(hands: Hands, text: str, count: int) -> None:
    hands.page.look_up()
    type_in(hands.qtbot, text)
    hands.settle()
    assert len(hands.lines()) == count
    assert hands.page.csv_button.isEnabled() is bool(count)
    hands.key(Key.Key_Return)
    assert focus() is hands.page.table


def test_a_new_search_stops_the_one_before(hands: Hands) -> None:
    hands.page.look_up()
    for text in ("防", "防暑", "防暑包"):
        hands.page.search.setText(text)
    hands.settle()
    assert hands.page.count.text() == "2 条"
    assert hands.shell.told == []


def test_enter_opens_a_step_with_what_it_changed(hands: Hands) -> None:
    hands.page.settle()
    for _ in range(5):
        hands.key(Key.Key_Down)
    hands.key(Key.Key_Return)
    assert hands.shell.sheet_title == "第 5 条操作"
    for line in ("入库 · =防暑包 · ×20", "改动：出入库 1 行", "新增：出入库", "物资：=防暑包", "增减：20"):
        assert line in hands.step


def test_the_arrows_lead_on_in_large_type_too(hands: Hands, qapp: QApplication) -> None:
    """The first column is hidden then; the one chosen before is still chosen."""
    hands.page.settle()
    hands.key(Key.Key_Down)
    chosen = hands.page.table.currentIndex().row()
    theme.apply(qapp, large=True)
    try:
        hands.settle()
        assert hands.page.table.isColumnHidden(0)
        hands.key(Key.Key_Down)
        assert hands.page.table.currentIndex().row() == chosen + 1
        hands.key(Key.Key_End)
        hands.key(Key.Key_Up)
        assert hands.page.table.currentIndex().row() == hands.page.rows.rowCount() - 2
    finally:
        theme.apply(qapp)


def test_before_and_after_are_told_and_undo_leads_both_ways(hands: Hands, days: Database) -> None:
    found = trail.numbers(days, trail.Wanted("2026-07-17", "2026-07-17", op=Op.UNDO))
    hands.page.show_step(found[0])
    hands.settle()
    assert "作废：来访" in hands.step
    assert isinstance(hands.shell.sheet, StepDetails)
    hands.shell.sheet.links[0].click()
    hands.settle()
    assert t("trail.undone_by", no=found[0]) in [link.text() for link in hands.shell.sheet.links]
    item = supplies.named(days, "=防暑包")
    assert item is not None
    supplies.change_item(days, item.id, low_level=7)
    hands.page.show_step(trail.numbers(days, trail.Wanted("2026-07-17", "2026-07-17", op=Op.CHANGE_ITEM))[0])
    hands.settle()
    assert "少于多少提醒：0 → 7" in hands.step


def test_the_link_of_a_step_is_that_of_the_chain(hands: Hands, days: Database) -> None:
    hands.page.show_step(5)
    hands.settle()
    here, before = (days.scalar("SELECT chain FROM operation WHERE sequence = ?", (place,)) for place in (5, 4))
    said = hands.step.replace(" ", "")
    assert here in said
    assert before in said


def test_the_table_is_written_whole_and_holds_no_formula(hands: Hands, tmp_path: Path) -> None:
    hands.page.settle()
    hands.key(Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    target = tmp_path / "trail-YQ-A-2026-07-13-2026-07-17.csv"
    data = target.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(data.decode("utf-8-sig").splitlines()))[1:]
    assert len(lines) == 9
    assert [int(line[0]) for line in lines] == sorted(int(line[0]) for line in lines)
    assert not [cell for line in lines for cell in line if cell[:1] in ("=", "+", "-", "@")]
    assert NAME not in data.decode("utf-8-sig")
    assert hands.shell.last == t("trail.written", n=9, name=target.name)


def test_the_paper_holds_every_step(hands: Hands) -> None:
    hands.page.settle()
    hands.key(Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    (file,) = hands.opened
    pages = pypdfium2.PdfDocument(file)
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    pages.close()
    assert "操作记录" in text
    assert "岗位不允许" in text
    assert "2026-07-13 至 2026-07-17，共 9 条" in text
    assert NAME not in text


def test_the_chain_is_verified_beside_the_desk_and_the_outcome_kept(hands: Hands, days: Database) -> None:
    assert hands.page.verify.state.text() == t("trail.unverified")
    hands.page.verify.button.click()
    hands.settle()
    assert hands.page.verify.state.text() == t("trail.sound")
    kept = audit.last_verification(days)
    assert kept is not None
    assert (kept.steps, kept.problems) == (10, 0)
    assert hands.lines()[0][:2] == ("设置", "核对操作记录")
    assert hands.page.verify.button.isEnabled()


def test_a_bent_step_is_named(hands: Hands, days: Database) -> None:
    days._writer.execute("UPDATE operation SET keeper_id = 'somebody' WHERE sequence = 4")
    hands.page.verify.button.click()
    hands.settle()
    assert hands.page.verify.state.text() == t("trail.unsound")
    assert "第 4 步" in hands.page.verify.told.text()


def test_a_verification_that_was_stopped_keeps_nothing(hands: Hands, days: Database) -> None:
    hands.page.verify_now()
    hands.page.verify.strip.cancelled.emit()
    hands.settle()
    assert audit.last_verification(days) is None
    assert hands.page.verify.button.isEnabled()
    assert hands.shell.last == t("kit.cancelled")


def test_what_is_written_during_a_verification_is_no_problem(days: Database) -> None:
    """It sees the store as it stood when it began."""
    written: list[int] = []

    def tell(done: int, _total: int) -> None:
        if done and not written:
            visit, _ = visits.tally(days, Occupation.RIDER, 2)
            written.append(visit.person_times)

    outcome, _ = audit.verify(days, tell)
    assert written == [2]
    assert outcome.problems == 0
    assert audit.check(days) == []


# --- words and whole tables --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_ledger_and_every_column_shown_has_its_word(language: str, days: Database) -> None:
    words.use(language)
    assert set(trail.SHOWN) == set(LEDGERS)
    for table, columns in trail.SHOWN.items():
        assert trail_text.table(table)
        assert set(columns) <= set(days.columns(table))
        assert not any(column.endswith("_sealed") for column in columns)
        assert not {"person_id", "subject_id", "card_number"} & set(columns)
        for column in columns:
            assert t(f"trail.column_{column}")


def test_a_badge_shows_no_code(days: Database) -> None:
    seen = trail.whole(days, trail.numbers(days, trail.Wanted("2026-07-17", "2026-07-17", op=Op.REGISTER))[0])
    badge = next(row for row in seen.rows if row.table == "badge")
    assert {field.name for field in badge.fields} <= {"state", "issued"}


def test_a_keeper_does_not_read_it(days: Database) -> None:
    root, _ = vault.unlock(days.path.with_suffix(".slots"), PASSWORD)
    other, _ = keepers.add(days, days.path.parent, root, "赵秀兰", Role.KEEPER, "third-password", cost=CHEAP)
    days.acting = other.id
    for call in (
        lambda: trail.numbers(days, trail.Wanted("2026-07-17", "2026-07-17")), lambda: trail.some(days, [1]),
        lambda: trail.whole(days, 1), lambda: trail.keepers_seen(days),
    ):  # fmt: skip
        with pytest.raises(Refused):
            call()
