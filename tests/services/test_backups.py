"""Restoring: the old store is kept, the restored one is a new incarnation, erasures hold, and a rehearsal tells the truth."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from station_app import backup, vault
from station_app import db as database
from station_app.backup import Backup, Reason
from station_app.db import Database
from station_app.errors import EnvironmentFault
from station_app.model import Consent, Occupation, Person
from station_app.paths import DataFolder
from station_app.schema import STATION
from station_app.services import audit, backups, incarnation, people, stations, visits
from station_app.sync import envelope, manifest
from station_app.words import t
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.test_backup import PowerCut, bend, cut_at, refused


@dataclass
class Day:
    """A station that backed up in the morning and went on: what each test restores."""

    place: DataFolder
    db: Database
    root: vault.Root
    clock: Clock
    chosen: Backup
    erased: Person
    store_id: str

    def restore(self, **other: Any) -> backups.Restored:
        """Close the window and restore, by the station's own slots unless told otherwise."""
        self.db.close()
        wanted = {"place": self.place, "chosen": self.chosen, "keys": self.place.slots, "root": self.root} | other
        return backups.restore(**wanted, clock=self.clock)

    def reopened(self, place: DataFolder | None = None) -> Database:
        return stations.open_station((place or self.place).path, PASSWORD, clock=self.clock)


@pytest.fixture
def day(db: Database, clock: Clock) -> Day:
    person, _ = people.register(db, Occupation.RIDER, name="李志强", phone="13800001234", consent=Consent.DISTRICT)
    visits.tally(db, Occupation.COURIER, 3)
    chosen = backup.make(db, Reason.DAILY)
    store_id = db.store_id
    clock.forward(hours=3)
    people.erase(db, person.id)
    visits.tally(db, Occupation.RESIDENT, 2)
    people.register(db, Occupation.SANITATION_WORKER, name="赵丽", phone="13800005678", consent=Consent.STATION)
    place = DataFolder(db.path.parent)
    return Day(place, db, vault.unlock(place.slots, PASSWORD)[0], clock, chosen, person, store_id)


def occupations(db: Database) -> list[str]:
    return [row["occupation"] for row in db.rows("SELECT occupation FROM visit ORDER BY id")]


# --- looking before ------------------------------------------------------------------------------------------------------


def test_the_preview_says_what_is_in_it_and_what_would_be_lost(day: Day) -> None:
    seen = backups.preview(day.chosen, day.db.key, day.db, clock=day.clock)
    assert seen.station == "云桥暖心驿站"
    assert (seen.held.people, seen.held.visits) == (1, 3)
    assert seen.held.last == "2026-07-17T08:00:00+08:00"
    assert seen.now is not None
    assert (seen.now.people, seen.now.visits) == (2, 5)
    assert (seen.lost, seen.since) == (3, "2026-07-17T11:00:00+08:00")
    assert seen.lost_rows == {"erasure": 1, "visit": 1, "person": 1, "identity": 1, "badge": 1}
    assert seen.erasures == 1


def test_without_a_store_in_place_the_preview_says_so(day: Day) -> None:
    seen = backups.preview(day.chosen, day.db.key, None)
    assert seen.now is None
    assert (seen.lost, seen.held.visits) == (0, 3)


def test_a_backup_of_a_newer_program_is_left_alone(day: Day) -> None:
    day.db._writer.execute(f"PRAGMA user_version = {len(STATION) + 1}")
    newer = backup.make(day.db, Reason.MANUAL)
    with pytest.raises(EnvironmentFault) as fault:
        backups.preview(newer, day.db.key, None)
    assert fault.value.word == "db.too_new"


# --- restoring -----------------------------------------------------------------------------------------------------------


def test_a_restore_brings_back_what_was_there(day: Day) -> None:
    with_key = day.db.key
    held = backup.look(day.chosen, with_key)
    rows = {
        table: count for table, count in held.figures().rows.items() if table in ("visit", "person", "item", "badge")
    }
    held.close()
    done = day.restore()
    again = day.reopened()
    assert occupations(again) == ["courier"]
    assert {table: again.figures().rows[table] for table in rows} == rows
    assert audit.check(again) == []
    visits.tally(again, Occupation.RIDER)
    assert done.backup == day.chosen
    again.close()


