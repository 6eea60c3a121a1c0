"""Circles: people of one household or team, who may collect for one another where a supply's rule allows it.

What is collected counts against the one it is for; who took it along is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..db import Database, Tx
from ..errors import RuleRefused, UserMistake
from ..model import Changes, Circle, Op, Person, uuid7
from . import aliases, people

MOST = 30
"""People in one circle: more is a list, not a household or team."""


def link(db: Database, ids: Sequence[str], kind: Circle = Circle.HOUSEHOLD, at: datetime | None = None) -> tuple[list[Person], Changes]:
    """These people may collect for one another; circles they are in already become one. Returns everybody in it.

    UserMistake for fewer than two, more than ``MOST``, or somebody unknown or forgotten.
    """
    wanted = [people.get(db, one) for one in dict.fromkeys(ids)]
    if any(one.erased or one.away for one in wanted):
        raise UserMistake("people.unknown")
    together = list(dict.fromkeys(one.id for one in wanted))
    if len(together) < 2:
        raise UserMistake("people.circle_of_one")
    circles = sorted({circle for one in together for circle in _circles(db, one)})
    everybody = list(dict.fromkeys([*together, *(one for circle in circles for one in _in_circle(db, circle))]))
    if len(everybody) > MOST:
        raise UserMistake("people.circle_too_large", most=MOST)
    with db.transact(Op.LINK_PEOPLE, at, person=together[0], count=len(everybody)) as tx:
        circle = circles[0] if circles else uuid7()
        for other in circles[1:]:
            _empty(tx, other)
        there = set(_in_circle(db, circle))
        for one in everybody:
            if one not in there:
                tx.put(
                    "companion",
                    {
                        "time": tx.stamp.time, "business_date": tx.stamp.business_date, "circle_id": circle, "kind": kind.value,
                        "person_id": one, "keeper_id": db.acting,
                    },
                )  # fmt: skip
    return people.several(db, everybody), tx.changes


def leave(db: Database, person_id: str, at: datetime | None = None) -> Changes | None:
    """A person does not belong to a circle any more; a circle of one is none. None when they were in none."""
    person_id = aliases.final(db, person_id)
    circles = _circles(db, person_id)
    if not circles:
        return None
    with db.transact(Op.LINK_PEOPLE, at, person=person_id, left=True) as tx:
        leave_in(tx, person_id)
    return tx.changes


def leave_in(tx: Tx, person_id: str) -> None:
    """The same inside an operation, for whoever is forgotten."""
    for circle in _circles(tx.db, person_id):
        left = [one for one in _in_circle(tx.db, circle) if one != person_id]
        _empty(tx, circle, None if len(left) < 2 else person_id)


def of_person(db: Database, person_id: str) -> tuple[Circle | None, list[Person]]:
    """The others of a person's circle, and what it is; (None, []) without one."""
    person_id = aliases.final(db, person_id)
    circles = _circles(db, person_id)
    if not circles:
        return None, []
    kind = db.scalar("SELECT kind FROM companion WHERE circle_id = ? AND void_reason IS NULL ORDER BY id LIMIT 1", (circles[0],))
    others = dict.fromkeys(one for circle in circles for one in _in_circle(db, circle) if one != person_id)
    return Circle(kind), [one for one in people.several(db, list(others)) if not one.erased]


def barrier(db: Database, person_id: str | None, collected_by: str | None, *, item: str, allowed: bool) -> RuleRefused | None:
    """The rule that stands against one collecting an item (by name) for another: the item's switch, or that they do not belong
    together."""
    if collected_by is None or person_id is None:
        return None
    one, other = aliases.final(db, person_id), aliases.final(db, collected_by)
    if one == other:
        return None
    if not allowed:
        return RuleRefused("people.collect_item", rule="collect_item", last=None, next=None, name=item)
    if set(_circles(db, one)).isdisjoint(_circles(db, other)):
        return RuleRefused("people.collect_circle", rule="collect_circle", last=None, next=None)
    return None


def circle_of(db: Database, person_id: str | None) -> str | None:
    """The id of the household or team a person belongs to, None for one who is in none: what a quota of households adds up."""
    circles = _circles(db, aliases.final(db, person_id)) if person_id else []
    return circles[0] if circles else None


def _circles(db: Database, person_id: str) -> list[str]:
    rows = db.rows(
        f"SELECT DISTINCT circle_id FROM companion WHERE person_id IN {aliases.MEMBERS} AND void_reason IS NULL ORDER BY circle_id",
        {"person": person_id},
    )
    return [row["circle_id"] for row in rows]


def _in_circle(db: Database, circle: str) -> list[str]:
    rows = db.rows(
        f"SELECT {aliases.meant('c.person_id')} AS one FROM companion c WHERE c.circle_id = ? AND c.void_reason IS NULL ORDER BY c.id",
        (circle,),
    )
    return list(dict.fromkeys(row["one"] for row in rows))


def _empty(tx: Tx, circle: str, only: str | None = None) -> None:
    """Take one person, or everybody, out of a circle."""
    for row in tx.db.rows("SELECT id, person_id FROM companion WHERE circle_id = ? AND void_reason IS NULL", (circle,)):
        if only is None or aliases.final(tx.db, row["person_id"]) == only:
            tx.void("companion", row["id"], "left")
