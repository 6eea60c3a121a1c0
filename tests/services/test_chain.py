"""The operations are chained by hash: whatever is altered, removed, put in or put elsewhere behind the services is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from station_app import db as store
from station_app.db import CHAIN, OPERATION, Database
from station_app.model import Consent, ItemKind, Occupation, Op
from station_app.services import audit, history, people, supplies, visits

PUT_IN = (
    "INSERT INTO change(operation, table_name, row_id, version, after)"
    " SELECT 2, table_name, row_id, version, after FROM change WHERE operation = 3 LIMIT 1"
)


@pytest.fixture
def day(db: Database) -> Database:
    """Seven operations after the set-up, one of them taken back, one without changes."""
    person, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "", Consent.STATION)
    visits.check_in(db, person.badge_code)
    item, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, item.id, 5)
    _, given = supplies.hand_out(db, item.id, person_id=person.id)
    history.undo(db, given.operation)
    with db.transact(Op.SETTING, name="recovery_key"):
        pass
    return db


def bend(db: Database, *statements: str) -> None:
    for sql in statements:
        db._writer.execute(sql)


def broken(db: Database) -> list[tuple[str, Any]]:
    return [(p.word, p.fields["no"]) for p in audit.check(db) if p.word.startswith("audit.chain")]


def test_an_honest_chain_holds_and_every_operation_has_its_own_link(day: Database) -> None:
    assert audit.check(day) == []
    links = [row["chain"] for row in day.rows("SELECT chain FROM operation ORDER BY sequence")]
    assert len(set(links)) == len(links) == 8
    assert day.meta(CHAIN) == links[-1]


def test_what_was_rolled_back_is_no_link(day: Database) -> None:
    with pytest.raises(ZeroDivisionError), day.transact(Op.TALLY, count=1) as tx:
        tx.put("station", {"id": day.meta("station_id"), "name": "另一个"})
        raise ZeroDivisionError
    visits.tally(day, Occupation.RIDER, 2)
    assert audit.check(day) == []


@pytest.mark.parametrize("column", [name for name in OPERATION if name != "sequence"])
def test_an_altered_operation_is_named(day: Database, column: str) -> None:
    bend(day, f"UPDATE operation SET {column} = coalesce({column}, '') || ' ' WHERE sequence = 4")
    assert broken(day) == [("audit.chain_broken", 4)]


@pytest.mark.parametrize("column", ["table_name", "row_id", "version", "before", "after"])
def test_an_altered_change_is_named_at_its_operation(day: Database, column: str) -> None:
    altered = "version + 1" if column == "version" else f"coalesce({column}, '') || ' '"
    bend(
        day,
        f"UPDATE change SET {column} = {altered} WHERE sequence = (SELECT min(sequence) FROM change WHERE operation = 3)",
    )
    assert broken(day) == [("audit.chain_broken", 3)]


@pytest.mark.parametrize(
    ("statements", "no"),
    [
        (("DELETE FROM operation WHERE sequence = 4", "DELETE FROM change WHERE operation = 4"), 4),
        (("DELETE FROM change WHERE operation = 4",), 4),
        (("DELETE FROM operation WHERE sequence = 4",), 4),
        (
            (
                "DELETE FROM change WHERE operation = 4",
                "DELETE FROM operation WHERE sequence = 4",
                "UPDATE change SET operation = operation - 1 WHERE operation > 4",
                "UPDATE operation SET sequence = sequence - 1 WHERE sequence > 4",
            ),
            4,
        ),
        (("UPDATE change SET operation = 5 WHERE operation = 4",), 4),
        (
            (
                "UPDATE operation SET sequence = -3 WHERE sequence = 3",
                "UPDATE operation SET sequence = 3 WHERE sequence = 4",
                "UPDATE operation SET sequence = 4 WHERE sequence = -3",
                "UPDATE change SET operation = -3 WHERE operation = 3",
                "UPDATE change SET operation = 3 WHERE operation = 4",
                "UPDATE change SET operation = 4 WHERE operation = -3",
            ),
            3,
        ),
        (
            (PUT_IN,),
            2,
        ),
        (("UPDATE operation SET chain = (SELECT chain FROM operation WHERE sequence = 2) WHERE sequence = 5",), 5),
    ],
    ids=["removed", "changes removed", "row removed", "closed up", "changes moved", "swapped", "change put in", "link"],
)
def test_what_was_removed_put_in_or_put_elsewhere_is_named(day: Database, statements: tuple[str, ...], no: int) -> None:
    bend(day, *statements)
    assert broken(day) == [("audit.chain_broken", no)]


def test_an_operation_put_in_at_the_end_with_a_link_of_its_own_is_found(day: Database) -> None:
    bend(
        day,
        "INSERT INTO operation(sequence, id, op, time, business_date, keeper_id, recorded, details, chain)"
        " SELECT 9, 'x', op, time, business_date, keeper_id, recorded, details, chain FROM operation WHERE sequence = 8",
    )
    assert broken(day) == [("audit.chain_broken", 9)]


def test_the_newest_operations_cannot_be_cut_off(day: Database) -> None:
    bend(day, "DELETE FROM change WHERE operation > 6", "DELETE FROM operation WHERE sequence > 6")
    assert broken(day) == [("audit.chain_cut", 6)]
    visits.tally(day, Occupation.RIDER, 1)  # working on does not mend it
    assert broken(day) == [("audit.chain_broken", 7)]


@pytest.mark.parametrize(("operation", "word", "no"), [(99, "broken", 99), (100_000, "cut", 8), (0, "cut", 8)])
def test_changes_of_no_operation_are_found(day: Database, operation: int, word: str, no: int) -> None:
    bend(
        day,
        "INSERT INTO change(operation, table_name, row_id, version, after)"
        f" SELECT {operation}, table_name, row_id, version, after FROM change LIMIT 1",
    )
    assert broken(day) == [(f"audit.chain_{word}", no)]


def test_a_chain_longer_than_one_reading_holds(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "SPAN", 3)
    for count in range(1, 9):
        visits.tally(db, Occupation.COURIER, count)
    assert audit.check(db) == []
    bend(db, "UPDATE operation SET details = '{}' WHERE sequence = 7")
    assert broken(db) == [("audit.chain_broken", 7)]


def test_a_check_that_believes_any_link_finds_nothing(day: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: with links that hold nothing, the same damage goes unnoticed."""
    links = iter([row["chain"] for row in day.rows("SELECT chain FROM operation ORDER BY sequence")])
    bend(day, "UPDATE operation SET details = '{}' WHERE sequence = 4")
    assert broken(day) == [("audit.chain_broken", 4)]
    monkeypatch.setattr(audit, "link", lambda *_: next(links))
    assert broken(day) == []


def test_the_link_is_what_it_says(day: Database) -> None:
    """Recomputed here from the documented content alone."""
    from hashlib import sha256

    def spelled(*parts: Any) -> bytes:
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"

    before = ""
    for row in day.rows("SELECT * FROM operation ORDER BY sequence"):
        images = sha256()
        for change in day.rows("SELECT * FROM change WHERE operation = ? ORDER BY sequence", (row["sequence"],)):
            images.update(
                spelled(*(change[n] for n in ("sequence", "table_name", "row_id", "version", "before", "after")))
            )
        before = sha256(spelled(before, *(row[name] for name in store.OPERATION), images.hexdigest())).hexdigest()
        assert row["chain"] == before
