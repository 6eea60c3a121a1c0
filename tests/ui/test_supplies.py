"""The supplies page: stock in, counted, written off and taken back, by keys; balances as the services keep them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.model import Consent, Item, ItemKind, MovementKind, Occupation
from station_app.services import people, supplies
from station_app.services.rosters import ItemField
from station_app.services.supplies import photos
from station_app.sync.opening import Opener
from station_app.ui.kit import Button, LogRow
from station_app.ui.pages.supplies import SuppliesPage
from station_app.ui.pages.supplies_photo import PhotoLine
from tests.pictures import phone
from tests.ui.shell import Clock, SheetShell, focus, idle, in_front, sees, shown, type_in

Key = Qt.Key
WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")


@pytest.fixture
def kit(db: Database) -> Item:
    """Cooling kits: 40 on the shelf in two lots, warned at 10."""
    item, _changes = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, low_level=10, most_per_day=2)
    supplies.receive(db, item.id, 10, lot="A1", expiry="2026-07-30")
    supplies.receive(db, item.id, 30, lot="B2", expiry="2026-12-31")
    return item


@pytest.fixture
def page(shell: SheetShell, qtbot: QtBot) -> SuppliesPage:
    return opened(shell, qtbot)


def opened(shell: SheetShell, qtbot: QtBot, file: Path | None = None) -> SuppliesPage:
    """The page in front, all read; ``file`` is what the keeper would choose."""

    def choose(_parent: QWidget, then: Callable[[Path], None]) -> None:
        if file is not None:
            then(file)

    return in_front(SuppliesPage(shell, choose=choose), shell, qtbot)


def field(shell: SheetShell) -> QWidget:
    """Where the cursor of the open sheet is."""
    found = focus()
    assert shell.real.isAncestorOf(found)
    return found


def fill(qtbot: QtBot, shell: SheetShell, *texts: str) -> None:
    """Type into one field after the other, Enter between and after them."""
    for text in texts:
        field(shell)
        type_in(qtbot, text)
        qtbot.keyClick(field(shell), Key.Key_Return)


def cell(page: SuppliesPage, row: int, column: int) -> str:
    """What is read aloud for a cell of the shelf."""
    model = page.stock.model()
    return str(model.data(model.index(row, column), Qt.ItemDataRole.AccessibleTextRole))


def test_a_first_supply_is_added_by_keys_and_can_be_taken_back(
    page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    fill(qtbot, shell, "矿泉水", "瓶")
    qtbot.keyClick(field(shell), Key.Key_4)  # drinks
    qtbot.keyClick(field(shell), Key.Key_Return)
    fill(qtbot, shell, "", "3", "", "", "", *[""] * 6)  # medicine, collecting, barcode, size, place, parts
    idle(qtbot, page)
    item = supplies.by_name(db, "矿泉水")
    assert item is not None
    assert (item.unit, item.kind, item.most_per_day, item.low_level) == ("瓶", ItemKind.DRINK, 3, 0)
    assert shell.last == "已添加物资：矿泉水"
    assert shell.sheet is None
    assert page.card.detail is not None
    assert page.card.detail.shelf.id == item.id
    shell.undo()
    idle(qtbot, page)
    assert supplies.items(db) == []
    assert page.card.detail is None


def test_stock_comes_in_by_keys_and_goes_again_by_undo(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    idle(qtbot, page)
    qtbot.keyClicks(field(shell), "24")
    sees(qtbot, field(shell).parentWidget(), "入库后 64 份")
    qtbot.keyClick(field(shell), Key.Key_Return)
    qtbot.keyClick(field(shell), Key.Key_3)  # donated
    qtbot.keyClick(field(shell), Key.Key_Return)
    fill(qtbot, shell, "C3", "2027-05-31", "王先生")
    idle(qtbot, page)
    newest = supplies.movements(db, kit.id)[0]
    assert (newest.delta, newest.kind, newest.lot, newest.expiry, newest.source) == (
        24, MovementKind.DONATED, "C3", "2027-05-31", "王先生",
    )  # fmt: skip
    assert supplies.get(db, kit.id).balance == 64
    assert cell(page, 0, 2) == "结存 64 份"
    assert shell.last == "已入库：防暑包 24 份"
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    assert supplies.get(db, kit.id).balance == 40
    assert cell(page, 0, 2) == "结存 40 份"


def test_a_number_that_cannot_be_stays_in_the_sheet_with_its_reason(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.new()
    idle(qtbot, page)
    qtbot.keyClicks(field(shell), "0")
    qtbot.keyClick(field(shell), Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    assert shell.sheet is not None
    sees(qtbot, shell.sheet, "请填 1 到 1000000 之间的整数")
    assert supplies.get(db, kit.id).balance == 40


def test_the_count_shows_the_difference_while_it_is_typed(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    qtbot.keyClick(page.stock, Key.Key_Return)
    idle(qtbot, page)
    assert shell.sheet is not None
    sees(qtbot, shell.sheet, "账上 40 份")
    qtbot.keyClicks(field(shell), "38")
    sees(qtbot, shell.sheet, "账上 40 份 · 少 2 份")
    qtbot.keyClick(field(shell), Key.Key_Return)
    fill(qtbot, shell, "破损", "李四")
    idle(qtbot, page)
    assert supplies.get(db, kit.id).balance == 38
    kept = db.rows("SELECT book, counted, reason, second_name FROM stocktake")[0]
    assert (kept["book"], kept["counted"], kept["reason"], kept["second_name"]) == (40, 38, "破损", "李四")
    assert shell.last == "已盘点：防暑包 38 份，少 2 份"
    sees(qtbot, page.card, "盘点 少 2 份")


def test_more_than_there_is_cannot_be_written_off(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.card.waste.emit()
    idle(qtbot, page)
    fill(qtbot, shell, "41", "过期")
    idle(qtbot, page)
    assert shell.sheet is not None
    sees(qtbot, shell.sheet, "“防暑包”账上只有 40，请先盘点")
    qtbot.keyClick(field(shell), Key.Key_Backspace)
    qtbot.keyClick(field(shell), Key.Key_Return)
    qtbot.keyClick(field(shell), Key.Key_Return)
    idle(qtbot, page)
    assert supplies.get(db, kit.id).balance == 36
    assert [(lot.lot, lot.balance) for lot in supplies.lots(db, kit.id)] == [("A1", 6), ("B2", 30)]
    assert shell.last == "已报损：防暑包 4 份"


def test_a_handout_of_today_is_undone_from_the_card_and_yesterdays_is_not(
    kit: Item, shell: SheetShell, db: Database, clock: Clock, qtbot: QtBot
) -> None:
    person, _changes = people.register(db, Occupation.COURIER, "顺丰", "赵丽", "", Consent.STATION)
    supplies.hand_out(db, kit.id, 1)
    clock.forward(24 * 60)
    supplies.hand_out(db, kit.id, 2, person_id=person.id)
    page = opened(shell, qtbot)
    sees(qtbot, page.card, "发放 赵丽 ×2")
    rows = {row.text(): row for row in page.card.findChildren(LogRow) if row.isVisible()}
    assert rows["发放 匿名 ×1"].findChild(Button).words() == "作废"  # with its reason, not undone
    qtbot.mouseClick(rows["发放 赵丽 ×2"].findChild(Button), Qt.MouseButton.LeftButton)
    idle(qtbot, page)
    assert supplies.get(db, kit.id).balance == 39
    sees(qtbot, page.card, "发放 赵丽 ×2 · 已撤销")


def test_an_import_is_not_taken_back_line_by_line(kit: Item, page: SuppliesPage, db: Database) -> None:
    assert page.card.detail is not None
    operations = {line.operation.op for line in page.card.detail.lines if line.operation is not None}
    assert operations == {"receive"}


def test_details_and_quota_change_together_and_go_back_together(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.card.edit.emit()
    assert shell.sheet is not None
    shell.sheet.set_values({"unit": "包", "most_per_day": None, "low_level": 50, "alcohol": "yes"})  # type: ignore[attr-defined]
    qtbot.keyClick(field(shell), Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    item = supplies.get(db, kit.id)
    assert (item.unit, item.most_per_day, item.low_level, item.alcohol) == ("包", None, 50, True)
    sees(qtbot, page.card, "含酒精 · 勿驾车")
    sees(qtbot, page.card, "库存只剩 40 包，该补货了")
    assert "该补货了" in cell(page, 0, 4)
    shell.undo(shell.undoable[-1].operation)
    idle(qtbot, page)
    item = supplies.get(db, kit.id)
    assert (item.unit, item.most_per_day, item.low_level, item.alcohol) == ("份", 2, 10, False)


def test_a_name_that_is_taken_is_said_under_the_name(
    kit: Item, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    supplies.add_item(db, "冰饮", "瓶", ItemKind.COOLING)
    page = opened(shell, qtbot)
    page.card.edit.emit()
    assert shell.sheet is not None
    shell.sheet.set_values({"name": "冰饮"})  # type: ignore[attr-defined]
    qtbot.keyClick(field(shell), Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    sees(qtbot, shell.sheet, "已经有叫“冰饮”的物资")
    assert supplies.get(db, kit.id).name == "防暑包"


def test_a_retired_supply_stays_on_the_list_and_leaves_the_desk(
    kit: Item, page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    page.card.edit.emit()
    assert shell.sheet is not None
    shell.sheet.set_values({"state": "retired"})  # type: ignore[attr-defined]
    qtbot.keyClick(field(shell), Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    assert supplies.items(db) == []
    assert "已停用" in cell(page, 0, 4)
    assert not page.count_button.isEnabled()


def test_expiry_season_and_shortage_are_said(shell: SheetShell, kit: Item, db: Database, qtbot: QtBot) -> None:
    supplies.add_item(db, "暖宝宝", "片", ItemKind.WARMING, months=(11, 2))
    plaster, _changes = supplies.add_item(db, "创可贴", "片", ItemKind.FIRST_AID)
    supplies.receive(db, plaster.id, 3, expiry="2026-07-01")
    tea, _changes = supplies.add_item(db, "凉茶", "杯", ItemKind.DRINK)
    supplies.hand_out(db, tea.id, 2, given=True)
    page = opened(shell, qtbot)
    assert cell(page, 0, 3).endswith("13 天到期")
    assert cell(page, 1, 4).endswith("11月起发放")
    assert cell(page, 2, 3).endswith("已过期")
    assert cell(page, 3, 4).endswith("请盘点")
    page.show_subject(plaster.id)
    idle(qtbot, page)
    sees(qtbot, page.card, "有 3 片 已过有效期，请下架报损")


def test_the_ledger_shows_all_items_or_one(shell: SheetShell, kit: Item, db: Database, qtbot: QtBot) -> None:
    water, _changes = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, water.id, 5)
    page = opened(shell, qtbot)
    page.tabs.choose("ledger")
    idle(qtbot, page)
    assert page.ledger.model().rowCount() == 3
    page.only.click()
    idle(qtbot, page)
    names = {page.ledger.model().index(row, 1).data() for row in range(page.ledger.model().rowCount())}
    assert names == {"防暑包"}
    assert page.ledger.model().rowCount() == 2


def test_what_is_drawn_from_two_lots_is_one_line(kit: Item, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    supplies.count_stock(db, kit.id, 25)
    page = opened(shell, qtbot)
    assert len(supplies.movements(db, kit.id)) == 4
    sees(qtbot, page.card, "盘点 少 15 份")
    assert shown(page.card).count("盘点 少") == 1


LIST = """物资清单（2026 年 7 月）
序号,品名,单位,类别,库存数,批号,有效期至,每人每日限领
1,矿泉水,瓶,饮品,"1,200",W1,2027-05-31,
2,藿香正气水,盒,药品,24,H1,2026-08-12,1
3,藿香正气水,盒,药品,12,H2,2027-01-20,1
4,防暑包,份,清凉,10,A9,,2
5,毛巾,条,其他,十几,,,
"""
"""A list as a community office keeps it; its stock column has a heading nobody foresaw."""


def test_a_list_is_read_corrected_imported_and_taken_back(
    kit: Item, shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "物资.csv"
    file.write_bytes(LIST.encode("gb18030"))
    page = opened(shell, qtbot, file)
    page.import_button.click()
    wizard = page.wizard
    assert wizard is not None
    qtbot.keyClick(wizard, Key.Key_Return)
    idle(qtbot, page)
    assert wizard.said.text() == "共 5 行：新增 3 种，归入已有 2 行，未收 0 行；入库 0 件"
    stock = wizard.map.combos[ItemField.QUANTITY]
    stock.setCurrentIndex(stock.findText("库存数"))
    stock.activated.emit(stock.currentIndex())
    idle(qtbot, page)
    assert wizard.said.text() == "共 5 行：新增 2 种，归入已有 2 行，未收 1 行；入库 1246 件"
    assert supplies.items(db) == [supplies.get(db, kit.id)]
    qtbot.keyClick(wizard.table, Key.Key_Return)
    idle(qtbot, page)
    assert {item.name: item.balance for item in supplies.items(db)} == {"防暑包": 50, "矿泉水": 1200, "藿香正气水": 36}
    assert supplies.named(db, "藿香正气水").alcohol
    assert shell.last == "已导入：新增 2 种，归入已有 2 行，未收 1 行，入库 1246 件"
    wizard.tabs.choose("refuse")
    model = wizard.table.model()
    assert model.rowCount() == 1
    assert model.index(0, 1).data() == "5 · 毛巾 · 条 · 其他 · 十几"
    assert "“库存数”栏的“十几”不是可用的数量" in str(model.index(0, 2).data(Qt.ItemDataRole.AccessibleTextRole))
    wizard.done.acted.emit()
    idle(qtbot, page)
    assert page.wizard is None
    assert {item.name: item.balance for item in supplies.items(db)} == {"防暑包": 40}


def test_the_same_list_again_adds_nothing(shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "物资.csv"
    file.write_text("名称,单位,数量\n冰饮,瓶,30\n", encoding="utf-8")
    page = opened(shell, qtbot, file)
    for _time in range(2):
        page.import_list()
        wizard = page.wizard
        assert wizard is not None
        qtbot.keyClick(wizard, Key.Key_Return)
        idle(qtbot, page)
        qtbot.keyClick(wizard.table, Key.Key_Return)
        idle(qtbot, page)
        qtbot.keyClick(wizard.table, Key.Key_Return)
        assert page.wizard is None
    assert {item.name: item.balance for item in supplies.items(db)} == {"冰饮": 30}
    assert shell.last == "已导入：新增 0 种，归入已有 1 行，未收 0 行，入库 0 件"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "是空的"), (b"\x89PNG\r\n\x1a\n\x00\x00", "不是表格文件"), ("甲,乙\n1,2\n".encode(), "没有找到表头")],
)
def test_a_file_that_is_no_list_is_said_and_changes_nothing(
    shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path, content: bytes, sentence: str
) -> None:
    file = tmp_path / "清单.csv"
    file.write_bytes(content)
    page = opened(shell, qtbot, file)
    page.import_list()
    assert page.wizard is not None
    page.wizard.ask()
    idle(qtbot, page)
    assert sentence in page.wizard.errors.text()
    assert not page.wizard.import_button.isVisible()
    qtbot.keyClick(page.wizard, Key.Key_Escape)
    assert page.wizard is None
    assert supplies.items(db) == []


def test_without_a_column_of_names_nothing_can_be_imported(
    shell: SheetShell, db: Database, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "清单.csv"
    file.write_text("名称,单位,数量\n冰饮,瓶,30\n", encoding="utf-8")
    page = opened(shell, qtbot, file)
    page.import_list()
    wizard = page.wizard
    assert wizard is not None
    wizard.ask()
    idle(qtbot, page)
    name = wizard.map.combos[ItemField.NAME]
    name.setCurrentIndex(0)
    name.activated.emit(0)
    idle(qtbot, page)
    assert "没有选定“名称”这一栏" in wizard.errors.text()
    wizard.run()
    idle(qtbot, page)
    assert supplies.items(db) == []


def test_shelf_and_ledger_go_into_a_spreadsheet_as_they_are_shown(
    kit: Item, page: SuppliesPage, shell: SheetShell, qtbot: QtBot, tmp_path: Path
) -> None:
    assert [name for name, button in page.exports.items() if button.isVisible()] == ["stock"]
    page.exports["stock"].save(tmp_path / "stock.xlsx")
    qtbot.waitUntil(lambda: (tmp_path / "stock.xlsx").exists() and not page.exports["stock"].busy)
    sheet = load_workbook(tmp_path / "stock.xlsx").active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[-1][1] == 40  # a number, to be summed up
    page.tabs.choose("ledger")
    qtbot.waitUntil(page.exports["ledger"].isEnabled)
    assert [name for name, button in page.exports.items() if button.isVisible()] == ["ledger"]
    page.exports["ledger"].save(tmp_path / "ledger.csv")
    qtbot.waitUntil(lambda: (tmp_path / "ledger.csv").exists() and not page.exports["ledger"].busy)
    assert (tmp_path / "ledger.csv").read_text("utf-8-sig").count("防暑包") == 2


def test_an_item_has_a_picture_that_is_brought_shown_and_taken_away(
    shell: SheetShell, db: Database, kit: Item, qtbot: QtBot, tmp_path: Path
) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(phone())
    with Opener(command=WORKER) as opener:
        page = in_front(SuppliesPage(shell, opener=opener, pictures=lambda _parent, then: then([file])), shell, qtbot)

        def line() -> PhotoLine:
            assert page.card.photo is not None
            return page.card.photo

        qtbot.waitUntil(lambda: page.card.photo is not None)
        assert line().thumb is None
        line().bring.click()
        qtbot.waitUntil(lambda: line().thumb is not None, timeout=20_000)
        assert photos.photo(db, kit.id) is not None
        idle(qtbot, page)
        line().remove.click()
        qtbot.waitUntil(lambda: line().thumb is None)
        assert photos.photo(db, kit.id) is None
        idle(qtbot, page)
        assert shell.then is not None
        shell.then()
        qtbot.waitUntil(lambda: line().thumb is not None)


# --- kits ------------------------------------------------------------------------------------------------------------------


def test_a_kit_is_put_together_from_a_list_by_keys_alone_in_one_step(
    page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot
) -> None:
    towel, _ = supplies.add_item(db, "毛巾", "条", ItemKind.OTHER)
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    page.refresh()
    idle(qtbot, page)
    page._add_item()
    form: Any = shell.sheet
    form.set_values({"name": "防暑包", "unit": "份", "kind": "cooling"})
    picker = form.field("parts")
    picker.take_focus()
    qtbot.keyClick(focus(), Key.Key_Down)
    assert picker.choice.currentData() == towel.id
    qtbot.keyClick(focus(), Key.Key_Return)  # put in; the number waits to be typed over
    type_in(qtbot, "2")
    qtbot.keyClick(focus(), Key.Key_Return)
    for _ in range(2):
        qtbot.keyClick(focus(), Key.Key_Down)
    qtbot.keyClick(focus(), Key.Key_Return)
    qtbot.keyClick(focus(), Key.Key_Up)
    assert picker.value() == {towel.id: 2, water.id: 2}
    qtbot.keyClick(focus(), Key.Key_Down)
    qtbot.keyClick(focus(), Key.Key_Return)
    qtbot.keyClick(focus(), Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, page)
    kit = supplies.by_name(db, "防暑包")
    assert kit is not None
    assert kit.kit
    assert supplies.parts_of(db, kit.id) == {towel.id: 2, water.id: 1}
    shell.undo()
    idle(qtbot, page)
    assert [item.name for item in supplies.items(db)] == ["毛巾", "矿泉水"], "the kit and its parts were one step"


def test_a_scan_while_an_item_is_written_puts_one_into_the_kit(page: SuppliesPage, shell: SheetShell, db: Database, qtbot: QtBot) -> None:
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, barcode="6901234567892")
    kit, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, parts={water.id: 1})
    page.show_subject(kit.id)
    idle(qtbot, page)
    page._edit_item()
    form: Any = shell.sheet
    for _ in range(2):
        assert page.scanned("6901234567892")
        idle(qtbot, page)
    assert form.field("parts").value() == {water.id: 3}
    assert page.scanned("6923644266066")  # of nothing here: it is this item's own
    idle(qtbot, page)
    assert form.field("barcode").value() == "6923644266066"
    form.field("parts").lines[water.id].line.setText("0")
    form.submit()
    assert form.field("parts").problem()
    form.field("parts").lines[water.id].line.setText("5")
    form.submit()
    idle(qtbot, page)
    assert supplies.parts_of(db, kit.id) == {water.id: 5}
    page._edit_item()
    again: Any = shell.sheet
    again.field("parts").lines[water.id].gone.emit()
    again.submit()
    idle(qtbot, page)
    assert not supplies.get(db, kit.id).kit
