"""What waits to be exported: rows, not changes; what changes again after it left waits again."""

from __future__ import annotations

from station_app.db import Database
from station_app.model import Occupation, Op
from station_app.services import exchange, history, visits


def pack(db: Database) -> None:
    """A batch of all that no batch holds; what stands in it is of no concern here."""
    no, first, last = 1, exchange.last_packed(db) + 1, exchange.newest_sequence(db)
    if (before := exchange.last_batch(db)) is not None:
        no += before["no"]
    with db.transact(Op.CLOSE_BATCH) as tx:
        exchange.keep_batch(tx, no=no, closed=tx.stamp.time, first=first, last=last, row_count=1, hash=str(no), body=b"")


def waits(db: Database) -> int:
    """How many rows wait, as the top of the window and the page 上报 ask, and as a batch would take them."""
    taken = exchange.changed_rows(db, exchange.last_packed(db), exchange.newest_sequence(db))
    assert exchange.waiting(db) == exchange.status(db).local == sum(len(rows) for rows in taken.values())
    return exchange.waiting(db)


def test_a_row_waits_once_however_often_it_changed(db: Database) -> None:
    pack(db)
    assert waits(db) == 0
    visit, _ = visits.tally(db, Occupation.RIDER)
    other, _ = visits.tally(db, Occupation.COURIER, 2)
    assert waits(db) == 2
    visits.set_count(db, visit.id, 5)
    visits.set_count(db, visit.id, 6)
    history.undo_last(db)
    assert waits(db) == 2
    pack(db)
    assert waits(db) == 0
    visits.set_count(db, other.id, 3)
    visits.set_count(db, other.id, 4)
    assert waits(db) == 1
    visits.tally(db, Occupation.RIDER)
    assert waits(db) == 2
