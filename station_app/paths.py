"""Where things live: what the program brings along, the data folder of a station or district; what the machine has."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import string
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


def asset(*parts: str) -> Path:
    """A file the program brings along (fonts, icons, catalogues), found the same way when frozen and in a wheel (``setup.py``)."""
    frozen = getattr(sys, "_MEIPASS", None)
    package = Path(__file__).resolve().parent
    brought = package / "brought"
    root = Path(frozen) if frozen else brought if brought.is_dir() else package.parent
    return root.joinpath("assets", *parts)


def handbook(language: str) -> Path:
    """The folder of the handbook's pages in a language, found the same way as ``asset``."""
    return asset().parent / "docs" / "handbook" / language


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The files of one station or district; ``side`` is "station" or "district"."""

    path: Path
    side: str = "station"

    @property
    def database(self) -> Path:
        """The encrypted database."""
        return self.path / f"{self.side}.db"

    @property
    def slots(self) -> Path:
        """The key slots, one per keeper."""
        return self.path / f"{self.side}.slots"

    @property
    def anchor(self) -> Path:
        """The last closed batch as known outside the database (SYNC.md section 4, rule 5)."""
        return self.path / f"{self.side}.anchor"

    @property
    def ballast(self) -> Path:
        """A file that only takes room, to be given up when the disk is full."""
        return self.path / f"{self.side}.ballast"

    @property
    def log(self) -> Path:
        """Faults of the program, without anybody's data."""
        return self.path / f"{self.side}.log"

    @property
    def place(self) -> Path:
        """Where the window stood last."""
        return self.path / f"{self.side}.window"

    @property
    def version(self) -> Path:
        """The version whose news were read last."""
        return self.path / f"{self.side}.version"

    @property
    def exists(self) -> bool:
        """Whether somebody was set up here."""
        return self.slots.exists() and self.database.exists()


def program_folder() -> Path:
    """Where the program lies, frozen or as its source."""
    if getattr(sys, "frozen", False):
        return Path(sys.executable).resolve().parent
    return Path(__file__).resolve().parent.parent


BASE = "STATION_BASE"
"""Set for a newer version that the program began in its own place (``handed_over``): where the first one lies."""


def frozen() -> bool:
    """Whether this is the built program, not its source."""
    return bool(getattr(sys, "frozen", False))


def base_folder() -> Path:
    """Where the program was first put; a newer version that came by an update lies beside it."""
    named = os.environ.get(BASE) if getattr(sys, "frozen", False) else None
    return Path(named) if named else program_folder()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A small file beside the program that names the version to begin, and on its second line the one before."""

    base: Path

    @property
    def path(self) -> Path:
        """The file."""
        return self.base.with_name(f"{self.base.name}.next")

    @property
    def names(self) -> tuple[str, ...]:
        """Folders beside the program, the one to begin first; none before the first update."""
        try:
            lines = self.path.read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return ()
        return tuple(line for line in lines if re.fullmatch(re.escape(self.base.name) + r"-\d[\d.]*", line))

    def point_at(self, name: str) -> None:
        """Begin ``name`` from now on; the one begun so far is remembered. Raises OSError."""
        self._write((name, *[one for one in self.names[:1] if one != name]))

    def step_back(self) -> str:
        """Begin the one before; its name, that of the base when no update is left."""
        left = self.names[1:]
        if left:
            self._write(left)
            return left[0]
        self.path.unlink(missing_ok=True)
        return self.base.name

    def _write(self, names: tuple[str, ...]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.part")
        with fresh.open("w", encoding="utf-8") as file:
            file.write("".join(f"{name}\n" for name in names))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)

    def newer_than(self, version: str) -> Path | None:
        """The folder of the version to begin, when it is there and newer than ``version``."""
        for name in self.names[:1]:
            theirs = name.removeprefix(f"{self.base.name}-")
            numbers = [[int(part) for part in one.split(".") if part] for one in (theirs, version)]
            if numbers[0] > numbers[1] and (self.base.with_name(name)).is_dir():
                return self.base.with_name(name)
        return None


def handed_over(version: str, arguments: Sequence[str]) -> int | None:
    """Begin the newer version that an update put beside this program; its exit code, None when this one is to run.

    Where it cannot be begun this one runs: it always works. ``update --previous`` is never handed on.
    """
    if not getattr(sys, "frozen", False) or BASE in os.environ or list(arguments[:2]) == ["update", "--previous"]:
        return None
    base = program_folder()
    newer = Pointer(base).newer_than(version)
    program = newer / Path(sys.executable).name if newer is not None else None
    if program is None or not program.is_file():
        return None
    around = os.environ | {BASE: str(base)}
    try:
        if os.name == "nt":
            import subprocess

            return subprocess.call([str(program), *arguments], env=around)
        os.execve(program, [str(program), *arguments], around)
    except OSError:
        return None


def machine_kind() -> str:
    """The system and processor a built program is for: "linux-x86_64", "windows-amd64"."""
    import platform

    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    return f"{system}-{platform.machine().lower()}"


def portable_folder() -> Path:
    """Where data goes that is to stay beside the program: on a disk that is carried from computer to computer."""
    return base_folder() / "data"


def default_folder() -> Path:
    """Where data goes without ``--data``: beside the program when a ``.portable`` file stands there, else the user's own."""
    if (base_folder() / ".portable").exists():
        return portable_folder()
    if named := os.environ.get("STATION_DATA"):
        return Path(named)
    from platformdirs import user_data_path

    return user_data_path("warm-station", appauthor=False)


