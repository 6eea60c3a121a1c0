"""Copies, images and backups that go on: each is a new store before it closes a batch, and nothing is lost or counted twice."""

from __future__ import annotations

import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from station_app import backup, vault
from station_app.db import CHAIN, OPERATION, Database, link, spelled
from station_app.district import answer, desk, store
from station_app.errors import Refused
from station_app.model import Occupation, Op
from station_app.paths import DataFolder, machine_id
from station_app.services import audit, backups, exchange, incarnation, people, stations, visits
from station_app.sync import envelope, identity, inbox, manifest, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced
from tests.district.test_loop import a_day, answered, take


def copied(db: Database, to: Path) -> Path:
    """The data folder as it is when the program is closed, copied whole."""
    home = db.path.parent
    db.close()
    shutil.copytree(home, to)
    return home


def opened(folder: Path, clock: Clock) -> Database:
    return stations.open_station(folder, PASSWORD, clock=clock)


def person_times(district: Database) -> int:
    return desk.report(district, "2026-01-01", "2026-12-31")[0].person_times


def test_this_machine_has_an_id_that_stays() -> None:
    assert machine_id() == machine_id()


def test_a_folder_on_another_machine_is_a_new_store_before_anything_is_recorded(
    station: Database, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = station.store_id
    copied(station, tmp_path / "copy")
    monkeypatch.setattr(incarnation, "here", lambda: "another machine")
    moved = opened(tmp_path / "copy", clock)
    assert moved.store_id != before
    assert moved.meta("parent") == f"{before}/"
    assert incarnation.began(moved)[0] == "moved"
    again = moved.store_id
    moved.close()
    assert opened(tmp_path / "copy", clock).store_id == again  # once: its anchor is of this machine now


def test_what_was_recorded_between_two_restores_reaches_the_district_though_that_store_closed_no_batch(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for times in (1, 2, 4):
        visits.tally(station, Occupation.RIDER, times)
        with station.transact(Op.SETTING) as tx:
            incarnation.begin(tx, "restored")
    done = take(district, outbox.export(station, stick)[0].path, opener)
    assert done.turned_down == 0
    assert person_times(district) == 1 + 2 + 4
    assert desk.status(district)[0].held.missing == ()
    answered(station, district, stick, opener)
    assert (exchange.status(station).packed, exchange.status(station).refused) == (0, 0)


def test_a_folder_that_stays_is_the_same_store(station: Database, clock: Clock, stick: Path) -> None:
    a_day(station)
    outbox.export(station, stick)
    before, home = station.store_id, station.path.parent
    station.close()
    again = opened(home, clock)
    assert again.store_id == before
    visits.tally(again, Occupation.RIDER, 1)
    assert outbox.close_batch(again)[0] == 2
    assert again.store_id == before


def test_two_clones_both_cross_whole(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    station = introduced(db, district, stick)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    home, machine = copied(station, tmp_path / "clone"), incarnation.here()
    first = opened(home, clock)
    monkeypatch.setattr(incarnation, "here", lambda: "another machine")
    second = opened(tmp_path / "clone", clock)
    for one, number, at in ((first, 3, machine), (second, 4, "another machine")):
        monkeypatch.setattr(incarnation, "here", lambda at=at: at)
        visits.tally(one, Occupation.RIDER, number)
        take(district, outbox.export(one, stick)[0].path, opener)
    assert person_times(district) == 6 + 3 + 4
    held = desk.status(district)[0].held
    assert (held.missing, held.forks, held.rewritten) == ((), (), ())
    assert len(held.by_store) == 2
    for one in (first, second):
        written = answer.pack(district, "YQ", stick)[0].path
        applied, _ = inbox.apply(one, inbox.look(one, written, opener)[0])
        assert applied.began == ""
        assert applied.differs == ()
        assert exchange.status(one).packed == exchange.status(one).local == 0
        assert audit.check(one) == []
        one.close()


def test_a_database_put_back_from_an_image_is_a_new_store(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    station = introduced(db, district, stick)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    home = copied(station, tmp_path / "image")
    station = opened(home, clock)
    before = station.store_id
    visits.tally(station, Occupation.RIDER, 7)
    take(district, outbox.export(station, stick)[0].path, opener)
    station.close()
    shutil.copyfile(tmp_path / "image" / "station.db", home / "station.db")  # the anchor stays: it is newer
    station = opened(home, clock)
    assert station.store_id != before
    assert incarnation.began(station)[0] == "put_back"
    visits.tally(station, Occupation.OTHER, 2)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert person_times(district) == 6 + 7 + 2
    assert desk.status(district)[0].held.forks == ()
    station.close()


def test_without_an_anchor_a_store_that_closed_batches_is_a_new_one(station: Database, clock: Clock, stick: Path) -> None:
    a_day(station)
    outbox.export(station, stick)
    before, place = station.store_id, DataFolder(station.path.parent)
    station.close()
    place.anchor.write_text("{", "utf-8")  # torn
    again = opened(place.path, clock)
    assert again.store_id != before
    assert incarnation.began(again)[0] == "unanchored"


def test_the_anchor_of_another_store_makes_a_new_one(
    station: Database, clock: Clock, stick: Path, tmp_path: Path
) -> None:
    a_day(station)
    outbox.export(station, stick)
    other, _ = stations.set_up(tmp_path / "other", SAMPLE, "陈军", PASSWORD, clock=clock, cost=CHEAP)
    place, before = DataFolder(station.path.parent), station.store_id
    station.close()
    shutil.copyfile(DataFolder(other.path.parent).anchor, place.anchor)
    other.close()
    again = opened(place.path, clock)
    assert again.store_id != before
    assert incarnation.began(again)[0] == "replaced"
    again.close()


def test_an_anchor_that_speaks_of_an_epoch_is_no_stations(station: Database) -> None:
    """One turned bit is enough: a station has none, and every sign of the file counts."""
    place = DataFolder(station.path.parent)
    known = place.anchor.read_text("utf-8")
    assert (incarnation.suspicion(station), audit.check(station)) == ("", [])
    place.anchor.write_text(known.replace('"epoch": 0', '"epoch": 1'), "utf-8")
    assert incarnation.suspicion(station) == "replaced"
    assert [problem.word for problem in audit.check(station)] == ["audit.anchor_differs"]


def test_an_epoch_that_a_power_cut_kept_from_the_anchor_is_noted_at_the_next_start(
    db: Database, stick: Path, clock: Clock, tmp_path: Path
) -> None:
    district = store.set_up(tmp_path / "home", "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    place = DataFolder(district.path.parent, "district")
    old = place.anchor.read_bytes()
    with district.transact(Op.SETTING, by_itself=True, name="incarnation") as tx:
        incarnation.begin(tx, "put_back")
    district.close()
    place.anchor.write_bytes(old)
    again = store.open_district(place.path, PASSWORD, clock=clock)
    known = incarnation.read(place)
    assert known is not None
    assert (again.meta("epoch"), known.epoch, incarnation.suspicion(again)) == ("2", 2, "")
    again.close()


def test_an_anchor_that_a_power_cut_kept_back_accuses_nobody(station: Database, clock: Clock, stick: Path) -> None:
    a_day(station)
    outbox.export(station, stick)
    place, before = DataFolder(station.path.parent), station.store_id
    old = place.anchor.read_bytes()
    visits.tally(station, Occupation.RIDER, 1)
    outbox.close_batch(station)
    station.close()
    place.anchor.write_bytes(old)  # the batch is in the database, the anchor was not written any more
    again = opened(place.path, clock)
    assert again.store_id == before
    visits.tally(again, Occupation.RIDER, 1)
    outbox.close_batch(again)
    assert (again.store_id, incarnation.suspicion(again)) == (before, "")
    again.close()


def test_control_without_the_anchor_an_image_makes_a_fork(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incarnation, "suspicion", lambda _db: "")
    station = introduced(db, district, stick)
    home = copied(station, tmp_path / "image")
    for number in (7, 2):
        station = opened(home, clock)
        visits.tally(station, Occupation.RIDER, number)
        take(district, outbox.export(station, stick)[0].path, opener)
        station.close()
        shutil.copyfile(tmp_path / "image" / "station.db", home / "station.db")
    assert [no for _, no, _ in desk.status(district)[0].held.forks] == [1]


def whole_image(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> Database:
    """A station whose whole folder was put back, so that nothing there can tell; the district has what came after."""
    station = introduced(db, district, stick)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    home = copied(station, tmp_path / "image")
    station = opened(home, clock)
    visits.tally(station, Occupation.RIDER, 7)
    take(district, outbox.export(station, stick)[0].path, opener)
    station.close()
    shutil.rmtree(home)
    shutil.copytree(tmp_path / "image", home)
    return opened(home, clock)


def test_a_whole_image_is_told_by_the_receipt_which_lists_a_batch_that_was_not_made_here(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    station = whole_image(db, district, stick, opener, clock, tmp_path)
    before = station.store_id
    visit, _ = visits.tally(station, Occupation.OTHER, 2)
    visits.set_count(station, visit.id, 3)  # of several versions: the lost store may have reached the same one
    applied = answered(station, district, stick, opener)
    assert applied.began == "foreign"
    assert station.store_id != before
    assert station.scalar("SELECT version FROM visit WHERE id = ?", (visit.id,)) == 3  # stamped anew
    exported, _ = outbox.export(station, stick)
    take(district, exported.path, opener)
    assert person_times(district) == 6 + 7 + 3
    assert desk.status(district)[0].held.forks == ()
    assert answered(station, district, stick, opener).began == ""  # once
    assert audit.check(station) == []
    station.close()


def test_control_without_the_rule_a_whole_image_makes_a_fork(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "_begin_anew", lambda _tx, _plan: "")
    station = whole_image(db, district, stick, opener, clock, tmp_path)
    visits.tally(station, Occupation.OTHER, 2)
    answered(station, district, stick, opener)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert desk.status(district)[0].held.forks != ()
    station.close()


def test_a_fork_that_was_made_before_anybody_could_tell_is_shown_on_both_sides_and_loses_nothing(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    station = whole_image(db, district, stick, opener, clock, tmp_path)
    before = station.store_id
    visits.tally(station, Occupation.OTHER, 2)
    take(district, outbox.export(station, stick)[0].path, opener)  # number 2, which the lost store closed too
    assert person_times(district) == 6 + 7 + 2
    assert [no for _, no, _ in desk.status(district)[0].held.forks] == [2]
    assert answered(station, district, stick, opener).began == "foreign"
    assert station.store_id != before
    station.close()


# --- a district that was restored (rule 6) ---------------------------------------------------------------------------------


def test_a_district_put_back_raises_its_epoch_and_is_offered_everything_again(
    db: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    district = store.set_up(home, "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    station = introduced(db, district, stick)
    district.close()
    shutil.copyfile(home / "district.db", tmp_path / "district.db")
    district = store.open_district(home, PASSWORD, clock=clock)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    assert exchange.unconfirmed(station) == []
    district.close()
    shutil.copyfile(tmp_path / "district.db", home / "district.db")
    district = store.open_district(home, PASSWORD, clock=clock)
    assert district.meta("epoch") == "2"
    answered(station, district, stick, opener)
    assert [no for no, _ in exchange.unconfirmed(station)] == [1]
    take(district, outbox.export(station, stick)[0].path, opener)
    assert person_times(district) == 6
    assert answered(station, district, stick, opener).receipted == 1
    district.close()


def test_a_district_put_back_with_its_anchor_hears_it_from_a_station(
    db: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    district = store.set_up(home, "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    station = introduced(db, district, stick)
    district.close()
    shutil.copytree(home, tmp_path / "yesterday")
    district = store.open_district(home, PASSWORD, clock=clock)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    district.close()
    district = store.open_district(tmp_path / "yesterday", PASSWORD, clock=clock)
    assert district.meta("epoch") == "1"
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert district.meta("epoch") == "2"
    answered(station, district, stick, opener)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert person_times(district) == 12
    district.close()


def test_an_epoch_is_believed_from_the_root_key_alone(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    other, own = identity.generate(), store.own_identity(district)
    told = identity.read_trust(store.introduction(district))
    fields = manifest.PackFields(
        district="990101", station="YQ", recipients=[outbox.own_identity(station).public.fingerprint], epoch=9, no=1,
        made="2026-07-17T20:00:00+08:00",
    )  # fmt: skip
    frame = envelope.write_pack(fields, manifest.Pack(), own.sign, own.public.verify_key)
    for pack, word in (
        (replace(frame, introduced=store.introduction(district)), "sync_page.old_pack"),  # the root key said epoch 1
        (envelope.write_pack(fields, manifest.Pack(), other.sign, other.public.verify_key), "sync_files.unknown_station"),
    ):
        with pytest.raises(Refused) as refusal:
            inbox.apply(station, pack)
        assert refusal.value.word == word
    assert told.epoch == 1
    assert exchange.newest_receipt(station) == (0, 0)


def test_a_restored_backup_keeps_what_a_receipt_made_sure(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    place = DataFolder(station.path.parent)
    kept = backup.make(station, backup.Reason.MANUAL)
    station.close()
    root, _ = vault.unlock(place.slots, PASSWORD)
    done = backups.restore(place, kept, backup.slots_in(kept.path.parent), root, clock=clock)
    restored = opened(place.path, clock)
    assert incarnation.began(restored)[0] == "restored"
    assert restored.store_id == done.store_id
    assert exchange.unconfirmed(restored) == []
    restored.close()


# --- the chain of the log is witnessed -----------------------------------------------------------------------------------------


def rewrite_the_past(db: Database) -> None:
    """An operation of the past is altered, and the whole chain after it made to fit again."""
    with db.transact(Op.SETTING, by_itself=True, name="x") as tx:
        tx.run("UPDATE operation SET keeper_id = 'somebody else' WHERE sequence = 2")
    with db.transact(Op.SETTING, by_itself=True, name="x") as tx:
        before = ""
        for row in db.rows("SELECT * FROM operation ORDER BY sequence"):
            images = sha256()
            for change in db.rows("SELECT * FROM change WHERE operation = ? ORDER BY sequence", (row["sequence"],)):
                images.update(spelled(*(change[name] for name in ("sequence", "table_name", "row_id", "version", "before", "after"))))
            before = link(before, [row[name] for name in OPERATION], images.digest())
            tx.run("UPDATE operation SET chain = ? WHERE sequence = ?", (before, row["sequence"]))
        tx.set_meta(CHAIN, before)


def test_a_past_written_anew_shows_at_the_station_and_at_the_district(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    rewrite_the_past(station)
    words = {problem.word for problem in audit.check(station)}
    assert {"audit.past_rewritten", "audit.anchor_differs"} <= words
    assert "audit.chain_broken" not in words  # the chain itself was made to hold
    visits.tally(station, Occupation.RIDER, 1)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert [no for _, no in desk.status(district)[0].held.rewritten] == [2]


def test_control_a_past_left_alone_shows_nothing(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    for _ in range(3):
        a_day(station)
        take(district, outbox.export(station, stick)[0].path, opener)
    assert audit.check(station) == []
    assert desk.status(district)[0].held.rewritten == ()


def restored_district(home: Path, kept: backup.Backup, clock: Clock) -> Database:
    """The district's backup put in place the proper way."""
    place = DataFolder(home, "district")
    root, _ = vault.unlock(place.slots, PASSWORD)
    backups.restore(place, kept, backup.slots_in(kept.path.parent, "district"), root, clock=clock)
    return store.open_district(home, PASSWORD, clock=clock)


def test_a_restored_district_has_a_higher_epoch_each_time_and_everything_comes_back(
    db: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    district = store.set_up(home, "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    station = introduced(db, district, stick)
    kept = backup.make(district, backup.Reason.MANUAL)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    late, _ = answer.pack(district, "YQ", stick)
    late = replace(late, path=late.path.rename(late.path.with_suffix(".late")))
    answered(station, district, stick, opener)
    person = people.find(station, "李志强")[0]
    people.erase(station, person.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    for epoch in ("2", "3"):
        district.close()
        district = restored_district(home, kept, clock)
        assert district.meta("epoch") == epoch  # above every one before, though the backup knew of none
        assert district.rows("SELECT * FROM visit") == []
        erased = "SELECT count(*) FROM erasure"
        assert district.scalar(erased) == station.scalar(erased) > 0  # applied again at once
        answered(station, district, stick, opener)
        exported, _ = outbox.export(station, stick)
        assert exported.batches == (1, 2)
        take(district, exported.path, opener)
        assert person_times(district) == 6
        assert district.scalar("SELECT 1 FROM subject_key WHERE subject_id = ?", (person.id,)) is None
        applied = answered(station, district, stick, opener)
        assert (applied.receipted, applied.differs) == (2, ())
        assert desk.status(district)[0].held.agrees is True
    with pytest.raises(Refused) as refusal:  # of before it was restored
        inbox.look(station, late.path, opener)
    assert refusal.value.word == "sync_page.old_pack"
    district.close()
