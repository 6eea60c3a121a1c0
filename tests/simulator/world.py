"""Stations, each a data folder on a computer of its own, one district, the sticks between them and the copies put away.

Every store is a real encrypted one, copied from a template that is founded once a process. What a step does here is done with
the real code; what was acknowledged is told to the model in the same breath.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from station_app import backup, vault
from station_app import db as database
from station_app import model as codes
from station_app.backup import Backup
from station_app.db import Database, Tx
from station_app.district import answer, intake, keys, store
from station_app.errors import StationError
from station_app.model import ItemKind, Occupation, RequestState
from station_app.paths import DataFolder
from station_app.schema import DISTRICT, STATION
from station_app.services import backups, incarnation, people, stations, supplies
from station_app.sync import carry, closing, inbox, outbox
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.simulator.model import Batch, Holdings, Letter, Timeline, content
from tests.simulator.sticks import Crash, Memory, mangled

START = "2026-07-17T08:00:00+08:00"
OFFICE = "computer of the district"
SHARED = Path("/dev/shm")


def workplace() -> Path:
    """A new folder for stores, in memory where the system has such a place."""
    return Path(tempfile.mkdtemp(prefix="simulator-", dir=SHARED if SHARED.is_dir() else None))


# --- templates -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """A store as founded, to be copied: its files, raw key, whoever is at work, what it remembers."""

    name: str
    folder: Path
    key: str
    acting: str
    timeline: Timeline
    code: str = ""


@dataclass(frozen=True)
class House:
    """The templates: the stations by name, and the district that knows those which are enrolled."""

    folder: Path
    stations: dict[str, Template]
    district: Template


@contextmanager
def known_ids(now: Callable[[], datetime], dice: random.Random) -> Iterator[None]:
    """Ids are made of a clock that is set here and of dice, so that a schedule can be repeated."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codes, "time", SimpleNamespace(time_ns=lambda: int(now().timestamp() * 1_000_000_000)))
        patch.setattr(codes, "os", SimpleNamespace(urandom=dice.randbytes))
        yield


def founded() -> House:
    """A station with two computers, another station, the district they trust, and a station that nobody introduced yet."""
    clock = Clock("2026-07-16T08:00:00+08:00")
    with known_ids(clock, random.Random(0)), pytest.MonkeyPatch.context() as patch:
        return _founded(workplace(), clock, patch)


