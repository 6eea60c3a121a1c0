"""A watched folder: files as others leave them there, half copied, doubled, hostile; a kill between any two steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, store, watch
from station_app.errors import EnvironmentFault
from station_app.model import Occupation
from station_app.services import exchange, visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import Clock


class Killed(BaseException):
    """The process ends here, whatever it was at."""


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that others fill and one they fetch from."""
    folders = tmp_path / "incoming", tmp_path / "answers"
    for folder in folders:
        folder.mkdir()
    return folders


def sent(station: Database, folder: Path, clock: Clock) -> Path:
    """An export that was left alone for a while."""
    visits.tally(station, Occupation.RIDER, 1)
    file = outbox.export(station, folder)[0].path
    settle(file, clock)
    return file


def settle(file: Path, clock: Clock) -> None:
    left = clock().timestamp() - 60
    os.utime(file, (left, left))


def looked(district: Database, shared: tuple[Path, Path], opener: Opener) -> list[watch.Outcome]:
    return list(watch.look(district, *shared, opener))


def apply(station: Database, pack: Path, opener: Opener) -> inbox.Applied:
    return inbox.apply(station, inbox.look(station, pack, opener)[0])[0]


def test_a_file_is_taken_in_once_and_its_answer_left(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock
) -> None:
    file = sent(station, shared[0], clock)
    [outcome] = looked(district, shared, opener)
    assert outcome.received is not None
    assert outcome.answer is not None
    assert looked(district, shared, opener) == []
    assert file.exists()
    assert apply(station, outcome.answer, opener).receipted == 1
    sent(station, shared[0], clock)
    [second] = looked(district, shared, opener)
    assert list(shared[1].iterdir()) == [second.answer]  # the one before says nothing more
    assert second.answer is not None
    assert apply(station, second.answer, opener).receipted == 1
    assert exchange.status(station).packed == 0


def test_a_file_still_being_copied_is_left_alone(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    whole = sent(station, tmp_path, clock)
    half = shared[0] / whole.name
    half.write_bytes(whole.read_bytes()[:400])
    now = clock().timestamp()
    os.utime(half, (now, now))
    assert looked(district, shared, opener) == []
    settle(half, clock)
    [outcome] = looked(district, shared, opener)
    assert outcome.refused is not None  # it stopped in the middle
    assert looked(district, shared, opener) == []  # said once
    shutil.copy2(whole, half)
    [outcome] = looked(district, shared, opener)
    assert outcome.received is not None


def test_a_hostile_file_does_not_hold_back_the_others(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock
) -> None:
    bad = shared[0] / "AA-20260717-0001.batch"
    bad.write_bytes(b"age-encryption.org/v1\n" + bytes(5000))
    settle(bad, clock)
    sent(station, shared[0], clock)
    refused, taken = looked(district, shared, opener)
    assert (refused.received, taken.refused) == (None, None)


def test_a_folder_that_went_away_is_an_error_and_an_answer_that_failed_comes_again(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock
) -> None:
    sent(station, shared[0], clock)
    shared[1].rmdir()
    [outcome] = looked(district, shared, opener)
    assert outcome.received is not None
    assert isinstance(outcome.unanswered, EnvironmentFault)
    shared[1].mkdir()
    [outcome] = looked(district, shared, opener)
    assert outcome.received is not None
    assert (outcome.received.fresh, outcome.received.known) == (0, 1)
    assert outcome.answer is not None
    shutil.rmtree(shared[0])
    with pytest.raises(EnvironmentFault):
        looked(district, shared, opener)


def _before(name: str) -> Callable[[pytest.MonkeyPatch], None]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        def killed(*_args: object, **_more: object) -> None:
            raise Killed

        monkeypatch.setattr(watch, name, killed)

    return patch


@pytest.mark.parametrize("step", ["_done", "_answer", "_note"])
def test_killed_between_any_two_steps_nothing_is_lost_or_doubled(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock,
    monkeypatch: pytest.MonkeyPatch, step: str,
) -> None:  # fmt: skip
    sent(station, shared[0], clock)
    with monkeypatch.context() as patched:
        _before(step)(patched)
        with pytest.raises(Killed):
            looked(district, shared, opener)
    [outcome] = looked(district, shared, opener)
    assert outcome.answer is not None
    assert apply(station, outcome.answer, opener).receipted == 1
    assert district.scalar("SELECT sum(person_times) FROM visit WHERE void_reason IS NULL") == 1
    assert looked(district, shared, opener) == []


def test_noting_before_answering_would_lose_the_answer(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The order is what protects: noted first, a kill leaves a file that nobody ever answers."""
    sent(station, shared[0], clock)
    true = watch._answer

    def noted_first(db: Database, code: str, answers: Path) -> Path:
        for file in shared[0].iterdir():
            mark = watch._mark(file)
            assert mark is not None
            watch._note(db, mark, watch.Outcome(file))
        raise Killed

    monkeypatch.setattr(watch, "_answer", noted_first)
    with pytest.raises(Killed):
        looked(district, shared, opener)
    monkeypatch.setattr(watch, "_answer", true)
    assert looked(district, shared, opener) == []
    assert list(shared[1].iterdir()) == []


def test_answers_of_other_stations_stay(
    station: Database, district: Database, shared: tuple[Path, Path], opener: Opener, clock: Clock
) -> None:
    other = shared[1] / f"{district.meta('district_code')}-ZZ-0001.pack"
    other.write_bytes(b"somebody else's")
    sent(station, shared[0], clock)
    looked(district, shared, opener)
    assert other.exists()
    assert [one.code for one in store.stations(district)] == ["YQ"]
    assert answer.pack(district, "YQ", shared[1])[0].path.exists()
