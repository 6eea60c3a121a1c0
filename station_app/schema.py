"""The tables of a station and of a district, one migration a function; frozen once released, calling no live code.

A **ledger** table crosses to the district: it has ``id`` (UUIDv7, made here), ``version``, ``store_id`` and ``void_reason``
(NULL while it counts), and its rows have the same columns at the station, in the batch and at the district, so one plain
query serves all three. Columns that end in ``_sealed`` hold personal content as ciphertext under the key of ``subject_id``
or of the row itself (DECISIONS.md 1); nothing else in a ledger table is personal. ``time`` is ISO 8601 with offset,
``business_date`` the station's local day, ``hour`` its local hour. Booleans are 0 or 1.

A **local** table never leaves the house. Everything derived (search) can be rebuilt from the ledgers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite_utils

Migration = Callable[["sqlite_utils.Database"], None]
Ledger = Callable[[str, dict[str, type], set[str]], None]
Index = Callable[..., None]

HOUSE: tuple[str, ...] = (
    "asset", "asset_move", "loan", "loan_end", "equipment", "equipment_check", "repair", "medicine", "medicine_check", "check_point",
    "house_check", "closed_day", "handover", "duty_log", "emergency", "lost_item",
    "feedback",
)  # fmt: skip
"""Loans, what stands in the house, the days of the desk."""

LEDGERS: tuple[str, ...] = (
    "station", "keeper", "shift", "station_day", "person", "identity", "badge", "visit", "amenity_use", "item", "item_photo",
    "kit_part", "campaign", "campaign_item", "quota", "assembly", "transfer", "movement", "handout", "refusal", "stocktake",
    "supply_order", "box_opening", "request", "request_voice", "request_step", "attachment", *HOUSE, "erasure", "person_merge",
    "companion",
)  # fmt: skip
"""The tables that cross, parents before children."""


# --- version 1: the desk day (0.1.0) -------------------------------------------------------------------------------------


def _ledger(db: sqlite_utils.Database, name: str, columns: dict[str, type], required: set[str]) -> None:
    db.table(name).create(
        {"id": str, "version": int, "store_id": str, **columns, "void_reason": str},
        pk="id",
        not_null={"version", "store_id", *required},
        strict=True,
    )


def _index(db: sqlite_utils.Database, name: str, columns: str, where: str = "") -> None:
    short = columns.replace(", ", "_")
    db.execute(f"CREATE INDEX {name}_{short} ON {name}({columns}) {where}")


_DAY: dict[str, type] = {"time": str, "business_date": str}


def _supplies_1(db: sqlite_utils.Database) -> None:
    """Items and kits, rules and campaigns, everything that moved, was given, refused, counted, ordered."""
    ledger, index, day = partial(_ledger, db), partial(_index, db), _DAY
    ledger(
        "item",
        {
            "name": str, "unit": str, "kind": str, "rank": int, "low_level": int, "alcohol": int, "first_month": int,
            "last_month": int, "active": int, "medicine": int, "barcode": str, "spec": str, "place": str,
            "collect": int,
        },
        {"name", "unit", "kind", "rank", "low_level", "alcohol", "first_month", "last_month", "active"},
    )  # fmt: skip
    ledger("item_photo", {"jpeg": str}, {"jpeg"})  # same id as its item; base64
    ledger("kit_part", {"kit_id": str, "item_id": str, "quantity": int}, {"kit_id", "item_id", "quantity"})
    # most: of all handouts here; each: of one recipient; code is alike at every station of one campaign
    ledger(
        "campaign",
        {
            "code": str, "name": str, "starts_on": str, "ends_on": str, "most": int, "each": int, "badge_only": int,
            "origin": str, "active": int, "note": str,
        },
        {"code", "name", "starts_on", "ends_on", "each", "badge_only", "origin", "active"},
    )  # fmt: skip
    ledger("campaign_item", {"campaign_id": str, "item_id": str, "quantity": int}, {"campaign_id", "item_id", "quantity"})
    # about one item, several (ids between spaces), a kind, or everything; most of each span; conditions that are NULL always hold
    ledger(
        "quota",
        {
            "item_id": str, "items": str, "item_kind": str, "measure": str, "who": str, "span": str, "hours": int, "most": int,
            "occupations": str, "first_month": int, "last_month": int, "level": str, "role": str, "campaign_id": str,
            "starts_on": str, "ends_on": str, "name": str, "active": int,
        },
        {"measure", "who", "span", "most", "active"},
    )  # fmt: skip
    # parts spells what one kit was made of then: "<item> <number>", one a line
    ledger(
        "assembly",
        {**day, "kit_id": str, "quantity": int, "parts": str, "keeper_id": str},
        {"time", "business_date", "kit_id", "quantity", "parts"},
    )
    ledger(
        "transfer",
        {
            **day, "number": str, "direction": str, "partner": str, "item_id": str, "item_name": str, "unit": str, "quantity": int,
            "note": str, "keeper_id": str,
        },
        {"time", "business_date", "number", "direction", "partner", "item_id", "item_name", "unit", "quantity"},
    )  # fmt: skip
    ledger(
        "movement",
        {
            **day, "item_id": str, "delta": int, "kind": str, "lot": str, "expiry": str, "handout_id": str, "source": str,
            "keeper_id": str, "assembly_id": str, "transfer_id": str, "stocktake_id": str,
        },
        {"time", "business_date", "item_id", "delta", "kind"},
    )  # fmt: skip
    ledger(
        "handout",
        {
            **day, "item_id": str, "quantity": int, "person_id": str, "visit_id": str, "occupation": str, "short": int,
            "already_given": int, "keeper_id": str, "household_id": str, "campaign_id": str,
            "collected_by": str,
        },
        {"time", "business_date", "item_id", "quantity", "short", "already_given"},
    )  # fmt: skip
    ledger(
        "refusal",
        {
            **day, "item_id": str, "person_id": str, "rule": str, "last": str, "next": str, "overridden": int, "keeper_id": str,
            "quota_id": str, "quota_version": int, "quantity": int, "reason": str, "campaign_id": str, "handout_id": str,
        },
        {"time", "business_date", "rule", "overridden"},
    )  # fmt: skip
    ledger(
        "stocktake",
        {**day, "item_id": str, "book": int, "counted": int, "reason": str, "keeper_id": str, "second_name": str},
        {"time", "business_date", "item_id", "book", "counted"},
    )
    # one line of an order slip; the lines of a slip share its number
    ledger(
        "supply_order",
        {
            **day, "number": str, "item_id": str, "quantity": int, "balance": int, "runs_out": str, "wanted_by": str, "note": str,
            "keeper_id": str,
        },
        {"time", "business_date", "number", "item_id", "quantity", "balance"},
    )  # fmt: skip

    index("handout", "business_date")
    index("handout", "item_id, business_date")
    index("handout", "person_id, item_id, business_date", "WHERE person_id IS NOT NULL")
    index("handout", "household_id, business_date", "WHERE household_id IS NOT NULL")
    index("handout", "campaign_id", "WHERE campaign_id IS NOT NULL")
    index("movement", "item_id, business_date")
    index("movement", "business_date")
    index("movement", "handout_id", "WHERE handout_id IS NOT NULL")
    index("movement", "assembly_id", "WHERE assembly_id IS NOT NULL")
    index("movement", "transfer_id", "WHERE transfer_id IS NOT NULL")
    index("movement", "stocktake_id", "WHERE stocktake_id IS NOT NULL")
    index("movement", "source", "WHERE source IS NOT NULL")  # what answers a promise of the district
    _stock_1(db)
    index("item", "barcode", "WHERE barcode IS NOT NULL")
    index("kit_part", "kit_id")
    index("campaign", "active, starts_on")
    index("campaign_item", "campaign_id")
    index("quota", "active, item_id")
    index("stocktake", "item_id, business_date")
    index("transfer", "number")
    index("assembly", "kit_id")
    index("supply_order", "number")
    index("refusal", "business_date")


def _stock_1(db: sqlite_utils.Database) -> None:
    """Local: what movements add up to by lot, altogether, by year and by month, kept by the database with each of them.

    The shelf is looked at with every scan and for any past day: neither may cost more with every year. ``since`` is the year or month
    ("" for all); what adds up to nothing has no row.
    """
    db.execute(
        "CREATE TABLE stock_sum(span TEXT NOT NULL, since TEXT NOT NULL, item_id TEXT NOT NULL, expiry TEXT NOT NULL, lot TEXT NOT NULL,"
        " store_id TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(span, since, item_id, expiry, lot, store_id)) STRICT, WITHOUT ROWID"
    )
    spans = (("all", "''"), ("year", "substr({row}.business_date, 1, 4)"), ("month", "substr({row}.business_date, 1, 7)"))

    def counted(row: str, sign: str) -> str:
        lot = f"{row}.item_id, coalesce({row}.expiry, ''), coalesce({row}.lot, ''), {row}.store_id"
        sums = ", ".join(f"('{span}', {since.format(row=row)}, {lot}, {sign}{row}.delta)" for span, since in spans)
        return (
            f"INSERT INTO stock_sum(span, since, item_id, expiry, lot, store_id, n) VALUES {sums}"
            " ON CONFLICT(span, since, item_id, expiry, lot, store_id) DO UPDATE SET n = n + excluded.n; "
        ) + " ".join(
            f"DELETE FROM stock_sum WHERE span = '{span}' AND since = {since.format(row=row)}"
            f" AND (item_id, expiry, lot, store_id) = ({lot}) AND n = 0;"
            for span, since in spans
        )

    events = (
        ("added", "INSERT", "NEW", ""), ("counted", "UPDATE", "NEW", ""), ("uncounted", "UPDATE", "OLD", "-"),
        ("removed", "DELETE", "OLD", "-"),
    )  # fmt: skip
    for name, event, row, sign in events:
        db.execute(
            f"CREATE TRIGGER movement_{name} AFTER {event} ON movement WHEN {row}.void_reason IS NULL BEGIN {counted(row, sign)} END"
        )


def _ledgers_1(db: sqlite_utils.Database) -> None:
    """The ledger tables of version 1, alike at station and district."""
    ledger, index, day = partial(_ledger, db), partial(_index, db), _DAY
    ledger(
        "station",
        {
            "code": str, "letter": str, "name": str, "district_code": str, "district_name": str, "opens": str,
            "closes": str, "zone": str, "phone": str, "sample": int,
        },
        {"code", "letter", "name", "district_code", "zone"},
    )  # fmt: skip
    ledger("keeper", {"name": str, "role": str, "active": int}, {"name", "role", "active"})
    ledger("shift", {**day, "keeper_id": str, "finished": str}, {"time", "business_date", "keeper_id"})
    ledger(
        "station_day",
        {
            "business_date": str, "opened": str, "closed": str, "opened_by": str, "closed_by": str, "all_well": int,
            "exceptions": str, "weather": str, "high": int, "low": int, "note": str,
        },
        {"business_date"},
    )  # fmt: skip
    ledger(
        "person",
        {"occupation": str, "platform": str, "consent": str, "notice_version": int, "registered_on": str},
        {"occupation", "consent", "registered_on"},
    )
    ledger("identity", {"name_sealed": str, "phone_sealed": str}, set())  # same id as its person
    ledger(
        "badge",
        {"person_id": str, "code": str, "card_number": str, "state": str, "issued": str},
        {"person_id", "code", "card_number", "state", "issued"},
    )
    ledger(
        "visit",
        {
            **day,
            "hour": int,
            "occupation": str,
            "person_times": int,
            "recorded": str,
            "person_id": str,
            "keeper_id": str,
        },
        {"time", "business_date", "hour", "occupation", "person_times", "recorded"},
    )
    ledger(
        "amenity_use",
        {**day, "amenity": str, "visit_id": str, "person_id": str, "keeper_id": str},
        {"time", "business_date", "amenity", "visit_id"},
    )
    _supplies_1(db)
    _requests_1(ledger, index)
    ledger(
        "erasure", {**day, "subject_id": str, "reason": str, "keeper_id": str}, {"time", "business_date", "subject_id"}
    )
    _loans_1(ledger, index)
    _left_1(db)
    _upkeep_1(ledger, index)
    _days_1(ledger, index)
    _feedback_1(ledger, index)

    # two records of one person: the merged one leads to the kept one, its rows stay; undone it is voided
    ledger(
        "person_merge",
        {**day, "kept_id": str, "merged_id": str, "reason": str, "keeper_id": str},
        {"time", "business_date", "kept_id", "merged_id"},
    )
    # those of one circle (a household, a team) may collect for one another where a supply's rule allows it
    ledger(
        "companion",
        {**day, "circle_id": str, "kind": str, "person_id": str, "keeper_id": str},
        {"time", "business_date", "circle_id", "kind", "person_id"},
    )

    index("visit", "business_date, time")
    index("visit", "person_id, business_date", "WHERE person_id IS NOT NULL")
    index("amenity_use", "business_date")
    index("amenity_use", "visit_id")
    index("badge", "code")
    index("badge", "card_number")
    index("badge", "person_id")
    index("shift", "business_date")
    index("person_merge", "kept_id")
    index("person_merge", "merged_id")
    index("companion", "person_id")
    index("companion", "circle_id")
    db.execute("CREATE UNIQUE INDEX station_day_once ON station_day(business_date, store_id)")

    # local, alike on both sides: small facts about this database, keys of subjects; the digest of each table's rows by
    # store, kept current by one addition or subtraction a row (at the station as of its last batch)
    db.table("digest").create(
        {"store_id": str, "table_name": str, "row_count": int, "total": str}, pk=("store_id", "table_name"),
        not_null={"row_count", "total"}, strict=True,
    )  # fmt: skip
    # two records that somebody looked at and found to be of two people; and
    # whom an id means where it is not who is kept: a merged person, a badge of elsewhere; base_id is what it leads to at first
    db.table("alias").create(
        {"person_id": str, "base_id": str, "kept_id": str, "kind": str}, pk="person_id",
        not_null={"base_id", "kept_id", "kind"}, strict=True,
    )  # fmt: skip
    db.table("told_apart").create({"first_id": str, "second_id": str}, pk=("first_id", "second_id"), strict=True)
    db.execute("CREATE INDEX alias_kept ON alias(kept_id)")
    db.execute("CREATE INDEX alias_base ON alias(base_id)")
    db.table("meta").create({"name": str, "content": str}, pk="name", not_null={"content"}, strict=True)
    db.table("secret").create({"name": str, "content": bytes}, pk="name", not_null={"content"}, strict=True)
    db.table("subject_key").create(
        {"subject_id": str, "secret": bytes}, pk="subject_id", not_null={"secret"}, strict=True
    )


def _loans_1(ledger: Ledger, index: Index) -> None:
    """What is lent: things with a code, how many there are, who has them, how they came back."""
    day = {"time": str, "business_date": str}
    ledger(
        "asset",
        {
            "name": str, "kind": str, "number": int, "code": str, "due_hours": int, "active": int, "note": str,
        },
        {"name", "kind", "number", "code", "due_hours", "active"},
    )  # fmt: skip
    ledger(
        "asset_move",
        {
            **day, "asset_id": str, "kind": str, "quantity": int, "source": str, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "asset_id", "kind", "quantity"},
    )  # fmt: skip
    ledger(
        "loan",
        {
            **day, "asset_id": str, "quantity": int, "due": str, "short": int, "person_id": str, "visit_id": str,
            "occupation": str, "deposit": int, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "asset_id", "quantity", "due", "short"},
    )  # fmt: skip
    ledger(
        "loan_end",
        {
            **day, "loan_id": str, "quantity": int, "outcome": str, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "loan_id", "quantity", "outcome"},
    )  # fmt: skip
    index("asset", "code")
    index("asset_move", "asset_id")
    index("loan", "asset_id")
    index("loan", "person_id", "WHERE person_id IS NOT NULL")
    index("loan", "business_date")
    index("loan_end", "loan_id")
    index("loan_end", "business_date")


def _left_1(db: sqlite_utils.Database) -> None:
    """Local: what has not come back of each loan, or came back lost or damaged, kept by the database with every loan and every end.

    What is out is asked for at the desk and by every report: looking for it must not cost more with every umbrella that ever was lent.
    Loans that are back as they went have no row.
    """
    db.execute(
        "CREATE TABLE loan_left(loan_id TEXT NOT NULL PRIMARY KEY, asset_id TEXT NOT NULL, n INTEGER NOT NULL, lost INTEGER NOT NULL,"
        " damaged INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )
    db.execute("CREATE INDEX loan_left_asset_id ON loan_left(asset_id)")
    ended = "(SELECT coalesce(sum(quantity), 0) FROM loan_end WHERE loan_id = l.id AND void_reason IS NULL{})"
    outcomes = ", ".join(f"{ended.format(' AND outcome = ' + repr(one))} AS {one}" for one in ("lost", "damaged"))
    lent = "CASE WHEN l.void_reason IS NULL THEN l.quantity ELSE 0 END"

    def counted(loan: str) -> str:
        return (
            f"DELETE FROM loan_left WHERE loan_id = {loan}; INSERT INTO loan_left(loan_id, asset_id, n, lost, damaged) SELECT * FROM ("
            f"SELECT l.id, l.asset_id, {lent} - {ended.format('')} AS n, {outcomes} FROM loan l WHERE l.id = {loan})"
            " WHERE n <> 0 OR lost <> 0 OR damaged <> 0;"
        )

    events = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}
    for table, column in (("loan", "id"), ("loan_end", "loan_id")):
        for event, rows in events.items():
            counts = " ".join(counted(f"{row}.{column}") for row in rows)
            db.execute(f"CREATE TRIGGER {table}_left_{event.lower()} AFTER {event} ON {table} BEGIN {counts} END")


def _upkeep_1(ledger: Ledger, index: Index) -> None:
    """What stands in the house: the register, its checks and repairs, the first-aid box."""
    day = {"time": str, "business_date": str}
    ledger(
        "equipment",
        {
            "code": str, "name": str, "active": int, "model": str, "bought": str, "source": str, "place": str,
            "check_days": int, "next_check": str, "note": str,
        },
        {"code", "name", "active"},
    )  # fmt: skip
    ledger(
        "equipment_check",
        {
            **day, "equipment_id": str, "well": int, "next_check": str, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "equipment_id", "well"},
    )  # fmt: skip
    ledger(
        "repair",
        {
            **day, "equipment_id": str, "fault": str, "state": str, "reported_by": str, "fixer": str, "done": str,
            "done_note": str, "accepted": str, "accepted_by": str, "keeper_id": str,
        },
        {"time", "business_date", "equipment_id", "fault", "state"},
    )  # fmt: skip
    ledger(
        "medicine",
        {
            "name": str, "unit": str, "least": int, "rank": int, "active": int,
        },
        {"name", "unit", "least", "rank", "active"},
    )  # fmt: skip
    ledger(
        "medicine_check",
        {
            **day, "medicine_id": str, "quantity": int, "action": str, "lot": str, "expiry": str, "note": str,
            "keeper_id": str,
        },
        {"time", "business_date", "medicine_id", "quantity", "action"},
    )  # fmt: skip
    index("equipment_check", "equipment_id")
    index("repair", "equipment_id")
    index("repair", "business_date")
    index("medicine_check", "medicine_id")


def _days_1(ledger: Ledger, index: Index) -> None:
    """The days of the desk: what is checked, days that stay closed, who handed on to whom, the log, what happened, what was found."""
    day = {"time": str, "business_date": str}
    ledger("check_point", {"part": str, "name": str, "rank": int, "active": int}, {"part", "name", "rank", "active"})
    ledger(
        "house_check",
        {
            **day, "all_well": int, "points": str, "exceptions": str, "action": str, "second_name": str, "keeper_id": str,
        },
        {"time", "business_date", "all_well"},
    )  # fmt: skip
    ledger("closed_day", {"business_date": str, "reason": str, "note": str, "keeper_id": str}, {"business_date", "reason"})
    ledger(
        "handover",
        {
            **day, "from_name": str, "to_name": str, "matters": str, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "from_name", "to_name"},
    )  # fmt: skip
    ledger(
        "duty_log",
        {
            **day, "person_times": int, "shift_name": str, "weather": str, "opened": str, "closed": str, "events": str,
            "matters": str, "handed_by": str, "handed_to": str, "keeper_id": str,
        },
        {"time", "business_date", "person_times"},
    )  # fmt: skip
    ledger(
        "emergency",
        {
            **day, "kind": str, "called": str, "place": str, "note": str, "ended": str, "keeper_id": str,
        },
        {"time", "business_date", "kind"},
    )  # fmt: skip
    ledger(
        "lost_item",
        {
            **day, "number": int, "thing": str, "state": str, "place": str, "kept_in": str, "person_id": str, "ended": str,
            "ended_by": str, "note": str, "keeper_id": str,
        },
        {"time", "business_date", "number", "thing", "state"},
    )  # fmt: skip
    for name in ("house_check", "closed_day", "handover", "duty_log", "emergency", "lost_item"):
        index(name, "business_date")


def _requests_1(ledger: Ledger, index: Index) -> None:
    """Requests and clues, whoever joined them, their steps and pictures, and the openings of the boxes they lay in.

    ``locked_key`` is the request's own key, sealed to the district: nobody at the station reads such a slip. A step of side
    "elsewhere" was taken at another station than the one that recorded the request; one with a ``voice_id`` speaks of that voice
    alone. ``grid`` is the cell a clue lies in; ``shows`` tells pictures "before" from those "after".
    """
    day = {"time": str, "business_date": str}
    ledger(
        "box_opening",
        {
            **day, "box": str, "first_name": str, "second_name": str, "slips": int, "first_number": str, "last_number": str,
            "note": str, "keeper_id": str,
        },
        {"time", "business_date", "box", "first_name", "second_name", "slips"},
    )  # fmt: skip
    ledger(
        "request",
        {
            **day, "number": str, "kind": str, "category": str, "channel": str, "urgency": str, "due": str,
            "person_id": str, "text_sealed": str, "place_sealed": str, "contact_sealed": str, "grid": str,
            "box_opening_id": str, "locked_key": str, "keeper_id": str,
        },
        {"time", "business_date", "number", "kind", "category", "channel", "urgency", "due"},
    )  # fmt: skip
    ledger(
        "request_voice",
        {**day, "request_id": str, "channel": str, "person_id": str, "contact_sealed": str, "note_sealed": str, "keeper_id": str},
        {"time", "business_date", "request_id", "channel"},
    )
    ledger(
        "request_step",
        {
            **day, "request_id": str, "round": int, "state": str, "side": str, "unit": str, "verdict": str, "voice_id": str,
            "note_sealed": str, "keeper_id": str,
        },
        {"time", "business_date", "request_id", "round", "state", "side"},
    )  # fmt: skip
    # a picture's file stands beside the store under a name that follows from sha256 (blobs.py); subject_id is its request
    ledger(
        "attachment",
        {**day, "subject_id": str, "kind": str, "rank": int, "bytes": int, "sha256": str, "shows": str, "keeper_id": str},
        {"time", "business_date", "subject_id", "kind", "rank", "bytes", "sha256"},
    )
    index("request", "business_date")
    index("request", "person_id", "WHERE person_id IS NOT NULL")
    index("request", "box_opening_id", "WHERE box_opening_id IS NOT NULL")
    index("request_voice", "request_id")
    index("request_voice", "person_id", "WHERE person_id IS NOT NULL")
    index("request_step", "request_id")
    index("attachment", "subject_id")
    index("box_opening", "box, business_date")


def _feedback_1(ledger: Ledger, index: Index) -> None:
    """What visitors pressed on their way out: a face, a moment and nobody's name, neither theirs nor a keeper's."""
    ledger("feedback", {"time": str, "business_date": str, "mood": str}, {"time", "business_date", "mood"})
    index("feedback", "business_date")


def _prints_1(db: sqlite_utils.Database) -> None:
    """Local: badges that wait to be printed, and the pictures that are printed on them."""
    db.table("badge_waiting").create({"badge_id": str, "since": str}, pk="badge_id", not_null={"since"}, strict=True)
    db.table("emblem").create({"name": str, "picture": bytes}, pk="name", not_null={"picture"}, strict=True)


def _log_1(db: sqlite_utils.Database) -> None:
    """The operations, chained by hash, and the before and after image of every ledger row they touched."""
    db.table("operation").create(
        {
            "sequence": int, "id": str, "op": str, "time": str, "business_date": str, "keeper_id": str, "undoes": str,
            "recorded": str, "details": str, "chain": str,
        },
        pk="sequence", not_null={"id", "op", "time", "business_date", "recorded", "chain"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE UNIQUE INDEX operation_id ON operation(id)")
    db.execute("CREATE INDEX operation_day ON operation(business_date, sequence)")
    db.execute("CREATE INDEX operation_recorded ON operation(substr(recorded, 1, 10))")
    db.execute("CREATE INDEX operation_person ON operation(json_extract(details, '$.person'), sequence)")
    db.execute("CREATE INDEX operation_undoes ON operation(undoes) WHERE undoes IS NOT NULL")
    db.table("change").create(
        {"sequence": int, "operation": int, "table_name": str, "row_id": str, "version": int, "before": str, "after": str},
        pk="sequence", not_null={"operation", "table_name", "row_id", "version", "after"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX change_operation ON change(operation)")
    db.execute("CREATE INDEX change_row ON change(row_id, table_name, sequence)")
    db.execute("CREATE INDEX change_again ON change(sequence) WHERE version > 1")


def _house_1(db: sqlite_utils.Database) -> None:
    """What every desk has: its settings, the PINs of who works there."""
    db.table("setting").create({"name": str, "content": str}, pk="name", not_null={"content"}, strict=True)
    db.table("pin").create(
        {"keeper_id": str, "hashed": str, "failures": int, "blocked_until": str}, pk="keeper_id", strict=True
    )


def _told_1(db: sqlite_utils.Database, at_the_district: dict[str, type]) -> None:
    """What the district told or promised: notices, and supplies on their way; the station's copy is that of its last pack."""
    db.table("notice").create(
        {"id": str, "time": str, "title": str, "text": str, "until": str, **at_the_district}, pk="id",
        not_null={"time", "title", "text"}, strict=True,
    )  # fmt: skip
    db.table("allocation").create(
        {"id": str, "time": str, "item_name": str, "unit": str, "kind": str, "quantity": int, "note": str, **at_the_district},
        pk="id", not_null={"time", "item_name", "unit", "kind", "quantity"}, strict=True,
    )  # fmt: skip


