"""Hostile files, many: batches, packs, introductions and lists changed by somebody who knows how they are made.

In this process through the same reading that the worker does, and some through a real worker. A changed file is refused for a
named reason, or (a list, which nobody signed) read as any other list; nothing else is ever raised.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from station_app.district import answer, intake, store
from station_app.errors import Refused, StationError, UserMistake
from station_app.model import Occupation
from station_app.services import people, rosters, stations, visits
from station_app.sync import carrier, carry, envelope, identity, opening, outbox
from station_app.sync.strict import canonical
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.faults.hostile import CONTENTS
from tests.faults.table import Tally, scale

FAULT = "hostile files"
DATA = Path(__file__).parents[1] / "data"


# --- changes ------------------------------------------------------------------------------------------------------------------


def _flip(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def _drop(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    del data[at : at + chance.randint(1, 64)]


def _double(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    data[at:at] = data[at : at + chance.randint(1, 300)]


def _swap(data: bytearray, chance: random.Random) -> None:
    long = min(chance.randint(1, 40), len(data) // 2)
    one, two = chance.randrange(len(data) - long + 1), chance.randrange(len(data) - long + 1)
    data[one : one + long], data[two : two + long] = data[two : two + long], data[one : one + long]


def _number(data: bytearray, chance: random.Random) -> None:
    """A length or a count that lies, as four or eight bytes of either order."""
    size, order = chance.choice([4, 8]), chance.choice(["big", "little"])
    told = chance.choice([0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, chance.randrange(2**32)]) % 2 ** (8 * size)
    at = chance.randrange(max(1, min(len(data), 400)))
    data[at : at + size] = told.to_bytes(size, order)


def _words(data: bytearray, chance: random.Random) -> None:
    """Something that is dear to a parser, put in or written over."""
    word = chance.choice([b'{"', b'"}', b"[" * 50, b"\x00" * 30, b"\xff" * 30, b"NaN", b"1e999", b'"id":', b"\n---\n", b"-> X25519 ",
                          "李".encode(), b"\xed\xa0\x80", b"\\u0000", b"=cmd|", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd"])  # fmt: skip
    at = chance.randrange(len(data) + 1)
    data[at : at + chance.choice([0, len(word)])] = word


CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (_flip, _flip, _cut, _drop, _double, _swap, _number, _words)


def changed(good: bytes, chance: random.Random) -> Iterator[bytes]:
    """Ever other files made of a good one by one to four changes."""
    while True:
        data = bytearray(good)
        for _ in range(chance.choice([1, 1, 1, 2, 4])):
            chance.choice(CHANGES)(data, chance)
            if not data:
                break
        if bytes(data) != good:
            yield bytes(data)


# --- good files ---------------------------------------------------------------------------------------------------------------


class Files:
    """A station, its district and what crossed between them; how each file is read, and what it says when it is good."""

    def __init__(self, home: Path) -> None:
        stick = home / "stick"
        stick.mkdir()
        db, _ = stations.set_up(home / "station", SAMPLE, "王敏", PASSWORD, clock=Clock(), cost=CHEAP)
        district = store.set_up(home / "district", "990101", "云桥区", "", PASSWORD, clock=Clock(), cost=CHEAP)
        with closing(db), closing(district), opening.Opener() as opener:
            enrolment, introduction = outbox.enrol(db, stick).path, store.introduce(district, stick).path
            store.enrol(district, enrolment)
            outbox.trust(db, outbox.read_trust(introduction))
            people.register(db, Occupation.RIDER, "美团")
            visits.tally(db, Occupation.COURIER, 5)
            batch = outbox.export(db, stick)[0].path
            intake.receive(district, intake.open_file(district, batch, opener))
            pack = answer.pack(district, "YQ", stick)[0].path
            own, trusted = outbox.own_identity(db), outbox.district(db)
            assert trusted is not None
            self.batch, self.pack = batch.read_bytes(), pack.read_bytes()
            self.enrolment, self.introduction = enrolment.read_bytes(), introduction.read_bytes()
            self.district_opener = store.own_identity(district).opener
            self.station_opener, self.station_public = own.opener, own.public
            self.up = {own.public.key_id: own.public.verify_key}
            self.down = {envelope.key_id(trusted.verify_key): trusted.verify_key}
            self.to_district, self.to_station = trusted.recipients, (own.public.recipient,)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("files"))


Read = Callable[[bytes], object]


def kinds(files: Files, place: Path) -> dict[str, tuple[bytes, Read]]:
    """By name: a good file's bytes, and what reads them. "Inside" is what somebody may seal who only has the public keys."""

    def batches(sealed: bytes) -> object:
        return opening.check("batches", sealed, [files.district_opener], files.up)

    def pack(sealed: bytes) -> object:
        return opening.check("pack", sealed, [files.station_opener], files.down)

    def introduction(read: Callable[[bytes], object]) -> Read:
        def through_a_file(data: bytes) -> object:
            (place / "x.json").write_bytes(data)
            return read(carry.read_file(place / "x.json", identity.LARGEST_INTRODUCTION))

        return through_a_file

    inside_batch = carrier.unseal(files.batch, [files.district_opener])
    inside_pack = carrier.unseal(files.pack, [files.station_opener])
    return {
        "batch": (files.batch, batches),
        "pack": (files.pack, pack),
        "inside a batch": (inside_batch, lambda data: batches(carrier.seal(data, files.to_district))),
        "inside a pack": (inside_pack, lambda data: pack(carrier.seal(data, files.to_station))),
        "enrolment": (files.enrolment, introduction(identity.read_enrolment)),
        "introduction": (files.introduction, introduction(identity.read_trust)),
    }


