"""The district's own books: what its desk asks of the merged ledgers, calls, closed months, allocations, notices."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..db import Database, Row, Tx
from ..model import Keeper, Role
from ..services.aliases import meant
from ..services.requests import REQUEST

# --- who works here -----------------------------------------------------------------------------------------------------


def officers(db: Database) -> list[Keeper]:
    """Who works at the district; the keepers of stations stand in the same ledger."""
    rows = db.rows(
        "SELECT * FROM keeper WHERE active = 1 AND void_reason IS NULL"
        " AND store_id NOT IN (SELECT store_id FROM store) ORDER BY name"
    )
    return [Keeper(row["id"], row["name"], Role(row["role"])) for row in rows]


def last_undoable(db: Database, kept: Sequence[str]) -> str | None:
    """The newest operation recorded today that changed a ledger, was not taken back and is none of ``kept`` (kinds)."""
    marks = ", ".join("?" * len(kept))
    found: str | None = db.scalar(
        "SELECT o.id FROM operation o WHERE o.sequence > (SELECT max(sequence) FROM operation) - 150"
        f" AND substr(o.recorded, 1, 10) = ? AND o.op NOT IN ({marks})"
        " AND EXISTS(SELECT 1 FROM change WHERE operation = o.sequence)"
        " AND NOT EXISTS(SELECT 1 FROM operation u WHERE u.undoes = o.id) ORDER BY o.sequence DESC LIMIT 1",
        (db.stamp().business_date, *kept),
    )
    return found


def operation(db: Database, operation_id: str) -> Row:
    """One operation of this store's log; LookupError for none."""
    row = db.one("SELECT * FROM operation WHERE id = ?", (operation_id,))
    if row is None:
        raise LookupError(operation_id)
    return row


def count_stations(db: Database) -> int:
    """How many stations may send."""
    return int(db.scalar("SELECT count(*) FROM enrolled WHERE revoked IS NULL"))


# --- stations at a glance -----------------------------------------------------------------------------------------------


def _by_station(db: Database, sql: str, parameters: Sequence[object] = ()) -> dict[str, int]:
    return {row["station_id"]: row["n"] for row in db.rows(sql, list(parameters))}


def person_times(db: Database, first: str, last: str) -> dict[str, int]:
    """Person-times of a span by station id."""
    return _by_station(
        db,
        "SELECT s.station_id, sum(v.n) AS n FROM (SELECT store_id, sum(person_times) AS n FROM visit"
        " WHERE business_date BETWEEN ? AND ? AND void_reason IS NULL GROUP BY store_id) v"
        " JOIN store s ON s.store_id = v.store_id GROUP BY 1",
        (first, last),
    )


def month_sums(db: Database, first: str, last: str) -> tuple[int, int, int]:
    """(stations open, person-times, open days of each station added up) of a span over all stations."""
    row = db.one(
        "SELECT count(DISTINCT station_id) AS stations, coalesce(sum(n), 0) AS times, count(*) AS days FROM"
        " (SELECT s.station_id, v.business_date, sum(v.n) AS n FROM (SELECT store_id, business_date, sum(person_times) AS n FROM visit"
        " WHERE business_date BETWEEN :first AND :last AND void_reason IS NULL GROUP BY 1, 2"
        " UNION ALL SELECT store_id, business_date, 0 FROM station_day"
        " WHERE business_date BETWEEN :first AND :last AND void_reason IS NULL AND opened IS NOT NULL) v"
        " JOIN store s ON s.store_id = v.store_id GROUP BY 1, 2)",
        {"first": first, "last": last},
    )
    return (row["stations"], row["times"], row["days"]) if row is not None else (0, 0, 0)


def newest_day(db: Database, stores: Sequence[str]) -> str:
    """The newest local day that these stores told anything of, today at the latest (a clock may stand ahead); "" for none."""
    marks = ", ".join("?" * len(stores))
    today = db.stamp().business_date
    found = db.scalar(
        f"SELECT max(d) FROM (SELECT max(business_date) AS d FROM visit WHERE store_id IN ({marks}) AND business_date <= ?"
        f" UNION ALL SELECT max(business_date) FROM station_day WHERE store_id IN ({marks}) AND business_date <= ?)",
        [*stores, today, *stores, today],
    )
    return found or ""


