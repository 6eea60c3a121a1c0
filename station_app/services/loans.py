"""Loans: what is lent, to whom, until when, and how it came back. How many there are of a thing is a sum of facts.

owned = added + found - written off - lost; broken = broken on the shelf + came back damaged - mended - written off; out = lent -
ended; what is left of owned is free. A thing that is lent though the book has none free is recorded and flagged ``short``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any
from unicodedata import normalize

from ..db import Database, Row, Tx
from ..errors import Refused, UserMistake
from ..model import AssetKind, AssetMove, Changes, LoanOutcome, Occupation, Op
from . import aliases

PREFIX = "29"
"""The codes of things are EAN-13 of a span that GS1 leaves to each house: no badge, which has 22 digits, and no product."""
CODE_DIGITS = 13
MOST_AT_ONCE = 500
DUE_HOURS: Mapping[AssetKind, int] = {
    AssetKind.UMBRELLA: 48, AssetKind.POWER_BANK: 4, AssetKind.RAINCOAT: 48, AssetKind.CABLE: 4, AssetKind.PUMP: 1,
    AssetKind.TOOL: 2, AssetKind.BOOK: 336, AssetKind.OTHER: 24,
}  # fmt: skip
"""How long a thing is lent when nobody says otherwise."""
DAY = 24
LONGEST = 24 * 366


@dataclass(frozen=True, slots=True)
class Asset:
    """A thing that is lent, one of its own (``number`` from 1) or a pool of many (0), and how many of it are where."""

    id: str
    name: str
    kind: AssetKind
    number: int
    code: str
    due_hours: int
    active: bool
    note: str
    owned: int
    broken: int
    out: int

    @property
    def pooled(self) -> bool:
        """Whether many alike share its code."""
        return self.number == 0

    @property
    def free(self) -> int:
        """How many can be lent now; below zero where more were lent than the book held."""
        return self.owned - self.broken - self.out

    @property
    def title(self) -> str:
        """Its name with its number as it is written on it: 雨伞 08."""
        return self.name if self.pooled else f"{self.name} {self.number:02d}"


@dataclass(frozen=True, slots=True)
class End:
    """How a loan, or a part of one, ended."""

    id: str
    time: str
    quantity: int
    outcome: LoanOutcome
    note: str
    keeper: str


@dataclass(frozen=True, slots=True)
class Loan:
    """Something lent. ``left`` is what has not come back; ``due`` ISO 8601; ``title`` what it is, as written on it."""

    id: str
    time: str
    business_date: str
    asset_id: str
    title: str
    quantity: int
    left: int
    due: str
    person_id: str | None
    occupation: Occupation | None
    deposit: int
    note: str
    keeper: str
    short: bool = False
    void_reason: str | None = None
    ends: tuple[End, ...] = ()

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been back."""
        return self.left > 0 and datetime.fromisoformat(self.due) < now


@dataclass(frozen=True, slots=True)
class Figures:
    """Loans of a span of days by what became of them; ``out`` and ``overdue`` are those of now."""

    lent: int
    returned: int
    damaged: int
    lost: int
    out: int
    overdue: int


# --- things --------------------------------------------------------------------------------------------------------------


