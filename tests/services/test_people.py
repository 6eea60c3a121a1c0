"""Regulars: nameless or named, found by what one remembers, forgotten on request, read from rosters."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station_app.db import Database
from station_app.errors import Cancelled, Refused, UserMistake
from station_app.model import Consent, Occupation, Op, Person
from station_app.services import audit, badges, history, people, reports, rosters, visits
from tests.conftest import Clock

DATA = Path(__file__).parents[1] / "data"


def named(db: Database, name: str, phone: str = "") -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, phone, Consent.DISTRICT)[0]


def test_a_nameless_badge_knows_only_an_occupation(db: Database) -> None:
    person, _ = people.register(db, Occupation.SANITATION_WORKER)
    assert (person.name, person.phone, person.consent) == ("", "", Consent.NONE)
    assert len(person.badge_code) == 22
    assert len(person.card_number) == 6
    assert db.rows("SELECT * FROM identity") == []
    assert db.rows("SELECT * FROM subject_key") == []


def test_no_name_and_no_phone_without_consent(db: Database) -> None:
    for name, phone in (("李志强", ""), ("", "19911000000")):
        with pytest.raises(UserMistake) as mistake:
            people.register(db, Occupation.RIDER, "", name, phone)
        assert mistake.value.word == "people.needs_consent"
    assert people.ids(db) == []


def test_becoming_named_recounts_nothing(db: Database, clock: Clock) -> None:
    person, _ = people.register(db, Occupation.RIDER)
    visits.check_in(db, person.badge_code)
    clock.forward(hours=1)
    known, changes = people.change(db, person.id, name="欧阳志强", phone="199 1100 0000", consent=Consent.STATION)
    assert (known.name, known.phone, known.visits, known.badge_code) == (
        "欧阳志强",
        "19911000000",
        1,
        person.badge_code,
    )
    assert reports.period(db, "2026-07-17", "2026-07-17").person_times == 1
    history.undo(db, changes.operation)
    assert people.get(db, person.id).name == ""
    assert people.find(db, "欧阳") == []


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        (
            "李志强",
            ["李", "志强", "强", "lizhiqiang", "zhiqiang", "lzq", "zq", "LZQ", "6031", "１９９１１００６０３１"],
        ),
        ("欧阳志强", ["欧阳", "ouyang", "oyzq", "zhiqiang"]),
        ("买买提·艾力", ["买买提", "艾力", "买买提艾力", "买买提·艾力", "maimaiti"]),
        ("单小英", ["单", "shan", "shanxiaoying", "sxy"]),
        ("曾国", ["曾", "zeng", "zg"]),
        ("张𬭎龑", ["张𬭎", "𬭎", "龑", "zhang"]),
        ("Ahmed Ali", ["ahmed", "ali", "Ahmed Ali"]),
    ],
)
def test_found_by_any_part_of_what_one_remembers(db: Database, name: str, asked: list[str]) -> None:
    person = named(db, name, "19911006031")
    named(db, "钱某")
    for text in asked:
        assert [p.id for p in people.find(db, text)] == [person.id], text
    assert [p.id for p in people.find(db, person.card_number)] == [person.id]


def test_nobody_is_found_by_nonsense_and_quotes_are_harmless(db: Database) -> None:
    named(db, "李志强")
    for text in ("", "   ", '"', "'; DROP TABLE person", "AND", "*", "zzz", "李 王"):
        assert people.find(db, text) == []


def test_those_seen_last_come_first(db: Database, clock: Clock) -> None:
    first, second = named(db, "李一"), named(db, "李二")
    visits.check_in(db, first.badge_code)
    clock.forward(minutes=20)
    visits.check_in(db, second.badge_code)
    assert [p.name for p in people.find(db, "李")] == ["李二", "李一"]
    assert people.ids(db) == [second.id, first.id]
    clock.forward(days=30)
    visits.check_in(db, second.badge_code)
    assert people.ids(db, people.Filter(not_since="2026-08-01T00:00:00+08:00")) == [first.id]


def test_erasing_forgets_the_person_and_keeps_the_counts(db: Database) -> None:
    person = named(db, "PLANTED-NAME", "19911000000")
    visits.check_in(db, person.badge_code)
    before = reports.period(db, "2026-07-17", "2026-07-17")
    people.erase(db, person.id)
    after = people.get(db, person.id)
    assert (after.name, after.phone, after.erased, after.visits) == ("", "", True, 1)
    assert reports.period(db, "2026-07-17", "2026-07-17").unique_people == before.unique_people == 1
    assert people.find(db, "PLANTED") == []
    assert db.rows("SELECT * FROM subject_key") == []
    assert audit.check(db) == []
    with pytest.raises(Refused):
        visits.check_in(db, person.badge_code)


def test_erasing_cannot_be_undone_and_neither_can_what_led_to_it(db: Database) -> None:
    person = named(db, "李志强")
    changes = people.erase(db, person.id)
    with pytest.raises(Refused) as refusal:
        history.undo(db, changes.operation)
    assert refusal.value.word == "history.stays"
    registered = next(line for line in history.log(db, "2026-07-17") if line.op is Op.REGISTER)
    with pytest.raises(Refused) as refusal:
        history.undo(db, registered.operation)
    assert refusal.value.word == "history.changed_since"


def test_a_reissued_badge_can_be_undone(db: Database) -> None:
    person = named(db, "李志强")
    fresh, changes = badges.issue(db, person.id)
    assert [p.id for p in people.find(db, fresh.card_number)] == [person.id]
    history.undo(db, changes.operation)
    assert people.get(db, person.id).badge_code == person.badge_code
    assert visits.check_in(db, person.badge_code)[0].person_id == person.id


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(name=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60))
def test_any_name_can_be_kept_found_and_read_again(db: Database, name: str) -> None:
    person = named(db, name)
    assert people.get(db, person.id).name == rosters.normal_name(name)
    people.find(db, name)


# --- rosters -----------------------------------------------------------------------------------------------------------


def plan(file: str, **more: date) -> rosters.RosterPlan:
    sheet = rosters.read_sheet(DATA / file, rosters.PEOPLE)
    return rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE), **more)


FILES = ("roster_utf8.csv", "roster_gb18030.csv", "roster.xlsx")
EXPECTED = [(100, 100, 9, 0, 0), (111, 106, 106, 4, 1), (100, 100, 100, 0, 0)]


def figures(result: people.ImportResult) -> tuple[int, int, int, int, int]:
    return result.rows, result.taken, result.nameless, result.merged, result.refused


def test_the_three_sample_rosters_give_the_expected_figures(db: Database) -> None:
    assert [figures(people.import_roster(db, plan(file))[0]) for file in FILES] == EXPECTED
    assert len(people.ids(db)) == 306
    assert audit.check(db) == []


def test_the_same_file_again_adds_nothing(db: Database) -> None:
    for file in FILES:
        people.import_roster(db, plan(file))
    for file in FILES:
        result, changes = people.import_roster(db, plan(file))
        assert result.taken == 0
        assert not changes.rows
    assert len(people.ids(db)) == 306


def test_undone_as_a_whole_and_taken_again(db: Database) -> None:
    _, changes = people.import_roster(db, plan(FILES[0]))
    history.undo(db, changes.operation)
    assert people.ids(db) == []
    assert figures(people.import_roster(db, plan(FILES[0]))[0]) == EXPECTED[0]
    assert audit.check(db) == []


def test_consent_on_paper_keeps_the_names(db: Database) -> None:
    result, _ = people.import_roster(db, plan("roster.xlsx", consent_on_paper=date(2026, 7, 1)))
    assert (result.taken, result.nameless) == (100, 0)
    assert [p.name for p in people.find(db, "吴婷华")] == ["吴婷华"]


def test_stopped_half_way_leaves_nothing(db: Database) -> None:
    def stop(done: int, total: int) -> None:
        if done == total // 2:
            raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        people.import_roster(db, plan(FILES[0]), stop)
    assert people.ids(db) == []
    assert db.rows("SELECT * FROM imported_row") == []