def count_intakes(db: Database) -> int:
    """How many files were taken in."""
    return int(db.scalar("SELECT count(*) FROM intake"))


def unanswered(db: Database, now: str) -> tuple[dict[str, int], int]:
    """Requests that wait for the district's answer, by station id; how many of all are past their time (``now`` is ISO 8601)."""
    rows = db.rows(
        f"SELECT s.station_id, count(*) AS n, sum(julianday(q.due) < julianday(?)) AS late"
        f" FROM ({REQUEST} WHERE r.void_reason IS NULL) q JOIN store s ON s.store_id = q.store_id"
        " WHERE q.state IN ('recorded', 'accepted', 'transferred', 'reopened') GROUP BY 1",
        (now,),
    )
    return {row["station_id"]: row["n"] for row in rows}, sum(row["late"] for row in rows)


def turned_down_counts(db: Database) -> dict[str, int]:
    """How many rows of each station were not taken."""
    return _by_station(db, "SELECT station_id, count(*) AS n FROM turned_down GROUP BY 1")


def turned_down_reasons(db: Database, station_id: str) -> list[Row]:
    """(table, reason, n) of what was not taken from a station, the most first."""
    return db.rows(
        "SELECT table_name, reason, count(*) AS n FROM turned_down WHERE station_id = ? GROUP BY 1, 2 ORDER BY 3 DESC, 1",
        (station_id,),
    )


def intakes(db: Database, station_id: str, limit: int) -> list[Row]:
    """The batches taken in from a station, the newest first: no, store_id, closed, taken_in, row_count, agrees."""
    return db.rows(
        "SELECT hash, no, store_id, closed, taken_in, row_count, agrees FROM intake WHERE station_id = ?"
        " ORDER BY closed DESC, no DESC LIMIT ?",
        (station_id, limit),
    )


def months(db: Database) -> list[str]:
    """The months (YYYY-MM) in which anybody came, the newest first."""
    first = db.scalar("SELECT min(business_date) FROM visit")
    last = db.scalar("SELECT max(business_date) FROM visit")
    if first is None:
        return []
    year, month = int(last[:4]), int(last[5:7])
    found: list[str] = []
    while (text := f"{year:04d}-{month:02d}") >= first[:7] and len(found) < 240:
        found.append(text)
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found


# --- requests -----------------------------------------------------------------------------------------------------------


def requests_with_station(db: Database, limit: int) -> list[Row]:
    """Requests of all stations, the newest first, each with the code and name of its station."""
    return db.rows(
        "SELECT q.*, e.code AS station_code, e.name AS station_name, (SELECT unit FROM request_step WHERE request_id = q.id"
        " AND void_reason IS NULL AND state = 'transferred' ORDER BY round DESC, time DESC, id DESC LIMIT 1) AS unit"
        f" FROM ({REQUEST} WHERE r.void_reason IS NULL) q"
        " JOIN store s ON s.store_id = q.store_id JOIN enrolled e ON e.station_id = s.station_id"
        " ORDER BY q.time DESC, q.id DESC LIMIT ?",
        (limit,),
    )


REPLY = (
    "(SELECT id FROM request_step WHERE request_id = r.id AND void_reason IS NULL AND state = 'replied' AND round ="
    " (SELECT max(round) FROM request_step WHERE request_id = r.id AND void_reason IS NULL) ORDER BY time DESC, id DESC LIMIT 1)"
)
"""The id of the answer of the present round of a request ``r``."""


