"""``check``: the file's own integrity, every derived figure recomputed, the change log against the rows.

``verify`` is the same beside the desk: on a reading connection of its own, with progress, its outcome kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from .. import vault
from ..db import CHAIN, OPERATION, Database, image, link, spelled
from ..errors import Cancelled
from ..model import Changes, Op
from ..schema import LEDGERS
from . import aliases, attachments, exchange, incarnation, loans, slots
from .supplies import kept, kits, recount

Tell = Callable[[int, int], None]
"""Told (done, total); may raise Cancelled."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not add up: the id of its sentence and what it names."""

    word: str
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verification:
    """What ``verify`` found: when (ISO 8601), how many operations were there, how many problems and the first of them."""

    time: str
    steps: int
    problems: int
    word: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


def check(db: Database) -> list[Problem]:
    """Every problem found; an empty list is a clean bill of health. Reads the whole store."""
    found = [Problem("audit.damage", {"text": line}) for line in db.damage()]
    return found + _ledgers_add_up(db, lambda _done, _total: None)


def verify(db: Database, tell: Tell = lambda _done, _total: None) -> tuple[Verification, Changes]:
    """Check the store as it stands now while the desk goes on, and keep the outcome; also who asked for it is in the trail.

    The file itself by the quick check, which holds nobody up: it reads every page in use. Raises Cancelled when ``tell`` does.
    """

    def stop() -> bool:
        try:
            tell(0, 1)
        except Cancelled:
            return True
        return False

    damage = db.quick_check(stop)
    if damage is None:
        raise Cancelled("kit.cancelled")
    found = [Problem("audit.damage", {"text": line}) for line in damage]
    with db.snapshot() as seen:
        steps = _newest(seen)
        found += _ledgers_add_up(seen, tell)
    word, told = (found[0].word, found[0].fields) if found else ("", {})
    outcome = Verification(db.stamp().time, steps, len(found), word, told)
    with db.transact(Op.SETTING, by_itself=True, name=VERIFICATION) as tx:
        tx.set_meta(VERIFICATION, json.dumps(asdict(outcome)))
    return outcome, Changes(tx.operation, Op.SETTING, {"meta": (VERIFICATION,)})


VERIFICATION = "verification"
"""The small fact that keeps the outcome."""


def last_verification(db: Database) -> Verification | None:
    """The outcome of the newest verification, None before the first."""
    kept = db.meta(VERIFICATION)
    return Verification(**json.loads(kept)) if kept else None


