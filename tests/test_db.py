"""The one door to the database: what must hold about opening, keys, locks, transactions and their log."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station_app import db as database
from station_app.db import Database
from station_app.errors import Bug, Cancelled, EnvironmentFault, Refused
from station_app.model import Op
from station_app.schema import LEDGERS, STATION
from station_app.sync import wire
from tests.conftest import Clock

if TYPE_CHECKING:
    import sqlite_utils

KEY = "5a" * 32


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


@pytest.fixture
def store(place: Path) -> Database:
    opened = database.open(place, KEY, STATION, clock=Clock())
    with opened.transact(Op.SET_UP) as tx:
        tx.set_meta("store_id", "00000000-0000-7000-8000-000000000001")
    return opened


KEEPER = {"name": "王敏", "role": "keeper", "active": 1}


def test_the_pragmas_that_promises_rest_on(store: Database) -> None:
    found = {
        name: store.scalar(f"PRAGMA {name}") for name in ("journal_mode", "synchronous", "secure_delete", "query_only")
    }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "query_only": 1}
    store.close()


def test_no_plain_text_reaches_the_disk(store: Database, place: Path) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER | {"name": "PLANTED-MARKER"})
    for file in place.parent.iterdir():
        assert b"PLANTED-MARKER" not in file.read_bytes()
        assert not file.read_bytes().startswith(b"SQLite format 3")
    store.close()


def test_a_row_is_logged_with_before_and_after_in_its_own_transaction(store: Database) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        keeper_id = tx.put("keeper", KEEPER)
    with store.transact(Op.CHANGE_KEEPER) as tx:
        tx.put("keeper", {"id": keeper_id, "name": "赵丽"})
    first, second = store.rows("SELECT * FROM change ORDER BY sequence")
    assert first["before"] is None
    assert first["after"] == second["before"]
    assert json.loads(second["after"]) | {"version": 1, "name": "王敏"} == json.loads(first["after"])
    assert [row["op"] for row in store.rows("SELECT op FROM operation ORDER BY sequence")][-2:] == [
        "add_keeper", "change_keeper",
    ]  # fmt: skip
    store.close()


def test_a_failure_inside_leaves_nothing(store: Database) -> None:
    before = store.rows("SELECT * FROM operation")
    with pytest.raises(ZeroDivisionError), store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
        1 / 0  # noqa: B018
    assert store.rows("SELECT * FROM keeper") == []
    assert len(store.rows("SELECT * FROM operation")) == len(before)
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
    assert len(store.rows("SELECT * FROM keeper")) == 1
    store.close()


def test_inside_an_operation_its_own_writes_are_seen_and_outside_they_are_not(store: Database) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
        assert len(store.rows("SELECT * FROM keeper")) == 1
        assert store._reader.execute("SELECT count(*) FROM keeper").fetchone()[0] == 0
    store.close()


@pytest.mark.parametrize("row", [{"nam": "x"}, KEEPER | {"colour": "red"}])
def test_a_column_nobody_knows_is_a_bug(store: Database, row: dict[str, str]) -> None:
    with pytest.raises(Bug), store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", row)
    store.close()


def test_a_table_nobody_knows_is_a_bug_and_is_not_made(store: Database) -> None:
    with pytest.raises(Bug), store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keepers", KEEPER)
    assert store.scalar("SELECT 1 FROM sqlite_master WHERE name = 'keepers'") is None
    store.close()


def test_operations_do_not_nest(store: Database) -> None:
    with pytest.raises(Bug), store.transact(Op.SETTING), store.transact(Op.SETTING):
        pass
    store.close()


def test_another_key_is_refused(store: Database, place: Path) -> None:
    store.close()
    with pytest.raises(Refused) as refusal:
        database.open(place, "5b" * 32, STATION)
    assert refusal.value.word == "db.wrong_key"
    database.open(place, KEY, STATION).close()


@pytest.mark.parametrize("key", ["", "5a" * 31, "5A" * 32, "x" * 64])
def test_a_key_that_sqlcipher_would_take_for_a_passphrase_is_a_bug(place: Path, key: str) -> None:
    with pytest.raises(Bug):
        database.open(place, key, STATION)


def test_a_file_of_a_newer_program_is_left_alone(store: Database, place: Path) -> None:
    store._writer.execute(f"PRAGMA user_version = {len(STATION) + 1}")
    store.close()
    before = place.read_bytes()
    with pytest.raises(EnvironmentFault) as fault:
        database.open(place, KEY, STATION)
    assert fault.value.word == "db.too_new"
    assert place.read_bytes() == before


def test_a_second_program_is_told_who_has_the_folder(store: Database, place: Path) -> None:
    second = (
        "import sys; from pathlib import Path; from station_app import db; from station_app.schema import STATION\n"
        "from station_app.errors import EnvironmentFault\n"
        f"try: db.open(Path(sys.argv[1]), {KEY!r}, STATION, holder='command')\n"
        "except EnvironmentFault as fault: print(fault.word)\n"
    )
    told = subprocess.run([sys.executable, "-c", second, str(place)], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "db.in_use_by_window"
    store.close()
    database.open(place, KEY, STATION).close()


def test_a_program_that_was_killed_leaves_the_folder_free_and_what_it_saved(place: Path) -> None:
    killed = (
        "import os, sys; from pathlib import Path; from station_app import db; from station_app.schema import STATION\n"
        "from station_app.model import Op\n"
        f"store = db.open(Path(sys.argv[1]), {KEY!r}, STATION)\n"
        "with store.transact(Op.SET_UP) as tx: tx.set_meta('store_id', '0' * 32)\n"
        "for number in range(20):\n"
        "    with store.transact(Op.ADD_KEEPER) as tx:\n"
        "        tx.put('keeper', {'name': str(number), 'role': 'keeper', 'active': 1})\n"
        "    print(number, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    told = subprocess.run([sys.executable, "-c", killed, str(place)], capture_output=True, text=True, check=False)
    assert told.returncode == -9
    store = database.open(place, KEY, STATION)
    assert [row["name"] for row in store.rows("SELECT name FROM keeper ORDER BY id")] == told.stdout.split()
    assert store.damage() == []
    store.close()


def test_damage_to_a_page_is_found(store: Database, place: Path) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        for number in range(200):
            tx.put("keeper", KEEPER | {"name": f"王敏{number}"})
    store.close()
    data = bytearray(place.read_bytes())
    data[len(data) // 2] ^= 1
    place.write_bytes(data)
    opened = None
    try:
        opened = database.open(place, KEY, STATION)
        assert opened.damage() != []
    except Refused as refusal:
        assert refusal.word in ("db.damaged", "db.wrong_key")
    finally:
        if opened is not None:
            opened.close()


def row(version: int, store_id: str, name: str = "王敏") -> dict[str, object]:
    return KEEPER | {"id": "k1", "version": version, "store_id": store_id, "name": name}


@pytest.mark.parametrize(
    ("here", "there", "wins", "kept"),
    [
        (row(1, "a"), row(2, "a", "新"), "新", 0),
        (row(2, "a"), row(1, "a", "旧"), "王敏", 0),
        (row(2, "a"), row(2, "b", "乙"), "乙", 1),  # a tie: the higher store wins, the loser stays visible
        (row(2, "b"), row(2, "a", "甲"), "王敏", 1),
        (row(2, "a", "乙"), row(2, "a", "甲"), "甲" if "甲" > "乙" else "乙", 1),  # copies that did not know of each other
        (row(2, "a", "甲"), row(2, "a", "乙"), "甲" if "甲" > "乙" else "乙", 1),  # in either order
        (row(3, "a", "甲"), row(2, "b", "乙"), "甲", 1),  # perhaps not made of it: an older state went on as another store
        (row(1, "a", "甲"), row(2, "b", "乙"), "乙", 1),
        (row(2, "a"), row(2, "a"), "王敏", 0),
    ],
)
def test_rows_of_the_other_side_win_by_version_and_ties_stay_visible(
    store: Database, here: dict[str, object], there: dict[str, object], wins: str, kept: int
) -> None:
    with store.transact(Op.TAKE_IN) as tx:
        tx.take("keeper", [here])
        _, lost, _ = tx.take("keeper", [there])
    assert store.scalar("SELECT name FROM keeper") == wins
    assert len(lost) == kept
    store.close()


def test_rows_of_a_store_that_is_not_the_senders_are_not_taken(store: Database) -> None:
    with store.transact(Op.TAKE_IN) as tx:
        tx.take("keeper", [row(1, "a")])
        taken, _, foreign = tx.take("keeper", [row(5, "b", "乙"), row(1, "c") | {"id": "k2"}], frozenset({"b"}))
    assert (taken, len(foreign), store.scalar("SELECT name FROM keeper")) == (0, 2, "王敏")
    store.close()


def test_sqlite_utils_writes_through_this_driver_and_loses_nothing(place: Path) -> None:
    """Without the shim of db.py sqlite-utils swallows this driver's errors and loses rows (decision 001)."""
    import sqlite_utils

    store = database.open(place, KEY, STATION)
    utils = sqlite_utils.Database(store._writer)
    utils["probe"].insert_all(({"id": n, "text": str(n)} for n in range(1000)), pk="id")
    utils["probe"].upsert({"id": 5, "text": "five"}, pk="id")
    assert utils["probe"].count == 1000
    assert utils["probe"].get(5)["text"] == "five"
    with pytest.raises(sqlite_utils.db.NotFoundError):
        utils["probe"].get(5000)
    store.close()


