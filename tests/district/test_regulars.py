"""Badges at any station of the district: genuine offline, greeted by what packs told, revoked, expired, forgotten, merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app import vault
from station_app.db import Database
from station_app.district import answer, desk, intake, regulars
from station_app.errors import Refused, UserMistake
from station_app.model import Consent, Occupation, Person
from station_app.services import aliases, audit, badges, duplicates, history, people, reports, roaming, stations, visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.district.conftest import introduced

DAY = "2026-07-17"


class Two:
    """Two stations of a district with a stick between all of them."""

    def __init__(self, near: Database, far: Database, district: Database, stick: Path, opener: Opener) -> None:
        self.near, self.far, self.district = near, far, district
        self.stick, self.opener = stick, opener

    def up(self, db: Database) -> None:
        exported, _ = outbox.export(db, self.stick)
        intake.receive(self.district, intake.open_file(self.district, exported.path, self.opener))

    def down(self, db: Database) -> inbox.Applied:
        written, _ = answer.pack(self.district, stations.current(db).code, self.stick)
        pack, _ = inbox.look(db, written.path, self.opener)
        return inbox.apply(db, pack)[0]

    def around(self) -> None:
        """Everybody hears everything."""
        for db in (self.near, self.far):
            visits.tally(db, Occupation.OTHER)  # so that something waits
            self.up(db)
        for db in (self.near, self.far):
            self.down(db)


@pytest.fixture
def two(station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock) -> Iterator[Two]:
    there = replace(SAMPLE, code="HD", name="河东驿站")
    far, _ = stations.set_up(tmp_path / "far", there, "李红", PASSWORD, "1357", clock=clock, cost=CHEAP)
    introduced(far, district, stick)
    made = Two(station, far, district, stick, opener)
    made.around()  # both have the district's key for badges now
    yield made
    far.close()


def named(db: Database, name: str = "欧阳志强", consent: Consent = Consent.DISTRICT, phone: str = "19911006031") -> Person:
    return people.register(db, Occupation.COURIER, "顺丰", name, phone, consent)[0]


def refused(db: Database, code: str) -> str:
    with pytest.raises(Refused) as refusal:
        visits.check_in(db, code)
    return refusal.value.word


def test_a_badge_of_elsewhere_is_genuine_offline_and_greeted_without_a_name(two: Two) -> None:
    nameless, _ = people.register(two.near, Occupation.SANITATION_WORKER)
    assert nameless.badge_code.startswith("1")
    came, _ = visits.check_in(two.far, nameless.badge_code)
    guest = people.get(two.far, came.person_id)
    assert (guest.name, guest.away, guest.visits, guest.occupation) == ("", "?", 1, Occupation.OTHER)
    visit, changes = visits.set_occupation(two.far, came.visit.id, Occupation.SANITATION_WORKER)
    assert changes is not None
    assert visit.occupation is Occupation.SANITATION_WORKER
    assert visits.check_in(two.far, nameless.badge_code)[0].repeated
    assert people.get(two.far, came.person_id).occupation is Occupation.SANITATION_WORKER
    assert audit.check(two.far) == []


def test_a_forged_badge_and_one_of_another_district_are_refused_and_the_refusal_is_kept(two: Two) -> None:
    forged = vault.new_badge(b"x" * 32, "1", SAMPLE.district_code).digits
    other = vault.new_badge(roaming.keys(two.near)["1"], "1", "520304").digits
    unknown = vault.new_badge(b"x" * 32, "0", SAMPLE.district_code).digits
    for code, word in ((forged, "forged"), (other, "other_district"), (unknown, "unknown"), ("12345", "not_a_badge")):
        assert refused(two.near, code) == f"badges.{word}"
    rules = [row["rule"] for row in two.near.rows("SELECT rule FROM refusal ORDER BY id")]
    assert rules == ["badge_forged", "badge_other_district", "badge_unknown", "badge_unreadable"]


def test_the_name_comes_with_the_pack_where_they_agreed_to_it(two: Two) -> None:
    known, shy = named(two.near), named(two.near, "李志强", Consent.STATION, "19922006032")
    two.around()
    for person, name in ((known, "欧阳志强"), (shy, "")):
        came, _ = visits.check_in(two.far, person.badge_code)
        assert people.get(two.far, came.person_id).name == name
    guest = people.get(two.far, aliases.stranger(known.badge_code))
    assert (guest.away, guest.platform, guest.occupation) == (SAMPLE.name, "顺丰", Occupation.COURIER)
    stored = b"".join(path.read_bytes() for path in two.stick.iterdir())
    assert "欧阳志强".encode() not in stored


def test_a_badge_made_before_enrolment_is_known_elsewhere_by_the_roster_alone(
    db: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path, clock: Clock
) -> None:
    early = named(db)
    nameless, _ = people.register(db, Occupation.RIDER)
    assert early.badge_code.startswith("0")
    far, _ = stations.set_up(tmp_path / "far", replace(SAMPLE, code="HD", name="河东驿站"), "李红", PASSWORD, clock=clock, cost=CHEAP)
    try:
        for one in (db, far):
            introduced(one, district, stick)
        two = Two(db, far, district, stick, opener)
        two.around()
        came, _ = visits.check_in(far, early.badge_code)
        assert people.get(far, came.person_id).name == "欧阳志强"
        assert refused(far, nameless.badge_code) == "badges.unknown"
    finally:
        far.close()


def test_the_district_counts_a_person_once_wherever_they_went(two: Two, clock: Clock) -> None:
    person, nameless = named(two.near), people.register(two.near, Occupation.RIDER)[0]
    for one in (person, nameless):
        visits.check_in(two.near, one.badge_code)
        visits.check_in(two.far, one.badge_code)  # before any pack told of them
    two.around()
    clock.forward(hours=1)
    visits.check_in(two.far, person.badge_code)
    two.around()
    whole, each = desk.report(two.district, DAY, DAY)
    assert whole.unique_people == 2
    assert [own.unique_people for _, own in each] == [2, 2]
    assert whole.by_platform["顺丰"] == 3
    assert reports.period(two.far, DAY, DAY).unique_people == 2


def test_lost_and_reissued_elsewhere_is_refused_after_the_next_pack(two: Two) -> None:
    person = named(two.near)
    two.around()
    fresh, _ = badges.issue(two.near, person.id)
    two.around()
    assert refused(two.near, person.badge_code) == "badges.revoked"
    assert refused(two.far, person.badge_code) == "badges.revoked_elsewhere"
    came, _ = visits.check_in(two.far, fresh.code)
    assert people.get(two.far, came.person_id).name == "欧阳志强"


def test_whoever_withdraws_is_gone_from_every_station_with_the_next_pack(two: Two) -> None:
    person, other = named(two.near), named(two.near, "李志强", phone="19922006032")
    two.around()
    visits.check_in(two.far, person.badge_code)
    people.erase(two.near, person.id)
    people.change(two.near, other.id, consent=Consent.STATION)
    two.around()
    assert refused(two.far, person.badge_code) == "badges.revoked_elsewhere"
    came, _ = visits.check_in(two.far, other.badge_code)
    assert people.get(two.far, came.person_id).name == ""  # genuine still, but no name any more
    assert two.far.rows("SELECT * FROM subject_key") == []
    assert reports.period(two.far, DAY, DAY).unique_people == 2
    assert audit.check(two.far) == []


def test_a_pack_brings_what_changed_and_all_of_it_to_whoever_is_behind(two: Two) -> None:
    named(two.near)
    two.around()
    first = roaming.known(two.far)
    assert first.active == 1
    two.around()  # the far station told how far it is
    with two.district.transact(regulars.Op.APPLY_PACK) as tx:
        roster, _ = regulars.for_pack(tx, regulars.store.by_code(two.district, "HD").station_id)
        tx.details["no"] = 0
    assert (roster.since, list(roster.entries)) == (first.number, [])
    with two.far.transact(regulars.Op.APPLY_PACK) as tx:
        tx.set_meta(roaming.NUMBER, "")  # it was restored from before
        tx.details["no"] = 0
    two.down(two.far)
    assert roaming.known(two.far).number == 0  # what builds on more than it knows is left
    two.around()
    assert roaming.known(two.far) == first


def test_one_person_at_two_stations_is_merged_by_an_officer_and_taken_back(two: Two, clock: Clock) -> None:
    here, there = named(two.near), named(two.far, "欧阳志强")
    visits.check_in(two.near, here.badge_code)
    visits.check_in(two.far, there.badge_code)
    two.around()
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 2
    (pair,) = regulars.suggestions(two.district)
    assert (pair.why, {pair.kept.id, pair.merged.id}) == ("phone", {here.id, there.id})
    _, changes = regulars.merge(two.district, here.id, there.id, "同一个手机号")
    assert regulars.suggestions(two.district) == []
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 1
    two.around()
    clock.forward(hours=1)
    for db, own, card in ((two.near, here, there), (two.far, there, here)):
        came, _ = visits.check_in(db, card.badge_code)
        assert came.person_id == own.id  # either card opens the record of the house
        assert audit.check(db) == []
    two.around()
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 1
    history.undo(two.district, changes.operation)
    two.around()
    assert badges.resolve(two.near, there.badge_code).person_id == aliases.stranger(there.badge_code)
    assert len(regulars.suggestions(two.district)) == 1


def test_withdrawing_at_one_station_forgets_the_other_record_of_the_same_person(two: Two) -> None:
    here, there = named(two.near), named(two.far)
    two.around()
    regulars.merge(two.district, here.id, there.id)
    two.around()
    people.erase(two.near, here.id)
    two.around()
    assert people.get(two.far, there.id).erased
    assert people.find(two.far, "欧阳") == []


def test_a_merge_needs_the_consent_of_both_and_a_station_speaks_of_its_own(two: Two) -> None:
    here, there = named(two.near), named(two.far, consent=Consent.STATION)
    two.around()
    with pytest.raises(Refused) as refusal:
        regulars.merge(two.district, here.id, there.id)
    assert refusal.value.word == "people.merge_consent"
    with pytest.raises(UserMistake):
        regulars.merge(two.district, here.id, here.id)
    regulars.tell_apart(two.district, here.id, there.id)
    assert regulars.suggestions(two.district) == []


def test_a_stations_merge_counts_at_the_district_too(two: Two) -> None:
    one, double = named(two.near), named(two.near, phone="19922006032")
    for person in (one, double):
        visits.check_in(two.near, person.badge_code)
    two.around()
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 2
    _, changes = duplicates.merge(two.near, one.id, double.id, "登记了两次")
    two.around()
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 1
    history.undo(two.near, changes.operation)
    two.around()
    assert desk.report(two.district, DAY, DAY)[0].unique_people == 2


def test_a_badge_nobody_used_for_a_year_has_run_out_elsewhere(two: Two, clock: Clock) -> None:
    person = named(two.near)
    two.around()
    clock.forward(days=370)
    assert refused(two.far, person.badge_code) == "badges.expired_elsewhere"


def test_a_new_key_for_badges_makes_new_cards_and_the_old_stay_genuine(two: Two) -> None:
    old, _ = people.register(two.near, Occupation.RIDER)
    regulars.renew_badge_key(two.district)
    two.around()
    fresh, _ = people.register(two.near, Occupation.RIDER)
    assert (old.badge_code[0], fresh.badge_code[0]) == ("1", "2")
    for one in (old, fresh):
        assert visits.check_in(two.far, one.badge_code)[0].visit.person_id == aliases.stranger(one.badge_code)
