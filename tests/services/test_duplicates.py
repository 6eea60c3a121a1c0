"""Two records of one person: merged with a reason, counted once, found by either, taken back, forgotten together."""

from __future__ import annotations

import pytest

from station_app.db import Database
from station_app.errors import Refused, UserMistake
from station_app.model import Consent, Occupation, Person
from station_app.services import (
    audit,
    badges,
    companions,
    duplicates,
    history,
    people,
    privacy,
    reports,
    requests,
    retention,
    visits,
)
from tests.conftest import Clock

DAY = "2026-07-17"


def named(db: Database, name: str, phone: str = "", occupation: Occupation = Occupation.RIDER) -> Person:
    return people.register(db, occupation, "美团", name, phone, Consent.DISTRICT)[0]


@pytest.fixture
def both(db: Database, clock: Clock) -> tuple[Person, Person]:
    """欧阳志强 twice: each record came once today."""
    first, second = named(db, "欧阳志强", "19911006031"), named(db, "欧阳志强", "19911006031")
    for one in (first, second):
        visits.check_in(db, one.badge_code)
        clock.forward(minutes=20)
    return first, second


def test_the_same_phone_is_suggested_before_the_same_name(db: Database, both: tuple[Person, Person]) -> None:
    named(db, "欧阳志强")
    named(db, "欧阳志强", occupation=Occupation.COURIER)
    found = duplicates.suggestions(db)
    assert [one.why for one in found] == ["phone", "name", "name"]
    assert {found[0].first.id, found[0].second.id} == {one.id for one in both}


def test_told_apart_is_not_suggested_again(db: Database, both: tuple[Person, Person]) -> None:
    duplicates.tell_apart(db, both[0].id, both[1].id)
    assert duplicates.suggestions(db) == []


def test_a_merge_counts_one_person_and_edits_no_row(db: Database, both: tuple[Person, Person]) -> None:
    first, second = both
    rows = [dict(row) for row in db.rows("SELECT * FROM visit ORDER BY id")]
    assert reports.period(db, DAY, DAY).unique_people == 2
    kept, changes = duplicates.merge(db, first.id, second.id, "登记了两次")
    report = reports.period(db, DAY, DAY)
    assert (report.unique_people, report.person_times, report.registered) == (1, 2, 2)
    assert reports.across(db, DAY, DAY, {"all": [db.store_id]})[0].unique_people == 1
    assert report.by_platform == {"美团": 2}
    assert [dict(row) for row in db.rows("SELECT * FROM visit ORDER BY id")] == rows
    assert (kept.id, kept.visits) == (first.id, 2)
    assert audit.check(db) == []
    history.undo(db, changes.operation)
    assert reports.period(db, DAY, DAY).unique_people == 2
    assert {one.id for one in people.find(db, "欧阳")} == {first.id, second.id}
    assert audit.check(db) == []


def test_either_badge_opens_the_kept_record_and_either_number_finds_it(db: Database, clock: Clock) -> None:
    first, second = named(db, "单小英", "19911006031"), named(db, "单晓英", "19922006032")
    duplicates.merge(db, first.id, second.id)
    for text in ("单小英", "单晓英", "shanxiaoying", "6031", "6032", first.card_number, second.card_number):
        assert [one.id for one in people.find(db, text)] == [first.id], text
    assert people.ids(db) == [first.id]
    for code in (first.badge_code, second.card_number):
        assert badges.resolve(db, code).person_id == first.id
    came, changes = visits.check_in(db, second.badge_code)
    assert (came.person_id, changes is None) == (first.id, False)
    assert visits.check_in(db, first.badge_code)[0].repeated
    assert people.get(db, second.id).id == first.id


def test_merged_of_merged_leads_to_the_last_and_undo_step_by_step(db: Database) -> None:
    one, two, three = (named(db, "李志强", f"1991100603{n}") for n in range(3))
    _, early = duplicates.merge(db, two.id, one.id)
    duplicates.merge(db, three.id, two.id)
    assert people.get(db, one.id).id == three.id
    assert [merge.merged_id for merge in duplicates.merged_into(db, three.id)] == [two.id, one.id]
    with pytest.raises(UserMistake):
        duplicates.merge(db, one.id, three.id)
    history.undo(db, early.operation)
    assert people.get(db, one.id).id == one.id
    assert people.get(db, two.id).id == three.id


def test_of_a_named_and_a_nameless_record_the_named_is_kept(db: Database) -> None:
    nameless, _ = people.register(db, Occupation.RIDER)
    known = named(db, "李志强")
    assert duplicates.merge(db, nameless.id, known.id)[0].id == known.id


def test_forgetting_the_kept_one_forgets_the_merged_one(db: Database, both: tuple[Person, Person]) -> None:
    first, second = both
    requests.add(db, "充电口不足", person_id=second.id)
    duplicates.merge(db, first.id, second.id)
    assert len(privacy.held(db, second.id).requests) == 1
    people.erase(db, second.id)
    assert people.find(db, "欧阳") == []
    assert db.rows("SELECT * FROM subject_key") == []
    for one in both:
        with pytest.raises(Refused) as refusal:
            visits.check_in(db, one.badge_code)
        assert refusal.value.word == "badges.forgotten"
    assert reports.period(db, DAY, DAY).unique_people == 1
    assert audit.check(db) == []


def test_who_came_under_either_record_is_kept_on(db: Database, both: tuple[Person, Person], clock: Clock) -> None:
    first, second = both
    before = retention.kept_until(db, first.id)
    clock.forward(days=40)
    visits.check_in(db, second.badge_code)
    duplicates.merge(db, first.id, second.id)
    assert retention.kept_until(db, first.id) > before


def test_those_of_a_circle_collect_for_one_another_where_the_item_allows_it(db: Database) -> None:
    one, two, three = named(db, "李一"), named(db, "李二"), named(db, "李三")
    companions.link(db, [one.id, two.id])
    allowed = {"item": "清凉包", "allowed": True}
    assert companions.barrier(db, one.id, two.id, **allowed) is None
    refused = companions.barrier(db, one.id, three.id, **allowed)
    assert refused is not None
    assert refused.rule == "collect_circle"
    refused = companions.barrier(db, one.id, two.id, item="清凉包", allowed=False)
    assert refused is not None
    assert refused.rule == "collect_item"
    assert companions.of_person(db, two.id)[1][0].id == one.id
    everybody, changes = companions.link(db, [two.id, three.id])
    assert {person.id for person in everybody} == {one.id, two.id, three.id}
    assert companions.barrier(db, one.id, three.id, **allowed) is None
    history.undo(db, changes.operation)
    assert companions.barrier(db, one.id, three.id, **allowed) is not None
    companions.leave(db, one.id)
    assert companions.of_person(db, two.id) == (None, [])


def test_a_circle_follows_a_merge_and_forgets_who_left(db: Database) -> None:
    one, two, double = named(db, "李一"), named(db, "李二"), named(db, "李二")
    companions.link(db, [one.id, double.id])
    duplicates.merge(db, two.id, double.id)
    assert companions.barrier(db, one.id, two.id, item="清凉包", allowed=True) is None
    people.erase(db, two.id)
    assert companions.of_person(db, one.id) == (None, [])
