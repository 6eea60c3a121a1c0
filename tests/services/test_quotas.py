"""Rules on handing out, by cases that are held against the strongest peer's known errors (DESIGN.md section 6, example 14).

Two of them: its days are UTC's, so it gives twice in one day of China (07:59, then 08:00) and refuses across a local midnight that
UTC does not see; and its intervals look only at the last event of the same thing by the same person, so that neither a group of
things, a household nor a clock that was set back is told apart. Every case here is at the station's local time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.errors import Refused, RuleRefused, UserMistake
from station_app.model import ItemKind, Measure, Occupation, QuotaSpan, QuotaWho, Role, RuleKind, WeatherLevel, uuid7
from station_app.rulebook import QuotaRule, Quotas, RuleSet
from station_app.services import (
    audit,
    companions,
    history,
    keepers,
    people,
    preferences,
    rules,
    stations,
    supplies,
    weather,
)
from station_app.services.supplies import quotas, rehearsal
from station_app.services.supplies.quotas import Rule
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock


@pytest.fixture
def rider(db: Database) -> str:
    return people.register(db, Occupation.RIDER)[0].id


def item(db: Database, name: str = "防暑包", kind: ItemKind = ItemKind.COOLING) -> str:
    made, _ = supplies.add_item(db, name, "份", kind)
    supplies.receive(db, made.id, 500)
    return made.id


def keep(db: Database, **told: object) -> Rule:
    return quotas.save(db, Rule(**told))[0]  # type: ignore[arg-type]


def refused(db: Database, item_id: str, person: str | None, quantity: int = 1, **more: object) -> RuleRefused | None:
    try:
        supplies.hand_out(db, item_id, quantity, person_id=person, **more)  # type: ignore[arg-type]
    except RuleRefused as refusal:
        return refusal
    return None


HELD = [
    # (first, second, whether the second is given): local days, whatever UTC says
    ("2026-07-17T07:59:00+08:00", "2026-07-17T08:00:00+08:00", False),
    ("2026-07-17T23:59:00+08:00", "2026-07-18T00:00:00+08:00", True),
    ("2026-07-17T00:00:00+08:00", "2026-07-17T23:59:59+08:00", False),
    ("2026-07-18T07:59:00+08:00", "2026-07-18T08:01:00+08:00", False),
]


@pytest.mark.parametrize(("first", "second", "given"), HELD)
def test_a_day_is_the_stations_own(
    db: Database, rider: str, clock: Clock, first: str, second: str, given: bool
) -> None:
    kit = item(db)
    keep(db, items=frozenset({kit}), most=1)
    clock.set(first)
    assert refused(db, kit, rider) is None
    clock.set(second)
    refusal = refused(db, kit, rider)
    assert (refusal is None) is given
    if refusal is not None:
        assert (refusal.rule, refusal.last) == ("person_day", db.stamp(clock.moment.fromisoformat(first)).time)


@pytest.fixture
def madrid(tmp_path: Path) -> Iterator[tuple[Database, Clock]]:
    """A station where clocks change: Madrid, 29 March and 25 October 2026."""
    clock = Clock("2026-03-29T00:30:00+01:00")
    opened, _ = stations.set_up(
        tmp_path / "m", replace(SAMPLE, zone="Europe/Madrid"), "王敏", PASSWORD, clock=clock, cost=CHEAP
    )
    yield opened, clock
    opened.close()


@pytest.mark.parametrize(
    ("first", "second", "given"),
    [
        (
            "2026-03-29T01:30:00+01:00",
            "2026-03-29T03:15:00+02:00",
            False,
        ),  # 45 minutes later, though the wall says 1:45
        ("2026-03-29T01:30:00+01:00", "2026-03-29T04:31:00+02:00", True),  # two hours and a minute
        (
            "2026-10-25T02:30:00+02:00",
            "2026-10-25T02:45:00+01:00",
            False,
        ),  # an hour and a quarter, the wall says 15 minutes
        ("2026-10-25T02:10:00+02:00", "2026-10-25T03:11:00+01:00", True),  # two hours and a minute, the wall says one
    ],
)
def test_hours_are_counted_between_moments_also_when_clocks_change(
    madrid: tuple[Database, Clock], first: str, second: str, given: bool
) -> None:
    db, clock = madrid
    kit, rider = item(db), people.register(db, Occupation.RIDER)[0].id
    keep(db, items=frozenset({kit}), span=QuotaSpan.HOURS, hours=2)
    clock.set(first)
    assert refused(db, kit, rider) is None
    clock.set(second)
    assert (refused(db, kit, rider) is None) is given


def test_a_day_of_23_and_of_25_hours_is_one_day(madrid: tuple[Database, Clock]) -> None:
    db, clock = madrid
    kit, rider = item(db), people.register(db, Occupation.RIDER)[0].id
    keep(db, items=frozenset({kit}))
    for day, before, after in (("2026-03-29", "+01:00", "+02:00"), ("2026-10-25", "+02:00", "+01:00")):
        clock.set(f"{day}T00:00:00{before}")
        assert refused(db, kit, rider) is None
        clock.set(f"{day}T23:59:00{after}")
        assert refused(db, kit, rider) is not None


def test_a_clock_that_was_set_back_neither_gives_twice_nor_refuses_for_years(
    db: Database, rider: str, clock: Clock
) -> None:
    kit = item(db)
    keep(db, items=frozenset({kit}), span=QuotaSpan.HOURS, hours=4)
    assert refused(db, kit, rider) is None
    clock.forward(hours=-1)  # the clock was put right: what was just given lies an hour ahead
    refusal = refused(db, kit, rider)
    assert refusal is not None
    assert refusal.next == "2026-07-17T12:00:00+08:00"
    clock.set("2031-01-01T09:00:00+08:00")  # the battery died
    assert refused(db, kit, rider) is None
    clock.set("2026-07-18T09:00:00+08:00")
    assert refused(db, kit, rider) is None  # what the wrong clock wrote does not stand for five years


def test_a_rule_of_hours_says_when_it_is_possible_again(db: Database, rider: str, clock: Clock) -> None:
    kit = item(db)
    keep(db, items=frozenset({kit}), span=QuotaSpan.HOURS, hours=4, most=2)
    supplies.hand_out(db, kit, person_id=rider)
    clock.forward(hours=1)
    supplies.hand_out(db, kit, person_id=rider)
    clock.forward(hours=1)
    one, two = refused(db, kit, rider), refused(db, kit, rider, 2)
    assert one is not None
    assert two is not None
    assert (one.rule, one.last, one.next) == ("person_hours", "2026-07-17T09:00:00+08:00", "2026-07-17T12:00:00+08:00")
    assert two.next == "2026-07-17T13:00:00+08:00"
    assert refused(db, kit, rider, 3) is not None  # more than the rule ever allows
    clock.set("2026-07-17T12:00:00+08:00")
    assert refused(db, kit, rider) is None


def test_an_interval_counts_the_whole_group_not_only_the_same_thing(db: Database, rider: str) -> None:
    ice, tea = item(db, "冰饮"), item(db, "凉茶")
    keep(db, kind=ItemKind.COOLING, span=QuotaSpan.HOURS, hours=2)
    assert refused(db, ice, rider) is None
    refusal = refused(db, tea, rider)
    assert refusal is not None
    assert refusal.rule == "person_hours"


def test_either_the_drink_or_the_ice(db: Database, rider: str, clock: Clock) -> None:
    drink, ice = item(db, "凉茶"), item(db, "冰饮")
    keep(db, items=frozenset({drink, ice}), measure=Measure.CHOICE)
    assert refused(db, drink, rider) is None
    assert refused(db, drink, rider) is None  # of the one chosen there is no limit
    refusal = refused(db, ice, rider)
    assert refusal is not None
    assert (refusal.word, refusal.rule, refusal.fields["others"]) == ("supplies.one_or_other", "choice_day", "凉茶")
    clock.forward(days=1)
    assert refused(db, ice, rider) is None


def test_a_household_shares_one_share(db: Database, rider: str) -> None:
    other = people.register(db, Occupation.COURIER)[0].id
    companions.link(db, [rider, other])
    kit = item(db)
    keep(db, items=frozenset({kit}), who=QuotaWho.HOUSEHOLD)
    assert refused(db, kit, rider) is None
    refusal = refused(db, kit, other)
    assert refusal is not None
    assert (refusal.rule, refusal.word) == ("household_day", "supplies.household_today")


def test_who_may_collect_for_whom_is_the_items_switch_and_the_circle(db: Database, rider: str) -> None:
    mate, stranger = (people.register(db, Occupation.RIDER)[0].id for _ in range(2))
    companions.link(db, [rider, mate])
    kit = item(db)
    no = refused(db, kit, rider, collected_by=mate)
    assert no is not None
    assert no.rule == "collect_item"
    supplies.change_item(db, kit, collect=True)
    assert refused(db, kit, rider, collected_by=mate) is None
    no = refused(db, kit, rider, collected_by=stranger)
    assert no is not None
    assert no.rule == "collect_circle"


def test_a_worse_warning_gives_more_and_the_worst_rule_counts(db: Database, rider: str) -> None:
    kit = item(db)
    keep(db, items=frozenset({kit}), most=1)
    keep(db, items=frozenset({kit}), most=2, level=WeatherLevel.HEAT_ORANGE)
    assert refused(db, kit, rider, 2) is not None
    weather.tell(db, high=38)
    assert supplies.offers(db, rider)[0].most == 2
    assert refused(db, kit, rider, 2) is None
    assert refused(db, kit, rider) is not None
    weather.tell(db, high=30)
    assert supplies.offers(db, rider)[0].most == 1


def test_conditions_occupation_season_role_and_days(db: Database, clock: Clock) -> None:
    kit, rider, courier = item(db), *(people.register(db, one)[0].id for one in (Occupation.RIDER, Occupation.COURIER))
    for told in (
        {"occupations": frozenset({Occupation.COURIER})}, {"first_month": 11, "last_month": 2}, {"role": Role.EVENING},
        {"starts_on": "2026-07-18"}, {"ends_on": "2026-07-16"}, {"active": False},
    ):  # fmt: skip
        made = keep(db, items=frozenset({kit}), **told)
        assert refused(db, kit, rider, 3) is None, told
        quotas.remove(db, made.id)
    keep(db, items=frozenset({kit}), occupations=frozenset({Occupation.COURIER}))
    assert refused(db, kit, courier, 2) is not None


def test_what_goes_to_the_nameless_is_one_allowance(db: Database, rider: str) -> None:
    kit = item(db)
    keep(db, items=frozenset({kit}), who=QuotaWho.ANONYMOUS, most=3)
    assert refused(db, kit, None, 2) is None
    refusal = refused(db, kit, None, 2)
    assert refusal is not None
    assert refusal.rule == "anonymous_day"
    assert refused(db, kit, rider, 5) is None
    only = item(db, "只凭卡")
    keep(db, items=frozenset({only}), who=QuotaWho.ANONYMOUS, most=0)
    refusal = refused(db, only, None)
    assert refusal is not None
    assert refusal.word == "supplies.badge_only"


def test_an_override_needs_a_reason_and_the_role(db: Database, rider: str) -> None:
    kit = item(db)
    made = keep(db, items=frozenset({kit}))
    supplies.hand_out(db, kit, person_id=rider)
    given, _ = supplies.hand_out(db, kit, person_id=rider, override="中暑，医生建议")
    assert not given.already_given
    row = quotas.refusals(db, "2026-07-17", "2026-07-17")[0]
    assert (row.overridden, row.reason, row.quota_id, row.quota_version, row.rule) == (
        True,
        "中暑，医生建议",
        made.id,
        1,
        "person_day",
    )
    preferences.change(db, "override_role", "supervisor")
    boss, db.acting = db.acting, ""
    with db.transact(people.Op.ADD_KEEPER, by_itself=True) as tx:
        keepers.write(tx, keepers.Keeper(uuid7(), "小赵", Role.KEEPER))
    db.acting = next(one.id for one in keepers.listing(db) if one.name == "小赵")
    with pytest.raises(Refused) as denied:
        supplies.hand_out(db, kit, person_id=rider, override="再来一份")
    assert denied.value.word == "roles.not_allowed"
    db.acting = boss
    assert supplies.get(db, kit).balance == 498
    assert audit.check(db) == []


def test_a_refusal_names_rule_version_last_and_next(db: Database, rider: str) -> None:
    kit = item(db)
    made = keep(db, items=frozenset({kit}), most=2)
    quotas.save(db, replace(made, most=1))
    supplies.hand_out(db, kit, person_id=rider)
    refusal = refused(db, kit, rider)
    assert refusal is not None
    row = quotas.refusals(db, "2026-07-17", "2026-07-17")[0]
    assert (row.overridden, row.quota_id, row.quota_version, row.last, row.next) == (
        False, made.id, 2, "2026-07-17T08:00:00+08:00", "2026-07-18",
    )  # fmt: skip


def test_the_district_tightens_and_is_never_loosened(db: Database, rider: str) -> None:
    kit, _ice = item(db), item(db, "冰饮")
    keep(db, items=frozenset({kit}), most=5)
    body = Quotas(
        rules=(QuotaRule(name="清凉包", items=("防暑包",), most=2, excludes=("冰饮",), anonymous=1, overridden_by=()),)
    )
    with db.transact(people.Op.APPLY_PACK, by_itself=True) as tx:
        rules.keep(
            tx,
            [
                RuleSet(
                    id=uuid7(),
                    epoch=1,
                    no=1,
                    starts_on="2026-07-01",
                    made="2026-07-01T08:00:00+08:00",
                    author="",
                    note="",
                    body=body,
                )
            ],
        )
        tx.details["no"] = 1
    assert rules.in_force(db, RuleKind.QUOTAS) is not None
    assert refused(db, kit, rider, 2) is None
    refusal = refused(db, kit, rider)
    assert refusal is not None
    assert refusal.fields["rule_name"] == "清凉包"
    with pytest.raises(Refused):  # nobody here may set it aside
        supplies.hand_out(db, kit, person_id=rider, override="多给一份")
    other = people.register(db, Occupation.RIDER)[0].id
    supplies.hand_out(db, _ice, person_id=other)
    no = refused(db, kit, other)
    assert no is not None
    assert no.rule == "excluded_day"
    assert refused(db, kit, None, 2) is not None
    assert refused(db, kit, None) is None
    assert refused(db, kit, None) is None  # each of the nameless by themselves


@pytest.mark.parametrize(
    "told",
    [
        {"most": 0}, {"span": QuotaSpan.HOURS}, {"hours": 3}, {"span": QuotaSpan.CAMPAIGN},
        {"who": QuotaWho.STATION, "span": QuotaSpan.ALWAYS},
        {"measure": Measure.CHOICE}, {"first_month": 3}, {"first_month": 3, "last_month": 13}, {"starts_on": "morgen"},
        {"starts_on": "2026-08-01", "ends_on": "2026-07-01"}, {"items": frozenset({"nobody"})},
    ],
)  # fmt: skip
def test_rules_that_cannot_be(db: Database, told: dict[str, object]) -> None:
    kit = item(db)
    with pytest.raises(UserMistake):
        keep(db, **{"items": frozenset({kit}), **told})


def test_a_rule_is_rehearsed_on_what_was_given(db: Database, clock: Clock) -> None:
    kit = item(db)
    people_here = [people.register(db, Occupation.RIDER)[0].id for _ in range(4)]
    for day in range(10):
        clock.set(f"2026-07-{day + 1:02d}T10:00:00+08:00")
        for place, one in enumerate(people_here):
            for _ in range(1 + (place == 0)):  # the first always takes two
                supplies.hand_out(db, kit, person_id=one)
        supplies.hand_out(db, kit, 3)
    clock.set("2026-07-17T10:00:00+08:00")
    before = db.scalar("SELECT count(*) FROM operation")
    found = rehearsal.rehearse(db, Rule(items=frozenset({kit})))
    assert (found.handouts, found.refused, found.people, found.anonymous) == (50, 10, 1, 0)
    assert found.by_occupation == {"rider": 10}
    assert found.examples[0].next == "2026-07-11"
    anonymous = rehearsal.rehearse(db, Rule(items=frozenset({kit}), who=QuotaWho.ANONYMOUS, most=2))
    assert (anonymous.refused, anonymous.people, anonymous.anonymous) == (10, 0, 10)
    assert db.scalar("SELECT count(*) FROM operation") == before
    # what it foretells is what it does
    keep(db, items=frozenset({kit}))
    assert refused(db, kit, people_here[0]) is None
    assert refused(db, kit, people_here[0]) is not None


def test_a_rule_that_came_back_is_never_there_twice(db: Database) -> None:
    kit = item(db)
    supplies.set_quota(db, kit, 1)
    _, lifted = supplies.set_quota(db, kit, None)
    supplies.set_quota(db, kit, 3)
    with pytest.raises(Refused):
        history.undo(db, lifted.operation)
    assert supplies.get(db, kit).most_per_day == 3


def of_district(db: Database, *told: QuotaRule) -> None:
    """A version of the district's rules comes in a pack."""
    with db.transact(people.Op.APPLY_PACK, by_itself=True) as tx:
        made = RuleSet(
            id=uuid7(), epoch=1, no=1, starts_on="2026-07-01", made="2026-07-01T08:00:00+08:00", author="", note="",
            body=Quotas(rules=told),
        )  # fmt: skip
        rules.keep(tx, [made])