def _founded(folder: Path, clock: Clock, patch: pytest.MonkeyPatch) -> House:
    patch.setattr(incarnation, "here", lambda: OFFICE)
    stick = folder / "stick"
    stick.mkdir()
    office = store.set_up(
        folder / "district", SAMPLE.district_code, SAMPLE.district_name, "社会工作部", PASSWORD, clock=clock, cost=CHEAP
    )
    trust = outbox.read_trust(store.introduce(office, stick).path)
    made = {}
    for name, code, letter in (("A", "YQ", "A"), ("B", "YQ", "B"), ("C", "LT", "A"), ("D", "BZ", "A")):
        patch.setattr(incarnation, "here", lambda number=f"computer {name}": number)
        here = replace(SAMPLE, code=code, letter=letter)
        opened, keeper = stations.set_up(folder / name, here, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
        opened.acting = keeper.id
        item, _ = supplies.add_item(opened, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=5)
        supplies.receive(opened, item.id, 48, lot="A")
        people.register(opened, Occupation.RIDER, "美团")
        if name != "D":
            store.enrol(office, outbox.enrol(opened, stick).path, accept=True)
            outbox.trust(opened, trust)
        timeline = Timeline()
        timeline.note(opened)
        timeline.trusting = name != "D"
        made[name] = Template(name, folder / name, opened.key, keeper.id, timeline, code)
        opened.close()
    district = Template("district", folder / "district", office.key, office.acting, Timeline())
    office.close()
    return House(folder, made, district)


# --- who takes part ------------------------------------------------------------------------------------------------------


@dataclass
class Machine:
    """A computer with a station's data folder; ``number`` is what makes the computer this one and no other.

    ``blind``: its store was copied whole and put back whole, so nothing here can tell; only the district's receipts can.
    """

    name: str
    template: Template
    folder: Path
    clock: Clock
    number: str
    timeline: Timeline
    blind: bool = False
    db: Database | None = None
    ids: int = 0

    @property
    def code(self) -> str:
        """The station's code."""
        return self.template.code


@dataclass
class Copy:
    """A station's store put away: its files as they lay in the folder, or the backup that was made; what it remembers."""

    machine: Machine
    timeline: Timeline
    files: dict[str, bytes] = field(default_factory=dict)
    backup: Backup | None = None


@dataclass
class File:
    """A station's file on some stick, and the batches it has to bring."""

    path: Path
    machine: Machine
    batches: list[Batch]


@dataclass
class Pack:
    """The district's file on some stick."""

    path: Path
    letter: Letter


@dataclass(frozen=True)
class Violation:
    """A promise that did not hold: its name, and where it was seen."""

    kind: str
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"


# --- the world -----------------------------------------------------------------------------------------------------------


class World:
    """One schedule's stations, district and sticks, all fresh; use it as a context."""

    def __init__(self, house: House, cast: Sequence[str], sticks: Memory | None = None) -> None:
        self.house = house
        self.cast = cast
        self.sticks = sticks or Memory()
        self.folder = workplace()
        self.dice = random.Random(0)
        self.machines: list[Machine] = []
        self.gone: list[Machine] = []
        self.copies: list[Copy] = []
        self.files: list[File] = []
        self.quarantine: list[File] = []
        self.packs: list[Pack] = []
        self.old_offices: list[tuple[dict[str, bytes], Holdings]] = []
        self.office: Database | None = None
        self.office_clock = Clock(START)
        self.office_number = OFFICE
        self.holdings = Holdings(enrolled=frozenset("ABC"))
        self.numbers: dict[tuple[str, int], list[tuple[Batch, bool]]] = {}
        self.names = 0
        self.violations: list[Violation] = []
        self.blindness = False
        """Whether any store was ever copied so that nobody there could tell."""
        self._now = self.office_clock
        self._here = ""
        self._patch = pytest.MonkeyPatch()
        self._ids = ExitStack()

    def __enter__(self) -> World:
        self._patch.setattr(carry, "write_file", self.sticks.write)
        self._patch.setattr(carry, "read_file", self.sticks.read)
        self._patch.setattr(incarnation, "here", lambda: self._here)
        self._ids.enter_context(known_ids(lambda: self._now.moment, self.dice))  # the clock of the computer at work
        for name in self.cast:
            template = self.house.stations[name]
            self.machines.append(self.settled(name, template, template.timeline.copy()))
        shutil.copytree(self.house.district.folder, self.folder / "district")
        return self

    def __exit__(self, *_: object) -> None:
        for machine in [*self.machines, *self.gone]:
            self.shut(machine)
        self.shut_office()
        self._ids.close()
        self._patch.undo()
        shutil.rmtree(self.folder, ignore_errors=True)

    def settled(self, name: str, template: Template, timeline: Timeline) -> Machine:
        """A computer with a copy of a founded station."""
        folder = self.folder / name
        shutil.copytree(template.folder, folder)
        return Machine(name, template, folder, Clock(START), f"computer {name}", timeline)

    def broken(self, kind: str, detail: str) -> None:
        """A promise did not hold."""
        self.violations.append(Violation(kind, detail))

    def small_files(self) -> None:
        """Batches are small and each has a file of its own: what is too much for one stick comes in parts, in any order."""
        self._patch.setattr(outbox, "MOST_BATCHES", 1)
        self._patch.setattr(closing, "MOST_ROWS", 5)

    @property
    def in_memory(self) -> bool:
        """Whether sticks are bytes here, and no files."""
        return type(self.sticks) is Memory

    # --- opening and closing ---------------------------------------------------------------------------------------------

    def at(self, machine: Machine) -> Database:
        """The machine's open store, somewhat later than before; ids and time are this computer's now."""
        self._sits_at(machine)
        machine.clock.forward(minutes=self.dice.randint(1, 40))
        if machine.db is None:
            place = DataFolder(machine.folder)
            machine.db = database.open(place.database, machine.template.key, STATION, clock=machine.clock)
            machine.db._writer.execute("PRAGMA synchronous=OFF")  # power cuts are another suite's
            incarnation.settle(machine.db)
            machine.db.acting = machine.template.acting
        return machine.db

    def _sits_at(self, machine: Machine) -> None:
        self._now, self._here = machine.clock, machine.number
        codes._uuid_last = machine.ids  # each computer is a process of its own

    def left(self, machine: Machine) -> None:
        """The machine's turn is over: what it acknowledged and closed is told to the model."""
        machine.ids = codes._uuid_last
        if machine.db is None:
            return
        machine.timeline.note(machine.db)
        known = {batch.hash for batch in machine.timeline.batches}
        for row in machine.db.rows("SELECT no, hash, last_sequence, snapshot FROM batch ORDER BY no"):
            if row["hash"] not in known:
                self.numbered(machine, machine.timeline.close(machine.db.store_id, row))

    @property
    def closed(self) -> dict[str, Batch]:
        """Every batch that anybody ever closed, by its hash."""
        return {batch.hash: batch for found in self.numbers.values() for batch, _ in found}

    def numbered(self, machine: Machine, batch: Batch) -> None:
        """Whoever could know better gives no number of a store a second time."""
        known = self.numbers.setdefault((batch.store_id, batch.no), [])
        if known and not machine.blind and not any(blind for _, blind in known):
            self.broken("fork made", f"{machine.name}: number {batch.no} of its store was given before")
        known.append((batch, machine.blind))

    def shut(self, machine: Machine) -> None:
        """Close the program on a machine."""
        if machine.db is not None:
            machine.db.close()
            machine.db = None

    def at_office(self) -> Database:
        """The district's open store."""
        self._now, self._here = self.office_clock, self.office_number
        self.office_clock.forward(minutes=self.dice.randint(1, 40))
        if self.office is None:
            place = DataFolder(self.folder / "district", "district")
            self.office = database.open(place.database, self.house.district.key, DISTRICT, clock=self.office_clock)
            self.office._writer.execute("PRAGMA synchronous=OFF")
            incarnation.settle(self.office)
            self.office.acting = self.house.district.acting
        return self.office

    def shut_office(self) -> None:
        """Close the district's program."""
        if self.office is not None:
            self.office.close()
            self.office = None

    def work(self, machine: Machine, what: Callable[[Database], Any], *, may_refuse: bool = False) -> Any:
        """One thing at a desk. The desk's work is never refused, but by a rule of its own (``may_refuse``)."""
        db = self.at(machine)
        try:
            return what(db)
        except StationError as error:
            if not may_refuse:
                self.broken("stopped", f"{machine.name}: {error.word}")
            return None
        finally:
            self.left(machine)

    @contextmanager
    def dying(self, after: int) -> Iterator[None]:
        """Let the program die when it has written ``after`` times more."""
        left = after
        write, run = Tx._write, Tx.run

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def writing(*given: Any) -> Any:
                nonlocal left
                left -= 1
                if left < 0:
                    raise Crash
                return real(*given)

            return writing

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Tx, "_write", counted(write))
            patch.setattr(Tx, "run", counted(run))
            yield

    # --- up ----------------------------------------------------------------------------------------------------------------

    def export(self, machine: Machine, crash: str = "") -> list[File]:
        """The machine writes its files; the program may die "before" or "after" the first stands on the stick."""
        db = self.at(machine)
        stick = self.stick()
        self.sticks.crash = crash
        written: tuple[Path, ...] = ()
        try:
            written = outbox.export(db, stick)[0].paths
        except StationError as error:
            self.left(machine)
            waits = machine.timeline.unconfirmed or machine.timeline.open
            allowed = set() if machine.timeline.trusting else {"sync_page.not_enrolled"}
            if not waits:
                allowed.add("sync_page.nothing_waits")
            if error.word not in allowed:
                self.broken("not offered", f"{machine.name}: {error.word}")
        except Crash:
            written = (self.sticks.last,) if crash == "after" else ()
            self.left(machine)
            self.shut(machine)
        finally:
            self.sticks.crash = ""
        self.left(machine)
        fresh = [File(self.kept(path), machine, []) for path in written]
        for number, batch in enumerate(machine.timeline.unconfirmed):
            if number // outbox.MOST_BATCHES < len(fresh):
                fresh[number // outbox.MOST_BATCHES].batches.append(batch)
        self.files += fresh
        return fresh

    def stick(self) -> Path:
        """An empty stick."""
        folder = (Path("stick") if self.in_memory else self.folder) / f"stick {self.names}"
        if not self.in_memory:
            folder.mkdir(exist_ok=True)
        return folder

    def kept(self, path: Path) -> Path:
        """A file just written, under a path of its own: a pack's number is given again when its writing died."""
        self.names += 1
        fresh = path.with_name(f"{self.names}.{path.name}")
        self.sticks.move(path, fresh)
        return fresh

    def deliver(self, file: File, after: int | None = None) -> None:
        """The district takes a file in; its program may die after it wrote ``after`` times."""
        office = self.at_office()
        name = file.machine.template.name
        try:
            opened = intake.open_file(office, file.path, self.sticks)  # type: ignore[arg-type]
            with nullcontext() if after is None else self.dying(after):
                done, _ = intake.receive(office, opened)
        except StationError as error:
            if name in self.holdings.enrolled or error.word != "sync_files.unknown_station":
                self.broken("turned away", f"{file.path.name}: {error.word}")
            return
        except Crash:
            self.shut_office()
            return
        if done.quarantined:
            if name not in self.holdings.suspects:
                self.broken("turned away", f"{file.path.name}: quarantine")
            self.quarantine.append(file)
            return
        if name in self.holdings.revoked and done.fresh:
            self.broken("revoked taken", f"{file.path.name}: {done.fresh} batches of a key that was revoked")
        self.took(file)

    def took(self, file: File) -> None:
        """A file was taken in."""
        for batch in file.batches:
            self.holdings.taken[batch.hash] = batch
        self.arrived(file)

    def arrived(self, file: File) -> None:
        """What arrived stands there at once, whatever is missing before it."""
        office = self.at_office()
        keys: dict[str, set[str]] = {}
        for batch in file.batches:
            for table, row_id in (image.key for image in batch.images):
                keys.setdefault(table, set()).add(row_id)
        for table, ids in keys.items():
            marks = ", ".join("?" * len(ids))
            there = {row["id"] for row in office.rows(f"SELECT id FROM {table} WHERE id IN ({marks})", list(ids))}
            if missing := ids - there:
                self.broken("held back", f"{len(missing)} of {table} in {file.path.name}")

    # --- down --------------------------------------------------------------------------------------------------------------

    def write_pack(self, code: str, crash: str = "") -> Pack | None:
        """The district writes the next pack for a station; its program may die "before" or "after" the file stands there."""
        names = {name for name in self.holdings.enrolled if self.house.stations[name].code == code}
        if not names:
            return None
        office = self.at_office()
        epoch, last = int(office.meta("epoch")), store.by_code(office, code).last_pack_no
        letter = Letter(
            code,
            frozenset(names - self.holdings.revoked),
            epoch,
            last + 1,
            frozenset(self.holdings.taken),
            dict(self.holdings.answers),
        )
        self.sticks.crash = crash
        try:
            written = answer.pack(office, code, self.stick())[0].path
        except StationError as error:
            self.sticks.crash = ""
            if letter.names or error.word != "district.all_revoked":
                self.broken("stopped", f"a pack for {code}: {error.word}")
            return None
        except Crash:
            self.shut_office()
            if crash == "before":
                return None
            written = self.sticks.last
        self.packs.append(Pack(self.kept(written), letter))
        return self.packs[-1]

    def bring(self, pack: Pack, machine: Machine, after: int | None = None) -> None:
        """A machine looks at a pack and applies it; its program may die after it wrote ``after`` times."""
        db, letter, timeline = self.at(machine), pack.letter, machine.timeline
        stale = machine.template.name not in letter.names or (letter.epoch, letter.no) <= timeline.receipt
        own = {batch.hash for batch in timeline.batches}
        known = {entry: batch for entry, batch in self.closed.items() if batch.store_id == db.store_id}
        before = db.store_id
        try:
            opened, _ = inbox.look(db, pack.path, self.sticks)  # type: ignore[arg-type]
            with nullcontext() if after is None else self.dying(after):
                inbox.apply(db, opened)
        except StationError as error:
            if not stale and timeline.trusting and letter.epoch >= timeline.epoch:
                self.broken("turned away", f"{pack.path.name} at {machine.name}: {error.word}")
            return
        except Crash:
            self.shut(machine)
            return
        finally:
            self.left(machine)
        if stale:
            self.broken("stale taken", f"{pack.path.name} at {machine.name}, which has {timeline.receipt}")
            return
        timeline.receipt, timeline.epoch = (letter.epoch, letter.no), max(letter.epoch, timeline.epoch)
        timeline.confirmed = letter.have & own
        requests = {row_id for table, row_id in timeline.rows if table == "request"}
        timeline.answers |= {key: row for key, row in letter.answers.items() if row["request_id"] in requests}
        if db.store_id != before:
            machine.blind = False
        elif (letter.have & known.keys()) - own:
            self.broken("copy unnoticed", f"{machine.name}: the district has batches of its store that it never made")

    def reply(self, name: str, state: RequestState, note: str) -> None:
        """The district answers a request, by its number or its id."""
        office = self.at_office()
        before = {row["id"] for row in office.rows("SELECT id FROM request_step WHERE side = 'district'")}
        try:
            answer.reply(office, name, state, note)
        except StationError as error:
            if error.word not in ("requests.cannot_follow", "requests.no_key", "district.number_twice"):
                self.broken("stopped", f"the district's answer to {name}: {error.word}")
            return
        for row in office.rows("SELECT * FROM request_step WHERE side = 'district'"):
            if row["id"] not in before:
                self.holdings.answers["request_step", row["id"]] = content(row)

    # --- introductions -----------------------------------------------------------------------------------------------------

    def introduce(self, machine: Machine) -> None:
        """A station and the district get to know each other, once more where they do already; an officer compares fingerprints."""
        name = machine.template.name
        db, stick = self.at(machine), self.stick()
        if name in self.holdings.revoked:
            outbox.rotate(db)  # a key that was revoked is not taken again
        told = outbox.enrol(db, stick).path
        self.left(machine)
        office = self.at_office()
        try:
            store.enrol(office, told, accept=True)
            trust = store.introduce(office, stick).path
            district, _ = outbox.trust(self.at(machine), outbox.read_trust(trust))
        except StationError as error:
            self.broken("stopped", f"introducing {machine.name}: {error.word}")
            return
        finally:
            self.left(machine)
        machine.timeline.trusting, machine.timeline.epoch = True, max(district.epoch, machine.timeline.epoch)
        self.holdings.enrolled |= {name}
        self.holdings.revoked -= {name}
        if any(
            key.revoked for key in store.by_code(office, machine.code).keys
        ):  # its own, before it changed twice unheard
            self.holdings.suspects |= {name}

    def rotate(self, machine: Machine) -> None:
        """A computer takes new keys."""
        if machine.timeline.trusting:
            outbox.rotate(self.at(machine))
            self.left(machine)

    def rotate_office(self) -> None:
        """The district takes new keys."""
        keys.rotate(self.at_office())

    def revoke(self, machine: Machine) -> None:
        """An officer revokes the keys of a computer, which may be stolen, or only thought to be."""
        name = machine.template.name
        if name in self.holdings.enrolled - self.holdings.revoked:
            keys.revoke(self.at_office(), machine.code, "lost", "B" if name == "B" else "A")
            self.holdings.revoked |= {name}
            self.holdings.suspects |= {name}

    def release(self) -> None:
        """An officer looks at what lies in quarantine and finds it good."""
        office = self.at_office()
        for held in keys.held(office):
            intake.release(office, held.id, "looked at")
        for file in self.quarantine:
            self.took(file)
        self.quarantine.clear()

    def ask_snapshot(self, code: str) -> None:
        """The district asks a station for everything as it is."""
        office = self.at_office()
        if any(station.code == code for station in store.stations(office)):
            with office.transact(codes.Op.ENROL, station=code) as tx:
                store.ask_snapshot(tx, store.by_code(office, code).station_id, True)

    # --- bad files ---------------------------------------------------------------------------------------------------------

    def mangle(self, path: Path, receive: Callable[[Path], Any], db: Database) -> None:
        """A mangled copy of a file is refused by name, and nothing changes."""
        broken = path.with_name(f"x{path.name}")
        self.sticks.put(broken, mangled(self.sticks.read(path), self.dice))
        before = db.figures(), db._writer.total_changes
        try:
            receive(broken)
        except StationError:
            if (db.figures(), db._writer.total_changes) != before:
                self.broken("half applied", path.name)
        else:
            self.broken("mangled taken", path.name)

    def mangle_up(self, file: File) -> None:
        """A station's file arrives mangled."""
        office = self.at_office()
        self.mangle(file.path, lambda path: intake.receive(office, intake.open_file(office, path, self.sticks)), office)  # type: ignore[arg-type]

    def mangle_down(self, pack: Pack, machine: Machine) -> None:
        """The district's file arrives mangled."""
        db = self.at(machine)
        self.mangle(pack.path, lambda path: inbox.apply(db, inbox.look(db, path, self.sticks)[0]), db)  # type: ignore[arg-type]
        self.left(machine)

    # --- copies of a station, put away and put back --------------------------------------------------------------------------

    def image(self, machine: Machine) -> None:
        """Somebody copies the data folder of a station that is closed."""
        self.at(machine)
        self.left(machine)
        self.shut(machine)
        if machine.timeline.trusting:  # before that it has no keys yet: a copy would make others
            self.copies.append(Copy(machine, machine.timeline.copy(), files_of(machine.folder)))

    def back_up(self, machine: Machine) -> None:
        """The station makes a backup."""
        db = self.at(machine)
        if not machine.timeline.trusting:
            return
        made = backup.make(db, backup.Reason.MANUAL)
        self.left(machine)
        self.copies.append(Copy(machine, machine.timeline.copy(), backup=made))

    def put_back(self, machine: Machine, copy: Copy, *, whole: bool) -> None:
        """Somebody puts the database of then over that of now; ``whole``: everything beside it too, so nobody there can tell."""
        self.shut(machine)
        place = DataFolder(machine.folder)
        for name, data in copy.files.items():
            if whole or name == place.database.name:
                (machine.folder / name).write_bytes(data)
        machine.timeline = copy.timeline.copy()
        machine.blind = machine.blind or whole
        self.blindness = self.blindness or whole
        self.left(machine)

    def restore(self, machine: Machine, copy: Copy) -> None:
        """The keeper restores a backup the proper way, in place."""
        self.shut(machine)
        erased = machine.timeline.erased
        self._restored(machine, copy)
        if lost := erased - machine.timeline.erased:
            self.broken("erased back", f"{len(lost)} forgotten at {machine.name} came back by restoring")

    def move(self, machine: Machine, copy: Copy) -> None:
        """The computer is gone; its backup is restored on another, which has no anchor."""
        self.shut(machine)
        self.machines.remove(machine)
        self.gone.append(machine)
        self.names += 1
        folder = self.folder / f"{machine.name}+{self.names}"
        fresh = Machine(folder.name, machine.template, folder, Clock(START), f"computer {folder.name}", Timeline())
        fresh.clock.moment = machine.clock.moment
        self._restored(fresh, copy)
        self.machines.append(fresh)

    def _restored(self, machine: Machine, copy: Copy) -> None:
        assert copy.backup is not None
        slots = DataFolder(machine.folder).slots
        chosen = slots if slots.exists() else backup.slots_in(copy.backup.path.parent)
        root, _ = vault.unlock(chosen, PASSWORD)
        self._sits_at(machine)
        backups.restore(DataFolder(machine.folder), copy.backup, chosen, root, clock=machine.clock)
        machine.timeline, machine.blind = copy.timeline.copy(), False
        self.at(machine)
        self.left(machine)

    def clone(self, machine: Machine, *, same: bool) -> None:
        """A copy of the data folder is used in parallel, on another computer or on one that gives itself out as the ``same``."""
        self.at(machine)
        self.left(machine)
        self.shut(machine)
        if not machine.timeline.trusting or len(self.machines) > 3:
            return
        self.names += 1
        folder = self.folder / f"{machine.name}'{self.names}"
        shutil.copytree(machine.folder, folder)
        number = machine.number if same else f"computer {folder.name}"
        twin = replace(
            machine,
            name=folder.name,
            folder=folder,
            number=number,
            timeline=machine.timeline.copy(),
            clock=Clock(START),
        )
        twin.clock.moment = machine.clock.moment
        twin.blind = machine.blind = machine.blind or same
        self.blindness = self.blindness or same
        self.machines.append(twin)

    # --- copies of the district ----------------------------------------------------------------------------------------------

    def image_office(self) -> None:
        """Somebody copies the district's folder while it is closed."""
        self.at_office()
        self.shut_office()
        self.old_offices.append((files_of(self.folder / "district"), self.holdings.copy()))

    def restore_office(self, number: int, way: int) -> None:
        """The district is restored from an older copy: its database alone, all its files, or those on another computer."""
        self.shut_office()
        files, holdings = self.old_offices[number % len(self.old_offices)]
        for name, data in files.items():
            if way or name == "district.db":
                (self.folder / "district" / name).write_bytes(data)
        if way == 2:
            self.office_number += "'"
        self.holdings = holdings.copy()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a data folder, without what only holds it."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if path.is_file() and path.suffix not in (".lock", ".holder")
    }
