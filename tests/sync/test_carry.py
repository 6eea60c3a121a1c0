"""Written to a stick so that it may be unplugged; read from one with a cap."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from station_app.errors import Bug, Cancelled, EnvironmentFault, Refused
from station_app.sync import carry

DATA = bytes(range(256)) * 4096  # 1 MiB, four chunks
NAME = "YQ-20260717-0001.batch"


def fault(step: Callable[[], object]) -> str:
    """The sentence id of the fault of the machine that ``step`` meets."""
    with pytest.raises(EnvironmentFault) as caught:
        step()
    return caught.value.word


def refusal(step: Callable[[], object]) -> str:
    """The sentence id of what ``step`` is refused with."""
    with pytest.raises(Refused) as caught:
        step()
    return caught.value.word


def test_what_a_killed_write_left_is_swept_away_by_the_next(tmp_path: Path):
    left, others = tmp_path / ".YQA-20260717-0001.batch.0123abcd.part", tmp_path / ".LTA-20260717-0001.batch.0123abcd.part"
    for path in (left, others):
        path.write_bytes(b"half")
    carry.write_file(tmp_path, "YQA-20260718-0002.batch", DATA)
    assert not left.exists()
    assert others.exists()


def test_what_was_written_is_there_and_nothing_else(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    written = carry.write_file(tmp_path, NAME, DATA, lambda done, total: seen.append((done, total)))
    assert written == carry.Written(tmp_path / NAME, len(DATA), hashlib.sha256(DATA).hexdigest())
    assert written.path.read_bytes() == DATA
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)
    assert seen[-1] == (2 * len(DATA), 2 * len(DATA))


def test_an_empty_file_can_be_written(tmp_path: Path):
    assert carry.write_file(tmp_path, NAME, b"").bytes == 0


def test_the_order_is_write_sync_rename_sync_read(tmp_path: Path, monkeypatch):
    steps: list[str] = []
    for owner, name in ((os, "fsync"), (Path, "replace"), (carry, "_sync_folder"), (carry, "_hash_again")):
        real = getattr(owner, name)

        def noted(*told, real=real, name=name):
            steps.append(name)
            return real(*told)

        monkeypatch.setattr(owner, name, noted)
    carry.write_file(tmp_path, NAME, DATA)
    assert [step for step in steps if step != "fsync"] == ["replace", "_sync_folder", "_hash_again"]
    assert steps[0] == "fsync"


def test_the_folder_is_gone(tmp_path: Path):
    assert fault(lambda: carry.write_file(tmp_path / "stick", NAME, DATA)) == "sync_files.folder_missing"
    assert fault(lambda: carry.find_batches(tmp_path / "stick")) == "sync_files.folder_missing"


@contextmanager
def most_bytes(count: int) -> Iterator[None]:
    """No file may grow beyond ``count`` bytes, as on a stick that is full in the middle of a write."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on a file's size to set")
@pytest.mark.parametrize("room", [0, 1, carry.CHUNK, carry.CHUNK + 1, len(DATA) - 1])
def test_a_full_stick_keeps_what_was_there(tmp_path: Path, room: int):
    (tmp_path / NAME).write_bytes(b"the export before")
    with most_bytes(room):
        word = fault(lambda: carry.write_file(tmp_path, NAME, DATA))
    assert word == "sync_files.disk_full"
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [(NAME, b"the export before")]


@pytest.mark.parametrize(
    ("number", "word"),
    [(errno.EROFS, "read_only"), (errno.EACCES, "read_only"), (errno.EIO, "not_written"), (errno.ENOSPC, "disk_full")],
)
@pytest.mark.parametrize("call", ["fsync", "open", "replace"])
def test_each_fault_of_the_machine_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch, number: int, word: str, call: str
):
    def fail(*_told: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os if call == "fsync" else Path, call, fail)
    assert fault(lambda: carry.write_file(tmp_path, NAME, DATA)) == f"sync_files.{word}"
    assert not list(tmp_path.iterdir())


def test_a_stick_pulled_in_the_middle_is_named(tmp_path: Path, monkeypatch):
    stick = tmp_path / "stick"
    stick.mkdir()

    def pulled(_handle: int) -> None:
        stick.rename(tmp_path / "elsewhere")
        raise OSError(errno.EIO, "gone")

    monkeypatch.setattr(os, "fsync", pulled)
    assert fault(lambda: carry.write_file(stick, NAME, DATA)) == "sync_files.folder_missing"


def test_a_stick_that_gives_back_other_bytes_is_found_out(tmp_path: Path, monkeypatch):
    def rot(folder: Path) -> None:
        spoiled = bytearray((folder / NAME).read_bytes())
        spoiled[5000] ^= 1
        (folder / NAME).write_bytes(bytes(spoiled))

    monkeypatch.setattr(carry, "_sync_folder", rot)
    assert fault(lambda: carry.write_file(tmp_path, NAME, DATA)) == "sync_files.readback_differs"
    assert not list(tmp_path.iterdir())


