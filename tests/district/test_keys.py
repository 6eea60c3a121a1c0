"""Keys that are renewed, lost and revoked, computers that join a station, and what is kept aside until somebody decides."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from station_app import db as database
from station_app.db import Database
from station_app.district import answer, desk, intake, keys, store
from station_app.errors import Refused, UserMistake
from station_app.model import Occupation, RequestState
from station_app.schema import DISTRICT
from station_app.services import exchange, requests, stations, visits
from station_app.sync import carrier, identity, inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced
from tests.district.test_loop import a_day, answered, take


def person_times(district: Database) -> int:
    return desk.report(district, "2026-01-01", "2026-12-31")[0].person_times


# --- a station renews its keys -----------------------------------------------------------------------------------------------


def test_new_keys_travel_with_the_next_export_and_old_batches_stay_good(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    outbox.close_batch(station)  # signed by the key before
    old = outbox.own_identity(station).public
    fresh, _ = outbox.rotate(station)
    a_day(station)
    exported, _ = outbox.export(station, stick)
    assert exported.batches == (1, 2)
    assert take(district, exported.path, opener).fresh == 2
    known = store.by_code(district, "YQ")
    assert known.active[0].fingerprint == fresh.public.fingerprint != old.fingerprint
    assert [key.replaced_by for key in known.keys] == ["", fresh.public.key_id.hex()]
    assert outbox.renewals(station) != []  # until an answer comes to the new key
    assert answered(station, district, stick, opener).receipted == 2
    assert outbox.renewals(station) == []
    visits.tally(station, Occupation.RIDER, 1)
    assert take(district, outbox.export(station, stick)[0].path, opener).fresh == 1


def test_several_changes_before_an_answer_are_followed_one_by_one(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for _ in range(3):
        outbox.rotate(station)
        visits.tally(station, Occupation.RIDER, 1)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert store.by_code(district, "YQ").fingerprint == outbox.own_identity(station).public.fingerprint
    assert person_times(district) == 3


def test_a_pack_written_before_the_district_knew_still_opens(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    written, _ = answer.pack(district, "YQ", stick)
    outbox.rotate(station)
    applied, _ = inbox.apply(station, inbox.look(station, written.path, opener)[0])
    assert applied.receipted == 1
    assert outbox.renewals(station) != []


def test_a_renewal_may_also_come_as_an_introduction(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    outbox.rotate(station)
    enrolled, _ = store.enrol(district, outbox.enrol(station, stick).path)
    assert enrolled.fingerprint == outbox.own_identity(station).public.fingerprint
    a_day(station)
    assert take(district, outbox.export(station, stick)[0].path, opener).fresh == 1


def put_back(district: Database, before: Path, clock: Clock) -> Database:
    """The district as it was when its database was copied to ``before``."""
    key, acting, path = district.key, district.acting, district.path
    district.close()
    shutil.copyfile(before, path)
    opened = database.open(path, key, DISTRICT, clock=clock)
    opened.acting = acting
    return opened


def copied(district: Database, to: Path) -> Path:
    """The district's database as it is now."""
    district._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(shutil.copyfile(district.path, to))


def test_a_district_put_back_to_before_it_knew_a_key_learns_it_again(
    station: Database, district: Database, stick: Path, tmp_path: Path, clock: Clock, opener: Opener
) -> None:
    before = copied(district, tmp_path / "before")
    for persons in (3, 4):
        outbox.rotate(station)
        visits.tally(station, Occupation.RIDER, persons)
        take(district, outbox.export(station, stick)[0].path, opener)
        answered(station, district, stick, opener)
    assert outbox.renewals(station) == []  # both were answered
    district = put_back(district, before, clock)
    visits.tally(station, Occupation.RIDER, 5)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    take(district, outbox.export(station, stick)[0].path, opener)  # what the receipt does not list (any more) goes again
    assert person_times(district) == 12
    assert store.by_code(district, "YQ").fingerprint == outbox.own_identity(station).public.fingerprint
    district.close()