def survivors(good: bytes, read: Read, chance: random.Random, count: int, tally: Tally) -> Counter[str]:
    """Read so many changed files; what was accepted or raised what nobody should see, else the reasons, by how often."""
    reasons: Counter[str] = Counter()
    for data, _ in zip(changed(good, chance), range(count), strict=False):
        try:
            read(data)
        except StationError as error:
            reasons[error.word] += 1
        except Exception as error:  # noqa: BLE001  this is what is looked for
            reasons[f"!{type(error).__name__}: {error}"] += 1
        else:
            reasons["!accepted"] += 1
    tally.tried += count
    tally.corrupt += sum(often for reason, often in reasons.items() if reason.startswith("!"))
    return reasons


@pytest.mark.parametrize("kind", ["enrolment", "introduction"])
def test_nothing_can_be_left_out_of_an_introduction(files: Files, tmp_path: Path, kind: str) -> None:
    """Not even what a reader would take to be there anyway."""
    good, read = kinds(files, tmp_path)[kind]
    tree = json.loads(good)
    for name in tree:
        less = {other: said for other, said in tree.items() if other != name}
        with pytest.raises(StationError):
            read(canonical(less) + b"\n")
    assert read(canonical(tree) + b"\n")


@pytest.mark.parametrize("kind", ["batch", "pack", "inside a batch", "inside a pack", "enrolment", "introduction"])
def test_a_changed_file_is_refused_for_a_named_reason(
    files: Files, tmp_path: Path, chance: random.Random, tally: Tally, kind: str
) -> None:
    good, read = kinds(files, tmp_path)[kind]
    read(good)
    reasons = survivors(good, read, chance, scale(3000), tally)
    assert {reason: often for reason, often in reasons.items() if reason.startswith("!")} == {}
    assert len(reasons) > 1, reasons


@pytest.mark.parametrize("name", ["roster.xlsx", "roster_utf8.csv", "roster_gb18030.csv"])
def test_a_changed_list_is_read_as_a_list_or_refused(tmp_path: Path, chance: random.Random, tally: Tally, name: str) -> None:
    good, path = (DATA / name).read_bytes(), tmp_path / name

    def read(data: bytes) -> None:
        path.write_bytes(data)
        sheet = rosters.read_sheet(path, rosters.PEOPLE)
        plan = rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))
        if len(plan.rows) > 10_000:
            raise AssertionError("more rows than the file has room for")
        raise UserMistake("rosters.read")  # a list like any other

    reasons = survivors(good, read, chance, scale(800), tally)
    assert {reason: often for reason, often in reasons.items() if reason.startswith("!")} == {}


def test_through_a_real_worker(files: Files, tmp_path: Path, chance: random.Random, tally: Tally) -> None:
    path = tmp_path / "x.batch"
    made = list(zip(changed(files.batch, chance), range(scale(50, 10)), strict=False))
    with opening.Opener() as opener:
        for data, _ in made:
            path.write_bytes(data)
            with pytest.raises(Refused):
                opener.open_carrier(path, [files.district_opener], files.up)
            tally.met()


def test_contents_of_any_kind(files: Files, tmp_path: Path, tally: Tally) -> None:
    for kind, (good, read) in kinds(files, tmp_path).items():
        for name, make in CONTENTS.items():
            if name in ("3 GB", "30 MB of zeros"):
                continue  # by a program of its own, with little memory (test_bad_input.py)
            make(tmp_path / "content", good)
            with pytest.raises(StationError):
                read((tmp_path / "content").read_bytes())
            tally.met()
            assert kind
            assert name


# --- negative controls --------------------------------------------------------------------------------------------------------


def sooner_or_later(good: bytes, read: Read, chance: random.Random) -> bool:
    """Whether one of many changed files is accepted: most change what is refused for another reason."""
    return any("!accepted" in survivors(good, read, chance, 200, Tally(FAULT)) for _ in range(25))


def test_without_the_signature_changed_files_get_in(
    files: Files, tmp_path: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_check", lambda *_: None)
    good, read = kinds(files, tmp_path)["introduction"]
    tally.control("introduction unsigned", caught=sooner_or_later(good, read, chance))


def test_without_the_frames_signatures_changed_insides_get_in(
    files: Files, tmp_path: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(envelope, "check_signature", lambda *_: None)
    good, read = kinds(files, tmp_path)["inside a batch"]
    tally.control("frames unsigned", caught=sooner_or_later(good, read, chance))
