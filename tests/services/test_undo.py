"""Undo out of order: whatever is taken back, nothing that stands is left without what it stands on, and check agrees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from station_app.db import Database
from station_app.errors import Refused, StationError, UserMistake
from station_app.model import Amenity, Changes, Consent, ItemKind, Occupation, RequestState
from station_app.services import audit, badges, history, people, reports, requests, supplies, visits


def refused(db: Database, changes: Changes | None, word: str) -> None:
    assert changes is not None
    with pytest.raises(Refused) as refusal:
        history.undo(db, changes.operation)
    assert refusal.value.word == word
    assert audit.check(db) == []


def undone(db: Database, changes: Changes | None) -> None:
    assert changes is not None
    history.undo(db, changes.operation)
    assert audit.check(db) == []


def test_a_regular_who_came_is_not_taken_back_before_the_visit(db: Database) -> None:
    person, registered = people.register(db, Occupation.RIDER)
    _, came = visits.check_in_person(db, person.id)
    refused(db, registered, "history.used_since")
    assert people.get(db, person.id).visits == 1
    undone(db, came)
    undone(db, registered)
    assert reports.period(db, "2026-07-17", "2026-07-17").unique_people == 0


def test_a_supply_that_was_given_is_not_taken_back_before_the_giving(db: Database) -> None:
    water, added = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    received = supplies.receive(db, water.id, 10)
    _, given = supplies.hand_out(db, water.id, 3)
    refused(db, added, "history.used_since")
    for changes in (given, received, added):
        undone(db, changes)
    assert supplies.items(db) == []


def test_a_request_that_moved_on_is_not_taken_back_before_its_step(db: Database) -> None:
    request, added = requests.add(db, "充电口不足")
    _, stepped = requests.step(db, request.id, RequestState.ACCEPTED)
    refused(db, added, "history.used_since")
    undone(db, stepped)
    undone(db, added)
    with pytest.raises(UserMistake):
        requests.step(db, request.id, RequestState.ACCEPTED)


def test_nobody_has_two_badges_and_no_name_two_supplies(db: Database) -> None:
    person, _ = people.register(db, Occupation.RIDER)
    revoked = badges.revoke(db, badges.of_person(db, person.id)[0].id)
    _, issued = badges.issue(db, person.id)
    refused(db, revoked, "history.changed_since")
    undone(db, issued)
    undone(db, revoked)
    assert badges.resolve(db, person.badge_code).person_id == person.id

    water, _ = supplies.add_item(db, "水", "瓶", ItemKind.DRINK, most_per_day=1)
    _, renamed = supplies.change_item(db, water.id, name="汽水")
    supplies.add_item(db, "水", "瓶", ItemKind.DRINK)
    refused(db, renamed, "history.changed_since")
    _, lifted = supplies.set_quota(db, water.id, None)
    supplies.set_quota(db, water.id, 3)
    refused(db, lifted, "history.changed_since")
    assert supplies.get(db, water.id).most_per_day == 3


def test_a_visit_taken_back_can_be_given_no_more_services(db: Database) -> None:
    visit, counted = visits.tally(db, Occupation.RIDER)
    undone(db, counted)
    with pytest.raises(UserMistake):
        visits.use_amenity(db, visit.id, Amenity.WATER)


@pytest.mark.parametrize(
    "act",
    [
        lambda db, person: people.change(db, person, name="李志强", consent=Consent.STATION),
        badges.issue,
        lambda db, person: history.undo(db, visits.of_person(db, person)[0].id),
    ],
)
def test_whoever_was_forgotten_stays_forgotten(db: Database, act: Callable[[Database, str], object]) -> None:
    person, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.STATION)
    _, came = visits.check_in_person(db, person.id)
    people.erase(db, person.id)
    with pytest.raises(StationError):
        act(db, person.id)
    undone(db, came)
    assert people.count(db) == 0
    assert people.find(db, "李志强") == []
    assert db.rows("SELECT * FROM subject_key") == []
    kept = people.get(db, person.id)
    assert (kept.name, kept.phone, kept.badge_code, kept.erased) == ("", "", "", True)


def test_nothing_in_the_store_spells_the_name_of_whoever_was_forgotten(db: Database) -> None:
    for number in range(40):
        people.register(db, Occupation.RIDER, "", "张三丰", f"1390000{number:04d}", Consent.STATION)
    person, _ = people.register(db, Occupation.RIDER, "", "冼植标", "18887654321", Consent.STATION)
    people.change(db, person.id, name="洗直彪")
    people.register(db, Occupation.RIDER, "", "李四", "13700000000", Consent.STATION)
    people.erase(db, person.id)
    spelled = [name.encode() for name in ("冼植标", "洗直彪", "xianzhibiao", "xizhibiao", "18887654321")]
    for table in db.rows("SELECT name FROM sqlite_master WHERE type = 'table'"):
        for row in db.rows(f"SELECT * FROM {table['name']}"):
            for content in dict(row).values():
                data = content if isinstance(content, bytes) else str(content).encode()
                assert not [name for name in spelled if name in data], table["name"]
    assert len(people.find(db, "张三")) == 20