def test_control_without_reading_back_rot_goes_unseen(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(carry, "_sync_folder", lambda folder: (folder / NAME).write_bytes(b"rot"))
    monkeypatch.setattr(carry, "_hash_again", lambda path, size, tell: hashlib.sha256(DATA).hexdigest())
    assert carry.write_file(tmp_path, NAME, DATA).path.read_bytes() == b"rot"


@pytest.mark.parametrize("at", [0, 2, 4, 6])
def test_stopping_leaves_the_file_before_or_the_whole_new_one(tmp_path: Path, at: int):
    (tmp_path / NAME).write_bytes(b"the export before")
    calls = iter(range(100))

    def stop(_done: int, _total: int) -> None:
        if next(calls) == at:
            raise Cancelled("jobs.stopped")

    with pytest.raises(Cancelled):
        carry.write_file(tmp_path, NAME, DATA, stop)
    assert list(tmp_path.iterdir()) == [tmp_path / NAME]
    assert (tmp_path / NAME).read_bytes() == (b"the export before" if at < 4 else DATA)


@pytest.mark.parametrize("name", ["云桥.batch", "../x.batch", "a/b", "", ".hidden", "a" * 100])
def test_only_plain_names_reach_a_stick(tmp_path: Path, name: str):
    with pytest.raises(Bug):
        carry.write_file(tmp_path, name, DATA)


def test_a_file_held_by_a_scanner_is_tried_again_for_two_seconds():
    held = PermissionError(errno.EACCES, "held")
    held.winerror = 32  # type: ignore[misc, unused-ignore]
    pauses: list[float] = []
    answers = iter([held, held, "done"])

    def step() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    assert carry._patiently(step, pauses.append) == "done"
    assert len(pauses) == 2

    def never() -> str:
        raise held

    pauses.clear()
    with pytest.raises(PermissionError):
        carry._patiently(never, pauses.append)
    assert sum(pauses) == pytest.approx(carry.PATIENCE, abs=0.1)


def test_any_other_fault_is_not_waited_for():
    pauses: list[float] = []

    def never() -> str:
        raise OSError(errno.EIO, "gone")

    with pytest.raises(OSError, match="gone"):
        carry._patiently(never, pauses.append)
    assert pauses == []


# --- reading ---------------------------------------------------------------------------------------------------------


def test_reading_stops_at_the_cap(tmp_path: Path):
    path = tmp_path / NAME
    path.write_bytes(DATA)
    assert carry.read_file(path, len(DATA)) == DATA
    with pytest.raises(Refused) as refused:
        carry.read_file(path, len(DATA) - 1)
    assert refused.value.word == "sync_files.too_big"


def test_a_huge_file_is_refused_without_being_read(tmp_path: Path, monkeypatch):
    path = tmp_path / NAME
    with path.open("wb") as file:
        file.truncate(50_000_000_000)  # a hole: no disk is used
    with pytest.raises(Refused) as refused:
        carry.read_file(path, 1000)
    assert refused.value.word == "sync_files.too_big"


def test_nothing_a_folder_and_a_pipe_are_no_files(tmp_path: Path):
    path = tmp_path / NAME
    assert refusal(lambda: carry.read_file(path, 10)) == "sync_files.file_missing"
    assert refusal(lambda: carry.read_file(tmp_path, 10)) == "sync_files.file_missing"
    if hasattr(os, "mkfifo"):
        os.mkfifo(path)
        assert refusal(lambda: carry.read_file(path, 10)) == "sync_files.file_missing"
        path.unlink()
    path.write_bytes(b"")
    with pytest.raises(Refused) as refused:
        carry.read_file(path, 10)
    assert refused.value.word == "sync_files.empty_file"


def test_a_stick_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch):
    path = tmp_path / NAME
    path.write_bytes(DATA)

    def fail(*_told: object) -> bytes:
        raise OSError(errno.EIO, "bad sector")

    monkeypatch.setattr(carry, "_read", fail)
    assert fault(lambda: carry.read_file(path, 10**9)) == "sync_files.not_read"


def test_files_are_found_by_name_and_only_ours(tmp_path: Path):
    for name in (
        "YQ-20260717-0001.batch", "YQ-20260718-0002.batch", ".YQ-20260718-0002.batch.1234.part", "notes.txt",
        "YQ-1.batch",
        "990101-YQ-0002.pack", "990101-YQ-0010.pack", "990101-YQ-10000.pack", "990101-YQB-0001.pack",
        "990101-YQ-0003.pack.exe",
    ):  # fmt: skip
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "YQ-20260719-0003.batch").mkdir()
    assert [path.name for path in carry.find_batches(tmp_path)] == ["YQ-20260717-0001.batch", "YQ-20260718-0002.batch"]
    packs = ["990101-YQ-0002.pack", "990101-YQ-0010.pack", "990101-YQ-10000.pack"]
    assert [path.name for path in carry.find_packs(tmp_path, "YQ")] == packs
    assert carry.find_packs(tmp_path, "Y.") == []
