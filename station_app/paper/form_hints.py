"""What the cells of a form are for, guessed from its headings; a person looks at it before it is used.

A table is found by a row of headings that name figures, and the labels of its rows by the column before the first of them. Only
words of the field are known here; what is not understood is left alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..model import Amenity, ItemKind, Occupation, RequestState
from ..services.bindings import Binding, Bound
from ..services.figures import ALL, BY_NAME
from ..words import labels
from .figure_words import figure_name
from .forms import Form, Grid

Meaning = tuple[str, dict[str, tuple[str, ...]]]
"""A figure and the parts it is narrowed to."""

HEADINGS: tuple[tuple[str, str, Mapping[str, tuple[str, ...]]], ...] = (
    ("未办结|在办|待办|open requests", "requests_open", {}),
    ("办结|已解决|closed", "requests_closed", {}),
    ("诉求|意见建议|反映问题|requests?", "requests", {}),
    ("防暑|清凉|高温|降温|cooling", "handed_out", {"kind": (ItemKind.COOLING.value,)}),
    ("保暖|暖心包|御寒|防寒|取暖|warming", "handed_out", {"kind": (ItemKind.WARMING.value,)}),
    ("药品|急救|first.?aid", "handed_out", {"kind": (ItemKind.FIRST_AID.value,)}),
    ("饮料|饮品|drinks?", "handed_out", {"kind": (ItemKind.DRINK.value,)}),
    ("礼包|慰问品|gift", "handed_out", {"kind": (ItemKind.GIFT.value,)}),
    ("学习资料|宣传册|资料|study", "handed_out", {"kind": (ItemKind.STUDY.value,)}),
    ("发放|领取|handed.?out|given", "handed_out", {}),
    ("入库|购入|接收|received", "received", {}),
    ("结存|库存|剩余|结余|balance|in stock", "balance", {}),
    ("日均|平均|average|a day", "average", {}),
    ("开站天数|开放天数|服务天数|open.?days", "open_days", {}),
    ("匿名|计数|anonymous|tally", "anonymous", {}),
    ("登记|刷卡|registered", "registered", {}),
    ("人次|来访|person.?times|visits", "person_times", {}),
    ("人数|people", "unique_people", {}),
)
"""Words of headings, the more particular first."""
LABELS: tuple[tuple[str, str], ...] = (
    ("(驿站|站点|站名|单位|填报单位)(名称)?|站名|station( name)?", "station"), ("(所属)?(区县?|街道|辖区)(名称)?|district", "district"),
    ("(统计|填报|所属)?(月份|年月|期间|时间段|时段|季度|年度)|month|period", "span"),
    ("(填报|填表|制表|上报|报送)?(日期|时间)|date", "today"),
)  # fmt: skip
TOTALS = re.compile("合计|总计|小计|累计|共计|total|sum", re.IGNORECASE)
OTHERS = re.compile("其他|其它|别的|others?", re.IGNORECASE)
AKIN: tuple[tuple[str, Occupation], ...] = (
    ("外卖|骑手|送餐|配送员", Occupation.RIDER), ("快递|投递", Occupation.COURIER), ("网约车|出租|专车", Occupation.RIDE_HAIL_DRIVER),
    ("货车|货运|卡车", Occupation.TRUCK_DRIVER), ("环卫|保洁|清洁", Occupation.SANITATION_WORKER), ("居民|群众|市民", Occupation.RESIDENT),
)  # fmt: skip
_SPACES = re.compile(r"[\s\u3000]+")
_COLON = re.compile(r"^([^：:]{1,12})[：:]\s*(.*)$")


def suggest(form: Form, items: Sequence[str] = ()) -> Binding:
    """A binding by the headings of a form; ``items`` are supplies known by name."""
    found: dict[tuple[str, str], Bound] = {}
    for sheet in form.sheets:
        for one in (*_labels(sheet), *_tables(sheet, items), *_pairs(sheet, items)):
            found.setdefault(one.place, one)
    return Binding(form.name, form.labels, ()).bound(*found.values())


def column(sheet: Grid, row: int, place: int, found: Meaning, items: Sequence[str] = ()) -> list[Bound]:
    """The cells of a column below its heading in ``row``, each narrowed to the label of its row: for pointing at a heading."""
    heads = (one for one in range(1, place) if meaning(sheet.text(row, one), items) is not None)
    names = _row_labels(sheet, row, next(heads, place), items)
    return list(_column(sheet, place, found, names))


def meaning(heading: str, items: Sequence[str] = ()) -> Meaning | None:
    """The figure a heading asks for, None when no word of it is known."""
    text = _tidy(heading)
    if not text or len(text) > 40:
        return None
    for figure in ALL:
        if text == _tidy(figure_name(figure.name)):
            return figure.name, {}
    for name in sorted(items, key=len, reverse=True):
        if _tidy(name) in text:
            if re.search("结存|库存|剩余|结余", text):
                return "balance", {"item": (name,)}
            return ("received" if re.search("入库|购入", text) else "handed_out"), {"item": (name,)}
    for amenity in Amenity:
        if any(_tidy(one) in text for one in labels(amenity)):
            return "amenities_used", {"amenity": (amenity.value,)}
    for words, figure_code, parts in HEADINGS:
        if re.search(words, text, re.IGNORECASE):
            return figure_code, dict(parts)
    return None


# --- texts in their own cells -------------------------------------------------------------------------------------------


def _labels(sheet: Grid) -> Iterator[Bound]:
    """驿站名称：____ with the value in the same cell, or in the empty one beside it."""
    for (row, place), cell in sorted(sheet.cells.items()):
        parts = _COLON.match(cell.text.strip())
        if parts is None or cell.formula or parts[2].strip("_ \u3000"):
            continue
        figure = next((code for words, code in LABELS if re.fullmatch(words, _tidy(parts[1]), re.IGNORECASE)), None)
        if figure is None:
            continue
        beside = _beside(sheet, row, place)
        if beside is not None and _free(sheet, row, beside) and (row, beside) in sheet.cells:
            yield Bound(sheet.name, _name(row, beside), figure)
        else:
            yield Bound(sheet.name, _name(row, place), figure, {}, cell.text.rstrip("_ \u3000"))


# --- tables -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _RowLabel:
    row: int
    parts: dict[str, tuple[str, ...]]


def _tables(sheet: Grid, items: Sequence[str]) -> Iterator[Bound]:
    """Every row of headings with at least two figures in it, and the rows below."""
    row = 1
    while row <= sheet.rows:
        heads = [
            (place, found)
            for place in range(1, sheet.columns + 1)
            if (found := meaning(sheet.text(row, place), items)) is not None and not sheet.cells[row, place].formula
        ]
        if len(heads) < 2:
            row += 1
            continue
        names = _row_labels(sheet, row, heads[0][0], items)
        for place, found in heads:
            yield from _column(sheet, place, found, names)
        row = max([row, *(one.row for one in names)]) + 1


def _row_labels(sheet: Grid, head: int, before: int, items: Sequence[str]) -> list[_RowLabel]:
    """The rows below a heading with what each is about, until a total, a gap or a line that says something else."""
    column_ = next((place for place in range(before - 1, 0, -1) if any(sheet.text(head + n, place) for n in (1, 2))), 0)
    texts: list[tuple[int, str]] = []
    row = head + 1
    while row <= sheet.rows:
        text = sheet.text(row, column_).strip() if column_ else ""
        if TOTALS.search(text) or (column_ and not text) or (not column_ and row > head + 1):
            break
        texts.append((row, text))
        row += 1
    named = {row: found for row, text in texts if (found := _part_of(text, items)) is not None}
    taken = {value for found in named.values() for value in found.get("occupation", ())}
    rows = []
    for row, text in texts:
        if row in named:
            parts = named[row]
            if OTHERS.search(_tidy(text)) and any("occupation" in one for one in named.values()):
                # whoever has no row of their own, and those nobody asked
                parts = {"occupation": (*(one.value for one in Occupation if one not in taken or one is Occupation.OTHER), "")}
            rows.append(_RowLabel(row, parts))
        elif not column_ or len(texts) == 1:
            rows.append(_RowLabel(row, {}))
    return rows


def _part_of(text: str, items: Sequence[str]) -> dict[str, tuple[str, ...]] | None:
    """What a row's label narrows to: an occupation, a day, a service, a supply, a state of requests."""
    tidy = _tidy(text)
    if not tidy:
        return None
    if (day := re.fullmatch(r"(?:\d{1,4}[-/.年])?(?:\d{1,2}[-/.月])?(\d{1,2})[日号]?", tidy)) and 1 <= int(day[1]) <= 31:
        return {"day": (str(int(day[1])),)}
    for occupation in Occupation:
        if tidy in (_tidy(one) for one in labels(occupation)):
            return {"occupation": (occupation.value,)}
    for words, occupation in AKIN:
        if re.search(words, tidy):
            return {"occupation": (occupation.value,)}
    if OTHERS.fullmatch(tidy):
        return {"occupation": (Occupation.OTHER.value,)}
    for part, codes in (("amenity", Amenity), ("state", RequestState)):
        for code in codes:
            if tidy in (_tidy(one) for one in labels(code)):
                return {part: (code.value,)}
    return {"item": (text.strip(),)} if text.strip() in items else None