def add(
    db: Database,
    name: str,
    kind: AssetKind,
    count: int = 1,
    *,
    pooled: bool = False,
    due_hours: int | None = None,
    source: str = "",
    note: str = "",
    at: datetime | None = None,
) -> tuple[list[Asset], Changes]:
    """New things to lend: ``count`` of them, each with a number and a code of its own, or one pool of that many.

    ``due_hours`` is how long one is lent (``DUE_HOURS`` by kind without it); from a day on until closing time. Raises UserMistake.
    """
    name = name.strip()
    hours = DUE_HOURS[kind] if due_hours is None else due_hours
    _check(name, hours, note)
    _check_quantity(count)
    if pooled and db.one("SELECT 1 FROM asset WHERE name = ? AND number = 0 AND active = 1 AND void_reason IS NULL", (name,)):
        raise UserMistake("loans.name_taken", name=name)
    highest = db.scalar("SELECT coalesce(max(number), 0) FROM asset WHERE name = ? AND void_reason IS NULL", (name,))
    first = int(highest) + 1
    made = []
    with db.transact(Op.ADD_ASSET, at, item_name=name, quantity=count) as tx:
        for number in [0] if pooled else range(first, first + count):
            row = {
                "name": name, "kind": kind.value, "number": number, "code": _new_code(db), "due_hours": hours, "active": 1,
                "note": note.strip() or None,
            }  # fmt: skip
            made.append(tx.put("asset", row))
            _move(tx, made[-1], AssetMove.ADDED, count if pooled else 1, source, "")
    return [get(db, asset_id) for asset_id in made], tx.changes


def change(
    db: Database,
    asset_id: str,
    *,
    name: str | None = None,
    due_hours: int | None = None,
    active: bool | None = None,
    note: str | None = None,
    at: datetime | None = None,
) -> tuple[Asset, Changes]:
    """Change a thing; what is None stays."""
    old = get(db, asset_id)
    new = replace(
        old, name=old.name if name is None else name.strip(), due_hours=old.due_hours if due_hours is None else due_hours,
        active=old.active if active is None else active, note=old.note if note is None else note.strip(),
    )  # fmt: skip
    _check(new.name, new.due_hours, new.note)
    with db.transact(Op.CHANGE_ASSET, at, asset=asset_id, item_name=new.title) as tx:
        row = {"id": asset_id, "name": new.name, "due_hours": new.due_hours, "active": int(new.active), "note": new.note or None}
        tx.put("asset", row)
    return get(db, asset_id), tx.changes


def move(
    db: Database,
    asset_id: str,
    kind: AssetMove,
    quantity: int = 1,
    *,
    source: str = "",
    note: str = "",
    at: datetime | None = None,
) -> tuple[Asset, Changes]:
    """More or fewer of a thing, or of them sound: added, found again, broken on the shelf, mended, written off.

    What is written off was broken: what was not is noted as broken in the same go. UserMistake where there are not so many.
    """
    asset = get(db, asset_id)
    _check_quantity(quantity)
    most = {AssetMove.BROKEN: asset.free, AssetMove.MENDED: asset.broken, AssetMove.WRITTEN_OFF: asset.broken + asset.free}
    if quantity > most.get(kind, MOST_AT_ONCE):
        raise UserMistake("loans.not_so_many", name=asset.title, left=max(0, most[kind]))
    with db.transact(Op.MOVE_ASSET, at, asset=asset_id, item_name=asset.title, kind=kind.value, quantity=quantity) as tx:
        if kind is AssetMove.WRITTEN_OFF and quantity > asset.broken:
            _move(tx, asset_id, AssetMove.BROKEN, quantity - asset.broken, source, note)
        _move(tx, asset_id, kind, quantity, source, note)
    return get(db, asset_id), tx.changes


def _move(tx: Tx, asset_id: str, kind: AssetMove, quantity: int, source: str, note: str) -> None:
    row = {
        "time": tx.stamp.time, "business_date": tx.stamp.business_date, "asset_id": asset_id, "kind": kind.value,
        "quantity": quantity, "source": source.strip() or None, "note": note.strip() or None, "keeper_id": tx.db.acting,
    }  # fmt: skip
    tx.put("asset_move", row)


def _check(name: str, hours: int, note: str) -> None:
    if not name or len(name) > 40:
        raise UserMistake("loans.bad_name")
    if not 1 <= hours <= LONGEST:
        raise UserMistake("loans.bad_hours", most=LONGEST)
    _check_note(note)


def _check_note(note: str) -> None:
    if len(note) > 200:
        raise UserMistake("loans.long_note")


def _check_quantity(quantity: int) -> None:
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise UserMistake("loans.bad_quantity", most=MOST_AT_ONCE)


