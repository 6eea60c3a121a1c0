"""What stations asked for, and what went from one to another: two tables on the district's supplies page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ...services.supplies.plans import Crossing, Wanted
from ...words import t
from .. import when
from ..kit import EmptyState
from ..tables import Column as TableColumn
from ..tables import RowsModel, Table

TONES = {"agrees": "good", "under_way": "neutral", "differs": "bad", "unsent": "attention"}


def wanted_table(today: Callable[[], date]) -> tuple[RowsModel, Table]:
    """Lines of order slips, the newest first."""

    def runs_out(one: Wanted) -> str:
        return when.date_only(one.runs_out, today()) if one.runs_out else "—"

    def wanted_by(one: Wanted) -> str:
        return when.date_only(one.wanted_by, today()) if one.wanted_by else "—"

    def void(one: Wanted) -> tuple[str, str] | None:
        return (t("district_desk.order_void"), "neutral") if one.void_reason is not None else None

    rows = RowsModel(
        [
            TableColumn(t("district_desk.station"), lambda one: one.station, bold=True, sub=lambda one: one.number),
            TableColumn(t("district_desk.item"), lambda one: one.item, 140),
            TableColumn(t("district_desk.asked_for"), lambda one: f"{one.quantity:,} {one.unit}", 96, "right", bold=True),
            TableColumn(t("district_desk.still_there"), lambda one: f"{one.balance:,}", 80, "right", muted=True),
            TableColumn(t("district_desk.runs_out"), runs_out, 100),
            TableColumn(t("district_desk.wanted_by"), wanted_by, 100, pill=void),
        ]
    )
    table = Table(rows, rows=52, name=t("district_desk.wanted"))
    table.set_empty(EmptyState("supplies", t("district_desk.no_orders")))
    return rows, table


def crossings_table(today: Callable[[], date]) -> tuple[RowsModel, Table]:
    """Both sides of each transfer slip, and whether they agree."""

    def state(one: Crossing) -> tuple[str, str]:
        return t(f"district_desk.crossing_{one.state}"), TONES[one.state]

    rows = RowsModel(
        [
            TableColumn(t("district_desk.slip"), lambda one: one.number, 190, bold=True, sub=lambda one: when.moment(one.time, today())),
            TableColumn(t("district_desk.item"), lambda one: one.item),
            TableColumn(t("district_desk.from_to"), lambda one: f"{one.sender or '—'} → {one.receiver or '—'}"),
            TableColumn(t("district_desk.sent"), lambda one: f"{one.sent:,}", 64, "right"),
            TableColumn(t("district_desk.taken"), lambda one: f"{one.taken:,}", 64, "right"),
            TableColumn("", lambda _one: "", 100, pill=state),
        ]
    )
    table = Table(rows, rows=52, name=t("district_desk.crossings"))
    table.set_empty(EmptyState("supplies", t("district_desk.no_crossings")))
    return rows, table
