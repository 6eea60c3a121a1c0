"""Batches and files of bounded size, whole rows as a last resort, digests that both sides compare."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, desk, store
from station_app.model import Occupation, Op, RequestState
from station_app.schema import LEDGERS
from station_app.services import audit, exchange, history, people, visits
from station_app.sync import carry, closing, inbox, outbox, wire
from station_app.sync.opening import Opener
from tests.district.test_loop import a_day, answered, everything, same_totals, take


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of at most four changes, files of at most two batches."""
    monkeypatch.setattr(closing, "MOST_ROWS", 4)
    monkeypatch.setattr(outbox, "MOST_BATCHES", 2)


def test_much_is_closed_in_several_batches_and_files(station: Database, district: Database, stick: Path, opener: Opener, small) -> None:
    for _ in range(3):
        a_day(station)
    exported, changes = outbox.export(station, stick)
    lines = exchange.batches(station)
    assert exported.batches == tuple(range(1, len(lines) + 1))
    assert changes.rows["batch"] == tuple(map(str, exported.batches))
    assert max(line.row_count for line in lines) <= 4
    count = len(exported.paths)
    assert count == -(-len(lines) // 2) > 2
    assert [path.name for path in exported.paths] == [
        f"YQA-20260717-{len(lines):04d}-{number}of{count}.batch" for number in range(1, count + 1)
    ]
    assert carry.find_batches(stick) == sorted(exported.paths)
    assert exported.rows == sum(line.row_count for line in lines)
    assert audit.check(station) == []


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[:6])
def test_files_of_one_export_are_taken_in_any_order(
    station: Database, district: Database, stick: Path, opener: Opener, monkeypatch: pytest.MonkeyPatch, order: tuple[int, ...]
) -> None:
    monkeypatch.setattr(closing, "MOST_ROWS", 3)
    monkeypatch.setattr(outbox, "MOST_BATCHES", 2)
    number = a_day(station)
    paths = outbox.export(station, stick)[0].paths
    assert len(paths) == 3
    for place in order:
        assert take(district, paths[place], opener).fresh > 0
    same_totals(station, district)
    held = desk.status(district)[0].held
    assert (held.missing, held.forks, held.rewritten, held.agrees) == ((), (), (), True)
    person = people.find(station, "李志强")[0]
    assert store.may_know(district, person.id, store.stores_of(district, store.by_code(district, "YQ").station_id))
    keys = {row["subject_id"] for row in district.rows("SELECT subject_id FROM subject_key")}
    assert {row["subject_id"] for row in station.rows("SELECT subject_id FROM subject_key")} == keys
    assert answer.by_number(district, number).text == "充电口不足"
    assert answered(station, district, stick, opener).differs == ()


def test_one_operation_larger_than_a_batch_is_cut(station: Database) -> None:
    with station.transact(Op.TALLY) as tx:
        for _ in range(30):
            tx.put("visit", {"time": tx.stamp.time, "business_date": tx.stamp.business_date, "hour": 8, "occupation": "rider",
                             "person_times": 1, "recorded": "tally"})  # fmt: skip
    before = exchange.newest_sequence(station)
    edge, ends = 0, []
    while (end := exchange.span_end(station, edge, 5000, 2000)) > edge:
        ends.append(end)
        edge = end
    assert edge == before
    assert len(ends) > 2


# --- snapshots ---------------------------------------------------------------------------------------------------------------


def lose(db: Database, no: int) -> None:
    """A batch's bytes are lost at the station and on every stick: its number never comes."""
    with db.transact(Op.CLOSE_BATCH, lost=no) as tx:
        tx.run("UPDATE batch SET receipted = 'x' WHERE no = ?", (no,))


def test_a_snapshot_mends_a_gap_that_cannot_be_filled(
    station: Database, district: Database, stick: Path, opener: Opener, small, clock
) -> None:
    a_day(station)
    outbox.close_batch(station)
    lost = [no for no, _ in exchange.unconfirmed(station)]
    for no in lost:
        lose(station, no)
    visits.tally(station, Occupation.RIDER, 1)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert [no for _, no in desk.status(district)[0].held.missing] == lost
    with district.transact(Op.ENROL) as tx:
        store.ask_snapshot(tx, store.by_code(district, "YQ").station_id, True)
    written, _ = answer.pack(district, "YQ", stick)
    inbox.apply(station, inbox.look(station, written.path, opener)[0])
    for no in lost:
        lose(station, no)  # the receipt did not list them; they are gone all the same
    exported, _ = outbox.export(station, stick)
    for path in reversed(exported.paths):
        take(district, path, opener)
    held = desk.status(district)[0].held
    assert (held.missing, held.forks, held.agrees) == ((), (), True)
    same_totals(station, district)
    assert ours(district, station.store_id) == ours(station, station.store_id)
    assert not store.snapshot_asked(district, station.store_id)
    assert station.meta("snapshot_asked") == ""
    assert audit.check(station) == []
    assert answered(station, district, stick, opener).differs == ()


