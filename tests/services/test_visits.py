"""Visits as the desk records them."""

from __future__ import annotations

from datetime import date

import pytest

from station_app.db import Database
from station_app.errors import Refused, UserMistake
from station_app.model import Amenity, Consent, Occupation, Op, Person
from station_app.services import badges, history, people, preferences, reports, visits
from tests.conftest import Clock


@pytest.fixture
def rider(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.DISTRICT)[0]


def test_a_badge_scan_is_one_visit_of_that_person(db: Database, rider: Person) -> None:
    found, changes = visits.check_in(db, rider.badge_code)
    assert (found.person_id, found.repeated, found.visit.person_times) == (rider.id, False, 1)
    assert changes is not None
    assert changes.tables == {"visit"}
    assert people.get(db, rider.id).visits == 1


def test_full_width_digits_and_spaces_are_the_same_badge(db: Database, rider: Person) -> None:
    wide = "".join(chr(ord(c) - ord("0") + ord("０")) for c in rider.badge_code)
    assert visits.check_in(db, f" {wide[:4]} {wide[4:]} ")[0].person_id == rider.id


def test_the_card_number_opens_the_same_card(db: Database, rider: Person) -> None:
    assert visits.check_in(db, rider.card_number)[0].person_id == rider.id


def test_the_same_badge_within_ten_minutes_counts_nothing(db: Database, rider: Person, clock: Clock) -> None:
    first, _ = visits.check_in(db, rider.badge_code)
    clock.forward(minutes=9, seconds=59)
    again, changes = visits.check_in(db, rider.badge_code)
    assert (again.repeated, changes, again.visit.id) == (True, None, first.visit.id)
    clock.forward(seconds=1)
    later, _ = visits.check_in(db, rider.badge_code)
    assert not later.repeated
    assert people.get(db, rider.id).visits == 2


def test_the_double_scan_minutes_are_a_setting(db: Database, rider: Person, clock: Clock) -> None:
    preferences.change(db, "double_scan_minutes", "1")
    visits.check_in(db, rider.badge_code)
    clock.forward(minutes=2)
    assert not visits.check_in(db, rider.badge_code)[0].repeated


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1234567890123456789012", "badges.not_a_badge"),
        ("hello", "badges.not_a_badge"),
        ("000001", "badges.not_a_badge"),
    ],
)
def test_what_is_no_badge_is_refused_and_changes_nothing(db: Database, text: str, word: str) -> None:
    with pytest.raises(Refused) as refusal:
        visits.check_in(db, text)
    assert refusal.value.word == word
    assert visits.listing(db, "2026-07-17", "2026-07-17") == []


def test_a_revoked_badge_opens_nothing_and_the_new_one_does(db: Database, rider: Person) -> None:
    fresh, _ = badges.issue(db, rider.id)
    with pytest.raises(Refused) as refusal:
        visits.check_in(db, rider.badge_code)
    assert refusal.value.word == "badges.revoked"
    assert visits.check_in(db, fresh.code)[0].person_id == rider.id


def test_a_badge_that_was_taken_back_is_not_known(db: Database, rider: Person) -> None:
    registered = next(line for line in history.log(db, "2026-07-17") if line.op is Op.REGISTER)
    history.undo(db, registered.operation)
    with pytest.raises(Refused) as refusal:
        visits.check_in(db, rider.badge_code)
    assert refusal.value.word == "badges.unknown"


def test_a_group_of_five_is_one_row_of_five_and_can_be_corrected(db: Database) -> None:
    visit, _ = visits.tally(db, Occupation.COURIER)
    visits.set_count(db, visit.id, 5)
    assert visits.today(db, "2026-07-17").anonymous[Occupation.COURIER] == 5
    assert len(visits.listing(db, "2026-07-17", "2026-07-17")) == 1


@pytest.mark.parametrize("count", [0, -1, 501])
def test_a_count_that_cannot_be_is_a_mistake(db: Database, count: int) -> None:
    with pytest.raises(UserMistake):
        visits.tally(db, Occupation.RIDER, count)


