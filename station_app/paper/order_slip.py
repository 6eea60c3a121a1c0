"""Slips about supplies: what is asked of the district and allotted by it, what goes to another station, a campaign's result; no names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..model import Occupation, Station
from ..services.supplies.campaigns import Result
from ..services.supplies.orders import Line
from ..services.supplies.plans import Outcome, Plan
from ..services.supplies.shelf import Lot
from ..services.supplies.transfers import Transfer
from ..words import label, t
from . import qr
from .pdf import A4, BRAND, INK, LINE, MUTED, SOFT, Sheet
from .table import write_table

EDGE = 16.0
RIGHT = A4[0] - EDGE
ROW = 9.0
ROWS_A_PAGE = 22
CODE = 26.0

Columns = Sequence[tuple[str, float, str]]
"""Heads of a table: the word, its width in mm, "left" or "right"."""


def order_slip(lines: Sequence[Line], target: Path, *, station: Station, printed_on: date) -> int:
    """Write an order slip (A4) of one number to the PDF ``target``; returns its pages.

    Raises Refused ("paper.missing_glyph", "paper.too_long") and EnvironmentFault ("paper.cannot_write").
    """
    number = lines[0].number if lines else ""
    title = t("supply_paper.order_title", station=station.name)
    told = t("supply_paper.order_told", number=number, day=lines[0].time[:10] if lines else "")
    heads: Columns = (
        (t("supply_paper.item"), 62, "left"), (t("supply_paper.asked"), 28, "right"), (t("supply_paper.left"), 28, "right"),
        (t("supply_paper.runs_out"), 30, "right"), (t("supply_paper.wanted_by"), 30, "right"),
    )  # fmt: skip
    rows = [
        (one.item, f"{one.quantity:,} {one.unit}", f"{one.balance:,} {one.unit}", one.runs_out or "—", one.wanted_by or "—")
        for one in lines
    ]
    note = lines[0].note if lines else ""
    return _sheet(title, told, heads, rows, target, station, printed_on, code=number, note=note, sign=("asked_by", "approved_by"))


def transfer_slip(one: Transfer, lots: Sequence[Lot], target: Path, *, station: Station, printed_on: date) -> int:
    """Write the slip that goes along to the other station: its number as text and code, the lots; returns its pages."""
    title = t("supply_paper.transfer_title", station=station.name)
    told = t("supply_paper.transfer_told", number=one.number, day=one.time[:10], partner=one.partner)
    heads: Columns = (
        (t("supply_paper.item"), 70, "left"), (t("supply_paper.lot"), 44, "left"), (t("supply_paper.expiry"), 32, "right"),
        (t("supply_paper.quantity"), 32, "right"),
    )  # fmt: skip
    rows = [(one.item, lot.lot or "—", lot.expiry or "—", f"{abs(lot.balance):,} {one.unit}") for lot in lots]
    return _sheet(title, told, heads, rows, target, station, printed_on, code=one.number, note=one.note, sign=("given_by", "taken_by"))


@dataclass(frozen=True, slots=True)
class Allotted:
    """Supplies that the district allotted: to which station, when promised and received (ISO 8601; "" where that is not known or not
    yet), and a word to it. At a station ``keeper`` is who received them."""

    station: str
    item: str
    quantity: int
    unit: str
    promised: str
    received: str
    note: str = ""
    keeper: str = ""


def allocation_slip(rows: Sequence[Allotted], target: Path, *, station: Station, printed_on: date) -> int:
    """Write the district's slip: what each station gets, with room for the name of whoever takes it; returns its pages."""
    heads: Columns = (
        (t("supply_paper.station"), 50, "left"), (t("supply_paper.item"), 42, "left"), (t("supply_paper.quantity"), 24, "right"),
        (t("supply_paper.promised"), 24, "right"), (t("supply_paper.received"), 38, "left"),
    )  # fmt: skip
    lines = [
        (one.station, one.item, f"{one.quantity:,} {one.unit}", one.promised[:10], one.received[:10] or t("supply_paper.sign_here"))
        for one in sorted(rows, key=lambda one: (one.item, one.unit, one.station, one.promised))
    ]
    told = t("supply_paper.allocation_told", n=len({one.station for one in rows}), sums=_sums(rows))
    title = t("supply_paper.allocation_title", station=station.name)
    return _sheet(title, told, heads, lines, target, station, printed_on, note=_notes(rows), sign=("given_by", "checked_by"))


