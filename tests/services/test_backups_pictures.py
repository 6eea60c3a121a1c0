"""Pictures in backups: copied once for all of them, thinned with the last that needs them, brought back with their rows."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from shutil import which

import pytest

from station_app import backup, blobs, vault
from station_app.backup import Backup, Reason
from station_app.db import Database
from station_app.model import Op, Picture
from station_app.paths import DataFolder
from station_app.services import attachments, audit, backups, pictures, requests, stations, subjects
from tests.conftest import PASSWORD, Clock
from tests.pictures import phone


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return pictures.prepare(phone())


@pytest.fixture
def picture(db: Database, jpeg: bytes) -> Picture:
    request, _ = requests.add(db, "充电口不足", pictures=[jpeg])
    return attachments.listing(db, request.id)[0]


def held(made: Backup) -> set[str]:
    return blobs.names_in(made.path.parent / blobs.FOLDER)


def restored(db: Database, made: Backup, clock: Clock) -> Database:
    folder = db.path.parent
    db.close()
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    done = backups.restore(DataFolder(folder), made, DataFolder(folder).slots, root, clock=clock)
    assert done.lost_pictures == 0
    return stations.open_station(folder, PASSWORD, clock=clock)


def test_a_backup_lists_its_pictures_and_all_backups_share_them(db: Database, picture: Picture, clock: Clock) -> None:
    first = backup.make(db, Reason.MANUAL)
    [name] = held(first)
    assert name == blobs.of(db).name(picture.sha256)
    file = first.path.parent / blobs.FOLDER / name
    assert (
        first.hash_file.read_text().splitlines()[1] == f"{hashlib.sha256(file.read_bytes()).hexdigest()}  blobs/{name}"
    )
    written = file.stat().st_mtime_ns, file.stat().st_ino
    clock.forward(days=1)
    second = backup.make(db, Reason.DAILY)
    assert held(second) == {name}
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == written
    if which("sha256sum"):
        subprocess.run(
            ["sha256sum", "--check", "--strict", "--quiet", second.hash_file.name], cwd=first.path.parent, check=True
        )
    assert not list(first.path.parent.rglob("*.part"))


def test_what_is_copied_later_is_only_what_is_new(db: Database, picture: Picture, jpeg: bytes) -> None:
    backup.make(db, Reason.MANUAL)
    attachments.add(db, picture.request_id, [jpeg])
    assert len(held(backup.make(db, Reason.MANUAL))) == 2


def test_restoring_brings_removed_and_damaged_pictures_back(
    db: Database, picture: Picture, jpeg: bytes, clock: Clock
) -> None:
    made = backup.make(db, Reason.MANUAL)
    later = attachments.add(db, picture.request_id, [jpeg])[0][-1]
    file = blobs.of(db).folder / blobs.of(db).name(picture.sha256)
    file.write_bytes(b"bit rot" + file.read_bytes()[7:])
    clock.forward(days=1)
    back = restored(db, made, clock)
    try:
        assert attachments.content(back, picture.id) == jpeg
        assert audit.check(back) == []
        attachments.sweep(
            back
        )  # what the restored store does not know goes, but lies beside the store that was set aside
        assert blobs.of(back).names() == held(made)
        [aside] = (back.path.parent / "set-aside").iterdir()
        assert blobs.Blobs(aside / blobs.FOLDER, back.key).read(later.sha256)
    finally:
        back.close()


def test_pictures_are_carried_to_a_second_place_and_come_back_from_it(
    db: Database, picture: Picture, jpeg: bytes, tmp_path: Path, clock: Clock
) -> None:
    carried = backup.carry(backup.make(db, Reason.MANUAL), tmp_path / "stick", db.now())
    assert len(held(carried)) == 1
    folder = tmp_path / "new computer"
    root, _ = vault.unlock(backup.slots_in(tmp_path / "stick"), PASSWORD)
    backups.restore(DataFolder(folder), carried, backup.slots_in(tmp_path / "stick"), root, clock=clock)
    back = stations.open_station(folder, PASSWORD, clock=clock)
    try:
        assert attachments.content(back, picture.id) == jpeg
    finally:
        back.close()


def test_a_picture_goes_with_the_last_backup_that_has_it(
    db: Database, picture: Picture, clock: Clock, tmp_path: Path
) -> None:
    with_it = backup.make(db, Reason.MANUAL)
    stick = backup.carry(with_it, tmp_path / "stick", db.now())
    attachments.remove(db, picture.id)
    clock.forward(days=31)
    attachments.sweep(db)
    newer = backup.make(db, Reason.MANUAL)
    assert len(held(newer)) == 1
    assert with_it.path.exists()
    for made in (newer, stick):
        assert backup.lost_attachments(made) == 0
    clock.forward(days=400)
    for _ in range(15):  # days, weeks and months enough to push it out
        clock.forward(days=31)
        newer = backup.make(db, Reason.DAILY)
        backup.carry(newer, tmp_path / "stick", db.now())
    assert not with_it.path.exists()
    assert not stick.path.exists()
    assert held(newer) == set() == held(stick)


def test_nothing_goes_while_a_list_cannot_be_read(db: Database, picture: Picture) -> None:
    made = backup.make(db, Reason.MANUAL)
    made.hash_file.unlink()
    attachments.remove(db, picture.id)
    blobs.of(db).sweep([])
    assert len(held(backup.make(db, Reason.MANUAL))) == 1


@pytest.mark.parametrize("spoil", ["gone", "bit"])
def test_a_rehearsal_finds_a_picture_that_would_not_come_back(db: Database, picture: Picture, spoil: str) -> None:
    made = backup.make(db, Reason.MANUAL)
    assert backups.rehearse(db)[0].equal
    [name] = held(made)
    file = made.path.parent / blobs.FOLDER / name
    if spoil == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert backup.lost_attachments(made) == 1
    tried, _ = backups.rehearse(db)
    assert (tried.equal, tried.word, dict(tried.fields)) == (False, "backup.pictures_lost", {"n": 1})


def test_what_was_forgotten_after_the_backup_does_not_come_back(db: Database, picture: Picture, clock: Clock) -> None:
    made = backup.make(db, Reason.MANUAL)
    with db.transact(Op.ERASE_PERSON) as tx:
        subjects.erase(tx, picture.request_id, "withdrawn")
    clock.forward(days=1)
    back = restored(db, made, clock)
    try:
        assert attachments.listing(back, picture.request_id) == []
        attachments.sweep(back)
        assert blobs.of(back).names() == set()
        assert audit.check(back) == []
    finally:
        back.close()


def test_a_copy_that_was_cut_short_is_cleared_away(db: Database, picture: Picture) -> None:
    made = backup.make(db, Reason.MANUAL)
    left = made.path.parent / blobs.FOLDER / ("0" * 40 + ".part")
    left.write_bytes(b"half")
    backup.make(db, Reason.MANUAL)
    assert not left.exists()
