"""A list of items and opening stock: sheet and columns -> rows with their fate, by the rules of a roster."""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ...errors import UserMistake
from ...model import ItemKind
from .headings import Columns, Fate, Reason, RowRefused, check_row, key, list_rows, serial_places, tidy, vocabulary
from .people import yes_or_no
from .tabular import Row, Sheet

MAX_NAME = 40
MAX_UNIT = 10
MAX_LOT = 60
MOST_A_DAY = 1000
MOST = 1_000_000
"""No station's shelf holds more of one thing; a larger number is a slip."""


class ItemField(StrEnum):
    """What a list may say about an item and its opening stock."""

    NAME = "name"
    SPEC = "spec"
    UNIT = "unit"
    KIND = "kind"
    QUANTITY = "quantity"
    LOT = "lot"
    EXPIRY = "expiry"
    ALCOHOL = "alcohol"
    MOST_PER_DAY = "most_per_day"
    LOW_LEVEL = "low_level"
    MONTHS = "months"


ITEMS = vocabulary(
    {
        ItemField.NAME: "名称 物资 物资名称 品名 物品 物品名称 物资品名 商品名称 货品名称 item itemname",
        ItemField.SPEC: "规格 型号 规格型号 規格 specification",
        ItemField.UNIT: "单位 计量单位 單位 unitname",
        ItemField.KIND: "类别 分类 种类 物资类别 物资分类 類別 category",
        ItemField.QUANTITY: "数量 库存 期初 期初数量 期初库存 现有库存 库存数量 结存 现存 數量 "
        "qty stock opening openingstock",
        ItemField.LOT: "批号 批次 生产批号 批號 lotno batch",
        ItemField.EXPIRY: "有效期 到期 有效期至 到期日 到期日期 有效日期 保质期至 失效日期 expirydate expires",
        ItemField.ALCOHOL: "含酒精 是否含酒精 酒精",
        ItemField.MOST_PER_DAY: "每人每日限领 每人每天限领 每日限领 限领 限领数量 每人限领 每日限量 quota",
        ItemField.LOW_LEVEL: "最低库存 库存下限 预警库存 安全库存 低库存 预警值 补货线 minimum lowstock",
        ItemField.MONTHS: "月份 发放月份 季节 使用月份 发放时间 season",
    }
)
"""Heading -> field."""