def test_the_rows_that_cross_have_the_columns_of_the_tables(store: Database) -> None:
    assert tuple(wire.TABLES) == LEDGERS
    for table, kind in wire.TABLES.items():
        assert set(store.columns(table)) == set(kind.__struct_fields__), table
    store.close()


def test_the_clock_need_not_be_right_for_the_order_to_be(store: Database) -> None:
    clock = store.clock
    assert isinstance(clock, Clock)
    for moment in ("2026-07-17T08:00:00+08:00", "1970-01-01T00:00:00+00:00", "2036-07-17T08:00:00+08:00"):
        clock.set(moment)
        with store.transact(Op.ADD_KEEPER) as tx:
            tx.put("keeper", KEEPER | {"name": moment[:4]})
    assert [r["name"] for r in store.rows("SELECT name FROM keeper ORDER BY id")] == ["2026", "1970", "2036"]
    sequences = [r["sequence"] for r in store.rows("SELECT sequence FROM operation ORDER BY sequence")]
    assert sequences == sorted(set(sequences))
    store.close()


def test_a_full_disk_is_said_in_one_sentence_and_nothing_is_half_done(store: Database) -> None:
    pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    saved = 0
    with pytest.raises(EnvironmentFault) as fault:
        for number in range(2000):
            with store.transact(Op.ADD_KEEPER) as tx:
                tx.put("keeper", KEEPER | {"name": f"王敏{number}" * 20})
            saved += 1
    assert fault.value.word == "db.full"
    assert store.scalar("SELECT count(*) FROM keeper") == saved
    assert store.scalar("SELECT count(*) FROM change") == saved
    store.close()


