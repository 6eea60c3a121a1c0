"""Stations, each a data folder on a computer of its own, one district, the sticks between them and the copies put away.

Every store is a real encrypted one, copied from a template that is founded once a process. What a step does here is done with
the real code; what was acknowledged is told to the model in the same breath.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from station_app import backup, vault
from station_app.paths import DataFolder
from station_app.services import backups
from tests.conftest import PASSWORD, Clock
from tests.simulator.house import START, Copy, Machine
from tests.simulator.model import Timeline
from tests.simulator.traffic import Traffic


class World(Traffic):
    """One schedule's stations, district and sticks, and the copies that are put away and put back."""

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
        self.doubled.add(machine.template.name)
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
        self.doubled.add(machine.template.name)
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
        self.doubled.add(machine.template.name)
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
