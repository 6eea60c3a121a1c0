"""Finding: surnames as they are read, middle dots, rare characters, any part, the best match first, one slip forgiven."""

from __future__ import annotations

import pytest

from station_app.db import Database
from station_app.model import Consent, Occupation, Person
from station_app.services import audit, history, people, search, visits
from tests.conftest import Clock

ASKED = {
    "欧阳志强": ["欧阳", "志强", "ouyangzhiqiang", "oyzq", "zhiqiang", "ouyang zhiqiang"],
    "单小英": ["shanxiaoying", "sxy", "shan", "单"],
    "曾国华": ["zengguohua", "zgh", "zeng"],
    "仇海燕": ["qiuhaiyan", "qhy"],
    "解小军": ["xiexiaojun", "xxj"],
    "查良": ["zhaliang", "zl"],
    "买买提·艾力": ["买买提艾力", "买买提·艾力", "艾力", "maimaitiaili"],
    "张𬭎龑": ["𬭎", "龑", "张𬭎", "zhang"],
    "尉迟㛃": ["yuchi", "尉迟", "㛃"],
    "单于朔": ["chanyu", "chanyushuo"],
    "万俟雪": ["moqi", "mqx"],
}


def named(db: Database, name: str, phone: str = "", occupation: Occupation = Occupation.RIDER) -> Person:
    return people.register(db, occupation, "", name, phone, Consent.STATION)[0]


@pytest.fixture
def crowd(db: Database) -> dict[str, Person]:
    return {name: named(db, name, f"1991100{number:04d}") for number, name in enumerate(ASKED, 6031)}


def test_whoever_is_meant_is_found_by_any_part(db: Database, crowd: dict[str, Person]) -> None:
    for name, asked in ASKED.items():
        for text in asked:
            assert crowd[name].id in [one.id for one in people.find(db, text)], (name, text)
    for person in crowd.values():
        for text in (person.card_number, person.card_number[1:5], person.phone, person.phone[-4:], person.phone[3:9]):
            assert person.id in [one.id for one in people.find(db, text)], (person.name, text)


def test_the_whole_comes_before_what_begins_so_and_that_before_the_rest(db: Database, clock: Clock) -> None:
    inside, begins, whole = named(db, "王李志"), named(db, "李志强"), named(db, "李志")
    for person in (whole, begins, inside):  # the other way round by who came last
        visits.check_in(db, person.badge_code)
        clock.forward(minutes=20)
    for text in ("李志", "lizhi"):
        assert [one.id for one in people.find(db, text)] == [whole.id, begins.id, inside.id], text


@pytest.mark.parametrize(
    "slip",
    [
        "ouyangzhiqang", "ouyangzhiqiangg", "ouyangzhiqinag", "auyangzhiqiang", "ouyangzhiqiamg",
        "欧阳志墙", "欧洋志强", "欧阳自强", "欧阳志国",
    ],
)  # fmt: skip
def test_one_slip_is_forgiven(db: Database, crowd: dict[str, Person], slip: str) -> None:
    assert [one.name for one in people.find(db, slip)] == ["欧阳志强"]


def test_a_slip_in_a_number_is_forgiven(db: Database, crowd: dict[str, Person]) -> None:
    person = crowd["单小英"]
    wrong = str((int(person.phone[5]) + 1) % 10)
    assert [one.id for one in people.find(db, person.phone[:5] + wrong + person.phone[6:])] == [person.id]
    card = person.card_number
    slipped = card[:2] + str((int(card[2]) + 1) % 10) + card[3:]
    assert person.id in [one.id for one in people.find(db, slipped)]


def test_two_slips_are_somebody_else(db: Database, crowd: dict[str, Person]) -> None:
    assert people.find(db, "ouyyngzhiqagg") == []
    assert people.find(db, "zz") == []


def test_the_newest_of_many_come_first(db: Database, clock: Clock) -> None:
    """More match than are sorted: they are met in the order in which they came."""
    with db.transact(people.Op.IMPORT_PEOPLE) as tx:
        for number in range(450):
            people.write(tx, Occupation.RIDER, "", f"李{chr(0x4E00 + number)}", "", Consent.STATION)
    ids = people.ids(db)
    chosen = [ids[7], ids[300], ids[120]]
    for person_id in chosen:
        visits.check_in_person(db, person_id)
        clock.forward(minutes=20)
    assert [one.id for one in people.find(db, "李", 3)] == chosen[::-1]
    assert [one.id for one in people.find(db, "li", 3)] == chosen[::-1]


@pytest.mark.parametrize("crowd_at", [search.CROWD, 100], ids=["listed", "by what the entries hold"])
def test_one_or_two_signs_that_hundreds_fit_find_the_best_first(
    db: Database, clock: Clock, crowd_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the matches are listed or the entries asked, the answer is the same: the whole, then what begins so, then the rest."""
    monkeypatch.setattr(search, "CROWD", crowd_at)
    with db.transact(people.Op.IMPORT_PEOPLE) as tx:
        for number in range(450):
            people.write(tx, Occupation.RIDER, "", f"王小{chr(0x4E00 + number)}", f"1391100{number:04d}", Consent.STATION)
    inside, whole = named(db, "李王小"), named(db, "王小")
    for person in (whole, inside):
        visits.check_in(db, person.badge_code)
        clock.forward(minutes=20)
    for text in ("王小", "wx", "wangxiao"):
        assert people.find(db, text, 500)[0].id == whole.id, text
    assert people.find(db, "王小", 500)[-1].id == inside.id
    assert len(people.find(db, "王小", 500)) == 452
    assert [one.id for one in people.find(db, "王", 2)] == [one.id for one in people.find(db, "w", 2)] == [inside.id, whole.id]
    assert {one.name for one in people.find(db, "w x", 500)} == {one.name for one in people.find(db, "王 小", 500)}
    assert len(people.find(db, "13", 500)) >= 450
    assert len(people.find(db, "11", 20)) == 20
    assert people.find(db, "vv", 20) == []


def test_what_the_entries_hold_is_how_the_words_begin() -> None:
    held = search.heads(search.tokens("王小", "13800000021", "100007"))
    assert {"=wx", "=王小", "^王小", "^wa", "^13", "^00", "^10"} <= {held[i : i + 3] for i in range(len(held))}
    assert " wa" in held
    assert " 小" in held
    assert " xi" in held
    assert "=小" not in held


def test_lists_are_sorted_by_what_the_entries_keep(db: Database, crowd: dict[str, Person], clock: Clock) -> None:
    _, changes = visits.check_in(db, crowd["查良"].badge_code)
    assert people.ids(db, None, "visits")[0] == crowd["查良"].id
    assert audit.check(db) == []
    assert changes is not None
    history.undo(db, changes.operation)
    people.change(db, crowd["单小英"].id, platform="阿里")
    assert people.ids(db, None, "platform")[0] == crowd["单小英"].id
    assert audit.check(db) == []
