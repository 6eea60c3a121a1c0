"""Supplies: what is on the shelf, who was given what, and why not (yet). Stock is the sum of movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..db import Database, Row, Tx
from ..errors import RuleRefused, UserMistake
from ..model import Changes, Handout, Item, ItemKind, MovementKind, Occupation, Op
from ..vault import digest
from . import people, subjects

if TYPE_CHECKING:
    from .rosters import ItemPlan, KnownItems

MOST_AT_ONCE = 1000
RECEIVED = (MovementKind.OPENING, MovementKind.BOUGHT, MovementKind.ALLOCATED, MovementKind.DONATED)


# --- items -------------------------------------------------------------------------------------------------------------


def add_item(
    db: Database,
    name: str,
    unit: str,
    kind: ItemKind,
    *,
    low_level: int = 0,
    alcohol: bool = False,
    months: tuple[int, int] = (1, 12),
    most_per_day: int | None = None,
    at: datetime | None = None,
) -> tuple[Item, Changes]:
    """A new supply; UserMistake for an empty or taken name. ``months`` are the first and last month it is handed out."""
    name = name.strip()
    if by_name(db, name) is not None:
        raise UserMistake("supplies.name_taken", name=name)
    with db.transact(Op.ADD_ITEM, at, item_name=name) as tx:
        item_id = write_item(
            tx, name, unit, kind, low_level=low_level, alcohol=alcohol, months=months, most_per_day=most_per_day
        )
        tx.details["item"] = item_id
    return get(db, item_id), tx.changes


def write_item(
    tx: Tx,
    name: str,
    unit: str,
    kind: ItemKind,
    *,
    low_level: int = 0,
    alcohol: bool = False,
    months: tuple[int, int] = (1, 12),
    most_per_day: int | None = None,
) -> str:
    """The rows of a new supply inside an operation; returns its id."""
    _check_item(name, unit, low_level, months, most_per_day)
    rank = tx.db.scalar("SELECT coalesce(max(rank), 0) + 1 FROM item")
    item_id = tx.put(
        "item",
        {
            "name": name, "unit": unit.strip(), "kind": kind.value, "rank": rank, "low_level": low_level, "alcohol": int(alcohol),
            "first_month": months[0], "last_month": months[1], "active": 1,
        },
    )  # fmt: skip
    if most_per_day is not None:
        _write_quota(tx, item_id, most_per_day)
    return item_id


def change_item(
    db: Database, item_id: str, at: datetime | None = None, *, most_per_day: int | None = None, **fields: Any
) -> tuple[Item, Changes]:
    """Change a supply: ``name``, ``unit``, ``low_level``, ``alcohol``, ``first_month``, ``last_month``, ``rank``, ``active``.

    ``most_per_day`` sets the quota in the same operation; 0 lifts it, None leaves it.
    """
    old = get(db, item_id)
    wanted = {
        name: int(content) if isinstance(content, bool) else content
        for name, content in fields.items()
        if content is not None
    }
    name = str(wanted.get("name", old.name)).strip()
    months = (int(wanted.get("first_month", old.first_month)), int(wanted.get("last_month", old.last_month)))
    _check_item(
        name,
        str(wanted.get("unit", old.unit)),
        int(wanted.get("low_level", old.low_level)),
        months,
        most_per_day or old.most_per_day,
    )
    other = by_name(db, name)
    if other is not None and other.id != item_id:
        raise UserMistake("supplies.name_taken", name=name)
    with db.transact(Op.CHANGE_ITEM, at, item=item_id) as tx:
        tx.put("item", {"id": item_id, **wanted})
        if most_per_day is not None and most_per_day != (old.most_per_day or 0):
            _set_quota(tx, item_id, most_per_day or None)
    return get(db, item_id), tx.changes


def set_quota(db: Database, item_id: str, most_per_day: int | None, at: datetime | None = None) -> tuple[Item, Changes]:
    """How many of an item one person may have a local day; None lifts the rule. Rules are versioned rows."""
    item = get(db, item_id)
    _check_item(item.name, item.unit, item.low_level, (item.first_month, item.last_month), most_per_day)
    with db.transact(Op.SET_QUOTA, at, item=item_id, most=most_per_day) as tx:
        _set_quota(tx, item_id, most_per_day)
    return get(db, item_id), tx.changes


def _set_quota(tx: Tx, item_id: str, most: int | None) -> None:
    if most is not None:
        _write_quota(tx, item_id, most)
        return
    for row in tx.db.rows("SELECT id FROM quota WHERE item_id = ? AND void_reason IS NULL", (item_id,)):
        tx.void("quota", row["id"], "lifted")


def _write_quota(tx: Tx, item_id: str, most: int) -> None:
    found = tx.db.one("SELECT id FROM quota WHERE item_id = ? AND void_reason IS NULL", (item_id,))
    row = {"item_id": item_id, "per": "person_day", "most": most, "starts_on": tx.stamp.business_date}
    tx.put("quota", row | ({"id": found["id"]} if found else {}))


def _check_item(name: str, unit: str, low_level: int, months: tuple[int, int], most: int | None) -> None:
    if not name.strip() or len(name) > 40:
        raise UserMistake("supplies.bad_name")
    if not unit.strip() or len(unit) > 10:
        raise UserMistake("supplies.bad_unit")
    if not 0 <= low_level <= 1_000_000:
        raise UserMistake("supplies.bad_level")
    if not all(1 <= month <= 12 for month in months):
        raise UserMistake("supplies.bad_months")
    if most is not None and not 1 <= most <= MOST_AT_ONCE:
        raise UserMistake("supplies.bad_quota", most=MOST_AT_ONCE)


ITEM = (
    "SELECT i.*, (SELECT most FROM quota WHERE item_id = i.id AND void_reason IS NULL ORDER BY id DESC LIMIT 1) AS most"
    " FROM item i"
)


def items(db: Database, *, with_retired: bool = False) -> list[Item]:
    """All supplies in the order of their keys."""
    active = "" if with_retired else "AND i.active = 1"
    rows = db.rows(f"{ITEM} WHERE i.void_reason IS NULL {active} ORDER BY i.rank, i.id")
    return [_item(db, row) for row in rows]


def get(db: Database, item_id: str) -> Item:
    """One supply; UserMistake for an id nobody has."""
    row = db.one(f"{ITEM} WHERE i.id = ?", (item_id,))
    if row is None:
        raise UserMistake("supplies.unknown")
    return _item(db, row)


def by_name(db: Database, name: str) -> Item | None:
    """The supply of this name."""
    row = db.one(f"{ITEM} WHERE i.name = ? AND i.void_reason IS NULL", (name.strip(),))
    return None if row is None else _item(db, row)


def named(db: Database, text: str) -> Item:
    """The supply with this name or id; UserMistake without one."""
    item = by_name(db, text)
    return item if item is not None else get(db, text)


def _item(db: Database, row: Row) -> Item:
    stock = lots(db, row["id"])
    expiry = next((lot.expiry for lot in stock if lot.balance > 0 and lot.expiry), None)
    return Item(
        id=row["id"], name=row["name"], unit=row["unit"], kind=ItemKind(row["kind"]), rank=row["rank"], low_level=row["low_level"],
        alcohol=bool(row["alcohol"]), first_month=row["first_month"], last_month=row["last_month"], most_per_day=row["most"],
        balance=sum(lot.balance for lot in stock), next_expiry=expiry, active=bool(row["active"]),
    )  # fmt: skip


# --- the shelf ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lot:
    """What is left of one delivery; ``expiry`` is an ISO date or ""."""

    lot: str
    expiry: str
    balance: int


@dataclass(frozen=True, slots=True)
class Movement:
    """One line of an item's ledger; ``balance`` is what was left after it."""

    id: str
    time: str
    kind: MovementKind
    delta: int
    lot: str
    expiry: str
    source: str
    person_id: str | None
    balance: int
    void_reason: str | None


