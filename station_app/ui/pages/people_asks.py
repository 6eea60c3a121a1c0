"""What the people page asks about two people, and does when it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shiboken6

from ...db import Database
from ...errors import StationError
from ...model import Changes, Circle, Person
from ...services import duplicates
from ...services.duplicates import Suggestion
from ...words import t
from .. import actions
from ..names import person_name
from .people_together import CircleForm, MergeForm

if TYPE_CHECKING:
    from .people import PeoplePage


def ask_merge(page: PeoplePage) -> None:
    """Which other record is of the person on the card; those that look so are suggested."""
    if page.card.held is None:
        return
    person = page.card.held.person

    def look(db: Database) -> list[Suggestion]:
        return duplicates.of_person(db, person.id)

    page.jobs.read(look, lambda found: _open_merge(page, person, found), key="people-twins")


def _open_merge(page: PeoplePage, person: Person, suggested: list[Suggestion]) -> None:
    form = MergeForm(page.jobs, person, suggested)

    def done(outcome: tuple[Person, Changes]) -> None:
        page.shell.close_sheet()
        page.show_subject(outcome[0].id)
        page.shell.tell_undoable(t("people_page.merged_done", name=person_name(outcome[0])), outcome[1])

    def refused(error: StationError) -> None:
        if shiboken6.isValid(form):
            page.shell.sheet_error(error)
        else:
            page.shell.tell_error(error)

    def ask(other: str, reason: str) -> None:
        actions.merge_people(page.jobs, person.id, other, reason, done, refused)

    form.asked.connect(ask)
    def apart(other: str) -> None:
        actions.tell_apart(page.jobs, person.id, other, lambda _done: page.shell.tell(t("people_page.told_apart")))

    form.apart.connect(apart)
    page.shell.open_sheet(t("people_page.merge_title", name=person_name(person)), form, submit=t("people_page.merge_yes"))


def ask_circle(page: PeoplePage) -> None:
    """Who belongs to the household or team of the person on the card."""
    if page.card.held is None:
        return
    held = page.card.held
    person = held.person
    form = CircleForm(page.jobs, held)

    def linked(outcome: tuple[list[Person], Changes]) -> None:
        everybody, changes = outcome
        page.shell.close_sheet()
        names = t("terms.list").join(person_name(one) for one in everybody)
        page.shell.tell_undoable(t("people_page.circle_done", names=names), changes)

    def left(changes: Changes | None) -> None:
        page.shell.close_sheet()
        if changes is not None:
            page.shell.tell_undoable(t("people_page.circle_left", name=person_name(person)), changes)

    def ask(other: str, circle: Circle) -> None:
        actions.link_people(page.jobs, [person.id, other], circle, linked, page.shell.sheet_error)

    form.asked.connect(ask)
    form.left.connect(lambda: actions.leave_circle(page.jobs, person.id, left))
    page.shell.open_sheet(t("people_page.circle_title", name=person_name(person)), form, submit=t("people_page.circle_add"))
