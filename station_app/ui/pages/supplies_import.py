"""A list of supplies with their opening stock, as the import wizard needs to know it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ...db import Database
from ...model import Changes
from ...services import supplies
from ...words import label, t
from ..import_wizard import ListKind
from ..jobs import Progress

if TYPE_CHECKING:
    from ...services.rosters import Columns, ItemField, ItemPlan, ItemRow, Sheet


def item_list() -> ListKind:
    """Lists of supplies."""
    from ...services.rosters import ItemField

    names = {
        ItemField.NAME: t("supplies_page.name"), ItemField.SPEC: t("supplies_page.spec"), ItemField.UNIT: t("supplies_page.unit"),
        ItemField.KIND: t("supplies_page.kind"), ItemField.QUANTITY: t("supplies_page.quantity"), ItemField.LOT: t("supplies_page.lot"),
        ItemField.EXPIRY: t("supplies_page.expiry"), ItemField.ALCOHOL: t("supplies_page.alcohol_field"),
        ItemField.MOST_PER_DAY: t("supplies_page.quota"), ItemField.LOW_LEVEL: t("supplies_page.level"),
        ItemField.MONTHS: t("supplies_page.months"),
    }  # fmt: skip
    return ListKind(
        title=t("supplies_page.import_title"), hint=t("supplies_page.import_hint"), fields=list(names.items()), read=_read,
        columns=_columns, plan=_plan, run=_run, understood=_understood, counted=_counted, told=_told,
    )  # fmt: skip


def _read(path: Path) -> Sheet:
    from ...services.rosters import ITEMS, read_sheet

    return read_sheet(path, ITEMS)


def _columns(sheet: Sheet) -> Columns[ItemField]:
    from ...services.rosters import ITEMS, map_columns

    return map_columns(sheet, ITEMS)


def _plan(db: Database, sheet: Sheet, columns: Columns[ItemField], _extra: object) -> ItemPlan:
    from ...services.rosters import find_known_items, plan_items

    return find_known_items(plan_items(sheet, columns), supplies.known_items(db))


def _run(db: Database, plan: ItemPlan, progress: Progress) -> tuple[supplies.ItemImportResult, Changes]:
    return supplies.import_items(db, plan, progress)


def _understood(row: ItemRow) -> str:
    parts = [row.name]
    if row.quantity:
        parts.append(t("supplies_page.amount", number=f"{row.quantity:,}", unit=row.unit))
    if row.name:
        parts.append(label(row.kind))
    if row.lot:
        parts.append(t("supplies_page.lot_no", lot=row.lot))
    if row.expiry:
        parts.append(t("supplies_page.until", day=row.expiry))
    return t("terms.dot").join(part for part in parts if part) or "—"


def _counted(plan: ItemPlan) -> str:
    rows = len(plan.rows)
    return t("supplies_page.import_counts", rows=rows, taken=plan.taken, merged=plan.merged, refused=plan.refused, units=plan.units)


def _told(result: supplies.ItemImportResult) -> str:
    return t("supplies_page.imported", taken=result.taken, merged=result.merged, refused=result.refused, units=result.units)