def test_a_registered_visit_is_one_person_and_cannot_be_made_five(db: Database, rider: Person) -> None:
    found, _ = visits.check_in(db, rider.badge_code)
    with pytest.raises(UserMistake):
        visits.set_count(db, found.visit.id, 5)


def test_services_used_are_marked_and_unmarked_and_stay_when_the_visit_is_undone(db: Database, rider: Person) -> None:
    found, checked_in = visits.check_in(db, rider.badge_code)
    visits.use_amenity(db, found.visit.id, Amenity.WATER)
    visits.use_amenity(db, found.visit.id, Amenity.REST)
    assert visits.use_amenity(db, found.visit.id, Amenity.REST) is None
    visits.use_amenity(db, found.visit.id, Amenity.REST, used=False)
    assert visits.amenities(db, found.visit.id) == {Amenity.WATER}
    assert checked_in is not None
    history.undo(db, checked_in.operation)
    report = reports.period(db, "2026-07-17", "2026-07-17")
    assert (report.person_times, report.by_amenity) == (0, {"water": 1})


def test_a_paper_sheet_of_yesterday_counts_yesterday(db: Database) -> None:
    total, changes = visits.paper_sheet(
        db, date(2026, 7, 16), {(Occupation.RIDER, 13): 4, (Occupation.COURIER, 14): 2, (Occupation.OTHER, 8): 0}
    )
    assert total == 6
    report = reports.period(db, "2026-07-16", "2026-07-16")
    assert (report.person_times, report.by_hour, report.anonymous) == (6, {13: 4, 14: 2}, 6)
    assert reports.period(db, "2026-07-17", "2026-07-17").person_times == 0
    history.undo(db, changes.operation)
    assert reports.period(db, "2026-07-16", "2026-07-16").person_times == 0


@pytest.mark.parametrize(
    ("day", "counts", "word"),
    [
        (date(2026, 7, 18), {(Occupation.RIDER, 13): 4}, "visits.day_to_come"),
        (date(2026, 7, 16), {}, "visits.empty_sheet"),
        (date(2026, 7, 16), {(Occupation.RIDER, 24): 4}, "visits.bad_hour"),
        (date(2026, 7, 16), {(Occupation.RIDER, 13): 4, (Occupation.OTHER, 9): 900}, "visits.bad_count"),
    ],
)
def test_a_paper_sheet_that_cannot_be_changes_nothing(
    db: Database, day: date, counts: dict[tuple[Occupation, int], int], word: str
) -> None:
    with pytest.raises(UserMistake) as mistake:
        visits.paper_sheet(db, day, counts)
    assert mistake.value.word == word
    assert visits.listing(db, "2026-07-01", "2026-07-31") == []


@pytest.mark.parametrize(
    ("moment", "day", "hour"),
    [
        ("2026-07-17T23:59:59+08:00", "2026-07-17", 23),
        ("2026-07-18T00:00:00+08:00", "2026-07-18", 0),
        ("2026-07-17T23:59:59+00:00", "2026-07-18", 7),  # 07:59:59 in China
        ("2026-07-18T00:00:00+00:00", "2026-07-18", 8),  # where a system that counts UTC days starts its day
    ],
)
def test_the_day_is_the_stations_local_day(db: Database, clock: Clock, moment: str, day: str, hour: int) -> None:
    clock.set(moment)
    visit, _ = visits.tally(db, Occupation.RIDER)
    assert (visit.business_date, visits.today(db, day).by_hour) == (day, {hour: 1})


def test_a_time_without_an_offset_is_a_mistake(db: Database, clock: Clock) -> None:
    with pytest.raises(UserMistake) as mistake:
        visits.tally(db, Occupation.RIDER, at=clock.moment.replace(tzinfo=None))
    assert mistake.value.word == "db.naive_time"