@pytest.mark.parametrize("anew", [False, True], ids=["same key", "new key"])
def test_a_district_put_back_whole_hears_of_it_from_an_introduction(
    anew: bool, station: Database, district: Database, stick: Path, tmp_path: Path, clock: Clock, opener: Opener
) -> None:
    """Its own word of then would be refused as old at a station that had a later pack."""
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    before = copied(district, tmp_path / "before")
    answered(station, district, stick, opener)
    district = put_back(district, before, clock)
    if anew:
        keys.revoke(district, "YQ", "lost, as it seemed")
        outbox.rotate(station)
    store.enrol(district, outbox.enrol(station, stick).path, accept=anew)
    trusted, _ = outbox.trust(station, outbox.read_trust(store.introduce(district, stick).path))
    assert trusted.epoch == 2
    visits.tally(station, Occupation.RIDER, 1)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert answered(station, district, stick, opener).receipted == 1
    district.close()


def test_introduced_anew_by_its_newest_key_a_station_vouches_for_those_before(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    """A district that was put back to before it ever heard of the station: an officer compares the key of today."""
    visits.tally(station, Occupation.RIDER, 3)
    outbox.close_batch(station)
    outbox.rotate(station)
    for table in ("station_key", "enrolled", "store"):
        district._writer.execute(f"DELETE FROM {table}")  # as if it had never been introduced
    store.enrol(district, outbox.enrol(station, stick).path, accept=True)
    assert take(district, outbox.export(station, stick)[0].path, opener).fresh == 1
    assert person_times(district) == 3
    newest, former = store.by_code(district, "YQ").keys
    assert (newest.active, former.active, former.recipient) == (True, False, "")
    answered(station, district, stick, opener)


def test_no_more_keys_go_ahead_of_a_file_than_a_reader_takes(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for turn in range(3):
        for _ in range(5):
            outbox.rotate(station)
        visits.tally(station, Occupation.RIDER, 1)
        take(district, outbox.export(station, stick)[0].path, opener)
        answered(station, district, stick, opener)
        assert len(outbox.introductions(station)) == (5 if turn == 0 else carrier.MOST_INTRODUCTIONS)
    assert person_times(district) == 3
    for _ in range(carrier.MOST_INTRODUCTIONS):
        outbox.rotate(station)
    with pytest.raises(Refused) as refusal:
        outbox.rotate(station)  # without an answer the chain would break
    assert refusal.value.word == "sync_page.too_many_keys"


def test_another_stations_introduction_ahead_of_a_file_gives_nobody_its_name(
    station: Database, district: Database, stick: Path, tmp_path: Path, clock: Clock, opener: Opener
) -> None:
    """``enrol-XX.json`` may lie about on a stick: a station that puts it ahead of its own batches speaks for itself alone."""
    hp = replace(SAMPLE, code="HP", name="鹤坪驿站")
    other, _ = stations.set_up(tmp_path / "HP", hp, "陈军", PASSWORD, clock=clock, cost=CHEAP)
    introduced(other, district, stick)
    outbox.rotate(other)
    theirs = outbox.enrol(other, stick).path
    outbox.rotate(station)
    visits.tally(station, Occupation.RIDER, 1)
    outbox.close_batch(station)
    own = outbox.own_identity(station)
    frames = [theirs.read_bytes(), *outbox.introductions(station), *(body for _, body in exchange.unconfirmed(station))]
    data = carrier.write_carrier(frames, {}, {}, own.sign, own.public.verify_key)
    path = stick / "YQA-20260717-0001.batch"
    path.write_bytes(carrier.seal(data, [store.own_identity(district).public.recipient]))
    assert take(district, path, opener).station == "YQ"
    assert store.key_of(district, outbox.own_identity(other).public.key_id.hex()) is None
    other.close()


def renewed_by(who: identity.Identity, station: Database, previous: identity.Identity) -> identity.Enrolment:
    told = identity.read_enrolment(identity.write_introduction(outbox._introduction(station, who), who))
    return identity.Enrolment(
        **{name: getattr(told, name) for name in told.__struct_fields__ if name not in ("signature", "previous", "previous_signature")},
        previous=previous.public.verify_key.hex(),
    )


def test_a_key_that_the_one_before_did_not_sign_is_not_taken(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    own, thief = outbox.own_identity(station), identity.generate()
    told = renewed_by(thief, station, own)
    forged = identity.write_introduction(told, thief, replace(thief, public=own.public))  # signed twice by the thief
    visits.tally(station, Occupation.RIDER, 1)
    outbox.close_batch(station)
    bodies = [body for _, body in exchange.unconfirmed(station)]
    data = carrier.write_carrier([forged, *bodies], {}, {}, thief.sign, thief.public.verify_key)
    path = stick / "YQA-20260717-0001.batch"
    path.write_bytes(carrier.seal(data, [store.own_identity(district).public.recipient]))
    with pytest.raises(Refused) as refusal:
        take(district, path, opener)
    assert refusal.value.word == "sync_files.bad_signature"
    assert person_times(district) == 0


# --- the district changes its keys ---------------------------------------------------------------------------------------------


def test_the_districts_new_keys_come_with_a_pack_and_older_word_is_refused(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    before, _ = answer.pack(district, "YQ", stick)
    sealed_before, _ = outbox.export(station, stick)
    root = store.root(district).public.fingerprint
    keys.rotate(district)
    assert store.root(district).public.fingerprint == root  # what stations compared stays
    assert take(district, sealed_before.path, opener).known == 1  # sealed to the key before
    assert answered(station, district, stick, opener).receipted == 1
    trusted = outbox.district(station)
    assert trusted is not None
    assert (trusted.serial, trusted.recipients[0]) == (2, store.own_identity(district).public.recipient)
    visits.tally(station, Occupation.RIDER, 1)
    assert take(district, outbox.export(station, stick)[0].path, opener).fresh == 1
    with pytest.raises(Refused) as refusal:
        inbox.look(station, before.path, opener)
    assert refusal.value.word == "sync_page.old_pack"


def test_a_key_that_the_district_gave_up_signs_nothing_more(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    keys.rotate(district)
    stolen = store.own_identity(district)
    told = store.introduction(district)
    keys.rotate(district)
    answered(station, district, stick, opener)
    trusted = outbox.district(station)
    assert trusted is not None
    from station_app.sync import envelope, manifest

    fields = manifest.PackFields(
        district="990101", station="YQ", recipients=[outbox.own_identity(station).public.fingerprint], epoch=1, no=99,
        made="2026-07-17T20:00:00+08:00",
    )  # fmt: skip
    frame = envelope.write_pack(fields, manifest.Pack(), stolen.sign, stolen.public.verify_key)
    for parts in ([told, bytes(frame.data)], [bytes(frame.data)]):  # with the old word of the root key, and with none
        data = carrier.write_carrier(parts, {}, {}, stolen.sign, stolen.public.verify_key)
        path = stick / "990101-YQ-0099.pack"
        path.write_bytes(carrier.seal(data, [outbox.own_identity(station).public.recipient]))
        with pytest.raises(Refused) as refusal:
            inbox.look(station, path, opener)
        assert refusal.value.word in ("sync_page.old_pack", "sync_files.unknown_station")


def test_an_older_trust_file_is_refused(station: Database, district: Database, stick: Path) -> None:
    old = outbox.read_trust(store.introduce(district, stick).path)
    keys.rotate(district)
    outbox.trust(station, outbox.read_trust(store.introduce(district, stick).path))
    with pytest.raises(Refused) as refusal:
        outbox.trust(station, old)
    assert refusal.value.word == "sync_page.old_trust"


# --- lost and revoked ------------------------------------------------------------------------------------------------------------


def test_what_a_revoked_key_sends_is_kept_aside_until_somebody_decides(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    enrolled, _ = keys.revoke(district, "YQ", "电脑丢失")
    assert enrolled.revoked
    assert store.stations(district) == []
    assert store.every_station(district)[0].keys[0].reason == "电脑丢失"
    visits.tally(station, Occupation.RIDER, 9)
    exported, _ = outbox.export(station, stick)
    for _ in range(2):
        done = take(district, exported.path, opener)
        assert (done.fresh, done.known, done.rows, done.quarantined) == (0, 1, 0, 1)
    assert person_times(district) == 0 or person_times(district) == 6  # by whether revoked stations are reported
    assert [(one.code, one.batches, one.decision) for one in keys.held(district)] == [("YQ", 1, "")]
    with pytest.raises(Refused) as refusal:
        answer.pack(district, "YQ", stick)
    assert refusal.value.word == "district.all_revoked"


def test_quarantine_is_released_or_dropped_once_with_a_reason(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    for number in (2, 3):
        visits.tally(station, Occupation.RIDER, number)
        exported, _ = outbox.export(station, stick)
        if number == 2:
            keys.revoke(district, "YQ", "电脑丢失")
        take(district, exported.path, opener)
    later, first = sorted(keys.held(district), key=lambda one: -one.batches)
    for reason in ("", "  "):
        with pytest.raises(UserMistake):
            intake.release(district, first.id, reason)
    released, _ = intake.release(district, first.id, "站长确认")
    assert (released.fresh, released.rows > 0) == (1, True)
    assert district.scalar("SELECT sum(person_times) FROM visit") == 2
    keys.drop(district, later.id, "无人认领")
    assert district.scalar("SELECT sum(person_times) FROM visit") == 2
    assert keys.held(district) == []
    assert {(one.id, one.decision, one.reason) for one in keys.held(district, decided=True)} == {
        (first.id, "released", "站长确认"), (later.id, "dropped", "无人认领"),
    }  # fmt: skip
    for decide in (lambda: intake.release(district, first.id, "x"), lambda: keys.drop(district, later.id, "x")):
        with pytest.raises(UserMistake):
            decide()


def test_control_without_revocation_the_same_file_is_taken(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    visits.tally(station, Occupation.RIDER, 9)
    assert take(district, outbox.export(station, stick)[0].path, opener).fresh == 1
    assert keys.held(district) == []


def test_a_thief_cannot_renew_a_revoked_key(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    keys.revoke(district, "YQ", "电脑丢失")
    outbox.rotate(station)
    visits.tally(station, Occupation.RIDER, 9)
    assert take(district, outbox.export(station, stick)[0].path, opener).quarantined == 1
    assert store.every_station(district)[0].active == ()
    with pytest.raises(Refused):
        store.enrol(district, outbox.enrol(station, stick).path)


def test_what_a_key_in_between_signed_arrives_once_the_computer_is_introduced_anew(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    """Its key is revoked; it takes another, signs a batch with that, and one more under which an officer takes it in again.

    The newest key signed for the one in between, and an officer compared it: nobody has to look once more.
    """
    keys.revoke(district, "YQ", "lost, as it seemed")
    outbox.rotate(station)
    visits.tally(station, Occupation.RIDER, 7)
    outbox.close_batch(station)
    outbox.rotate(station)
    store.enrol(district, outbox.enrol(station, stick).path, accept=True)
    answered(station, district, stick, opener)  # sealed to its newest key, before anything of it arrived
    assert take(district, outbox.export(station, stick)[0].path, opener).quarantined == 0
    answered(station, district, stick, opener)
    assert exchange.unconfirmed(station) == []
    assert outbox.renewals(station) == []
    assert district.scalar("SELECT sum(person_times) FROM visit") == 7
    [active] = store.by_code(district, "YQ").active
    assert active.key_id == outbox.own_identity(station).public.key_id.hex(), "packs are sealed to the newest alone"


def test_revoking_needs_a_reason_and_a_key(station: Database, district: Database) -> None:
    for code, reason, letter in (("YQ", " ", ""), ("YQ", "丢失", "B"), ("XX", "丢失", "")):
        with pytest.raises(UserMistake):
            keys.revoke(district, code, reason, letter)
    assert store.stations(district)[0].active != ()


# --- several computers at one station ----------------------------------------------------------------------------------------------


def another(tmp_path: Path, clock: Clock, letter: str) -> Database:
    made, _ = stations.set_up(tmp_path / f"second{letter}", replace(SAMPLE, letter=letter), "陈军", PASSWORD, clock=clock, cost=CHEAP)
    return made


def joined(db: Database, district: Database, stick: Path) -> Database:
    store.enrol(district, outbox.enrol(db, stick).path, accept=True)
    outbox.trust(db, outbox.read_trust(store.introduce(district, stick).path))
    return db


def test_two_computers_of_one_station_are_two_stores_with_keys_of_their_own(
    db: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    first, second = introduced(db, district, stick), another(tmp_path, clock, "B")
    with pytest.raises(Refused) as refusal:  # not without an officer's word
        store.enrol(district, outbox.enrol(second, stick).path)
    assert refusal.value.word == "district.other_key"
    joined(second, district, stick)
    assert [key.letter for key in store.by_code(district, "YQ").active] == ["A", "B"]
    numbers = [a_day(one) for one in (first, second)]
    assert len(set(numbers)) == 2
    for one in (first, second):
        take(district, outbox.export(one, stick)[0].path, opener)
    assert person_times(district) == 12
    answer.reply(district, numbers[1], RequestState.REPLIED, "加装 8 个")
    written, _ = answer.pack(district, "YQ", stick)  # one pack for both
    for one, steps in ((first, 0), (second, 1)):
        applied, _ = inbox.apply(one, inbox.look(one, written.path, opener)[0])
        assert (applied.receipted, applied.steps, applied.began, applied.differs) == (1, steps, "", ())
    assert requests.by_number(second, numbers[1]).state is RequestState.REPLIED
    assert [line.held.agrees for line in desk.status(district)] == [True]
    second.close()


def test_a_computer_in_the_place_of_a_lost_one_takes_its_letter_and_the_lost_one_is_revoked(
    db: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    lost, fresh = introduced(db, district, stick), another(tmp_path, clock, "A")
    visits.tally(lost, Occupation.RIDER, 5)
    joined(fresh, district, stick)
    assert [(key.revoked != "", key.reason) for key in store.by_code(district, "YQ").keys] == [(False, ""), (True, "replaced")]
    visits.tally(fresh, Occupation.RIDER, 3)
    assert take(district, outbox.export(fresh, stick)[0].path, opener).fresh == 1
    assert take(district, outbox.export(lost, stick)[0].path, opener).quarantined == 1
    assert person_times(district) == 3
    with pytest.raises(Refused) as refusal:  # it does not come back as it was
        store.enrol(district, outbox.enrol(lost, stick).path, accept=True)
    assert refusal.value.word == "district.revoked_key"
    fresh.close()


def test_one_of_two_computers_is_revoked_and_the_other_goes_on(
    db: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    first, second = introduced(db, district, stick), joined(another(tmp_path, clock, "B"), district, stick)
    keys.revoke(district, "YQ", "电脑丢失", "B")
    for one in (first, second):
        visits.tally(one, Occupation.RIDER, 2)
    assert take(district, outbox.export(first, stick)[0].path, opener).fresh == 1
    assert take(district, outbox.export(second, stick)[0].path, opener).quarantined == 1
    written, _ = answer.pack(district, "YQ", stick)
    assert inbox.apply(first, inbox.look(first, written.path, opener)[0])[0].receipted == 1
    with pytest.raises(Refused) as refusal:
        inbox.look(second, written.path, opener)
    assert refusal.value.word == "sync_files.not_for_us"
    second.close()
