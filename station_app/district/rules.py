"""The rules that the district makes: drafted, looked at beside what is in force, switched on; from then on in every pack.

There is one draft of each kind. Switching it on makes it the next version, which nobody can change any more: what was wrong in it
is put right by the version after it, begun from any earlier one (``begin``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from ..db import Database
from ..errors import Refused, UserMistake
from ..model import Changes, Op, RuleKind, uuid7
from ..rulebook import EMPTY, Body, Held, RuleSet, decode, encode, to_send
from ..services import rules
from . import books

LONGEST_NOTE = 500
FARTHEST = 1000
"""Versions ahead of ours that a station is believed to have: it can only have had them from us, before we were put back."""
PARTS: Mapping[RuleKind, tuple[str, str]] = {
    RuleKind.QUOTAS: ("rules", "name"), RuleKind.UNITS: ("units", "name"), RuleKind.CATEGORIES: ("categories", "code"),
    RuleKind.CALENDAR: ("days", "day"),
}  # fmt: skip
"""Where the parts of a body stand, and the field by which each is known."""


# --- drafts ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """The next version of a kind while it is written; ``saved`` is when (ISO 8601), by whom ``officer`` says."""

    kind: RuleKind
    starts_on: str
    note: str
    body: Body
    saved: str
    officer: str


def draft(db: Database, kind: RuleKind) -> Draft | None:
    """The draft of a kind, None where nobody is at one."""
    row = books.rule_draft(db, kind.value)
    if row is None:
        return None
    return Draft(kind, row["starts_on"], row["note"], decode(row["body"]), row["saved"], row["officer"] or "")


def begin(db: Database, kind: RuleKind, from_id: str = "") -> tuple[Draft, Changes]:
    """A new draft of a kind: a copy of the version ``from_id``, or of the newest, or empty; it takes the place of a draft there was."""
    known = rules.versions(db, kind)
    base = next((one for one in known if one.id == from_id), None) if from_id else next(iter(known), None)
    if from_id and base is None:
        raise UserMistake("district.unknown_rules")
    return save(db, base.body if base else EMPTY[kind], db.stamp().business_date)


def save(db: Database, body: Body, starts_on: str, note: str = "") -> tuple[Draft, Changes]:
    """Keep a draft of its body's kind. UserMistake for a body that would be refused at a station, a day that is none, a long note."""
    body = checked(body)
    if len(note) > LONGEST_NOTE:
        raise UserMistake("district.long_note", most=LONGEST_NOTE)
    kind, day = body.kind, _day(starts_on)
    with db.transact(Op.DRAFT_RULES, kind=kind.value) as tx:
        books.keep_rule_draft(tx, kind.value, day, note.strip(), encode(body))
    kept = draft(db, kind)
    if kept is None:
        raise LookupError(kind)
    return kept, Changes(tx.operation, Op.DRAFT_RULES, {"rule_draft": (kind.value,)})


def discard(db: Database, kind: RuleKind) -> Changes:
    """Put the draft of a kind away; UserMistake where there is none."""
    with db.transact(Op.DRAFT_RULES, kind=kind.value, discarded=True) as tx:
        if not books.drop_rule_draft(tx, kind.value):
            raise UserMistake("district.no_draft")
    return Changes(tx.operation, Op.DRAFT_RULES, {"rule_draft": (kind.value,)})


def switch_on(db: Database, kind: RuleKind) -> tuple[RuleSet, Changes]:
    """Make the draft of a kind its next version; it goes into every pack from now on and holds from its day. Not undoable.

    UserMistake without a draft or for a day that is past, Refused where it says what the newest version says already.
    """
    written = draft(db, kind)
    if written is None:
        raise UserMistake("district.no_draft")
    if written.starts_on < db.stamp().business_date:
        raise UserMistake("district.rules_start_past", day=written.starts_on)
    newest = next(iter(rules.versions(db, kind)), None)
    if newest is not None and newest.body == written.body and newest.starts_on <= written.starts_on and not ahead(db, kind):
        raise Refused("district.rules_unchanged", no=newest.no)
    with db.transact(Op.SWITCH_RULES, kind=kind.value) as tx:
        told = [one.no for one in ahead(db, kind)]
        made = RuleSet(
            id=uuid7(), epoch=int(db.meta("epoch")), no=max([newest.no if newest else 0, *told]) + 1, starts_on=written.starts_on,
            made=tx.stamp.time, author=books.officer(db), note=written.note, body=written.body,
        )  # fmt: skip
        rules.keep(tx, [made])
        books.drop_rule_draft(tx, kind.value)
        tx.details["no"] = made.no
    return made, Changes(tx.operation, Op.SWITCH_RULES, {"rule_set": (made.id,), "rule_draft": (kind.value,)})


def checked(body: Body) -> Body:
    """A body held to what stations demand of one. UserMistake names what is wrong, as the types of ``rulebook`` say it."""
    try:
        return decode(encode(body))
    except msgspec.ValidationError as error:
        raise UserMistake("district.bad_rules", why=str(error)) from None


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UserMistake("district.bad_rules_day", text=text) from None


# --- what changes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Difference:
    """What a body says unlike another of its kind: names of parts that are new, gone, or say something else; ``rest``: anything beside."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    rest: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.rest)


def difference(old: Body | None, new: Body) -> Difference:
    """What ``new`` says unlike ``old`` (None: nothing held before); the order of parts counts among the rest."""
    place, name = PARTS[new.kind]
    before = {getattr(part, name): part for part in getattr(old, place)} if old is not None else {}
    after = {getattr(part, name): part for part in getattr(new, place)}
    kept = [key for key in after if key in before]
    moved = kept != [key for key in before if key in after]
    beside = old is not None and msgspec.structs.replace(old, **{place: ()}) != msgspec.structs.replace(new, **{place: ()})
    return Difference(
        tuple(key for key in after if key not in before), tuple(key for key in before if key not in after),
        tuple(key for key in kept if before[key] != after[key]), moved or beside,
    )  # fmt: skip


# --- what stations have -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a version has come: stations that said they have it (or a newer one), of all that may send."""

    have: int
    stations: int


def spread(db: Database, version: RuleSet) -> Spread:
    """How many stations go by a version, as their newest batches tell."""
    told = books.rules_held(db, version.kind.value)
    reached = {row["station_id"] for row in told if (row["epoch"], row["no"], row["set_id"]) >= version.age}
    return Spread(len(reached), books.count_stations(db))


def ahead(db: Database, kind: RuleKind) -> list[Held]:
    """Versions that stations go by and this store does not have, above its own: it was put back to an older state.

    The next one made here is above them, and then there are none.
    """
    known = rules.versions(db, kind)
    newest = known[0].age if known else (0, 0, "")
    epoch = int(db.meta("epoch"))  # over what any station saw of us: it rises as soon as one tells
    found = {row["set_id"]: row for row in books.rules_told(db, kind.value) if row["no"] <= newest[1] + FARTHEST and row["epoch"] <= epoch}
    above = sorted(age for row in found.values() if (age := (row["epoch"], row["no"], row["set_id"])) > newest)
    return [Held(id=set_id, kind=kind.value, epoch=of, no=no) for of, no, set_id in above]


# --- for a pack ---------------------------------------------------------------------------------------------------------------


def for_pack(db: Database) -> list[RuleSet]:
    """What every pack carries: of each kind the version in force today and those to come.

    Not only what a station lacks: it may have been restored from a backup, and a few kilobytes are cheaper than a mistake.
    """
    today = db.stamp().business_date
    return [one for kind in RuleKind for one in to_send(rules.versions(db, kind), today)]

