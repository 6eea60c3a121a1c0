"""Names, numbers and searches that were made to do harm: found as they are, or refused, and never obeyed."""

from __future__ import annotations

import pytest

from station_app.db import Database
from station_app.errors import Refused, StationError, UserMistake
from station_app.model import Consent, Occupation
from station_app.services import audit, badges, people, requests, search, supplies

WILD = [
    "'; DROP TABLE person; --", '" OR 1=1 --', "a* OR b", 'NEAR("a" "b")', "name:李", "-李", "^李", "李" * 5000, "%", "_", "*", '"', "\x00",
    "\\", "(", "{a b}", "李\u202e志强", "\u200b", "AND", "NOT", "1 AND", "🧋", "𬭎㛃龑", "e\u0301",
]  # fmt: skip


@pytest.mark.parametrize("text", WILD, ids=range(len(WILD)))
def test_whatever_is_searched_finds_people_or_nobody(db: Database, text: str) -> None:
    people.register(db, Occupation.RIDER, "飞鹿外卖", "李志强", "19911000000", Consent.STATION)
    request, _ = requests.add(db, "充电口不足")
    assert [person.name for person in people.find(db, text)] in ([], ["李志强"])
    assert requests.find(db, text) in ([], [request])
    for ask in (
        lambda: badges.resolve(db, text),
        lambda: requests.by_number(db, text),
        lambda: supplies.named(db, text),
    ):
        with pytest.raises(StationError):
            ask()
    assert people.count(db) == 1
    assert audit.check(db) == []


def test_a_name_keeps_nothing_that_nobody_sees(db: Database) -> None:
    person, _ = people.register(db, Occupation.RIDER, "", "李\u202e志\x1b[2J强\x00\u200b", "", Consent.STATION)
    assert person.name == "李志[2J强"
    assert people.find(db, "李志")[0].id == person.id


def test_a_name_beyond_all_measure_is_refused(db: Database) -> None:
    with pytest.raises(UserMistake):
        people.register(db, Occupation.RIDER, "", "李" * 61, "", Consent.STATION)


@pytest.mark.parametrize("digits", ["０" * 22, "1" * 22, "1" * 100_000, "²" * 6, "٣" * 6, "-1", "1e5"])
def test_digits_that_are_no_badge_open_nothing(db: Database, digits: str) -> None:
    with pytest.raises(Refused):
        badges.resolve(db, digits)


def test_the_index_says_every_word_as_a_word() -> None:
    assert search.plain('a" OR "b') == "aorb"
