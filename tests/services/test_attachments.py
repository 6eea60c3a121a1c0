"""Pictures of requests: added, seen, taken away and back; sealed on the disk; gone with the request's key; never a row without its file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station_app import blobs, vault
from station_app.blobs import Blobs
from station_app.db import Database, Tx
from station_app.errors import EnvironmentFault, Refused, UserMistake
from station_app.model import Op, Request, Role
from station_app.services import attachments, audit, history, keepers, pictures, requests, subjects
from tests.conftest import CHEAP, PASSWORD, Clock
from tests.pictures import phone

KEY = "ab" * 32


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return pictures.prepare(phone())


@pytest.fixture
def request_(db: Database) -> Request:
    return requests.add(db, "充电口不足")[0]


def files(db: Database) -> set[str]:
    return blobs.of(db).names()


def forgotten(db: Database, request_id: str) -> None:
    with db.transact(Op.ERASE_PERSON) as tx:
        subjects.erase(tx, request_id, "withdrawn")


# --- at the desk --------------------------------------------------------------------------------------------------------


def test_a_request_is_recorded_with_its_pictures_in_one_step_and_taken_back_in_one(db: Database, jpeg: bytes) -> None:
    request, changes = requests.add(db, "充电口不足", pictures=[jpeg, jpeg])
    first, second = attachments.listing(db, request.id)
    assert (first.rank, second.rank) == (1, 2)
    assert first.sha256 != second.sha256
    assert attachments.content(db, first.id) == attachments.content(db, second.id) == jpeg
    assert attachments.counts(db) == {request.id: 2}
    assert audit.check(db) == []
    history.undo(db, changes.operation)
    assert attachments.listing(db, request.id) == [] == requests.listing(db)
    attachments.sweep(db)
    assert files(db) == set()
    assert audit.check(db) == []


def test_pictures_are_added_later_removed_and_brought_back(db: Database, request_: Request, jpeg: bytes) -> None:
    both, changes = attachments.add(db, request_.id, [jpeg, jpeg])
    assert changes.undoable
    assert [one.rank for one in both] == [1, 2]
    removed = attachments.remove(db, both[0].id)
    assert [one.rank for one in attachments.listing(db, request_.id)] == [2]
    attachments.sweep(db)
    history.undo(db, removed.operation)
    assert attachments.content(db, both[0].id) == jpeg
    history.undo(db, changes.operation)
    assert attachments.listing(db, request_.id) == []
    assert audit.check(db) == []


def test_the_file_of_a_removed_picture_stays_thirty_days(
    db: Database, request_: Request, jpeg: bytes, clock: Clock
) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    removed = attachments.remove(db, one.id)
    clock.forward(days=29)
    assert attachments.sweep(db) == 0
    assert len(files(db)) == 1
    clock.forward(days=2)
    assert attachments.sweep(db) == 1
    assert files(db) == set()
    with pytest.raises(Refused) as refusal:
        history.undo(db, removed.operation)
    assert refusal.value.word == "pictures.gone"
    assert audit.check(db) == []


def test_there_are_six_at_most_and_what_is_too_many_adds_nothing(db: Database, request_: Request, jpeg: bytes) -> None:
    attachments.add(db, request_.id, [jpeg] * 5)
    with pytest.raises(UserMistake) as told:
        attachments.add(db, request_.id, [jpeg, jpeg])
    assert (told.value.word, told.value.fields) == ("pictures.too_many", {"most": 6, "n": 5})
    with pytest.raises(UserMistake):
        requests.add(db, "七张", pictures=[jpeg] * 7)
    assert len(files(db)) == 5
    assert [one.text for one in requests.listing(db)] == ["充电口不足"]


def test_only_what_was_made_ready_is_taken(db: Database, request_: Request) -> None:
    with pytest.raises(Refused) as refusal:
        attachments.add(db, request_.id, [phone()])
    assert refusal.value.word == "pictures.not_prepared"
    assert files(db) == set()


def test_a_request_with_pictures_of_later_is_not_taken_back_under_them(db: Database, jpeg: bytes) -> None:
    request, changes = requests.add(db, "充电口不足")
    attachments.add(db, request.id, [jpeg])
    with pytest.raises(Refused) as refusal:
        history.undo(db, changes.operation)
    assert refusal.value.word == "history.used_since"


# --- who sees them ------------------------------------------------------------------------------------------------------


def test_who_is_not_shown_what_people_said_has_no_pictures_of_it(
    db: Database, request_: Request, jpeg: bytes, clock: Clock
) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    boss, folder = db.acting, db.path.parent
    root, _ = vault.unlock(folder / "station.slots", PASSWORD)
    evening, _ = keepers.add(db, folder, root, "晚班", Role.EVENING, "password-2", cost=CHEAP)
    auditor, _ = keepers.add(db, folder, root, "审计", Role.AUDITOR, "password-3", cost=CHEAP)
    for keeper in (evening, auditor):
        db.acting = keeper.id
        assert attachments.listing(db, request_.id) == []
        assert attachments.counts(db) == {}
        for forbidden in (
            lambda: attachments.content(db, one.id), lambda: attachments.remove(db, one.id),
            lambda: attachments.add(db, request_.id, [jpeg]),
        ):  # fmt: skip
            with pytest.raises(Refused) as refusal:
                forbidden()
            assert refusal.value.word == "roles.not_allowed"
    db.acting = evening.id
    own, _ = requests.add(db, "晚上来的", pictures=[jpeg])
    [mine, later] = attachments.add(db, own.id, [jpeg])[0]
    assert attachments.content(db, mine.id) == attachments.content(db, later.id) == jpeg
    clock.forward(days=1)
    assert attachments.listing(db, own.id) == []
    db.acting = boss
    assert len(attachments.listing(db, own.id)) == 2


# --- on the disk --------------------------------------------------------------------------------------------------------


def test_nothing_of_a_picture_lies_in_the_folder_in_the_clear(db: Database, request_: Request, jpeg: bytes) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    marks = [jpeg[at : at + 24] for at in range(0, len(jpeg) - 24, 24) if len(set(jpeg[at : at + 24])) > 8]
    assert len(marks) > 8
    db.close()
    for file in db.path.parent.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not any(mark in data for mark in marks), file.name
            assert b"JFIF" not in data
            assert one.sha256.encode() not in file.name.encode()
    [blob] = (db.path.parent / blobs.FOLDER).iterdir()  # nor below the outer seal: the request's key is needed too
    inner = vault.open_bytes(vault.derived(bytes.fromhex(db.key), "attachments"), blob.name, blob.read_bytes())
    assert not any(mark in inner for mark in marks)


@pytest.mark.parametrize("spoil", ["bit", "cut", "swap", "gone"])
def test_a_file_that_is_not_what_was_written_is_found_and_named(
    db: Database, request_: Request, jpeg: bytes, spoil: str
) -> None:
    [one, other], _ = attachments.add(db, request_.id, [jpeg, jpeg])
    held = blobs.of(db)
    file = held.folder / held.name(one.sha256)
    data = file.read_bytes()
    if spoil == "gone":
        file.unlink()
    else:
        swapped = (held.folder / held.name(other.sha256)).read_bytes()
        file.write_bytes(
            {"bit": data[:99] + bytes([data[99] ^ 1]) + data[100:], "cut": data[:-1], "swap": swapped}[spoil]
        )
    with pytest.raises(Refused) as refusal:
        attachments.content(db, one.id)
    assert refusal.value.word == ("blobs.missing" if spoil == "gone" else "blobs.damaged")
    [problem] = audit.check(db)
    assert problem.word == ("audit.picture_missing" if spoil == "gone" else "audit.picture_damaged")
    assert problem.fields == {"number": request_.number, "rank": 1}
    assert attachments.content(db, other.id) == jpeg


def test_a_picture_of_another_request_put_in_its_place_does_not_open(
    db: Database, request_: Request, jpeg: bytes
) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    sealed = blobs.of(db).read(one.sha256)
    key = subjects.key_of(db, request_.id)
    assert key is not None
    with pytest.raises(Refused):
        vault.open_bytes(key, "attachment.content/another", sealed)
    assert vault.open_bytes(key, f"attachment.content/{one.id}", sealed) == jpeg


# --- forgetting ---------------------------------------------------------------------------------------------------------


def test_forgetting_a_request_takes_its_files_along(db: Database, request_: Request, jpeg: bytes) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    removed, _ = attachments.add(db, request_.id, [jpeg])
    attachments.remove(db, removed[1].id)
    forgotten(db, request_.id)
    assert files(db) == set()
    assert attachments.listing(db, request_.id) == []
    with pytest.raises(Refused) as refusal:
        attachments.content(db, one.id)
    assert refusal.value.word == "pictures.forgotten"
    with pytest.raises(Refused):
        attachments.add(db, request_.id, [jpeg])
    assert audit.check(db) == []


def test_a_file_that_outlived_its_key_goes_with_the_next_sweep(
    db: Database, request_: Request, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    attachments.add(db, request_.id, [jpeg])
    with monkeypatch.context() as power:
        power.setattr(Blobs, "delete", lambda _self, _digests: None)  # the cut between commit and deletion
        forgotten(db, request_.id)
    assert len(files(db)) == 1
    assert attachments.sweep(db) == 1
    assert files(db) == set()


def test_an_erasure_that_was_not_committed_leaves_the_file(db: Database, request_: Request, jpeg: bytes) -> None:
    [one], _ = attachments.add(db, request_.id, [jpeg])
    with pytest.raises(KeyError), db.transact(Op.ERASE_PERSON) as tx:
        subjects.erase(tx, request_.id, "withdrawn")
        raise KeyError
    assert attachments.content(db, one.id) == jpeg


# --- power and disk -----------------------------------------------------------------------------------------------------


class Cut(BaseException):
    """The power goes."""


@pytest.mark.parametrize("step", range(40))
def test_a_row_is_never_without_its_file_wherever_it_is_stopped(
    db: Database, request_: Request, jpeg: bytes, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    left = [step]

    def maybe(real: object) -> object:
        def call(*args: object, **more: object) -> object:
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            return real(*args, **more)  # type: ignore[operator]

        return call

    with monkeypatch.context() as power:
        for name in ("fsync", "open", "replace"):
            power.setattr(f"os.{name}", maybe(getattr(os, name)))
        power.setattr(Path, "replace", maybe(Path.replace))
        power.setattr("station_app.db.Tx._log", maybe(Tx._log))
        try:
            attachments.add(db, request_.id, [jpeg, jpeg])
        except Cut:
            assert attachments.listing(db, request_.id) == []
    assert [word for _, word in attachments.missing(db)] == []
    attachments.sweep(db)
    assert len(files(db)) == len(attachments.listing(db, request_.id)) in (0, 2)
    assert not list((db.path.parent / blobs.FOLDER).glob("*.new"))


def test_the_file_is_safe_before_the_row_is(
    db: Database, request_: Request, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    written, logged = vault.write_whole, Tx._log
    monkeypatch.setattr(vault, "write_whole", lambda file, data: (written(file, data), done.append("file"))[0])
    monkeypatch.setattr(Tx, "_log", lambda *args: (done.append("row"), logged(*args))[1])
    attachments.add(db, request_.id, [jpeg])
    assert done == ["file", "row"]


def test_a_full_disk_says_so_and_nothing_was_recorded(
    db: Database, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(vault, "write_whole", full)
        with pytest.raises(EnvironmentFault) as fault:
            requests.add(db, "充电口不足", pictures=[jpeg])
    assert fault.value.word == "db.full"
    assert requests.listing(db) == []
    assert requests.add(db, "充电口不足", pictures=[jpeg])[0].number.endswith("0001")


# --- names --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    return tmp_path / "blobs"


@given(
    contents=st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5, unique=True),
    key=st.binary(min_size=32, max_size=32),
)
def test_names_tell_nothing_and_lead_back(
    tmp_path_factory: pytest.TempPathFactory, contents: list[bytes], key: bytes
) -> None:
    place = tmp_path_factory.mktemp("names")
    held, other = Blobs(place / "blobs", key.hex()), Blobs(place / "blobs", KEY)
    digests = [held.put(content) for content in contents]
    assert len(held.names()) == len(contents)
    assert all(blobs.NAME.fullmatch(name) for name in held.names())
    for digest, content in zip(digests, contents, strict=True):
        assert held.read(digest) == content
        assert held.holds(digest)
        assert digest[:16] not in held.name(digest)
        assert key.hex() == KEY or held.name(digest) != other.name(digest)
    assert held.put(contents[0]) == digests[0]
    assert len(held.names()) == len(contents)
    assert held.sweep(digests[:1]) == len(contents) - 1
    assert held.names() == {held.name(digests[0])}


def test_what_is_not_ours_is_left_alone_and_half_written_files_go(folder: Path) -> None:
    held = Blobs(folder, KEY)
    digest = held.put(b"one")
    (folder / "notes.txt").write_text("mine")
    (folder / (held.name(digest) + ".new")).write_bytes(b"half")
    (folder / ("0" * 40)).write_bytes(b"orphan")
    assert held.sweep([digest]) == 2
    assert {file.name for file in folder.iterdir()} == {"notes.txt", held.name(digest)}


def test_one_that_is_too_large_is_refused(folder: Path) -> None:
    held = Blobs(folder, KEY)
    with pytest.raises(Refused):
        held.put(bytes(blobs.LARGEST + 1))
    assert held.read(held.put(bytes(blobs.LARGEST))) == bytes(blobs.LARGEST)