def test_the_store_that_was_in_place_is_kept_whole(day: Day) -> None:
    done = day.restore()
    assert done.set_aside is not None
    assert done.set_aside.parent == day.place.path / "set-aside"
    kept = database.look(done.set_aside / "station.db", day.root.database_key())
    assert occupations(kept) == ["courier", "resident"]
    assert kept.store_id == day.store_id
    assert kept.damage() == []
    kept.close()
    assert vault.unlock(done.set_aside / "station.slots", PASSWORD)[0].database_key() == day.root.database_key()


def test_restoring_twice_keeps_both(day: Day) -> None:
    first = day.restore()
    day.db = day.reopened()
    visits.tally(day.db, Occupation.OTHER)
    second = day.restore()
    assert first.set_aside != second.set_aside
    assert len({day.store_id, first.store_id, second.store_id}) == 3
    assert {path.name for path in (day.place.path / "set-aside").iterdir()} == {
        path.name for path in (first.set_aside, second.set_aside) if path is not None
    }


def test_a_restored_station_is_a_new_store_that_names_its_parent(day: Day) -> None:
    done = day.restore()
    again = day.reopened()
    assert again.store_id == done.store_id != day.store_id
    assert again.meta("parent") == done.parent == f"{day.store_id}/"
    anchor = incarnation.anchor(again)
    assert anchor is not None
    assert (anchor.store_id, anchor.no, anchor.hash) == (done.store_id, 0, "")
    visit, _ = visits.tally(again, Occupation.RIDER)
    assert again.scalar("SELECT store_id FROM visit WHERE id = ?", (visit.id,)) == done.store_id
    again.close()


def test_the_parent_is_as_a_manifest_takes_it() -> None:
    for parent in ("0198b2a0-0000-7000-8000-000000000001/", f"0198b2a0-0000-7000-8000-000000000001/{'a' * 64}"):
        assert msgspec.convert(parent, manifest.Parent) == parent
    assert "parent" in envelope.BatchFields.__struct_fields__


def test_what_was_erased_after_the_backup_stays_erased(day: Day) -> None:
    before = day.db.one("SELECT id, time, keeper_id, reason FROM erasure")
    done = day.restore()
    again = day.reopened()
    person = people.get(again, day.erased.id)
    assert (person.erased, person.name, person.phone) == (True, "", "")
    assert people.find(again, "李志强") == []
    assert again.scalar("SELECT count(*) FROM subject_key WHERE subject_id = ?", (day.erased.id,)) == 0
    after = again.one("SELECT id, time, keeper_id, reason FROM erasure")
    assert after is not None
    assert before is not None
    assert tuple(after) == tuple(before)  # the same fact: the district does not hear of two
    assert done.erased == 1
    assert audit.check(again) == []
    again.close()


