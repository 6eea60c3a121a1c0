"""``check`` finds what was bent: each kind of damage is done behind the services' back and has to be named."""

from __future__ import annotations

import pytest

from station_app.db import Database
from station_app.model import Consent, ItemKind, Occupation
from station_app.services import audit, people, requests, supplies, visits


@pytest.fixture
def day(db: Database) -> Database:
    person, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "", Consent.STATION)
    visits.check_in(db, person.badge_code)
    item, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, item.id, 5)
    supplies.hand_out(db, item.id, person_id=person.id)
    requests.add(db, "充电口不足")
    return db


def bend(db: Database, sql: str) -> None:
    """Write past the log, as a broken program or a curious hand would."""
    db._writer.execute(sql)


def test_an_honest_day_has_no_problems(day: Database) -> None:
    assert audit.check(day) == []


@pytest.mark.parametrize(
    ("damage", "word"),
    [
        ("UPDATE visit SET person_times = 3", "audit.row_differs"),
        ("UPDATE visit SET hour = 3", "audit.visit_day"),
        ("UPDATE visit SET business_date = '2026-07-16'", "audit.visit_day"),
        ("UPDATE visit SET person_id = 'nobody'", "audit.visit_nobody"),
        ("UPDATE handout SET quantity = 2", "audit.handout_unmoved"),
        ("DELETE FROM movement WHERE kind = 'handout'", "audit.row_gone"),
        ("DELETE FROM change WHERE table_name = 'visit'", "audit.row_without_log"),
        ("UPDATE change SET version = 7 WHERE table_name = 'visit'", "audit.log_broken"),
        ("UPDATE change SET before = '{}' WHERE table_name = 'visit'", "audit.log_broken"),
        ("UPDATE movement SET delta = -9 WHERE kind <> 'handout'", "audit.stock_below_zero"),
        ("DELETE FROM person_entry", "audit.search"),
        ("DELETE FROM request_step", "audit.request_stepless"),
        (
            "INSERT INTO batch(no, closed, first_sequence, last_sequence, row_count, hash, body) VALUES(2, 'x', 1, 2, 1, 'h', x'00')",
            "audit.batch_gap",
        ),
    ],
)
def test_each_damage_is_named(day: Database, damage: str, word: str) -> None:
    bend(day, damage)
    assert word in {problem.word for problem in audit.check(day)}
