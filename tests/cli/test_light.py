"""Codes and photographs, a watched folder and the data package by the command line, between a station and a district."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from station_app.district import store
from station_app.services import stations
from station_app.sync import outbox
from tests.cli.conftest import call
from tests.conftest import CHEAP, PASSWORD


@pytest.fixture
def district(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A district in the next folder that the station knows, and that knows it."""
    place, stick = tmp_path / "district", tmp_path / "stick"
    stick.mkdir()
    monkeypatch.setenv("STATION_PASSWORD", PASSWORD)
    db = stations.open_station(folder, PASSWORD)
    code = stations.current(db).district_code
    made = store.set_up(place, code, "云桥区", "", PASSWORD, cost=CHEAP)
    store.enrol(made, outbox.enrol(db, stick).path)
    outbox.trust(db, outbox.read_trust(store.introduce(made, stick).path))
    made.close()
    db.close()
    return place


def told(*args: object, code: int = 0) -> dict[str, Any]:
    result = call(*args, "--json")
    assert result.exit_code == code, result.stderr
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_codes_go_up_by_photograph(folder: Path, district: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    call("--data", folder, "visits", "tally", "rider", "--count", 3)
    count = told("--data", folder, "sync", "codes", "--to", pictures)["pictures"]
    files = sorted(pictures.iterdir())
    assert len(files) == count > 1
    first = told("--data", district, "district", "photos", *files[1:])
    assert list(first["missing"].values()) == [1]
    last = told("--data", district, "district", "photos", files[0])
    assert last["missing"] == {}
    assert [done["fresh"] for done in last["files"][0]["received"]] == [1]
    assert told("--data", district, "district", "day-sheets")["day_sheets"] == []
    (tmp_path / "none.png").write_bytes(b"no picture")
    result = call("--data", district, "district", "photos", tmp_path / "none.png")
    assert result.exit_code == 3


def test_a_watched_folder_leaves_answers(folder: Path, district: Path, tmp_path: Path) -> None:
    incoming, answers = tmp_path / "incoming", tmp_path / "answers"
    incoming.mkdir()
    answers.mkdir()
    file = Path(told("--data", folder, "sync", "export", "--to", incoming)["file"])
    os.utime(file, (0, 0))
    watched = told("--data", district, "district", "watch", incoming, "--answers", answers, "--rounds", 1)
    assert watched == {"taken": 1, "refused": 0}
    assert told("--data", district, "district", "watch", incoming, "--answers", answers, "--rounds", 1)["taken"] == 0
    [pack] = answers.iterdir()
    assert told("--data", folder, "sync", "import", pack)["receipted"] == 1
    missing = call("--data", district, "district", "watch", tmp_path / "gone", "--rounds", 1)
    assert missing.exit_code == 2
