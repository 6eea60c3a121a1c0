"""One mutant for each rule of SYNC.md: the real code with that rule taken out. The simulator has to notice every one.

A mutant is a patch, active inside ``with mutant.active():``. Its docstring says what is left out; what that does is for the
simulator to find out.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import pytest

from station_app.db import Database, Tx
from station_app.district import holding, intake, regulars, store
from station_app.district import rules as district_rules
from station_app.errors import Refused
from station_app.model import Exchange, RuleKind, uuid7
from station_app.rulebook import RuleSet
from station_app.services import aliases, backups, exchange, incarnation, requests, roaming, rules, subjects
from station_app.sync import closing, inbox, merge, outbox
from station_app.sync.manifest import BatchFields

Patch = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Mutant:
    """A rule of SYNC.md and the code without it; ``moods`` are the schedules that meet it soonest, ``first`` a seed that may."""

    name: str
    rule: str
    moods: tuple[str, ...]
    patch: Patch
    first: int = 0

    @property
    def says(self) -> str:
        """What is left out."""
        return inspect.cleandoc(self.patch.__doc__ or "")

    @contextmanager
    def active(self) -> Iterator[None]:
        """The mutated code."""
        with pytest.MonkeyPatch.context() as patch:
            self.patch(patch)
            yield


MUTANTS: dict[str, Mutant] = {}


def mutant(rule: str, *moods: str, first: int = 0) -> Callable[[Patch], Patch]:
    """Put a mutant on the list."""

    def listed(patch: Patch) -> Patch:
        MUTANTS[patch.__name__] = Mutant(patch.__name__, rule, moods or ("sticks",), patch, first)
        return patch

    return listed


# --- 1: an export carries all unacknowledged batches; the outbox is kept -------------------------------------------------


@mutant("1")
def newest_only(patch: pytest.MonkeyPatch) -> None:
    """An export carries the newest batch alone."""
    real = exchange.unconfirmed
    patch.setattr(exchange, "unconfirmed", lambda db: real(db)[-1:])


@mutant("1")
def sent_when_written(patch: pytest.MonkeyPatch) -> None:
    """A batch counts as received once its file stands on a stick."""
    real = exchange.carried

    def carried(tx: Tx, numbers: Iterable[int], where: str) -> None:
        numbers = list(numbers)
        real(tx, numbers, where)
        tx.run_many("UPDATE batch SET receipted = ? WHERE no = ?", [(tx.stamp.time, no) for no in numbers])

    patch.setattr(exchange, "carried", carried)


# --- 2: receipts list hashes; older numbers are refused -------------------------------------------------------------------


@mutant("2", "parts", "office", first=19)
def receipt_by_position(patch: pytest.MonkeyPatch) -> None:
    """A receipt means "everything up to this number"."""
    real = exchange.apply_receipt

    def apply(tx: Tx, *, have: Iterable[str], **rest: Any) -> int:
        have = set(have)
        listed = {row["no"]: row["hash"] for row in tx.db.rows("SELECT no, hash FROM batch")}
        last = max((no for no, found in listed.items() if found in have), default=0)
        return real(tx, have={found for no, found in listed.items() if no <= last}, **rest)

    patch.setattr(exchange, "apply_receipt", apply)


@mutant("2", "answers", first=14)
def old_receipts_taken(patch: pytest.MonkeyPatch) -> None:
    """A pack is applied whatever its number."""
    real = merge.plan
    patch.setattr(
        merge, "plan", lambda local, incoming: real(replace(local, newest=(0, 0), epoch=0, serial=0), incoming)
    )


# --- 3: selected by sequence; keyed rows; idempotent by version; losers stay visible ----------------------------------------


@mutant("3", "clocks", first=10)
def selected_by_clock(patch: pytest.MonkeyPatch) -> None:
    """A batch holds what was recorded after the one before it was closed, by the clock."""
    real = exchange.changed_rows

    def changed(db: Database, after: int, until: int) -> dict[str, list[Any]]:
        closed = exchange.last_closed(db)
        late = {
            (row["table_name"], row["row_id"])
            for row in db.rows(
                "SELECT c.table_name, c.row_id FROM change c JOIN operation o ON o.sequence = c.operation"
                " WHERE c.sequence > ? AND o.recorded < ?",
                (after, closed),
            )
        }
        found = real(db, after, until)
        return {table: [row for row in rows if (table, row["id"]) not in late] for table, rows in found.items()}

    patch.setattr(exchange, "changed_rows", changed)


@mutant("3")
def rows_without_keys(patch: pytest.MonkeyPatch) -> None:
    """The district files each visit as it comes, under a key of its own."""
    _taking(patch, lambda table, row: dict(row) | {"id": uuid7()} if table == "visit" else row)


@mutant("3", "parts", "restores", first=173)
def last_come_stands(patch: pytest.MonkeyPatch) -> None:
    """Whatever arrives last replaces what is there."""
    real = Tx.take

    def take(tx: Tx, table: str, rows: Iterable[Mapping[str, Any]], owners: Any = None, *rest: Any) -> Any:
        rows = [dict(row) for row in rows]
        if owners is not None:
            for row in rows:
                tx._connection.execute(f"DELETE FROM {table} WHERE id = ?", (row["id"],))
        return real(tx, table, rows, owners, *rest)

    patch.setattr(Tx, "take", take)


@mutant("3", "restores", first=138)
def losers_dropped(patch: pytest.MonkeyPatch) -> None:
    """Of two edits made side by side one stands and the other is gone."""
    patch.setattr(store, "keep_losers", lambda tx, table, images: None)


def _taking(patch: pytest.MonkeyPatch, turned: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]) -> None:
    """Rows are turned into others as the district takes them."""
    real = Tx.take

    def take(tx: Tx, table: str, rows: Iterable[Mapping[str, Any]], owners: Any = None, *rest: Any) -> Any:
        return real(tx, table, rows if owners is None else (turned(table, row) for row in rows), owners, *rest)

    patch.setattr(Tx, "take", take)


# --- 4: batches apply on arrival --------------------------------------------------------------------------------------------


def _before(patch: pytest.MonkeyPatch, judge: Callable[[Tx, Any], bool]) -> None:
    """A batch of which ``judge`` says no brings no rows; it is noted all the same."""
    real = intake._apply

    def apply(tx: Tx, batch: Any, sender: store.Enrolled, *rest: Any) -> tuple[int, int]:
        if judge(tx, batch):
            return real(tx, batch, sender, *rest)
        store.keep_intake(tx, sender.station_id, batch.hash, batch.manifest)
        return 0, 0

    patch.setattr(intake, "_apply", apply)


def _follows(tx: Tx, batch: Any) -> bool:
    """Whether the batch before this one is there."""
    return not batch.manifest.prev or store.is_known(tx.db, batch.manifest.prev)


def _single(tx: Tx, batch: Any) -> bool:
    """Whether no other batch has this number of this store."""
    head = batch.manifest
    sql = "SELECT 1 FROM intake WHERE store_id = ? AND no = ? AND hash <> ?"
    return tx.db.one(sql, (head.store_id, head.no, batch.hash)) is None


@mutant("4", "parts", "office")
def held_back_at_a_gap(patch: pytest.MonkeyPatch) -> None:
    """A batch waits, unapplied, until the one before it has come."""
    _before(patch, _follows)


@mutant("4", "parts", "office")
def refused_at_a_gap(patch: pytest.MonkeyPatch) -> None:
    """A file whose batches do not follow on what is there is refused."""
    real = intake._apply

    def apply(tx: Tx, batch: Any, sender: store.Enrolled, *rest: Any) -> tuple[int, int]:
        if not _follows(tx, batch):
            raise Refused("sync_files.bad_frame")
        return real(tx, batch, sender, *rest)

    patch.setattr(intake, "_apply", apply)


@mutant("4", "clones", "images")
def fork_discarded(patch: pytest.MonkeyPatch) -> None:
    """Of two batches with one number the second is thrown away."""
    _before(patch, _single)


@mutant("4", "parts", "clones")
def gaps_and_forks_hidden(patch: pytest.MonkeyPatch) -> None:
    """What is missing or came twice is not shown."""
    real = holding.gathered
    patch.setattr(holding, "gathered", lambda rows: replace(real(rows), missing=(), forks=()))


# --- 5: restore or clone ------------------------------------------------------------------------------------------------------


@mutant("5", "restores")
def same_store_after_restore(patch: pytest.MonkeyPatch) -> None:
    """A restored store goes on under its old id."""
    patch.setattr(backups, "_begin_anew", lambda *given: "")


@mutant("5", "images", "clones")
def anchor_ignored(patch: pytest.MonkeyPatch) -> None:
    """Nobody compares the store with the anchor beside it."""
    real = incarnation.suspicion
    patch.setattr(incarnation, "suspicion", lambda db: real(db) if db.path.stem == "district" else "")


@mutant("5", "clones", "images", first=4)
def foreign_hash_ignored(patch: pytest.MonkeyPatch) -> None:
    """A receipt that lists batches of this store which it never made is nothing to wonder about."""
    patch.setattr(inbox, "_begin_anew", lambda tx, plan: "")


@mutant("5")
def stock_as_totals(patch: pytest.MonkeyPatch) -> None:
    """Stock crosses as what is on the shelf: the newest batch tells one figure for each supply."""
    real = exchange.changed_rows

    def changed(db: Database, after: int, until: int) -> dict[str, list[Any]]:
        found = real(db, after, until)
        last: dict[str, Any] = {}
        for row in found.get("movement", ()):
            sql = "SELECT coalesce(sum(delta), 0) FROM movement WHERE item_id = ? AND void_reason IS NULL"
            last[row["item_id"]] = dict(row) | {"delta": db.scalar(sql, (row["item_id"],))}
        return found | ({"movement": list(last.values())} if last else {})

    patch.setattr(exchange, "changed_rows", changed)


# --- 6: a district that was restored ---------------------------------------------------------------------------------------------


@mutant("6", "office", first=12)
def epoch_never_rises(patch: pytest.MonkeyPatch) -> None:
    """A restored district goes on as if nothing had happened."""
    real = incarnation.suspicion
    patch.setattr(incarnation, "suspicion", lambda db: "" if db.path.stem == "district" else real(db))
    patch.setattr(store, "hear", lambda *given: None)


@mutant("6", "office", first=10)
def epoch_ignored(patch: pytest.MonkeyPatch) -> None:
    """A station looks at the number of a pack alone, whatever the epoch."""
    real = merge.plan
    patch.setattr(
        merge, "plan", lambda local, pack: real(replace(local, newest=(pack.manifest.epoch, local.newest[1])), pack)
    )


@mutant("6", "office", first=40)
def received_for_good(patch: pytest.MonkeyPatch) -> None:
    """What was received once counts as received, whatever a later receipt lists."""
    real = exchange.apply_receipt

    def apply(tx: Tx, **given: Any) -> int:
        before = tx.db.rows("SELECT receipted, receipt_no, no FROM batch WHERE receipted IS NOT NULL")
        turned = real(tx, **given)
        tx.run_many("UPDATE batch SET receipted = ?, receipt_no = ? WHERE no = ?", [tuple(row) for row in before])
        return turned

    patch.setattr(exchange, "apply_receipt", apply)


# --- 7: one owner per record ----------------------------------------------------------------------------------------------------


@mutant("7", "answers", first=7)
def only_new_answers(patch: pytest.MonkeyPatch) -> None:
    """A pack carries the answers given since the last one, instead of all."""
    real = store.answers_for
    told: set[str] = set()

    def answers(*given: Any) -> Sequence[Any]:
        fresh = [row for row in real(*given) if row["id"] not in told]
        told.update(row["id"] for row in fresh)
        return fresh

    patch.setattr(store, "answers_for", answers)


@mutant("7", "answers")
def two_writers(patch: pytest.MonkeyPatch) -> None:
    """The district answers by changing the request itself."""
    real = requests.write_step

    def write(tx: Tx, request_id: str, *given: Any, **named: Any) -> str:
        if named.get("side") == "district":
            tx.put("request", {"id": request_id, "urgency": "urgent"})
        return real(tx, request_id, *given, **named)

    patch.setattr(requests, "write_step", write)


# --- 8: keys rotate, are revoked; two computers are two stores --------------------------------------------------------------------


@mutant("8", "keys")
def revoked_key_believed(patch: pytest.MonkeyPatch) -> None:
    """What a revoked key signed is taken in like anything else."""
    patch.setattr(intake, "_revoked", lambda *given: False)


@mutant("8", "keys")
def old_keys_thrown_away(patch: pytest.MonkeyPatch) -> None:
    """After a change of keys what was sealed to the ones before cannot be opened any more."""
    patch.setattr(store, "openers", lambda db: [store.own_identity(db).opener])
    patch.setattr(outbox, "identities", lambda db: [outbox.own_identity(db)])


@mutant("8", "keys")
def new_key_not_introduced(patch: pytest.MonkeyPatch) -> None:
    """A station takes a new key and does not tell, signed by the one before."""
    patch.setattr(outbox, "introductions", lambda db: [])


@mutant("8", "keys")
def introduced_by_the_last_key_alone(patch: pytest.MonkeyPatch) -> None:
    """A station tells of the newest of its keys; what those between signed comes without their introduction."""
    real = outbox.introductions
    patch.setattr(outbox, "introductions", lambda db: real(db)[-1:])


@mutant("8", "rekeyed")
def introduced_until_heard(patch: pytest.MonkeyPatch) -> None:
    """A station tells of a key until the district answered it, and no more to one that was put back to before."""
    patch.setattr(outbox, "introductions", outbox.renewals)


@mutant("8", "two")
def one_store_for_two(patch: pytest.MonkeyPatch) -> None:
    """Two computers of a station give out one store's numbers."""
    real = closing._fields
    shared = "0198f3a2-7c00-7000-8000-0000000000%02x"

    def fields(*given: Any, **named: Any) -> BatchFields:
        made = real(*given, **named)
        return msgspec.structs.replace(
            made, store_id=shared % sum(made.station.encode()) if made.station == "YQ" else made.store_id
        )

    patch.setattr(closing, "_fields", fields)


