"""The ledgers (台账) that were kept on paper, as rows: what a span of days says under each column of DOMAIN.md section 4.

Cells are texts, whole numbers, days, moments (ISO 8601) and codes; their words and their look on paper are in ``paper/ledgers.py``. A
column that names somebody is empty unless names were asked for by who may see them. The rows of the exchange are the same at
the district, so ``stores`` picks those of one station there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..db import Database, Row
from ..errors import UserMistake
from ..model import (
    Amenity,
    BoxAction,
    Channel,
    EmergencyKind,
    LoanOutcome,
    LostState,
    MovementKind,
    Occupation,
    Person,
    Recorded,
    RepairState,
    RequestState,
)
from . import people, requests, supplies
from .shifts import days_of
from .supplies import kept

Cell = str | int | StrEnum | tuple[StrEnum, ...] | None
Line = tuple[Cell, ...]
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the code of its heading, its share of the page's width, whether it names somebody, whether it holds numbers."""

    code: str
    share: float = 20
    names: bool = False
    number: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """A ledger; ``spans`` is False for a register, which shows what is there now whatever days are asked for."""

    name: str
    columns: tuple[Column, ...]
    spans: bool = True

    @property
    def has_names(self) -> bool:
        """Whether a column names somebody."""
        return any(column.names for column in self.columns)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a ledger: both days included, names or not, rows of these stores only."""

    first: str
    last: str
    names: bool
    stores: tuple[str, ...] | None

    def where(self, table: str, day: str = "business_date") -> tuple[str, list[str]]:
        """The condition on the rows of ``table`` that count, with its parameters."""
        text, parameters = f"{table}.{day} BETWEEN ? AND ? AND {table}.void_reason IS NULL", [self.first, self.last]
        return self._of_stores(table, text, parameters)

    def standing(self, table: str) -> tuple[str, list[str]]:
        """The same for a register, whatever the day."""
        return self._of_stores(table, f"{table}.void_reason IS NULL", [])

    def _of_stores(self, table: str, text: str, parameters: list[str]) -> tuple[str, list[str]]:
        if self.stores is None:
            return text, parameters
        return f"{text} AND {table}.store_id IN ({', '.join('?' * len(self.stores))})", [*parameters, *self.stores]


Read = Callable[[Database, Asked], list[Line]]
_KEPT: dict[str, tuple[Ledger, Read]] = {}


def _ledger(name: str, *columns: Column, spans: bool = True) -> Callable[[Read], Read]:
    """Put a ledger and the function that reads it on the list, in the order of DOMAIN.md."""

    def keep(read: Read) -> Read:
        _KEPT[name] = (Ledger(name, columns, spans), read)
        return read

    return keep


def all_ledgers() -> list[Ledger]:
    """Every ledger there is."""
    return [ledger for ledger, _read in _KEPT.values()]


def get(name: str) -> Ledger:
    """A ledger by its name; UserMistake for another."""
    if name not in _KEPT:
        raise UserMistake("ledgers.unknown", name=name[:40])
    return _KEPT[name][0]


def lines(
    db: Database, name: str, first: str, last: str, *, names: bool = False, stores: Sequence[str] | None = None
) -> list[Line]:
    """The lines of a ledger from ``first`` to ``last`` (business dates, both included), in order of time.

    Raises UserMistake for an unknown ledger or days that are none; with ``names`` Refused to who may not see people.
    """
    ledger, read = _KEPT[get(name).name]
    days_of(first, last)
    if names and ledger.has_names:
        db.require_sight("ledger")
    return read(db, Asked(first, last, names, None if stores is None else tuple(stores)))


NO, DAY, TIME, KEEPER, NOTE = Column("no", 9, number=True), Column("date", 19), Column("time", 12), Column("keeper", 18), Column("note", 26)
QUANTITY = Column("quantity", 15, number=True)


# --- visits and supplies -------------------------------------------------------------------------------------------------


@_ledger(
    "visits", NO, DAY, TIME, Column("occupation", 20), Column("platform", 20), Column("name", 20, names=True),
    Column("badge", 16, names=True), Column("phone", 24, names=True), Column("services", 38), Column("person_times", 19, number=True),
    Column("recorded", 16), KEEPER, NOTE,
)  # fmt: skip
def _visits(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("v")
    rows = db.rows(
        "SELECT v.*, p.platform, k.name AS keeper,"
        " (SELECT group_concat(amenity) FROM amenity_use WHERE visit_id = v.id AND void_reason IS NULL) AS used"
        " FROM visit v LEFT JOIN person p ON p.id = v.person_id LEFT JOIN keeper k ON k.id = v.keeper_id"
        f" WHERE {where} ORDER BY v.business_date, v.time, v.id",
        parameters,
    )
    who = _people(db, rows, asked)
    found: list[Line] = []
    for number, row in enumerate(rows, 1):
        used = set((row["used"] or "").split(","))
        found.append(
            (number, row["business_date"], row["time"][11:16], Occupation(row["occupation"]), row["platform"],
             *_named(who, row["person_id"]), tuple(one for one in Amenity if one.value in used), row["person_times"],
             Recorded(row["recorded"]), row["keeper"], None)
        )  # fmt: skip
    return found


@_ledger(
    "stock_in", DAY, Column("item", 32), Column("spec", 18), Column("unit", 10), QUANTITY, Column("source_kind", 16),
    Column("source", 30), Column("lot", 22), Column("expiry", 20), Column("place", 18), KEEPER,
)  # fmt: skip
def _stock_in(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("m")
    kinds = ", ".join(f"'{kind.value}'" for kind in supplies.RECEIVED)
    rows = db.rows(
        "SELECT m.*, i.name, i.unit, i.spec, i.place, k.name AS keeper FROM movement m JOIN item i ON i.id = m.item_id"
        f" LEFT JOIN keeper k ON k.id = m.keeper_id WHERE {where} AND m.kind IN ({kinds}) ORDER BY m.time, m.id",
        parameters,
    )
    return [
        (row["business_date"], row["name"], row["spec"], row["unit"], row["delta"], MovementKind(row["kind"]),
         None if _is_id(row["source"]) else row["source"], row["lot"], row["expiry"], row["place"], row["keeper"])
        for row in rows
    ]  # fmt: skip


def _is_id(text: str | None) -> bool:
    """Whether a movement's source is the id of what it answers, which says nothing on paper."""
    return text is not None and len(text) == 36 and text.count("-") == 4