def lots(db: Database, item_id: str) -> list[Lot]:
    """The lots of an item, the first to expire first (without a date last).

    Asked at every scan; grouped in the order of the index ``movement_stock``, which alone answers it.
    """
    rows = db.rows(
        "SELECT expiry, lot, sum(delta) AS n FROM movement WHERE item_id = ? AND void_reason IS NULL GROUP BY expiry, lot"
        " ORDER BY expiry IS NULL, expiry, lot",
        (item_id,),
    )
    return [Lot(row["lot"] or "", row["expiry"] or "", row["n"]) for row in rows]


def receive(
    db: Database,
    item_id: str,
    quantity: int,
    kind: MovementKind = MovementKind.ALLOCATED,
    *,
    lot: str = "",
    expiry: str = "",
    source: str = "",
    at: datetime | None = None,
) -> Changes:
    """Stock comes in; UserMistake for a quantity or an expiry date that cannot be."""
    get(db, item_id)
    if kind not in RECEIVED:
        raise UserMistake("supplies.bad_source")
    with db.transact(Op.RECEIVE, at, item=item_id, quantity=quantity) as tx:
        write_receipt(tx, item_id, quantity, kind, lot, expiry, source)
    return tx.changes


def write_receipt(
    tx: Tx, item_id: str, quantity: int, kind: MovementKind, lot: str = "", expiry: str = "", source: str = ""
) -> str:
    """The movement of stock that came in, inside an operation; returns its id."""
    if not 1 <= quantity <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    if expiry:
        try:
            date.fromisoformat(expiry)
        except ValueError:
            raise UserMistake("supplies.bad_expiry", text=expiry) from None
    return _move(
        tx, item_id, quantity, kind, lot=lot.strip() or None, expiry=expiry or None, source=source.strip() or None
    )


