"""Self-care: a damaged file is found, a wrong clock shown, a full disk given room, a bad place named; work goes on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import pytest

from station_app import db as database
from station_app import words
from station_app.db import Database
from station_app.errors import EnvironmentFault
from station_app.model import Occupation, Op
from station_app.paths import VolumeKind
from station_app.services import care, stations, visits
from tests.conftest import PASSWORD, Clock

PLENTY = 10**12


def plenty(_folder: Path) -> int:
    return PLENTY


def nothing(_folder: Path) -> int:
    return 0


def seen(db: Database, **more: object) -> list[str]:
    """The troubles shown now, on a roomy fixed disk unless told otherwise."""
    ways = {"free": plenty, "kind": lambda _folder: "fixed"} | more
    return [trouble.word for trouble in care.look(db, db.now(), **ways)]  # type: ignore[arg-type]


def count(db: Database) -> None:
    visits.tally(db, Occupation.RIDER)


# --- the clock -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        ("2026-07-17T08:00:00+08:00", []),
        ("2026-07-17T07:58:00+08:00", []),
        ("2026-07-17T07:57:59+08:00", ["care.clock_behind"]),
        ("2026-07-16T08:00:00+08:00", ["care.clock_behind"]),
        ("2016-07-17T08:00:00+08:00", ["care.clock_behind"]),
        ("1970-01-01T00:00:10+00:00", ["care.clock_behind"]),
        ("2026-07-17T00:00:00+00:00", []),
        ("2026-07-18T00:00:00+08:00", []),
        ("2026-07-18T08:00:00+08:00", []),
        ("2027-07-17T08:00:00+08:00", []),
        ("2036-07-17T08:00:00+08:00", ["care.clock_ahead"]),
    ],
)
def test_a_clock_that_cannot_be_right_is_shown_and_goes_away_when_put_right(
    db: Database, clock: Clock, moment: str, shown: list[str]
) -> None:
    before = clock.moment
    count(db)
    clock.set(moment)
    assert seen(db) == shown
    clock.moment = before
    assert seen(db) == []


@pytest.mark.parametrize(
    "moment", ["2026-07-16T08:00:00+08:00", "1970-01-01T00:00:10+00:00", "2036-07-17T08:00:00+08:00"]
)
def test_with_a_wrong_clock_recording_goes_on_in_order_and_the_warning_stays(
    db: Database, clock: Clock, moment: str
) -> None:
    count(db)
    clock.set(moment)
    shown = seen(db)
    assert len(shown) == 1
    for _ in range(20):
        count(db)
    assert seen(db) == shown
    order = db.rows("SELECT sequence, recorded FROM operation ORDER BY sequence")
    assert [row["sequence"] for row in order] == list(range(1, len(order) + 1))
    assert [row["recorded"] for row in order[-20:]] == [db.stamp().time] * 20
    assert db.scalar("SELECT count(*) FROM visit WHERE void_reason IS NULL") == 21


def test_a_clock_once_wrong_is_not_held_against_it_for_ever(db: Database, clock: Clock) -> None:
    right = clock.moment
    clock.forward(days=3650)
    count(db)
    clock.moment = right
    assert seen(db) == ["care.clock_behind"]
    for _ in range(care.RECENT):
        count(db)
    assert seen(db) == []


# --- the disk ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "shown"), [(500 * 10**6, []), (500 * 10**6 - 1, ["care.disk_low"]), (0, ["care.disk_low"])]
)
def test_a_disk_nearly_full_is_told_early(db: Database, left: int, shown: list[str]) -> None:
    assert seen(db, free=lambda _folder: left) == shown


def test_the_ballast_takes_real_room_and_is_made_once(db: Database) -> None:
    assert care.tend(db, free=plenty)
    file = db.path.with_name("station.ballast")
    made = file.stat()
    assert made.st_size == care.BALLAST
    if hasattr(made, "st_blocks"):
        assert made.st_blocks * 512 >= care.BALLAST
    assert care.tend(db, free=plenty)
    assert file.stat().st_mtime_ns == made.st_mtime_ns
    file.write_bytes(b"cut short by a power cut")
    assert care.tend(db, free=plenty)
    assert file.stat().st_size == care.BALLAST


def test_no_ballast_is_made_where_there_is_no_room(db: Database) -> None:
    assert not care.tend(db, free=lambda _folder: care.ROOMY - 1)
    assert not care.ballast(db).exists()


def fill(db: Database) -> None:
    """Let the database grow no further, as on a full disk; SQLite answers the same."""
    pages = db._writer.execute("PRAGMA page_count").fetchone()[0]
    db._writer.execute(f"PRAGMA max_page_count={pages}").fetchall()


def until_full(db: Database) -> EnvironmentFault:
    for _ in range(5000):
        try:
            with care.spare(db, free=nothing):
                count(db)
        except EnvironmentFault as error:
            return error
    pytest.fail("the disk was never full")


def test_a_full_disk_gives_up_the_ballast_and_the_same_thing_can_be_tried_again(db: Database) -> None:
    care.tend(db, free=plenty)
    fill(db)
    error = until_full(db)
    assert error.word == "care.full_released"
    assert not care.ballast(db).exists()
    kept = db.scalar("SELECT count(*) FROM visit")
    db._writer.execute("PRAGMA max_page_count=1000000").fetchall()  # the room that came back
    with care.spare(db, free=nothing):
        count(db)
    assert db.scalar("SELECT count(*) FROM visit") == kept + 1
    assert not care.tend(db, free=nothing)
    assert care.tend(db, free=plenty)


def test_without_a_ballast_a_full_disk_is_just_full(db: Database) -> None:
    fill(db)
    assert until_full(db).word == "db.full"


def test_another_disk_that_is_full_costs_no_ballast(db: Database) -> None:
    care.tend(db, free=plenty)
    with pytest.raises(EnvironmentFault) as fault, care.spare(db, free=plenty):
        raise EnvironmentFault("db.full")
    assert fault.value.word == "db.full"
    assert care.ballast(db).exists()


def test_any_other_fault_passes(db: Database) -> None:
    care.tend(db, free=plenty)
    with pytest.raises(EnvironmentFault) as fault, care.spare(db, free=nothing):
        raise EnvironmentFault("db.busy")
    assert fault.value.word == "db.busy"
    assert care.ballast(db).exists()


# --- the place -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("fixed", []), ("removable", ["care.on_stick"]), ("network", ["care.on_network"]), ("synced", ["care.on_cloud"]),
    ],
)  # fmt: skip
def test_a_database_where_it_should_not_lie_is_opened_and_told(
    db: Database, kind: VolumeKind, shown: list[str]
) -> None:
    assert seen(db, kind=lambda _folder: kind) == shown
    count(db)


def test_a_folder_of_a_cloud_is_told_by_its_own_name(db: Database, tmp_path: Path, clock: Clock) -> None:
    db.close()
    cloud = tmp_path / "OneDrive" / "station"
    cloud.parent.mkdir()
    db.path.parent.rename(cloud)
    opened = stations.open_station(cloud, PASSWORD, clock=clock)
    try:
        trouble = care.place(opened)
        assert trouble is not None
        assert str(cloud) in words.t(trouble.advice, **trouble.fields)
    finally:
        opened.close()


def test_the_most_serious_comes_first(db: Database, clock: Clock) -> None:
    clock.forward(days=-1)
    assert seen(db, damaged=True, free=nothing, kind=lambda _folder: "network") == [
        "care.damaged", "care.clock_behind", "care.disk_low", "care.on_network",
    ]  # fmt: skip


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_trouble_can_be_said(db: Database, clock: Clock, language: str) -> None:
    words.use(language)
    kinds: tuple[VolumeKind, ...] = ("removable", "network", "synced")
    said = set()
    for days, kind in ((-1, kinds[0]), (3650, kinds[1]), (0, kinds[2])):
        clock.forward(days=days)
        for trouble in care.look(db, db.now(), damaged=True, free=nothing, kind=dict.fromkeys((db.path.parent,), kind).__getitem__):
            said |= {words.t(trouble.word, **trouble.fields), words.t(trouble.advice, **trouble.fields)}
        clock.forward(days=-days)
    assert len(said) == 2 * 7


# --- the file ------------------------------------------------------------------------------------------------------------


OPEN: list[FileIO] = []


def never() -> bool:
    return False


def grown(db: Database) -> None:
    """A few days of work, written home."""
    for _ in range(150):
        count(db)
    db._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def test_a_whole_file_is_well(db: Database) -> None:
    grown(db)
    assert not care.check(db, never)


@contextmanager
def one_bit_wrong(db: Database, place: int) -> Iterator[None]:
    """The file with a bit turned over, and whole again after. Never closed: that would cancel the locks of the store."""
    file = db.path.open("r+b", buffering=0)
    OPEN.append(file)
    file.seek(place)
    byte = file.read(1)[0]
    file.seek(place)
    file.write(bytes([byte ^ 1]))
    try:
        yield
    finally:
        file.seek(place)
        file.write(bytes([byte]))


@pytest.fixture(autouse=True)
def last_closed(db: Database) -> Iterator[None]:
    """Close what a test kept open, after its store."""
    yield
    db.close()
    while OPEN:
        OPEN.pop().close()


def test_one_bit_wrong_anywhere_in_use_is_damage(db: Database) -> None:
    grown(db)
    for page in range(1, db.path.stat().st_size // 4096, 7):
        with one_bit_wrong(db, page * 4096 + 1000 + page):
            assert care.check(db, never), f"page {page}"
    assert not care.check(db, never)


def test_after_damage_was_met_the_desk_goes_on(db: Database) -> None:
    grown(db)
    with one_bit_wrong(db, db.path.stat().st_size - 2000):
        assert care.check(db, never)
    count(db)
    assert db.scalar("SELECT count(*) FROM visit") == 151


def test_a_check_is_stopped_at_once_and_then_says_nothing(db: Database) -> None:
    grown(db)
    asked = 0

    def soon() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    assert db.quick_check(soon) is None
    assert not care.check(db, lambda: True)


def test_an_operation_under_way_and_a_check_do_not_wait_for_each_other(db: Database) -> None:
    grown(db)
    looked = False

    def meanwhile() -> bool:
        nonlocal looked
        if not looked:
            looked = True
            count(db)
        return False

    assert not care.check(db, meanwhile)
    assert looked
    assert db.scalar("SELECT count(*) FROM visit") == 151


HELD = """
import fcntl, sys
for end, start, length in (("", 0x40000002, 510), ("-shm", 128, 1)):
    file = open(sys.argv[1] + end, "r+b")
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except OSError:
        print("held")
    else:
        print("free")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows holds locks by handle: no close cancels another's")