def ours(db: Database, store_id: str) -> list[list[dict[str, object]]]:
    return [
        [dict(row) for row in db.rows(f"SELECT * FROM {table} WHERE store_id = ? ORDER BY id", (store_id,))]
        for table in LEDGERS
    ]


def test_part_of_a_snapshot_mends_nothing(station: Database, district: Database, stick: Path, opener: Opener, small) -> None:
    a_day(station)
    outbox.close_batch(station)
    for no, _ in exchange.unconfirmed(station):
        lose(station, no)
    visits.tally(station, Occupation.RIDER, 1)
    numbers, _ = outbox.close_snapshot(station)
    assert len(numbers) > 2
    exported, _ = outbox.export(station, stick)
    take(district, exported.paths[-1], opener)
    assert desk.status(district)[0].held.missing != ()
    for path in exported.paths[:-1]:
        take(district, path, opener)
    assert desk.status(district)[0].held.missing == ()


def test_a_snapshot_adds_nothing_to_a_district_that_has_everything(
    station: Database, district: Database, stick: Path, opener: Opener
) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    before = everything(district)
    outbox.close_snapshot(station)
    done = take(district, outbox.export(station, stick)[0].path, opener)
    assert (done.fresh, done.rows, done.turned_down) == (1, 0, 0)
    assert everything(district) == before
    answered(station, district, stick, opener)
    assert exchange.status(station).packed == 0
    assert audit.check(station) == []


def test_the_districts_answers_are_not_sent_back_to_it(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    number = a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    answer.reply(district, number, RequestState.REPLIED, "加装")
    answered(station, district, stick, opener)
    outbox.close_snapshot(station)
    assert take(district, outbox.export(station, stick)[0].path, opener).turned_down == 0


# --- digests -------------------------------------------------------------------------------------------------------------------


def recomputed(db: Database, store_id: str) -> dict[str, tuple[int, str]]:
    found = {}
    for table in LEDGERS:
        rows = [dict(row) for row in db.rows(f"SELECT * FROM {table} WHERE store_id = ?", (store_id,))]
        if rows:
            found[table] = (len(rows), wire.digest(table, rows))
    return found


def test_digests_are_kept_as_if_counted_anew(station: Database, district: Database, stick: Path, opener: Opener, small) -> None:
    for _ in range(2):
        a_day(station)
        visit, _ = visits.tally(station, Occupation.RIDER, 2)
        outbox.close_batch(station)
        visits.set_count(station, visit.id, 5)
        line = history.last_undoable(station)
        assert line is not None
        history.undo(station, line.operation)
        for path in outbox.export(station, stick)[0].paths:
            take(district, path, opener)
    assert exchange.digests(station, station.store_id) == recomputed(station, station.store_id)
    assert exchange.digests(district, station.store_id) == recomputed(district, station.store_id)
    assert exchange.digests(district, station.store_id) == exchange.digests(station, station.store_id)


def test_a_row_that_differs_shows_on_both_sides(station: Database, district: Database, stick: Path, opener: Opener) -> None:
    a_day(station)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert answered(station, district, stick, opener).differs == ()
    with district.transact(Op.TAKE_IN) as tx:  # a row lost at the district, its digest with it
        row = dict(district.rows("SELECT * FROM visit LIMIT 1")[0])
        tx.run("DELETE FROM visit WHERE id = ?", (row["id"],))
        exchange.add_digests(tx, {(station.store_id, "visit"): (-1, -exchange.digest_of(row))})
    assert answered(station, district, stick, opener).differs == ("visit",)
    visits.tally(station, Occupation.RIDER, 1)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert desk.status(district)[0].held.agrees is False


def test_digests_of_what_the_district_lacks_are_not_compared(
    station: Database, district: Database, stick: Path, opener: Opener, small
) -> None:
    a_day(station)
    paths = outbox.export(station, stick)[0].paths
    take(district, paths[-1], opener)
    assert desk.status(district)[0].held.agrees is None
    assert answered(station, district, stick, opener).differs is None


def test_a_count_of_rows_that_does_not_fit_the_batches_is_found(station: Database) -> None:
    a_day(station)
    with station.transact(Op.SETTING, by_itself=True, name="x") as tx:
        exchange.add_digests(tx, {(station.store_id, "visit"): (1, 1)})
    assert exchange.digests(station, station.store_id)["visit"][0] == 1
    outbox.close_batch(station)
    assert "audit.digest_differs" in {problem.word for problem in audit.check(station)}


def test_an_image_is_spelled_as_it_crosses(station: Database) -> None:
    odd = "".join(map(chr, range(0x300))) + "\u2028\u2029\ud7ff\ue000\U0001f600\"\\/"
    row = dict(station.rows("SELECT * FROM station")[0]) | {"name": odd[:200]}
    for start in range(0, len(odd), 200):
        row["name"] = odd[start : start + 200]
        assert exchange.digest_of(row) == wire.line_sum(wire.typed("station", row))