# --- codes ---------------------------------------------------------------------------------------------------------------


def is_code(text: str) -> bool:
    """Whether these are the digits of a thing's code, whosever it is."""
    from stdnum import ean

    digits = _digits(text)
    return len(digits) == CODE_DIGITS and digits.startswith(PREFIX) and bool(ean.is_valid(digits))


def is_typed(text: str) -> bool:
    """Whether typed text means a thing and not a person: a star (on every number pad) or a hash before its number, or its code."""
    tidy = normalize("NFKC", text).strip()
    return (tidy.startswith(("*", "#")) and len(tidy) > 1) or is_code(tidy)


def resolve(db: Database, text: str) -> Asset:
    """The thing that a scan or typed words name: its code, or name and number (雨伞 8), or a number that only one has.

    Raises Refused: not one of here, several of that number; UserMistake for what names nothing.
    """
    if is_code(text):
        row = db.one("SELECT id FROM asset WHERE code = ? AND void_reason IS NULL", (_digits(text),))
        if row is None:
            raise Refused("loans.of_elsewhere")
        return get(db, row["id"])
    found = find(db, text)
    if not found:
        raise UserMistake("loans.unknown", text=text.strip()[:40])
    if len(found) > 1:
        raise Refused("loans.several", n=len(found))
    return found[0]


def find(db: Database, text: str) -> list[Asset]:
    """The things that a few typed letters may mean: a number ("8", "*8", "#08"), a name, both; [] for nothing."""
    wanted = normalize("NFKC", text).strip().lstrip("*#").replace(" ", "").casefold()
    if not wanted:
        return []
    known = assets(db)
    if wanted.isdecimal():
        return [asset for asset in known if not asset.pooled and str(asset.number) == wanted.lstrip("0")]
    spelled = [(asset, normalize("NFKC", asset.name).replace(" ", "").casefold()) for asset in known]
    exact = [
        asset for asset, name in spelled
        if wanted in (f"{name}{asset.number}", f"{name}{asset.number:02d}", f"{name}#{asset.number}", f"{name}#{asset.number:02d}")
    ]  # fmt: skip
    return exact or [asset for asset, name in spelled if name.startswith(wanted)]


def _digits(text: str) -> str:
    return normalize("NFKC", text).replace(" ", "").strip()


def _new_code(db: Database) -> str:
    from stdnum import ean

    while True:
        body = f"{PREFIX}{int.from_bytes(os.urandom(8)) % 10**10:010d}"
        code = body + ean.calc_check_digit(body)
        if db.one("SELECT 1 FROM asset WHERE code = ?", (code,)) is None:
            return code


# --- lending and coming back ---------------------------------------------------------------------------------------------


def lend(
    db: Database,
    asset_id: str,
    quantity: int = 1,
    *,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
    deposit: int = 0,
    note: str = "",
    hours: int | None = None,
    at: datetime | None = None,
) -> tuple[Loan, Changes]:
    """Lend a thing to a regular, to a nameless badge or to nobody in particular; it is due after its hours.

    What stands here is not out: a thing of its own whose last loan never ended came back unnoticed, one that was lost was found;
    both are noted in the same operation. More than the book holds is lent and flagged. Raises UserMistake for what cannot be.
    """
    asset = get(db, asset_id)
    _check_quantity(quantity)
    _check_note(note)
    if quantity > 1 and not asset.pooled:
        raise UserMistake("loans.only_one", name=asset.title)
    if not 0 <= deposit <= 100_000:
        raise UserMistake("loans.bad_deposit")
    if hours is not None and not 1 <= hours <= LONGEST:
        raise UserMistake("loans.bad_hours", most=LONGEST)
    stands = "SELECT 1 FROM person WHERE id = ? AND void_reason IS NULL"
    if person_id is not None and not aliases.is_stranger(person_id) and db.one(stands, (person_id,)) is None:
        raise UserMistake("people.unknown")
    with db.transact(Op.LEND, at, asset=asset_id, item_name=asset.title, quantity=quantity, person=person_id) as tx:
        free = asset.free
        if not asset.pooled:
            for loan in _open(db, "l.asset_id = ?", (asset_id,)):
                _end(tx, loan.id, loan.left, LoanOutcome.RETURNED, "")
                free += loan.left
            if asset.owned < 1:
                _move(tx, asset_id, AssetMove.FOUND, 1 - asset.owned, "", "")
                free += 1 - asset.owned
        tx.details["loan"] = loan_id = tx.put(
            "loan",
            {
                "time": tx.stamp.time, "business_date": tx.stamp.business_date, "asset_id": asset_id, "quantity": quantity,
                "due": _due(db, tx.stamp.time, hours or asset.due_hours), "short": int(free < quantity), "person_id": person_id,
                "visit_id": visit_id, "occupation": occupation.value if occupation else None, "deposit": deposit or None,
                "note": note.strip() or None, "keeper_id": db.acting,
            },
        )  # fmt: skip
    return loan_of(db, loan_id), tx.changes


