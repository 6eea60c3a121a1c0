"""Which incarnation of a store this is: a copy or a backup that goes on takes a new ``store_id``, with its parent noted.

The **anchor** is a small file beside the database: the machine, the store's id, its last batch and the newest link of its log as
of then (SYNC.md section 4, rule 5; DECISIONS.md 8). It is written when a batch is closed, when a store is founded or restored,
never by a registration. When the store is opened and before each batch is closed the two are compared:

- another machine: the whole folder was copied (a clone, or a move, which cannot be told from one);
- the anchor's batch is not in the database, or is another: the database was put back from an image;
- the anchor speaks of another store, or is gone though batches were closed: one of the two was put there.

Each means that somebody else may go on under the same id, so this store takes a new one before the next batch is closed. Where
both were put back together only a receipt can tell: it lists a batch of this store that this store does not have.

A district has the same anchor; instead of a new id its epoch rises (rule 6), so that its stations offer everything again.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import vault
from ..db import CHAIN, Database, Tx
from ..errors import EnvironmentFault
from ..model import Op, uuid7
from ..paths import DataFolder, machine_id
from . import exchange


@dataclass(frozen=True, slots=True)
class Anchor:
    """What is known outside the database; ``no`` and ``hash`` of the last batch (0 and "" before the first; a district counts
    packs), ``operation`` and ``chain`` of the newest operation then, ``epoch`` of a district (0 at a station)."""

    machine: str
    store_id: str
    no: int
    hash: str
    operation: int
    chain: str
    epoch: int = 0


def here() -> str:
    """The machine this program runs on."""
    return machine_id()


def anchor(db: Database) -> Anchor | None:
    """The anchor beside a store, None where there is none that can be read."""
    return read(DataFolder(db.path.parent, db.path.stem))


def read(place: DataFolder) -> Anchor | None:
    """The anchor in a data folder, None where there is none that can be read."""
    try:
        told = json.loads(place.anchor.read_text("utf-8"))
        return Anchor(
            str(told["machine"]), str(told["store_id"]), int(told["no"]), str(told["hash"]), int(told["operation"]), str(told["chain"]),
            int(told["epoch"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError):
        return None


def spelled(db: Database) -> bytes:
    """The anchor of a store as it stands now, as it is written."""
    return json.dumps(asdict(Anchor(here(), db.store_id, *_last(db), *newest_link(db), epoch(db)))).encode()


def write_anchor(db: Database) -> None:
    """Note where the store stands now; EnvironmentFault when the folder says no."""
    place = _place(db)
    try:
        vault.write_whole(place, spelled(db))
    except OSError as error:
        raise EnvironmentFault("db.unwritable_folder", folder=place.parent.name, reason=error.strerror) from error


def newest_link(db: Database) -> tuple[int, str]:
    """The newest operation and the link at the end of the log, (0, "") before the first."""
    return int(db.scalar("SELECT coalesce(max(sequence), 0) FROM operation")), db.meta(CHAIN)


def link_at(db: Database, operation: int) -> str:
    """The link that now stands at an operation, "" where there is none."""
    return db.scalar("SELECT chain FROM operation WHERE sequence = ?", (operation,)) or ""


def suspicion(db: Database) -> str:
    """Why somebody else may go on under this store's id (a code), "" when nothing speaks for it."""
    known, (no, _) = anchor(db), _last(db)
    if known is None:
        return "unanchored" if no else ""
    machine = here()
    if known.machine and machine and known.machine != machine:
        return "moved"
    if known.store_id != db.store_id or (known.epoch and not _is_district(db)):
        return "replaced"
    return "" if _holds(db, known) else "put_back"


def settle(db: Database) -> str:
    """Compare with the anchor; where it does not fit begin anew, and return why (a code). Run at opening and before closing."""
    why = suspicion(db)
    if why:
        with db.transact(Op.SETTING, by_itself=True, name="incarnation", why=why) as tx:
            tx.keeper = ""
            begin(tx, why, anchor(db))
    known = anchor(db)
    if why or known is None or known.epoch != epoch(db):  # a power cut may have kept a risen epoch from it
        write_anchor(db)
    return why


def begin(tx: Tx, why: str, known: Anchor | None = None) -> str:
    """A new incarnation inside an operation; returns the parent as manifests tell it, ``store_id/hash of its last batch``.

    The manifest that carries it is signed. A district's epoch rises instead, above that of the anchor ``known``. ``why`` is
    kept to be shown.
    """
    db = tx.db
    parent = f"{db.store_id}/{_last(db)[1]}"
    if _is_district(db):
        tx.set_meta("epoch", str(max(int(db.meta("epoch")), known.epoch if known else 0) + 1))
    else:
        tx.set_meta("store_id", uuid7())
        tx.set_meta("parent", parent)
    tx.set_meta("began", json.dumps({"why": why, "time": tx.stamp.time, "parent": parent}))
    return parent


def began(db: Database) -> tuple[str, str]:
    """Why and when (ISO 8601) this incarnation began, ("", "") for the first."""
    told = json.loads(db.meta("began") or "{}")
    return told.get("why", ""), told.get("time", "")


def epoch(db: Database) -> int:
    """How often a district began anew, from 1; 0 at a station, which takes a new id instead."""
    return int(db.meta("epoch") or 0)


def _is_district(db: Database) -> bool:
    return bool(db.meta("epoch"))


def _place(db: Database) -> Path:
    return DataFolder(db.path.parent, db.path.stem).anchor


def _last(db: Database) -> tuple[int, str]:
    if _is_district(db):
        return int(db.meta("packs") or 0), ""
    before = exchange.last_batch(db)
    return (before["no"], before["hash"]) if before else (0, "")


def _holds(db: Database, known: Anchor) -> bool:
    """Whether the database has what the anchor saw last; more than that is a write that a power cut kept from the anchor."""
    if _is_district(db):
        return _last(db)[0] >= known.no and epoch(db) >= known.epoch
    return not known.no or exchange.hash_of(db, known.no) == known.hash
