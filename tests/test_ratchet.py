"""The ratchet of coverage: a room that falls behind is named, one that gets better is kept."""

from __future__ import annotations

import json
from pathlib import Path

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
