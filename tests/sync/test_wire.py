"""The rows that cross: alike with the schema, one spelling each, bounded."""

from __future__ import annotations

import itertools
import json
import random
from enum import StrEnum
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
import sqlite_utils
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app import model, schema
from station_app.errors import Bug, Refused
from station_app.sync import wire
from station_app.sync.strict import canonical
from tests.sync.made import day, refusal, row, share, visits

GOOD = wire.line(wire.typed("visit", next(iter(visits(1)))))


def test_types_and_schema_are_alike():
    db = sqlite_utils.Database(memory=True)
    schema._ledgers_1(db)
    assert tuple(wire.TABLES) == schema.LEDGERS
    for name, kind in wire.TABLES.items():
        fields = {field.name: field for field in msgspec.structs.fields(kind)}
        columns = {column.name: column for column in db.table(name).columns}
        assert fields.keys() == columns.keys(), name
        demanded = {column for column, told in columns.items() if told.notnull or told.is_pk}
        assert demanded == {field for field, told in fields.items() if told.required}, name
    db.close()


def _literals(kind: Any) -> set[str]:
    return {
        text for text in (*get_args(kind), *itertools.chain(*map(get_args, get_args(kind)))) if isinstance(text, str)
    }


@pytest.mark.parametrize(
    ("codes", "table", "column"),
    [
        (model.Occupation, "visit", "occupation"),
        (model.Occupation, "person", "occupation"),
        (model.Recorded, "visit", "recorded"),
        (model.Amenity, "amenity_use", "amenity"),
        (model.Mood, "feedback", "mood"),
        (model.ItemKind, "item", "kind"),
        (model.MovementKind, "movement", "kind"),
        (model.RequestKind, "request", "kind"),
        (model.Channel, "request", "channel"),
        (model.Channel, "request_voice", "channel"),
        (model.Urgency, "request", "urgency"),
        (model.RequestState, "request_step", "state"),
        (model.Verdict, "request_step", "verdict"),
        (model.Consent, "person", "consent"),
        (model.BadgeState, "badge", "state"),
        (model.Role, "keeper", "role"),
    ],
)
def test_every_code_of_the_house_crosses(codes: type[StrEnum], table: str, column: str):
    assert {code.value for code in codes} == _literals(get_type_hints(wire.TABLES[table])[column])


def test_rows_come_back_and_lines_are_canonical():
    for table, rows in day().items():
        lines = [spelled.rstrip(b"\n") for spelled in wire.encode(table, rows)]
        for spelled, given_row, back in zip(lines, rows, wire.decode(table, lines), strict=True):
            told = {name: column for name, column in given_row.items() if column is not None}
            assert spelled == canonical(told)
            assert {name: column for name, column in wire.plain(back).items() if column is not None} == told
            assert wire.typed(table, back) == back


SPOILED = {
    "a key twice": GOOD.replace(b'"hour":8', b'"hour":8,"hour":8'),
    "an unknown key": GOOD.replace(b'"hour":8', b'"hour":8,"hours":8'),
    "a column missing": GOOD.replace(b'"hour":8,', b""),
    "a NULL spelled out": GOOD.replace(b'"hour":8', b'"hour":8,"person_id":null'),
    "a space": GOOD.replace(b'"hour":8', b'"hour": 8'),
    "a fraction": GOOD.replace(b'"hour":8', b'"hour":8.0'),
    "not a number": GOOD.replace(b'"hour":8', b'"hour":NaN'),
    "an hour of no day": GOOD.replace(b'"hour":8', b'"hour":24'),
    "a negative count": GOOD.replace(b'"person_times":1', b'"person_times":-1'),
    "a count beyond 64 bits": GOOD.replace(b'"person_times":1', b'"person_times":99999999999999999999'),
    "version 0": GOOD.replace(b'"version":1', b'"version":0'),
    "an occupation unheard of": GOOD.replace(b'"rider"', b'"astronaut"'),
    "an id that is none": GOOD.replace(b'"id":"0198f3a2', b'"id":"../../etc'),
    "an id with a line feed": GOOD.replace(b'000064"', b'000064\\n"'),
    "month 13": GOOD.replace(b'"business_date":"2026-07', b'"business_date":"2026-13'),
    "digits of another script": GOOD.replace(b'"business_date":"2026', '"business_date":"２０２６'.encode()),
    "a time without offset": GOOD.replace(b"+08:00", b""),
    "a lone surrogate": GOOD.replace(b'"rider"', b'"\\ud800"'),
    "not UTF-8": GOOD.replace(b'"rider"', b'"\xff"'),
    "deep": b"[" * 50_000,
    "a list": b"[]",
    "nothing": b"",
}


@pytest.mark.parametrize("spelled", SPOILED.values(), ids=SPOILED.keys())
def test_a_spoiled_row_is_refused_by_table_and_line(spelled):
    assert spelled != GOOD
    with pytest.raises(Refused) as refused:
        list(wire.decode("visit", [GOOD, spelled]))
    assert refused.value.word == "sync_files.bad_row"
    assert refused.value.fields == {"table": "visit", "line": 2}


def test_unknown_tables_neither_cross_nor_are_read():
    assert refusal(lambda: list(wire.decode("sqlite_master", [GOOD]))) == "sync_files.unknown_table"
    with pytest.raises(Bug):
        list(wire.encode("secret", [{}]))


def test_a_row_the_other_side_would_refuse_is_a_bug_here_and_its_content_is_not_told():
    with pytest.raises(Bug) as bug:
        list(wire.encode("visit", [row(1, occupation="rider", hour=99, business_date="欧阳志强")]))
    assert "欧阳志强" not in str(bug.value)


def test_the_digest_knows_rows_not_their_order():
    rows = list(visits(40))
    shuffled = random.Random(7).sample(rows, len(rows))
    assert wire.digest("visit", rows) == wire.digest("visit", shuffled) != wire.digest("visit", rows[1:])
    assert wire.digest("visit", []) == wire.NO_ROWS
    changed = [*rows[1:], rows[0] | {"person_times": 9}]
    assert wire.digest("visit", changed) != wire.digest("visit", rows)


@given(st.data())
@settings(max_examples=share(3000))
def test_a_mutated_line_is_refused_or_spells_exactly_what_it_says(data):
    line = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line) - 1))
        line[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    spelled = bytes(line)
    try:
        found = list(wire.decode("visit", [spelled]))
    except Refused:
        return
    assert canonical(json.loads(spelled)) == spelled == wire.line(found[0])