def waiting_answers(db: Database) -> list[Row]:
    """The answers nobody was told yet, the newest first: one of the request itself, and one of every voice that joined it.

    id, number, category, kind, person_id, secret, text_sealed of the request; round, time, unit, note_sealed, step_id of the answer;
    station_name; voice_id ("" for the request itself, whose state is then "replied").
    """
    return db.rows(
        f"SELECT w.*, e.name AS station_name FROM (SELECT r.id, r.number, r.category, r.kind, {meant('r.person_id')} AS person_id,"
        " r.secret, r.text_sealed, r.store_id, a.round, a.time, a.unit, a.note_sealed, a.id AS step_id, '' AS voice_id"
        f" FROM ({REQUEST} WHERE r.void_reason IS NULL) r JOIN request_step a ON a.id = {REPLY} WHERE r.state = 'replied'"
        f" UNION ALL SELECT r.id, r.number, r.category, r.kind, {meant('v.person_id')}, r.secret, r.text_sealed, r.store_id, a.round,"
        " a.time, a.unit, a.note_sealed, a.id, v.id"
        f" FROM ({REQUEST} WHERE r.void_reason IS NULL) r JOIN request_step a ON a.id = {REPLY}"
        " JOIN request_voice v ON v.request_id = r.id AND v.void_reason IS NULL WHERE r.state IN ('replied', 'told', 'closed')"
        " AND NOT EXISTS(SELECT 1 FROM request_step t WHERE t.voice_id = v.id AND t.void_reason IS NULL AND t.state = 'told'"
        " AND t.round = a.round)) w JOIN store s ON s.store_id = w.store_id JOIN enrolled e ON e.station_id = s.station_id"
        " WHERE w.secret IS NOT NULL ORDER BY w.time DESC, w.step_id, w.voice_id"
    )


def badges_of_those_who_wait(db: Database) -> dict[str, list[str]]:
    """The digits of the badges in use of whoever has a request or joined one, by the person they mean, at whatever station made."""
    found: dict[str, list[str]] = {}
    for row in db.rows(
        f"SELECT {meant('b.person_id')} AS person_id, b.code FROM badge b WHERE b.void_reason IS NULL AND b.state = 'active'"
        f" AND {meant('b.person_id')} IN (SELECT {meant('r.person_id')} FROM request r WHERE r.person_id IS NOT NULL"
        f" UNION SELECT {meant('v.person_id')} FROM request_voice v WHERE v.person_id IS NOT NULL) ORDER BY b.id"
    ):
        found.setdefault(row["person_id"], []).append(row["code"])
    return found


def under(db: Database, request_id: str) -> list[str]:
    """The requests that are dealt with under this one, by id."""
    rows = db.rows("SELECT request_id FROM same_matter WHERE main_id = ? ORDER BY time, request_id", (request_id,))
    return [row["request_id"] for row in rows]


# --- calls --------------------------------------------------------------------------------------------------------------


def keep_call(tx: Tx, call_id: str, station_id: str, note: str) -> None:
    """Note that a station was called."""
    tx.run(
        "INSERT INTO called(id, station_id, time, keeper_id, note) VALUES(?, ?, ?, ?, ?)",
        (call_id, station_id, tx.stamp.time, tx.db.acting, note),
    )


def drop_call(tx: Tx, call_id: str) -> int:
    """Take a note of a call away; returns whether it was there."""
    return tx.run("DELETE FROM called WHERE id = ?", (call_id,))


def last_calls(db: Database) -> dict[str, Row]:
    """The newest call to each station by its id: time, note, who."""
    rows = db.rows(
        "SELECT c.station_id, c.time, c.note, k.name AS officer FROM called c LEFT JOIN keeper k ON k.id = c.keeper_id"
        " ORDER BY c.time, c.id"
    )
    return {row["station_id"]: row for row in rows}


# --- closed months ------------------------------------------------------------------------------------------------------


