"""Items and opening stock as a list: real files -> new items, further lots, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import words
from station_app.errors import Refused, UserMistake
from station_app.model import ItemKind
from station_app.services.rosters import (
    ITEMS,
    Fate,
    ItemField,
    ItemPlan,
    KnownItems,
    find_known_items,
    map_columns,
    plan_items,
    preview_items,
    read_sheet,
)

HEAD = "品名,规格,单位,类别,期初库存,批号,有效期至,含酒精,每人每日限领,最低库存,发放月份"


def planned(folder: Path, text: str, known: KnownItems | None = None) -> ItemPlan:
    path = folder / "物资.csv"
    path.write_text(text, encoding="gb18030")
    sheet = read_sheet(path, ITEMS)
    return find_known_items(plan_items(sheet, map_columns(sheet, ITEMS)), known or KnownItems())


def test_a_full_row_is_understood(tmp_path: Path) -> None:
    [row] = planned(
        tmp_path, f"物资清单\n\n{HEAD}\n藿香正气水,10ml×10支,盒,防暑降温,\"１,200 盒\",A01,2027年3月,,1,20,6月至9月\n"
    ).rows
    assert (row.name, row.unit, row.kind, row.quantity) == ("藿香正气水（10ml×10支）", "盒", ItemKind.COOLING, 1200)
    assert (row.lot, row.expiry, row.most_per_day, row.low_level) == ("A01", "2027-03-31", 1, 20)
    assert (row.first_month, row.last_month, row.line) == (6, 9, 4)
    assert row.alcohol, "40-50 % alcohol, whether the list says so or not"
    assert [note.word for note in row.notes] == ["rosters.note_alcohol"]
    assert row.adds_stock


def test_an_empty_column_means_its_default(tmp_path: Path) -> None:
    [row] = planned(tmp_path, "名称,数量\n矿泉水,\n").rows
    assert (row.unit, row.kind, row.quantity, row.most_per_day, row.expiry) == ("个", ItemKind.OTHER, 0, None, "")
    assert (row.first_month, row.last_month, row.alcohol, row.adds_stock) == (1, 12, False, False)
    assert {note.word for note in row.notes} == {"rosters.note_no_unit", "rosters.note_no_kind"}


@pytest.mark.parametrize(
    ("heading", "text", "word"),
    [
        ("数量", "十", "row_bad_number"), ("数量", "-5", "row_bad_number"), ("数量", "1.5", "row_bad_number"),
        ("数量", "9999999", "row_bad_number"), ("数量", "10箱", "row_other_unit"), ("限领", "1001", "row_bad_number"),
        ("有效期", "2027-02-30", "row_bad_date"), ("有效期", "46000", "row_bad_date"), ("月份", "13", "row_bad_months"),
        ("有效期", "1999-03-01", "row_bad_date"), ("有效期", "2027-13-01", "row_bad_date"), ("月份", "夏天", "row_bad_months"),
        ("数量", "=1+1", "row_formula"), ("批号", "长" * 61, "row_too_long"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_alone_and_says_why(tmp_path: Path, heading: str, text: str, word: str) -> None:
    plan = planned(tmp_path, f"名称,单位,{heading}\n矿泉水,瓶,{text}\n面包,个,\n,瓶,\n")
    assert [row.fate for row in plan.rows] == [Fate.REFUSE, Fate.TAKE, Fate.REFUSE]
    reason = plan.rows[0].reason
    assert reason is not None
    assert reason.word == f"rosters.{word}"
    for language in words.LANGUAGES:
        words.use(language)
        assert "{" not in words.t(reason.word, **reason.fields)


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("2027-3-1", "2027-03-01"), ("2027/03/01", "2027-03-01"), ("2027.3.1", "2027-03-01"), ("20270301", "2027-03-01"),
        ("2027年3月1日", "2027-03-01"), ("2028-02", "2028-02-29"), ("2027-03-01T00:00:00", "2027-03-01"), ("长期", ""), ("/", ""),
    ],
)  # fmt: skip
def test_expiry_dates(tmp_path: Path, text: str, expiry: str) -> None:
    [row] = planned(tmp_path, f"名称,有效期\n矿泉水,{text}\n").rows
    assert row.expiry == expiry


def test_another_lot_belongs_to_the_same_item(tmp_path: Path) -> None:
    plan = planned(tmp_path, "名称,单位,数量,批号\n矿泉水,瓶,10,A\n矿 泉水,瓶,20,B\n矿泉水,瓶,5,A\n面包,个,3,\n")
    assert [(row.fate, row.into_line) for row in plan.rows] == [(Fate.TAKE, 0), (Fate.MERGE, 2), (Fate.MERGE, 2), (Fate.TAKE, 0)]
    assert (plan.taken, plan.merged, plan.refused, plan.units) == (2, 2, 0, 38)


def test_the_same_list_again_books_nothing_and_a_new_lot_is_added(tmp_path: Path) -> None:
    text = "名称,单位,数量,批号\n矿泉水,瓶,10,A\n面包,个,3,\n"
    booked = {row.material for row in planned(tmp_path, text).rows}
    items = {"矿泉水": "item-1", "面包": "item-2"}
    known = KnownItems(items.get, lambda material: material in booked)
    again = planned(tmp_path, text.replace("瓶,10", "瓶,12") + "矿泉水,瓶,20,B\n", known)
    assert [(row.into_item, row.adds_stock) for row in again.rows] == [("item-1", False), ("item-2", False), ("item-1", True)]
    assert (again.taken, again.merged, again.units) == (0, 3, 20)


def test_the_keeper_corrects_a_column(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,单位,盘点\n矿泉水,瓶,7\n", encoding="utf-8")
    sheet = read_sheet(path, ITEMS)
    columns = map_columns(sheet, ITEMS)
    assert set(columns.places.values()) == {0, 1}
    [(cells, row)] = preview_items(sheet, columns.with_column(ItemField.QUANTITY, 2))
    assert (cells[2], row.quantity) == ("7", 7)
    with pytest.raises(UserMistake):
        plan_items(sheet, columns.with_column(ItemField.NAME, None))


def test_a_list_without_headings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("矿泉水,瓶,7\n", encoding="utf-8")
    with pytest.raises(Refused) as caught:
        read_sheet(path, ITEMS)
    assert caught.value.word == "rosters.no_header"
