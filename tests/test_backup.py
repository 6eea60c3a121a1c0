"""Backups: made while the desk works, equal when opened again, thinned without losing the past, refused when damaged."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station_app import backup, vault
from station_app import db as database
from station_app.backup import Backup, Reason
from station_app.db import Database
from station_app.errors import Cancelled, EnvironmentFault, Refused
from station_app.model import Consent, Occupation, Op
from station_app.paths import DataFolder
from station_app.schema import STATION
from station_app.services import audit, people, visits
from station_app.words import t
from tests.conftest import PASSWORD, Clock

CHINA = timezone(timedelta(hours=8))
Thin = Callable[[Iterable[datetime], datetime], set[datetime]]


@pytest.fixture
def desk(db: Database) -> Database:
    """A station with a morning's work in it."""
    people.register(db, Occupation.RIDER, name="李志强", phone="13800001234", consent=Consent.DISTRICT)
    for _ in range(5):
        visits.tally(db, Occupation.COURIER)
    return db


def refused(call: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as told:
        call()
    return told.value


def bend(file: Path, place: int) -> None:
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)


# --- which are kept ------------------------------------------------------------------------------------------------------

MOMENTS = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
NOW = datetime(2026, 7, 17, 14, 26, tzinfo=CHINA)


@given(times=st.sets(MOMENTS, max_size=60), now=MOMENTS)
def test_thinning_keeps_the_newest_the_recent_and_no_more_than_it_says(times: set[datetime], now: datetime) -> None:
    kept = backup.thin(times, now)
    past = {moment for moment in times if moment <= now}
    assert kept <= times
    assert {moment for moment in times if moment > now - backup.RECENT} <= kept
    assert not past or max(past) in kept
    assert len({moment for moment in kept if moment <= now - backup.RECENT}) <= 7 + 4 + 6
    assert backup.thin(kept, now) == kept


@given(times=st.sets(MOMENTS, max_size=60), now=MOMENTS)
def test_one_of_each_of_the_last_days_weeks_and_months_that_have_any(times: set[datetime], now: datetime) -> None:
    kept = {moment for moment in backup.thin(times, now) if moment <= now}
    past = {moment for moment in times if moment <= now}
    for most, period in ((7, "%Y-%m-%d"), (4, "%G-%V"), (6, "%Y-%m")):
        wanted = sorted({moment.strftime(period) for moment in past})[-most:]
        assert set(wanted) <= {moment.strftime(period) for moment in kept}


def year_of(thin: Thin) -> set[datetime]:
    """What is left after 400 days with a backup at noon and one at closing, thinned every day."""
    left: set[datetime] = set()
    for number in range(400):
        day = NOW - timedelta(days=399 - number)
        left = thin(left | {day.replace(hour=12, minute=0), day}, day)
    return left


def covered(left: set[datetime]) -> bool:
    """Whether a year's thinning left the last week by days, the last month by weeks and half a year by months."""
    days = {(NOW - moment).days for moment in left}
    months = {(moment.year, moment.month) for moment in left}
    reach = {(2026, month) for month in range(2, 8)}
    return set(range(7)) <= days and months >= reach and len({moment.isocalendar()[:2] for moment in left}) >= 4


def test_thinned_day_by_day_for_a_year_the_past_stays_within_reach() -> None:
    assert covered(year_of(backup.thin))
    assert len(year_of(backup.thin)) <= 7 + 4 + 6 + 6


def test_keeping_only_the_newest_would_not_do() -> None:
    """The negative control of the test above."""
    assert not covered(year_of(lambda times, _now: set(sorted(times)[-23:])))


def test_a_station_that_was_closed_for_a_season_keeps_its_backups() -> None:
    times = {NOW - timedelta(days=200 + number) for number in range(7)}
    assert backup.thin(times, NOW) == times


@pytest.mark.parametrize("wrong", ["1970-01-01T00:10:00+00:00", "2016-07-17T14:26:00+08:00"])
def test_nothing_goes_while_the_clock_is_behind(wrong: str) -> None:
    times = {NOW - timedelta(hours=number * 9) for number in range(300)}
    assert backup.thin(times, datetime.fromisoformat(wrong)) == times