def count_stock(
    db: Database, item_id: str, counted: int, reason: str = "", second_name: str = "", at: datetime | None = None
) -> tuple[int, Changes]:
    """A count is an observation at a time; the difference to the book becomes a movement of its own. Returns the difference."""
    if not 0 <= counted <= 1_000_000:
        raise UserMistake("supplies.bad_quantity")
    book = get(db, item_id).balance
    with db.transact(Op.COUNT_STOCK, at, item=item_id, counted=counted, difference=counted - book) as tx:
        tx.put(
            "stocktake",
            {
                "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item_id, "book": book, "counted": counted,
                "reason": reason.strip() or None, "keeper_id": db.acting, "second_name": second_name.strip() or None,
            },
        )  # fmt: skip
        if counted > book:
            _move(tx, item_id, counted - book, MovementKind.COUNT)
        elif counted < book:
            _draw(tx, item_id, book - counted, MovementKind.COUNT, None)
    return counted - book, tx.changes


def waste(db: Database, item_id: str, quantity: int, reason: str, at: datetime | None = None) -> Changes:
    """Stock that is broken or past its date leaves the shelf."""
    item = get(db, item_id)
    if not 1 <= quantity <= max(item.balance, 0):
        raise UserMistake("supplies.more_than_there", name=item.name, n=item.balance)
    with db.transact(Op.COUNT_STOCK, at, item=item_id, wasted=quantity) as tx:
        _draw(tx, item_id, quantity, MovementKind.WASTE, None, reason.strip())
    return tx.changes


def movements(db: Database, item_id: str, limit: int = 200) -> list[Movement]:
    """An item's ledger, the newest first; voided lines are shown and do not count."""
    rows = db.rows(
        "SELECT m.*, h.person_id, sum(CASE WHEN m.void_reason IS NULL THEN m.delta ELSE 0 END)"
        " OVER (ORDER BY m.business_date, m.time, m.id) AS balance"
        " FROM movement m LEFT JOIN handout h ON h.id = m.handout_id WHERE m.item_id = ?"
        " ORDER BY m.business_date DESC, m.time DESC, m.id DESC LIMIT ?",
        (item_id, limit),
    )
    return [
        Movement(
            row["id"], row["time"], MovementKind(row["kind"]), row["delta"], row["lot"] or "", row["expiry"] or "",
            row["source"] or "", row["person_id"], row["balance"], row["void_reason"],
        )
        for row in rows
    ]  # fmt: skip


def daily(db: Database, item_id: str, first: str, last: str) -> list[tuple[str, int, int]]:
    """(day, handed out, balance at the day's end) for each business date of a span, both ends included."""
    start, finish = date.fromisoformat(first), date.fromisoformat(last)
    balance = db.scalar(
        "SELECT coalesce(sum(delta), 0) FROM movement WHERE item_id = ? AND void_reason IS NULL AND business_date < ?",
        (item_id, first),
    )
    rows = db.rows(
        "SELECT business_date, sum(delta) AS net, -sum(CASE WHEN kind = 'handout' THEN delta ELSE 0 END) AS given FROM movement"
        " WHERE item_id = ? AND void_reason IS NULL AND business_date BETWEEN ? AND ? GROUP BY business_date",
        (item_id, first, last),
    )
    by_day = {row["business_date"]: (row["net"], row["given"]) for row in rows}
    found = []
    for offset in range((finish - start).days + 1):
        day = (start + timedelta(days=offset)).isoformat()
        net, given = by_day.get(day, (0, 0))
        balance += net
        found.append((day, given, balance))
    return found


def _move(tx: Tx, item_id: str, delta: int, kind: MovementKind, **more: str | None) -> str:
    return tx.put(
        "movement",
        {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item_id, "delta": delta,
            "kind": kind.value, "keeper_id": tx.db.acting, **more,
        },
    )  # fmt: skip


