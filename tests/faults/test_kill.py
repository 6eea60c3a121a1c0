"""kill -9 at any moment of a day: what the screen called saved is there, nothing stands half, nothing counts twice."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from station_app.db import Database
from station_app.district import answer, intake, store
from station_app.errors import UserMistake
from station_app.model import Op
from station_app.schema import LEDGERS
from station_app.services import audit, exchange, stations
from station_app.sync import carry, outbox
from station_app.sync.opening import Opener
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.faults.table import Tally, scale

FAULT = "kill -9"
ROOT = Path(__file__).parents[2]
SIDE = {Op.ADD_ITEM, Op.REFUSE, Op.CLOSE_BATCH}
"""Operations a keeper's one act may make besides the one the screen tells of, each whole by itself."""
MAKES = {
    "register": Op.REGISTER, "check_in": Op.CHECK_IN, "change": Op.CHANGE_PERSON, "tally": Op.TALLY, "set_count": Op.SET_COUNT,
    "use_amenity": Op.USE_AMENITY, "receive": Op.RECEIVE, "hand_out": Op.HANDOUT, "add_request": Op.ADD_REQUEST,
    "step": Op.REQUEST_STEP, "undo": Op.UNDO, "shift": Op.BEGIN_SHIFT, "roster": Op.IMPORT_PEOPLE, "close_batch": Op.CLOSE_BATCH,
    "export": Op.CLOSE_BATCH, "receipt": Op.APPLY_PACK,
}  # fmt: skip
SPECIAL = ("roster", "export", "close_batch", "receipt")


def until_death(folder: Path, stick: Path, orders: dict[str, Any], *, lines: int = 0, linger: float = 0.0) -> list[dict[str, Any]]:
    """Start a desk and return what its screen showed; with ``lines``, kill it ``linger`` seconds after so many of them."""
    command = [sys.executable, "-m", "tests.faults.desk", str(folder), str(stick), json.dumps(orders)]
    desk = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert desk.stdout is not None
    shown = []
    for line in desk.stdout:
        shown.append(json.loads(line))
        if len(shown) == lines:
            end = time.perf_counter() + linger
            while time.perf_counter() < end:  # awake, so that the moment is finer than a scheduler's
                pass
            desk.kill()
    desk.stdout.close()
    complaint = desk.stderr.read() if desk.stderr else ""
    if desk.stderr:
        desk.stderr.close()
    code = desk.wait()
    assert code in (0, -9), complaint
    assert (code == 0) == (shown[-1:] == [{"closed": True}]), (code, shown[-3:], complaint)
    return shown


