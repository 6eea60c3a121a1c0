"""What a station may say: of its own people, requests and days, in its own name. The rest is turned down with a reason.

An enrolled station is still somebody else's machine. Rows carry their store, which ``Tx.take`` holds to; here stands what a row
may say about other rows. A row whose subject has not come yet is taken (batches apply on arrival): ids are random, so nobody can
speak beforehand of what another station will send.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from ..db import AT_ONCE, Database, Row
from . import store

REASONS = ("other_store", "other_subject", "other_side", "other_number", "day_twice")
"""Every code a row may be turned down with; each has its sentence at the station."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose rows are looked at: the station's code and the ids of its stores."""

    code: str
    stores: Set[str]


def objection(db: Database, table: str, row: Row, sender: Sender) -> str:
    """Why a row is not taken (a code for the receipt), "" when nothing stands against it."""
    check = _CHECKS.get(table)
    return check(db, row, sender) if check else ""


def at_once(table: str) -> int:
    """How many rows of a table may be looked at before they are written: where one row speaks against the next, one."""
    return 1 if table == "station_day" else AT_ONCE


def _subject(db: Database, row: Row, sender: Sender) -> str:
    """A person and a request each have a key under their id: no station may use an id that is another's, of either kind."""
    return _foreign(db, row["id"], sender)


def _request(db: Database, row: Row, sender: Sender) -> str:
    """Officers answer by number, so a number has to be its station's (``YQ-A-2026-0112``)."""
    if not row["number"].startswith(f"{sender.code}-"):
        return "other_number"
    return _foreign(db, row["id"], sender)


TOLD = frozenset({"told", "closed", "reopened"})
"""What another station than its own may say of a request: that an answer was told there, and what the person said."""


def _step(db: Database, row: Row, sender: Sender) -> str:
    """The district's answers are the district's to write.

    Told elsewhere: a station learns the id of another's request only out of an answer that a badge or slip opened there, so
    whoever names one was shown it. The answer itself may be missing here, where the district was restored.
    """
    if row["side"] == "elsewhere":
        return "" if row["state"] in TOLD and row["verdict"] else "other_side"
    if row["side"] != "station":
        return "other_side"
    return _foreign(db, row["request_id"], sender)


def _badge(db: Database, row: Row, sender: Sender) -> str:
    return _foreign(db, row["person_id"], sender)


def _voice(db: Database, row: Row, sender: Sender) -> str:
    return _foreign(db, row["request_id"], sender)


def _attachment(db: Database, row: Row, sender: Sender) -> str:
    return _foreign(db, row["subject_id"], sender)


def _erasure(db: Database, row: Row, sender: Sender) -> str:
    return _foreign(db, row["subject_id"], sender)


def _merge(db: Database, row: Row, sender: Sender) -> str:
    """A station says of its own people only that two are one; across stations the district does."""
    return _foreign(db, row["kept_id"], sender) or _foreign(db, row["merged_id"], sender)


def _day(db: Database, row: Row, sender: Sender) -> str:
    return "day_twice" if store.other_day(db, row["business_date"], row["store_id"], row["id"]) else ""


def _of(table: str) -> Callable[[Database, Any, Sender], str]:
    """A row about one of ``table``, named in ``<table>_id``: of its own station's only."""

    def check(db: Database, row: Row, sender: Sender) -> str:
        return "" if store.owner(db, table, row[f"{table}_id"]) <= sender.stores else "other_subject"

    return check


def _foreign(db: Database, subject_id: str, sender: Sender) -> str:
    return "" if store.owners_of_subject(db, subject_id) <= sender.stores else "other_subject"


_CHECKS: Mapping[str, Callable[[Database, Any, Sender], str]] = {
    "station_day": _day, "person": _subject, "identity": _subject, "badge": _badge, "request": _request,
    "request_voice": _voice, "request_step": _step, "attachment": _attachment, "erasure": _erasure,
    "person_merge": _merge, "companion": _badge,
    "asset_move": _of("asset"), "loan": _of("asset"), "loan_end": _of("loan"), "equipment_check": _of("equipment"),
    "repair": _of("equipment"), "medicine_check": _of("medicine"),
}  # fmt: skip