def test_the_day_of_a_backup_is_the_stations_day() -> None:
    evening, morning = datetime(2026, 6, 1, 23, 30, tzinfo=CHINA), datetime(2026, 6, 2, 0, 30, tzinfo=CHINA)
    assert evening.astimezone(UTC).date() == morning.astimezone(UTC).date()
    assert backup.thin({evening.astimezone(UTC), morning.astimezone(UTC)}, NOW) == {evening, morning}


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        (None, Reason.DAILY),
        ("2026-07-17T00:10:00+08:00", None),
        ("2026-07-16T16:10:00+00:00", None),  # the same day here
        ("2026-07-16T23:50:00+08:00", Reason.DAILY),
        ("2036-07-17T14:00:00+08:00", Reason.DAILY),  # the clock was wrong once
    ],
)
def test_one_is_due_when_today_has_none(last: str | None, reason: Reason | None) -> None:
    assert backup.due(datetime.fromisoformat(last) if last else None, NOW) is reason


# --- making one ----------------------------------------------------------------------------------------------------------


def test_a_backup_folder_is_all_that_is_needed(desk: Database, tmp_path: Path) -> None:
    made = backup.make(desk, Reason.CLOSE, tmp_path / "copies")
    assert [file.name for file in sorted((tmp_path / "copies").iterdir())] == [
        "20260717T000000Z-close.backup", "20260717T000000Z-close.sha256", "station.slots",
    ]  # fmt: skip
    root, _ = vault.unlock(backup.slots_in(tmp_path / "copies"), PASSWORD)
    held = backup.look(made, root.database_key())
    assert held.figures() == desk.figures()
    assert held.damage() == []
    held.close()
    [line] = made.hash_file.read_text("ascii").splitlines()
    assert line == f"{hashlib.sha256(made.path.read_bytes()).hexdigest()}  {made.path.name}"  # for sha256sum -c
    assert backup.listing(tmp_path / "copies") == [made]


def test_nothing_in_a_backup_folder_can_be_read_without_a_slot(desk: Database) -> None:
    backup.make(desk, Reason.MANUAL)
    for file in backup.folder_of(desk).iterdir():
        data = file.read_bytes()
        assert not any(name.encode() in data for name in ("李志强", "13800001234", "云桥暖心驿站", desk.key, PASSWORD))
        assert not data.startswith(b"SQLite format 3")


def test_a_backup_taken_while_the_desk_keeps_writing_is_a_moment_of_it(desk: Database) -> None:
    with desk.transact(Op.PAPER_SHEET) as tx:  # large enough to be copied in many slices
        for _ in range(4000):
            visits._write(tx, Occupation.RIDER, 1, visits.Recorded.PAPER, None)
    begun, stop, written = threading.Event(), threading.Event(), []

    def work() -> None:
        while not stop.is_set():
            written.append(visits.tally(desk, Occupation.TRUCK_DRIVER)[0].id)
            begun.set()

    slices: list[int] = []
    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    try:
        made = backup.make(desk, Reason.DAILY, progress=lambda done, _total: slices.append(done))
    finally:
        stop.set()
        thread.join()
    held = backup.look(made, desk.key)
    found = [row["id"] for row in held.rows("SELECT id FROM visit WHERE occupation = 'truck_driver' ORDER BY id")]
    assert found == written[: len(found)]
    assert len(slices) > 10
    assert found
    assert held.damage() == []
    held.close()
    # every derived figure adds up in it: it is no mixture of two moments
    opened = database.open(_put(made, desk.path.parent / "elsewhere"), desk.key, STATION)
    assert audit.check(opened) == []
    opened.close()


def _put(made: Backup, folder: Path) -> Path:
    folder.mkdir()
    target = DataFolder(folder).database
    target.write_bytes(made.path.read_bytes())
    return target


def test_two_in_one_second_have_two_names_and_the_newest_is_first(desk: Database, clock: Clock) -> None:
    first, second = backup.make(desk, Reason.MANUAL), backup.make(desk, Reason.BEFORE_IMPORT)
    clock.forward(minutes=1)
    third = backup.make(desk, Reason.CLOSE)
    assert backup.listing(backup.folder_of(desk)) == [third, second, first]
    assert len({made.path.name for made in (first, second, third)}) == 3
    assert [t(made.reason.word) for made in (first, second, third)] == ["手动", "导入之前", "收工时"]