@dataclass(slots=True)
class Life:
    """One station that is killed again and again, its stick and its district; what was ever called saved."""

    home: Path
    district: Database
    opener: Opener
    chance: random.Random
    saved: list[dict[str, Any]] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    kills: int = 0
    rounds: int = 0

    @property
    def folder(self) -> Path:
        return self.home / "station"

    @property
    def stick(self) -> Path:
        return self.home / "stick"

    def kill_once(self, how: str, mutant: str = "") -> None:
        """A stretch of the day that ends in death, and the morning after."""
        wanted = self.chance.sample(SPECIAL, self.chance.randint(0, 2))
        orders = {
            "seed": self.chance.random(), "minutes": self.rounds * 40, "wanted": wanted, "most": 40, "mutant": mutant,
        }  # fmt: skip
        self.rounds += 1
        if how == "line":
            shown = until_death(
                self.folder, self.stick, orders, lines=self.chance.randint(2, 50), linger=self.chance.random() * 0.008
            )
        else:
            most = {"statement": 1500 if "roster" in wanted else 250, "step": 120, "commit": 12}[how]
            shown = until_death(self.folder, self.stick, orders | {"kill": [how, self.chance.randint(1, most)]})
        self.kills += {"closed": True} not in shown
        self.morning(shown)

    def morning(self, shown: list[dict[str, Any]]) -> None:
        """Open again (so the lock is free), compare with the screen, export once more, let the district count."""
        fresh = [line for line in shown if "saved" in line]
        self.saved += fresh
        clock = Clock()
        clock.forward(minutes=self.rounds * 40)
        db = stations.open_station(self.folder, PASSWORD, clock=clock)
        try:
            self.corrupt += [f"{one.word} {one.fields}" for one in audit.check(db)]
            self.lost += missing(db, self.saved)
            begun = [line["begin"] for line in shown if "begin" in line]
            self.corrupt += self.unexplained(db, begun[-1] if begun else "")
            if not self.lost and not self.corrupt:
                self.cross(db)
        finally:
            db.close()

    def unexplained(self, db: Database, under_way: str) -> list[str]:
        """Operations nobody was told of: at most the one under way, and that one whole (``audit.check`` says so)."""
        found = {row["id"]: Op(row["op"]) for row in db.rows("SELECT id, op FROM operation")}
        told = {line["operation"] for line in self.saved}
        loose = {name: op for name, op in found.items() if name not in told | self.known}
        self.known |= set(loose)
        strange = [op for op in loose.values() if op not in SIDE]
        return [] if strange in ([], [MAKES.get(under_way)]) else [f"{strange} while at {under_way!r}"]

    def cross(self, db: Database) -> None:
        """Everything to the district, by whatever the dead left on the stick and by an export of today."""
        if exchange.status(db).local or exchange.unconfirmed(db):
            outbox.export(db, self.stick)
        self.known |= {row["id"] for row in db.rows("SELECT id FROM operation")}
        for path in carry.find_batches(self.stick):
            intake.receive(self.district, intake.open_file(self.district, path, self.opener))
        own = db.store_id
        self.corrupt += [
            f"{table} differs at the district"
            for table in LEDGERS
            if ledger(db, table, own) != ledger(self.district, table, own)
        ]
        if self.chance.random() < 0.6:
            answer.pack(self.district, "YQ", self.stick)


def ledger(db: Database, table: str, store_id: str) -> list[dict[str, Any]]:
    """Every row of a ledger that one store wrote."""
    return [dict(row) for row in db.rows(f"SELECT * FROM {table} WHERE store_id = ? ORDER BY id", (store_id,))]


def missing(db: Database, saved: list[dict[str, Any]]) -> list[str]:
    """What the screen called saved and the store does not have."""
    operations = {row["id"]: row["sequence"] for row in db.rows("SELECT id, sequence FROM operation")}
    changed: dict[int, list[tuple[str, str]]] = {}
    for row in db.rows("SELECT operation, table_name, row_id FROM change ORDER BY sequence"):
        changed.setdefault(row["operation"], []).append((row["table_name"], row["row_id"]))
    batches = {row["no"] for row in db.rows("SELECT no FROM batch")}
    receipts = {row["no"] for row in db.rows("SELECT no FROM receipt")}
    gone = []
    for line in saved:
        rows = sorted((table, name) for table, names in line["rows"].items() for name in names)
        if line["operation"] and line["operation"] not in operations:  # closing names its batches: it may be several operations
            gone.append(f"operation of {line['saved']}")
        elif rows and sorted(changed.get(operations[line["operation"]], [])) != rows:
            gone.append(f"rows of {line['saved']}")
        if not set(line.get("batches", ())) <= batches:
            gone.append(f"batch of {line['saved']}")
        if line.get("receipt", 0) and line["receipt"] not in receipts:
            gone.append("receipt")
    return gone


@pytest.fixture(scope="session")
def opener() -> Iterator[Opener]:
    with Opener() as made:
        yield made


@pytest.fixture
def life(tmp_path: Path, clock: Clock, opener: Opener, chance: random.Random) -> Iterator[Life]:
    """A station that is enrolled, and its district."""
    stick = tmp_path / "stick"
    stick.mkdir()
    station, _ = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    district = store.set_up(tmp_path / "district", "990101", "云桥区", "社会工作部", PASSWORD, clock=clock, cost=CHEAP)
    store.enrol(district, outbox.enrol(station, stick).path)
    outbox.trust(station, outbox.read_trust(store.introduce(district, stick).path))
    known = {row["id"] for row in station.rows("SELECT id FROM operation")}
    station.close()
    yield Life(tmp_path, district, opener, chance, known=known)
    district.close()