def test_a_voided_row_stays_with_its_reason_and_the_operation_tells_what_it_changed(store: Database) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        keeper_id = tx.put("keeper", KEEPER)
    with store.transact(Op.CHANGE_KEEPER) as tx:
        tx.void("keeper", keeper_id, "undo")
        assert tx.take("keeper", []) == (0, [], []), "nothing came, so nothing is told as changed"
        assert tx.take("movement", []) == (0, [], [])
    assert (tx.changes.op, tx.changes.rows) == (Op.CHANGE_KEEPER, {"keeper": (keeper_id,)})
    assert tuple(store.rows("SELECT name, version, void_reason FROM keeper")[0]) == ("王敏", 2, "undo")
    store.close()


def test_a_station_that_moves_to_another_zone_has_its_days_from_then_on(store: Database) -> None:
    assert store.stamp().business_date == "2026-07-17"
    with store.transact(Op.SET_UP) as tx:
        tx.set_meta("zone", "Pacific/Honolulu")
    assert (store.stamp().business_date, store.stamp().hour) == ("2026-07-16", 14)
    store.close()


# --- copies --------------------------------------------------------------------------------------------------------------


def test_a_copy_holds_what_the_store_holds_is_sealed_and_one_file(store: Database, place: Path) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER | {"name": "PLANTED-MARKER"})
    target = place.parent / "copies" / "one"
    target.parent.mkdir()
    figures = store.copy(target)
    assert figures == store.figures()
    assert figures.rows["keeper"] == 1
    assert b"PLANTED-MARKER" not in target.read_bytes()
    copied = database.look(target, KEY)
    assert copied.figures() == figures
    assert copied.scalar("SELECT name FROM keeper") == "PLANTED-MARKER"
    assert copied.damage() == []
    copied.close()
    assert [file.name for file in target.parent.iterdir()] == ["one"]
    store.close()


def test_operations_go_on_between_the_slices_of_a_copy_and_reach_it(store: Database, place: Path) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        for number in range(3000):
            tx.put("keeper", KEEPER | {"name": f"王敏{number}" * 5})
    told: list[tuple[int, int]] = []
    names: list[str] = []

    def write(name: str) -> None:
        with store.transact(Op.ADD_KEEPER) as tx:
            tx.put("keeper", KEEPER | {"name": name})
        names.append(name)

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        threads.append(threading.Thread(target=write, args=(f"slice {len(told)}",)))
        threads[-1].start()
        while not store._next.locked():  # until it waits for its turn; this thread holds the writer
            pass

    threads: list[threading.Thread] = []
    store.copy(place.parent / "copy", progress)
    for thread in threads:
        thread.join()
    assert told[-1][0] == told[-1][1]
    copied = database.look(place.parent / "copy", KEY)
    found = [row["name"] for row in copied.rows("SELECT name FROM keeper WHERE name LIKE 'slice %' ORDER BY id")]
    # whoever waited went first, and what came after the last slice is not in the copy
    assert found == names[:-1]
    assert len(found) == len(told) - 1 > 5
    assert copied.damage() == []
    assert copied.scalar("SELECT max(sequence) FROM change") == copied.scalar("SELECT count(*) FROM change")
    copied.close()
    store.close()


