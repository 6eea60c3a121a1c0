"""A roster of regulars, as the import wizard needs to know it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ...db import Database
from ...model import Changes
from ...services import people
from ...words import label, t
from ..forms import DateField
from ..import_wizard import ListKind
from ..jobs import Progress

if TYPE_CHECKING:
    from ...services.rosters import Columns, PersonField, RosterPlan, RosterRow, Sheet


class PaperConsent(DateField):
    """The day on which everybody in the list agreed on paper; empty when nobody says so."""

    def __init__(self) -> None:
        super().__init__("consent_on_paper", t("people_page.consent_on_paper"))
        self.line.setPlaceholderText(t("people_page.consent_on_paper_hint"))
        self.line.editingFinished.connect(lambda: self.show_error(self.problem()))


def roster(after: Callable[[people.ImportResult], None]) -> ListKind:
    """Lists of people; ``after`` prints the cards of those who were taken."""
    from ...services.rosters import Fate, PersonField

    names = {
        PersonField.NAME: t("rosters.column_person_name"), PersonField.PHONE: t("rosters.column_person_phone"),
        PersonField.OCCUPATION: t("rosters.column_person_occupation"), PersonField.PLATFORM: t("rosters.column_person_platform"),
        PersonField.CONSENT: t("rosters.column_person_consent"),
    }  # fmt: skip
    marks: list[tuple[str, str, Callable[[RosterRow], bool]]] = [
        ("nameless", t("people_page.nameless_tab"), lambda row: row.fate is Fate.TAKE and not row.kept_name),
        ("to_decide", t("people_page.to_decide"), lambda row: row.to_decide),
    ]
    return ListKind(
        title=t("people_page.import_title"), hint=t("people_page.import_hint"), fields=list(names.items()), read=_read,
        columns=_columns, plan=_plan, run=_run, understood=_understood, counted=_counted, told=told, extra=PaperConsent,
        marks=marks, after=(t("people_page.print_batch"), after),
    )  # fmt: skip


def _read(path: Path) -> Sheet:
    from ...services.rosters import PEOPLE, read_sheet

    return read_sheet(path, PEOPLE)


def _columns(sheet: Sheet) -> Columns[PersonField]:
    from ...services.rosters import PEOPLE, map_columns

    return map_columns(sheet, PEOPLE)


def _plan(db: Database, sheet: Sheet, columns: Columns[PersonField], on_paper: date | None) -> RosterPlan:
    from ...services.rosters import find_duplicates, plan_people

    return find_duplicates(plan_people(sheet, columns, consent_on_paper=on_paper), people.known(db))


def _run(db: Database, plan: RosterPlan, progress: Progress) -> tuple[people.ImportResult, Changes]:
    return people.import_roster(db, plan, progress)


def _understood(row: RosterRow) -> str:
    """What will be kept: no name and no phone without consent."""
    if not row.material:
        return "—"
    parts = [row.kept_name or t("people_page.nameless_card"), row.kept_phone, label(row.occupation), row.platform]
    return t("terms.dot").join(part for part in parts if part)


def _counted(plan: RosterPlan) -> str:
    counts = {"rows": len(plan.rows), "taken": plan.taken, "nameless": plan.nameless, "merged": plan.merged, "refused": plan.refused}
    sentence = t("people_page.import_counts", **counts)
    return sentence + t("people_page.import_to_decide", n=plan.to_decide) if plan.to_decide else sentence


def told(result: people.ImportResult) -> str:
    """What an import did, in the figures of DECISIONS.md "Roster import"."""
    return t(
        "people_page.imported",
        rows=result.rows, taken=result.taken, nameless=result.nameless, merged=result.merged, refused=result.refused,
    )  # fmt: skip