# --- the station --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["line", "statement", "commit", "step"])
def test_nothing_that_was_called_saved_is_lost_by_killing_the_program(life: Life, how: str, tally: Tally) -> None:
    wanted = scale(50)  # of each of the four ways to die
    while life.kills < wanted and life.rounds < 3 * wanted:
        life.kill_once(how)
        tally.tried, tally.lost, tally.corrupt = life.kills, len(life.lost), len(life.corrupt)
        assert (life.lost, life.corrupt) == ([], []), f"after {life.kills} kills"
    assert life.kills == wanted
    assert life.saved, "nothing was ever called saved: this test shows nothing"


@pytest.mark.parametrize("mutant", ["acknowledge_early", "commit_row_by_row"])
def test_the_same_kills_catch_a_store_without_its_protection(life: Life, mutant: str, tally: Tally) -> None:
    for _ in range(12):
        life.kill_once("commit", mutant)
        if life.lost or life.corrupt:
            break
    tally.control(mutant, caught=bool(life.lost if mutant == "acknowledge_early" else life.corrupt))


# --- the district ---------------------------------------------------------------------------------------------------------


def test_a_killed_intake_leaves_all_of_a_file_or_nothing_and_the_next_counts_nothing_twice(life: Life, tally: Tally) -> None:
    home = life.district.path.parent
    for number in range(scale(20, 2)):
        until_death(life.folder, life.stick, {"seed": life.chance.random(), "minutes": 40 * number, "most": 25, "wanted": ["roster"]})
        db = stations.open_station(life.folder, PASSWORD)
        outbox.export(db, life.stick)
        life.district.close()
        kill = [life.chance.choice(["statement", "step"]), life.chance.randint(1, 250)]
        shown = until_death(home, life.stick, {"side": "district", "kill": kill})
        tally.tried += {"closed": True} not in shown
        life.district = store.open_district(home, PASSWORD)
        told = [line["operation"] for line in shown if "saved" in line]
        kept = {row["id"] for row in life.district.rows("SELECT id FROM operation")}
        life.lost += [name for name in told if name not in kept]
        batches, rows = (life.district.scalar(f"SELECT count(*) FROM {table}") for table in ("intake", "visit"))
        newest = life.district.scalar("SELECT coalesce(max(no), 0) FROM intake")
        life.corrupt += life.district.damage() + [f"{batches} batches up to {newest}"] * (batches != newest)
        sent = db.rows("SELECT no, last_sequence FROM batch WHERE no <= ?", (newest,))
        edge = sent[-1]["last_sequence"] if sent else 0
        whole = db.scalar("SELECT count(DISTINCT row_id) FROM change WHERE table_name = 'visit' AND sequence <= ?", (edge,))
        life.corrupt += [f"{rows} visits, not {whole}"] * (rows != whole)
        life.cross(db)
        db.close()
        tally.lost, tally.corrupt = len(life.lost), len(life.corrupt)
        assert (life.lost, life.corrupt) == ([], []), f"after {number + 1} rounds"
    assert tally.tried > 0


# --- the first morning ------------------------------------------------------------------------------------------------------


def test_a_set_up_that_was_killed_leaves_a_station_or_a_folder_to_try_again(
    tmp_path: Path, chance: random.Random, tally: Tally
) -> None:
    for number in range(scale(40)):
        folder = tmp_path / str(number)
        at = chance.randint(*((1, 370), (330, 370))[number % 2])  # the whole way, and around the moment it becomes a station
        shown = until_death(folder, tmp_path, {"side": "found", "kill": ["statement", at]})
        tally.tried += {"closed": True} not in shown
        try:
            db = stations.open_station(folder, PASSWORD)
        except UserMistake as nothing_here:
            assert nothing_here.word == "vault.no_station"
            db, _ = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, cost=CHEAP)
        assert stations.current(db).name == SAMPLE.name
        assert audit.check(db) == []
        db.close()
