"""A year in one folder: read here without the program, it tells what the reports tell, names nobody, and is whole or not there."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pyrage
import pytest

from station_app.db import Database
from station_app.errors import Cancelled, EnvironmentFault, UserMistake
from station_app.model import Consent, ItemKind, Occupation
from station_app.paper import preview, yearly
from station_app.services import archive, history, people, reports, requests, stations, supplies, visits

NAME, PHONE, WORDS = "令狐冲远", "13912345678", "充电口总是坏"


@pytest.fixture
def year(db: Database) -> Database:
    """Visits of two years, one taken back, a request, a kit."""
    named, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", NAME, PHONE, Consent.DISTRICT)
    for text in ("2025-12-31T18:00:00+08:00", "2026-01-01T09:00:00+08:00", "2026-03-05T10:00:00+08:00"):
        visits.check_in_person(db, named.id, at=datetime.fromisoformat(text))
    visits.tally(db, Occupation.COURIER, 7, at=datetime.fromisoformat("2026-03-05T11:00:00+08:00"))
    _, slip = visits.tally(db, Occupation.OTHER, 3, at=datetime.fromisoformat("2026-03-05T12:00:00+08:00"))
    history.undo(db, slip.operation)
    requests.add(db, WORDS, person_id=named.id, contact=PHONE, at=datetime.fromisoformat("2026-03-05T12:30:00+08:00"))
    kit, _ = supplies.add_item(db, "防暑包", "份", ItemKind.COOLING)
    supplies.receive(db, kit.id, 9, at=datetime.fromisoformat("2026-03-05T12:40:00+08:00"))
    return db


def write(db: Database, folder: Path, *, passphrase: str = "", progress: Callable[[int, int], None] | None = None) -> archive.Archive:
    return yearly.write(db, 2026, folder, stations.current(db), passphrase=passphrase, progress=progress)[0]


def table(folder: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "data" / f"{name}.csv").read_text("utf-8-sig"))))


def test_it_tells_without_the_program_what_the_report_tells(year: Database, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = write(year, tmp_path / "out", progress=lambda done, total: told.append((done, total)))
    assert made.path.name == "station-YQ-A-2026"
    report = reports.period(year, "2026-01-01", "2026-12-31")
    rows = table(made.path, "visit")
    assert {row["business_date"][:4] for row in rows} == {"2026"}
    assert sum(int(row["person_times"]) for row in rows if not row["void_reason"]) == report.person_times == 9
    assert [row["void_reason"] for row in rows if row["void_reason"]] == ["undo"]
    with closing(sqlite3.connect(made.path / "data.sqlite")) as store:
        sql = "SELECT sum(person_times) FROM visit WHERE void_reason IS NULL"
        assert store.execute(sql).fetchone() == (9,)
        for name, count in made.rows.items():
            assert store.execute(f"SELECT count(*) FROM {name}").fetchone() == (count,)
            assert len(table(made.path, name)) == count
    assert told[-1][0] == told[-1][1]
    assert sorted(file.name for file in made.path.glob("*.pdf")) == ["report-2026-01.pdf", "report-2026-03.pdf", "report-2026.pdf"]
    assert preview.count(made.path / "report-2026.pdf") == 2
    assert "data.sqlite" in (made.path / "README.txt").read_text("utf-8")
    assert write(year, tmp_path / "out").path.name == "station-YQ-A-2026-2"


def test_its_description_is_true(year: Database, tmp_path: Path) -> None:
    made = write(year, tmp_path)
    told = json.loads((made.path / "datapackage.json").read_text("utf-8"))
    for resource in told["resources"]:
        data = (made.path / resource["path"]).read_bytes()
        assert (resource["bytes"], resource["hash"]) == (len(data), f"sha256:{hashlib.sha256(data).hexdigest()}")
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
        names = [field["name"] for field in resource["schema"]["fields"]]
        for row in rows:
            assert list(row) == names
            for field in resource["schema"]["fields"]:
                if field["type"] == "integer" and row[field["name"]]:
                    int(row[field["name"]])


def test_it_names_nobody(year: Database, tmp_path: Path) -> None:
    made = write(year, tmp_path)
    (badge,) = [row["code"] for row in year.rows("SELECT code FROM badge")]
    for file in made.path.rglob("*"):
        if file.is_file() and file.suffix != ".pdf":
            data = file.read_bytes()
            assert not any(secret.encode() in data for secret in (NAME, PHONE, WORDS, badge, "王敏", "sealed")), file.name
    assert "identity" not in made.rows


def test_sealed_it_is_one_file_that_the_age_format_opens(year: Database, tmp_path: Path) -> None:
    made = write(year, tmp_path, passphrase="十二个字的长长长长口令")
    assert [file.name for file in tmp_path.iterdir() if "archive" not in file.name and file.name != "station"] == [made.path.name]
    data = pyrage.passphrase.decrypt(made.path.read_bytes(), "十二个字的长长长长口令")
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert opened.testzip() is None
        assert {"README.txt", "data.sqlite", "datapackage.json", "report-2026.pdf", "data/visit.csv"} <= set(opened.namelist())


def test_stopped_it_leaves_nothing(year: Database, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def stop(_done: int, _total: int) -> None:
        raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        write(year, out, progress=stop)
    assert list(out.iterdir()) == []
    (tmp_path / "file").write_text("x")
    with pytest.raises(EnvironmentFault):
        write(year, tmp_path / "file")
    for bad in (1889, 2027):
        with pytest.raises(UserMistake):
            archive.write(year, bad, out, lambda _part: None, {"title": "", "read_me": ""})
    with pytest.raises(UserMistake):
        write(year, out, passphrase="kurz")
