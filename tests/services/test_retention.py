"""How long things are kept: forgotten when clock and records agree that the time has passed, and never by a wrong clock."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station_app import backup, blobs
from station_app import settings as declared
from station_app.db import Database
from station_app.errors import UserMistake
from station_app.model import Consent, Occupation, Op, Person, RequestState, Verdict
from station_app.services import (
    attachments,
    audit,
    badges,
    exchange,
    history,
    people,
    pictures,
    preferences,
    reports,
    requests,
    retention,
    stations,
    visits,
)
from station_app.services.retention import Due, Records, later
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.pictures import phone

START = date(2026, 7, 17)


def named(db: Database, name: str = "李志强") -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, "13800001234", Consent.DISTRICT)[0]


def works(db: Database, clock: Clock, days: int, each: Callable[[], object] | None = None) -> None:
    """The desk goes on for so many days: somebody comes in every third day, the window stands open and forgets what is due."""
    for number in range(days):
        clock.forward(days=1)
        if number % 3 == 0 or number == days - 1:
            visits.tally(db, Occupation.COURIER)
        if each is not None:
            each()


def forgets(db: Database) -> retention.Forgotten:
    return retention.forget_due(db)[0]


# --- people --------------------------------------------------------------------------------------------------------------


def test_whoever_does_not_come_for_a_year_is_told_a_month_before_and_then_forgotten(db: Database, clock: Clock) -> None:
    gone, stays = named(db), named(db, "赵丽")
    visits.check_in(db, gone.badge_code)
    works(db, clock, 330)
    assert retention.soon(db) == []
    works(db, clock, 10)
    visits.check_in(db, stays.badge_code)
    assert retention.soon(db) == [Due("person", gone.id, "2026-07-17", "2027-07-17")]
    assert retention.kept_until(db, gone.id) == "2027-07-17"
    works(db, clock, 24)
    assert forgets(db).people == 0
    before = reports.period(db, "2026-01-01", "2027-12-31")
    works(db, clock, 4)
    assert forgets(db).people == 1
    after = people.get(db, gone.id)
    assert (after.name, after.phone, after.badge_code, after.platform, after.erased, after.visits) == (
        "",
        "",
        "",
        "",
        True,
        1,
    )
    assert people.find(db, "李志强") == []
    assert people.get(db, stays.id).name == "赵丽"
    assert db.scalar("SELECT reason FROM erasure WHERE subject_id = ?", (gone.id,)) == "expired"
    now = reports.period(db, "2026-01-01", "2027-12-31")
    assert (now.unique_people, now.registered) == (before.unique_people, before.registered)
    assert audit.check(db) == []


def test_a_visit_in_the_last_month_renews_and_so_does_a_new_badge(db: Database, clock: Clock) -> None:
    came, lost = named(db), named(db, "赵丽")
    works(db, clock, 350)
    visits.check_in(db, came.badge_code)
    badges.issue(db, lost.id)
    works(db, clock, 30)
    assert forgets(db).people == 0
    assert retention.soon(db) == []


def test_a_nameless_badge_goes_too(db: Database, clock: Clock) -> None:
    people.register(db, Occupation.RIDER)
    works(db, clock, 370)
    assert forgets(db).people == 1
    assert people.ids(db) == []


def test_it_is_one_operation_of_the_house_with_counts_that_stays_and_travels(db: Database, clock: Clock) -> None:
    named(db)
    named(db, "赵丽")
    works(db, clock, 370)
    _, (changes,) = retention.forget_due(db)
    row = db.one("SELECT * FROM operation WHERE id = ?", (changes.operation,))
    assert row is not None
    assert (row["op"], row["details"]) == (Op.FORGET, '{"person":2}')
    assert set(changes.rows) == {"person", "identity", "badge", "erasure"}
    assert not changes.undoable
    packed = exchange.changed_rows(db, exchange.last_packed(db), exchange.newest_sequence(db))
    assert len(packed["erasure"]) == 2
    assert history.last_undoable(db) is not None


def test_the_same_list_may_bring_whoever_was_forgotten_by_time_again(db: Database, clock: Clock) -> None:
    from station_app.services import rosters

    file = db.path.parent / "名册.csv"
    file.write_text("姓名,人员类别,同意告知书\n赵丽,骑手,是\n", "utf-8")
    sheet = rosters.read_sheet(file, rosters.PEOPLE)
    plan = rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))
    people.import_roster(db, plan)
    works(db, clock, 370)
    assert forgets(db).people == 1
    assert people.import_roster(db, plan)[0].taken == 1
    assert [one.name for one in people.find(db, "赵丽")] == ["赵丽"]


def test_the_day_runs_once(db: Database, clock: Clock) -> None:
    works(db, clock, 30)
    first, _ = retention.daily(db)
    assert first is not None
    assert first == retention.last_run(db)
    operations = db.scalar("SELECT max(sequence) FROM operation")
    assert retention.daily(db) == (None, [])
    clock.forward(days=1)
    assert retention.daily(db)[0] is not None
    assert db.scalar("SELECT max(sequence) FROM operation") == operations, (
        "a day that forgets nothing writes nothing down"
    )


def test_stopped_between_two_slices_it_goes_on_the_next_time(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        named(db, f"师傅{number}")
    works(db, clock, 370)
    monkeypatch.setattr(retention, "SLICE", 2)
    asked = iter([False, True])
    assert retention.daily(db, lambda: next(asked))[0] is not None
    assert people.count(db) == 3
    forgotten, changes = retention.daily(db)
    assert forgotten is not None
    assert (forgotten.people, len(changes)) == (3, 2)
    assert people.count(db) == 0


# --- requests ------------------------------------------------------------------------------------------------------------


def closed(db: Database, text: str = "充电口不足", person_id: str | None = None) -> str:
    request, _ = requests.add(db, text, contact="13800001234", person_id=person_id)
    requests.step(db, request.id, RequestState.REPLIED, note="加了八个")
    requests.step(db, request.id, RequestState.TOLD, verdict=Verdict.FIXED)
    return request.id


def test_a_closed_request_keeps_its_words_for_two_years_and_an_open_one_as_long_as_it_is_open(
    db: Database, clock: Clock
) -> None:
    over = closed(db)
    still = requests.add(db, "路灯不亮")[0].id
    works(db, clock, 725)
    assert forgets(db).requests == 0
    assert [one.kind for one in retention.soon(db)] == ["request"]
    works(db, clock, 12)
    assert forgets(db).requests == 1
    found = requests.get(db, over)
    assert (found.text, found.contact, found.forgotten, found.state) == ("", "", True, RequestState.CLOSED)
    assert all(step.note == "" for step in found.steps)
    assert requests.get(db, still).text == "路灯不亮"
    assert audit.check(db) == []


def test_its_pictures_go_half_a_year_after_it_was_closed_and_its_words_stay(db: Database, clock: Clock) -> None:
    jpeg = pictures.prepare(phone())
    over, still = closed(db), requests.add(db, "路灯不亮", pictures=[jpeg])[0].id
    attachments.add(db, over, [jpeg, jpeg])
    works(db, clock, 160)
    assert [one.kind for one in retention.soon(db)] == ["pictures"]
    assert forgets(db).pictures == 0
    works(db, clock, 30)
    assert forgets(db).pictures == 1
    assert attachments.listing(db, over) == []
    assert len(attachments.listing(db, still)) == len(blobs.of(db).names()) == 1
    assert requests.get(db, over).text == "充电口不足"
    assert forgets(db).pictures == 0
    assert audit.check(db) == []


def test_the_settings_say_how_long(db: Database, clock: Clock) -> None:
    person, request = named(db), closed(db)
    preferences.change(db, declared.KEEP_PEOPLE_MONTHS.name, "2")
    preferences.change(db, declared.KEEP_REQUESTS_MONTHS.name, "3")
    works(db, clock, 70)
    assert (forgets(db).people, people.get(db, person.id).erased) == (1, True)
    works(db, clock, 30)
    assert (forgets(db).requests, requests.get(db, request).forgotten) == (1, True)
    with pytest.raises(UserMistake):
        preferences.change(db, declared.KEEP_PEOPLE_MONTHS.name, "0")


# --- a wrong clock -------------------------------------------------------------------------------------------------------

WRONG = {
    "ten years ahead": lambda real: real.replace(year=real.year + 10),
    "ten years behind": lambda real: real.replace(year=real.year - 10),
    "1970": lambda real: real.replace(year=1970),
    "a day ahead": lambda real: real + timedelta(days=1),
    "thirteen months ahead": lambda real: real + timedelta(days=396),
    "three years ahead": lambda real: real + timedelta(days=1096),
}


def naive(_db: Database, _records: Records) -> str:
    """The control: no look at the clock."""
    return ""


@pytest.mark.parametrize("wrong", list(WRONG))
@pytest.mark.parametrize("busy", [0, 8])
def test_a_wrong_clock_forgets_nobody_at_once_or_after_a_week_of_work(
    db: Database, clock: Clock, wrong: str, busy: int
) -> None:
    person, request = named(db), closed(db)
    works(db, clock, 40)
    clock.moment = WRONG[wrong](clock.moment)
    forgets(db)
    for _ in range(busy):
        clock.forward(days=1)
        for _ in range(retention.care.RECENT // busy + 1):  # so many that the clock looks right again
            visits.tally(db, Occupation.OTHER)
        forgets(db)
    assert people.get(db, person.id).name == "李志强"
    assert requests.get(db, request).text == "充电口不足"


@pytest.mark.parametrize("wrong", ["ten years ahead", "thirteen months ahead"])
def test_without_clock_and_records_a_wrong_clock_would_forget(
    db: Database, clock: Clock, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(db)
    works(db, clock, 40)
    clock.moment = WRONG[wrong](clock.moment)
    monkeypatch.setattr(retention, "objection", naive)
    monkeypatch.setattr(Records, "agree", lambda _records, _one: True)
    assert forgets(db).people == 1


def test_a_clock_behind_and_a_desk_that_has_just_opened_again_are_said(db: Database, clock: Clock) -> None:
    named(db)
    works(db, clock, 370)
    right = clock.moment
    clock.set("1970-01-01T08:00:00+08:00")
    assert forgets(db).held_back == "clock"
    clock.moment = right + timedelta(days=60)  # closed over the winter
    visits.tally(db, Occupation.OTHER)
    assert forgets(db).held_back == "records"
    works(db, clock, 15)
    assert (forgets(db).held_back, people.count(db)) == ("", 0)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    plan=st.lists(st.tuples(st.sampled_from([0, 0, 0, *WRONG.values()]), st.integers(1, 9)), min_size=5, max_size=30)
)
def test_whatever_the_clock_does_nobody_goes_before_ten_months_of_work(plan: list[tuple[object, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        db, _ = stations.set_up(Path(folder) / "s", SAMPLE, "王敏", PASSWORD, clock=clock, cost=CHEAP)
        person = named(db)
        real = clock.moment
        for wrong, days in plan:
            for _ in range(days):
                real += timedelta(days=1)
                clock.moment = wrong(real) if callable(wrong) else real
                visits.tally(db, Occupation.OTHER)
                retention.daily(db)
                if real.date() - START < timedelta(days=300):
                    assert people.get(db, person.id).name == "李志强"
        db.close()


# --- days ----------------------------------------------------------------------------------------------------------------


def test_records_vouch_for_days_not_for_silence() -> None:
    days = [START + timedelta(days=n) for n in (0, 1, 2, 10, 40, 41)]
    records = Records(days, START + timedelta(days=45))
    assert records.passed(START) == 11
    assert records.passed(START + timedelta(days=3)) == 1
    assert records.passed(START + timedelta(days=60)) == 0
    assert records.recent() == 2
    assert Records(days, START).passed(START) == 0, "days to come are none"


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-07-17", 24, "2028-07-17"),
    ],
)
def test_the_same_day_months_later(day: str, months: int, after: str) -> None:
    assert later(date.fromisoformat(day), months).isoformat() == after


def test_backups_roll_off_by_the_day_that_is_told(db: Database, clock: Clock) -> None:
    made = [clock.forward(days=1) for _ in range(200)]
    kept = backup.thin(made, clock.moment)
    ends = backup.rolled_off(kept, clock.moment)
    assert ends is not None
    times, now = sorted(kept), clock.moment
    while now.date() < ends:
        assert set(times) & kept, "told too late"
        now += timedelta(days=1)
        times = sorted(backup.thin([*times, now], now))
    assert not set(times) & kept
    assert backup.rolled_off([], now) is None


def test_a_store_that_was_set_aside_goes_after_half_a_year_of_work(db: Database, clock: Clock) -> None:
    moment: datetime = clock.moment.astimezone()
    aside = db.path.parent / "set-aside" / "20260717T000000Z"
    aside.mkdir(parents=True)
    (aside / "station.db").write_bytes(b"old")
    other = db.path.parent / "set-aside" / "notes"
    other.mkdir()
    assert [folder for _, folder in retention.set_aside(db)] == [aside]
    works(db, clock, 180)
    assert forgets(db).set_aside == 0
    works(db, clock, 10)
    assert forgets(db).set_aside == 1
    assert other.exists()
    assert not aside.exists()
    assert moment < clock.moment
