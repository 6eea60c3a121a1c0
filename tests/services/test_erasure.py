"""What goes when somebody withdraws, when something was never wanted, and that it is gone from the file, not only from its tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from station_app import db as database
from station_app.db import Database
from station_app.errors import UserMistake
from station_app.model import Consent, Occupation, Person, RequestState, Verdict
from station_app.services import audit, history, people, reports, requests, retention, rosters, search, subjects, visits
from tests.conftest import Clock
from tests.pages import Cipher, holds


def named(db: Database, name: str = "李志强", phone: str = "13800001234") -> Person:
    return people.register(db, Occupation.RIDER, "美团", name, phone, Consent.DISTRICT)[0]


def key(db: Database, subject: str) -> bytes:
    found = subjects.key_of(db, subject)
    assert found is not None
    return found


def reasons(db: Database) -> dict[str, str]:
    return {row["subject_id"]: row["reason"] for row in db.rows("SELECT * FROM erasure")}


# --- requests of whoever withdraws -----------------------------------------------------------------------------------------


def test_the_words_of_their_requests_go_but_for_an_open_one_that_is_to_be_answered(db: Database) -> None:
    person = named(db)
    asked, _ = requests.add(db, "路灯不亮", person_id=person.id)
    over, _ = requests.add(db, "充电口不足", person_id=person.id, contact="13800001234")
    requests.step(db, over.id, RequestState.REPLIED, note="加了八个")
    requests.step(db, over.id, RequestState.TOLD, verdict=Verdict.FIXED)
    answer, _ = requests.add(db, "工资没发", person_id=person.id, contact="13800001234")
    other, _ = requests.add(db, "别人的事")
    before = requests.counts(db)
    people.erase(db, person.id)
    for gone in (asked, over):
        found = requests.get(db, gone.id)
        assert (found.text, found.contact, found.forgotten) == ("", "", True)
        assert all(step.note == "" for step in found.steps)
    kept = requests.get(db, answer.id)
    assert (kept.text, kept.contact, kept.forgotten) == ("工资没发", "13800001234", False)
    assert requests.get(db, other.id).text == "别人的事"
    assert requests.counts(db) == before
    assert reasons(db) == {person.id: "withdrawn", asked.id: "withdrawn", over.id: "withdrawn"}
    assert audit.check(db) == []


def test_what_was_kept_to_be_answered_goes_the_day_after_whatever_the_records_say(db: Database, clock: Clock) -> None:
    person = named(db)
    request, _ = requests.add(db, "工资没发", person_id=person.id, contact="13800001234")
    people.erase(db, person.id)
    requests.step(db, request.id, RequestState.REPLIED, note="发了")
    requests.step(db, request.id, RequestState.TOLD, verdict=Verdict.FIXED)
    assert retention.forget_due(db)[0].requests == 0, "a slip of the finger is taken back today"
    clock.forward(days=1)
    done, _ = retention.forget_due(db)
    assert (done.requests, done.held_back) == (1, "records"), "no time has to pass for somebody who withdrew"
    assert requests.get(db, request.id).forgotten


def test_whoever_is_forgotten_by_time_leaves_their_requests_to_their_own_time(db: Database, clock: Clock) -> None:
    person = named(db)
    request, _ = requests.add(db, "路灯不亮", person_id=person.id)
    for _ in range(370):
        clock.forward(days=1)
        visits.tally(db, Occupation.OTHER)
    assert retention.forget_due(db)[0].people == 1
    assert requests.get(db, request.id).text == "路灯不亮"


def test_nobody_is_forgotten_twice(db: Database) -> None:
    person = named(db)
    people.erase(db, person.id)
    with pytest.raises(UserMistake):
        people.erase(db, person.id)
    assert len(reasons(db)) == 1


# --- what was never wanted -------------------------------------------------------------------------------------------------


def test_an_undone_registration_is_forgotten_and_the_district_hears_of_it(db: Database) -> None:
    person, changes = people.register(db, Occupation.RIDER, "美团", "李志强", "13800001234", Consent.DISTRICT)
    secret = key(db, person.id)
    history.undo(db, changes.operation)
    assert subjects.key_of(db, person.id) is None
    assert reasons(db) == {person.id: "undo"}
    assert db.one("SELECT 1 FROM identity WHERE name_sealed IS NOT NULL OR phone_sealed IS NOT NULL") is None
    assert holds(db.path, db.key, secret, b"lizhiqiang") == set()
    assert audit.check(db) == []


def test_an_undone_nameless_badge_leaves_nothing_to_forget(db: Database) -> None:
    _, changes = people.register(db, Occupation.RIDER)
    history.undo(db, changes.operation)
    assert reasons(db) == {}


def test_an_undone_roster_is_forgotten_and_may_come_again(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "名册.csv"
    file.write_text("姓名,人员类别,同意告知书\n赵丽,骑手,是\n周凯,快递员,否\n", "utf-8")
    sheet = rosters.read_sheet(file, rosters.PEOPLE)
    plan = rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))
    _, changes = people.import_roster(db, plan)
    history.undo(db, changes.operation)
    assert db.rows("SELECT * FROM subject_key") == []
    assert list(reasons(db).values()) == ["undo"]
    assert people.import_roster(db, plan)[0].taken == 2
    assert [one.name for one in people.find(db, "赵丽")] == ["赵丽"]


def test_an_undone_name_is_forgotten_the_badge_stays_and_another_name_is_welcome(db: Database) -> None:
    person, _ = people.register(db, Occupation.RIDER)
    _, changes = people.change(db, person.id, name="李志强", consent=Consent.STATION)
    history.undo(db, changes.operation)
    assert (subjects.key_of(db, person.id), reasons(db)) == (None, {})
    assert people.get(db, person.id).badge_code == person.badge_code
    _, changes = people.change(db, person.id, name="赵丽", consent=Consent.STATION)
    assert people.get(db, person.id).name == "赵丽"
    second = key(db, person.id)
    history.undo(db, changes.operation)
    assert subjects.key_of(db, person.id) is None
    assert holds(db.path, db.key, second) == set()
    assert audit.check(db) == []


def test_an_undone_change_of_a_name_forgets_nothing(db: Database) -> None:
    person = named(db)
    _, changes = people.change(db, person.id, name="李志刚")
    history.undo(db, changes.operation)
    assert people.get(db, person.id).name == "李志强"
    assert reasons(db) == {}


def test_an_undone_request_is_forgotten(db: Database) -> None:
    request, changes = requests.add(db, "路灯不亮", contact="13800001234")
    assert key(db, request.id)
    history.undo(db, changes.operation)
    assert (reasons(db), subjects.key_of(db, request.id)) == ({request.id: "undo"}, None)
    assert audit.check(db) == []


# --- gone from the file ----------------------------------------------------------------------------------------------------


def test_the_pages_are_read_as_they_are() -> None:
    """FIPS 197, appendix C.3."""
    block = Cipher(bytes(range(32))).decrypt(bytes.fromhex("8ea2b7ca516745bfeafc49904b496089"), bytes(16))
    assert block == bytes.fromhex("00112233445566778899aabbccddeeff")


TOKENS = (b"lizhiqiang",)
"""How the index spells a name; it shares the beginnings of words, so that not every word stands there whole."""


def withdrawn(db: Database) -> set[bytes]:
    """What of a person and a request is still in the file, its log and its free pages once they were forgotten."""
    person = named(db)
    request, _ = requests.add(db, "路灯不亮", person_id=person.id)
    people.change(db, person.id, name="李志强强")
    people.register(db, Occupation.COURIER, "", "赵丽", "", Consent.STATION)
    secrets = (key(db, person.id), key(db, request.id))
    assert holds(db.path, db.key, *secrets, *TOKENS) == {*secrets, *TOKENS}, "it would be found"
    people.erase(db, person.id)
    return holds(db.path, db.key, *secrets, *TOKENS)


def test_no_page_holds_the_key_or_the_name_of_whoever_was_forgotten(db: Database) -> None:
    assert withdrawn(db) == set()
    assert people.find(db, "赵丽")


@pytest.mark.parametrize("removed", ["rinse", "merge", "secure_delete"])
def test_without_each_of_its_protections_something_stays(
    db: Database, removed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if removed == "rinse":
        monkeypatch.setattr(Database, "_rinse", lambda _db: None)
    elif removed == "merge":
        monkeypatch.setattr(search, "merge", lambda _tx: None)
    else:
        db._writer.execute("PRAGMA secure_delete=OFF").fetchall()
    assert withdrawn(db) != set()


def test_a_log_that_is_being_read_is_emptied_after_the_next_operation(db: Database) -> None:
    person = named(db)
    secret = key(db, person.id)
    checker = database._reader(db.path, db.key)  # a check of the whole file that is under way
    checker.execute("BEGIN")
    checker.execute("SELECT count(*) FROM visit").fetchone()
    visits.tally(db, Occupation.OTHER)
    people.erase(db, person.id)
    assert db._stained
    assert holds(db.path, db.key, secret) == {secret}
    checker.execute("COMMIT")
    checker.close()
    visits.tally(db, Occupation.OTHER)
    assert not db._stained
    assert holds(db.path, db.key, secret) == set()
    assert reports.period(db, "2026-07-17", "2026-07-17").person_times == 2