def _rules_1(db: sqlite_utils.Database) -> None:
    """The district's rules by kind and version; a version is a whole, its body JSON (``rulebook``), and never changed."""
    db.table("rule_set").create(
        {
            "id": str, "kind": str, "epoch": int, "no": int, "starts_on": str, "made": str, "author": str, "note": str, "body": str,
        },
        pk="id", not_null={"kind", "epoch", "no", "starts_on", "made", "author", "note", "body"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX rule_set_age ON rule_set(kind, epoch, no, id)")


def _roaming_1(db: sqlite_utils.Database) -> None:
    """The station's copy of the district's roster: badges that are welcome everywhere, those revoked, who is one person.

    ``stranger_id`` is what visits of the badge name here (it follows from ``code``), ``person_id`` who it is in the district;
    the name is sealed under that person's key.
    """
    db.table("roaming").create(
        {
            "stranger_id": str, "code": str, "state": str, "person_id": str, "occupation": str, "platform": str, "name_sealed": str,
            "until": str, "station": str,
        },
        pk="stranger_id", not_null={"code", "state"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX roaming_person ON roaming(person_id) WHERE person_id IS NOT NULL")
    db.table("district_merge").create(
        {"merged_id": str, "kept_id": str}, pk="merged_id", not_null={"kept_id"}, strict=True
    )


def _waiting_1(db: sqlite_utils.Database) -> None:
    """At the station: the answers that wait for whoever shows a badge or a slip, as the last pack brought them, each sealed."""
    db.table("waiting_answer").create({"mark": str, "sealed": str}, not_null={"mark", "sealed"}, strict=True)
    db.execute("CREATE INDEX waiting_answer_mark ON waiting_answer(mark)")


def _answering_1(db: sqlite_utils.Database) -> None:
    """At the district: requests of one matter, replies kept for using again, and what a joint meeting takes up."""
    # request_id is a duplicate, main_id the request it is dealt with under
    db.table("same_matter").create(
        {"request_id": str, "main_id": str, "time": str, "keeper_id": str}, pk="request_id", not_null={"main_id", "time"}, strict=True
    )  # fmt: skip
    db.execute("CREATE INDEX same_matter_main ON same_matter(main_id)")
    db.table("reply_template").create(
        {"id": str, "category": str, "title": str, "text": str, "time": str, "keeper_id": str}, pk="id",
        not_null={"category", "title", "text", "time"}, strict=True,
    )  # fmt: skip
    db.table("meeting").create(
        {"id": str, "held_on": str, "title": str, "time": str, "keeper_id": str}, pk="id", not_null={"held_on", "title", "time"},
        strict=True,
    )  # fmt: skip
    db.table("meeting_item").create(
        {"meeting_id": str, "request_id": str, "rank": int, "decision": str, "decided": str}, pk=("meeting_id", "request_id"),
        not_null={"rank"}, strict=True,
    )  # fmt: skip


def _station_1(db: sqlite_utils.Database) -> None:
    _ledgers_1(db)
    _log_1(db)
    _house_1(db)
    _told_1(db, {})
    _prints_1(db)
    _rules_1(db)
    _reports_1(db)
    _to_date_1(db)
    _roaming_1(db)
    _waiting_1(db)
    # a row of an imported file is known again by its keyed digest, so the same file twice adds nothing
    db.table("imported_row").create({"digest": str, "row_id": str}, pk="digest", not_null={"row_id"}, strict=True)
    db.table("person_entry").create(
        {
            "rowid": int, "person_id": str, "sort_key": str, "phone_digest": str, "name_digest": str, "occupation": str, "last_seen": str,
            "platform": str, "consent": str, "card": str, "visits": int, "heads": str,
        },
        pk="rowid", strict=True,
    )  # fmt: skip
    db.execute("CREATE UNIQUE INDEX person_entry_person ON person_entry(person_id)")
    db.execute("CREATE INDEX person_entry_phone ON person_entry(phone_digest) WHERE phone_digest IS NOT NULL")
    db.execute("CREATE INDEX person_entry_name ON person_entry(name_digest, occupation) WHERE name_digest IS NOT NULL")
    # the lists of everybody are read from these alone, without the rows
    db.execute("CREATE INDEX person_entry_sort ON person_entry(sort_key, person_id)")
    db.execute("CREATE INDEX person_entry_seen ON person_entry(last_seen DESC, sort_key, person_id)")
    for order in ("occupation", "platform", "card", "consent", "visits DESC"):
        name = order.partition(" ")[0]
        db.execute(f"CREATE INDEX person_entry_{name} ON person_entry({order}, sort_key, person_id)")
    db.execute(
        "CREATE VIRTUAL TABLE person_search USING fts5("
        "tokens, content='', contentless_delete=1, detail=none, prefix='1 2 3 4', tokenize='unicode61')"
    )
    db.execute("INSERT INTO person_search(person_search, rank) VALUES('secure-delete', 1)")
    # whose share of a campaign was taken at another station, by a digest under the district's key: from its last pack
    db.table("campaign_taken").create(
        {"code": str, "digest": str, "station_name": str, "business_date": str}, pk=("code", "digest"), strict=True
    )
    # the exchange: batches are immutable bytes (last in their row: what stands after them is slow to reach); receipts list
    # their hashes
    db.table("batch").create(
        {
            "no": int, "closed": str, "first_sequence": int, "last_sequence": int, "row_count": int, "hash": str, "receipt_no": int,
            "receipted": str, "carried_to": str, "carried": str, "snapshot": int, "operation": int, "chain": str, "body": bytes,
        },
        pk="no", not_null={"closed", "first_sequence", "last_sequence", "row_count", "hash", "body"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE UNIQUE INDEX batch_hash ON batch(hash)")
    db.execute("CREATE INDEX batch_last ON batch(last_sequence)")
    db.table("receipt").create(
        {"no": int, "epoch": int, "time": str, "applied": str, "body": str},
        pk="no",
        not_null={"epoch", "body"},
        strict=True,
    )
    db.table("attachment_receipt").create({"sha256": str}, pk="sha256", strict=True)  # what the newest receipt lists
    db.table("refused_row").create(
        {"row_id": str, "table_name": str, "version": int, "reason": str, "receipt_no": int}, pk=("table_name", "row_id"), strict=True
    )  # fmt: skip


def _reports_1(db: sqlite_utils.Database) -> None:
    """What the reports remember: each export with its figures and the change it was made after; forms with their bindings."""
    db.table("exported").create(
        {"id": str, "time": str, "kind": str, "first_day": str, "last_day": str, "sequence": int, "figures": str}, pk="id",
        not_null={"time", "kind", "first_day", "last_day", "sequence", "figures"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX exported_span ON exported(first_day, last_day, time)")
    _forms_1(db)
    _notes_1(db)
    # what the district told of all its stations in a month: sums, never one station's
    db.table("average").create(
        {"month": str, "stations": int, "person_times": int, "open_days": int}, pk="month",
        not_null={"stations", "person_times", "open_days"}, strict=True,
    )  # fmt: skip


def _notes_1(db: sqlite_utils.Database) -> None:
    """The desk's own notes on requests: they stay here, under the request's key."""
    db.table("request_note").create(
        {"id": str, "request_id": str, "time": str, "keeper_id": str, "note_sealed": str}, pk="id",
        not_null={"request_id", "time", "keeper_id", "note_sealed"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX request_note_request ON request_note(request_id, time)")


def _forms_1(db: sqlite_utils.Database) -> None:
    """Forms with their bindings; ``given`` at a station is 1 for those that its district bound, which each pack brings anew."""
    # the form's bytes last in their row: what stands after them would be slow to reach
    db.table("form").create(
        {"id": str, "name": str, "kept": str, "given": int, "binding": str, "content": bytes}, pk="id",
        not_null={"name", "kept", "given", "binding", "content"}, strict=True,
    )  # fmt: skip


def _to_date_1(db: sqlite_utils.Database) -> None:
    """Balances at the end of any day: this index alone answers, however many movements there were, at station and district."""
    db.execute("CREATE INDEX movement_to_date ON movement(item_id, business_date, store_id, delta) WHERE void_reason IS NULL")


def _desk_1(db: sqlite_utils.Database) -> None:
    """The district's own books: who was called about what, months that were closed."""
    db.table("called").create(
        {"id": str, "station_id": str, "time": str, "keeper_id": str, "note": str}, pk="id", not_null={"station_id", "time"}, strict=True
    )  # fmt: skip
    db.execute("CREATE INDEX called_station ON called(station_id, time)")
    # station "" is the whole district: people who came to several stations are one there
    db.table("closing").create(
        {"month": str, "station_id": str, "figures": str, "closed": str, "keeper_id": str}, pk=("month", "station_id"),
        not_null={"figures", "closed"}, strict=True,
    )  # fmt: skip


def _plans_1(db: sqlite_utils.Database) -> None:
    """Campaigns as the district plans them, and how many each station has to give."""
    db.table("campaign_plan").create(
        {
            "code": str, "name": str, "starts_on": str, "ends_on": str, "item_name": str, "unit": str, "kind": str, "quantity": int,
            "each": int, "badge_only": int, "note": str, "made": str, "withdrawn": str,
        },
        pk="code", not_null={"name", "starts_on", "ends_on", "item_name", "unit", "kind", "quantity", "each", "badge_only", "made"},
        strict=True,
    )  # fmt: skip
    db.table("campaign_allot").create({"code": str, "station_id": str, "most": int}, pk=("code", "station_id"), strict=True)


def _ways_1(db: sqlite_utils.Database) -> None:
    """Other ways in than a stick: parts of files and day sheets read from photographs, files of a watched folder."""
    db.table("light_part").create(
        {"mark": bytes, "place": int, "count": int, "body": bytes, "seen": str}, pk=("mark", "place"),
        not_null={"count", "body", "seen"}, strict=True,
    )  # fmt: skip
    db.table("day_sheet").create(
        {"store_id": str, "business_date": str, "station_id": str, "sequence": int, "text": str}, pk=("store_id", "business_date"),
        not_null={"station_id", "sequence", "text"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX day_sheet_day ON day_sheet(business_date)")
    db.table("watched").create(
        {"name": str, "size": int, "written": int}, pk="name", not_null={"size", "written"}, strict=True
    )


def _drafts_1(db: sqlite_utils.Database) -> None:
    """The version of each kind that is being written at the district, and the newest one that each store of a station told of."""
    db.table("rule_draft").create(
        {"kind": str, "starts_on": str, "note": str, "body": str, "saved": str, "keeper_id": str}, pk="kind",
        not_null={"starts_on", "note", "body", "saved"}, strict=True,
    )  # fmt: skip
    db.table("rule_held").create(
        {"store_id": str, "kind": str, "epoch": int, "no": int, "set_id": str, "closed": str}, pk=("store_id", "kind"),
        not_null={"epoch", "no", "set_id", "closed"}, strict=True,
    )  # fmt: skip


def _roster_1(db: sqlite_utils.Database) -> None:
    """What stations are told of regulars, one entry a badge; ``number`` rises with every change, so a pack brings what is newer.

    ``person_key`` finds who may be one person across stations: keyed digests of the phones and names of those who agreed.
    """
    db.table("roster_entry").create(
        {"code": str, "number": int, "state": str, "entry": str}, pk="code", not_null={"number", "state", "entry"}, strict=True
    )
    db.execute("CREATE INDEX roster_entry_number ON roster_entry(number)")
    db.table("person_key").create(
        {"person_id": str, "phone_digest": str, "name_digest": str}, pk="person_id", strict=True
    )
    db.execute("CREATE INDEX person_key_phone ON person_key(phone_digest) WHERE phone_digest IS NOT NULL")
    db.execute("CREATE INDEX person_key_name ON person_key(name_digest) WHERE name_digest IS NOT NULL")


def _district_1(db: sqlite_utils.Database) -> None:
    _ledgers_1(db)
    _log_1(db)
    _to_date_1(db)
    _house_1(db)
    _roster_1(db)
    _told_1(db, {"station_id": str, "keeper_id": str, "withdrawn": str})
    _rules_1(db)
    _drafts_1(db)
    _desk_1(db)
    _answering_1(db)
    _ways_1(db)
    _plans_1(db)
    _forms_1(db)
    # stations; the keys of their computers, one each, the one before a change of keys kept; stores by the id of the database
    # that wrote
    db.table("enrolled").create(
        {"station_id": str, "code": str, "name": str, "phone": str, "enrolled": str, "revoked": str, "last_pack_no": int},
        pk="station_id", not_null={"code", "name", "enrolled", "last_pack_no"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE UNIQUE INDEX enrolled_code ON enrolled(code)")
    db.table("station_key").create(
        {
            "key_id": str, "station_id": str, "letter": str, "verify_key": str, "recipient": str, "enrolled": str, "replaced_by": str,
            "revoked": str, "reason": str,
        },
        pk="key_id", not_null={"station_id", "letter", "verify_key", "recipient", "enrolled"}, strict=True,
    )  # fmt: skip
    db.table("store").create(
        {"store_id": str, "station_id": str, "first_seen": str, "snapshot_asked": str}, pk="store_id", strict=True
    )
    db.table("intake").create(
        {
            "hash": str, "station_id": str, "store_id": str, "no": int, "previous": str, "row_count": int, "taken_in": str,
            "closed": str, "chain": str, "witnessed": str, "part": int, "parts": int, "agrees": int, "manifest": str,
        },
        pk="hash", not_null={"station_id", "store_id", "no", "taken_in"}, strict=True,
    )  # fmt: skip
    # what a revoked key signed, whole as it came, until an officer decides
    db.table("quarantine").create(
        {
            "id": str, "station_id": str, "key_id": str, "arrived": str, "batches": int, "row_count": int, "decision": str,
            "decided": str, "reason": str, "keeper_id": str, "content": bytes,
        },
        pk="id", not_null={"station_id", "key_id", "arrived"}, strict=True,
    )  # fmt: skip
    db.execute("CREATE INDEX intake_store ON intake(store_id, no)")
    # a receipt tells the totals of each store: these alone answer, whatever the other stations sent
    db.execute("CREATE INDEX visit_totals ON visit(store_id, person_times) WHERE void_reason IS NULL")
    db.execute("CREATE INDEX handout_totals ON handout(store_id, item_id, quantity) WHERE void_reason IS NULL")
    db.execute("CREATE INDEX request_step_totals ON request_step(store_id, state) WHERE void_reason IS NULL")
    db.execute("CREATE INDEX intake_station ON intake(station_id, closed)")
    db.table("turned_down").create(
        {"row_id": str, "table_name": str, "version": int, "station_id": str, "reason": str, "batch_hash": str},
        pk=("table_name", "row_id", "version"), strict=True,
    )  # fmt: skip
    db.table("superseded").create(
        {"table_name": str, "row_id": str, "version": int, "store_id": str, "image": str, "noticed": str}, strict=True
    )
    db.execute("CREATE UNIQUE INDEX superseded_once ON superseded(row_id, table_name, version, store_id, image)")


STATION: tuple[Migration, ...] = (_station_1,)
DISTRICT: tuple[Migration, ...] = (_district_1,)