# --- 9: service goes on -------------------------------------------------------------------------------------------------------


@mutant("9")
def no_desk_before_enrolment(patch: pytest.MonkeyPatch) -> None:
    """A station that nobody introduced yet cannot record."""
    real = Tx.put

    def put(tx: Tx, table: str, row: Mapping[str, Any]) -> str:
        if table == "visit" and not tx.db.meta("district"):
            raise Refused("sync_page.not_enrolled")
        return real(tx, table, row)

    patch.setattr(Tx, "put", put)


@mutant("9", "clocks", first=6)
def stale_receipt_stops(patch: pytest.MonkeyPatch) -> None:
    """A station whose last receipt is older than a month cannot record."""
    real = Tx.put

    def put(tx: Tx, table: str, row: Mapping[str, Any]) -> str:
        last = (
            exchange.newest_receipt(tx.db)[0] and tx.db.scalar("SELECT max(applied) FROM receipt")
            if table == "visit"
            else ""
        )
        if last and last[:7] < tx.stamp.time[:7]:
            raise Refused("sync_page.not_enrolled")
        return real(tx, table, row)

    patch.setattr(Tx, "put", put)


# --- 10: exactly one visible state ----------------------------------------------------------------------------------------------


@mutant("10", "edits", first=5)
def state_of_the_first_change(patch: pytest.MonkeyPatch) -> None:
    """A row keeps the state of its first change: one edited after its receipt is still shown as received."""
    real = exchange.states

    def states(db: Database, table: str, ids: Sequence[str]) -> dict[str, Exchange]:
        found = real(db, table, ids)
        for row_id in ids:
            batch = exchange.carried_in(db, table, row_id)
            if batch is not None and found.get(row_id) is Exchange.LOCAL:
                found[row_id] = batch.state
        return found

    patch.setattr(exchange, "states", states)