def received_slip(rows: Sequence[Allotted], target: Path, *, station: Station, printed_on: date, first: str, last: str) -> int:
    """Write the station's slip: what the district sent, when it was received and by whom, what is on its way; returns its pages."""
    heads: Columns = (
        (t("supply_paper.item"), 62, "left"), (t("supply_paper.quantity"), 28, "right"), (t("supply_paper.promised"), 28, "right"),
        (t("supply_paper.received"), 32, "right"), (t("supply_paper.keeper"), 28, "right"),
    )  # fmt: skip
    lines = [
        (one.item, f"{one.quantity:,} {one.unit}", one.promised[:10] or "—", one.received[:10] or t("supply_paper.on_its_way"),
         one.keeper or "—")
        for one in rows
    ]  # fmt: skip
    title = t("supply_paper.received_title", station=station.name)
    told = t("supply_paper.received_told", first=first, last=last, sums=_sums([one for one in rows if one.received]))
    return _sheet(title, told, heads, lines, target, station, printed_on, note=_notes(rows), sign=("given_by", "taken_by"))


def _sums(rows: Sequence[Allotted]) -> str:
    """What it comes to by item: 防暑包 120 份、冰饮 40 瓶."""
    sums: dict[tuple[str, str], int] = {}
    for one in rows:
        sums[one.item, one.unit] = sums.get((one.item, one.unit), 0) + one.quantity
    return t("terms.list").join(f"{item} {n:,} {unit}" for (item, unit), n in sorted(sums.items())) or "—"


def _notes(rows: Sequence[Allotted]) -> str:
    return t("terms.list").join(dict.fromkeys(one.note for one in rows if one.note))


def result_sheet(figures: Result, target: Path, *, station: Station, printed_on: date) -> int:
    """Write the result of a campaign: what was given, to how many, by occupation and day; no names. Returns its pages."""
    one = figures.campaign
    title = t("supply_paper.result_title", station=station.name, campaign=one.name)
    told = t("supply_paper.result_told", first=one.starts_on, last=one.ends_on)
    heads: Columns = ((t("supply_paper.what"), 110, "left"), (t("supply_paper.how_many"), 68, "right"))
    return _sheet(title, told, heads, result_rows(figures), target, station, printed_on, note=one.note, sign=("made_by", "checked_by"))


def result_rows(figures: Result) -> list[tuple[str, str]]:
    """The lines of a result: (what, how many)."""
    rows = [(name, f"{number:,}") for name, number in figures.given.items()]
    rows += [(t("supply_paper.people"), f"{figures.people:,}"), (t("supply_paper.anonymous"), f"{figures.anonymous:,}")]
    rows += [(t("supply_paper.refused"), f"{figures.refused:,}"), (t("supply_paper.overridden"), f"{figures.overridden:,}")]
    rows += [(t("supply_paper.remaining"), f"{figures.left:,}")] if figures.left is not None else []
    for code, number in figures.by_occupation.items():
        who = label(Occupation(code)) if code else t("supply_paper.unknown")
        rows.append((t("supply_paper.of_occupation", who=who), f"{number:,}"))
    rows += [(t("supply_paper.on_day", day=day), f"{number:,}") for day, number in figures.by_day.items()]
    return rows