def test_of_the_districts_rules_the_one_for_the_weather_counts(db: Database, rider: str) -> None:
    kit = item(db)
    of_district(
        db, QuotaRule(name="平日", items=("防暑包",), most=1),
        QuotaRule(name="高温", items=("防暑包",), most=2, levels=("heat_orange", "heat_red")),
        QuotaRule(name="高温红色", items=("防暑包",), most=3, levels=("heat_red",)),
    )  # fmt: skip
    assert refused(db, kit, rider) is None
    plain = refused(db, kit, rider)
    assert plain is not None
    assert plain.fields["rule_name"] == "平日"
    weather.tell(db, warning=WeatherLevel.HEAT_ORANGE)
    assert refused(db, kit, rider) is None, "two under an orange warning"
    orange = refused(db, kit, rider)
    assert orange is not None
    assert orange.fields["rule_name"] == "高温"
    weather.tell(db, warning=WeatherLevel.HEAT_RED)
    assert refused(db, kit, rider) is None, "three under a red one"
    assert refused(db, kit, rider) is not None


def test_of_two_rules_of_the_district_that_are_alike_the_one_that_gives_less_counts(db: Database, rider: str) -> None:
    kit = item(db)
    of_district(db, QuotaRule(name="甲", items=("防暑包",), most=3), QuotaRule(name="乙", items=("防暑包",), most=1))
    assert refused(db, kit, rider) is None
    refusal = refused(db, kit, rider)
    assert refusal is not None
    assert refusal.fields["rule_name"] == "乙"


def test_a_rule_of_the_district_holds_while_one_of_its_roles_hands_out(db: Database, rider: str) -> None:
    kit = item(db)
    of_district(db, QuotaRule(name="夜班", items=("防暑包",), most=1, roles=("evening",)))
    assert refused(db, kit, rider, 2) is None, "a supervisor is not held to it"
    with db.transact(people.Op.ADD_KEEPER, by_itself=True) as tx:
        keepers.write(tx, keepers.Keeper(uuid7(), "小赵", Role.EVENING))
    db.acting = next(one.id for one in keepers.listing(db) if one.name == "小赵")
    refusal = refused(db, kit, rider)
    assert refusal is not None
    assert refusal.fields["rule_name"] == "夜班"
