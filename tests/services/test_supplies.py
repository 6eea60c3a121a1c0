"""Supplies: the shelf, the quota by local day, what was given already."""

from __future__ import annotations

from datetime import date

import pytest

from station_app.db import Database
from station_app.errors import RuleRefused, UserMistake
from station_app.model import Consent, Item, ItemKind, MovementKind, Occupation, Op, Person
from station_app.services import audit, history, people, supplies
from tests.conftest import Clock


@pytest.fixture
def rider(db: Database) -> Person:
    return people.register(db, Occupation.RIDER, "美团", "李志强", "", Consent.STATION)[0]


@pytest.fixture
def kit(db: Database) -> Item:
    item, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING, low_level=5, months=(6, 9), most_per_day=1)
    supplies.receive(db, item.id, 3, MovementKind.OPENING, lot="晚", expiry="2026-09-30")
    supplies.receive(db, item.id, 2, MovementKind.DONATED, lot="早", expiry="2026-08-12", source="街道")
    return supplies.get(db, item.id)


def test_a_handout_moves_stock_first_expiring_first(db: Database, kit: Item) -> None:
    supplies.hand_out(db, kit.id, 3)
    assert [(lot.lot, lot.balance) for lot in supplies.lots(db, kit.id)] == [("晚", 2)]
    assert supplies.get(db, kit.id).balance == 2


def test_the_second_one_today_is_refused_with_rule_last_and_next(
    db: Database, kit: Item, rider: Person, clock: Clock
) -> None:
    supplies.hand_out(db, kit.id, person_id=rider.id)
    clock.forward(hours=2)
    with pytest.raises(RuleRefused) as refusal:
        supplies.hand_out(db, kit.id, person_id=rider.id)
    assert (refusal.value.rule, refusal.value.last, refusal.value.next) == (
        "person_day", "2026-07-17T08:00:00+08:00", "2026-07-18",
    )  # fmt: skip
    assert supplies.get(db, kit.id).balance == 4
    assert history.log(db, "2026-07-17")[0].op is Op.REFUSE


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        (
            "2026-07-17T07:59:00+08:00",
            "2026-07-17T08:00:00+08:00",
            False,
        ),  # a system that counts UTC days gives twice here
        ("2026-07-17T23:59:00+08:00", "2026-07-18T00:00:00+08:00", True),
        ("2026-07-17T00:00:00+08:00", "2026-07-17T23:59:00+08:00", False),
    ],
)
def test_the_quota_rolls_over_at_local_midnight(
    db: Database, kit: Item, rider: Person, clock: Clock, first: str, second: str, allowed: bool
) -> None:
    clock.set(first)
    supplies.hand_out(db, kit.id, person_id=rider.id)
    clock.set(second)
    offer = supplies.offers(db, rider.id)[0]
    assert (offer.barrier is None) is allowed
    if allowed:
        supplies.hand_out(db, kit.id, person_id=rider.id)
    else:
        with pytest.raises(RuleRefused):
            supplies.hand_out(db, kit.id, person_id=rider.id)


def test_what_was_given_already_is_recorded_and_flagged(db: Database, kit: Item, rider: Person) -> None:
    supplies.hand_out(db, kit.id, person_id=rider.id)
    late, _ = supplies.hand_out(db, kit.id, person_id=rider.id, given=True)
    assert late.already_given
    assert supplies.get(db, kit.id).balance == 3
    assert audit.check(db) == []


def test_an_empty_shelf_flags_and_never_refuses(db: Database, kit: Item) -> None:
    given, _ = supplies.hand_out(db, kit.id, 7)
    assert given.short
    assert supplies.get(db, kit.id).balance == -2
    assert audit.check(db) == []


def test_a_count_after_giving_more_than_the_book_held_brings_the_shelf_true(db: Database, kit: Item) -> None:
    supplies.hand_out(db, kit.id, 7)
    difference, changes = supplies.count_stock(db, kit.id, 4, "找到一箱", "赵丽")
    assert (difference, supplies.get(db, kit.id).balance) == (6, 4)
    history.undo(db, changes.operation)
    assert supplies.get(db, kit.id).balance == -2