def keep_closing(tx: Tx, month: str, figures: Mapping[str, str]) -> None:
    """Freeze a month: figures as JSON by station id, "" for the whole district."""
    tx.run_many(
        "INSERT INTO closing(month, station_id, figures, closed, keeper_id) VALUES(?, ?, ?, ?, ?)",
        [(month, station_id, text, tx.stamp.time, tx.db.acting) for station_id, text in figures.items()],
    )


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed month: when (ISO 8601), by whom, and its figures (parsed JSON) by station id, "" for the whole district."""

    month: str
    time: str
    officer: str
    figures: Mapping[str, Mapping[str, object]]


def closing(db: Database, month: str) -> Closed | None:
    """A closed month, None while it is open."""
    rows = db.rows(
        "SELECT c.*, k.name AS officer FROM closing c LEFT JOIN keeper k ON k.id = c.keeper_id WHERE c.month = ?",
        (month,),
    )
    if not rows:
        return None
    return Closed(
        month,
        rows[0]["closed"],
        rows[0]["officer"] or "",
        {row["station_id"]: json.loads(row["figures"]) for row in rows},
    )


def closed_months(db: Database) -> list[str]:
    """The months that are closed, the newest first."""
    return [row["month"] for row in db.rows("SELECT DISTINCT month FROM closing ORDER BY 1 DESC")]


# --- supplies across stations ---------------------------------------------------------------------------------------------


def balances(db: Database) -> list[Row]:
    """What is on every station's shelf: station_id, name, unit, kind, low_level, n, the items of one name as one."""
    return db.rows(
        "SELECT s.station_id, i.name, i.unit, i.kind, max(i.low_level) AS low_level, sum(coalesce(m.n, 0)) AS n FROM item i"
        " JOIN store s ON s.store_id = i.store_id LEFT JOIN (SELECT item_id, sum(n) AS n FROM stock_sum"
        " WHERE span = 'all' GROUP BY item_id) m ON m.item_id = i.id"
        " WHERE i.void_reason IS NULL AND i.active = 1 GROUP BY 1, 2, 3, 4 ORDER BY 2, 1"
    )


def keep_allocation(
    tx: Tx, allocation_id: str, station_id: str, item: tuple[str, str, str], quantity: int, note: str
) -> None:
    """Promise a station ``quantity`` of an item (name, unit, kind)."""
    tx.run(
        "INSERT INTO allocation(id, station_id, time, item_name, unit, kind, quantity, note, keeper_id)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (allocation_id, station_id, tx.stamp.time, *item, quantity, note, tx.db.acting),
    )  # fmt: skip


def withdraw_allocation(tx: Tx, allocation_id: str) -> int:
    """Take a promise back that nobody received yet; returns whether there was one."""
    return tx.run(
        "UPDATE allocation SET withdrawn = ? WHERE id = ? AND withdrawn IS NULL AND NOT EXISTS(SELECT 1 FROM movement"
        " WHERE source = allocation.id AND void_reason IS NULL)",
        (tx.stamp.time, allocation_id),
    )


ALLOCATION = (
    "SELECT a.*, e.code, e.name, (SELECT min(m.time) FROM movement m JOIN store s ON s.store_id = m.store_id"
    " WHERE m.source = a.id AND m.void_reason IS NULL AND s.station_id = a.station_id) AS received"
    " FROM allocation a JOIN enrolled e ON e.station_id = a.station_id"
)


def allocations(db: Database, limit: int) -> list[Row]:
    """What was promised, the newest first, with the station's code and name and when it was received."""
    return db.rows(f"{ALLOCATION} ORDER BY a.time DESC, a.id DESC LIMIT ?", (limit,))


def open_allocations(db: Database, station_id: str) -> list[Row]:
    """What a station was promised and has not received, the oldest first."""
    return db.rows(
        f"SELECT * FROM ({ALLOCATION} WHERE a.station_id = ? AND a.withdrawn IS NULL) WHERE received IS NULL ORDER BY time, id",
        (station_id,),
    )


def on_their_way(db: Database) -> list[Row]:
    """What was promised and has neither come nor been taken back: station_id, item_name, unit, n."""
    return db.rows(
        f"SELECT station_id, item_name, unit, sum(quantity) AS n FROM ({ALLOCATION} WHERE a.withdrawn IS NULL) p"
        " WHERE received IS NULL GROUP BY 1, 2, 3"
    )


# --- notices --------------------------------------------------------------------------------------------------------------