def _column(sheet: Grid, place: int, found: Meaning, names: Sequence[_RowLabel]) -> Iterator[Bound]:
    figure, parts = found
    allowed = BY_NAME[figure].parts if figure in BY_NAME else ()
    for one in names:
        if _free(sheet, one.row, place) and all(part in allowed for part in one.parts):
            yield Bound(sheet.name, _name(one.row, place), figure, {**parts, **one.parts})


def _pairs(sheet: Grid, items: Sequence[str]) -> Iterator[Bound]:
    """A heading with an empty framed cell beside it."""
    for (row, place), cell in sorted(sheet.cells.items()):
        found = meaning(cell.text, items) if cell.text and not cell.formula and not cell.number else None
        beside = _beside(sheet, row, place)
        if found is None or beside is None or not _free(sheet, row, beside):
            continue
        inside = sheet.cells.get((row, beside))
        if inside is not None and inside.framed and not sheet.text(row + 1, place) and not sheet.text(row - 1, beside):
            yield Bound(sheet.name, _name(row, beside), found[0], found[1])


# --- cells --------------------------------------------------------------------------------------------------------------


def _free(sheet: Grid, row: int, place: int) -> bool:
    """Whether a value may go there: nothing in it but perhaps a number, and no merged range over it."""
    cell = sheet.cells.get((row, place))
    return not sheet.covered(row, place) and (cell is None or (not cell.formula and (not cell.text or cell.number)))


def _beside(sheet: Grid, row: int, place: int) -> int | None:
    """The column after a cell, or after its merged range; None at the edge."""
    right = next((last for top, left, _bottom, last in sheet.merged if (top, left) == (row, place)), place)
    return right + 1 if right < sheet.columns else None


def _tidy(text: str) -> str:
    return _SPACES.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _name(row: int, place: int) -> str:
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(place)}{row}"