def test_without_applying_erasures_again_the_name_would_be_back(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(backups, "_erase_again", lambda _db, _rows: 0)
    day.restore()
    again = day.reopened()
    assert people.get(again, day.erased.id).name == "李志强"
    again.close()


def test_the_erasure_of_somebody_who_came_after_the_backup_is_kept_as_a_fact(day: Day) -> None:
    [late] = people.find(day.db, "赵丽")
    people.erase(day.db, late.id)
    assert day.restore().erased == 2
    again = day.reopened()
    assert again.scalar("SELECT count(*) FROM erasure WHERE subject_id = ?", (late.id,)) == 1
    assert audit.check(again) == []
    again.close()


# --- when the store in place is lost --------------------------------------------------------------------------------------


def broken(day: Day) -> None:
    """Damage the store in place beyond opening."""
    day.db.close()
    for place in range(0, 4096, 64):
        bend(day.place.database, place)


def test_a_damaged_store_is_replaced_and_still_kept(day: Day) -> None:
    broken(day)
    spoilt = day.place.database.read_bytes()
    done = day.restore()
    assert done.set_aside is not None
    assert (done.set_aside / "station.db").read_bytes() == spoilt
    again = day.reopened()
    assert occupations(again) == ["courier"]
    again.close()


def test_a_journal_of_a_damaged_store_does_not_spoil_the_restored_one(day: Day) -> None:
    broken(day)
    journal = day.place.path / "station.db-wal"
    journal.write_bytes(b"left over" * 1000)
    done = day.restore()
    assert done.set_aside is not None
    assert (done.set_aside / "station.db-wal").read_bytes() == b"left over" * 1000
    again = day.reopened()
    assert again.damage() == []
    again.close()


def test_what_a_killed_program_left_in_its_journal_is_kept_too(day: Day) -> None:
    day.db.close()
    killed = (
        "import os, sys; from pathlib import Path; from station_app import db; from station_app.model import Occupation\n"
        "from station_app.schema import STATION; from station_app.services import visits\n"
        "store = db.open(Path(sys.argv[1]), sys.argv[2], STATION)\n"
        "visits.tally(store, Occupation.OTHER)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    key = day.root.database_key()
    subprocess.run([sys.executable, "-c", killed, str(day.place.database), key], check=False)
    assert (day.place.path / "station.db-wal").stat().st_size > 0
    done = day.restore()
    assert done.set_aside is not None
    kept = database.open(done.set_aside / "station.db", key, STATION)
    assert occupations(kept) == ["courier", "resident", "other"]
    kept.close()
    again = day.reopened()
    assert occupations(again) == ["courier"]
    again.close()


def test_erasures_are_known_from_a_later_backup_when_the_store_is_lost(day: Day) -> None:
    day.clock.forward(hours=1)
    backup.make(day.db, Reason.CLOSE)
    broken(day)
    assert day.restore().erased == 1
    again = day.reopened()
    assert people.get(again, day.erased.id).name == ""
    again.close()


def test_on_a_new_computer_the_backup_folder_and_the_recovery_sheet_are_enough(day: Day, tmp_path: Path) -> None:
    key = vault.add_recovery(day.place.slots, day.root)
    carried = backup.carry(backup.make(day.db, Reason.CLOSE), tmp_path / "stick", day.db.now())
    keys = backup.slots_in(carried.path.parent)
    opened = vault.unlock_with_recovery(keys, key.groups)
    there = DataFolder(tmp_path / "new computer")
    done = day.restore(place=there, chosen=carried, keys=keys, root=opened.root)
    assert done.set_aside is None
    again = day.reopened(there)
    assert occupations(again) == ["courier", "resident"]
    assert again.store_id == done.store_id
    again.close()
    day.reopened().close()  # the old one was not touched


def test_another_station_in_the_folder_is_not_replaced(day: Day, tmp_path: Path) -> None:
    other, _ = stations.set_up(tmp_path / "other", SAMPLE, "李强", "other-password", clock=day.clock, cost=CHEAP)
    other.close()
    there = DataFolder(tmp_path / "other")
    keys = backup.slots_in(day.chosen.path.parent)
    told = refused(lambda: day.restore(place=there, keys=keys))
    assert told.word == "backup.other_station"
    stations.open_station(there.path, "other-password", clock=day.clock).close()


# --- when it cannot be done ----------------------------------------------------------------------------------------------


def untouched(day: Day) -> None:
    again = day.reopened()
    assert occupations(again) == ["courier", "resident"]
    assert again.store_id == day.store_id
    again.close()


def test_a_damaged_backup_is_refused_and_nothing_changes(day: Day) -> None:
    backup.make(day.db, Reason.MANUAL)
    bend(day.chosen.path, 9000)
    told = refused(day.restore)
    assert (told.word, told.fields["n"]) == ("backup.damaged", 1)
    untouched(day)


def test_a_backup_whose_hash_was_forged_too_is_refused_by_its_pages(day: Day) -> None:
    bend(day.chosen.path, day.chosen.path.stat().st_size - 3000)
    day.chosen.hash_file.write_text(hashlib.sha256(day.chosen.path.read_bytes()).hexdigest() + "  x\n", "ascii")
    backup.check(day.chosen)
    assert refused(day.restore).word in ("backup.differs", "db.damaged")
    untouched(day)


def test_while_a_window_has_the_store_nothing_is_restored(day: Day) -> None:
    with pytest.raises(EnvironmentFault) as fault:
        backups.restore(day.place, day.chosen, day.place.slots, day.root, clock=day.clock)
    assert fault.value.word == "db.in_use_by_window"
    day.db.close()
    untouched(day)


def test_stopped_at_any_step_it_is_the_old_store_or_the_restored_one(day: Day, monkeypatch: pytest.MonkeyPatch) -> None:
    day.db.close()
    seen = set()
    for step in range(60):
        with monkeypatch.context() as patched:
            cut_at(patched, step)
            try:
                backups.restore(day.place, day.chosen, day.place.slots, day.root, clock=day.clock)
            except PowerCut:
                pass
            else:
                break
        again = day.reopened()
        if again.store_id == day.store_id:
            assert occupations(again) == ["courier", "resident"]
            seen.add("old")
        else:
            assert occupations(again) == ["courier"]
            assert people.get(again, day.erased.id).name == ""
            seen.add("restored")
        assert audit.check(again) == []
        again.close()
    assert seen == {"old", "restored"}
    assert step >= 6
    kept = {file.parent for file in (day.place.path / "set-aside").rglob("station.db")}
    assert kept  # every try that came so far kept what was in place


# --- rehearsing ----------------------------------------------------------------------------------------------------------


def test_a_rehearsal_restores_compares_and_leaves_nothing_behind(day: Day) -> None:
    names = {file.name for file in day.place.path.iterdir()}
    assert backups.last_rehearsal(day.db) is None
    assert backups.rehearsal_due(day.db)
    done, _ = backups.rehearse(day.db)
    assert done.equal
    assert t(done.word, **done.fields).startswith("恢复演练通过")
    assert done.backup == "2026-07-17T08:00:00+08:00"
    assert backups.last_rehearsal(day.db) == done
    assert {file.name for file in day.place.path.iterdir()} == names
    assert day.db.store_id == day.store_id
    day.db.close()


@pytest.mark.parametrize(("forward", "due"), [({"days": 29}, False), ({"days": 30}, True), ({"days": -1}, True)])
def test_a_rehearsal_is_due_every_month(day: Day, forward: dict[str, int], due: bool) -> None:
    backups.rehearse(day.db)
    day.clock.forward(**forward)
    assert backups.rehearsal_due(day.db) is due
    day.db.close()


def spoil_page(day: Day) -> None:
    bend(day.chosen.path, 9000)


def spoil_slots(day: Day) -> None:
    backup.slots_in(day.chosen.path.parent).write_bytes(b"{}")


@pytest.mark.parametrize(("spoil", "word"), [(spoil_page, "backup.damaged_alone"), (spoil_slots, "vault.damaged")])
def test_a_rehearsal_that_fails_says_why(day: Day, spoil: Callable[[Day], None], word: str) -> None:
    spoil(day)
    done, _ = backups.rehearse(day.db)
    assert (done.equal, done.word) == (False, word)
    assert t(done.word, **done.fields)
    assert backups.last_rehearsal(day.db) == done
    day.db.close()


def test_a_rehearsal_notices_a_backup_of_other_records(day: Day, db: Database) -> None:
    other = day.place.path / "backups" / "20260717T120000Z-manual.backup"
    made = backup.make(day.db, Reason.MANUAL, day.place.path / "elsewhere")
    other.write_bytes(made.path.read_bytes())
    other.with_suffix(".sha256").write_bytes(made.hash_file.read_bytes())
    day.db._writer.execute("UPDATE operation SET id = 'mine' WHERE sequence = 2")
    done, _ = backups.rehearse(day.db)
    assert (done.equal, done.word) == (False, "backup.other_store")
    day.db.close()


def test_without_a_backup_there_is_nothing_to_rehearse(db: Database) -> None:
    assert refused(lambda: backups.rehearse(db)).word == "backup.none"


def test_a_store_of_an_older_program_is_backed_up_before_it_changes(db: Database, clock: Clock) -> None:
    path, key = db.path, db.key
    db.close()
    made: list[Backup] = []
    database.open(
        path, key, (*STATION, lambda utils: None), clock=clock,
        before_migration=lambda old: made.append(backup.make(old, Reason.BEFORE_MIGRATION)),
    ).close()  # fmt: skip
    [found] = backup.listing(path.parent / "backups")
    assert [found] == made
    held = backup.look(found, key)
    assert held.scalar("PRAGMA user_version") == len(STATION)
    held.close()
