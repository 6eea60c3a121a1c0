"""The table of the catalogue: rows from any process, and a red run when something does not hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.table import CATALOGUE, Table, Tally

ROOT = Path(__file__).parents[2]


def full_table() -> Table:
    """Every fault with as many points as it asks for, and a mutant that was caught."""
    table = Table()
    for fault, least in CATALOGUE.items():
        table.add(Tally(fault, tried=least - 1))
        table.add(Tally(fault, "part", tried=1, caught=["mutant"]))
    return table


def test_a_full_catalogue_holds() -> None:
    assert full_table().wrong(whole=True, full=True) == []
    assert len(full_table().text()) == 1 + 2 * len(CATALOGUE)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Tally("clock", lost=1), "clock: 1 lost, 0 corrupt"),
        (Tally("clock", "1970", corrupt=2), "clock: 0 lost, 2 corrupt"),
        (Tally("clock", missed=["order_by_time"]), "clock: not caught: order_by_time"),
    ],
)
def test_what_a_row_says_is_wrong(bad: Tally, said: str) -> None:
    table = full_table()
    table.add(bad)
    assert table.wrong(whole=True, full=True) == table.wrong(whole=False, full=False) == [said]


def test_a_missing_row_too_few_points_or_no_control_are_wrong_in_a_run_of_the_whole() -> None:
    table = Table()
    for fault, least in CATALOGUE.items():
        if fault != "exchange":
            table.add(Tally(fault, tried=least - (fault == "roles"), caught=[] if fault == "backup" else ["mutant"]))
    missing, control, points = "exchange: no row", "backup: no negative control", "roles: 399 points are fewer than 400"
    assert table.wrong(whole=True, full=True) == [missing, control, points]
    assert table.wrong(whole=True, full=False) == [missing, control]
    assert table.wrong(whole=False, full=False) == []


def test_what_could_not_run_is_said_and_not_held_against_it() -> None:
    table = full_table()
    del table.lines["power cut", ""], table.lines["power cut", "part"]
    table.add(Tally("power cut", skipped="no compiler"))
    assert table.wrong(whole=True, full=True) == []
    assert any(line.startswith("power cut") and "SKIPPED: no compiler" in line for line in table.text())


SUITE = """
import pytest
from tests.faults.table import report

FAULT = "clock"

@pytest.mark.parametrize("number", range(4))
def test_rows(number):
    report("exchange", tried=10, lost=LOST)

def test_counts(tally):
    tally.met()
    tally.control("mutant", caught=True)

def test_elsewhere():
    pytest.skip("not on this machine")
"""


@pytest.mark.parametrize("lost", [0, 1])
def test_rows_come_together_from_both_processes_of_a_run(tmp_path: Path, lost: int) -> None:
    suite = tmp_path / "test_suite.py"
    suite.write_text(SUITE.replace("LOST", str(lost)), "utf-8")
    around = {name: text for name, text in os.environ.items() if not name.startswith("STATION_")} | {"PYTHONPATH": str(ROOT)}
    around.pop("PYTEST_XDIST_WORKER", None)
    plugins = ["-p", "tests.faults.table", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(2 * lost), *plugins, str(suite)]
    done = subprocess.run(command, cwd=tmp_path, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == lost, done.stdout + done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["exchange", "40", str(4 * lost), "0", "-"] in rows
    assert any(row[:7] == ["clock", "1", "0", "0", "1", "of", "1"] and "SKIPPED:" in row for row in rows)
    assert ("DOES" in [row[0] for row in rows if row]) == bool(lost)
