"""Every reason the district may give for not taking a row has its sentence at the station."""

from __future__ import annotations

import ast
from pathlib import Path

from station_app.district import guard, intake
from station_app.ui.pages import sync_text


def test_every_reason_has_a_sentence() -> None:
    assert set(sync_text.REASONS) == set(guard.REASONS)
    assert "sync_desk.reason_other" not in sync_text.REASONS.values()


def test_no_reason_is_given_that_is_not_listed() -> None:
    given = {"other_store"}
    tree = ast.parse(Path(guard.__file__).read_text("utf-8"))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        for back in (node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None):
            told = (back.value.body, back.value.orelse) if isinstance(back.value, ast.IfExp) else (back.value,)
            given |= {one.value for one in told if isinstance(one, ast.Constant) and isinstance(one.value, str) and one.value}
    assert len(given) == len(guard.REASONS)
    assert given <= set(guard.REASONS)
    assert '"other_store"' in Path(intake.__file__).read_text("utf-8")
