"""What is taken out of a damaged store: tables a spreadsheet opens, names only for who may see them, whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app import backup, vault, words
from station_app.db import Database
from station_app.errors import Cancelled, EnvironmentFault
from station_app.model import Consent, Occupation, Role
from station_app.paper import rescued
from station_app.paths import DataFolder
from station_app.services import keepers, keeping, people, requests, rescue, visits
from tests.conftest import CHEAP, PASSWORD, Clock

NAME, PHONE, TEXT = "=李志强", "13912345678", "=1+1 充电口不足"


@pytest.fixture
def damaged(db: Database, clock: Clock) -> Path:
    """A station with a name and a request that a spreadsheet would take for formulas; its visits' page is spoilt."""
    folder = db.path.parent
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    keepers.add(db, folder, root, "审计", Role.AUDITOR, "password-of-auditor", cost=CHEAP)
    keeping.keep(db, backup.Reason.MANUAL)
    person, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", "李志强", PHONE, Consent.DISTRICT)
    people.change(db, person.id, name=NAME)
    visits.check_in(db, person.badge_code)
    visits.tally(db, Occupation.COURIER, 3)
    requests.add(db, TEXT, person_id=person.id, contact=PHONE)
    page = db.scalar("SELECT rootpage FROM sqlite_master WHERE name = 'visit'")
    db.close()
    with (folder / "station.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"spoilt" * 100)
    return folder


@pytest.fixture
def case(damaged: Path, clock: Clock) -> Iterator[rescue.Case]:
    found = rescue.examine(rescue.unlock(damaged, PASSWORD), clock=clock)
    yield found
    found.close()


def table(folder: Path, name: str) -> list[dict[str, str]]:
    raw = (folder / name).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))


def test_each_ledger_is_a_table_a_spreadsheet_opens(case: rescue.Case, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    taken = rescued.take_out(case, tmp_path / "out", lambda done, total: steps.append((done, total)))
    assert taken.folder.parent == tmp_path / "out"
    came = table(taken.folder, "来访.csv")
    assert [(row["职业"], row["人次"], row["登记方式"]) for row in came] == [
        ("外卖骑手", "1", "扫码"),
        ("快递员", "3", "计数"),
    ]
    assert came[0]["经手人"] == "王敏"
    assert len(came[0]["来访者"]) == 6, "a card's number in place of an id"
    (who,) = table(taken.folder, "姓名电话（密封）.csv")
    assert (who["姓名"], who["电话"]) == ("'" + NAME, PHONE)
    (asked,) = table(taken.folder, "诉求.csv")
    assert asked["内容"] == "'" + TEXT
    assert steps[-1] == (taken.rows, taken.rows)
    told = (taken.folder / "说明.txt").read_text("utf-8-sig")
    assert "来访.csv：共 2 条（其中 2 条是从操作日志里找回来的），读不出来 0 条" in told
    assert "1 页坏了" in told
    assert not list(taken.folder.parent.glob(".*")), "nothing half done beside it"


def test_who_is_not_shown_people_takes_no_name_out(damaged: Path, clock: Clock, tmp_path: Path) -> None:
    case = rescue.examine(rescue.unlock(damaged, "password-of-auditor"), clock=clock)
    taken = rescued.take_out(case, tmp_path / "out")
    case.close()
    whole = b"".join(file.read_bytes() for file in taken.folder.iterdir()).decode()
    for secret in ("李志强", PHONE, "充电口"):
        assert secret not in whole
    assert "外卖骑手" in whole
    assert not (taken.folder / "姓名电话（密封）.csv").exists()


def test_in_english_too(case: rescue.Case, tmp_path: Path) -> None:
    words.use("en")
    taken = rescued.take_out(case, tmp_path / "out")
    assert (taken.folder / "README.txt").exists()
    assert len(list(taken.folder.glob("*.csv"))) == len({rescued.file_of(name) for name in rescue.tables.tables(case)})


def test_stopped_or_refused_nothing_stays(case: rescue.Case, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        rescued.take_out(case, tmp_path / "out", stop)
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "file").write_text("no folder", "utf-8")
    with pytest.raises(EnvironmentFault):
        rescued.take_out(case, tmp_path / "file" / "out")


def test_twice_in_a_minute_are_two_folders(case: rescue.Case, tmp_path: Path) -> None:
    assert rescued.take_out(case, tmp_path).folder != rescued.take_out(case, tmp_path).folder