def _due(db: Database, lent: str, hours: int) -> str:
    """When something lent now is due: after so many hours, or, from a day on, at closing time of its day."""
    moment = datetime.fromisoformat(lent)
    if hours < DAY:
        return (moment + timedelta(hours=hours)).isoformat(timespec="seconds")
    day = (moment + timedelta(hours=hours)).date()
    closes = db.scalar("SELECT closes FROM station WHERE id = ?", (db.meta("station_id"),)) or "23:59"
    return datetime.combine(day, time.fromisoformat(closes), db.zone).isoformat(timespec="seconds")


def end(
    db: Database,
    loan_id: str,
    outcome: LoanOutcome = LoanOutcome.RETURNED,
    quantity: int | None = None,
    note: str = "",
    at: datetime | None = None,
) -> tuple[Loan, Changes]:
    """A loan, or ``quantity`` of it, ended: it came back, sound or damaged, or is lost. UserMistake for more than is out."""
    loan = loan_of(db, loan_id)
    many = loan.left if quantity is None else quantity
    _check_note(note)
    if loan.void_reason or loan.left == 0:
        raise UserMistake("loans.ended_already", name=loan.title)
    if not 1 <= many <= loan.left:
        raise UserMistake("loans.not_so_many", name=loan.title, left=loan.left)
    told: dict[str, Any] = {"asset": loan.asset_id, "loan": loan_id, "item_name": loan.title, "person": loan.person_id}
    with db.transact(Op.END_LOAN, at, **told, quantity=many, outcome=outcome.value) as tx:
        _end(tx, loan_id, many, outcome, note)
    return loan_of(db, loan_id), tx.changes


def _end(tx: Tx, loan_id: str, quantity: int, outcome: LoanOutcome, note: str) -> None:
    row = {
        "time": tx.stamp.time, "business_date": tx.stamp.business_date, "loan_id": loan_id, "quantity": quantity,
        "outcome": outcome.value, "note": note.strip() or None, "keeper_id": tx.db.acting,
    }  # fmt: skip
    tx.put("loan_end", row)


def bring_back(db: Database, asset_id: str, person_id: str | None = None, at: datetime | None = None) -> tuple[Loan, Changes]:
    """A thing came back with nothing said: the loan that ``which`` tells ends; of a pool lent to nobody one piece of it."""
    loan = which(db, asset_id, person_id)
    return end(db, loan.id, quantity=1 if loan.person_id is None else None, at=at)


