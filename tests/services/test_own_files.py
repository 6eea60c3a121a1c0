"""What a station leaves on a computer that several people use is its owner's alone, and a process that dies leaves no core."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app.backup import Reason
from station_app.model import Occupation
from station_app.services import attachments, keeping, people, pictures, requests, stations
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.pictures import phone

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows gives a person's folders to that person")
HARMLESS = {"station.lock", "station.holder", "station.ballast"}
"""They hold no word and no key."""


@pytest.fixture(autouse=True)
def open_handed() -> Iterator[None]:
    """The usual habit of systems: what is made may be read by everybody."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def others_may(folder: Path) -> set[str]:
    """The files and folders that others than their owner may read, by their place."""
    found = set()
    for path in [folder, *folder.rglob("*")]:
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.name not in HARMLESS:
            found.add(path.relative_to(folder).as_posix())
    return found


def worked(folder: Path) -> None:
    """A station with a person, a request with a picture, a backup; open, so that its journal lies there too."""
    db, _ = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, "2468", clock=Clock(), cost=CHEAP)
    people.register(db, Occupation.RIDER)
    request, _ = requests.add(db, "充电口不足")
    attachments.add(db, request.id, [pictures.prepare(phone())])
    keeping.keep(db, Reason.MANUAL)
    assert others_may(folder) == set()
    db.close()


def test_a_folder_that_is_made_is_for_its_owner(tmp_path: Path) -> None:
    worked(tmp_path / "station")
    assert stat.S_IMODE((tmp_path / "station").stat().st_mode) == 0o700


def test_what_is_carried_away_can_be_read_by_whoever_sits_at_the_other_computer(tmp_path: Path) -> None:
    """A stick may keep rights; a new computer's owner is another."""
    db, _ = stations.set_up(tmp_path / "station", SAMPLE, "王敏", PASSWORD, clock=Clock(), cost=CHEAP)
    request, _ = requests.add(db, "充电口不足")
    attachments.add(db, request.id, [pictures.prepare(phone())])
    stick = tmp_path / "stick"
    assert keeping.keep(db, Reason.MANUAL, second=stick).missed is None
    closed = [path for path in [stick, *stick.rglob("*")] if not stat.S_IMODE(path.stat().st_mode) & 0o004]
    assert closed == []
    db.close()


def test_in_a_folder_that_was_there_the_files_are(tmp_path: Path) -> None:
    place = tmp_path / "there"
    place.mkdir(mode=0o755)
    db, _ = stations.set_up(place, SAMPLE, "王敏", PASSWORD, clock=Clock(), cost=CHEAP)
    people.register(db, Occupation.RIDER)
    keeping.keep(db, Reason.MANUAL)
    assert others_may(place) == {"."}, "the folder is not ours to change"
    db.close()


DIES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)  # as a machine that keeps images
if sys.argv[1] == "program":
    from station_app.__main__ import main
    main(["--help"])
print(*resource.getrlimit(resource.RLIMIT_CORE), flush=True)
secret = b"PLANTED-" + b"MARKER"
os.abort()
"""
ROOT = Path(__file__).parents[2]


def died(folder: Path, who: str) -> tuple[str, list[Path]]:
    """What a process that dies in ``folder`` was allowed to leave, and what it left."""
    folder.mkdir()
    around = os.environ | {"PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", DIES, who], cwd=folder, env=around, capture_output=True, text=True, check=False)
    assert told.returncode == -signal.SIGABRT
    return told.stdout.splitlines()[-1], list(folder.iterdir())


def test_a_process_that_dies_leaves_no_image_of_its_memory(tmp_path: Path) -> None:
    allowed, left = died(tmp_path / "program", "program")
    assert (allowed, left) == ("0 0" if most() == 0 else "1 1", [])


def most() -> int:
    """Bytes of an image that a process may leave here at most; 1 where a test before ran the program in this very process."""
    import resource

    return resource.getrlimit(resource.RLIMIT_CORE)[1]


def test_without_that_the_image_is_there_with_all_that_was_in_memory(tmp_path: Path) -> None:
    """The negative control: where the machine writes images as files beside the program."""
    pattern = Path("/proc/sys/kernel/core_pattern")
    if most() in (0, 1) or not pattern.exists() or not pattern.read_text("ascii").startswith("core"):
        pytest.skip("this machine writes no images of memory beside a program")
    _, left = died(tmp_path / "other", "another")
    assert [file.name.startswith("core") for file in left] == [True]
    assert b"PLANTED-" + b"MARKER" in left[0].read_bytes()
    left[0].unlink()