def has_display() -> bool:
    """Whether a window can be shown here; Qt's offscreen platform counts."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(
        os.environ.get("DISPLAY")
        or os.environ.get("WAYLAND_DISPLAY")
        or os.environ.get("QT_QPA_PLATFORM", "").startswith("offscreen")
    )


def has_camera() -> bool:
    """Whether the optional extra for cameras is installed; nothing of it is loaded by asking."""
    from importlib.util import find_spec

    return find_spec("PySide6.QtMultimedia") is not None


# --- volumes: what a folder stands on, and which sticks are plugged in ---------------------------------------------------

VolumeKind = Literal["fixed", "removable", "network", "synced"]

NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "9p", "afs", "ceph", "glusterfs", "fuse.sshfs",
     "fuse.davfs", "fuse.rclone", "fuse.gvfsd-fuse"}
)  # fmt: skip
"""File systems that lie on another machine, as Linux and macOS name them."""
SYNCED = re.compile(
    r"onedrive|dropbox|nutstore|坚果云|icloud ?drive|mobile documents|google ?drive|googledrive|my drive"
    r"|baidu(sync|net)disk|百度网盘|wps ?(drive|云盘)|weiyun|微云",
    re.IGNORECASE,
)
"""Folders that a program copies to the cloud behind our back, by the names those programs give them."""
_REMOVABLE, _REMOTE = 2, 4  # DRIVE_REMOVABLE, DRIVE_REMOTE of GetDriveTypeW


@dataclass(frozen=True, slots=True)
class Volume:
    """A removable drive that is plugged in: where, what it is called, bytes free."""

    path: Path
    name: str
    free: int


@dataclass(frozen=True, slots=True)
class _Mount:
    """A mounted file system: its device, where it stands, its type."""

    device: str
    path: Path
    type: str


class Volumes:
    """The drives of this machine; what it asks the system can be given for tests.

    ``mounts`` and ``blocks`` are Linux's table of mounts and its folder of block devices, ``kernel`` is Windows' kernel32,
    ``tool`` the command that lists the mounts of macOS.
    """

    def __init__(
        self,
        system: str = sys.platform,
        *,
        mounts: Path = Path("/proc/mounts"),
        blocks: Path = Path("/sys/class/block"),
        kernel: Any = None,
        tool: tuple[str, ...] = ("/sbin/mount",),
    ) -> None:
        self._system, self._mounts, self._blocks, self._tool = system, mounts, blocks, tool
        self._kernel = kernel

    def kind(self, path: Path) -> VolumeKind:
        """What ``path`` stands on; "fixed" when the system cannot tell. A live database belongs on "fixed" only."""
        if any(SYNCED.search(part) for part in path.parts):
            return "synced"
        if self._system == "win32":
            return self._windows_kind(path)
        whole = path.resolve()
        standing = [mount for mount in self._mounted() if whole.is_relative_to(mount.path)]
        # the deepest mount counts, and of several at one place the last
        mount = max(enumerate(standing), key=lambda pair: (len(pair[1].path.parts), pair[0]), default=(0, None))[1]
        if mount is None:
            return "fixed"
        if mount.type in NETWORK:
            return "network"
        return "removable" if self._plugged(mount) else "fixed"

    def removable(self) -> list[Volume]:
        """The removable drives that are plugged in and mounted, by name."""
        if self._system == "win32":
            found = self._windows_removable()
        else:
            found = [(mount.path, mount.path.name) for mount in self._mounted() if self._plugged(mount)]
        return sorted(_measured(dict(found).items()), key=lambda volume: volume.name)

    def _mounted(self) -> list[_Mount]:
        return self._mac_mounts() if self._system == "darwin" else self._linux_mounts()

    def _plugged(self, mount: _Mount) -> bool:
        if self._system == "darwin":
            return mount.path.parent == Path("/Volumes") and mount.type not in NETWORK
        return self._linux_plugged(mount.device)

    def _linux_mounts(self) -> list[_Mount]:
        try:
            lines = self._mounts.read_text("utf-8", "surrogateescape").splitlines()
        except OSError:
            return []
        parted = [line.split(" ") for line in lines]
        return [_Mount(fields[0], Path(_unescaped(fields[1])), fields[2]) for fields in parted if len(fields) > 2]

    def _linux_plugged(self, device: str) -> bool:
        """Whether a block device can be taken out: it says so itself, or it hangs on USB (drives with a cable say no)."""
        if not device.startswith("/dev/"):
            return False
        try:
            block = (self._blocks / Path(device).name).resolve(strict=True)
        except OSError:
            return False
        if any(part.startswith("usb") for part in block.parts):
            return True
        for place in (block, block.parent):  # a partition stands below its disk
            try:
                return (place / "removable").read_text("ascii").strip() == "1"
            except OSError:
                continue
        return False

    def _mac_mounts(self) -> list[_Mount]:
        import subprocess

        try:
            told = subprocess.run(self._tool, capture_output=True, text=True, timeout=5, check=False).stdout
        except (OSError, subprocess.TimeoutExpired):
            return []
        found = re.findall(r"^(.+?) on (/.*) \(([^,)]+)", told, re.MULTILINE)
        return [_Mount(device, Path(path), type_) for device, path, type_ in found]

    def _windows(self) -> Any:
        if self._kernel is None:
            import ctypes

            self._kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  only Windows has it
        return self._kernel

    def _windows_kind(self, path: Path) -> VolumeKind:
        text = str(path)
        if text.startswith(("\\\\", "//")):
            return "network"
        drive = self._windows().GetDriveTypeW(f"{text[:1]}:\\") if text[1:2] == ":" else 0
        return "removable" if drive == _REMOVABLE else "network" if drive == _REMOTE else "fixed"

    def _windows_removable(self) -> list[tuple[Path, str]]:
        import ctypes

        kernel = self._windows()
        present = kernel.GetLogicalDrives()
        letters = [letter for place, letter in enumerate(string.ascii_uppercase) if present >> place & 1]
        found: list[tuple[Path, str]] = []
        # an empty card reader would otherwise ask for a disk in a box of its own (SEM_FAILCRITICALERRORS)
        before = kernel.SetErrorMode(1)
        try:
            for root in (f"{letter}:\\" for letter in letters):
                if kernel.GetDriveTypeW(root) == _REMOVABLE:
                    label = ctypes.create_unicode_buffer(261)
                    if kernel.GetVolumeInformationW(root, label, 261, None, None, None, None, 0):
                        found.append((Path(root), f"{label.value} ({root[:2]})" if label.value else root[:2]))
        finally:
            kernel.SetErrorMode(before)
        return found


def volume_kind(path: Path) -> VolumeKind:
    """What ``path`` stands on: "fixed", "removable", "network" or "synced" (DECISIONS: where a live database may lie)."""
    return Volumes().kind(path)


def removable_volumes() -> list[Volume]:
    """The removable drives that are plugged in and mounted, by name."""
    return Volumes().removable()


def machine_id() -> str:
    """An id of this machine that stands as long as its system does, hashed so that nothing else can be joined to it.

    "" when the system has none to give. Sources: /etc/machine-id (machine-id(5) asks for a keyed hash), the registry's
    MachineGuid, IOPlatformUUID.
    """
    told = _told_by_system().strip()
    return hashlib.sha256(f"warm-station machine\n{told}".encode()).hexdigest()[:32] if told else ""


def _told_by_system() -> str:
    try:
        if sys.platform == "win32":
            import winreg

            place = r"SOFTWARE\Microsoft\Cryptography"
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, place, 0, winreg.KEY_READ | winreg.KEY_WOW64_64KEY) as key:
                return str(winreg.QueryValueEx(key, "MachineGuid")[0])
        if sys.platform == "darwin":
            return _told_by_ioreg()
        return Path("/etc/machine-id").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _told_by_ioreg() -> str:
    import subprocess

    asked = ["/usr/sbin/ioreg", "-rd1", "-c", "IOPlatformExpertDevice"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False).stdout
    except subprocess.TimeoutExpired:
        return ""
    found = re.search(r'"IOPlatformUUID" = "([^"]+)"', told)
    return found[1] if found else ""


def _measured(found: Iterable[tuple[Path, str]]) -> Iterable[Volume]:
    """With the room on them; one that was pulled out meanwhile is left out."""
    for path, name in found:
        try:
            yield Volume(path, name, shutil.disk_usage(path).free)
        except OSError:
            continue


def _unescaped(text: str) -> str:
    """A path of /proc/mounts, where spaces and the like stand as octal numbers."""
    raw = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), os.fsencode(text))
    return os.fsdecode(raw)
