"""The district's data package: what its description says is what its files hold, and nobody is named unasked."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from station_app.cli import group
from station_app.db import Database
from station_app.district import package
from station_app.errors import Cancelled, EnvironmentFault, Refused
from station_app.model import Consent, Occupation
from station_app.schema import LEDGERS
from station_app.services import people
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD
from tests.district.test_loop import a_day, take

SECRETS = ("李志强", "19911000000", "充电口不足", "王敏")


@pytest.fixture
def merged(station: Database, district: Database, stick: Path, opener: Opener) -> Database:
    """A district that took a station's day in, a void and an answer to nobody with it."""
    a_day(station)
    gone, _ = people.register(station, Occupation.COURIER, "", "赵丽", "", Consent.DISTRICT)
    people.erase(station, gone.id)
    take(district, outbox.export(station, stick)[0].path, opener)
    return district


def read(folder: Path) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    """A package read by its description alone."""
    told = json.loads((folder / "datapackage.json").read_text("utf-8"))
    tables = {}
    for resource in told["resources"]:
        data = (folder / resource["path"]).read_bytes()
        assert len(data) == resource["bytes"]
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == resource["hash"]
        rows = list(csv.DictReader(data.decode("utf-8").splitlines(keepends=True)))
        assert all(list(row) == [field["name"] for field in resource["schema"]["fields"]] for row in rows)
        tables[resource["name"]] = rows
    return told, tables


def check_cell(field: dict[str, Any], cell: str) -> None:
    limits = field.get("constraints", {})
    if not cell:
        assert not limits.get("required"), field
        return
    if field["type"] == "integer":
        assert limits.get("minimum", int(cell)) <= int(cell) <= limits.get("maximum", int(cell))
    elif field["type"] == "date":
        date.fromisoformat(cell)
    elif field["type"] == "datetime":
        assert datetime.fromisoformat(cell).tzinfo is not None
    assert cell in limits.get("enum", [cell])


def test_every_cell_is_what_the_description_says_and_every_key_finds_its_row(merged: Database, tmp_path: Path) -> None:
    made, _ = package.export(merged, tmp_path / "out")
    told, tables = read(made.folder)
    keys = {resource["name"]: resource["schema"]["primaryKey"] for resource in told["resources"]}
    for resource in told["resources"]:
        rows, schema = tables[resource["name"]], resource["schema"]
        assert len({row[schema["primaryKey"]] for row in rows}) == len(rows)
        for row in rows:
            for field in schema["fields"]:
                check_cell(field, row[field["name"]])
            for foreign in schema.get("foreignKeys", ()):
                parent = foreign["reference"]
                assert parent["fields"] == keys[parent["resource"]]
                if row[foreign["fields"]]:
                    assert row[foreign["fields"]] in {one[parent["fields"]] for one in tables[parent["resource"]]}
    assert {name: len(rows) for name, rows in tables.items() if name != "store"} == made.rows
    assert made.rows["visit"] == 2
    assert set(made.rows) == set(LEDGERS) - {"identity"} - package.LEFT_OUT
    assert sum(int(row["person_times"]) for row in tables["visit"] if not row["void_reason"]) == 6


def test_nobody_is_named_unless_names_are_asked_for(merged: Database, tmp_path: Path) -> None:
    plain, _ = package.export(merged, tmp_path / "out")
    text = "".join(file.read_text("utf-8") for file in plain.folder.rglob("*") if file.is_file())
    cards = [row["code"] for row in merged.rows("SELECT code FROM badge")]
    assert cards
    assert not [secret for secret in (*SECRETS, *cards) if secret in text]
    assert "sealed" not in text
    named, _ = package.export(merged, tmp_path / "out", names=True)
    assert named.folder.name == f"{plain.folder.name}-2"
    _, tables = read(named.folder)
    assert {row["name"] for row in tables["identity"]} == {"李志强", ""}  # the erased one has none
    assert [row["text"] for row in tables["request"]] == ["充电口不足"]
    assert {row["name"] for row in tables["keeper"]} == {"王敏", "社会工作部"}


def test_a_package_is_logged_and_only_for_those_who_may(merged: Database, tmp_path: Path) -> None:
    before = merged.scalar("SELECT count(*) FROM operation WHERE op = 'export_data'")
    package.export(merged, tmp_path / "out")
    assert merged.scalar("SELECT count(*) FROM operation WHERE op = 'export_data'") == before + 1
    merged.desk_only = True
    for names in (False, True):
        with pytest.raises(Refused):
            package.export(merged, tmp_path / "out", names=names)
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_stopped_or_failed_nothing_is_left(merged: Database, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        package.export(merged, tmp_path / "out", progress=stop)
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault) as told:
        package.export(merged, tmp_path / "file")
    assert told.value.word == "district.package_unwritable"


def test_the_command_writes_it(merged: Database, tmp_path: Path) -> None:
    folder = merged.path.parent
    merged.close()
    done = CliRunner().invoke(
        group, ["--data", str(folder), "--json", "district", "export", str(tmp_path / "out")],
        env={"STATION_PASSWORD": PASSWORD},
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["rows"]["visit"] == 2
    assert (Path(told["folder"]) / "datapackage.json").exists()
