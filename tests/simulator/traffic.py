"""Between the houses: files up, packs down, introductions and keys, files that arrive mangled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from station_app import model as codes
from station_app.db import Database
from station_app.district import answer, intake, keys, rules, store
from station_app.errors import StationError
from station_app.model import RequestState, RuleKind
from station_app.rulebook import QuotaRule, Quotas, Unit, Units
from station_app.services import rules as kept
from station_app.sync import inbox, outbox
from tests.simulator.house import File, Machine, Pack
from tests.simulator.model import Letter, Version, content
from tests.simulator.scene import Scene
from tests.simulator.sticks import Crash, mangled

LATE = "9999-12-31"
"""A day on which every version has started."""


def in_force(db: Database) -> dict[RuleKind, tuple[int, int, str]]:
    """The age of the version of each kind that is in force when all have started, as the program says it; lowest for none."""
    found = {kind: kept.in_force(db, kind, LATE) for kind in RuleKind}
    return {kind: one.age if one else (0, 0, "") for kind, one in found.items()}


class Traffic(Scene):
    """What crosses, and what the model has to hear of it."""

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
        """What arrived stands there at once, whatever is missing before it; why a row is turned down is looked at in the end."""
        office = self.at_office()
        down = {row["row_id"] for row in office.rows("SELECT row_id FROM turned_down")}
        keys: dict[str, set[str]] = {}
        for batch in file.batches:
            for table, row_id in (image.key for image in batch.images):
                keys.setdefault(table, set()).add(row_id)
        for table, ids in keys.items():
            marks = ", ".join("?" * len(ids))
            there = {row["id"] for row in office.rows(f"SELECT id FROM {table} WHERE id IN ({marks})", list(ids))}
            if missing := ids - there - down:
                self.broken("held back", f"{len(missing)} of {table} in {file.path.name}")

    # --- down --------------------------------------------------------------------------------------------------------------

    def write_pack(self, code: str, crash: str = "") -> Pack | None:
        """The district writes the next pack for a station; its program may die "before" or "after" the file stands there."""
        names = {name for name in self.holdings.enrolled if self.house.stations[name].code == code}
        if not names:
            return None
        office = self.at_office()
        (epoch, serial), last = self._word(office), store.by_code(office, code).last_pack_no
        letter = Letter(
            code,
            frozenset(names - self.holdings.revoked),
            epoch,
            serial,
            last + 1,
            frozenset(self.holdings.taken),
            self.holdings.answers | self.holdings.told_elsewhere(),
            self.holdings.carried(office.stamp().business_date),
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

    def _word(self, office: Database) -> tuple[int, int]:
        """How often the district was put back and its keys changed, as its packs say."""
        return int(office.meta("epoch")), int(office.meta("serial"))

    def bring(self, pack: Pack, machine: Machine, after: int | None = None) -> None:
        """A machine looks at a pack and applies it; its program may die after it wrote ``after`` times."""
        db, letter, timeline = self.at(machine), pack.letter, machine.timeline
        stale = machine.template.name not in letter.names or (letter.epoch, letter.no) <= timeline.receipt
        own = {batch.hash for batch in timeline.batches}
        known = {entry: batch for entry, batch in self.closed.items() if batch.store_id == db.store_id}
        before, ruled = db.store_id, in_force(db)
        try:
            opened, _ = inbox.look(db, pack.path, self.sticks)  # type: ignore[arg-type]
            with nullcontext() if after is None else self.dying(after):
                inbox.apply(db, opened)
        except StationError as error:
            name = machine.template.name
            if error.word == "sync_files.not_for_us" and name in letter.names and name in self.doubled & self.rekeyed:
                self.rotate(machine)  # a copy with the keys of before: its keeper takes new ones, signed by those
            elif not stale and timeline.trusting and (letter.epoch, letter.serial) >= timeline.word:
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
        timeline.receipt, timeline.word = (letter.epoch, letter.no), max((letter.epoch, letter.serial), timeline.word)
        timeline.confirmed = letter.have & own
        timeline.take(letter.answers)
        timeline.rules |= letter.rules
        if back := [kind for kind, age in in_force(db).items() if age < ruled[kind]]:
            self.broken("older rules", f"{machine.name} fell back to older {back}")
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

    def switch_rules(self, kind: RuleKind, days: int) -> None:
        """The district switches a version of its rules on, to start in so many days."""
        office = self.at_office()
        self.names += 1
        starts_on = (date.fromisoformat(office.stamp().business_date) + timedelta(days=days)).isoformat()
        name = f"{self.names}"
        if kind is RuleKind.UNITS:
            rules.save(office, Units(units=(Unit(name=name),)), starts_on)
        else:
            rules.save(office, Quotas(rules=(QuotaRule(name=name, kinds=("drink",), most=1),)), starts_on)
        made, _ = rules.switch_on(office, kind)
        version = Version(made.epoch, made.no, made.id, kind.value, starts_on)
        self.holdings.rules |= {version}
        self.versions[made.id] = version

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
            trust, told_rules = store.introduce(office, stick).path, self.holdings.carried(office.stamp().business_date)
            outbox.trust(self.at(machine), outbox.read_trust(trust))
        except StationError as error:
            self.broken("stopped", f"introducing {machine.name}: {error.word}")
            return
        finally:
            self.left(machine)
        machine.timeline.trusting, machine.timeline.word = True, max(self._word(office), machine.timeline.word)
        machine.timeline.rules |= told_rules
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
            self.rekeyed.add(machine.template.name)

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