def _draw(tx: Tx, item_id: str, quantity: int, kind: MovementKind, handout_id: str | None, source: str = "") -> None:
    """Take from the lots, the first to expire first; what the book does not hold is drawn from no lot."""
    left = quantity
    for lot in lots(tx.db, item_id):
        part = min(left, max(lot.balance, 0))
        if part:
            _move(
                tx,
                item_id,
                -part,
                kind,
                lot=lot.lot or None,
                expiry=lot.expiry or None,
                handout_id=handout_id,
                source=source or None,
            )
            left -= part
    if left:
        _move(tx, item_id, -left, kind, handout_id=handout_id, source=source or None)


# --- handing out -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offer:
    """An item as the desk shows it for the person on the card. ``barrier`` says why not now, None when it may be given."""

    item: Item
    taken_today: int
    barrier: RuleRefused | None


def offers(db: Database, person_id: str | None, at: datetime | None = None) -> list[Offer]:
    """Every item in the order of the digit keys, with what stands against handing it out now."""
    stamp = db.stamp(at)
    found = []
    for item in items(db):
        taken, last = _taken(db, item.id, person_id, stamp.business_date)
        found.append(Offer(item, taken or 0, _barrier(item, 1, taken, last, stamp.business_date)))
    return found


def hand_out(
    db: Database,
    item_id: str,
    quantity: int = 1,
    *,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
    given: bool = False,
    at: datetime | None = None,
) -> tuple[Handout, Changes]:
    """Hand out an item: the handout, its stock movements and the quota check are one transaction.

    Before giving, a rule may refuse (RuleRefused: rule, last, next; the refusal is logged). What was ``given`` already is
    recorded and flagged, never refused; an empty shelf flags, never refuses (DECISIONS.md 7).
    """
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise UserMistake("supplies.bad_quantity")
    item = get(db, item_id)
    if person_id is not None:
        occupation = people.get(db, person_id).occupation
    stamp = db.stamp(at)
    taken, last = _taken(db, item_id, person_id, stamp.business_date)
    barrier = _barrier(item, quantity, taken, last, stamp.business_date)
    if barrier is not None and not given:
        with db.transact(Op.REFUSE, at, item=item_id, person=person_id, rule=barrier.rule) as tx:
            _note_refusal(tx, item_id, person_id, barrier, overridden=False)
        raise barrier
    short = item.balance < quantity
    with db.transact(Op.HANDOUT, at, item=item_id, quantity=quantity, person=person_id) as tx:
        if short or given:
            tx.details |= {"short": short, "already_given": given}
        handout_id = tx.put(
            "handout",
            {
                "time": stamp.time, "business_date": stamp.business_date, "item_id": item_id, "quantity": quantity,
                "person_id": person_id, "visit_id": visit_id, "occupation": occupation.value if occupation else None,
                "short": int(short), "already_given": int(given), "keeper_id": db.acting,
            },
        )  # fmt: skip
        _draw(tx, item_id, quantity, MovementKind.HANDOUT, handout_id)
        if barrier is not None:
            _note_refusal(tx, item_id, person_id, barrier, overridden=True)
    return handout(db, handout_id), tx.changes


def _taken(db: Database, item_id: str, person_id: str | None, business_date: str) -> tuple[int | None, str | None]:
    """How many of an item this person had on a local day, and when last; None for nobody in particular."""
    if person_id is None:
        return None, None
    row = db.one(
        "SELECT coalesce(sum(quantity), 0) AS n, max(time) AS last FROM handout"
        " WHERE person_id = ? AND item_id = ? AND business_date = ? AND void_reason IS NULL",
        (person_id, item_id, business_date),
    )
    return (row["n"], row["last"]) if row else (0, None)


def _barrier(item: Item, quantity: int, taken: int | None, last: str | None, business_date: str) -> RuleRefused | None:
    """The rule that stands against giving now, by the station's local day (never UTC's).

    Whoever stays anonymous (``taken`` None) has no quota: a group of five takes five.
    """
    today = date.fromisoformat(business_date)
    if not in_season(item, today.month):
        year = today.year + (item.first_month <= today.month)
        return RuleRefused("supplies.out_of_season", rule="season", last=last, next=date(year, item.first_month, 1).isoformat(),
                           name=item.name, month=item.first_month)  # fmt: skip
    if item.most_per_day is not None and taken is not None and taken + quantity > item.most_per_day:
        tomorrow = (today + timedelta(days=1)).isoformat()
        clock = last[11:16] if last else ""
        word = "supplies.taken_today" if taken else "supplies.more_than_quota"
        return RuleRefused(
            word, rule="person_day", last=last, next=tomorrow, name=item.name, time=clock, most=item.most_per_day
        )
    return None


