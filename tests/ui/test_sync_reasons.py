"""Every reason the district may give for not taking a row has its sentence at the station."""

from __future__ import annotations

import ast
from pathlib import Path

from station_app import words
from station_app.district import guard, intake
from station_app.sync import inbox, outbox
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


def test_what_a_pack_found_out_is_said() -> None:
    done = inbox.Applied(3, 1, 0, 0, (), began="foreign", differs=("visit", "amenity_use", "handout"))
    said = sync_text.applied(done, "1 批回执")
    assert words.t("sync_desk.began_anew") in said
    assert said.count(words.t("sync_desk.visits")) == 1  # two tables, one word for them
    assert words.t("sync_desk.handouts") in said
    quiet = sync_text.applied(inbox.Applied(3, 1, 0, 0, (), differs=()), "1 批回执")
    assert words.t("sync_desk.began_anew") not in quiet


def test_several_files_are_counted() -> None:
    paths = (Path("a-1of2.batch"), Path("a-2of2.batch"))
    for language in ("zh", "en"):
        words.use(language)
        assert "2" in sync_text.exported(outbox.Exported(paths[0], 1, (1,), 9, paths), stick=True)
        assert sync_text.exported(outbox.Exported(paths[0], 1, (1,), 9, paths[:1]), stick=True) == words.t("sync_desk.done_stick", n=9)