@_ledger(
    "handouts", DAY, TIME, Column("campaign", 24), Column("item", 30), QUANTITY, Column("unit", 10), Column("recipient", 26, names=True),
    Column("occupation", 20), KEEPER, Column("balance", 14, number=True), Column("flags", 20),
)  # fmt: skip
def _handouts(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("h")
    rows = db.rows(
        "SELECT h.*, i.name, i.unit, c.name AS campaign, k.name AS keeper FROM handout h JOIN item i ON i.id = h.item_id"
        " LEFT JOIN campaign c ON c.id = h.campaign_id LEFT JOIN keeper k ON k.id = h.keeper_id"
        f" WHERE {where} ORDER BY h.time, h.id",
        parameters,
    )
    left = _left_after(db, asked)
    who = _people(db, rows, asked)
    found: list[Line] = []
    for row in rows:
        name, badge, _phone = _named(who, row["person_id"])
        flags = " ".join(flag for flag in ("short", "already_given") if row[flag])
        found.append(
            (row["business_date"], row["time"][11:16], row["campaign"], row["name"], row["quantity"], row["unit"], name or badge,
             Occupation(row["occupation"]) if row["occupation"] else None, row["keeper"], left.get(row["id"]), flags)
        )  # fmt: skip
    return found


def _left_after(db: Database, asked: Asked) -> dict[str, int]:
    """What each handout of a span left of its supply: from the balance before the span on, in the order of time."""
    shelf, parameters = kept.before(asked.first)
    sums = db.rows(f"SELECT item_id, sum(n) AS n FROM {shelf} s GROUP BY 1", parameters)
    balance = {row["item_id"]: int(row["n"]) for row in sums}
    left: dict[str, int] = {}
    for row in db.rows(
        "SELECT m.item_id, m.delta, m.kind, m.handout_id FROM item i CROSS JOIN movement m ON m.item_id = i.id"
        " WHERE m.business_date BETWEEN ? AND ? AND m.void_reason IS NULL ORDER BY m.business_date, m.time, m.id",
        (asked.first, asked.last),
    ):
        balance[row["item_id"]] = balance.get(row["item_id"], 0) + row["delta"]
        if row["kind"] == MovementKind.HANDOUT:
            left[row["handout_id"]] = balance[row["item_id"]]
    return left


@_ledger(
    "stocktake", DAY, Column("item", 34), Column("unit", 12), Column("book", 16, number=True), Column("counted", 16, number=True),
    Column("difference", 16, number=True), Column("reason", 60), Column("first_name", 22), Column("second_name", 22),
)  # fmt: skip
def _stocktake(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("s")
    rows = db.rows(
        "SELECT s.*, i.name, i.unit, k.name AS keeper FROM stocktake s JOIN item i ON i.id = s.item_id"
        f" LEFT JOIN keeper k ON k.id = s.keeper_id WHERE {where} ORDER BY s.time, s.id",
        parameters,
    )
    return [
        (row["business_date"], row["name"], row["unit"], row["book"], row["counted"], row["counted"] - row["book"], row["reason"],
         row["keeper"], row["second_name"])
        for row in rows
    ]  # fmt: skip


# --- what stands in the house, and loans -----------------------------------------------------------------------------------


@_ledger(
    "equipment", Column("code", 16), Column("equipment", 32), Column("model", 26), Column("bought", 20), Column("source", 24),
    Column("place", 24), Column("state", 22), Column("last_check", 20), Column("next_check", 20), NOTE, spans=False,
)  # fmt: skip
def _equipment(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.standing("e")
    rows = db.rows(
        "SELECT e.*, c.business_date AS checked, c.next_check AS following, (SELECT state FROM repair WHERE equipment_id = e.id"
        " AND void_reason IS NULL AND state IN ('reported', 'under_way', 'done') ORDER BY time, id LIMIT 1) AS repairing FROM equipment e"
        " LEFT JOIN equipment_check c ON c.id = (SELECT id FROM equipment_check WHERE equipment_id = e.id AND void_reason IS NULL"
        f" ORDER BY time DESC, id DESC LIMIT 1) WHERE {where} AND e.active = 1 ORDER BY e.code, e.id",
        parameters,
    )
    return [
        (row["code"], row["name"], row["model"], row["bought"], row["source"], row["place"],
         RepairState(row["repairing"]) if row["repairing"] else "in_use", row["checked"], row["following"] or row["next_check"],
         row["note"])
        for row in rows
    ]  # fmt: skip


@_ledger(
    "repairs", DAY, Column("equipment", 26), Column("fault", 44), Column("reported_by", 18), Column("state", 18), Column("fixer", 24),
    Column("done", 20), Column("done_note", 36), Column("accepted_by", 18), Column("accepted", 20),
)  # fmt: skip
def _repairs(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("r")
    rows = db.rows(
        f"SELECT r.*, e.name FROM repair r JOIN equipment e ON e.id = r.equipment_id WHERE {where} ORDER BY r.time, r.id", parameters
    )
    return [
        (row["business_date"], row["name"], row["fault"], row["reported_by"], RepairState(row["state"]), row["fixer"],
         (row["done"] or "")[:10], row["done_note"], row["accepted_by"], (row["accepted"] or "")[:10])
        for row in rows
    ]  # fmt: skip


@_ledger(
    "loans", Column("asset", 26), Column("out", 28), QUANTITY, Column("to", 26, names=True), Column("occupation", 20), Column("due", 28),
    Column("back", 28), Column("condition", 24), Column("deposit", 16, number=True), KEEPER, NOTE,
)  # fmt: skip
def _loans(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("l")
    rows = db.rows(
        "SELECT l.*, a.name, a.number, k.name AS keeper FROM loan l JOIN asset a ON a.id = l.asset_id"
        f" LEFT JOIN keeper k ON k.id = l.keeper_id WHERE {where} ORDER BY l.time, l.id",
        parameters,
    )
    ends: dict[str, list[Row]] = {}
    for end in db.rows(
        "SELECT e.* FROM loan l JOIN loan_end e ON e.loan_id = l.id AND e.void_reason IS NULL"
        f" WHERE {where} ORDER BY e.time, e.id",
        parameters,
    ):
        ends.setdefault(end["loan_id"], []).append(end)
    who = _people(db, rows, asked)
    found: list[Line] = []
    for row in rows:
        name, badge, _phone = _named(who, row["person_id"])
        told = ends.get(row["id"], [])
        whole = sum(end["quantity"] for end in told) >= row["quantity"]
        title = f"{row['name']} {row['number']:02d}" if row["number"] else row["name"]
        outcomes = tuple(one for one in LoanOutcome if any(end["outcome"] == one.value for end in told))
        notes = " ".join(text for text in (row["note"], *(end["note"] for end in told)) if text)
        found.append(
            (title, row["time"], row["quantity"], name or badge, Occupation(row["occupation"]) if row["occupation"] else None, row["due"],
             told[-1]["time"] if told and whole else None, outcomes, row["deposit"], row["keeper"], notes)
        )  # fmt: skip
    return found


@_ledger(
    "first_aid", DAY, Column("medicine", 36), Column("lot", 24), Column("expiry", 20), QUANTITY, Column("unit", 12),
    Column("checked_by", 22), Column("action", 20), Column("note", 50),
)  # fmt: skip
def _first_aid(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("c")
    rows = db.rows(
        "SELECT c.*, m.name, m.unit, k.name AS keeper FROM medicine_check c JOIN medicine m ON m.id = c.medicine_id"
        f" LEFT JOIN keeper k ON k.id = c.keeper_id WHERE {where} ORDER BY c.time, m.rank, c.id",
        parameters,
    )
    return [
        (row["business_date"], row["name"], row["lot"], row["expiry"], row["quantity"], row["unit"], row["keeper"],
         BoxAction(row["action"]), row["note"])
        for row in rows
    ]  # fmt: skip


# --- the days of the desk --------------------------------------------------------------------------------------------------


@_ledger(
    "safety", DAY, TIME, Column("points", 70), Column("result", 18), Column("exceptions", 46), Column("action", 46), Column("keeper", 20),
    Column("second_name", 20),
)  # fmt: skip
def _safety(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("c")
    rows = db.rows(
        f"SELECT c.*, k.name AS keeper FROM house_check c LEFT JOIN keeper k ON k.id = c.keeper_id"
        f" WHERE {where} ORDER BY c.time, c.id",
        parameters,
    )
    return [
        (row["business_date"], row["time"][11:16], row["points"], "well" if row["all_well"] else "not_well", row["exceptions"],
         row["action"], row["keeper"], row["second_name"])
        for row in rows
    ]  # fmt: skip


@_ledger(
    "duty", DAY, Column("shift", 20), Column("weather", 20), Column("opened", 12), Column("closed", 12),
    Column("person_times", 15, number=True), Column("events", 80), Column("matters", 60), Column("handed_by", 18), Column("handed_to", 18),
)  # fmt: skip
def _duty(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("d")
    rows = db.rows(f"SELECT d.* FROM duty_log d WHERE {where} ORDER BY d.business_date, d.id", parameters)
    return [
        (row["business_date"], row["shift_name"], row["weather"], (row["opened"] or "")[11:16], (row["closed"] or "")[11:16],
         row["person_times"], row["events"], row["matters"], row["handed_by"], row["handed_to"])
        for row in rows
    ]  # fmt: skip


# --- boxes and requests ------------------------------------------------------------------------------------------------------


@_ledger(
    "box_openings", DAY, TIME, Column("box", 24), Column("opener", 24), Column("second_opener", 24), Column("slips", 14, number=True),
    Column("first_number", 30), Column("last_number", 30), Column("note", 50),
)  # fmt: skip
def _box_openings(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("b")
    rows = db.rows(f"SELECT b.* FROM box_opening b WHERE {where} ORDER BY b.time, b.id", parameters)
    return [
        (row["business_date"], row["time"][11:16], Channel(row["box"]), row["first_name"], row["second_name"], row["slips"],
         row["first_number"], row["last_number"], row["note"])
        for row in rows
    ]  # fmt: skip


@_ledger(
    "requests", Column("number", 35), Column("channel", 18), Column("asked_at", 24), Column("who", 15, names=True),
    Column("phone", 28, names=True), Column("category", 20), Column("request_kind", 20), Column("text", 36), Column("urgency", 20),
    Column("responsible", 20), Column("transferred", 26), Column("due", 24), Column("steps", 34), Column("ended", 26),
    Column("verdict", 22),
)  # fmt: skip
def _requests(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("r")
    rows = db.rows(f"{requests.REQUEST} WHERE {where} ORDER BY r.time, r.id", parameters)
    who = _people(db, rows, asked)
    found: list[Line] = []
    for row in rows:
        one = requests.get(db, row["id"])
        name, _badge, phone = _named(who, one.person_id)
        handed = [step for step in one.steps if step.state is RequestState.TRANSFERRED]
        closed = [step.time for step in one.steps if step.state is RequestState.CLOSED]
        found.append(
            (one.number, one.channel, one.time, name, (phone or one.contact) if asked.names else None, one.category, one.kind,
             one.text if asked.names or db.sees_people else None, one.urgency, handed[-1].unit if handed else None,
             handed[-1].time[:10] if handed else None, one.due, tuple(step.state for step in one.steps),
             closed[-1][:10] if closed and one.state is RequestState.CLOSED else None, one.verdict)
        )  # fmt: skip
    return found


@_ledger(
    "clues", Column("number", 26), Column("asked_at", 26), Column("place", 26), Column("grid", 18), Column("category", 20),
    Column("text", 60), Column("pictures", 12, number=True), Column("who", 18, names=True), Column("responsible", 24),
    Column("adopted", 20), Column("ended", 18), Column("verdict", 20),
)  # fmt: skip
def _clues(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("r")
    rows = db.rows(
        f"{requests.REQUEST} WHERE {where} AND r.channel = ? ORDER BY r.time, r.id", [*parameters, Channel.SNAP.value]
    )
    who = _people(db, rows, asked)
    pictures = {
        row["subject_id"]: row["n"]
        for row in db.rows("SELECT subject_id, count(*) AS n FROM attachment WHERE void_reason IS NULL GROUP BY subject_id")
    }
    found: list[Line] = []
    for row in rows:
        one = requests.get(db, row["id"])
        name, _badge, _phone = _named(who, one.person_id)
        days = {step.state: step.time[:10] for step in one.steps}
        units = [step.unit for step in one.steps if step.state is RequestState.TRANSFERRED]
        found.append(
            (one.number, one.time, one.place, one.grid, one.category, one.text if asked.names or db.sees_people else None,
             pictures.get(one.id, 0), name, units[-1] if units else None, days.get(RequestState.ACCEPTED),
             days.get(RequestState.CLOSED) if one.state is RequestState.CLOSED else None, one.verdict)
        )  # fmt: skip
    return found


# --- what nobody planned -----------------------------------------------------------------------------------------------------


@_ledger(
    "lost_property", NO, DAY, Column("thing", 40), Column("place", 26), Column("keeper", 20), Column("kept_in", 24), Column("state", 20),
    Column("ended", 20), Column("claimant", 28), Column("ended_by", 20), NOTE,
)  # fmt: skip
def _lost_property(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("l")
    rows = db.rows(
        f"SELECT l.*, k.name AS keeper FROM lost_item l LEFT JOIN keeper k ON k.id = l.keeper_id"
        f" WHERE {where} ORDER BY l.time, l.id",
        parameters,
    )
    return [
        (row["number"], row["business_date"], row["thing"], row["place"], row["keeper"], row["kept_in"], LostState(row["state"]),
         (row["ended"] or "")[:10], None, row["ended_by"], row["note"])
        for row in rows
    ]  # fmt: skip


@_ledger(
    "emergencies", DAY, TIME, Column("emergency_kind", 22), Column("called", 20), Column("place", 30), Column("what", 100),
    Column("ended", 26), KEEPER,
)  # fmt: skip
def _emergencies(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("e")
    rows = db.rows(
        f"SELECT e.*, k.name AS keeper FROM emergency e LEFT JOIN keeper k ON k.id = e.keeper_id"
        f" WHERE {where} ORDER BY e.time, e.id",
        parameters,
    )
    return [
        (row["business_date"], row["time"][11:16], EmergencyKind(row["kind"]), row["called"], row["place"], row["note"], row["ended"],
         row["keeper"])
        for row in rows
    ]  # fmt: skip


@_ledger("handovers", DAY, TIME, Column("handed_by", 24), Column("handed_to", 24), Column("matters", 110), Column("note", 60))
def _handovers(db: Database, asked: Asked) -> list[Line]:
    where, parameters = asked.where("h")
    rows = db.rows(f"SELECT h.* FROM handover h WHERE {where} ORDER BY h.time, h.id", parameters)
    return [
        (row["business_date"], row["time"][11:16], row["from_name"], row["to_name"], row["matters"], row["note"]) for row in rows
    ]


# --- who it was --------------------------------------------------------------------------------------------------------------


def _people(db: Database, rows: Sequence[Row], asked: Asked) -> Mapping[str, Person]:
    """The people of these rows; nobody unless names were asked for."""
    ids = sorted({row["person_id"] for row in rows if row["person_id"]}) if asked.names else []
    return {one.id: one for start in range(0, len(ids), CHUNK) for one in people.several(db, ids[start : start + CHUNK])}


def _named(who: Mapping[str, Person], person_id: str | None) -> tuple[Cell, Cell, Cell]:
    """Name, card number and phone of a row's person."""
    one = who.get(person_id or "")
    return (one.name, one.card_number, one.phone) if one is not None else (None, None, None)
