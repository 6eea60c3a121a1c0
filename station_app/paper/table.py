"""Tables for a spreadsheet: CSV with a byte order mark, nothing in it a formula, written whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import EnvironmentFault
from ..vault import write_whole


def write_table(rows: Iterable[Sequence[str]], target: Path) -> None:
    """Write rows, headings first; EnvironmentFault ("paper.cannot_write") when the disk refuses."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        lines.writerow([harmless(cell) for cell in row])
    try:
        write_whole(target, text.getvalue().encode("utf-8-sig"))
    except OSError as error:
        with suppress(OSError):
            target.with_name(f"{target.name}.new").unlink(missing_ok=True)
        raise EnvironmentFault("paper.cannot_write", name=target.name) from error


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")) else cell
