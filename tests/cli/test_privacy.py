"""What is kept on somebody, the notice and forgetting when due, by command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from station_app.model import Consent
from station_app.paper import preview
from station_app.services import people
from tests.cli.conftest import AT

Ask, Run = Callable[..., Any], Callable[..., str]


def the_named(ask: Ask) -> str:
    """The id of the one who left a name."""
    return str(ask("people", "find", "欧阳志强")["people"][0]["id"])


def test_all_that_is_kept_is_told_and_taken_home(ask: Ask, run: Run, tmp_path: Path) -> None:
    person = the_named(ask)
    run("visits", "check-in", "--person", person, "--at", AT)
    run("requests", "add", "充电口不足", "--person", person, "--at", AT)
    found = ask("people", "held", person)["held"]
    assert (found["person"]["name"], found["person"]["phone"]) == ("欧阳志强", "19911000001")
    assert [visit["business_date"] for visit in found["visits"]] == ["2026-07-17"]
    assert [request["text"] for request in found["requests"]] == ["充电口不足"]
    assert found["kept_until"] == "2027-07-17"
    text = run("people", "held", person)
    for told in ("欧阳志强", "19911000001", "2026-07：17", "原话：充电口不足", "2027-07-17", "第 1 版"):
        assert told in text
    file = tmp_path / "他的信息.pdf"
    assert "他的信息.pdf" in run("people", "held", person, "--to", file)
    assert preview.count(file) == 1


def test_the_notice_is_a_page_for_the_wall(ask: Ask, tmp_path: Path) -> None:
    file = tmp_path / "告知书.pdf"
    assert ask("people", "notice", "--to", file)["version"] == people.NOTICE_VERSION
    assert preview.count(file) == 1


def test_agreeing_anew_is_an_operation_that_can_be_undone(ask: Ask, run: Run, refused: Callable[..., str]) -> None:
    found = ask("people", "agree", the_named(ask))
    assert (found["undoable"], found["person"]["notice_version"]) == (True, people.NOTICE_VERSION)
    nameless = next(one["id"] for one in ask("people", "list")["people"] if one["consent"] == Consent.NONE)
    assert refused(2, "people", "agree", nameless)


def test_erasing_says_until_when_older_backups_hold_it(ask: Ask, run: Run) -> None:
    run("backup", "make")
    found = ask("people", "erase", the_named(ask))
    assert found["copies"]["backups"] == 1
    assert found["copies"]["until"]


def test_nothing_is_due_at_a_young_station_and_forgetting_says_so(ask: Ask, run: Run) -> None:
    assert ask("people", "due")["due"] == []
    found = ask("people", "due", "--forget")
    assert (found["forgotten"]["people"], found["operations"]) == (0, [])
    assert "什么都没删" in run("people", "due", "--forget"), "one day of records vouches for nothing"