def _ledgers_add_up(db: Database, tell: Tell) -> list[Problem]:
    """Of what is told to ``tell`` the chain is the first half, the log against the rows the second."""
    half = _newest(db)
    found = list(_chain_holds(db, lambda done, _total: tell(done, 2 * half)))
    found += _log_matches_rows(db, lambda done, total: tell(half + half * done // total, 2 * half))
    for part in (_stock_is_its_movements, _handouts_have_movements, _kits_are_their_parts, _visits_are_sound, _search_is_whole,
                 _requests_have_steps, _merges_are_followed, _pictures_are_whole, _batches_are_gapless, _past_is_as_witnessed,
                 _digests_are_kept, _no_slot_came_back, _things_are_their_loans, _supplies_say_the_facts):  # fmt: skip
        found += part(db)
        tell(2 * half, 2 * half)
    return found


SPAN = 500
"""Operations read at once."""


def _newest(db: Database) -> int:
    return int(db.scalar("SELECT max(sequence) FROM operation") or 0)


def _chain_holds(db: Database, tell: Tell) -> Iterator[Problem]:
    """The first operation whose link does not hold: altered, taken out, put in or put elsewhere, with its changes."""
    end, before, expected = _newest(db), "", 1
    while expected <= end:
        tell(expected, end)
        changes: dict[int, Any] = {}
        for row in db.rows(
            "SELECT * FROM change WHERE operation >= ? AND operation < ? ORDER BY sequence", (expected, expected + SPAN)
        ):
            images = changes.setdefault(row["operation"], sha256())
            images.update(spelled(*(row[name] for name in CHANGE)))
        rows = db.rows(
            "SELECT * FROM operation WHERE sequence < ? AND sequence >= ? ORDER BY sequence",
            (expected + SPAN, expected),
        )
        for row in rows:
            images = changes.pop(row["sequence"], None) or sha256()
            chain = link(before, [row[name] for name in OPERATION], images.digest())
            if row["sequence"] != expected or row["chain"] != chain:
                yield Problem("audit.chain_broken", {"no": expected, "time": row["time"]})
                return
            before, expected = chain, expected + 1
        if not rows or changes:
            yield Problem("audit.chain_broken", {"no": min(changes, default=expected), "time": ""})
            return
    stray = db.scalar("SELECT min(operation) FROM change WHERE operation < 1 OR operation > ?", (end,))
    if stray is not None or db.meta(CHAIN) != before:
        yield Problem("audit.chain_cut", {"no": end})


CHANGE = ("sequence", "table_name", "row_id", "version", "before", "after")
"""The columns of a change that its operation's link holds."""


def _log_matches_rows(db: Database, tell: Tell) -> Iterator[Problem]:
    """The newest image of every row is the row; versions in the log rise by one from 1; no row stands without a log."""
    for done, table in enumerate(LEDGERS):
        tell(done, len(LEDGERS))
        newest: dict[str, str] = {}
        versions: dict[str, int] = {}
        for change in db.rows(
            "SELECT row_id, version, before, after FROM change WHERE table_name = ? ORDER BY sequence", (table,)
        ):
            row_id = change["row_id"]
            if change["version"] != versions.get(row_id, 0) + 1 or (change["before"] or "") != newest.get(row_id, ""):
                yield Problem("audit.log_broken", {"table": table, "id": row_id})
            newest[row_id], versions[row_id] = change["after"], change["version"]
        taken = _from_district(db, table)
        for row in db.rows(f"SELECT * FROM {table}"):
            logged = newest.pop(row["id"], None)
            if logged is None:
                if row["id"] not in taken:
                    yield Problem("audit.row_without_log", {"table": table, "id": row["id"]})
            elif json.loads(logged) != json.loads(image(dict(row))):
                yield Problem("audit.row_differs", {"table": table, "id": row["id"]})
        for row_id in newest:
            yield Problem("audit.row_gone", {"table": table, "id": row_id})


def _from_district(db: Database, table: str) -> set[str]:
    """Rows that came from the other side carry its store id and have no log here."""
    rows = db.rows(f"SELECT id FROM {table} WHERE store_id <> ?", (db.store_id,))
    return {row["id"] for row in rows}


def _stock_is_its_movements(db: Database) -> Iterator[Problem]:
    """What is kept of the shelf is what its movements add up to; below zero it is consistent only where handouts were flagged short."""
    names = {row["id"]: row["name"] for row in db.rows("SELECT id, name FROM item")}
    for item_id, told, moved in kept.differing(db):
        yield Problem("audit.stock_differs", {"name": names.get(item_id, item_id), "kept": told, "n": moved})
    rows = db.rows(
        "SELECT i.id, i.name, (SELECT coalesce(sum(delta), 0) FROM movement WHERE item_id = i.id AND void_reason IS NULL) AS balance,"
        " (SELECT count(*) FROM handout h WHERE h.short = 1 AND h.void_reason IS NULL AND (h.item_id = i.id OR EXISTS("
        "SELECT 1 FROM movement m WHERE m.handout_id = h.id AND m.item_id = i.id AND m.void_reason IS NULL))) AS flagged FROM item i"
    )
    for row in rows:
        if row["balance"] < 0 and not row["flagged"]:
            yield Problem("audit.stock_below_zero", {"name": row["name"], "n": row["balance"]})


def _handouts_have_movements(db: Database) -> Iterator[Problem]:
    rows = db.rows(
        "SELECT h.id, h.quantity, h.void_reason, coalesce((SELECT -sum(delta) FROM movement"
        " WHERE handout_id = h.id AND item_id = h.item_id AND kind = 'handout' AND void_reason IS NULL), 0) AS moved FROM handout h"
    )
    for row in rows:
        if row["moved"] != (0 if row["void_reason"] else row["quantity"]):
            yield Problem("audit.handout_unmoved", {"id": row["id"]})


def _kits_are_their_parts(db: Database) -> Iterator[Problem]:
    """Each kit that was put together or taken apart moved itself one way and its parts, as written then, the other."""
    moved: dict[str, dict[str, int]] = {}
    for row in db.rows(
        "SELECT assembly_id, item_id, sum(delta) AS n FROM movement WHERE assembly_id IS NOT NULL AND void_reason IS NULL GROUP BY 1, 2"
    ):
        moved.setdefault(row["assembly_id"], {})[row["item_id"]] = row["n"]
    for row in db.rows("SELECT id, kit_id, quantity, parts, void_reason FROM assembly"):
        wanted = {item_id: -number * row["quantity"] for item_id, number in kits.read(row["parts"]).items()}
        expected = {} if row["void_reason"] else wanted | {row["kit_id"]: row["quantity"]}
        if moved.pop(row["id"], {}) != expected:
            yield Problem("audit.kit_unmoved", {"id": row["id"]})
    for assembly_id in moved:
        yield Problem("audit.kit_unmoved", {"id": assembly_id})


SAID = {
    "audit.transfer_unmoved": recount.transfers, "audit.count_unmoved": recount.stocktakes, "audit.quota_differs": recount.rules,
    "audit.forecast_differs": recount.forecasts,
}  # fmt: skip


def _supplies_say_the_facts(db: Database) -> Iterator[Problem]:
    """Transfers and counts moved what they say; what rules leave and when things run out, reckoned once more from the rows."""
    for word, differing in SAID.items():
        for one in differing(db):
            yield Problem(word, {"name": one.name, "told": one.told, "found": one.found})


def _things_are_their_loans(db: Database) -> Iterator[Problem]:
    """No more came back of a loan than was lent, and what is kept as out is what is; no thing's numbers are such as cannot be."""
    for row in db.rows(
        "SELECT a.name, l.quantity, sum(e.quantity) AS ended, l.void_reason FROM loan l JOIN asset a ON a.id = l.asset_id"
        " JOIN loan_end e ON e.loan_id = l.id AND e.void_reason IS NULL GROUP BY l.id"
    ):
        if row["ended"] > (0 if row["void_reason"] else row["quantity"]):
            yield Problem("audit.loan_ended_twice", {"name": row["name"]})
    for name, told, found in loans.differing(db):
        yield Problem("audit.loan_left_differs", {"name": name, "kept": told, "n": found})
    for asset in loans.assets(db, with_retired=True):
        if loans.wrong(db, asset):
            yield Problem("audit.thing_below_zero", {"name": asset.title, "n": asset.free})


def _visits_are_sound(db: Database) -> Iterator[Problem]:
    """Hour and day follow from the time; a registered visit is one person, whose record stands."""
    for row in db.rows("SELECT id, time, business_date, hour, person_times, person_id FROM visit"):
        if row["time"][:10] != row["business_date"] or int(row["time"][11:13]) != row["hour"]:
            yield Problem("audit.visit_day", {"id": row["id"]})
        if row["person_times"] < 1 or (row["person_id"] and row["person_times"] != 1):
            yield Problem("audit.visit_count", {"id": row["id"]})
    for row in db.rows(
        "SELECT v.id FROM visit v LEFT JOIN person p ON p.id = v.person_id WHERE v.person_id IS NOT NULL AND p.id IS NULL"
        " AND substr(v.person_id, 15, 1) <> '8'"  # a badge of another station (aliases.stranger)
    ):
        yield Problem("audit.visit_nobody", {"id": row["id"]})


def _search_is_whole(db: Database) -> Iterator[Problem]:
    """Everybody who can be found is in the index once, and nobody else."""
    rows = db.rows(
        "SELECT p.id FROM person p LEFT JOIN person_entry e ON e.person_id = p.id"
        " WHERE p.void_reason IS NULL AND e.person_id IS NULL AND NOT EXISTS(SELECT 1 FROM erasure WHERE subject_id = p.id)"
        " AND NOT EXISTS(SELECT 1 FROM alias WHERE person_id = p.id)"
        " UNION ALL SELECT e.person_id FROM person_entry e"
        " LEFT JOIN person p ON p.id = e.person_id AND p.void_reason IS NULL WHERE p.id IS NULL"
        " UNION ALL SELECT e.person_id FROM person_entry e JOIN erasure f ON f.subject_id = e.person_id"
        f" UNION ALL SELECT e.person_id FROM person_entry e WHERE e.visits <> (SELECT count(*) FROM visit WHERE person_id IN"
        f" {aliases.members_of('e.person_id')} AND void_reason IS NULL)"
    )
    for row in rows:
        yield Problem("audit.search", {"id": row["id"]})


def _merges_are_followed(db: Database) -> Iterator[Problem]:
    """Every merged record leads to the one kept, as the merges that stand say."""
    kept = {row["person_id"]: row["kept_id"] for row in db.rows("SELECT person_id, kept_id FROM alias WHERE kind = 'merge'")}
    expected = aliases.expected(db)
    for person_id in sorted(kept.keys() | expected.keys()):
        if kept.get(person_id) != expected.get(person_id):
            yield Problem("audit.merge", {"id": person_id})


def _requests_have_steps(db: Database) -> Iterator[Problem]:
    rows = db.rows(
        "SELECT r.number FROM request r WHERE r.void_reason IS NULL AND NOT EXISTS("
        "SELECT 1 FROM request_step WHERE request_id = r.id AND void_reason IS NULL)"
    )
    for row in rows:
        yield Problem("audit.request_stepless", {"number": row["number"]})
    for row in db.rows("SELECT number FROM request GROUP BY number HAVING count(*) > 1"):
        yield Problem("audit.number_twice", {"number": row["number"]})


PICTURE = {"blobs.missing": "audit.picture_missing", "blobs.damaged": "audit.picture_damaged"}


def _pictures_are_whole(db: Database) -> Iterator[Problem]:
    """Every picture that stands, of a request that is not forgotten, has its file, and the file is what was written."""
    for row, word in attachments.missing(db):
        yield Problem(PICTURE[word], {"number": row["number"], "rank": row["rank"]})


def _batches_are_gapless(db: Database) -> Iterator[Problem]:
    """Batches follow one another in number and hold every change up to the last without a hole; a snapshot spans none."""
    edge = 0
    sql = "SELECT no, first_sequence, last_sequence, snapshot FROM batch ORDER BY no"
    for expected, row in enumerate(db.rows(sql), start=1):
        shrunk = row["last_sequence"] < row["first_sequence"] and not row["snapshot"]
        if row["no"] != expected or row["first_sequence"] != edge + 1 or shrunk:
            yield Problem("audit.batch_gap", {"no": row["no"]})
        edge = row["last_sequence"]


def _past_is_as_witnessed(db: Database) -> Iterator[Problem]:
    """The log's chain stands where batches and the anchor outside the database saw it: a past written anew shows here."""
    rows = db.rows(
        "SELECT b.no, b.closed FROM batch b LEFT JOIN operation o ON o.sequence = b.operation"
        " WHERE b.operation > 0 AND o.chain IS NOT b.chain ORDER BY b.no LIMIT 1"
    )
    for row in rows:
        yield Problem("audit.past_rewritten", {"no": row["no"], "time": row["closed"]})
    known = incarnation.anchor(db)
    if known is None:
        return
    if known.epoch > incarnation.epoch(db) or (known.operation and incarnation.link_at(db, known.operation) != known.chain):
        yield Problem("audit.anchor_differs", {"no": known.operation})


def _digests_are_kept(db: Database) -> Iterator[Problem]:
    """The digests told in batches count every row that a batch holds."""
    counted = db.rows(
        "SELECT table_name, count(DISTINCT row_id) AS n FROM change WHERE sequence <= ? GROUP BY 1", (exchange.last_packed(db),)
    )
    kept = {row["table_name"]: row["n"] for row in db.rows("SELECT table_name, sum(row_count) AS n FROM digest GROUP BY 1")}
    for row in counted:
        if kept.get(row["table_name"], 0) != row["n"]:
            yield Problem("audit.digest_differs", {"table": row["table_name"]})


def _no_slot_came_back(db: Database) -> Iterator[Problem]:
    """No slot that was taken away stands in the slot file: it would open nothing, but somebody put it there."""
    for slot_id in sorted(slots.standing(db) & slots.gone(db)):
        yield Problem("audit.slot_put_back", {"number": vault.slot_mark(slot_id)})