def test_old_ones_go_with_their_hashes_when_a_new_one_is_made(desk: Database, clock: Clock) -> None:
    for _ in range(12):
        backup.make(desk, Reason.DAILY)
        clock.forward(days=1)
    left = backup.listing(backup.folder_of(desk))
    assert {made.time for made in left} == backup.thin({made.time for made in left}, desk.now())
    assert len(left) < 12
    assert len(list(backup.folder_of(desk).glob("*.sha256"))) == len(left)
    for made in left:
        backup.check(made)


def test_a_copy_that_differs_is_no_backup(desk: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compared: a page bent on the way to the disk, and a copy that lacks a row."""
    copy = Database.copy

    def bent(db: Database, target: Path, progress: backup.Progress | None = None) -> database.Figures:
        figures = copy(db, target, progress)
        bend(target, target.stat().st_size // 2)
        return figures

    def short(db: Database, target: Path, progress: backup.Progress | None = None) -> database.Figures:
        figures = copy(db, target, progress)
        visits.tally(db, Occupation.OTHER)
        assert db.figures() != figures
        return db.figures()

    for wrong in (bent, short):
        monkeypatch.setattr(Database, "copy", wrong)
        assert refused(lambda: backup.make(desk, Reason.MANUAL)).word in ("backup.differs", "db.damaged")
        assert backup.listing(backup.folder_of(desk)) == []
    assert [file.name for file in backup.folder_of(desk).iterdir()] == ["station.slots"]
    monkeypatch.undo()
    backup.make(desk, Reason.MANUAL)  # and without them it is one


def test_stopping_leaves_no_half_backup(desk: Database) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        backup.make(desk, Reason.MANUAL, progress=stop)
    assert [file.name for file in backup.folder_of(desk).iterdir()] == ["station.slots"]
    visits.tally(desk, Occupation.RIDER)


class PowerCut(BaseException):
    """Everything stops here; what would have tidied up afterwards does not count as a promise."""


def cut_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the ``step``-th sync or rename of the house's own never happen."""
    import os

    steps = iter(range(step, -1, -1))

    def counted(original: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            if next(steps, 1) == 0:
                raise PowerCut
            return original(*args)

        return call

    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))