def test_the_connection_of_the_check_cancels_no_lock_and_a_plain_close_would(db: Database) -> None:
    """SQLite's shared range on the file, and the dead-man byte of the shared memory, as another process sees them."""

    def held() -> list[str]:
        done = subprocess.run([sys.executable, "-c", HELD, str(db.path)], capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert held() == ["held", "held"]
    assert not care.check(db, never)
    assert held() == ["held", "held"]
    with db.path.open("rb"):
        pass
    assert held() == ["free", "held"]


# --- the full check --------------------------------------------------------------------------------------------------------


def test_a_full_check_is_due_every_week_and_its_outcome_is_kept(db: Database, clock: Clock) -> None:
    assert care.last_full_check(db) is None
    assert care.full_check_due(db)
    done = care.weekly(db, never)
    assert done == care.last_full_check(db)
    assert done is not None
    assert (done.sound, done.word) == (True, "care.full_sound")
    clock.forward(days=6, hours=23)
    assert not care.full_check_due(db)
    assert care.weekly(db, never) is None
    clock.forward(hours=1)
    assert care.full_check_due(db)
    clock.forward(days=-30)  # a wrong clock puts it off for ever otherwise
    assert care.full_check_due(db)


def test_a_full_check_finds_what_no_row_stands_on(db: Database) -> None:
    """A free page: the quick check does not read it, the full one does."""
    for _ in range(300):
        visits.tally(db, Occupation.COURIER)
    for index in ("change_again", "operation_day"):
        db._writer.execute(f"DROP INDEX {index}").fetchall()
    db._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert db._writer.execute("PRAGMA freelist_count").fetchone()[0] > 1
    done = None
    count = db._writer.execute("PRAGMA page_count").fetchone()[0]
    for page in range(2, count + 1):
        with one_bit_wrong(db, (page - 1) * 4096 + 1000):
            if not care.check(db, never):
                done = care.full_check(db, never)
                break
    assert done is not None
    assert not done[0].sound
    last = care.last_full_check(db)
    assert last is not None
    assert words.t(last.word, **last.fields) == "完整检查发现 1 处损坏"


def test_a_log_that_cannot_be_written_home_is_no_damage(db: Database) -> None:
    grown(db)
    with db.snapshot() as held:  # keeps what comes after from being written home
        held.scalar("SELECT count(*) FROM visit")
        for _ in range(100):
            visits.tally(db, Occupation.RIDER)
        assert db.full_check(never) == []
    assert db.full_check(never) == []


class Told:
    """A connection that says of the log and of the pages what a test wants, look by look."""

    def __init__(self, looks: list[tuple[tuple[int, int, int], list[str]]]) -> None:
        self.looks = looks
        self.pages: list[tuple[str]] = []

    def execute(self, sql: str) -> Told:
        if "checkpoint" in sql:
            self.log, bad = self.looks.pop(0)
            self.pages = [(page,) for page in bad]
        return self

    def fetchone(self) -> tuple[int, int, int]:
        return self.log

    def fetchall(self) -> list[tuple[str]]:
        return self.pages


HOME, BUSY, WAITING = (0, 5, 5), (1, 5, 5), (0, 9, 5)


@pytest.mark.parametrize(
    ("looks", "bad"),
    [
        ([(HOME, ["page 7"]), (HOME, [])], []),  # the desk was just writing it
        ([(HOME, ["page 7"]), (HOME, ["page 8"])], []),
        ([(HOME, ["page 7", "page 9"]), (HOME, ["page 7"]), (HOME, ["page 7", "page 8"])], ["page 7"]),
        ([(WAITING, ["page 7"]), (BUSY, ["page 7"]), (WAITING, ["page 7"])], []),  # not in the file yet
        ([(WAITING, ["page 7"]), (HOME, ["page 7"]), (HOME, ["page 7"])], ["page 7"]),
        ([(HOME, [])], []),
    ],
)
def test_a_page_is_bad_only_when_it_is_so_again_and_again(
    looks: list[tuple[tuple[int, int, int], list[str]]], bad: list[str]
) -> None:
    assert database._unproved(Told(looks), never) == bad


def test_a_full_check_is_stopped_at_once_and_keeps_nothing(db: Database) -> None:
    assert db.full_check(lambda: True) is None
    assert care.full_check(db, lambda: True) is None
    assert care.weekly(db, lambda: True) is None
    assert care.last_full_check(db) is None


def test_an_operation_under_way_and_a_full_check_do_not_wait_for_each_other(db: Database) -> None:
    counted: list[int] = []

    def meanwhile() -> bool:
        if len(counted) < 3:
            visits.tally(db, Occupation.RIDER)
            counted.append(visits.today(db, db.stamp().business_date).person_times)
        return False

    with db.transact(Op.TALLY, by_itself=True) as tx:
        tx.details["n"] = 1
        assert db.full_check(never) == []
    assert db.full_check(meanwhile) == []
    assert counted == [1, 2, 3]