# --- erasures (section 5 of the promise) ----------------------------------------------------------------------------------------


@mutant("erasure", "people")
def key_comes_back(patch: pytest.MonkeyPatch) -> None:
    """The district keeps whatever key a file brings."""
    patch.setattr(store, "may_know", lambda *given: True)
    patch.setattr(store, "forget_erased", lambda tx: 0)
    patch.setattr(store, "forget_withdrawn", lambda tx: None)


@mutant("erasure", "restores")
def erasure_not_repeated(patch: pytest.MonkeyPatch) -> None:
    """What was erased after a backup comes back with it."""
    patch.setattr(backups, "_erase_again", lambda db, erasures: 0)


@mutant("erasure", "people")
def key_kept_at_the_desk(patch: pytest.MonkeyPatch) -> None:
    """The station erases the name and keeps the key."""
    patch.setattr(subjects, "forget", lambda tx, subject_id: None)


# --- whole or not at all (section 3) --------------------------------------------------------------------------------------------


@mutant("whole", "parts")
def taken_in_halves(patch: pytest.MonkeyPatch) -> None:
    """A file is taken in batch by batch, the hash noted before the rows are written."""
    real = intake._apply

    def apply(tx: Tx, batch: Any, sender: store.Enrolled, *rest: Any) -> tuple[int, int]:
        store.keep_intake(tx, sender.station_id, batch.hash, batch.manifest)
        tx._connection.execute("COMMIT")
        tx._connection.execute("BEGIN IMMEDIATE")
        tx._connection.execute("DELETE FROM intake WHERE hash = ?", (batch.hash,))
        return real(tx, batch, sender, *rest)

    patch.setattr(intake, "_apply", apply)


