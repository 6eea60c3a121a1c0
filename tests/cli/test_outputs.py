"""What a terminal would obey is shown, never obeyed: names come from files and from other stations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from station_app.cli import outputs
from station_app.model import ItemKind
from station_app.services import stations, supplies
from tests.cli.conftest import call
from tests.conftest import PASSWORD

WILD = "水\x1b]0;owned\x07\x1b[2J\u009b31m\u202e\u2066瓶\nzweite\tZeile"


def test_a_wild_name_reaches_no_terminal(folder: Path, run: Callable[..., str]) -> None:
    db = stations.open_station(folder, PASSWORD)
    supplies.add_item(db, WILD, "瓶", ItemKind.DRINK)
    db.close()
    listed = run("supplies", "items")
    assert outputs.COMMANDS.search(listed) is None
    assert "水\ufffd]0;owned" in listed
    assert any("zweite Zeile" in line for line in listed.splitlines())
    spelled = run("--json", "supplies", "items")
    assert outputs.COMMANDS.search(spelled) is None
    assert WILD in [item["name"] for item in json.loads(spelled)["items"]]


def test_a_wild_file_name_reaches_no_terminal(folder: Path, tmp_path: Path) -> None:
    result = call("--data", folder, "people", "import", tmp_path / "\x1b[2Jroster.csv")
    assert result.exit_code != 0
    assert "[2Jroster.csv" in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize("as_json", [True, False])
def test_half_a_character_is_no_crash(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    if as_json:
        outputs.say_json({"file": "a\udcff"})
    else:
        outputs.say("a\udcff")
    said = capsys.readouterr().out
    assert said == ('{"file": "a\\udcff"}\n' if as_json else "a\ufffd\n")
    if as_json:
        assert json.loads(said) == {"file": "a\udcff"}
