"""On a new computer, from an old backup and nothing else: the district still tells who withdrew since, and they are forgotten again."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import backup, vault
from station_app.db import Database
from station_app.district import regulars
from station_app.model import Consent, Occupation
from station_app.paths import DataFolder
from station_app.services import audit, backups, people, requests, stations, visits
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD, Clock
from tests.district.test_loop import answered, take


def keys_of(db: Database, *subjects: str) -> list[bool]:
    return [db.scalar("SELECT 1 FROM subject_key WHERE subject_id = ?", (one,)) is not None for one in subjects]


def lost_and_restored(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock, new: Path
) -> tuple[Database, str, str]:
    """Somebody withdraws after the backup, the district hears of it, the computer is lost; the new one has the backup alone."""
    person, _ = people.register(station, Occupation.RIDER, name="冼植标", phone="13871620459", consent=Consent.DISTRICT)
    visits.check_in_person(station, person.id)
    request, _ = requests.add(station, "电瓶被偷三次", person_id=person.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    kept = backup.carry(backup.make(station, backup.Reason.MANUAL), new.parent / "second", clock())
    people.erase(station, person.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    root, _ = vault.unlock(DataFolder(station.path.parent).slots, PASSWORD)
    station.close()
    done = backups.restore(DataFolder(new), kept, backup.slots_in(kept.path.parent), root, clock=clock)
    assert done.erased == 0, "nothing here knows of it"
    restored = stations.open_station(new, PASSWORD, clock=clock)
    assert people.get(restored, person.id).name == "冼植标"
    visits.tally(restored, Occupation.COURIER)
    return restored, person.id, request.id


def test_whoever_withdrew_since_is_forgotten_again_by_the_next_pack(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    restored, person, request = lost_and_restored(station, district, stick, opener, clock, tmp_path / "new")
    take(district, outbox.export(restored, stick)[0].path, opener)
    assert keys_of(district, person, request) == [False, False], "the district takes no key of theirs back"
    answered(restored, district, stick, opener)
    shown = people.get(restored, person)
    assert (shown.erased, shown.name, shown.phone) == (True, "", "")
    assert keys_of(restored, person, request) == [False, False]
    assert restored.scalar("SELECT count(*) FROM visit WHERE person_id = ?", (person,)) == 1
    assert people.find(restored, "冼植标") == []
    assert audit.check(restored) == []
    # once it told so itself, the district need not say it again
    take(district, outbox.export(restored, stick)[0].path, opener)
    told = regulars._forgotten_before(district, district.scalar("SELECT station_id FROM enrolled"))
    assert told == []
    answered(restored, district, stick, opener)
    assert restored.scalar("SELECT count(*) FROM erasure WHERE subject_id = ?", (person,)) == 1
    restored.close()


def test_without_the_districts_word_they_would_be_back(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(regulars, "_forgotten_before", lambda _db, _station: [])
    restored, person, request = lost_and_restored(station, district, stick, opener, clock, tmp_path / "new")
    take(district, outbox.export(restored, stick)[0].path, opener)
    answered(restored, district, stick, opener)
    assert keys_of(restored, person, request) == [True, True]
    restored.close()


def test_a_station_that_was_never_restored_is_told_nothing(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    person, _ = people.register(station, Occupation.RIDER, name="冼植标", phone="13871620459", consent=Consent.DISTRICT)
    people.erase(station, person.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert regulars._forgotten_before(district, district.scalar("SELECT station_id FROM enrolled")) == []