# --- rules (decision 021) --------------------------------------------------------------------------------------------------------


@mutant("rules", "rules")
def rules_of_the_last_pack(patch: pytest.MonkeyPatch) -> None:
    """A station has the rules that the last pack brought, and no others."""
    real = rules.keep

    def keep(tx: Tx, sets: Iterable[RuleSet]) -> tuple[str, ...]:
        sets = list(sets)
        if tx.db.path.stem == "station":
            tx._connection.execute("DELETE FROM rule_set")
        return real(tx, sets)

    patch.setattr(rules, "keep", keep)


@mutant("rules", "rules")
def rules_sent_once(patch: pytest.MonkeyPatch) -> None:
    """A pack carries the versions made since the last one, instead of all that hold."""
    real = district_rules.for_pack
    told: set[str] = set()

    def fresh(db: Database) -> list[RuleSet]:
        found = [one for one in real(db) if one.id not in told]
        told.update(one.id for one in found)
        return found

    patch.setattr(district_rules, "for_pack", fresh)


@mutant("rules", "rules", first=430)
def rules_by_number(patch: pytest.MonkeyPatch) -> None:
    """The version with the highest number is in force, whatever the epoch of the district that made it."""

    def newest(db: Database, kind: RuleKind, on: str = "") -> RuleSet | None:
        day = on or db.stamp().business_date
        started = [one for one in rules.versions(db, kind) if one.starts_on <= day]
        return max(started, key=lambda one: (one.no, one.id), default=None)

    patch.setattr(rules, "in_force", newest)