class Did(StrEnum):
    """What came of a thing held to the scanner."""

    LENT = "lent"
    RETURNED = "returned"
    WAITS = "waits"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A thing that was scanned or typed at the desk, and the loan that began or ended by it; none while it waits for somebody."""

    asset: Asset
    did: Did
    loan: Loan | None = None


def scan(
    db: Database,
    text: str,
    *,
    person_id: str | None = None,
    visit_id: str | None = None,
    occupation: Occupation | None = None,
    at: datetime | None = None,
) -> tuple[Scanned, Changes | None]:
    """A thing was scanned at the desk: what is out comes back; what is here is lent to whoever stands here, else it waits for them.

    ``visit_id`` says that somebody stands here, ``person_id`` who. Of a pool whoever has one brings it back, others borrow one.
    Raises what ``resolve`` and ``which`` raise.
    """
    asset = resolve(db, text)
    has_one = person_id is not None and any(loan.asset_id == asset.id for loan in of_person(db, person_id))
    if asset.out > 0 and (not asset.pooled or has_one or visit_id is None):
        loan, changes = bring_back(db, asset.id, person_id, at)
        return Scanned(get(db, asset.id), Did.RETURNED, loan), changes
    if visit_id is None:
        return Scanned(asset, Did.WAITS), None
    loan, changes = lend(db, asset.id, person_id=person_id, visit_id=visit_id, occupation=occupation, at=at)
    return Scanned(get(db, asset.id), Did.LENT, loan), changes


def which(db: Database, asset_id: str, person_id: str | None = None) -> Loan:
    """The loan that ends when a thing comes back: one of ``person_id``'s, else the only one, else the oldest to nobody.

    Raises UserMistake when none is out, Refused ("loans.which") when several people have one.
    """
    asset = get(db, asset_id)
    found = _open(db, "l.asset_id = ?", (asset_id,))
    if not found:
        raise UserMistake("loans.not_out", name=asset.title)
    own = [loan for loan in found if person_id is not None and loan.person_id in aliases.members(db, person_id)]
    nobodys = [loan for loan in found if loan.person_id is None]
    chosen = own or (found if len(found) == 1 else nobodys)
    if not chosen:
        raise Refused("loans.which", name=asset.title, n=len(found))
    return min(chosen, key=lambda one: (one.time, one.id))


def prolong(db: Database, loan_id: str, hours: int | None = None, at: datetime | None = None) -> tuple[Loan, Changes]:
    """续借: due anew from now, after ``hours`` or the thing's own. UserMistake for one that ended."""
    loan = loan_of(db, loan_id)
    if loan.void_reason or loan.left == 0:
        raise UserMistake("loans.ended_already", name=loan.title)
    if hours is not None and not 1 <= hours <= LONGEST:
        raise UserMistake("loans.bad_hours", most=LONGEST)
    told: dict[str, Any] = {"asset": loan.asset_id, "loan": loan_id, "item_name": loan.title, "person": loan.person_id}
    with db.transact(Op.CHANGE_LOAN, at, **told) as tx:
        tx.put("loan", {"id": loan_id, "due": _due(db, tx.stamp.time, hours or get(db, loan.asset_id).due_hours)})
    return loan_of(db, loan_id), tx.changes


FACTS = {
    "asset_move": "SELECT asset_id FROM asset_move WHERE id = ?",
    "loan": "SELECT asset_id FROM loan WHERE id = ?",
    "loan_end": "SELECT l.asset_id FROM loan_end e JOIN loan l ON l.id = e.loan_id WHERE e.id = ?",
}
"""The facts that a thing's numbers are sums of, and which thing each is about."""


def require_sound(db: Database, touched: Iterable[tuple[str, str]]) -> None:
    """Refused when facts taken back (table, id) leave numbers that cannot be: what came after them counted on them."""
    ids = {db.scalar(FACTS[table], (row_id,)) for table, row_id in touched}
    for asset in [get(db, asset_id) for asset_id in sorted(ids) if db.one(f"{ASSET} AND a.id = ?", (asset_id,))]:
        if wrong(db, asset):
            raise Refused("history.used_since")


def wrong(db: Database, asset: Asset) -> bool:
    """Whether a thing's numbers cannot be: less than none somewhere unless a loan was flagged, a thing of its own twice."""
    flagged = db.one("SELECT 1 FROM loan WHERE asset_id = ? AND short = 1 AND void_reason IS NULL", (asset.id,)) is not None
    twice = not asset.pooled and (asset.owned > 1 or asset.out > 1)
    return twice or min(asset.broken, asset.out) < 0 or (min(asset.owned, asset.free) < 0 and not flagged)


