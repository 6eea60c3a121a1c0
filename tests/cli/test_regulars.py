"""Regulars as commands: found in order, merged, linked, exported; badges issued, verified, revoked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl


def test_badges_are_issued_verified_and_revoked(ask: Callable[..., Any], refused: Callable[..., str]) -> None:
    made = ask("badges", "issue", "--occupation", "courier")["badge"]
    assert ask("badges", "verify", made["code"])["person"]["occupation"] == "courier"
    again = ask("badges", "issue", "--occupation", "rider", "--person", made["person_id"])["badge"]
    assert ask("badges", "verify", again["card_number"])["person"]["occupation"] == "rider"
    assert "挂失" in refused(3, "badges", "verify", made["code"])
    ask("badges", "revoke", again["id"])
    assert "挂失" in refused(3, "badges", "verify", again["code"])
    assert refused(2, "badges", "issue")


def test_the_ids_come_in_the_order_of_the_match(ask: Callable[..., Any], rider: Any) -> None:
    other = ask("people", "register", "--occupation", "rider", "--name", "李欧阳", "--consent", "station")["id"]
    assert [one["id"] for one in ask("people", "find", "ouyang")["people"]] == [rider["id"], other]


def test_merged_linked_and_taken_back(ask: Callable[..., Any], rider: Any) -> None:
    twin = ask("people", "register", "--occupation", "rider", "--name", "欧阳志强", "--consent", "station")["id"]
    (pair,) = ask("people", "duplicates")["duplicates"]
    assert {pair["first"]["id"], pair["second"]["id"]} == {rider["id"], twin}
    done = ask("people", "merge", rider["id"], twin, "--reason", "登记了两次")
    assert (done["id"], done["undoable"]) == (rider["id"], True)
    assert ask("people", "duplicates")["duplicates"] == []
    assert ask("people", "show", twin)["person"]["id"] == rider["id"]
    ask("history", "undo", done["operation"])
    linked = ask("people", "link", rider["id"], twin, "--circle", "team")
    assert len(linked["people"]) == 2
    assert ask("people", "unlink", twin)["undoable"]
    assert not ask("people", "unlink", twin)["undoable"]
    ask("people", "apart", rider["id"], twin)
    assert ask("people", "duplicates")["duplicates"] == []
    assert ask("people", "roaming")["roaming"]["active"] == 0


def test_the_list_leaves_as_text(ask: Callable[..., Any], refused: Callable[..., str], tmp_path: Path) -> None:
    file = tmp_path / "out.xlsx"
    assert ask("people", "export", "--to", file)["people"] == 2
    sheet = openpyxl.load_workbook(file).active
    assert sheet is not None
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s"}
    ask("people", "export", "--to", tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert refused(2, "people", "export", "--to", tmp_path / "out.txt")