def result_csv(figures: Result, target: Path) -> None:
    """Write the result as a table. EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    write_table([(t("supply_paper.what"), t("supply_paper.how_many")), *result_rows(figures)], target)


def plan_sheet(
    plan: Plan, found: Outcome, names: Mapping[str, str], target: Path, *, district: Station, printed_on: date
) -> int:  # fmt: skip
    """Write the result of a district's campaign over its stations (``names`` by code): share and given of each; no names of people.

    Returns its pages. Raises as ``order_slip``.
    """
    title = t("supply_paper.result_title", station=district.name, campaign=plan.name)
    told = t("supply_paper.plan_told", first=plan.starts_on, last=plan.ends_on, item=plan.item, n=plan.quantity, unit=plan.unit)
    heads: Columns = tuple(zip(plan_heads(), (98, 40, 40), ("left", "right", "right"), strict=True))
    rows = plan_rows(plan, found, names)
    return _sheet(title, told, heads, rows, target, district, printed_on, note=plan.note, sign=("made_by", "checked_by"))


def plan_heads() -> tuple[str, str, str]:
    """What stands above the columns of such a result."""
    return t("supply_paper.what"), t("supply_paper.allotted"), t("supply_paper.how_many")


def plan_rows(plan: Plan, found: Outcome, names: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Its lines: (what, share, given); all stations first."""
    share = f"{sum(plan.allotted.values()):,}" if plan.allotted else "—"
    rows = [(t("supply_paper.all_stations"), share, f"{found.given:,}")]
    for code in sorted(set(plan.allotted) | set(plan.given)):
        most = f"{plan.allotted[code]:,}" if code in plan.allotted else "—"
        rows.append((names.get(code, code), most, f"{plan.given.get(code, 0):,}"))
    rows += [(t("supply_paper.people"), "", f"{found.people:,}"), (t("supply_paper.anonymous"), "", f"{found.anonymous:,}")]
    rows += [(t("supply_paper.refused"), "", f"{found.refused:,}"), (t("supply_paper.overridden"), "", f"{found.overridden:,}")]
    for code, number in found.by_occupation.items():
        who = label(Occupation(code)) if code else t("supply_paper.unknown")
        rows.append((t("supply_paper.of_occupation", who=who), "", f"{number:,}"))
    return [*rows, *((t("supply_paper.on_day", day=day), "", f"{number:,}") for day, number in found.by_day.items())]


def plan_csv(plan: Plan, found: Outcome, names: Mapping[str, str], target: Path) -> None:
    """Write such a result as a table. EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    write_table([plan_heads(), *plan_rows(plan, found, names)], target)


def _sheet(
    title: str, told: str, heads: Columns, rows: Sequence[Sequence[str]], target: Path, station: Station, printed_on: date, *,
    code: str = "", note: str = "", sign: tuple[str, str],
) -> int:  # fmt: skip
    sheet = Sheet(title, A4)
    pages = max(-(-len(rows) // ROWS_A_PAGE), 1)
    for first in range(0, max(len(rows), 1), ROWS_A_PAGE):
        if first:
            sheet.next_page()
        room = RIGHT - EDGE - (CODE + 4 if code else 0)
        mark = sheet.sample_mark(station.sample, EDGE + room, 21)
        sheet.fitted(EDGE, 21, title, 16, room - mark, bold=True)
        sheet.fitted(EDGE, 28, told, 10, room, colour=MUTED)
        if code:
            sheet.code(qr.matrix(code), RIGHT - CODE, 10, CODE)
        sheet.line(EDGE, 37, RIGHT, 37, colour=BRAND, points=1)
        y = _table(sheet, 41.0, heads, rows[first : first + ROWS_A_PAGE])
        if not rows:
            sheet.text(EDGE + 1.5, y + 8, t("supply_paper.nothing"), 10, colour=MUTED)
        if first + ROWS_A_PAGE >= len(rows):
            if note:
                sheet.block(EDGE, y + 9, t("supply_paper.note", text=note), (10, 8), (RIGHT - EDGE, 14))
            for place, word in enumerate(sign):
                x = EDGE + place * (RIGHT - EDGE) / 2
                sheet.text(x, A4[1] - 24, t(f"supply_paper.{word}"), 10, colour=INK)
                sheet.line(x + 26, A4[1] - 23.5, x + 80, A4[1] - 23.5, colour=LINE)
        sheet.text(EDGE, A4[1] - 11, t("paper.printed_on", day=printed_on.isoformat()), 8, colour=MUTED)
        sheet.text(RIGHT, A4[1] - 11, t("paper.page", page=sheet.page, pages=pages), 8, colour=MUTED, anchor="right")
    return sheet.save(target)


def _table(sheet: Sheet, y: float, heads: Columns, rows: Sequence[Sequence[str]]) -> float:
    sheet.box(EDGE, y, RIGHT - EDGE, 7, fill=SOFT)
    x = EDGE + 1.5
    for head, wide, side in heads:
        at = x if side == "left" else x + wide - 3
        sheet.fitted(at, y + 4.8, head, 9, wide - 3, colour=MUTED, anchor=side)
        x += wide
    y += 7
    for row in rows:
        x = EDGE + 1.5
        for (_, wide, side), cell in zip(heads, row, strict=True):
            at = x if side == "left" else x + wide - 3
            sheet.fitted(at, y + ROW / 2 + 1.6, cell, 10, wide - 3, anchor=side, bold=x < EDGE + 2)
            x += wide
        y += ROW
        sheet.line(EDGE, y, RIGHT, y, colour=LINE, points=0.3)
    return y