@mutant("rules", "rules")
def rules_only_of_today(patch: pytest.MonkeyPatch) -> None:
    """A pack carries what is in force on its day, and not what will be before the next stick comes."""
    real = district_rules.for_pack
    patch.setattr(
        district_rules, "for_pack", lambda db: [one for one in real(db) if one.starts_on <= db.stamp().business_date]
    )


@mutant("rules", "rules")
def stations_ahead_unseen(patch: pytest.MonkeyPatch) -> None:
    """A district that was put back does not notice that stations go by rules it has not."""
    patch.setattr(intake, "_hear_rules", lambda *given: None)


# --- regulars of other stations ---------------------------------------------------------------------------------------------------


@mutant("regulars", "roaming")
def roster_told_once(patch: pytest.MonkeyPatch) -> None:
    """A pack carries what changed of the roster since the last one was written, whether that one arrived or not."""
    told: dict[tuple[int, str], int] = {}
    real = regulars.for_pack

    def since(db: Database, station_id: str) -> int:
        return told.get((id(db), station_id), 0)

    def for_pack(tx: Tx, station_id: str) -> Any:
        made = real(tx, station_id)
        told[id(tx.db), station_id] = made[0].number
        return made

    patch.setattr(regulars, "known_at", since)
    patch.setattr(regulars, "for_pack", for_pack)


