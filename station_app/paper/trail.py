"""The operation log as a table for a spreadsheet: CSV with a byte order mark, nothing in it a formula, nobody's data."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from pathlib import Path

from ..errors import EnvironmentFault
from ..model import Op
from ..services.trail import Step
from ..words import label, t


def trail_csv(steps: Sequence[Step], target: Path) -> int:
    """Write the steps to ``target`` and return how many; EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(
        [
            t("trail.no"), t("trail.recorded"), t("trail.time"), t("trail.keeper"), t("trail.what"), t("trail.mark"),
            t("trail.operation"), t("trail.chain"),
        ]
    )  # fmt: skip
    for step in steps:
        row = (
            str(step.no),
            step.recorded,
            step.time,
            step.keeper,
            label(step.op),
            mark(step),
            step.operation,
            step.chain,
        )
        lines.writerow([harmless(cell) for cell in row])
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("wb") as file:
            file.write(text.getvalue().encode("utf-8-sig"))
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error
    return len(steps)


def mark(step: Step) -> str:
    """What became of a step, in words: refused, taken back, or nothing to say."""
    if step.denied:
        known = {op.value: label(op) for op in Op}
        return t("trail.denied", what=known.get(step.denied, "") or t("trail.data"))
    return t("trail.undone") if step.undone else ""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else cell
