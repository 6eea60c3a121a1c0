"""The ratchet of coverage: a room that falls behind is named, one that gets better is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import ratchet


def report(folder: Path, **reached: tuple[int, int]) -> Path:
    files = {
        f"station_app/{name.replace('__', '/')}.py": {
            "summary": {"covered_lines": lines, "num_statements": all_, "covered_branches": 0, "num_branches": 0}
        }
        for name, (lines, all_) in reached.items()
    }
    file = folder / "report.json"
    file.write_text(json.dumps({"files": files}), "utf-8")
    return file


def test_rooms_are_files_packages_and_those_that_are_to_be_whole(tmp_path: Path) -> None:
    told = ratchet.rooms(
        report(
            tmp_path, db=(9, 10), ui__kit=(1, 2), ui__pages__desk=(3, 4), services__rosters__items=(5, 5), services__people=(1, 2),
            sync__envelope=(1, 4), sync__carry=(4, 4), empty=(0, 0),
        )
    )  # fmt: skip
    assert told == {"db": 90.0, "services": 50.0, "services/rosters": 100.0, "sync": 100.0, "sync/envelope": 25.0, "ui": 66.67}


def test_a_room_that_fell_is_named_and_a_draw_of_the_dice_is_not() -> None:
    before = {"db": 98.0, "vault": 100.0, "gone": 50.0}
    assert ratchet.fallen({"db": 97.6, "vault": 99.4}, before) == [
        "vault: 99.40 % of what is there is tried, it was 100.00 %", "gone: 0.00 % of what is there is tried, it was 50.00 %",
    ]  # fmt: skip
    assert ratchet.fallen({"db": 98.0, "vault": 100.0, "gone": 51.0}, before) == []


def told(folder: Path, monkeypatch: pytest.MonkeyPatch, *how: str, **reached: tuple[int, int]) -> int:
    """What the whole command answers for a run that reached this, after one that reached 98 % of all of it."""
    kept = folder / "ratchet.json"
    kept.write_text(json.dumps({"db": 98.0, "vault": 100.0, "ui": 98.0}), "utf-8")
    monkeypatch.setattr(ratchet, "RATCHET", kept)
    monkeypatch.setattr("sys.argv", ["ratchet", str(report(folder, **reached)), *how])
    return ratchet.main()


EVERYTHING = {"db": (1000, 1000), "vault": (9, 9), "sync__envelope": (4, 4), "services__rosters__items": (5, 5), "ui__kit": (98, 100)}


def test_a_whole_run_in_which_a_line_of_the_gravest_rooms_is_not_tried_is_red(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, monkeypatch, **EVERYTHING) == 0
    capsys.readouterr()
    for room, some in (("db", (999, 1000)), ("services__rosters__people", (0, 1)), ("sync__envelope", (0, 0))):
        lacking = EVERYTHING | {room: some}
        assert told(tmp_path, monkeypatch, **lacking) == 1
        said = capsys.readouterr().out
        assert said.count("FELL BEHIND") == 1
        assert f"FELL BEHIND: {room.replace('__', '/').removesuffix('/people')}: " in said
        assert told(tmp_path, monkeypatch, "--part", **lacking) == 0, "a part of the tests shows nothing about what they all reach"
        capsys.readouterr()


def test_the_others_may_not_fall_and_what_is_better_is_kept_on_demand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(tmp_path, monkeypatch, **EVERYTHING | {"ui__kit": (97, 100)}) == 1
    assert "FELL BEHIND: ui: 97.00 %" in capsys.readouterr().out
    assert told(tmp_path, monkeypatch, "--keep", **EVERYTHING | {"ui__kit": (99, 100)}) == 0
    kept = json.loads((tmp_path / "ratchet.json").read_text("utf-8"))
    assert kept == {"db": 100.0, "services/rosters": 100.0, "sync/envelope": 100.0, "ui": 99.0, "vault": 100.0}


def test_every_room_that_is_to_be_whole_is_there() -> None:
    package = Path(__file__).parents[1] / "station_app"
    for room in ratchet.WHOLE:
        assert (package / f"{room}.py").is_file() or (package / room).is_dir(), room
