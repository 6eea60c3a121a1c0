"""The whole way: station, stick, district, stick, station; lost, doubled, shuffled, forged and of the wrong people."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from station_app import backup, vault
from station_app.db import Database
from station_app.district import answer, desk, intake, store
from station_app.errors import Refused, UserMistake
from station_app.model import Consent, Exchange, ItemKind, Occupation, RequestState
from station_app.paths import DataFolder
from station_app.schema import LEDGERS
from station_app.services import (
    audit,
    backups,
    exchange,
    history,
    keepers,
    people,
    reports,
    requests,
    stations,
    subjects,
    supplies,
    visits,
)
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced


def a_day(db: Database) -> str:
    """A little of everything; returns the number of the request."""
    rider, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.DISTRICT)
    visits.check_in(db, rider.badge_code)
    visits.tally(db, Occupation.COURIER, 5)
    water = supplies.by_name(db, "矿泉水") or supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)[0]
    supplies.receive(db, water.id, 10)
    supplies.hand_out(db, water.id, person_id=rider.id)
    return requests.add(db, "充电口不足", person_id=rider.id)[0].number


def take(district: Database, path: Path, opener: Opener) -> intake.Received:
    return intake.receive(district, intake.open_file(district, path, opener))[0]


def answered(db: Database, district: Database, stick: Path, opener: Opener) -> inbox.Applied:
    written, _ = answer.pack(district, "YQ", stick)
    pack, _ = inbox.look(db, written.path, opener)
    return inbox.apply(db, pack)[0]


def everything(district: Database) -> list[list[dict[str, object]]]:
    return [[dict(row) for row in district.rows(f"SELECT * FROM {table} ORDER BY id")] for table in LEDGERS]


def same_totals(db: Database, district: Database) -> None:
    ours, theirs = reports.period(db, "2026-01-01", "2026-12-31"), desk.report(district, "2026-01-01", "2026-12-31")[0]
    assert replace(theirs, open_days=ours.open_days) == ours


def test_rows_turn_from_local_to_packed_to_receipted(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    number = a_day(station)
    assert exchange.status(station).packed == 0
    exported, _ = outbox.export(station, stick)
    status = exchange.status(station)
    assert (status.local, status.packed) == (0, exported.rows)
    assert take(district, exported.path, opener).fresh == 1
    assert exchange.status(station).packed == exported.rows  # nothing says "sent" before the receipt is here
    applied = answered(station, district, stick, opener)
    assert (applied.receipted, applied.refused) == (1, 0)
    assert exchange.status(station).receipted == exported.rows
    assert requests.by_number(station, number).exchange is Exchange.RECEIPTED
    assert desk.status(district)[0].held.agrees is True
    same_totals(station, district)
    assert audit.check(station) == []


def test_the_same_file_twice_is_harmless(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    a_day(station)
    exported, _ = outbox.export(station, stick)
    take(district, exported.path, opener)
    before = [
        district.rows(f"SELECT * FROM {table} ORDER BY id") for table in ("visit", "handout", "request", "intake")[:3]
    ]
    again = take(district, exported.path, opener)
    assert (again.fresh, again.known, again.rows) == (0, 1, 0)
    assert [
        [dict(r) for r in district.rows(f"SELECT * FROM {table} ORDER BY id")]
        for table in ("visit", "handout", "request")
    ] == [[dict(r) for r in rows] for rows in before]


def test_a_lost_stick_loses_nothing(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    a_day(station)
    lost, _ = outbox.export(station, stick)
    lost.path.unlink()
    a_day(station)
    exported, _ = outbox.export(station, stick)
    assert exported.batches == (1, 2)
    assert take(district, exported.path, opener).fresh == 2
    same_totals(station, district)


def test_a_gap_is_applied_on_arrival_shown_and_closed_by_the_missing_stick(
    db: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    home = tmp_path / "home"
    district = store.set_up(home, "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
    station = introduced(db, district, stick)
    district.close()
    shutil.copytree(home, tmp_path / "yesterday")
    district = store.open_district(home, PASSWORD, clock=clock)
    a_day(station)
    first, _ = outbox.export(station, stick)
    take(district, first.path, opener)
    answered(station, district, stick, opener)
    a_day(station)
    second, _ = outbox.export(station, stick)
    assert second.batches == (2,)
    district.close()
    restored = store.open_district(
        tmp_path / "yesterday", PASSWORD, clock=clock
    )  # the district lost the first stick's content
    take(restored, second.path, opener)
    held = desk.status(restored)[0].held
    assert (held.missing, held.agrees) == (((station.store_id, 1),), None)
    assert restored.scalar("SELECT count(*) FROM visit") > 0  # not held back
    take(restored, first.path, opener)
    held = desk.status(restored)[0].held
    assert held.missing == ()
    same_totals(station, restored)
    restored.close()


def test_undo_after_export_travels_as_a_newer_version(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    line = history.last_undoable(station)
    assert line is not None
    history.undo(station, line.operation)
    visit, changes = visits.tally(station, Occupation.OTHER, 3)
    history.undo(station, changes.operation)
    take(district, outbox.export(station, stick)[0].path, opener)
    same_totals(station, district)
    assert district.scalar("SELECT void_reason FROM visit WHERE id = ?", (visit.id,)) == "undo"


def test_an_answer_comes_back_and_can_be_told(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    number = a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert answer.by_number(district, number).text == "充电口不足"
    answer.reply(district, number, RequestState.TRANSFERRED, unit="综合行政执法局")
    answer.reply(district, number, RequestState.REPLIED, "7 月底前加装 8 个充电口")
    assert answered(station, district, stick, opener).steps == 2
    request = requests.by_number(station, number)
    assert request.state is RequestState.REPLIED
    assert (request.steps[-1].side, request.steps[-1].note) == ("district", "7 月底前加装 8 个充电口")
    assert answered(station, district, stick, opener).steps == 0  # the same answer again adds nothing
    assert audit.check(station) == []


def test_erasing_reaches_the_district_and_the_key_does_not_come_back(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    first, _ = outbox.export(station, stick)
    kept = stick / "kept"
    kept.mkdir()
    copy = kept / first.path.name
    copy.write_bytes(first.path.read_bytes())
    take(district, first.path, opener)
    person = people.find(station, "李志强")[0]
    assert store.may_know(district, person.id, store.stores_of(district, stations.current(station).id))
    people.erase(station, person.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    take(district, copy, opener)  # the old stick again still holds the key
    assert district.scalar("SELECT 1 FROM subject_key WHERE subject_id = ?", (person.id,)) is None
    same_totals(station, district)


def test_a_pack_is_applied_once_and_an_older_one_never(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    older, _ = answer.pack(district, "YQ", stick)
    newer, _ = answer.pack(district, "YQ", stick)
    inbox.apply(station, inbox.look(station, newer.path, opener)[0])
    for path in (newer.path, older.path):
        with pytest.raises(Refused) as refusal:
            inbox.look(station, path, opener)
        assert refusal.value.word == "sync_page.old_pack"


def test_every_damaged_file_is_refused_and_changes_nothing(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    exported, _ = outbox.export(station, stick)
    whole = exported.path.read_bytes()
    for number, broken in enumerate(
        (whole[:-1], whole[: len(whole) // 2], b"", b"%PDF-1.7", whole[:400] + b"\0" + whole[401:])
    ):
        path = stick / f"YQ-20260718-{number:04d}.batch"
        path.write_bytes(broken)
        with pytest.raises(Refused):
            take(district, path, opener)
    assert district.rows("SELECT * FROM visit") == []
    assert take(district, exported.path, opener).fresh == 1


def test_nobody_exports_before_they_enrolled_and_recording_works_all_the_same(db: Database, stick: Path) -> None:
    a_day(db)
    with pytest.raises(Refused) as refusal:
        outbox.export(db, stick)
    assert refusal.value.word == "sync_page.not_enrolled"
    assert exchange.status(db).local > 0
    assert list(stick.iterdir()) == []


def test_a_station_the_district_does_not_know_is_refused(
    db: Database, district: Database, stick: Path, opener: Opener
) -> None:
    outbox.trust(db, outbox.read_trust(store.introduce(district, stick).path))
    a_day(db)
    exported, _ = outbox.export(db, stick)
    with pytest.raises(Refused) as refusal:
        take(district, exported.path, opener)
    assert refusal.value.word == "sync_files.unknown_station"


def test_another_key_under_a_known_code_needs_the_district(
    station: Database, district: Database, stick: Path, tmp_path: Path, clock: Clock
) -> None:
    impostor, _ = stations.set_up(tmp_path / "impostor", SAMPLE, "某人", PASSWORD, clock=clock, cost=CHEAP)
    with pytest.raises(Refused) as refusal:
        store.enrol(district, outbox.enrol(impostor, stick).path)
    assert refusal.value.word == "district.other_key"
    impostor.close()


def test_another_district_is_not_believed(db: Database, stick: Path, tmp_path: Path, clock: Clock) -> None:
    far = store.set_up(tmp_path / "far", "520304", "播州区", "", PASSWORD, clock=clock, cost=CHEAP)
    with pytest.raises(Refused) as refusal:
        outbox.trust(db, outbox.read_trust(store.introduce(far, stick).path))
    assert refusal.value.word == "sync_page.other_district"
    far.close()


def test_two_stations_add_up_and_each_has_its_own_line(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    second, _ = stations.set_up(
        tmp_path / "second", replace(SAMPLE, code="LT", name="龙潭驿站"), "陈军", PASSWORD, clock=clock, cost=CHEAP
    )
    introduced(second, district, stick)
    for db in (station, second):
        a_day(db)
        take(district, outbox.export(db, stick)[0].path, opener)
    whole, each = desk.report(district, "2026-07-17", "2026-07-17")
    assert whole.person_times == 12
    assert [(line.code, report.person_times) for line, report in each] == [("LT", 6), ("YQ", 6)]
    assert desk.report(district, "2026-07-17", "2026-07-17", ["LT"])[0].person_times == 6
    with pytest.raises(UserMistake):
        desk.report(district, "2026-07-17", "2026-07-17", ["XX"])
    second.close()


def test_nothing_waits_is_said_and_no_file_is_written(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    before = sorted(stick.iterdir())
    with pytest.raises(Refused) as refusal:
        outbox.export(station, stick)
    assert refusal.value.word == "sync_page.nothing_waits"
    assert sorted(stick.iterdir()) == before


def test_restoring_yesterdays_backup_and_exporting_again_loses_and_doubles_nothing(
    db: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    station, home = introduced(db, district, stick), db.path.parent
    keepers.open_station(station)
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    kept = backup.make(station, backup.Reason.MANUAL)
    visits.tally(station, Occupation.RIDER, 7)  # after the backup: at the district already, gone from the station
    take(district, outbox.export(station, stick)[0].path, opener)
    station.close()
    root, keeper_id = vault.unlock(DataFolder(home).slots, PASSWORD)
    backups.restore(DataFolder(home), kept, backup.slots_in(kept.path.parent), root, clock=clock)
    restored = stations.open_station(home, PASSWORD, clock=clock)
    assert restored.acting == keeper_id
    assert keepers.day(restored, "2026-07-17").opened
    visits.tally(restored, Occupation.OTHER, 2)
    exported, _ = outbox.export(restored, stick)
    take(district, exported.path, opener)
    take(district, exported.path, opener)
    assert desk.report(district, "2026-07-17", "2026-07-17")[0].person_times == 6 + 7 + 2
    held = desk.status(district)[0].held
    assert (held.missing, held.forks) == ((), ())
    applied = answered(restored, district, stick, opener)
    assert applied.refused == 0
    assert exchange.status(restored).packed == 0
    assert audit.check(restored) == []
    restored.close()


def test_a_name_given_to_the_station_alone_stays_there(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    person, _ = people.register(station, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.STATION)

    def known() -> bytes | None:
        take(district, outbox.export(station, stick)[0].path, opener)
        return subjects.key_of(district, person.id)

    assert known() is None
    people.change(station, person.id, consent=Consent.DISTRICT)
    key = known()
    assert key is not None
    sealed = district.scalar("SELECT name_sealed FROM identity WHERE id = ?", (person.id,))
    assert subjects.unseal(key, "identity.name_sealed", person.id, sealed) == "李志强"
    people.change(station, person.id, consent=Consent.STATION)
    assert known() is None
    assert people.get(station, person.id).name == "李志强"
