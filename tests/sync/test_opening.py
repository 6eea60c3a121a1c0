"""The worker: hostile files end as a named refusal, and the next file is opened all the same."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app.errors import Refused
from station_app.sync import carrier, envelope, opening
from tests.sync.made import PERSON, Sides, refusal, share, visits

WORKER = [sys.executable, "-c", "import sys; from station_app.sync.opening import worker_main; sys.exit(worker_main())"]


@pytest.fixture(scope="module")
def opener() -> Iterator[opening.Opener]:
    with opening.Opener(command=WORKER) as shared:
        yield shared


@pytest.fixture
def file(sides: Sides, tmp_path: Path) -> Path:
    path = tmp_path / "YQ-20260717-0001.batch"
    path.write_bytes(sides.sealed_up())
    return path


def test_a_carrier_opens_through_the_worker(sides: Sides, opener: opening.Opener, file: Path):
    opened = opener.open_carrier(file, [sides.district.opener], sides.stations)
    assert [batch.hash for batch in opened.batches] == [sides.batch().hash]
    assert opened.batches[0].check() == opened.batches[0].manifest.tables[0].rows + 18
    assert opened.keys[PERSON] == b"P" * 32


def test_a_pack_opens_through_the_worker(sides: Sides, opener: opening.Opener, tmp_path: Path):
    path = tmp_path / "990101-YQ-0001.pack"
    path.write_bytes(carrier.seal(sides.down(), [sides.station.public.recipient]))
    assert opener.open_pack(path, [sides.station.opener], sides.districts).pack.manifest.no == 1


def test_one_worker_serves_many_files(sides: Sides, file: Path):
    with opening.Opener(command=WORKER) as opener:
        opener.open_carrier(file, [sides.district.opener], sides.stations)
        first = opener._process
        opener.open_carrier(file, [sides.district.opener], sides.stations)
        assert opener._process is first
    assert first is not None
    assert first.poll() is not None


def test_refusals_cross_from_the_worker_with_their_fields(sides: Sides, opener: opening.Opener, file: Path):
    with pytest.raises(Refused) as refused:
        opener.open_carrier(file, [sides.station.opener], sides.stations)
    assert (refused.value.word, refused.value.fields) == ("sync_files.not_for_us", {"name": file.name})
    with pytest.raises(Refused) as refused:
        opener.open_carrier(file.with_name("gone.batch"), [sides.district.opener], sides.stations)
    assert (refused.value.word, refused.value.fields) == ("sync_files.file_missing", {"name": "gone.batch"})


def test_hostile_files_through_the_worker_are_refused(sides: Sides, opener: opening.Opener, tmp_path: Path):
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    chance, path = random.Random(seed), tmp_path / "hostile.batch"
    for turn in range(share(50)):
        data = bytearray(sides.up() if turn % 2 else sides.sealed_up())
        for _ in range(chance.randint(1, 5)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 9)] = chance.randbytes(chance.randint(1, 9))
        path.write_bytes(sides.sealed_up(bytes(data)) if turn % 2 else bytes(data))
        assert refusal(lambda: opener.open_carrier(path, [sides.district.opener], sides.stations)).startswith(
            "sync_files."
        )


def test_a_file_that_takes_too_long_is_stopped_and_the_next_one_opens(sides: Sides, file: Path):
    with opening.Opener(command=WORKER, timeout=0) as opener:
        assert (
            refusal(lambda: opener.open_carrier(file, [sides.district.opener], sides.stations)) == "sync_files.too_slow"
        )
        opener._timeout = opening.TIMEOUT
        assert opener.open_carrier(file, [sides.district.opener], sides.stations).batches


def test_a_worker_that_dies_is_a_refusal_and_is_replaced(sides: Sides, file: Path):
    with opening.Opener(command=[sys.executable, "-c", "import os; os.abort()"]) as opener:
        assert (
            refusal(lambda: opener.open_carrier(file, [sides.district.opener], sides.stations))
            == "sync_files.worker_died"
        )
        opener._command = WORKER
        assert opener.open_carrier(file, [sides.district.opener], sides.stations).batches


@pytest.mark.parametrize(
    "answer", ["b'\\xff' * 64", "b'\\0\\0\\0\\1x'", "b'\\0\\0\\0\\1\\x80' + b'\\0\\0\\0\\5short'", "b''"]
)
def test_a_worker_gone_wrong_is_not_believed(sides: Sides, file: Path, answer: str):
    code = f"import sys; sys.stdin.buffer.read(4); sys.stdout.buffer.write({answer})"
    with opening.Opener(command=[sys.executable, "-c", code]) as opener:
        word = refusal(lambda: opener.open_carrier(file, [sides.district.opener], sides.stations))
        assert word in ("sync_files.worker_died", "sync_files.not_ours")


def test_a_worker_gone_wrong_cannot_forge(sides: Sides, file: Path):
    forged = sides.up().replace(b"photo", b"phony")
    assert refusal(lambda: opening.read_batches(forged, sides.stations)) == "sync_files.bad_hash"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets us limit the address space")
def test_a_file_that_eats_memory_is_refused_and_the_next_one_opens(sides: Sides, file: Path, tmp_path: Path):
    hog = tmp_path / "hog.batch"
    hog.write_bytes(carrier.seal(carrier.MAGIC + bytes(30_000_000), [sides.district.public.recipient]))
    with opening.Opener(command=WORKER) as opener:
        opener.open_carrier(file, [sides.district.opener], sides.stations)
        assert opener._process is not None
        status = (Path("/proc") / str(opener._process.pid) / "status").read_text()
        used = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak"))
        opener._memory = used * 1024 + 15_000_000  # enough for the day, not for the file and its content
        words = ("sync_files.too_big", "sync_files.worker_died")
        assert refusal(lambda: opener.open_carrier(hog, [sides.district.opener], sides.stations)) in words
        assert opener.open_carrier(file, [sides.district.opener], sides.stations).batches


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks into /proc")
def test_no_secret_is_in_arguments_or_environment(sides: Sides, opener: opening.Opener, file: Path):
    opener.open_carrier(file, [sides.district.opener], sides.stations)
    assert opener._process is not None
    process = Path("/proc") / str(opener._process.pid)
    seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert sides.district.opener.encode() not in seen
    assert sides.station.public.verify_key.hex().encode() not in seen


def test_the_worker_never_loads_qt_or_the_database():
    import subprocess

    code = (
        "import sys; import station_app.sync.opening, station_app.sync.identity; "
        "print([m for m in sys.modules if m.startswith(('PySide6', 'sqlcipher3', 'sqlite_utils', 'reportlab'))])"
    )
    root = Path(opening.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=root, text=True)
    assert done.stdout.strip() == "[]"


def test_many_rows_come_through(sides: Sides, opener: opening.Opener, tmp_path: Path):
    path = tmp_path / "large.batch"
    batch = sides.batch({"visit": visits(20_000)})
    path.write_bytes(sides.sealed_up(sides.up(batch)))
    opened = opener.open_carrier(path, [sides.district.opener], sides.stations)
    assert opened.batches[0].check() == 20_000


def test_the_program_itself_is_the_worker_wherever_the_desk_was_started(
    sides: Sides, file: Path, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    with opening.Opener() as opener:
        assert opener.open_carrier(file, [sides.district.opener], sides.stations).batches


def test_how_the_worker_starts(monkeypatch):
    assert opening.worker_command()[1:] == ["-m", "station_app", "--worker"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert opening.worker_command() == [sys.executable, "--worker"]


def test_key_ids_pick_keys(sides: Sides):
    assert envelope.key_id(sides.station.public.verify_key) == sides.station.public.key_id