# --- looking up ----------------------------------------------------------------------------------------------------------

ASSET = (
    "SELECT a.*,"
    " (SELECT coalesce(sum(quantity * CASE kind WHEN 'added' THEN 1 WHEN 'found' THEN 1 WHEN 'written_off' THEN -1 ELSE 0 END), 0)"
    " FROM asset_move WHERE asset_id = a.id AND void_reason IS NULL) AS had,"
    " (SELECT coalesce(sum(quantity * CASE kind WHEN 'broken' THEN 1 WHEN 'mended' THEN -1 WHEN 'written_off' THEN -1 ELSE 0 END), 0)"
    " FROM asset_move WHERE asset_id = a.id AND void_reason IS NULL) AS broke,"
    " (SELECT coalesce(sum(n), 0) FROM loan_left WHERE asset_id = a.id) AS out,"
    " (SELECT coalesce(sum(lost), 0) FROM loan_left WHERE asset_id = a.id) AS gone,"
    " (SELECT coalesce(sum(damaged), 0) FROM loan_left WHERE asset_id = a.id) AS hurt"
    " FROM asset a WHERE a.void_reason IS NULL"
)
"""Things with their sums, at the station and at the district; those of loans are kept (docs/decisions/025)."""

LEFT = "l.quantity - (SELECT coalesce(sum(quantity), 0) FROM loan_end WHERE loan_id = l.id AND void_reason IS NULL)"
"""What has not come back of a loan ``l``."""
OUT = "IN (SELECT loan_id FROM loan_left WHERE n > 0)"
"""Which loans are out, by what the database keeps (docs/decisions/025)."""
LOAN = (
    f"SELECT l.*, {LEFT} AS remaining, a.name, a.number, k.name AS keeper FROM loan l JOIN asset a ON a.id = l.asset_id"
    " LEFT JOIN keeper k ON k.id = l.keeper_id"
)


def assets(db: Database, *, with_retired: bool = False) -> list[Asset]:
    """Everything that is lent, by name and number."""
    rows = db.rows(f"{ASSET} AND (a.active = 1 OR ?) ORDER BY a.name, a.number", (with_retired,))
    return [_asset(row) for row in rows]


def get(db: Database, asset_id: str) -> Asset:
    """One thing; UserMistake for an id nobody has."""
    row = db.one(f"{ASSET} AND a.id = ?", (asset_id,))
    if row is None:
        raise UserMistake("loans.unknown", text=asset_id[:40])
    return _asset(row)


def loan_of(db: Database, loan_id: str) -> Loan:
    """One loan with how it ended; UserMistake for an id nobody has."""
    row = db.one(f"{LOAN} WHERE l.id = ?", (loan_id,))
    if row is None:
        raise UserMistake("loans.unknown_loan")
    ends = db.rows(
        "SELECT e.*, k.name AS keeper FROM loan_end e LEFT JOIN keeper k ON k.id = e.keeper_id"
        " WHERE e.loan_id = ? AND e.void_reason IS NULL ORDER BY e.time, e.id",
        (loan_id,),
    )
    told = tuple(
        End(one["id"], one["time"], one["quantity"], LoanOutcome(one["outcome"]), one["note"] or "", one["keeper"] or "")
        for one in ends
    )
    return replace(_loan(row), ends=told)


def open_loans(db: Database) -> list[Loan]:
    """Everything that is out, what is due first at the top."""
    return sorted(_open(db, "1 = 1", ()), key=lambda loan: (loan.due, loan.id))


def of_person(db: Database, person_id: str) -> list[Loan]:
    """What a regular has of the house, what is due first at the top."""
    where = f"l.person_id IN {aliases.MEMBERS}"
    found = _open(db, where, {"person": aliases.final(db, person_id)})
    return sorted(found, key=lambda loan: (loan.due, loan.id))


