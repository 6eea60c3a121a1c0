"""Who lost their key stays out, whichever older file of slots is put back; a lost one comes back from the backups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from station_app import backup, vault
from station_app.backup import Reason
from station_app.db import Database
from station_app.errors import Refused, UserMistake
from station_app.model import Keeper, Role
from station_app.paper.trail import mark
from station_app.paths import DataFolder
from station_app.services import audit, backups, history, keepers, keeping, rescue, slots, stations, trail
from tests.conftest import CHEAP, PASSWORD, Clock

OLD, NEW = "another-password", "changed-password"


@pytest.fixture
def place(db: Database) -> DataFolder:
    return DataFolder(db.path.parent)


@pytest.fixture
def root(place: DataFolder) -> vault.Root:
    return vault.unlock(place.slots, PASSWORD)[0]


@pytest.fixture
def second(db: Database, place: DataFolder, root: vault.Root) -> Keeper:
    return keepers.add(db, place.path, root, "赵丽", Role.KEEPER, OLD, "1357", cost=CHEAP)[0]


@pytest.fixture
def opened(place: DataFolder, clock: Clock) -> Iterator[Callable[[str], Database]]:
    """Opens the station with a password; closed again at the end."""
    found: list[Database] = []

    def open_(password: str) -> Database:
        found.append(stations.open_station(place.path, password, clock=clock))
        return found[-1]

    yield open_
    for one in found:
        one.close()


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(Refused) as refusal:
        call()
    return refusal.value.word


def tried(db: Database) -> list[str]:
    """The marks of what was refused, as the page shows them, with the name it was about."""
    day = db.now().date().isoformat()
    return [f"{step.subject} {mark(step)}" for step in trail.steps(db, day, day, refused=True)]


def removed(db: Database, place: DataFolder, second: Keeper) -> str:
    keepers.remove(db, place.path, second.id)
    return OLD


def changed(db: Database, place: DataFolder, second: Keeper) -> str:
    keepers.change_password(db, place.path, second.id, OLD, NEW, cost=CHEAP)
    return OLD


@pytest.mark.parametrize("taken", [removed, changed])
def test_an_old_slot_file_opens_to_nobody_who_lost_their_key(
    db: Database, place: DataFolder, second: Keeper, opened: Callable[[str], Database],
    taken: Callable[[Database, DataFolder, Keeper], str],
) -> None:  # fmt: skip
    old = place.slots.read_bytes()
    password = taken(db, place, second)
    db.close()
    place.slots.write_bytes(old)
    assert refused(lambda: opened(password)) == "vault.wrong_password"
    again = opened(PASSWORD)
    assert tried(again) == ["赵丽 用已收回的钥匙开站"]
    assert audit.check(again) == []
    ids = {way.id for way in vault.ways(place.slots)}
    assert not ids & slots.gone(again), "what was put back is cleared away at the next start"
    settings = [step.details.get("name") for step in trail.steps(again, "2026-07-17", "2026-07-17")]
    assert slots.CLEARED in settings


def test_a_control_without_the_list_would_let_them_in(
    db: Database, place: DataFolder, second: Keeper, opened: Callable[[str], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = place.slots.read_bytes()
    changed(db, place, second)
    db.close()
    place.slots.write_bytes(old)
    monkeypatch.setattr(slots, "gone", lambda _db: frozenset())
    assert opened(OLD).acting == second.id


def test_a_revoked_card_and_an_old_sheet_stay_out_too(db: Database, place: DataFolder, root: vault.Root, clock: Clock) -> None:
    card, _ = keepers.make_start_card(db, place.path, root)
    sheet, _ = keepers.make_recovery_key(db, place.path, root)
    old = place.slots.read_bytes()
    keepers.revoke_start_card(db, place.path, card.slot_id)
    keepers.make_recovery_key(db, place.path, root)
    db.close()
    place.slots.write_bytes(old)
    assert refused(lambda: stations.open_with_start_card(place.path, card.digits, clock=clock)) == "vault.wrong_start_card"
    assert refused(lambda: stations.open_with_recovery(place.path, sheet.groups, clock=clock)) == "vault.wrong_recovery"


def test_while_the_desk_is_open_a_put_back_slot_does_not_unlock_the_screen(
    db: Database, place: DataFolder, second: Keeper
) -> None:
    old = place.slots.read_bytes()
    removed(db, place, second)
    place.slots.write_bytes(old)
    assert refused(lambda: slots.by_password(db, OLD)) == "vault.wrong_password"
    assert slots.by_password(db, PASSWORD).keeper_id == db.acting
    assert [problem.word for problem in audit.check(db)] == ["audit.slot_put_back"]


def test_undoing_that_somebody_left_brings_no_key_back(
    db: Database, place: DataFolder, second: Keeper, opened: Callable[[str], Database]
) -> None:
    old = place.slots.read_bytes()
    gone = keepers.remove(db, place.path, second.id)
    history.undo(db, gone.operation)
    assert [one.name for one in keepers.listing(db)] == ["王敏", "赵丽"]
    db.close()
    place.slots.write_bytes(old)
    assert refused(lambda: opened(OLD)) == "vault.wrong_password"


def test_the_last_password_is_not_cleared_away(db: Database, place: DataFolder, clock: Clock) -> None:
    """Nor does it open: but nothing is thrown away that the recovery sheet could not give anew."""
    old = place.slots.read_bytes()
    keepers.change_password(db, place.path, db.acting, PASSWORD, NEW, cost=CHEAP)
    root, _ = vault.unlock(place.slots, NEW)
    sheet, _ = keepers.make_recovery_key(db, place.path, root)
    new = place.slots.read_bytes()
    place.slots.write_bytes(old)
    slots.settle(db)
    assert place.slots.read_bytes() == old
    place.slots.write_bytes(new)
    db.close()
    again, _ = stations.open_with_recovery(place.path, sheet.groups, clock=clock)
    again.close()


def test_a_restore_of_an_older_backup_knows_who_lost_their_key_since(
    db: Database, place: DataFolder, root: vault.Root, second: Keeper, opened: Callable[[str], Database], clock: Clock
) -> None:
    kept = keeping.keep(db, Reason.MANUAL)
    old = place.slots.read_bytes()
    changed(db, place, second)
    db.close()
    backups.restore(place, kept.backup, place.slots, root, clock=clock)
    place.slots.write_bytes(old)
    assert refused(lambda: opened(OLD)) == "vault.wrong_password"


def test_on_a_new_computer_a_later_backup_tells_it(
    db: Database, place: DataFolder, root: vault.Root, second: Keeper, clock: Clock, tmp_path: Path
) -> None:
    kept = keeping.keep(db, Reason.MANUAL)
    beside = backup.slots_in(kept.backup.path.parent)
    old = beside.read_bytes()
    changed(db, place, second)
    clock.forward(minutes=5)
    keeping.keep(db, Reason.MANUAL)
    db.close()
    beside.write_bytes(old)
    fresh = DataFolder(tmp_path / "fresh")
    backups.restore(fresh, kept.backup, beside, root, clock=clock)
    assert refused(lambda: stations.open_station(fresh.path, OLD, clock=clock)) == "vault.wrong_password"


def test_a_damaged_store_is_not_rescued_by_a_slot_that_was_taken_away(
    db: Database, place: DataFolder, second: Keeper, clock: Clock
) -> None:
    old = place.slots.read_bytes()
    changed(db, place, second)
    db.close()
    place.slots.write_bytes(old)
    patient = rescue.unlock(place.path, OLD)
    assert refused(lambda: rescue.examine(patient, clock=clock)) == "vault.wrong_password"
    with closing(rescue.examine(rescue.unlock(place.path, PASSWORD), clock=clock)) as case:
        assert case.may_restore


def test_who_loses_their_key_opens_no_older_copy_either(db: Database, place: DataFolder, second: Keeper) -> None:
    """At once, not with the next backup."""
    keeping.keep(db, Reason.MANUAL)
    beside = backup.slots_in(backup.folder_of(db))
    assert vault.unlock(beside, OLD)[1] == second.id
    removed(db, place, second)
    assert refused(lambda: vault.unlock(beside, OLD)) == "vault.wrong_password"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-40])])
def test_a_lost_or_damaged_slot_file_comes_back_from_the_backups(
    db: Database, place: DataFolder, opened: Callable[[str], Database], spoil: Callable[[Path], object]
) -> None:
    keeping.keep(db, Reason.MANUAL)
    whole = place.slots.read_bytes()
    db.close()
    spoil(place.slots)
    assert opened(PASSWORD).role is Role.SUPERVISOR
    assert place.slots.read_bytes() == whole


def test_without_a_sound_copy_nothing_is_put_in_its_place(db: Database, place: DataFolder) -> None:
    assert not slots.put_back(place)
    db.close()
    place.slots.write_bytes(b"{}")
    assert not slots.put_back(place)
    (place.path / "backups").mkdir()
    backup.slots_in(place.path / "backups").write_bytes(b"[]")
    assert not slots.put_back(place)
    assert place.slots.read_bytes() == b"{}"
    place.slots.unlink()
    with pytest.raises(UserMistake):
        stations.open_station(place.path, PASSWORD)


def test_a_slot_file_of_a_newer_program_is_left_alone(db: Database, place: DataFolder) -> None:
    keeping.keep(db, Reason.MANUAL)
    newer = place.slots.read_bytes().replace(b'"format": 1', b'"format": 2')
    place.slots.write_bytes(newer)
    assert not slots.put_back(place)
    assert place.slots.read_bytes() == newer
