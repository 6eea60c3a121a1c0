"""The rules that come from the district, as station and district keep them alike: versions by kind, and which is in force.

A version is written once and never changed. At the station packs bring them (``keep``), at the district its desk switches them
on (``district/rules.py``). Nothing here decides what a rule means: the desk's services ask ``quotas``, ``units``, ``categories``,
``calendar`` and act on what these say::

    book = rules.quotas(db, stamp.business_date)
    for rule in book.about(item.name, item.kind): ...

A fact recorded under a rule may keep its version by ``RuleSet.mark``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ..db import Database, Row, Tx
from ..model import RuleKind
from ..rulebook import EMPTY, Body, Calendar, Categories, Held, Quotas, RuleSet, Units, decode, encode

_COLUMNS = "id, kind, epoch, no, starts_on, made, author, note, body"


# --- what holds ----------------------------------------------------------------------------------------------------------


def in_force(db: Database, kind: RuleKind, on: str = "") -> RuleSet | None:
    """The version of a kind that is in force on a local day (YYYY-MM-DD, "" for today); None before the district made any."""
    row = db.one(
        f"SELECT {_COLUMNS} FROM rule_set WHERE kind = ? AND starts_on <= ? ORDER BY epoch DESC, no DESC, id DESC LIMIT 1",
        (kind.value, on or db.stamp().business_date),
    )
    return None if row is None else _set(row)


def quotas(db: Database, on: str = "") -> Quotas:
    """The quotas in force on a local day; none where the district made none."""
    found = _body(db, RuleKind.QUOTAS, on)
    return found if isinstance(found, Quotas) else Quotas()


def units(db: Database, on: str = "") -> Units:
    """The units that take requests on, on a local day; none where the district named none."""
    found = _body(db, RuleKind.UNITS, on)
    return found if isinstance(found, Units) else Units()


def categories(db: Database, on: str = "") -> Categories:
    """What requests can be about on a local day; none where the district made no list: the glossary's own hold then."""
    found = _body(db, RuleKind.CATEGORIES, on)
    return found if isinstance(found, Categories) else Categories()


def calendar(db: Database, on: str = "") -> Calendar:
    """The district's calendar as it stands on a local day; Saturdays and Sundays off where it made none."""
    found = _body(db, RuleKind.CALENDAR, on)
    return found if isinstance(found, Calendar) else Calendar()


def _body(db: Database, kind: RuleKind, on: str) -> Body:
    found = in_force(db, kind, on)
    return EMPTY[kind] if found is None else found.body


# --- versions -------------------------------------------------------------------------------------------------------------


def versions(db: Database, kind: RuleKind) -> list[RuleSet]:
    """Every version of a kind that this store knows, the newest first."""
    rows = db.rows(
        f"SELECT {_COLUMNS} FROM rule_set WHERE kind = ? ORDER BY epoch DESC, no DESC, id DESC", (kind.value,)
    )
    return [_set(row) for row in rows]


def held(db: Database) -> list[Held]:
    """The newest version of each kind, begun or not: what this store tells the other side that it has."""
    rows = db.rows(
        "SELECT id, kind, epoch, no FROM rule_set r WHERE NOT EXISTS(SELECT 1 FROM rule_set n WHERE n.kind = r.kind"
        " AND (n.epoch, n.no, n.id) > (r.epoch, r.no, r.id)) ORDER BY kind"
    )
    return [Held(id=row["id"], kind=row["kind"], epoch=row["epoch"], no=row["no"]) for row in rows]


def keep(tx: Tx, sets: Iterable[RuleSet]) -> tuple[str, ...]:
    """Write versions inside an operation; those known stay as they are. Returns the ids of the new ones."""
    fresh = []
    for one in sets:
        row = (one.id, one.kind.value, one.epoch, one.no, one.starts_on, one.made, one.author, one.note, encode(one.body))
        if tx.run(
            f"INSERT INTO rule_set({_COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO NOTHING", row
        ):
            fresh.append(one.id)
    return tuple(fresh)


def _set(row: Row) -> RuleSet:
    return RuleSet(
        id=row["id"], epoch=row["epoch"], no=row["no"], starts_on=row["starts_on"], made=row["made"], author=row["author"],
        note=row["note"], body=_read(row["body"]),
    )  # fmt: skip


@lru_cache(maxsize=32)
def _read(text: str) -> Body:
    """Asked at every scan; bodies are frozen, so one serves all."""
    return decode(text)