def of_asset(db: Database, asset_id: str, limit: int = 50) -> list[Loan]:
    """The loans of a thing, the newest first, each with how it ended."""
    rows = db.rows(
        "SELECT id FROM loan WHERE asset_id = ? AND void_reason IS NULL ORDER BY time DESC, id DESC LIMIT ?", (asset_id, limit)
    )
    return [loan_of(db, row["id"]) for row in rows]


def figures(db: Database, first: str, last: str) -> Figures:
    """What was lent and came back in a span of business dates, what is out and overdue now."""
    lent = db.scalar(
        "SELECT coalesce(sum(quantity), 0) FROM loan WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL", (first, last)
    )
    ended = {
        row["outcome"]: row["n"]
        for row in db.rows(
            "SELECT outcome, sum(quantity) AS n FROM loan_end WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL GROUP BY 1",
            (first, last),
        )
    }
    out, now = open_loans(db), db.now()
    return Figures(
        lent, ended.get("returned", 0), ended.get("damaged", 0), ended.get("lost", 0), sum(loan.left for loan in out),
        sum(loan.left for loan in out if loan.overdue(now)),
    )  # fmt: skip


def _open(db: Database, where: str, parameters: Sequence[str] | Mapping[str, str]) -> list[Loan]:
    rows = db.rows(f"{LOAN} WHERE {where} AND l.void_reason IS NULL AND l.id {OUT} ORDER BY l.time, l.id", parameters)
    return [_loan(row) for row in rows]


def differing(db: Database) -> Iterator[tuple[str, int, int]]:
    """(thing, kept, what its loans and ends say) of every figure kept of a loan that is not so. Reads all of them."""
    ended = "coalesce(sum(CASE WHEN {} THEN e.quantity END), 0)"
    lost, damaged = (ended.format(f"e.outcome = '{one.value}'") for one in (LoanOutcome.LOST, LoanOutcome.DAMAGED))
    rows = db.rows(
        "SELECT a.name, coalesce(k.n, 0) AS n, coalesce(k.lost, 0) AS lost, coalesce(k.damaged, 0) AS damaged,"
        f" l.quantity * (l.void_reason IS NULL) - {ended.format('1 = 1')} AS n_found, {lost} AS lost_found,"
        f" {damaged} AS damaged_found, k.asset_id <> l.asset_id AS elsewhere"
        " FROM loan l JOIN asset a ON a.id = l.asset_id LEFT JOIN loan_end e ON e.loan_id = l.id AND e.void_reason IS NULL"
        " LEFT JOIN loan_left k ON k.loan_id = l.id GROUP BY l.id"
    )
    for row in rows:
        pairs = [(row[name], row[f"{name}_found"]) for name in ("n", "lost", "damaged")]
        if row["elsewhere"]:
            pairs.append((row["n"], 0))
        yield from ((row["name"], told, found) for told, found in pairs if told != found)


def _asset(row: Row) -> Asset:
    return Asset(
        id=row["id"], name=row["name"], kind=AssetKind(row["kind"]), number=row["number"], code=row["code"], due_hours=row["due_hours"],
        active=bool(row["active"]), note=row["note"] or "", owned=row["had"] - row["gone"], broken=row["broke"] + row["hurt"],
        out=row["out"],
    )  # fmt: skip


def _loan(row: Row) -> Loan:
    title = f"{row['name']} {row['number']:02d}" if row["number"] else str(row["name"])
    return Loan(
        id=row["id"], time=row["time"], business_date=row["business_date"], asset_id=row["asset_id"], title=title,
        quantity=row["quantity"], left=0 if row["void_reason"] else row["remaining"], due=row["due"], person_id=row["person_id"],
        occupation=Occupation(row["occupation"]) if row["occupation"] else None, deposit=row["deposit"] or 0, note=row["note"] or "",
        keeper=row["keeper"] or "", short=bool(row["short"]), void_reason=row["void_reason"],
    )  # fmt: skip