def in_season(item: Item, month: int) -> bool:
    """Whether an item is handed out in a month; a season may span the turn of the year."""
    if item.first_month <= item.last_month:
        return item.first_month <= month <= item.last_month
    return month >= item.first_month or month <= item.last_month


def _note_refusal(tx: Tx, item_id: str, person_id: str | None, barrier: RuleRefused, *, overridden: bool) -> None:
    tx.put(
        "refusal",
        {
            "time": tx.stamp.time, "business_date": tx.stamp.business_date, "item_id": item_id, "person_id": person_id,
            "rule": barrier.rule, "last": barrier.last, "next": barrier.next, "overridden": int(overridden), "keeper_id": tx.db.acting,
        },
    )  # fmt: skip


def handout(db: Database, handout_id: str) -> Handout:
    """One handout; UserMistake for an id nobody has."""
    row = db.one("SELECT * FROM handout WHERE id = ?", (handout_id,))
    if row is None:
        raise UserMistake("supplies.unknown_handout")
    return _handout(row)


def handouts(db: Database, first: str, last: str, person_id: str | None = None) -> Sequence[Handout]:
    """The handouts of a span of business dates, the newest first; of one person when asked."""
    rows = db.rows(
        "SELECT * FROM handout WHERE business_date BETWEEN ? AND ? AND (? IS NULL OR person_id = ?) ORDER BY time DESC, id DESC",
        (first, last, person_id, person_id),
    )
    return [_handout(row) for row in rows]


def _handout(row: Row) -> Handout:
    return Handout(
        id=row["id"], time=row["time"], business_date=row["business_date"], item_id=row["item_id"], quantity=row["quantity"],
        person_id=row["person_id"], occupation=Occupation(row["occupation"]) if row["occupation"] else None, short=bool(row["short"]),
        already_given=bool(row["already_given"]), void_reason=row["void_reason"],
    )  # fmt: skip


# --- lists of items with their opening stock --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemImportResult:
    """What became of a list: ``rows = taken + merged + refused``; ``units`` were booked as opening stock."""

    rows: int
    taken: int
    merged: int
    refused: int
    units: int
    results: tuple[people.RowResult, ...]


def known_items(db: Database) -> KnownItems:
    """Which items are known already, as the planning of an import asks."""
    from .rosters import KnownItems

    key = subjects.secret(db, "digest")

    def seen(material: bytes) -> bool:
        sql = "SELECT 1 FROM imported_row r JOIN movement m ON m.id = r.row_id AND m.void_reason IS NULL WHERE r.digest = ?"
        return db.one(sql, (digest(key, "items", material.hex()),)) is not None

    def named_so(name: str) -> str | None:
        item = by_name(db, name)
        return None if item is None else item.id

    return KnownItems(by_name=named_so, seen=seen)


def import_items(
    db: Database, plan: ItemPlan, progress: people.Progress = people.no_progress, at: datetime | None = None
) -> tuple[ItemImportResult, Changes]:
    """Take a planned list of items and opening stock in, in one operation: all of it or nothing; twice adds nothing."""
    from .rosters import Fate, find_known_items

    key = subjects.secret(db, "digest")
    with db.transact(Op.IMPORT_ITEMS, at) as tx:
        plan = find_known_items(plan, known_items(db))
        became: dict[int, str] = {}
        results: list[people.RowResult] = []
        for number, row in enumerate(plan.rows):
            progress(number, len(plan.rows))
            why = row.reason.word if row.reason else ""
            if row.fate is Fate.REFUSE:
                results.append(people.RowResult(row.line, "refused", None, why))
                continue
            item_id = row.into_item or became.get(row.into_line, "")
            if row.fate is Fate.TAKE:
                item_id = write_item(
                    tx, row.name, row.unit, row.kind, low_level=row.low_level, alcohol=row.alcohol,
                    months=(row.first_month, row.last_month), most_per_day=row.most_per_day,
                )  # fmt: skip
            became[row.line] = item_id
            results.append(people.RowResult(row.line, "taken" if row.fate is Fate.TAKE else "merged", item_id, why))
            if row.adds_stock and row.quantity:
                movement_id = write_receipt(tx, item_id, row.quantity, MovementKind.OPENING, row.lot, row.expiry)
                tx.run(
                    "INSERT INTO imported_row(digest, row_id) VALUES(?, ?) ON CONFLICT(digest) DO UPDATE SET row_id = excluded.row_id",
                    (digest(key, "items", row.material.hex()), movement_id),
                )
        progress(len(plan.rows), len(plan.rows))
        tx.details["count"] = plan.taken
    return ItemImportResult(
        len(plan.rows), plan.taken, plan.merged, plan.refused, plan.units, tuple(results)
    ), tx.changes
