"""Rules that come from the district: drafted, switched on, carried in packs, in force at stations, never an older one again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from station_app import rulebook
from station_app.db import Database
from station_app.district import answer, intake, rules
from station_app.errors import Refused, UserMistake
from station_app.model import Occupation, Op, Role, RuleKind
from station_app.rulebook import (
    Calendar,
    CalendarDay,
    Categories,
    CategoryRule,
    QuotaRule,
    Quotas,
    RuleSet,
    Unit,
    Units,
)
from station_app.services import rules as kept
from station_app.services import visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import Clock
from tests.district.conftest import introduced

TWO = Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=2),))
FOUR = Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=4), QuotaRule(name="防暑", kinds=("cooling",), most=1)))
TODAY = "2026-07-17"


def made(district: Database, body: rulebook.Body, starts_on: str = TODAY, note: str = "") -> RuleSet:
    rules.save(district, body, starts_on, note)
    return rules.switch_on(district, body.kind)[0]


def answered(db: Database, district: Database, stick: Path, opener: Opener) -> inbox.Applied:
    written, _ = answer.pack(district, "YQ", stick)
    return inbox.apply(db, inbox.look(db, written.path, opener)[0])[0]


def told(db: Database, district: Database, stick: Path, opener: Opener) -> None:
    visits.tally(db, Occupation.RIDER, 1)
    intake.receive(district, intake.open_file(district, outbox.export(db, stick)[0].path, opener))


def test_a_version_goes_from_the_districts_desk_to_the_stations(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    assert kept.in_force(station, RuleKind.QUOTAS) is None
    assert kept.quotas(station) == Quotas()
    first = made(district, TWO, note="每人两瓶")
    assert (first.no, first.epoch, first.author, first.note) == (1, 1, "社会工作部", "每人两瓶")
    assert rules.draft(district, RuleKind.QUOTAS) is None
    applied = answered(station, district, stick, opener)
    assert applied.rules == (first,)
    assert kept.in_force(station, RuleKind.QUOTAS) == first
    assert [rule.most for rule in kept.quotas(station).about("矿泉水", "drink")] == [2]
    assert answered(station, district, stick, opener).rules == ()  # carried again, new once


def test_what_starts_later_is_there_before_and_holds_from_its_day(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock
) -> None:
    made(district, TWO)
    made(district, FOUR, "2026-07-20")
    answered(station, district, stick, opener)
    assert kept.quotas(station) == TWO
    assert kept.quotas(station, "2026-07-19") == TWO
    assert kept.quotas(station, "2026-07-20") == FOUR
    clock.forward(days=3)  # no stick came since
    assert kept.quotas(station) == FOUR
    assert [one.no for one in kept.versions(station, RuleKind.QUOTAS)] == [2, 1]


def test_a_newer_word_outranks_an_older_one_about_a_later_day(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    made(district, FOUR, "2026-07-20")
    newer = made(district, TWO, "2026-07-18")
    answered(station, district, stick, opener)
    assert kept.quotas(station) == Quotas()
    assert kept.in_force(station, RuleKind.QUOTAS, "2026-08-01") == newer


def test_a_station_keeps_the_rules_from_its_first_day(db: Database, district: Database, stick: Path) -> None:
    made(district, TWO)
    introduced(db, district, stick)
    assert kept.quotas(db) == TWO


def test_an_older_pack_or_an_older_version_changes_nothing(
    station: Database, district: Database, stick: Path, opener: Opener, tmp_path: Path
) -> None:
    made(district, TWO)
    late, _ = answer.pack(district, "YQ", tmp_path)
    newest = made(district, FOUR)
    answered(station, district, stick, opener)
    with pytest.raises(Refused, match="old_pack"):
        inbox.look(station, late.path, opener)
    with station.transact(Op.APPLY_PACK) as tx:  # even if it were let in
        assert kept.keep(tx, kept.versions(district, RuleKind.QUOTAS)[1:]) != ()
    assert kept.in_force(station, RuleKind.QUOTAS) == newest


def test_a_version_is_never_changed(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    first = made(district, TWO)
    answered(station, district, stick, opener)
    with station.transact(Op.APPLY_PACK) as tx:
        assert kept.keep(tx, [msgspec.structs.replace(first, body=FOUR)]) == ()
    assert kept.quotas(station) == TWO


def test_a_district_put_back_knows_that_stations_are_ahead_and_counts_on_above_them(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    made(district, TWO)
    lost = made(district, FOUR)
    answered(station, district, stick, opener)
    told(station, district, stick, opener)
    assert rules.ahead(district, RuleKind.QUOTAS) == []
    with district.transact(Op.PUT_BACK) as tx:  # as it was before the second version
        tx.run("DELETE FROM rule_set WHERE id = ?", (lost.id,))
        tx.set_meta("epoch", "2")
    assert [one.id for one in rules.ahead(district, RuleKind.QUOTAS)] == [lost.id]
    answered(station, district, stick, opener)
    assert kept.in_force(station, RuleKind.QUOTAS) == lost  # the station does not go back
    again = made(district, TWO)  # the same as ours: yet a word of its own while stations are ahead
    assert (again.epoch, again.no) == (2, 3)
    answered(station, district, stick, opener)
    assert kept.in_force(station, RuleKind.QUOTAS) == again


def test_how_far_a_version_has_come(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    first = made(district, TWO)
    assert rules.spread(district, first) == rules.Spread(0, 1)
    answered(station, district, stick, opener)
    told(station, district, stick, opener)
    assert rules.spread(district, first) == rules.Spread(1, 1)
    assert rules.spread(district, made(district, FOUR)) == rules.Spread(0, 1)


def test_what_a_station_makes_up_about_versions_moves_nothing(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    first = made(district, TWO)
    with station.transact(Op.APPLY_PACK) as tx:
        for epoch, no in ((9, 2), (1, 10_000_000)):
            ahead = f"{first.id[:-1]}{epoch}"
            kept.keep(tx, [msgspec.structs.replace(first, id=ahead, epoch=epoch, no=no)])
    told(station, district, stick, opener)
    assert rules.ahead(district, RuleKind.QUOTAS) == []
    assert made(district, FOUR).no == 2


@pytest.mark.parametrize("kind", RuleKind)
def test_a_draft_is_kept_changed_and_put_away(district: Database, kind: RuleKind) -> None:
    draft, _ = rules.begin(district, kind)
    assert draft == rules.draft(district, kind)
    assert draft.body == rulebook.EMPTY[kind]
    rules.save(district, draft.body, "2026-08-01", "高温期间")
    assert rules.draft(district, kind) == rules.Draft(
        kind, "2026-08-01", "高温期间", draft.body, draft.saved, "社会工作部"
    )
    rules.discard(district, kind)
    assert rules.draft(district, kind) is None
    for late in (rules.discard, rules.switch_on):
        with pytest.raises(UserMistake, match="no_draft"):
            late(district, kind)


def test_a_draft_begins_from_any_version(district: Database) -> None:
    first = made(district, TWO)
    made(district, FOUR)
    assert rules.begin(district, RuleKind.QUOTAS)[0].body == FOUR
    assert rules.begin(district, RuleKind.QUOTAS, first.id)[0].body == TWO
    with pytest.raises(UserMistake, match="unknown_rules"):
        rules.begin(district, RuleKind.UNITS, first.id)


def test_what_cannot_be_switched_on_is_not(district: Database, clock: Clock) -> None:
    made(district, TWO)
    rules.save(district, TWO, TODAY)
    with pytest.raises(Refused, match="rules_unchanged"):
        rules.switch_on(district, RuleKind.QUOTAS)
    rules.save(district, FOUR, TODAY)
    clock.forward(days=1)
    with pytest.raises(UserMistake, match="rules_start_past"):
        rules.switch_on(district, RuleKind.QUOTAS)
    for bad in ("2026-02-30", "", "明天"):
        with pytest.raises(UserMistake, match="bad_rules_day"):
            rules.save(district, FOUR, bad)
    twice = Quotas()  # what no form would make
    msgspec.structs.force_setattr(twice, "rules", (TWO.rules[0], TWO.rules[0]))
    with pytest.raises(UserMistake, match="bad_rules"):
        rules.save(district, twice, TODAY)


def test_only_a_supervisor_switches_rules_on(district: Database) -> None:
    rules.save(district, TWO, TODAY)
    with district.transact(Op.SETTING) as tx:
        tx.run("UPDATE keeper SET role = ?", (Role.KEEPER.value,))
    rules.save(district, FOUR, TODAY)
    with pytest.raises(Refused, match="not_allowed"):
        rules.switch_on(district, RuleKind.QUOTAS)


def test_what_changes_is_said_by_name() -> None:
    assert rules.difference(None, TWO) == rules.Difference(("饮用水",), (), ())
    assert rules.difference(TWO, FOUR) == rules.Difference(("防暑",), (), ("饮用水",))
    assert rules.difference(FOUR, TWO) == rules.Difference((), ("防暑",), ("饮用水",))
    assert not rules.difference(FOUR, FOUR)
    assert rules.difference(FOUR, Quotas(rules=FOUR.rules[::-1])) == rules.Difference((), (), (), rest=True)
    assert rules.difference(Calendar(), Calendar(weekend=(6,))) == rules.Difference((), (), (), rest=True)


def test_who_takes_a_category_on() -> None:
    street, water = Unit(name="云桥街道", fallback=True), Unit(name="供水公司", categories=("facilities",))
    only = Unit(name="住建局", categories=("housing",), stations=("LT",))
    book = Units(units=(street, water, only))
    assert book.serving("facilities", "YQ") == water
    assert book.serving("housing", "LT") == only
    assert book.serving("housing", "YQ") == street
    assert Units(units=(water,)).serving("housing") is None


def test_the_calendar_knows_which_days_are_worked(district: Database) -> None:
    book = Calendar(
        days=(
            CalendarDay(day="2026-10-01", what="holiday", name="国庆节"), CalendarDay(day="2026-10-10", what="workday"),
            CalendarDay(day="2026-07-20", what="closed", name="停水"),
        )
    )  # fmt: skip
    made(district, book)
    found = kept.calendar(district)
    day = date.fromisoformat
    assert [found.is_working(day(text)) for text in ("2026-10-01", "2026-10-10", "2026-10-11", "2026-10-12")] == [
        False, True, False, True,
    ]  # fmt: skip
    assert (found.is_closed(day("2026-07-20")), found.is_closed(day("2026-07-21"))) == (True, False)


def test_categories_keep_old_ones_that_are_offered_no_more(district: Database) -> None:
    book = Categories(categories=(CategoryRule(code="facilities", zh="充电、停车、如厕", en="Facilities", retired=True),))
    made(district, book)
    found = kept.categories(district).get("facilities")
    assert found is not None
    assert found.retired
    assert kept.categories(district).get("none") is None