def test_stopped_at_any_step_the_folder_lists_only_whole_backups(
    desk: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.make(desk, Reason.CLOSE)
    clock.forward(days=1)
    visits.tally(desk, Occupation.RIDER)
    cuts = 0
    for step in range(50):
        with monkeypatch.context() as patched:
            cut_at(patched, step)
            try:
                backup.make(desk, Reason.CLOSE)
            except PowerCut:
                cuts += 1
            else:
                break
        for made in backup.listing(first.path.parent):
            backup.check(made)
        assert first in backup.listing(first.path.parent)
    assert cuts >= 6  # slots, hash and backup: each written, synced and named
    whole = backup.listing(first.path.parent)
    leftovers = {file.suffix for file in first.path.parent.iterdir()} - {".backup", ".sha256", ".slots"}
    assert leftovers == set()
    assert len(list(first.path.parent.glob("*.sha256"))) == len(whole)


def test_a_full_disk_is_said_before_and_leaves_the_earlier_ones(
    desk: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = backup.make(desk, Reason.MANUAL)
    usage = type("Usage", (), {"free": 1024 * 1024})
    monkeypatch.setattr(backup.shutil, "disk_usage", lambda _folder: usage)
    with pytest.raises(EnvironmentFault) as fault:
        backup.make(desk, Reason.MANUAL)
    assert fault.value.word == "backup.no_room"
    assert backup.listing(first.path.parent) == [first]


# --- a second place ------------------------------------------------------------------------------------------------------


def test_a_backup_carried_to_a_stick_is_complete_there(desk: Database, tmp_path: Path) -> None:
    made = backup.make(desk, Reason.CLOSE)
    carried = backup.carry(made, tmp_path / "stick" / "backups", desk.now())
    backup.check(carried)
    root, _ = vault.unlock(backup.slots_in(carried.path.parent), PASSWORD)
    held = backup.look(carried, root.database_key())
    assert held.figures() == desk.figures()
    held.close()
    assert (carried.time, carried.reason, carried.size) == (made.time, made.reason, made.size)


def test_a_backup_that_went_bad_is_not_carried(desk: Database, tmp_path: Path) -> None:
    made = backup.make(desk, Reason.CLOSE)
    bend(made.path, 5000)
    assert refused(lambda: backup.carry(made, tmp_path / "stick", desk.now())).word == "backup.damaged_alone"
    assert backup.listing(tmp_path / "stick") == []


def test_a_stick_that_is_gone_is_told_in_a_sentence(desk: Database, tmp_path: Path) -> None:
    made = backup.make(desk, Reason.CLOSE)
    (tmp_path / "stick").write_text("no folder", "utf-8")
    with pytest.raises(EnvironmentFault) as fault:
        backup.carry(made, tmp_path / "stick", desk.now())
    assert fault.value.word == "backup.cannot_write"
    assert backup.listing(tmp_path / "nowhere") == []


def test_a_revoked_start_card_opens_no_backup_from_the_next_one_on(desk: Database) -> None:
    slots = DataFolder(desk.path.parent).slots
    root, _ = vault.unlock(slots, PASSWORD)
    card = vault.add_start_card(slots, root)
    made = backup.make(desk, Reason.MANUAL)
    kept = backup.slots_in(made.path.parent)
    assert vault.unlock_with_start_card(kept, card.digits).kind == "start_card"
    vault.revoke(slots, card.slot_id)
    backup.make(desk, Reason.MANUAL)
    assert refused(lambda: vault.unlock_with_start_card(kept, card.digits)).word == "vault.wrong_start_card"


def test_a_damaged_slot_file_does_not_replace_the_sound_one_of_the_backups(desk: Database) -> None:
    slots = DataFolder(desk.path.parent).slots
    backup.make(desk, Reason.MANUAL)
    slots.write_bytes(b"{}")
    made = backup.make(desk, Reason.MANUAL)
    assert vault.unlock(backup.slots_in(made.path.parent), PASSWORD)[0].database_key() == desk.key


# --- damage --------------------------------------------------------------------------------------------------------------


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example puts it back
@given(share=st.floats(0, 1, exclude_max=True))
def test_any_bent_bit_of_a_backup_is_refused(share: float, backups: tuple[Path, Backup, str]) -> None:
    _, made, key = backups
    whole = made.path.read_bytes()
    try:
        bend(made.path, int(share * len(whole)))
        told = refused(lambda: backup.look(made, key))
        assert (told.word, told.fields["n"]) == ("backup.damaged", 1)
        [other] = backup.others(made)
        backup.check(other)
    finally:
        made.path.write_bytes(whole)
    backup.check(made)


@pytest.fixture
def backups(desk: Database, clock: Clock) -> tuple[Path, Backup, str]:
    made = backup.make(desk, Reason.CLOSE)
    clock.forward(days=1)
    backup.make(desk, Reason.CLOSE)
    return made.path.parent, made, desk.key


def test_a_sentence_says_that_it_is_damaged_and_how_many_others_there_are(
    backups: tuple[Path, Backup, str],
) -> None:
    folder, made, _ = backups
    newer = backup.listing(folder)[0]
    bend(made.path, 100)
    told = refused(lambda: backup.check(made))
    assert "另外 1 份备份是好的" in t(told.word, **told.fields)
    bend(newer.path, 100)
    told = refused(lambda: backup.check(made))
    assert told.word == "backup.damaged_alone"
    assert "没有恢复" in t(told.word, **told.fields)


def test_a_backup_without_its_hash_or_cut_short_is_damaged(backups: tuple[Path, Backup, str]) -> None:
    _, made, _ = backups
    whole = made.path.read_bytes()
    made.path.write_bytes(whole[:-4096])
    refused(lambda: backup.check(made))
    made.path.write_bytes(whole)
    backup.check(made)
    made.hash_file.unlink()
    refused(lambda: backup.check(made))


def test_another_stores_key_does_not_open_it(backups: tuple[Path, Backup, str]) -> None:
    _, made, _ = backups
    assert refused(lambda: backup.look(made, "5b" * 32)).word == "db.wrong_key"
