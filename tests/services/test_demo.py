"""A demo's figures: the same for the same seed, adding up, following the shares, sound to the last row."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest

from station_app import vault
from station_app.db import Database
from station_app.errors import Cancelled, EnvironmentFault, RuleRefused, UserMistake
from station_app.model import Amenity, Occupation, RequestState
from station_app.services import (
    audit,
    demo,
    ledgers,
    loans,
    people,
    reports,
    requests,
    samples,
    shifts,
    stations,
    supplies,
    weather,
)

CHEAP = vault.Cost(passes=1, memory=8 * 1024)
UNTIL = date(2026, 7, 17)
DAY = Path(__file__).parent.parent / "data" / "day_2026-07-17.jsonl"


def make(folder: Path, days: int = 10, visits: int = 30, seed: int = 7) -> demo.Made:
    return demo.make(folder, days, visits, seed, UNTIL, cost=CHEAP)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "yq"


@pytest.fixture(scope="module")
def made(folder: Path) -> demo.Made:
    return make(folder, days=30)


def test_the_same_seed_gives_the_same_figures(tmp_path: Path) -> None:
    first, again = make(tmp_path / "a", days=5), make(tmp_path / "b", days=5)
    other = make(tmp_path / "c", days=5, seed=8)
    assert first == again
    assert first.report != other.report


def test_everything_adds_up(folder: Path, made: demo.Made) -> None:
    report = made.report
    assert report.registered + report.anonymous == report.person_times == sum(report.by_occupation.values())
    assert report.open_days == made.days == len(report.by_day) == 30
    assert 0 < made.undone < made.operations
    db = stations.open_station(folder, demo.PASSWORD)
    try:
        assert audit.check(db) == []
        assert reports.period(db, report.first, report.last) == report
        assert sum(report.requests.values()) == len(requests.listing(db))
        given = supplies.handouts(db, report.first, report.last)
        assert sum(report.handouts.values()) == sum(one.quantity for one in given if one.void_reason is None)
        assert not any(one.short for one in given)
    finally:
        db.close()


def test_the_house_has_a_past_too(folder: Path, made: demo.Made) -> None:
    """No tab of it is empty: something is lent and something late, mended, checked, found, handed over, logged."""
    db = stations.open_station(folder, demo.PASSWORD)
    try:
        first, last = made.report.first, made.report.last
        out = loans.open_loans(db)
        assert out
        assert loans.figures(db, first, last).lent > len(out)
        for name in ("loans", "equipment", "first_aid", "safety", "duty", "handovers", "lost_property"):
            assert ledgers.lines(db, name, first, last), name
        assert len(shifts.duty_logs(db, first, last)) == len(shifts.house_checks(db, first, last)) == made.days
        assert any(one.warning for one in weather.of_days(db, first, last).values())
    finally:
        db.close()


def test_shares_are_those_of_the_field(made: demo.Made) -> None:
    """Within a few points: 30 summer days are about 1,100 person-times."""
    report = made.report
    assert 0.85 < report.person_times / (30 * 30 * 1.25) < 1.15  # half of June's and half of July's month index
    assert abs(report.by_occupation[Occupation.RIDER] / report.person_times - 0.42) < 0.06
    assert abs(report.by_hour[14] / report.person_times - 0.20) < 0.05
    assert min(report.by_hour) >= 8
    assert max(report.by_hour) <= 20
    assert report.by_amenity[Amenity.WATER] > report.by_amenity[Amenity.REST] > report.by_amenity[Amenity.CHARGING]


def test_regulars_are_of_every_kind(folder: Path, made: demo.Made) -> None:
    db = stations.open_station(folder, demo.PASSWORD)
    try:
        everybody = people.several(db, people.ids(db))
        assert len(everybody) == made.regulars == made.report.unique_people
        names = {one.name for one in everybody}
        assert {"欧阳志强", "买买提·艾力", "李𬭎"} <= names
        assert 0.1 < sum(not one.name for one in everybody) / len(everybody) < 0.4
        phones = [one.phone for one in everybody if one.phone]
        assert len(set(phones)) == len(phones)
        assert all(phone.startswith("1991100") for phone in phones)
        assert people.find(db, "ouyang")[0].name == "欧阳志强"
        assert stations.current(db).sample
    finally:
        db.close()


def test_requests_are_at_every_point_of_their_way(folder: Path, made: demo.Made) -> None:
    db = stations.open_station(folder, demo.PASSWORD)
    try:
        found = [requests.get(db, one.id) for one in requests.listing(db)]
        closed = [one for one in found if one.state is RequestState.CLOSED]
        assert len(closed) > len(found) / 3
        for one in found:
            times = [step.time for step in one.steps]
            assert times == sorted(times)
            assert times[0] == one.time
    finally:
        db.close()


def test_today_ends_at_the_last_full_hour(tmp_path: Path) -> None:
    now = datetime.fromisoformat("2026-07-17T15:40:00+08:00")
    part = demo.make(tmp_path / "part", 3, 30, 7, clock=lambda: now, cost=CHEAP).report
    whole = make(tmp_path / "whole", days=3).report
    assert part.last == "2026-07-17"
    assert 0 < part.by_day["2026-07-17"] < whole.by_day["2026-07-17"]
    assert {day: n for day, n in part.by_day.items() if day < part.last} == {
        day: n for day, n in whole.by_day.items() if day < whole.last
    }


def test_a_winter_gives_warm_things(tmp_path: Path) -> None:
    report = demo.make(tmp_path / "winter", 8, 40, 7, date(2026, 1, 20), cost=CHEAP).report
    assert report.handouts.keys() & {"暖宝宝", "暖心包"}
    assert not report.handouts.keys() & {"防暑包", "藿香正气水", "冰饮"}


@pytest.mark.parametrize(
    ("days", "visits", "until", "word"),
    [
        (0, 30, UNTIL, "demo.bad_days"),
        (1101, 30, UNTIL, "demo.bad_days"),
        (5, 0, UNTIL, "demo.bad_visits"),
        (5, 1001, UNTIL, "demo.bad_visits"),
        (5, 30, date(2100, 1, 1), "demo.day_to_come"),
    ],
)
def test_numbers_that_cannot_be(tmp_path: Path, days: int, visits: int, until: date, word: str) -> None:
    with pytest.raises(UserMistake) as caught:
        demo.make(tmp_path / "x", days, visits, 7, until, cost=CHEAP)
    assert caught.value.word == word
    assert not (tmp_path / "x").exists()


def test_stopped_half_way_nothing_stays(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 2:
            raise Cancelled("cli.stopped")

    with pytest.raises(Cancelled):
        demo.make(tmp_path / "x", 5, 30, 7, UNTIL, cost=CHEAP, progress=stop)
    assert list((tmp_path / "x").iterdir()) == []
    make(tmp_path / "x", days=1)


def test_a_folder_that_is_taken_stays_as_it_is(tmp_path: Path) -> None:
    made = make(tmp_path / "x", days=1)
    with pytest.raises(EnvironmentFault):
        make(tmp_path / "x", days=2)
    db = stations.open_station(tmp_path / "x", demo.PASSWORD)
    assert reports.period(db, made.report.first, made.report.last) == made.report
    db.close()


# --- the sample shelf ------------------------------------------------------------------------------------------------------


def test_the_sample_day_can_be_given_from_the_sample_shelf(db: Database) -> None:
    samples.stock(db, datetime.fromisoformat("2026-07-17T07:30:00+08:00"))
    lines = [json.loads(line) for line in DAY.read_text("utf-8").splitlines()]
    handouts = [line for line in lines if line["do"] == "handout"]
    whole = Counter[str]()
    persons: dict[int | None, str] = {None: ""}
    for line in handouts:
        if line["who"] not in persons:
            persons[line["who"]] = people.register(db, Occupation.RIDER)[0].id
        item = supplies.named(db, line["item"])
        supplies.hand_out(
            db, item.id, line["qty"], person_id=persons[line["who"]] or None, at=datetime.fromisoformat(line["at"])
        )
        whole[line["item"]] += line["qty"]
    assert reports.period(db, "2026-07-17", "2026-07-17").handouts == dict(whole)
    assert not any(one.short for one in supplies.handouts(db, "2026-07-17", "2026-07-17"))


def test_the_sample_shelf_has_its_rules(db: Database) -> None:
    moment = datetime.fromisoformat("2026-07-17T09:00:00+08:00")
    samples.stock(db, moment)
    rider = people.register(db, Occupation.RIDER)[0].id
    kit = supplies.named(db, "防暑包")
    supplies.hand_out(db, kit.id, person_id=rider, at=moment)
    with pytest.raises(RuleRefused):
        supplies.hand_out(db, kit.id, person_id=rider, at=moment)
    with pytest.raises(RuleRefused):
        supplies.hand_out(db, supplies.named(db, "暖宝宝").id, person_id=rider, at=moment)
    water = supplies.named(db, "藿香正气水")
    assert water.alcohol
    assert water.next_expiry == "2027-02-02"
    assert {one.name for one in supplies.items(db)} == {one.name for one in samples.SHELF}