def test_a_copy_that_is_stopped_gives_the_writer_back(store: Database, place: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        store.copy(place.parent / "copy", stop)
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
    store.close()


def test_a_copy_that_is_looked_at_cannot_be_written(store: Database, place: Path) -> None:
    store.copy(place.parent / "copy")
    before = (place.parent / "copy").read_bytes()
    copied = database.look(place.parent / "copy", KEY)
    with pytest.raises(EnvironmentFault), copied.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
    copied.close()
    assert (place.parent / "copy").read_bytes() == before
    with pytest.raises(Refused):
        database.look(place.parent / "copy", "5b" * 32)
    store.close()


def test_a_copy_with_a_bad_page_still_gives_what_the_others_hold(store: Database, place: Path) -> None:
    with store.transact(Op.ADD_KEEPER) as tx:
        tx.put("keeper", KEEPER)
    copy = place.parent / "copy"
    store.copy(copy)
    bad = store.scalar("SELECT rootpage FROM sqlite_master WHERE name = 'keeper'")
    data = bytearray(copy.read_bytes())
    data[(bad - 1) * 4096 + 2000] ^= 1
    copy.write_bytes(data)
    with database.glance(copy, KEY) as rows:
        assert rows("SELECT content FROM meta WHERE name = ?", ("store_id",))[0]["content"] == store.store_id
        with pytest.raises(Refused) as refusal:
            rows("SELECT name FROM keeper")
    assert refusal.value.word == "db.damaged"
    with pytest.raises(Refused), database.glance(copy, "5b" * 32):
        pass
    assert copy.read_bytes() == bytes(data)
    salt = bytes.fromhex(store.salt)
    store.close()
    assert len(salt) == 16
    assert place.read_bytes().startswith(salt), "what the page MACs rest on is told apart from damage by it"
    assert not copy.read_bytes().startswith(salt), "a copy has its own"


def test_before_a_migration_the_store_is_offered_as_it_was(store: Database, place: Path) -> None:
    store.close()
    seen: list[tuple[str, object]] = []

    def more(utils: sqlite_utils.Database) -> None:
        utils.table("probe").create({"id": int}, pk="id")

    def before(old: Database) -> None:
        seen.append((old.store_id, old.scalar("SELECT count(*) FROM sqlite_master WHERE name = 'probe'")))
        old.copy(place.parent / "copy")

    database.open(place, KEY, STATION, before_migration=before).close()
    assert seen == []  # nothing to migrate
    opened = database.open(place, KEY, (*STATION, more), before_migration=before)
    assert seen == [("00000000-0000-7000-8000-000000000001", 0)]
    assert opened.scalar("SELECT count(*) FROM probe") == 0
    opened.close()
    database.open(place.parent / "copy", KEY, STATION).close()  # the copy is of the old program


def test_a_failed_copy_before_a_migration_leaves_the_store_alone(store: Database, place: Path) -> None:
    store.close()

    def refuse(_old: Database) -> None:
        raise EnvironmentFault("db.full")

    with pytest.raises(EnvironmentFault):
        database.open(place, KEY, (*STATION, lambda utils: None), before_migration=refuse)
    database.open(place, KEY, STATION).close()  # still the old schema, and nobody holds the folder


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_rows_of_the_other_side_end_alike_in_any_order_and_company(store: Database, data: st.DataObject) -> None:
    images = data.draw(
        st.lists(st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from("甲乙丙")), min_size=1, max_size=7), label="images"
    )
    ends = set()
    for _ in range(3):
        order = data.draw(st.permutations(images), label="order")
        at_once = data.draw(st.integers(1, 4), label="at once")
        with store.transact(Op.TAKE_IN) as tx:
            tx.run("DELETE FROM keeper")
            gone: list[str] = []
            taken, lost, foreign = tx.take(
                "keeper", [row(*image) for image in order], None, lambda _here, there, gone=gone: gone.append(there["name"]), at_once
            )
        assert (taken, foreign) == (len(gone), [])
        kept = {(one["version"], one["store_id"], one["name"]) for one in lost}
        found = store.one("SELECT version, store_id, name FROM keeper")
        assert found is not None
        ends.add(tuple(found))
        tied = (found["version"], found["store_id"])
        same = {image for image in images if image[:2] == tied and image != tuple(found)}
        assert same <= kept  # what lost a tie stays visible
    assert ends == {max(images)}
