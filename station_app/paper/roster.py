"""The list of regulars as a file for a spreadsheet: every cell is text, none a formula, whole or not there at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import EnvironmentFault, UserMistake
from ..model import Consent, Person
from ..words import label, t
from .table import harmless, write_table

KINDS = (".xlsx", ".csv")
WIDTHS = (12, 18, 14, 18, 16, 16, 10, 14, 10, 14)


def kind_of(target: Path) -> str:
    """"xlsx" or "csv", by the ending; UserMistake for another."""
    if target.suffix.lower() not in KINDS:
        raise UserMistake("paper.roster_kind", name=target.name)
    return target.suffix.lower()[1:]


def headings() -> list[str]:
    """The first line."""
    return [
        t("paper.roster_card"), t("paper.roster_name"), t("paper.roster_occupation"), t("paper.roster_platform"), t("paper.roster_phone"),
        t("paper.roster_consent"), t("paper.roster_notice"), t("paper.roster_registered"), t("paper.roster_visits"), t("paper.roster_last"),
    ]  # fmt: skip


def line(person: Person) -> list[str]:
    """One regular; phones and card numbers are text, so that no spreadsheet rounds or shortens them."""
    agreed = person.consent is not Consent.NONE
    return [
        person.card_number, person.name, label(person.occupation), person.platform, person.phone, label(person.consent),
        str(person.notice_version or "") if agreed else "", person.registered_on, str(person.visits), person.last_visit[:10],
    ]  # fmt: skip


def write_roster(people: Iterable[Person], target: Path) -> int:
    """Write the list to a .xlsx or .csv file by its ending; returns how many are on it.

    What ``people`` raises (Cancelled) leaves no file. UserMistake for another ending, EnvironmentFault ("paper.cannot_write") when the
    disk refuses.
    """
    kind_of(target)
    rows = [line(person) for person in people]
    if target.suffix.lower() == ".csv":
        write_table([headings(), *rows], target)
    else:
        _write_workbook(rows, target)
    return len(rows)


def _write_workbook(rows: Sequence[Sequence[str]], target: Path) -> None:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(t("paper.roster_sheet"))
    for place, width in enumerate(WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"

    def cells(row: Sequence[str], *, bold: bool = False) -> list[WriteOnlyCell]:
        made = []
        for text in row:
            cell = WriteOnlyCell(sheet, value=harmless(text))
            cell.number_format = "@"
            if bold:
                cell.font = Font(bold=True)
            made.append(cell)
        return made

    sheet.append(cells(headings(), bold=True))
    for row in rows:
        sheet.append(cells(row))
    _save(book.save, target)


def _save(save: Callable[[Path], None], target: Path) -> None:
    """Write beside and rename, so that a disk that is full leaves what was there."""
    fresh = target.with_name(f"{target.name}.new")
    try:
        save(fresh)
        fresh.replace(target)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error
