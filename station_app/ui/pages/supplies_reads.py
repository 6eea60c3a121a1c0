"""What the supplies page reads: every item with its state, one item in full, the ledger of all. Reader thread only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from PySide6.QtGui import QImage

from ...db import Database
from ...model import Item, LogLine, MovementKind, Op, Person
from ...services import arrivals, history, people, supplies
from ...services.arrivals import Arrival
from ...services.supplies import Lot, Movement, campaigns, photos, quotas, stocktakes
from ...services.supplies import forecast as forecasting
from ...services.supplies.forecast import Forecast
from ...services.supplies.quotas import Rule
from ...services.supplies.stocktakes import Explanation
from ..pictures import drawn
from .supplies_photo import SIZE

DAYS = 30
"""How far back chart and bars look."""
LINES = 12
"""Lines of an item's ledger in its card; the ledger tab has more."""
LEDGER = 500
OWN = frozenset({Op.RECEIVE, Op.HANDOUT, Op.COUNT_STOCK, Op.RETURN_STOCK, Op.TRANSFER, Op.ASSEMBLE})
"""Operations about one item alone: undoing one from a line takes nothing else back (an import would)."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """An item as the table shows it: the most there was of it lately; the month it is handed out from while it is not."""

    item: Item
    most: int
    from_month: int | None
    forecast: Forecast | None = None
    rules: tuple[Rule, ...] = ()
    campaign: str = ""

    @property
    def id(self) -> str:
        """The item's id."""
        return self.item.id


@dataclass(frozen=True, slots=True)
class Overview:
    """All items, the retired last, the station's local day, what the district sent and nobody received yet."""

    today: date
    shelves: tuple[Shelf, ...]
    due: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A movement with its item, whom it went to, and the operation that may be undone (today's only)."""

    movement: Movement
    item: Item
    person: Person | None
    operation: LogLine | None = None
    explained: Explanation | None = None

    @property
    def id(self) -> str:
        """The movement's id."""
        return self.movement.id


@dataclass(frozen=True, slots=True)
class Detail:
    """One item in full: its lots, (day, given, balance) of the last days, its newest movements, its picture (None without one)."""

    today: date
    shelf: Shelf
    lots: tuple[Lot, ...]
    days: tuple[tuple[str, int, int], ...]
    lines: tuple[Line, ...]
    parts: tuple[tuple[Item, int], ...] = ()
    photo: QImage | None = None


def overview(db: Database) -> Overview:
    """Every item as the table shows it."""
    today = _today(db)
    months = _months(db)
    items = sorted(supplies.items(db, with_retired=True), key=lambda item: not item.active)
    told = forecasting.forecasts(db, [item for item in items if item.active])
    shelves = tuple(replace(_shelf(db, item, today, months), forecast=told.get(item.id)) for item in items)
    return Overview(today, shelves, tuple(arrivals.due(db)))


def detail(db: Database, item_id: str) -> Detail:
    """One item in full; UserMistake for an id nobody has."""
    today = _today(db)
    item = supplies.get(db, item_id)
    counts = {count.time: count for count in stocktakes.listing(db, item_id) if count.difference and count.void_reason is None}
    lines = [
        replace(
            line, operation=_undoable(db, line.movement, today),
            explained=stocktakes.explain(db, counts[line.movement.time])
            if line.movement.kind is MovementKind.COUNT and line.movement.time in counts else None,
        )
        for line in _lines(db, item, supplies.movements(db, item_id, LINES))
    ]  # fmt: skip
    running = campaigns.running(db, today.isoformat()).get(item_id)
    shelf = replace(
        _shelf(db, item, today, _months(db)), forecast=forecasting.forecast(db, item) if item.active else None,
        rules=tuple(one for one in quotas.in_force(db) if one.covers(item) and not one.plain and not one.campaign_id),
        campaign=running.name if running is not None else "",
    )  # fmt: skip
    among = {one.id: one for one in supplies.items(db, with_retired=True)} if item.kit else {}
    parts = tuple((among[part], number) for part, number in supplies.parts_of(db, item_id).items())
    jpeg = photos.photo(db, item_id)
    return Detail(
        today, shelf, tuple(supplies.lots(db, item_id)), tuple(_days(db, item_id, today)), tuple(lines), parts,
        drawn(jpeg, *SIZE) if jpeg is not None else None,
    )  # fmt: skip


def ledger(db: Database, item_id: str = "") -> list[Line]:
    """The newest movements of all items, or of one, the newest first."""
    items = [supplies.get(db, item_id)] if item_id else supplies.items(db, with_retired=True)
    lines = [line for item in items for line in _lines(db, item, supplies.movements(db, item.id, LEDGER))]
    lines.sort(key=lambda line: (line.movement.time, line.movement.id), reverse=True)
    return lines[:LEDGER]


def _undoable(db: Database, movement: Movement, today: date) -> LogLine | None:
    """The operation that a keeper may take back from this line: today's, standing, about this item alone."""
    if movement.void_reason is not None or movement.time[:10] != today.isoformat():
        return None
    line = history.of_row(db, "movement", movement.id)
    return line if line is not None and line.undoable and line.op in OWN else None


def _today(db: Database) -> date:
    return date.fromisoformat(db.stamp().business_date)


def _months(db: Database) -> dict[str, int]:
    """The month from which an item is handed out, of those that are out of season."""
    offers = supplies.offers(db, None)
    return {offer.item.id: offer.item.first_month for offer in offers if offer.barrier is not None and offer.barrier.rule == "season"}


def _shelf(db: Database, item: Item, today: date, months: dict[str, int]) -> Shelf:
    most = max((balance for _day, _given, balance in _days(db, item.id, today)), default=0)
    return Shelf(item, max(most, item.low_level), months.get(item.id))


def _days(db: Database, item_id: str, today: date) -> list[tuple[str, int, int]]:
    return supplies.daily(db, item_id, (today - timedelta(days=DAYS - 1)).isoformat(), today.isoformat())


def _lines(db: Database, item: Item, movements: Iterable[Movement]) -> list[Line]:
    found = _whole(movements)
    ids = sorted({movement.person_id for movement in found if movement.person_id})
    known = {person.id: person for person in people.several(db, ids)} if ids else {}
    return [Line(movement, item, known.get(movement.person_id or "")) for movement in found]


def _whole(movements: Iterable[Movement]) -> list[Movement]:
    """What was drawn from several lots at once as the one thing it was; the newest line has the balance after it."""
    found: list[Movement] = []
    for movement in movements:
        last = found[-1] if found else None
        if last is not None and movement.delta < 0 and _what(movement) == _what(last):
            found[-1] = replace(last, delta=last.delta + movement.delta)
        else:
            found.append(movement)
    return found


def _what(movement: Movement) -> tuple[object, ...]:
    return movement.time, movement.kind, movement.delta < 0, movement.person_id, movement.source, movement.void_reason
