"""What a hostile file costs before it is refused: each through a real worker, with its reason, seconds and megabytes.

SYNC.md section 3: one named reason, under 2 s and 100 MB, the ledger untouched. Held to it are the worker's own seconds (CPU, so that a
busy machine changes nothing) and its peak of memory, interpreter included; the table at the end tells the worst of them, and the
seconds by the clock on the wall, which nothing is held to.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest

from station_app.errors import StationError
from station_app.sync import carrier, envelope, identity, opening, wire
from station_app.sync.strict import canonical
from tests.faults.hostile import CONTENTS
from tests.faults.table import Tally
from tests.sync.made import Sides, visits

FAULT = "hostile files"
SECONDS, MEGABYTES = 2.0, 100
WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")
pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a process's peak and lets it be reset")


@pytest.fixture(scope="module")
def sides() -> Sides:
    return Sides(identity.generate(), identity.generate())


# --- what an enrolled station may send that means harm -------------------------------------------------------------------------


def _resigned(sides: Sides, body: bytes, raw_bytes: int, **more: Any) -> bytes:
    """A batch around any body, with a manifest that says what it likes, signed all the same."""
    tree = json.loads(envelope.cut_frame("batch", sides.batch().data).manifest)
    tree.update(body_bytes=len(body), body_sha256=hashlib.sha256(body).hexdigest(), raw_bytes=raw_bytes, **more)
    tree["tables"] = [{"bytes": raw_bytes, "digest": "0" * 64, "name": "visit", "rows": 1}]
    return envelope.write_frame("batch", canonical(tree), body, sides.station.sign, sides.station.public.verify_key)


def _carried(sides: Sides, *frames: bytes) -> bytes:
    made = carrier.write_carrier(list(frames), {}, {}, sides.station.sign, sides.station.public.verify_key)
    return sides.sealed_up(made)


def _bomb(size: int) -> bytes:
    machine, parts = zlib.compressobj(9), []
    for _ in range(size // 1_000_000):
        parts.append(machine.compress(b"0" * 1_000_000))
    return b"".join([*parts, machine.flush()])


def _lines(count: int) -> bytes:
    """Lines of JSON that are no rows."""
    return b'{"id":"x"}\n' * count


SIGNED: dict[str, Callable[[Sides], bytes]] = {
    "a bomb that tells little": lambda sides: _carried(sides, _resigned(sides, _bomb(400_000_000), 1000)),
    "a bomb that tells all": lambda sides: _carried(sides, _resigned(sides, _bomb(60_000_000), 60_000_000)),
    "a bomb beyond all bounds": lambda sides: _carried(sides, _resigned(sides, _bomb(1_000_000), 2**40)),
    "three million lines": lambda sides: _carried(sides, _resigned(sides, zlib.compress(_lines(3_000_000), 9), 33_000_000)),
    "deep JSON for a row": lambda sides: _carried(sides, _resigned(sides, zlib.compress(b"[" * 900_000), 900_000)),
    "two thousand frames": lambda sides: _carried(sides, *[b"x" * 40] * 2000),
    "the lengths lie": lambda sides: sides.sealed_up(carrier.MAGIC + (2**32 - 1).to_bytes(4, "big") + bytes(1000)),
    "30 MB inside the seal": lambda sides: sides.sealed_up(carrier.MAGIC + bytes(30_000_000)),
    "nine recipients": lambda sides: pyrage.encrypt(b"x" * 1000, [pyrage.x25519.Recipient.from_str(sides.district.public.recipient)] * 9),
    "a header of 4 MB": lambda _sides: b"age-encryption.org/v1\n" + b"-> X25519 AAAA\nAAAA\n" * 200_000,
    "sealed to others": lambda sides: carrier.seal(sides.up(), [identity.generate().public.recipient]),
    "20,000 rows, one wrong": lambda sides: _carried(sides, _one_wrong(sides)),
}  # fmt: skip


def _one_wrong(sides: Sides) -> bytes:
    """A large batch whose very last row is none."""
    rows = list(visits(20_000))
    rows[-1] |= {"hour": 99}
    raw = b"".join(wire.encode("visit", rows[:-1])) + canonical(rows[-1]) + b"\n"
    return _resigned(sides, zlib.compress(raw, 6), len(raw), raw_sha256=hashlib.sha256(raw).hexdigest())


# --- measured -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """What one file cost the worker: its reason, CPU seconds, seconds on the wall, megabytes at the peak."""

    reason: str
    seconds: float
    wall: float
    megabytes: float


class Bench:
    """A worker that is looked at while it opens files."""

    def __init__(self, sides: Sides, folder: Path) -> None:
        self.opener = opening.Opener(command=WORKER)
        self.sides, self.path = sides, folder / "hostile.batch"
        self.path.write_bytes(sides.sealed_up())
        self.opener.open_carrier(self.path, [sides.district.opener], sides.stations)

    def measure(self) -> Cost:
        """Open what lies there now. A worker that died has cost nothing that could be told: it may not die of any of these."""
        process = self.opener._process
        assert process is not None
        place = Path("/proc") / str(process.pid)
        (place / "clear_refs").write_text("5")
        before, started = self._cpu(place), time.perf_counter()
        with pytest.raises(StationError) as refused:
            self.opener.open_carrier(self.path, [self.sides.district.opener], self.sides.stations)
        wall = time.perf_counter() - started
        assert process.poll() is None, f"the worker died: {refused.value}"
        peak = next(int(line.split()[1]) for line in (place / "status").read_text().splitlines() if line.startswith("VmHWM"))
        return Cost(refused.value.word, self._cpu(place) - before, wall, peak / 1024)

    @staticmethod
    def _cpu(place: Path) -> float:
        fields = (place / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def bench(sides: Sides, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(sides, tmp_path_factory.mktemp("hostile"))
    yield made
    made.opener.close()


def held(name: str, found: Cost, tally: Tally, told: Callable[..., None]) -> None:
    """To the bound, and into the table."""
    told(name, found.reason, found.seconds, found.wall, found.megabytes)
    tally.met()
    assert found.reason.startswith("sync_files."), found
    assert found.reason not in ("sync_files.worker_died", "sync_files.too_slow"), found
    assert found.seconds < SECONDS, found
    assert found.megabytes < MEGABYTES, found


@pytest.mark.parametrize("name", SIGNED)
def test_what_an_enrolled_station_may_send_is_refused_cheaply(
    bench: Bench, sides: Sides, tally: Tally, cost: Callable[..., None], name: str
) -> None:
    bench.path.write_bytes(SIGNED[name](sides))
    held(name, bench.measure(), tally, cost)


@pytest.mark.parametrize("name", CONTENTS)
def test_what_anybody_may_put_on_a_stick_is_refused_cheaply(
    bench: Bench, sides: Sides, tally: Tally, cost: Callable[..., None], name: str
) -> None:
    bench.path.unlink(missing_ok=True)
    CONTENTS[name](bench.path, sides.sealed_up())
    try:
        held(name, bench.measure(), tally, cost)
    finally:
        bench.path.unlink(missing_ok=True)


def test_without_the_bound_on_inflating_a_bomb_would_take_the_memory(sides: Sides, tally: Tally) -> None:
    """In a process of its own: the same bomb, inflated whole."""
    body = _bomb(400_000_000)
    code = (
        "import resource, sys, zlib\n"
        "zlib.decompress(sys.stdin.buffer.read())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, check=True)
    tally.control("inflated without a bound", caught=int(done.stdout) > MEGABYTES)
