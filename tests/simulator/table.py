"""The simulator's table: rule, schedules, violations with the rule, violations without it; and how much is tried in a run."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

KEY = "simulator"
"""Under this name lines travel with a test's report, also from the other process of a parallel run."""


def schedules() -> int:
    """How many schedules a run tries."""
    return {"full": 10_000, "quick": 2000}.get(os.environ.get("STATION_FAULTS", ""), 240)


def without() -> int:
    """How many schedules a run tries with each rule left out; 0 for no more than it takes to notice."""
    return {"full": 200, "quick": 8}.get(os.environ.get("STATION_FAULTS", ""), 0)


def seed() -> int:
    """The seed of this run, as ``dev.py`` prints it."""
    return int(os.environ.get("STATION_SEED", "0"))


@dataclass(frozen=True)
class Line:
    """Schedules run with a rule left out (``mutant`` "" for none) and in how many something was violated, and what."""

    rule: str
    mutant: str
    tried: int
    broken: int
    kinds: str = ""

    def spelled(self) -> dict[str, str | int]:
        """For a test's report."""
        return asdict(self)


def text(lines: Iterable[Line]) -> list[str]:
    """The table as it is printed."""
    lines = list(lines)
    whole = [line for line in lines if not line.mutant]
    tried, broken = sum(line.tried for line in whole), sum(line.broken for line in whole)
    found = [f"{'rule':<10}{'left out':<30}{'schedules':>10}{'violated with it':>18}{'violated without':>18}  as"]
    found.append(f"{'all':<10}{'nothing':<30}{tried:>10}{broken:>18}{'-':>18}")
    for line in sorted((line for line in lines if line.mutant), key=lambda line: (_order(line.rule), line.mutant)):
        found.append(
            f"{line.rule:<10}{line.mutant:<30}{line.tried:>10}{broken:>18}{line.broken:>18}  {line.kinds}"[:150]
        )
    return found


def _order(rule: str) -> tuple[int, str]:
    return (int(rule), "") if rule.isdigit() else (99, rule)