def test_undoing_a_handout_gives_back_stock_and_quota(db: Database, kit: Item, rider: Person) -> None:
    _, changes = supplies.hand_out(db, kit.id, person_id=rider.id)
    history.undo(db, changes.operation)
    assert supplies.get(db, kit.id).balance == 5
    supplies.hand_out(db, kit.id, person_id=rider.id)
    assert audit.check(db) == []


def test_out_of_season_says_when_it_begins(db: Database, rider: Person) -> None:
    warmer, _ = supplies.add_item(db, "暖宝宝", "片", ItemKind.WARMING, months=(11, 3))
    with pytest.raises(RuleRefused) as refusal:
        supplies.hand_out(db, warmer.id, person_id=rider.id)
    assert (refusal.value.rule, refusal.value.next) == ("season", "2026-11-01")


@pytest.mark.parametrize(("month", "open_now"), [(11, True), (1, True), (3, True), (4, False), (10, False)])
def test_a_season_over_the_new_year(db: Database, clock: Clock, month: int, open_now: bool) -> None:
    supplies.add_item(db, "暖宝宝", "片", ItemKind.WARMING, months=(11, 3))
    clock.set(f"2026-{month:02d}-15T09:00:00+08:00")
    barrier = supplies.offers(db, None)[0].barrier
    assert (barrier is None) is open_now
    if barrier is not None:
        assert barrier.next == "2026-11-01"


def test_a_nameless_visitor_has_no_quota(db: Database, kit: Item) -> None:
    supplies.hand_out(db, kit.id, occupation=Occupation.COURIER)
    supplies.hand_out(db, kit.id, occupation=Occupation.COURIER)
    assert supplies.get(db, kit.id).balance == 3


def test_the_quota_can_be_changed_and_lifted(db: Database, kit: Item, rider: Person) -> None:
    supplies.hand_out(db, kit.id, person_id=rider.id)
    supplies.set_quota(db, kit.id, 2)
    supplies.hand_out(db, kit.id, person_id=rider.id)
    with pytest.raises(RuleRefused):
        supplies.hand_out(db, kit.id, person_id=rider.id)
    supplies.set_quota(db, kit.id, None)
    supplies.hand_out(db, kit.id, person_id=rider.id)
    assert supplies.get(db, kit.id).most_per_day is None


def test_the_ledger_and_the_days_tell_the_same(db: Database, kit: Item, clock: Clock) -> None:
    clock.set("2026-07-18T09:00:00+08:00")
    supplies.hand_out(db, kit.id, 2)
    supplies.waste(db, kit.id, 1, "破了")
    assert [line.balance for line in supplies.movements(db, kit.id)] == [2, 3, 5, 3]
    assert supplies.daily(db, kit.id, "2026-07-16", "2026-07-18") == [
        ("2026-07-16", 0, 0), ("2026-07-17", 0, 5), ("2026-07-18", 2, 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        lambda db, item: supplies.receive(db, item, 0),
        lambda db, item: supplies.receive(db, item, 5, expiry="明年"),
        lambda db, item: supplies.receive(db, item, 5, MovementKind.HANDOUT),
        lambda db, item: supplies.hand_out(db, item, 0),
        lambda db, item: supplies.hand_out(db, "nobody"),
        lambda db, item: supplies.count_stock(db, item, -1),
        lambda db, item: supplies.waste(db, item, 6, ""),
        lambda db, item: supplies.set_quota(db, item, 0),
        lambda db, item: supplies.change_item(db, item, first_month=13),
        lambda db, item: supplies.add_item(db, "防暑包", "份", ItemKind.COOLING),
        lambda db, item: supplies.add_item(db, " ", "份", ItemKind.COOLING),
    ],
)
def test_what_cannot_be_is_a_mistake_and_changes_nothing(db: Database, kit: Item, wrong: object) -> None:
    before = history.log(db, "2026-07-17")
    with pytest.raises(UserMistake):
        wrong(db, kit.id)  # type: ignore[operator]
    assert history.log(db, "2026-07-17") == before
    assert supplies.get(db, kit.id) == kit


def test_nearest_expiry_is_of_what_is_left(db: Database, kit: Item) -> None:
    assert kit.next_expiry == "2026-08-12"
    supplies.hand_out(db, kit.id, 2)
    assert supplies.get(db, kit.id).next_expiry == date(2026, 9, 30).isoformat()