def keep_notice(tx: Tx, notice_id: str, title: str, text: str, until: str, station_id: str | None) -> None:
    """A word to one station, or to all (None)."""
    tx.run(
        "INSERT INTO notice(id, time, title, text, until, station_id, keeper_id) VALUES(?, ?, ?, ?, ?, ?, ?)",
        (notice_id, tx.stamp.time, title, text, until, station_id, tx.db.acting),
    )


def withdraw_notice(tx: Tx, notice_id: str) -> int:
    """Say it no more; returns whether it was being said."""
    return tx.run("UPDATE notice SET withdrawn = ? WHERE id = ? AND withdrawn IS NULL", (tx.stamp.time, notice_id))


def notices(db: Database, limit: int) -> list[Row]:
    """What was said, the newest first, with the station's name where it went to one alone."""
    return db.rows(
        "SELECT n.*, e.name FROM notice n LEFT JOIN enrolled e ON e.station_id = n.station_id ORDER BY n.time DESC, n.id DESC LIMIT ?",
        (limit,),
    )


def notices_for(db: Database, station_id: str, today: str) -> list[Row]:
    """What a station is still to be told."""
    return db.rows(
        "SELECT * FROM notice WHERE withdrawn IS NULL AND until >= ? AND (station_id IS NULL OR station_id = ?) ORDER BY time, id",
        (today, station_id),
    )


# --- rules ----------------------------------------------------------------------------------------------------------------


def officer(db: Database) -> str:
    """The name of whoever is at work, "" for nobody."""
    return str(db.scalar("SELECT name FROM keeper WHERE id = ?", (db.acting,)) or "")


def rule_draft(db: Database, kind: str) -> Row | None:
    """The draft of a kind of rules: starts_on, note, body, saved, officer."""
    return db.one("SELECT d.*, k.name AS officer FROM rule_draft d LEFT JOIN keeper k ON k.id = d.keeper_id WHERE d.kind = ?", (kind,))


def keep_rule_draft(tx: Tx, kind: str, starts_on: str, note: str, body: str) -> None:
    """Keep a draft in the place of the one before."""
    tx.run(
        "INSERT INTO rule_draft(kind, starts_on, note, body, saved, keeper_id) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(kind) DO UPDATE"
        " SET starts_on = excluded.starts_on, note = excluded.note, body = excluded.body, saved = excluded.saved,"
        " keeper_id = excluded.keeper_id",
        (kind, starts_on, note, body, tx.stamp.time, tx.db.acting),
    )


def drop_rule_draft(tx: Tx, kind: str) -> int:
    """Put a draft away; returns whether there was one."""
    return tx.run("DELETE FROM rule_draft WHERE kind = ?", (kind,))


def rules_held(db: Database, kind: str) -> list[Row]:
    """The version of a kind that each station's newest word tells of: station_id, epoch, no, set_id, closed."""
    return db.rows(
        "SELECT s.station_id, r.epoch, r.no, r.set_id, max(r.closed) AS closed FROM rule_held r JOIN store s ON s.store_id = r.store_id"
        " JOIN enrolled e ON e.station_id = s.station_id WHERE r.kind = ? AND e.revoked IS NULL GROUP BY s.station_id",
        (kind,),
    )


def rules_told(db: Database, kind: str) -> list[Row]:
    """Every version of a kind that any store of a station told to be its newest: epoch, no, set_id."""
    return db.rows("SELECT DISTINCT epoch, no, set_id FROM rule_held WHERE kind = ?", (kind,))


def keep_rules_held(tx: Tx, store_id: str, closed: str, held: Sequence[tuple[str, int, int, str]]) -> None:
    """What a batch of a store, closed at a time, says of the versions it goes by: (kind, epoch, no, id); an older word changes nothing."""
    tx.run_many(
        "INSERT INTO rule_held(store_id, kind, epoch, no, set_id, closed) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET epoch = excluded.epoch, no = excluded.no, set_id = excluded.set_id, closed = excluded.closed"
        " WHERE (excluded.epoch, excluded.no, excluded.set_id) >= (epoch, no, set_id)",
        [(store_id, kind, epoch, no, set_id, closed) for kind, epoch, no, set_id in held],
    )