_KINDS = vocabulary(
    {
        ItemKind.COOLING: "清凉 防暑 防暑降温 清凉物资 清凉包 防暑包 降温 清凉用品 夏季",
        ItemKind.WARMING: "暖心 防寒 保暖 暖心包 御寒 防寒保暖 暖心物资 冬季",
        ItemKind.FIRST_AID: "急救 药品 急救药品 医药 急救用品 应急药品 药箱 medicine",
        ItemKind.DRINK: "饮品 饮料 饮水 水 饮用水 矿泉水",
        ItemKind.STUDY: "学习 宣传 宣传品 学习资料 宣传资料 书籍 手册 读物",
        ItemKind.GIFT: "礼包 礼品 慰问品 慰问 礼物",
        ItemKind.OTHER: "其他 其它 日用品 杂项",
    }
)
_WITH_ALCOHOL = "藿香正气水"
"""40-50 % alcohol (DOMAIN.md section 6); a list that says nothing about it must not lose the warning."""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One row as understood. ``line`` counts from 1 as a spreadsheet shows it; ``expiry`` is ISO 8601 or "".

    ``name`` holds the specification in brackets, for two sizes are two items. TAKE is a new item with its opening
    stock; MERGE belongs to the known item ``into_item`` or to the item of the earlier row ``into_line``. ``adds_stock``
    tells whether its quantity is to be booked as opening stock: not when that was done by an earlier import.
    """

    line: int
    name: str = ""
    unit: str = ""
    kind: ItemKind = ItemKind.OTHER
    quantity: int = 0
    lot: str = ""
    expiry: str = ""
    alcohol: bool = False
    most_per_day: int | None = None
    low_level: int = 0
    first_month: int = 1
    last_month: int = 12
    fate: Fate = Fate.TAKE
    reason: Reason | None = None
    notes: tuple[Reason, ...] = ()
    material: bytes = b""
    adds_stock: bool = False
    into_item: str = ""
    into_line: int = 0


@dataclass(frozen=True, slots=True)
class ItemPlan:
    """What an import would do, row by row: ``len(rows) = taken + merged + refused``."""

    file_name: str
    sheet_name: str
    fingerprint: str
    rows: tuple[ItemRow, ...]

    @property
    def taken(self) -> int:
        """Rows that become new items."""
        return sum(row.fate is Fate.TAKE for row in self.rows)

    @property
    def merged(self) -> int:
        """Rows of items that are known, or stand earlier in the file (another lot)."""
        return sum(row.fate is Fate.MERGE for row in self.rows)

    @property
    def refused(self) -> int:
        """Rows that change nothing."""
        return sum(row.fate is Fate.REFUSE for row in self.rows)

    @property
    def units(self) -> int:
        """How many units of all items are booked as opening stock."""
        return sum(row.quantity for row in self.rows if row.adds_stock)


def plan_items(sheet: Sheet, columns: Columns[ItemField], *, most: int | None = None) -> ItemPlan:
    """The rows as far as the file alone decides: taken or refused. ``find_known_items`` comes next.

    Raises UserMistake when no column names the items.
    """
    if ItemField.NAME not in columns.places:
        raise UserMistake("rosters.no_item_column", name=sheet.file_name)
    serial = serial_places(sheet.headings)
    occurrences: Counter[tuple[str, ...]] = Counter()
    rows = []
    for index, cells in list_rows(sheet, most):
        try:
            check_row(sheet, index, columns, serial)
            row = _row(index + 1, cells, columns)
        except RowRefused as refusal:
            rows.append(ItemRow(index + 1, fate=Fate.REFUSE, reason=refusal.reason))
            continue
        # without the quantity: a list with one figure corrected must not book the whole lot again
        identity = ("item", key(row.name), key(row.lot), row.expiry)
        occurrences[identity] += 1
        material = "\x1f".join((*identity, str(occurrences[identity]))).encode("utf-8", "surrogatepass")
        rows.append(replace(row, material=material, adds_stock=row.quantity > 0))
    return ItemPlan(sheet.file_name, sheet.name, sheet.fingerprint, tuple(rows))


def preview_items(sheet: Sheet, columns: Columns[ItemField], *, most: int = 8) -> list[tuple[Row, ItemRow]]:
    """The first rows as they stand in the file, each beside what is understood."""
    return [(sheet.rows[row.line - 1], row) for row in plan_items(sheet, columns, most=most).rows]


# --- one row ---------------------------------------------------------------------------------------------------------


def _row(line: int, cells: Sequence[str], columns: Columns[ItemField]) -> ItemRow:
    def text(name: ItemField) -> str:
        return tidy(columns.text(cells, name))

    def heading(name: ItemField) -> str:
        return columns.heading(columns.places[name])

    name, spec = text(ItemField.NAME), text(ItemField.SPEC)
    if not name:
        raise RowRefused("rosters.row_no_item")
    if spec and spec not in name:
        name = f"{name}（{spec}）"
    numbers: dict[ItemField, int] = {}
    unit, notes = text(ItemField.UNIT), []
    for field, most in ((ItemField.QUANTITY, MOST), (ItemField.LOW_LEVEL, MOST), (ItemField.MOST_PER_DAY, MOST_A_DAY)):
        number, counted_in = _number(text(field))
        if number > most:
            raise RowRefused("rosters.row_bad_number", column=heading(field), text=text(field))
        if field is ItemField.QUANTITY and counted_in:
            if unit and counted_in != unit:
                raise RowRefused("rosters.row_other_unit", text=text(field), unit=unit)
            unit = counted_in
        numbers[field] = number
    if not unit:
        notes.append(Reason("rosters.note_no_unit"))
    lot = text(ItemField.LOT)
    longest = ((name, ItemField.NAME, MAX_NAME), (unit, ItemField.UNIT, MAX_UNIT), (lot, ItemField.LOT, MAX_LOT))
    for written, field, most in longest:
        if len(written) > most:
            raise RowRefused("rosters.row_too_long", column=columns.heading(columns.places.get(field, 0)), most=most)
    kind = _KINDS.get(re.sub(r"[\s_]", "", key(text(ItemField.KIND))))
    if kind is None:
        kind_text = text(ItemField.KIND)
        unknown = Reason("rosters.note_unknown_kind", {"text": kind_text})
        notes.append(unknown if kind_text else Reason("rosters.note_no_kind"))
    expiry, months = _expiry(text(ItemField.EXPIRY)), _months(text(ItemField.MONTHS))
    if expiry is None:
        raise RowRefused("rosters.row_bad_date", text=text(ItemField.EXPIRY))
    if months is None:
        raise RowRefused("rosters.row_bad_months", text=text(ItemField.MONTHS))
    alcohol = yes_or_no(text(ItemField.ALCOHOL))
    if alcohol is None and _WITH_ALCOHOL in name:
        alcohol = True
        notes.append(Reason("rosters.note_alcohol"))
    return ItemRow(
        line,
        name,
        unit or "个",
        kind or ItemKind.OTHER,
        quantity=numbers[ItemField.QUANTITY],
        lot=lot,
        expiry=expiry,
        alcohol=bool(alcohol),
        most_per_day=numbers[ItemField.MOST_PER_DAY] or None,
        low_level=numbers[ItemField.LOW_LEVEL],
        first_month=months[0],
        last_month=months[1],
        notes=tuple(notes),
    )


_NUMBER = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.0+)?\s*([^\W\d_]*)")


def _number(text: str) -> tuple[int, str]:
    """A whole number from 0 and the unit it is counted in ("1,200 瓶"); nothing is 0, no number is too many."""
    found = _NUMBER.fullmatch(text)
    if found:
        return int(found[1].replace(",", "")), found[2]
    return (0 if text in ("", "不限", "不限量") else MOST + 1), ""


_DATE = re.compile(r"([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})(?:\s*[-/.月]\s*([0-9]{1,2})\s*日?|\s*月?)(?:[T ].*)?")
_DATE_IN_DIGITS = re.compile(r"(20[0-9]{2})([0-9]{2})([0-9]{2})")


def _expiry(text: str) -> str | None:
    """A date as ISO 8601: 2027-03-01, 2027/3/1, 20270301, 2027年3月1日; a month alone lasts to its end.

    "" for no date, None for what is none: an expiry that cannot be read must not be dropped in silence.
    """
    if text in ("", "长期", "长期有效", "无期限"):
        return ""
    found = _DATE_IN_DIGITS.fullmatch(text) or _DATE.fullmatch(text)
    if not found:
        return None
    year, month, day = int(found[1]), int(found[2]), found[3]
    if not (2000 <= year <= 2199 and 1 <= month <= 12):
        return None
    last = calendar.monthrange(year, month)[1]
    number = int(day) if day else last
    return date(year, month, number).isoformat() if 1 <= number <= last else None


_MONTHS = re.compile(r"([0-9]{1,2})\s*月?\s*(?:[-~—–至到]+\s*([0-9]{1,2})\s*月?)?")


def _months(text: str) -> tuple[int, int] | None:
    """First and last month: "5-9", "6月至9月", "11-2" over the new year, "7月"; the whole year when nothing is said."""
    if text in ("", "全年", "全年发放", "常年"):
        return 1, 12
    found = _MONTHS.fullmatch(text)
    if not found:
        return None
    first, last = int(found[1]), int(found[2] or found[1])
    return (first, last) if 1 <= first <= 12 and 1 <= last <= 12 else None


# --- those already known ---------------------------------------------------------------------------------------------


def _nothing(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True)
class KnownItems:
    """How to ask what is known: ``by_name(name)`` an item's id, ``seen(material)`` whether a row's stock was booked."""

    by_name: Callable[[str], str | None] = _nothing
    seen: Callable[[bytes], object] = _nothing


def find_known_items(plan: ItemPlan, known: KnownItems) -> ItemPlan:
    """The fates settled: which rows are new items, which add a lot to one, and whose stock was booked before."""
    lines: dict[str, int] = {}
    rows = []
    for row in plan.rows:
        if row.fate is not Fate.REFUSE:
            row = _settled(row, known, lines)
        rows.append(row)
    return replace(plan, rows=tuple(rows))


def _settled(row: ItemRow, known: KnownItems, lines: dict[str, int]) -> ItemRow:
    item = known.by_name(row.name)
    if item:
        again = bool(known.seen(row.material))
        reason = Reason("rosters.item_again" if again else "rosters.item_known")
        return replace(row, fate=Fate.MERGE, into_item=item, adds_stock=row.adds_stock and not again, reason=reason)
    line = lines.setdefault(key(row.name), row.line)
    if line == row.line:
        return row
    return replace(row, fate=Fate.MERGE, into_line=line, reason=Reason("rosters.item_line", {"line": line}))
