"""The door when the machine or its user says no: one sentence, nothing half done, nothing kept from the next who asks."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfoNotFoundError

import pytest
from sqlcipher3 import dbapi2 as driver

from station_app import db as database
from station_app.db import Database, Tx
from station_app.errors import Bug, EnvironmentFault, Refused, StationError, UserMistake
from station_app.model import KIOSK, Op, Role
from station_app.schema import STATION
from tests.conftest import Clock

if TYPE_CHECKING:
    import sqlite_utils

KEY = "5a" * 32
KEEPER = {"name": "王敏", "role": "keeper", "active": 1}


def nobody_stops() -> bool:
    return False


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "station.db"


def opened(place: Path) -> Database:
    return database.open(place, KEY, STATION, clock=Clock())


@pytest.fixture
def store(place: Path) -> Iterator[Database]:
    made = opened(place)
    with made.transact(Op.SET_UP) as tx:
        tx.set_meta("store_id", "00000000-0000-7000-8000-000000000001")
    yield made
    made.close()


def add(store: Database, name: str, at: datetime | None = None) -> str:
    with store.transact(Op.ADD_KEEPER, at) as tx:
        return tx.put("keeper", KEEPER | {"name": name})


def names(store: Database) -> list[str]:
    return [row["name"] for row in store.rows("SELECT name FROM keeper ORDER BY id")]


def word(kind: type[StationError], call: Callable[[], object]) -> str:
    with pytest.raises(kind) as told:
        call()
    return told.value.word


class Bent:
    """A connection that fails at one statement as often as ``times`` says; ``first`` is done before it does."""

    def __init__(self, real: Any, statement: str, said: str, times: int = 1, first: str = "") -> None:
        self.real, self.statement, self.said, self.times, self.first = real, statement, said, times, first

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql.startswith(self.statement) and self.times:
            self.times -= 1
            if self.first:
                self.real.execute(self.first)
            raise driver.OperationalError(self.said)
        return self.real.execute(sql, *parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


# --- time ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_clock_that_shows_no_time_of_this_world_stops_the_writing_and_harms_nothing(store: Database, shown: str) -> None:
    add(store, "王敏")
    assert isinstance(store.clock, Clock)
    store.clock.set(shown)
    assert word(EnvironmentFault, store.now) == "db.impossible_clock"
    assert word(EnvironmentFault, lambda: add(store, "赵丽")) == "db.impossible_clock"
    store.clock.set("2026-07-17T08:00:00+08:00")
    add(store, "孙强")
    assert names(store) == ["王敏", "孙强"]


@pytest.mark.parametrize(
    ("moment", "mistake"),
    [("2026-07-17T08:00:00", "db.naive_time"), ("0001-01-01T00:00:00+08:00", "db.impossible_time"),
     ("9999-12-31T23:00:00-08:00", "db.impossible_time")],
)  # fmt: skip
def test_a_time_nobody_can_place_is_a_mistake_and_nothing_is_written(store: Database, moment: str, mistake: str) -> None:
    assert word(UserMistake, lambda: add(store, "王敏", datetime.fromisoformat(moment))) == mistake
    assert names(store) == []
    assert store.stamp(datetime.fromisoformat("2026-07-17T23:30:00+00:00")).business_date == "2026-07-18"


# --- who may -------------------------------------------------------------------------------------------------------------


def denied(store: Database) -> list[str]:
    return [row["details"] for row in store.rows("SELECT details FROM operation WHERE op = 'refuse' ORDER BY sequence")]


def test_a_start_card_and_a_visitors_screen_narrow_whoever_sits_there(store: Database) -> None:
    assert store.role is Role.SUPERVISOR
    store.desk_only = True
    assert store.role is Role.EVENING
    assert word(Refused, lambda: add(store, "王敏")) == "roles.not_allowed"
    store.desk_only = False
    store.only = KIOSK
    assert store.role is Role.EVENING
    assert word(Refused, lambda: add(store, "王敏")) == "roles.not_allowed"
    assert word(Refused, lambda: store.require(Op.HANDOUT)) == "roles.not_allowed", "the desk's work, but not a visitor's"
    store.require(Op.CHECK_IN)
    store.only = None
    assert names(store) == []
    assert [Op.ADD_KEEPER.value in text for text in denied(store)] == [True, True, False]


def test_whoever_left_or_was_never_here_only_reads(store: Database) -> None:
    keeper = add(store, "王敏")
    for acting in (keeper, "nobody"):
        store.acting = acting
        if acting == keeper:
            assert (store.role, store.sees_people) == (Role.KEEPER, True)
            store.require_sight("people.search")
            store.require(Op.CHANGE_KEEPER, {"keeper": keeper, "password": True})  # their own
            store.acting = ""
            with store.transact(Op.CHANGE_KEEPER) as tx:
                tx.put("keeper", {"id": keeper, "active": 0})
            store.acting = keeper
        assert (store.role, store.sees_people) == (Role.AUDITOR, False)
        assert word(Refused, lambda: store.require_sight("people.search")) == "roles.not_allowed"
        own = {"keeper": acting, "password": True}
        assert word(Refused, lambda own=own: store.require(Op.CHANGE_KEEPER, own)) == "roles.not_allowed"
    assert sum("people.search" in text for text in denied(store)) == 2


# --- a commit that fails -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["", "ROLLBACK"], ids=["still in the transaction", "rolled back by itself"])
def test_what_was_called_not_saved_is_not_there_after_the_next_start(place: Path, store: Database, first: str) -> None:
    store._writer = Bent(store._writer, "COMMIT", "disk I/O error", first=first)
    assert word(EnvironmentFault, lambda: add(store, "王敏")) == "db.io"
    assert names(store) == []
    add(store, "赵丽")
    store.close()
    again = opened(place)
    assert (names(again), again.damage()) == (["赵丽"], [])
    again.close()


def test_no_room_at_the_commit_leaves_nothing_that_could_come_back(store: Database) -> None:
    bent = store._writer = Bent(store._writer, "COMMIT", "database or disk is full")
    assert word(EnvironmentFault, lambda: add(store, "王敏")) == "db.full"
    bent.statement, bent.said, bent.times = "PRAGMA user_version =", "disk I/O error", 1
    add(store, "赵丽")
    assert bent.times == 1, "nothing had to be written over"
    assert names(store) == ["赵丽"]


def test_a_disk_that_takes_nothing_more_leaves_it_unsure_and_says_so_until_it_does(store: Database) -> None:
    bent = store._writer = Bent(store._writer, "COMMIT", "disk I/O error")
    wiping = "PRAGMA user_version ="
    real = bent.execute
    writes: list[str] = []

    def execute(sql: str, *parameters: Any) -> Any:
        if sql.startswith(wiping) and len(writes) < 2:
            writes.append(sql)
            raise driver.OperationalError("disk I/O error")
        return real(sql, *parameters)

    bent.execute = execute
    assert word(EnvironmentFault, lambda: add(store, "王敏")) == "db.unsure"
    assert word(EnvironmentFault, lambda: add(store, "赵丽")) == "db.unsure", "first what may be left is to be written over"
    add(store, "孙强")
    assert (names(store), len(writes)) == (["孙强"], 2)


# --- turns, and what is forgotten ------------------------------------------------------------------------------------------


def test_nothing_is_written_while_everything_stands_still(store: Database) -> None:
    writing = threading.Thread(target=add, args=(store, "王敏"))
    with store.standstill():
        writing.start()
        while not store._next.locked():  # until it waits for its turn
            pass
        assert names(store) == []
    writing.join()
    assert names(store) == ["王敏"]


def forget(store: Database, done: Callable[[], None] = lambda: None) -> None:
    with store.transact(Op.FORGET) as tx:
        tx.run("DELETE FROM meta WHERE name = 'note'")
        tx.forgets = True
        tx.afterwards.append(done)


def note(store: Database) -> None:
    with store.transact(Op.SETTING) as tx:
        tx.set_meta("note", "PLANTED")


def test_what_is_forgotten_leaves_the_log_too_and_what_follows_is_done_after_it(store: Database, place: Path) -> None:
    log = place.with_name(f"{place.name}-wal")
    note(store)
    sizes = [log.stat().st_size]
    forget(store, lambda: sizes.append(log.stat().st_size))
    assert sizes[0] > 0 == sizes[1]
    with pytest.raises(ZeroDivisionError), store.transact(Op.FORGET) as tx:
        tx.afterwards.append(lambda: sizes.append(-1))
        1 / 0  # noqa: B018
    assert len(sizes) == 2, "of an operation that was not done nothing follows"


def test_a_log_that_somebody_reads_is_emptied_by_the_next_operation(store: Database, place: Path) -> None:
    log = place.with_name(f"{place.name}-wal")
    note(store)
    with store.snapshot() as old:
        forget(store)
        assert log.stat().st_size > 0
        assert old.meta("note") == "PLANTED", "what is read for long is of one moment"
        assert store.meta("note") == ""
    add(store, "王敏")
    assert log.stat().st_size == 0
    assert names(store) == ["王敏"]


def test_a_log_that_cannot_be_emptied_undoes_nothing(store: Database) -> None:
    note(store)
    store._writer = Bent(store._writer, "PRAGMA wal_checkpoint", "disk I/O error")
    forget(store)
    assert store.meta("note") == ""
    assert store._stained, "the next operation tries again"


def test_a_query_can_be_stopped_and_the_next_one_is_answered(store: Database) -> None:
    begun, raised = threading.Event(), []
    store._reader.create_function("begun", 0, lambda: begun.set() or 1)

    def ask() -> None:
        try:
            store.rows("WITH RECURSIVE n(i) AS (SELECT begun() UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
        except driver.OperationalError as error:
            raised.append(str(error))

    asking = threading.Thread(target=ask)
    asking.start()
    assert begun.wait(30)
    store.interrupt()
    asking.join()
    assert raised == ["interrupted"]
    assert store.scalar("SELECT 1") == 1


# --- checks --------------------------------------------------------------------------------------------------------------


def bend(place: Path, page: int) -> None:
    """One byte of a page, from 1, of a store that is closed."""
    data = bytearray(place.read_bytes())
    data[(page - 1) * 4096 + 2000] ^= 1
    place.write_bytes(data)


@pytest.fixture
def worn(place: Path) -> tuple[int, int]:
    """A closed store at ``place`` with free pages: the numbers of a page that is free and of one in use."""
    store = opened(place)
    add(store, "王敏")
    with store.transact(Op.SETTING) as tx:
        for number in range(60):
            tx.set_meta(f"note {number}", "长" * 2000)
    with store.transact(Op.SETTING) as tx:
        tx.run("DELETE FROM meta WHERE name LIKE 'note %'")
    store.damage()  # writes the log home
    assert store.scalar("PRAGMA freelist_count") > 20
    used = store.scalar("SELECT rootpage FROM sqlite_master WHERE name = 'keeper'")
    pages = store.scalar("PRAGMA page_count")
    store.close()
    return pages - 3, used


def test_a_sound_store_passes_both_checks_also_while_an_old_state_is_read(store: Database) -> None:
    assert store.quick_check(nobody_stops) == store.full_check(nobody_stops) == []
    with store.snapshot():
        add(store, "王敏")  # lies in the log alone, and cannot be written home
        assert store.quick_check(nobody_stops) == store.full_check(nobody_stops) == []


def test_a_bad_page_that_is_free_is_found_by_the_full_check_alone(place: Path, worn: tuple[int, int]) -> None:
    free, _ = worn
    bend(place, free)
    store = opened(place)
    assert store.quick_check(nobody_stops) == []
    found = store.full_check(nobody_stops)
    assert found
    assert str(free) in found[0]
    assert names(store) == ["王敏"]
    store.close()


def test_a_bad_page_in_use_is_found_by_both(place: Path, worn: tuple[int, int]) -> None:
    _, used = worn
    bend(place, used)
    store = opened(place)
    assert store.quick_check(nobody_stops)
    assert store.full_check(nobody_stops)
    assert store.scalar("SELECT count(*) FROM operation") == 3, "a bad page that the checks met leaves this connection as it is"
    assert word(Refused, lambda: names(store)) == "db.damaged"
    store.close()


def test_damage_that_the_check_itself_cannot_get_over_is_said_in_its_word(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = lambda path, key: Bent(database._keyed(str(path), key), "PRAGMA", "database disk image is malformed", 99)  # noqa: E731
    monkeypatch.setattr(database, "_reader", broken)
    monkeypatch.setattr(database, "_connect", broken)
    assert store.quick_check(nobody_stops) == store.full_check(nobody_stops) == ["db.damaged"]


def test_a_check_that_is_stopped_says_nothing_about_the_store(store: Database) -> None:
    assert store.quick_check(lambda: True) is None
    assert store.full_check(lambda: True) is None
    asked: list[bool] = []

    def late() -> bool:  # the page MACs are read, SQLite's own check is not
        asked.append(True)
        return len(asked) > 1

    assert store.full_check(late) is None


@pytest.mark.parametrize("stopped", [True, False])
def test_a_check_that_breaks_off_is_no_sound_store_unless_it_was_told_to(
    store: Database, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    asked: list[str] = []

    def broken(path: Path, key: str) -> Bent:
        connection = Bent(database._keyed(str(path), key), "PRAGMA integrity_check", "interrupted")
        connection.statement = "PRAGMA quick_check" if not asked else "PRAGMA integrity_check"
        asked.append(connection.statement)
        return connection

    monkeypatch.setattr(database, "_reader", broken)
    monkeypatch.setattr(database, "_connect", broken)
    looks = iter([False, False, True])  # in the full check: after the page MACs, before SQLite's own check, after it broke off
    for check, stop in ((store.quick_check, lambda: stopped), (store.full_check, lambda: stopped and next(looks))):
        if stopped:
            assert check(stop) is None
        else:
            with pytest.raises(driver.OperationalError, match="interrupted"):
                check(stop)


# --- a store that does not open ------------------------------------------------------------------------------------------


def free(place: Path) -> bool:
    """Whether nobody holds the folder."""
    with database.held(place):
        return True


def test_a_store_of_a_place_nobody_knows_lets_the_folder_go(place: Path, store: Database) -> None:
    with store.transact(Op.SETTING) as tx:
        tx.run("INSERT INTO meta(name, content) VALUES('zone', 'Nowhere/Nothing')")
    store.close()
    with pytest.raises(ZoneInfoNotFoundError):
        opened(place)
    with pytest.raises(ZoneInfoNotFoundError):
        database.look(place, KEY)
    assert free(place)


def test_a_disk_that_fails_at_the_door_lets_the_folder_go(place: Path, store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    add(store, "王敏")
    store.close()
    keyed, made = database._keyed, []

    def failing(at: str, key: str, **how: bool) -> Bent:
        made.append(Bent(keyed(at, key, **how), "PRAGMA journal_mode=WAL", "disk I/O error"))
        return made[-1]

    monkeypatch.setattr(database, "_keyed", failing)
    assert word(EnvironmentFault, lambda: opened(place)) == "db.io"
    assert free(place)
    with pytest.raises(driver.ProgrammingError):  # closed
        made[0].real.execute("SELECT 1")
    monkeypatch.undo()
    again = opened(place)
    assert names(again) == ["王敏"]
    again.close()


def half(utils: sqlite_utils.Database) -> None:
    utils.execute("CREATE TABLE half(id TEXT PRIMARY KEY)")


def fails(utils: sqlite_utils.Database) -> None:
    half(utils)
    raise ValueError("a migration of ours went wrong")


def fills_the_disk(utils: sqlite_utils.Database) -> None:
    half(utils)
    utils.execute("ROLLBACK")  # SQLite does by itself
    raise driver.OperationalError("database or disk is full")


def orphans(utils: sqlite_utils.Database) -> None:
    half(utils)
    utils.execute("CREATE TABLE child(id TEXT PRIMARY KEY, half_id TEXT REFERENCES half(id))")
    utils.execute("INSERT INTO child VALUES('1', 'nobody')")


@pytest.mark.parametrize(("migration", "fault"), [(fails, ValueError), (fills_the_disk, EnvironmentFault), (orphans, Bug)])
def test_a_migration_that_fails_leaves_the_store_as_it_was(
    place: Path, store: Database, migration: Any, fault: type[Exception]
) -> None:
    add(store, "王敏")
    store.close()
    with pytest.raises(fault):
        database.open(place, KEY, (*STATION, migration))
    assert free(place)
    again = opened(place)
    assert names(again) == ["王敏"]
    assert again.scalar("SELECT count(*) FROM sqlite_master WHERE name = 'half'") == 0
    again.close()


def test_who_has_the_folder_is_told_also_where_the_note_is_gone(place: Path) -> None:
    store = database.open(place, KEY, STATION, holder="command")
    assert word(EnvironmentFault, lambda: opened(place)) == "db.in_use_by_command"
    place.with_suffix(".holder").unlink()
    assert word(EnvironmentFault, lambda: opened(place)) == "db.in_use_by_window"
    store.close()
    assert free(place)


def test_a_folder_that_is_none_and_a_target_nobody_can_make_are_said_by_name(tmp_path: Path, store: Database) -> None:
    (tmp_path / "file").write_text("a file", "utf-8")
    assert word(EnvironmentFault, lambda: opened(tmp_path / "file" / "station.db")) == "db.unwritable_folder"
    assert word(EnvironmentFault, lambda: store.copy(tmp_path / "missing" / "copy")) == "db.unwritable_folder"
    add(store, "王敏")  # and the store goes on


def test_what_a_killed_set_up_left_is_put_aside_never_deleted(place: Path, store: Database) -> None:
    add(store, "王敏")
    store.close()
    aside = place.with_name("station.unfinished.db")
    aside.mkdir()
    before = place.read_bytes()
    assert word(EnvironmentFault, lambda: database.open(place, "5b" * 32, STATION, fresh=True)) == "db.unwritable_folder"
    assert place.read_bytes() == before
    aside.rmdir()
    database.open(place, "5b" * 32, STATION, fresh=True).close()
    assert aside.read_bytes() == before
    left = database.look(aside, KEY)
    assert names(left) == ["王敏"]
    left.close()


# --- plain files, and what the driver says ----------------------------------------------------------------------------------


def test_a_plain_file_is_read_without_this_program(tmp_path: Path) -> None:
    path = tmp_path / "year.sqlite"
    with database.plain_file(path) as plain:
        plain.create("visit", ("id", "hour"), ("TEXT", "INTEGER"))
        plain.add("visit", ("id", "hour"), [("a", 8), ("b", 9)])
    with closing(sqlite3.connect(path)) as read:
        assert read.execute("SELECT id, hour FROM visit ORDER BY id").fetchall() == [("a", 8), ("b", 9)]
        with pytest.raises(sqlite3.IntegrityError):
            read.execute("INSERT INTO visit VALUES('a', 1)")
    assert word(EnvironmentFault, lambda: database.plain_file(tmp_path / "missing" / "year.sqlite").__enter__()) == "db.io"


def test_a_store_that_another_program_writes_to_is_busy_for_a_moment(place: Path, store: Database) -> None:
    store._writer.execute("PRAGMA busy_timeout=0").fetchall()
    with closing(database._connect(place, KEY)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert word(EnvironmentFault, lambda: add(store, "王敏")) == "db.busy"
        other.execute("ROLLBACK")
    add(store, "赵丽")
    assert names(store) == ["赵丽"]


def test_a_query_that_is_wrong_is_our_fault_and_stays_as_the_driver_says_it(store: Database) -> None:
    with pytest.raises(driver.OperationalError, match="no such table"):
        store.rows("SELECT name FROM nowhere")


def test_a_write_where_only_reading_is_allowed_is_the_machines_no(store: Database) -> None:
    with store.snapshot() as old:
        assert word(EnvironmentFault, lambda: Tx(old, old._writer, Op.SETTING, old.stamp(), {}).set_meta("a", "b")) == "db.io"
    assert store.meta("a") == ""
