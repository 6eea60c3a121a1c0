"""Rescue: of a damaged store nothing readable is lost, nothing is invented, its file stays as it was; a restore puts it back."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from station_app import backup
from station_app import db as database
from station_app.backup import Backup, Reason
from station_app.db import Database
from station_app.errors import Cancelled, EnvironmentFault, Refused
from station_app.model import Consent, ItemKind, Occupation, Op, Role
from station_app.paths import DataFolder
from station_app.schema import LEDGERS
from station_app.services import (
    audit,
    history,
    keepers,
    keeping,
    people,
    requests,
    rescue,
    stations,
    supplies,
    visits,
)  # fmt: skip
from station_app.services.rescue import mending, pages, reading
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

PAGE = pages.PAGE
Rows = Mapping[str, Mapping[str, tuple[Any, ...]]]


@dataclass(frozen=True)
class Ward:
    """A station of some hundred operations as it lay on the disk: closed, and as a killed window would leave it."""

    folder: Path
    key: str
    kept: str
    closed: bytes
    open_file: bytes
    open_journal: bytes
    rows: Rows
    keys: Mapping[str, bytes]


def ledger_rows(db: Database) -> Rows:
    return {table: {row["id"]: tuple(row) for row in db.rows(f"SELECT * FROM {table}")} for table in LEDGERS}


def an_hour(db: Database, clock: Clock, count: int, first: int = 0) -> None:
    """Regulars who come, ask and are given something, the nameless and what is taken back."""
    water = supplies.by_name(db, "湿巾") or supplies.add_item(db, "湿巾", "包", ItemKind.DRINK)[0]
    supplies.receive(db, water.id, count)
    for number in range(first, first + count):
        clock.forward(minutes=1)
        name, phone = f"人{number}", f"139{number:08d}"
        person, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", name, phone, Consent.DISTRICT)
        visits.check_in(db, person.badge_code)
        supplies.hand_out(db, water.id, person_id=person.id)
        if number % 3 == 0:
            visits.tally(db, Occupation.COURIER, 2)
        if number % 7 == 0:
            history.undo_last(db)
        if number % 10 == 0:
            requests.add(db, "充电口不足" * (1 + 50 * (number % 20)), person_id=person.id, contact=phone)


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    folder = tmp_path_factory.mktemp("ward") / "station"
    clock = Clock()
    db, _ = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    an_hour(db, clock, 40)
    clock.forward(hours=1)
    kept = keeping.keep(db, Reason.MANUAL).backup
    db._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    an_hour(db, clock, 40, first=40)
    journal = db.path.with_name("station.db-wal")
    made = {"open_file": db.path.read_bytes(), "open_journal": journal.read_bytes()}
    rows, keys = ledger_rows(db), {row["subject_id"]: row["secret"] for row in db.rows("SELECT * FROM subject_key")}
    key = db.key
    db.close()
    return Ward(folder, key, kept.path.name, db.path.read_bytes(), **made, rows=rows, keys=keys)


class Bed:
    """A copy of the ward's station for one test, to be damaged and looked at."""

    def __init__(self, ward: Ward, folder: Path) -> None:
        self.ward = ward
        self.place = DataFolder(Path(shutil.copytree(ward.folder, folder)))
        self.journal = self.place.database.with_name("station.db-wal")
        self.clock = Clock("2026-07-17T18:00:00+08:00")
        self.patient = rescue.unlock(self.place.path, PASSWORD)

    @property
    def kept(self) -> Backup:
        return next(one for one in backup.listing(self.place.path / "backups") if one.path.name == self.ward.kept)

    def lie(self, file: bytes, journal: bytes = b"") -> None:
        self.place.database.write_bytes(file)
        self.journal.unlink(missing_ok=True)
        if journal:
            self.journal.write_bytes(journal)

    def read(self) -> reading.Salvage:
        return reading.read(
            self.place, self.ward.key, self.kept, progress=lambda _done, _total: None, clock=self.clock, holder="window"
        )

    def examine(self) -> rescue.Case:
        return rescue.examine(self.patient, clock=self.clock)

    def root_of(self, name: str) -> int:
        with database.glance(self.kept.path, self.ward.key) as rows:
            return int(rows("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,))[0]["rootpage"])


@pytest.fixture
def bed(ward: Ward, tmp_path: Path) -> Bed:
    return Bed(ward, tmp_path / "station")


def bent(data: bytes, *places: int) -> bytes:
    spoilt = bytearray(data)
    for place in places:
        spoilt[place] ^= 0x10
    return bytes(spoilt)


def page_bent(data: bytes, number: int) -> bytes:
    return bent(data, (number - 1) * PAGE + 1234)


def invented(found: Database, ward: Ward) -> list[tuple[str, str]]:
    """Rows and keys that are not, cell for cell, what the station had."""
    wrong = [
        (table, row_id)
        for table, rows in ledger_rows(found).items()
        for row_id, row in rows.items()
        if ward.rows[table].get(row_id) != row
    ]
    return wrong + [
        ("subject_key", row["subject_id"])
        for row in found.rows("SELECT * FROM subject_key")
        if ward.keys.get(row["subject_id"]) != row["secret"]
    ]


def missing(found: Database, ward: Ward) -> list[tuple[str, str]]:
    there = ledger_rows(found)
    return [(table, row_id) for table, rows in ward.rows.items() for row_id in rows if row_id not in there[table]]


def whole(bed: Bed) -> reading.Salvage:
    """Read, and see that nothing of the ledgers is gone, nothing is new and the damaged files are as they were."""
    before = bed.place.database.read_bytes(), bed.journal.read_bytes() if bed.journal.exists() else b""
    salvage = bed.read()
    assert (bed.place.database.read_bytes(), bed.journal.read_bytes() if bed.journal.exists() else b"") == before
    assert invented(salvage.db, bed.ward) == []
    assert missing(salvage.db, bed.ward) == []
    assert salvage.lost == 0 or all(part.lost == 0 for part in salvage.parts if part.table in LEDGERS)
    salvage.close()
    assert not (bed.place.path / "rescuing").exists()
    return salvage


def part(salvage: reading.Salvage, table: str) -> reading.Part:
    return next(one for one in salvage.parts if one.table == table)


# --- reading -----------------------------------------------------------------------------------------------------------------


def test_of_a_sound_store_everything_is_read_and_nothing_called_lost(bed: Bed) -> None:
    salvage = whole(bed)
    assert (salvage.bad, salvage.lost) == (0, 0)
    assert part(salvage, "visit").recovered == 0
    assert salvage.last == "2026-07-17T10:20:00+08:00"


def test_what_a_killed_window_left_in_its_journal_is_read_too(bed: Bed) -> None:
    bed.lie(bed.ward.open_file, bed.ward.open_journal)
    assert whole(bed).bad == 0


@pytest.mark.parametrize("table", ["visit", "person", "identity", "handout", "movement", "badge", "request", "keeper"])
def test_a_table_whose_first_page_is_gone_comes_back_from_the_log(bed: Bed, table: str) -> None:
    bed.lie(page_bent(bed.ward.closed, bed.root_of(table)))
    salvage = whole(bed)
    assert salvage.bad == 1
    assert (part(salvage, table).read, part(salvage, table).recovered) == (0, len(bed.ward.rows[table]))


def test_without_the_log_a_spoilt_table_would_be_lost(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the test above."""
    monkeypatch.setattr(reading, "_take", lambda _tx, waiting: waiting.clear())
    bed.lie(page_bent(bed.ward.closed, bed.root_of("visit")))
    salvage = bed.read()
    assert part(salvage, "visit").lost == len(bed.ward.rows["visit"])
    salvage.close()


@pytest.mark.parametrize("name", ["change", "operation", "change_row", "sqlite_autoindex_visit_1"])
def test_what_the_log_lost_stands_in_the_tables(bed: Bed, name: str) -> None:
    bed.lie(page_bent(bed.ward.closed, bed.root_of(name)))
    salvage = whole(bed)
    if name in reading.LOG:
        assert part(salvage, name).lost > 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: bent(data, 3),  # one bit of the salt
        lambda data: bent(data, 60),  # what the file says of itself
        lambda data: bent(data, 2000),  # where the tables begin
        lambda data: bytes(512) + data[512:],  # the first sector
        lambda data: bytes(PAGE) + data[PAGE:],
    ],
)
def test_a_spoilt_first_page_loses_nothing(bed: Bed, spoil: Callable[[bytes], bytes]) -> None:
    bed.lie(spoil(bed.ward.closed))
    with pytest.raises(Refused) as refusal:
        stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    assert refusal.value.word in database.DAMAGE
    whole(bed)


def test_without_the_salt_as_it_was_noted_nothing_could_be_proved(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the last two of the test above."""
    monkeypatch.setattr(reading, "_noted", lambda _spare, _key: ("", ""))
    bed.lie(bytes(PAGE) + bed.ward.closed[PAGE:])
    with pytest.raises(Refused) as refusal:
        bed.read()
    assert refusal.value.word == "rescue.nothing"
    assert not (bed.place.path / "rescuing").exists()


def test_every_page_of_the_file_in_turn(bed: Bed) -> None:
    """One spoilt page never costs a row of a ledger: a tenth of the pages, others each day, all by the fault suite."""
    count = len(bed.ward.closed) // PAGE
    for number in random.Random(20260717).sample(range(1, count + 1), max(12, count // 10)):
        bed.lie(page_bent(bed.ward.closed, number))
        assert whole(bed).bad <= 1


def test_bits_of_the_journal_in_turn(bed: Bed) -> None:
    frame = pages.FRAME + PAGE
    count = (len(bed.ward.open_journal) - pages.JOURNAL) // frame
    assert count > 100
    dice = random.Random(20260717)
    spots = [dice.randrange(len(bed.ward.open_journal) - 2 * frame) for _ in range(10)]
    heads = [pages.JOURNAL + dice.randrange(count - 2) * frame + offset for offset in (2, 9, 17)]
    for spot in (*spots, *heads, 18):
        bed.lie(bed.ward.open_file, bent(bed.ward.open_journal, spot))
        whole(bed)


def test_many_spoilt_pages_lose_little_and_invent_nothing(bed: Bed) -> None:
    dice = random.Random(7)
    bed.lie(bent(bed.ward.closed, *(dice.randrange(len(bed.ward.closed)) for _ in range(25))))
    salvage = bed.read()
    assert invented(salvage.db, bed.ward) == []
    gone = missing(salvage.db, bed.ward)
    assert len(gone) == sum(one.lost for one in salvage.parts if one.table in LEDGERS), "what is gone is told"
    assert len(gone) < sum(map(len, bed.ward.rows.values())) // 4
    salvage.close()


def test_a_file_that_was_cut_off_gives_what_stands_before(bed: Bed) -> None:
    bed.lie(bed.ward.closed[: len(bed.ward.closed) * 3 // 4 + 100])
    salvage = bed.read()
    assert invented(salvage.db, bed.ward) == []
    assert salvage.read > 0
    salvage.close()


def test_without_a_backup_the_store_is_read_all_the_same(bed: Bed) -> None:
    shutil.rmtree(bed.place.path / "backups")
    bed.lie(bent(bed.ward.closed, 2000))
    with_none = reading.read(
        bed.place, bed.ward.key, None, progress=lambda _done, _total: None, clock=bed.clock, holder="window"
    )
    assert (invented(with_none.db, bed.ward), missing(with_none.db, bed.ward)) == ([], [])
    with_none.close()


def test_a_page_that_is_not_proved_is_never_believed(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of another place, sound in itself, is no page of this one; without the proof its rows would be invented."""
    visit, handout = (bed.root_of(name) - 1 for name in ("visit", "handout"))
    data = bytearray(bed.ward.closed)
    data[visit * PAGE : (visit + 1) * PAGE] = data[handout * PAGE : (handout + 1) * PAGE]
    bed.lie(bytes(data))
    assert whole(bed).bad == 1
    monkeypatch.setattr(pages.Seal, "holds", lambda _seal, page, _number: len(page) == PAGE)
    monkeypatch.setattr(pages.Seal, "anew", lambda _seal, page, _number: page)
    with pytest.raises((AssertionError, Refused)):
        whole(bed)


def test_a_store_that_a_window_has_is_not_read(bed: Bed) -> None:
    opened = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    with pytest.raises(EnvironmentFault) as fault:
        bed.read()
    assert fault.value.word == "db.in_use_by_window"
    opened.close()


def test_stopped_reading_leaves_nothing_behind(bed: Bed) -> None:
    def stop(done: int, _total: int) -> None:
        if done > 50:
            raise Cancelled("kit.cancelled")

    with pytest.raises(Cancelled):
        rescue.examine(bed.patient, progress=stop, clock=bed.clock)
    assert not (bed.place.path / "rescuing").exists()
    stations.open_station(bed.place.path, PASSWORD, clock=bed.clock).close()


# --- restoring ---------------------------------------------------------------------------------------------------------------


def same_facts(db: Database, ward: Ward) -> None:
    """Every row is back as it was, but for its version and store."""
    for table, rows in ward.rows.items():
        names = db.columns(table)
        without = [place for place, name in enumerate(names) if name not in ("version", "store_id")]
        now = {row["id"]: [row[names[place]] for place in without] for row in db.rows(f"SELECT * FROM {table}")}
        assert now == {row_id: [row[place] for place in without] for row_id, row in rows.items()}, table


@pytest.mark.parametrize("name", ["visit", "change", "handout"])
def test_a_rescue_restores_the_backup_and_puts_back_what_came_after(bed: Bed, name: str) -> None:
    spoilt = page_bent(bed.ward.closed, bed.root_of(name))
    bed.lie(spoilt)
    case = bed.examine()
    assert (case.role, case.may_restore, case.sees_people) == (Role.SUPERVISOR, True, True)
    assert case.held is not None
    assert case.held.people == 40
    assert case.newer["person"] == 40
    done, written = rescue.restore(case, case.backups[0], clock=bed.clock)
    assert written == sum(case.newer.values())
    case.close()
    assert done.set_aside is not None
    assert (done.set_aside / "station.db").read_bytes() == spoilt, "the damaged file is kept as it was"
    again = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    same_facts(again, bed.ward)
    assert audit.check(again) == []
    assert people.find(again, "人79")[0].phone == "13900000079"
    put = again.one("SELECT * FROM operation WHERE op = ?", (Op.PUT_BACK.value,))
    assert put is not None
    assert again.scalar("SELECT count(*) FROM operation WHERE op = ?", (Op.PUT_BACK.value,)) == 1
    with pytest.raises(Refused):
        history.undo(again, put["id"])
    visits.tally(again, Occupation.RIDER)
    again.close()


def test_whoever_was_forgotten_after_the_backup_stays_forgotten(bed: Bed) -> None:
    opened = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    old, late = people.find(opened, "人5")[0], people.find(opened, "人75")[0]
    people.erase(opened, old.id)
    people.erase(opened, late.id)
    before = opened.scalar("SELECT count(*) FROM erasure")
    opened.close()
    bed.lie(page_bent(bed.place.database.read_bytes(), bed.root_of("visit")))
    case = bed.examine()
    rescue.restore(case, bed.kept, clock=bed.clock)
    case.close()
    again = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    for one in (old, late):
        assert people.get(again, one.id).erased
        assert people.get(again, one.id).name == ""
        assert again.scalar("SELECT count(*) FROM subject_key WHERE subject_id = ?", (one.id,)) == 0
    assert late.id not in {found.id for found in people.find(again, "人75")}  # one slip forgiven, others are found
    assert again.scalar("SELECT count(*) FROM erasure") == before
    assert audit.check(again) == []
    again.close()


def test_a_setting_and_a_pin_changed_since_are_back_too(bed: Bed) -> None:
    opened = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    keepers.set_pin(opened, opened.acting, "97531")
    opened.close()
    bed.lie(page_bent(bed.place.database.read_bytes(), bed.root_of("visit")))
    case = bed.examine()
    rescue.restore(case, bed.kept, clock=bed.clock)
    case.close()
    again = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    assert keepers.unlock_screen(again, again.acting, "97531").name == "王敏"
    again.close()


def test_only_a_supervisor_restores_and_only_who_sees_people_is_shown_them(bed: Bed) -> None:
    opened = stations.open_station(bed.place.path, PASSWORD, clock=bed.clock)
    for role in (Role.KEEPER, Role.AUDITOR, Role.EVENING):
        keepers.add(opened, bed.place.path, bed.patient.root, role.value, role, f"password-of-{role.value}", cost=CHEAP)
    opened.close()
    spoilt = page_bent(bed.place.database.read_bytes(), bed.root_of("keeper"))
    bed.lie(spoilt)
    for role, sees in ((Role.KEEPER, True), (Role.AUDITOR, False), (Role.EVENING, False)):
        case = rescue.examine(rescue.unlock(bed.place.path, f"password-of-{role.value}"), clock=bed.clock)
        assert (case.role, case.sees_people) == (role, sees)
        with pytest.raises(Refused) as refusal:
            rescue.restore(case, bed.kept, clock=bed.clock)
        assert refusal.value.word == "roles.not_allowed"
        case.close()
    assert bed.place.database.read_bytes() == spoilt


def test_a_damaged_backup_is_not_offered(bed: Bed) -> None:
    first = bed.kept
    first.path.write_bytes(page_bent(first.path.read_bytes(), 5))
    bed.lie(page_bent(bed.ward.closed, 7))
    case = bed.examine()
    assert (case.backups, case.held, dict(case.newer)) == ((), None, {})
    case.close()


def test_a_restore_that_fails_leaves_the_damaged_store_as_it_was(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = page_bent(bed.ward.closed, bed.root_of("visit"))
    bed.lie(spoilt)
    case = bed.examine()

    def full(_self: object, _restored: Database) -> None:
        raise EnvironmentFault("db.full")

    monkeypatch.setattr(mending.Mending, "put_back", full)
    with pytest.raises(EnvironmentFault):
        rescue.restore(case, bed.kept, clock=bed.clock)
    case.close()
    assert bed.place.database.read_bytes() == spoilt
    assert not (bed.place.path / "restoring").exists()
