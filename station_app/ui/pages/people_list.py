"""What the list of the people page shows: tabs, orders, columns, and how they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHeaderView

from ... import settings
from ...db import Database
from ...model import Occupation, Person
from ...services import duplicates, people, preferences, retention, search
from ...services.people import Filter
from ...words import label, t
from ..names import person_name
from ..tables import Column, Table
from ..when import date_only
from .people_text import consent_pill

AWAY = timedelta(days=30)
"""Who has not come for so long is 久未来访."""
MOST_FOUND = 500
"""More people than this are not looked through; the text has to say more."""

ORDERS = ("name", "occupation", "platform", "visits", "seen", "card", "consent")
"""The orders of ``people.ORDERS``, one for each column."""

GROUPS: dict[str, tuple[Occupation, ...]] = {
    "riders": (Occupation.RIDER,),
    "couriers": (Occupation.COURIER,),
    "sanitation": (Occupation.SANITATION_WORKER,),
    "drivers": (Occupation.RIDE_HAIL_DRIVER, Occupation.TRUCK_DRIVER),
    "others": (Occupation.RESIDENT, Occupation.OTHER),
}
TABS = ("all", *GROUPS, "away", "nameless", "soon", "older", "twice")
SOMETIMES = ("soon", "older", "twice")
"""Tabs that are there only while somebody stands behind them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the keeper wants to see: a text to find, or a tab; ``order`` is one of ORDERS."""

    text: str
    tab: str
    order: str
    backwards: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """The ids in order, and the station's day."""

    ids: list[str]
    today: date


def filter_of(db: Database, tab: str) -> Filter:
    """The filter of a tab."""
    return Filter(
        occupations=GROUPS.get(tab, ()),
        nameless=tab == "nameless",
        not_since=db.stamp(db.now() - AWAY).time if tab == "away" else "",
        older_notice=tab == "older",
    )


def read_listing(db: Database, wanted: Wanted) -> Listing:
    """The ids of those wanted; what was typed is looked for among everybody."""
    if wanted.text:
        ids = search.find(db, wanted.text, MOST_FOUND)
    elif wanted.tab == "soon":
        ids = going(db)  # the first to go come first, whatever the order
    elif wanted.tab == "twice":
        ids = twice(db)
    else:
        ids = people.ids(db, filter_of(db, wanted.tab), wanted.order)
        if wanted.backwards:
            ids.reverse()
    return Listing(ids, db.now().date())


def going(db: Database) -> list[str]:
    """Who is forgotten within 30 days unless they come again, the first first."""
    return [one.id for one in retention.soon(db) if one.kind == "person"]


def twice(db: Database) -> list[str]:
    """Who may be registered twice, those that may be one person beside each other; nobody where no names are shown."""
    if not db.sees_people:
        return []
    return list(dict.fromkeys(part for one, other, _ in duplicates.pairs(db) for part in (one, other)))


LISTS = {"soon": going, "twice": twice}
"""Tabs that are no filter."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people stand behind each tab, and for how many months somebody who does not come is kept."""

    tabs: dict[str, int]
    months: int


def read_counts(db: Database) -> Counts:
    """What stands above the list."""
    counted = {tab: len(LISTS[tab](db)) if tab in LISTS else people.count(db, filter_of(db, tab)) for tab in TABS}
    return Counts(counted, preferences.number(db, settings.KEEP_PEOPLE_MONTHS))


def tab_texts(counts: dict[str, int]) -> dict[str, str]:
    """The words of the tabs with their counts."""
    words = {
        "all": t("people_page.tab_all"), "riders": t("people_page.tab_riders"), "couriers": t("people_page.tab_couriers"),
        "sanitation": t("people_page.tab_sanitation"), "drivers": t("people_page.tab_drivers"), "others": t("people_page.tab_others"),
        "away": t("people_page.tab_away"), "nameless": t("people_page.nameless_tab"), "soon": t("people_page.tab_soon"),
        "older": t("people_page.tab_older"), "twice": t("people_page.tab_twice"),
    }  # fmt: skip
    words |= {tab: "" for tab in SOMETIMES if not counts.get(tab)}
    counts = {tab: n for tab, n in counts.items() if words[tab]}
    return {tab: f"{words[tab]} {counts[tab]:,}" if tab in counts else words[tab] for tab in TABS}


def columns(today: Any) -> list[Column]:
    """The columns, in the order of ORDERS; ``today()`` is the station's day."""

    def last_seen(person: Person) -> str:
        return date_only(person.last_visit, today()) if person.last_visit else "—"

    return [
        Column(t("people_page.name"), person_name, bold=True),
        Column(t("people_page.occupation"), lambda person: label(person.occupation), 140),
        Column(t("people_page.platform_short"), lambda person: person.platform or "—", 104, muted=True),
        Column(t("people_page.visits"), lambda person: f"{person.visits:,}", 68, "right"),
        Column(t("people_page.last_seen"), last_seen, 104),
        Column(t("people_page.card_short"), lambda person: person.card_number or "—", 84, muted=True),
        Column(t("people_page.consent_short"), lambda _person: "", 104, pill=consent_pill),
    ]


class Sorting(QObject):
    """Sorts a table by its header: a click, or Left and Right once Tab is there; Enter turns the order round."""

    changed = Signal()

    def __init__(self, table: Table, order: str) -> None:
        super().__init__(table)
        self._head: QHeaderView = table.horizontalHeader()
        self.order, self.backwards = order, False
        self._head.setSectionsClickable(True)
        self._head.setSortIndicatorShown(True)
        self._head.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._head.setAccessibleName(t("people_page.sorting"))
        self._head.installEventFilter(self)
        self._head.sectionClicked.connect(self.choose)
        self._show()

    def choose(self, section: int) -> None:
        """Sort by a column; the same one again turns the order round."""
        again = ORDERS[section] == self.order
        self.order, self.backwards = ORDERS[section], again and not self.backwards
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        way = Qt.SortOrder.DescendingOrder if self.backwards else Qt.SortOrder.AscendingOrder
        self._head.setSortIndicator(ORDERS.index(self.order), way)
        self._head.setAccessibleDescription(f"{self._head.model().headerData(ORDERS.index(self.order), Qt.Orientation.Horizontal)}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys of the header, and that they go there now."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._head.setProperty("focused", event.type() == QEvent.Type.FocusIn)
            self._head.style().unpolish(self._head)
            self._head.style().polish(self._head)
            self._head.viewport().update()
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        key, here = event.key(), ORDERS.index(self.order)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.choose((here + (1 if key == Qt.Key.Key_Right else -1)) % len(ORDERS))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose(here)
        else:
            return False
        return True
