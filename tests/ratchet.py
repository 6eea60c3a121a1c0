"""What the tests reach, held against what they reached before: ``python3 dev.py coverage``.

``tests/ratchet.json`` has a figure for each room: per cent of lines and branches together. None may fall; the rooms in WHOLE reach
all of it, and a whole run is red where one does not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

RATCHET = Path(__file__).with_suffix(".json")
WHOLE = ("db", "vault", "sync/envelope", "services/rosters")
"""Rooms that decide over keys, records and what comes from outside: every line and branch of them is tried, without slack."""
SLACK = 0.5
"""Per cent by which a figure of the others may be lower: what a seed draws differs from run to run."""


def rooms(report: Path) -> dict[str, float]:
    """Per cent reached of each room: a file of the package, or a package below ``services`` and the like."""
    sums: dict[str, list[int]] = {}
    for name, told in json.loads(report.read_text("utf-8"))["files"].items():
        room = _room(Path(name).as_posix().removeprefix("station_app/").removesuffix(".py"))
        found = told["summary"]
        counted = sums.setdefault(room, [0, 0])
        counted[0] += found["covered_lines"] + found.get("covered_branches", 0)
        counted[1] += found["num_statements"] + found.get("num_branches", 0)
    return {room: round(100 * reached / all_, 2) for room, (reached, all_) in sorted(sums.items()) if all_}


def _room(name: str) -> str:
    known = next((whole for whole in WHOLE if name == whole or name.startswith(f"{whole}/")), None)
    return known or (name.partition("/")[0] if "/" in name else name)


def fallen(reached: dict[str, float], before: dict[str, float]) -> list[str]:
    """The rooms that reach less than before."""
    return [
        f"{room}: {reached.get(room, 0.0):.2f} % of what is there is tried, it was {was:.2f} %"
        for room, was in before.items()
        if reached.get(room, 0.0) < was - SLACK
    ]


def short(reached: dict[str, float]) -> list[str]:
    """The rooms in WHOLE that do not reach all of it, or are not there."""
    return [
        f"{room}: {reached.get(room, 0.0):.2f} % of what is there is tried, it is to be all of it; "
        f"`coverage report -m --include='station_app/{room}*'` names the lines"
        for room in WHOLE
        if reached.get(room, 0.0) < 100
    ]


def main() -> int:
    """Tell the figures; 1 where a whole run fell behind, or a room in WHOLE is not wholly tried."""
    asked = argparse.ArgumentParser()
    asked.add_argument("report", type=Path)
    asked.add_argument("--part", action="store_true")
    asked.add_argument("--keep", action="store_true")
    given = asked.parse_args()
    reached = rooms(given.report)
    before: dict[str, float] = json.loads(RATCHET.read_text("utf-8")) if RATCHET.exists() else {}
    for room, per_cent in reached.items():
        mark = "  to be 100" if room in WHOLE and per_cent < 100 else ""
        print(f"{room:<28}{per_cent:>8.2f} %{before.get(room, 0.0):>10.2f} % before{mark}")
    if given.keep:
        kept = {room: max(before.get(room, 0.0), reached.get(room, 0.0)) for room in sorted({*before, *reached})}
        RATCHET.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    behind = [] if given.part else [*short(reached), *fallen(reached, {room: was for room, was in before.items() if room not in WHOLE})]
    for sentence in behind:
        print(f"FELL BEHIND: {sentence}")
    return int(bool(behind))


if __name__ == "__main__":
    raise SystemExit(main())