@mutant("regulars", "roaming")
def roster_on_any_base(patch: pytest.MonkeyPatch) -> None:
    """A station takes what changed of the roster whatever it builds on, and says that it knows everything up to there."""
    real, lost = roaming.apply, regulars.known_at

    def apply(tx: Tx, told: Mapping[str, Any], epoch: int, *rest: Any) -> int:
        at_epoch, here = roaming.at_number(tx.db)
        here = here if at_epoch == epoch else 0
        return real(tx, dict(told) | ({"since": here} if told["since"] > here else {}), epoch, *rest)

    patch.setattr(roaming, "apply", apply)
    patch.setattr(regulars, "known_at", lambda db, station_id: max(lost(db, station_id), int(db.meta(regulars.NUMBER) or 0) - 1))


@mutant("regulars", "roaming")
def lost_cards_untold(patch: pytest.MonkeyPatch) -> None:
    """A card that was reported lost is taken off the roster, and nobody is told that it opens nothing any more."""
    real = regulars._keep_entry

    def keep(tx: Tx, badge: Any, person: Any, number: int, *rest: Any) -> int:
        return number if badge["state"] == "revoked" else real(tx, badge, person, number, *rest)

    patch.setattr(regulars, "_keep_entry", keep)


@mutant("regulars", "roaming")
def guests_counted_apart(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes to another station is somebody else in the figures."""
    patch.setattr(aliases, "know_badges", lambda tx, badges: None)


@mutant("regulars", "roaming")
def known_for_good(patch: pytest.MonkeyPatch) -> None:
    """Whoever was on the roster once stays on it, also when they are forgotten."""
    real = regulars._keep_entry

    def keep(tx: Tx, badge: Any, person: Any, number: int, *rest: Any) -> int:
        return real(tx, badge, person, number, *rest) if regulars._known(person) else number

    patch.setattr(regulars, "_keep_entry", keep)


@mutant("regulars", "clocks", first=160)
def computers_heard_by_their_clocks(patch: pytest.MonkeyPatch) -> None:
    """How much of the roster a station knows is asked of those of its computers whose days are near the latest day of any."""
    real = regulars.known_at

    def known_at(db: Database, station_id: str) -> int:
        heads = [
            json.loads(row["manifest"])
            for row in db.rows("SELECT manifest FROM intake WHERE station_id = ? ORDER BY no DESC, taken_in DESC", (station_id,))
        ]
        newest: dict[str, Any] = {}
        for head in heads:
            newest.setdefault(head["store_id"], head)
        if not newest:
            return real(db, station_id)
        latest = max(head["closed"][:4] for head in newest.values())
        seen = [head.get("regulars") or {} for head in newest.values() if head["closed"][:4] == latest]
        epoch, number = int(db.meta("epoch")), int(db.meta(regulars.NUMBER) or 0)
        return min(one.get("number", 0) if one.get("epoch") == epoch and one.get("number", 0) <= number else 0 for one in seen)

    patch.setattr(regulars, "known_at", known_at)
