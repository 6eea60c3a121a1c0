"""The two hands of the window: results on the GUI thread, errors told, the newest answer, a way to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from station_app.db import Database
from station_app.errors import Cancelled, Refused, StationError
from station_app.model import Changes, Occupation
from station_app.services import visits
from station_app.ui.jobs import Jobs, Progress


@pytest.fixture
def jobs(db: Database, qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs(db)
    yield made
    made.close()


def settle(qtbot: QtBot, jobs: Jobs) -> None:
    qtbot.waitUntil(lambda: jobs.idle)


def test_an_operation_tells_its_record_and_then_everybody_its_changes(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[object] = []
    jobs.changed.connect(lambda changes: told.append(changes.tables))
    jobs.run(lambda db: visits.tally(db, Occupation.RIDER), lambda visit: told.append(visit.occupation))
    settle(qtbot, jobs)
    assert told == [Occupation.RIDER, frozenset({"visit"})]


def test_work_is_done_elsewhere_and_answers_arrive_here(jobs: Jobs, qtbot: QtBot) -> None:
    here = threading.get_ident()
    seen: list[int] = []
    jobs.read(lambda _db: threading.get_ident(), lambda there: seen.extend((there, threading.get_ident())))
    settle(qtbot, jobs)
    assert seen[0] != here
    assert seen[1] == here


def test_an_error_goes_to_whoever_takes_it_else_to_the_window(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[str] = []
    jobs.failed.connect(lambda error: told.append("window " + error.word))

    def refuse(_db: Database) -> Changes:
        raise Refused("badges.unknown")

    jobs.run(refuse)
    jobs.run(refuse, None, lambda error: told.append("page " + error.word))
    settle(qtbot, jobs)
    assert told == ["window badges.unknown", "page badges.unknown"]


def test_a_fault_of_ours_is_not_swallowed(jobs: Jobs, qtbot: QtBot) -> None:
    faults: list[BaseException] = []
    jobs.broken.connect(faults.append)
    jobs.run(lambda _db: 1 / 0)  # type: ignore[arg-type, return-value]
    settle(qtbot, jobs)
    assert isinstance(faults[0], ZeroDivisionError)


def test_of_reads_with_one_key_only_the_newest_is_told(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[int] = []
    for number in range(20):
        jobs.read(lambda _db, number=number: number, told.append, key="search")
    settle(qtbot, jobs)
    assert told == [19]


def test_what_is_read_arrives_whole(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[object] = []
    jobs.read(lambda _db: ("a name", None), told.append)
    settle(qtbot, jobs)
    assert told == [("a name", None)]


def test_a_long_task_tells_how_far_it_is_and_stops_when_asked(jobs: Jobs, qtbot: QtBot) -> None:
    begun, go_on = threading.Event(), threading.Event()
    told: list[tuple[int, int]] = []
    ends: list[StationError] = []

    def work(_db: Database, progress: Progress) -> None:
        progress(1, 10)
        begun.set()
        go_on.wait(10)
        progress(2, 10)

    progress = jobs.run_long(work, lambda done, total: told.append((done, total)), None, ends.append)
    assert begun.wait(10)
    progress.cancel()
    go_on.set()
    settle(qtbot, jobs)
    assert told == [(1, 10)]
    assert isinstance(ends[0], Cancelled)


def test_twenty_thousand_signals_from_another_thread(jobs: Jobs, qtbot: QtBot) -> None:
    """PySide6 6.12.0 aborts after some 570 of them on Python 3.11 (decision 002)."""
    count = 0

    def one(_answer: object) -> None:
        nonlocal count
        count += 1

    for _ in range(20_000):
        jobs.read(lambda _db: None, one)
    qtbot.waitUntil(lambda: jobs.idle, timeout=120_000)
    assert count == 20_000


def test_closing_finishes_what_is_under_way(db: Database, qtbot: QtBot) -> None:
    made = Jobs(db)
    for _ in range(50):
        made.run(lambda db: visits.tally(db, Occupation.RIDER))
    made.close()
    assert visits.today(db, "2026-07-17").person_times == 50
