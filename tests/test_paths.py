"""Volumes told apart on the three systems, each asked through a stand-in for what the system would say."""

from __future__ import annotations

import sys
from pathlib import Path, PureWindowsPath
from typing import ClassVar

import pytest

from station_app.paths import Volumes, removable_volumes, volume_kind


class Linux:
    """A table of mounts and a tree of block devices as Linux keeps them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts, self.blocks = root / "mounts", root / "class"
        self.mounts.write_text("proc /proc proc rw 0 0\nbroken\n", "utf-8")
        self.blocks.mkdir()

    def mount(self, device: str, name: str, kind: str = "vfat") -> Path:
        place = self.root / name
        place.mkdir(exist_ok=True)
        written = str(place).replace(" ", "\\040")
        with self.mounts.open("a", encoding="utf-8") as table:
            table.write(f"{device} {written} {kind} rw,relatime 0 0\n")
        return place

    def disk(self, name: str, partition: str, *, bus: str = "ata1", removable: str = "0") -> None:
        below = self.root / "devices" / bus / name / partition
        below.mkdir(parents=True)
        (below.parent / "removable").write_text(f"{removable}\n", "ascii")
        (self.blocks / partition).symlink_to(below)

    @property
    def volumes(self) -> Volumes:
        return Volumes("linux", mounts=self.mounts, blocks=self.blocks)


@pytest.fixture
def linux(tmp_path: Path) -> Linux:
    return Linux(tmp_path)


def test_linux_lists_sticks_by_their_own_word_or_by_their_bus(linux: Linux) -> None:
    linux.disk("sda", "sda1")
    linux.disk("sdb", "sdb1", removable="1")
    linux.disk("sdc", "sdc1", bus="usb2")
    linux.mount("/dev/sda1", "disk", "ext4")
    stick, cable = linux.mount("/dev/sdb1", "U 盘"), linux.mount("/dev/sdc1", "CABLE")
    linux.mount("/dev/gone1", "gone")
    found = linux.volumes.removable()
    assert [(volume.path, volume.name) for volume in found] == [(cable, "CABLE"), (stick, "U 盘")]
    assert all(volume.free > 0 for volume in found)


def test_linux_leaves_out_a_stick_that_was_pulled_meanwhile(linux: Linux) -> None:
    linux.disk("sdb", "sdb1", removable="1")
    linux.mount("/dev/sdb1", "KEEPER").rmdir()
    assert linux.volumes.removable() == []


def test_linux_tells_what_a_folder_stands_on_by_its_deepest_mount(linux: Linux) -> None:
    linux.disk("sda", "sda1")
    linux.disk("sdb", "sdb1", removable="1")
    linux.mount("/dev/sda1", ".", "ext4")
    stick = linux.mount("/dev/sdb1", "KEEPER")
    share = linux.mount("server:/share", "share", "nfs4")
    volumes = linux.volumes
    assert volumes.kind(linux.root / "data") == "fixed"
    assert volumes.kind(stick / "not" / "yet" / "there") == "removable"
    assert volumes.kind(share / "data") == "network"
    assert volumes.kind(linux.root / "OneDrive - 街道" / "data") == "synced"
    assert volumes.kind(linux.root / "坚果云" / "data") == "synced"


def test_without_a_table_of_mounts_everything_counts_as_fixed(tmp_path: Path) -> None:
    volumes = Volumes("linux", mounts=tmp_path / "none", blocks=tmp_path)
    assert volumes.kind(tmp_path) == "fixed"
    assert volumes.removable() == []


def test_macos_takes_what_is_mounted_below_volumes(tmp_path: Path) -> None:
    told = (
        "/dev/disk3s1 on / (apfs, sealed, local)\n/dev/disk4s1 on /Volumes/KEEPER (msdos, local)\n"
        "//desk@server/share on /Volumes/share (smbfs, nodev)\n"
    )
    volumes = Volumes("darwin", tool=(sys.executable, "-c", f"print({told!r}, end='')"))
    assert volumes.kind(Path("/Volumes/KEEPER/reports")) == "removable"
    assert volumes.kind(Path("/Volumes/share")) == "network"
    assert volumes.kind(tmp_path) == "fixed"
    assert Volumes("darwin", tool=(str(tmp_path / "missing"),)).removable() == []


class Kernel:
    """What Windows answers: A: an empty card reader, C: the disk, E: a stick, F: a share."""

    kinds: ClassVar = {"A:\\": 2, "C:\\": 3, "E:\\": 2, "F:\\": 4}

    def __init__(self) -> None:
        self.mode = 7

    def GetLogicalDrives(self) -> int:
        return sum(1 << ord(root[0]) - ord("A") for root in self.kinds)

    def GetDriveTypeW(self, root: str) -> int:
        return self.kinds.get(root, 1)

    def SetErrorMode(self, mode: int) -> int:
        before, self.mode = self.mode, mode
        return before

    def GetVolumeInformationW(self, root: str, label: object, *_rest: object) -> int:
        assert self.mode == 1, "an empty reader would ask for a disk in a box of its own"
        if root != "E:\\":
            return 0
        label.value = "KEEPER"  # type: ignore[attr-defined]
        return 1


def test_windows_tells_drives_apart_by_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 5})())
    volumes = Volumes("win32", kernel=kernel)
    assert [(volume.name, volume.free) for volume in volumes.removable()] == [("KEEPER (E:)", 5)]
    assert kernel.mode == 7
    kinds = {
        text: volumes.kind(PureWindowsPath(text))
        for text in ("C:\\data", "E:\\data", "F:\\data", "\\\\server\\x", "rel")
    }  # type: ignore[arg-type]
    assert kinds == {
        "C:\\data": "fixed", "E:\\data": "removable", "F:\\data": "network", "\\\\server\\x": "network", "rel": "fixed",
    }  # fmt: skip


def test_this_machine_can_be_asked(tmp_path: Path) -> None:
    assert volume_kind(tmp_path) in ("fixed", "removable", "network", "synced")
    assert all(volume.path.is_dir() for volume in removable_volumes())
