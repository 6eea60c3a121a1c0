"""Pictures on their way: beside the batches until a receipt lists them, sealed at the district, gone there too when forgotten."""

from __future__ import annotations

import hashlib
import itertools
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from station_app import blobs
from station_app.cli import group
from station_app.db import Database
from station_app.district import answer, intake, pictures, store
from station_app.errors import Refused
from station_app.model import Op, Request
from station_app.services import attachments, audit, exchange, history, requests, subjects
from station_app.services import pictures as drawing
from station_app.sync import carrier, carry, inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD
from tests.pictures import PLANTED, phone


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return drawing.prepare(phone())


@pytest.fixture
def request_(station: Database, jpeg: bytes) -> Request:
    return requests.add(station, "充电口不足", pictures=[jpeg, jpeg])[0]


def carried(station: Database, stick: Path) -> list[Path]:
    """The files of one export, each under a name of its own, as on a stick that is kept."""
    kept = []
    for path in outbox.export(station, stick)[0].paths:
        kept.append(path.with_name(f"{len(list(stick.iterdir()))}-{path.name}"))
        path.rename(kept[-1])
    return kept


def take(district: Database, path: Path, opener: Opener) -> intake.Received:
    return intake.receive(district, intake.open_file(district, path, opener))[0]


def answered(station: Database, district: Database, stick: Path, opener: Opener) -> inbox.Applied:
    pack, _ = inbox.look(station, answer.pack(district, "YQ", stick)[0].path, opener)
    return inbox.apply(station, pack)[0]


def named(station: Database) -> list[str]:
    return [row["id"] for row in attachments.waiting(station)]


def there(district: Database) -> int:
    return len(blobs.of(district).names())


# --- there and back -----------------------------------------------------------------------------------------------------


def test_pictures_cross_once_and_are_seen_at_the_district(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request, jpeg: bytes
) -> None:
    exported, _ = outbox.export(station, stick)
    assert exported.pictures == 2
    assert len(exported.paths) == 1
    received = take(district, exported.path, opener)
    assert received.pictures == 2
    found, lacking = pictures.of_request(district, request_.id)
    assert found == [(1, jpeg), (2, jpeg)]
    assert lacking == 0
    assert take(district, exported.path, opener).pictures == 0  # a repeat is harmless
    assert len(named(station)) == 2  # nothing says "sent" before the receipt is here
    answered(station, district, stick, opener)
    assert named(station) == []
    requests.add(station, "另一件")
    again, _ = outbox.export(station, stick)
    assert again.pictures == 0
    assert audit.check(station) == [] == list(attachments.missing(district))


def test_nothing_of_a_picture_crosses_or_lies_in_the_clear(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request, jpeg: bytes
) -> None:
    exported, _ = outbox.export(station, stick)
    unsealed = carrier.unseal(exported.path.read_bytes(), store.openers(district))
    take(district, exported.path, opener)
    marks = [jpeg[at : at + 24] for at in range(0, len(jpeg) - 24, 24) if len(set(jpeg[at : at + 24])) > 8]
    marks += [PLANTED, b"JFIF"]
    assert len(marks) > 8
    assert not any(mark in unsealed for mark in marks)
    folder = district.path.parent
    for file in [*folder.rglob("*"), *station.path.parent.rglob("*")]:
        if file.is_file():
            data = file.read_bytes()
            assert not any(mark in data for mark in marks), file.name
    names = blobs.of(station).names() | blobs.of(district).names()
    assert len(names) == 4  # each side names its files by a key of its own


def test_the_carrier_lists_them_by_the_ids_of_their_rows(
    station: Database, district: Database, stick: Path, request_: Request
) -> None:
    exported, _ = outbox.export(station, stick)
    data = carrier.unseal(exported.path.read_bytes(), store.openers(district))
    contents = carrier.read_carrier(data, store.verify_keys(district))
    rows = {row.id: row.sha256 for row in attachments.listing(station, request_.id)}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in contents.attachments.items()} == rows


# --- lost, late, again --------------------------------------------------------------------------------------------------


def test_what_was_lost_on_the_way_comes_again(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request, jpeg: bytes
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    blobs.of(district).delete([attachments.listing(district, request_.id)[0].sha256])
    assert pictures.of_request(district, request_.id) == ([(2, jpeg)], 1)
    answered(station, district, stick, opener)
    assert len(named(station)) == 1
    exported, _ = outbox.export(station, stick)  # no batch waits any more: the picture alone goes
    assert (exported.batches, exported.rows, exported.pictures) == ((), 0, 1)
    assert take(district, exported.path, opener).pictures == 1
    answered(station, district, stick, opener)
    assert named(station) == []
    with pytest.raises(Refused) as refusal:
        outbox.export(station, stick)
    assert refusal.value.word == "sync_page.nothing_waits"


def test_a_district_that_was_put_back_asks_for_them_again(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    blobs.of(district).sweep([])
    answered(station, district, stick, opener)
    assert len(named(station)) == 2


def test_what_does_not_fit_goes_in_further_files_and_in_any_order(
    station: Database, district: Database, stick: Path, opener: Opener, jpeg: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        requests.add(station, f"第 {number} 件", pictures=[jpeg] * 3)
    monkeypatch.setattr(outbox, "MOST_WITH_PICTURES", 3 * len(jpeg) + 6000)
    exported, _ = outbox.export(station, stick)
    assert exported.pictures == 12
    assert len(exported.paths) >= 3
    assert len({path.name for path in exported.paths}) == len(exported.paths)
    for path in reversed(exported.paths):  # pictures before their rows: they come again
        take(district, path, opener)
    assert 0 < there(district) < 12
    answered(station, district, stick, opener)
    assert len(named(station)) == 12 - there(district)
    for path in outbox.export(station, stick)[0].paths:
        take(district, path, opener)
    answered(station, district, stick, opener)
    assert named(station) == []
    assert there(district) == 12


def test_batches_are_never_held_back_by_pictures(
    station: Database,
    district: Database,
    stick: Path,
    opener: Opener,
    request_: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "MOST_WITH_PICTURES", 0)
    exported, _ = outbox.export(station, stick)
    assert exported.batches == (1,)
    assert take(district, exported.paths[0], opener).fresh == 1


@pytest.mark.parametrize("seed", range(6))
def test_however_the_sticks_go_every_picture_arrives_once_whole(
    station: Database, district: Database, stick: Path, opener: Opener, jpeg: bytes, seed: int
) -> None:
    chance = random.Random(seed)
    sticks: list[Path] = []
    made: list[Request] = []
    for number, _ in itertools.product(range(6), range(2)):
        made.append(requests.add(station, f"{number}", pictures=[jpeg] * chance.randint(0, 2))[0])
        if chance.random() < 0.3 and (shown := attachments.listing(station, chance.choice(made).id)):
            changes = attachments.remove(station, shown[0].id)
            if chance.random() < 0.5:
                history.undo(station, changes.operation)
        if chance.random() < 0.7:
            sticks += carried(station, stick)
        for _ in range(chance.randint(0, 2)):
            if sticks:
                take(district, chance.choice(sticks), opener)
        if chance.random() < 0.4:
            answered(station, district, stick, opener)
        station_has = {one.sha256 for request in made for one in attachments.listing(station, request.id)}
        waiting = {row["sha256"] for row in attachments.waiting(station)}
        stores = store.stores_of(district, district.scalar("SELECT station_id FROM enrolled"))
        assert station_has - waiting <= set(pictures.held(district, stores)), "said to be there and is not"
    for _ in range(3):  # in the end the sticks come through
        answered(station, district, stick, opener)
        if exchange.status(station).local or exchange.status(station).packed or named(station):
            for path in carried(station, stick):
                take(district, path, opener)
    answered(station, district, stick, opener)
    assert named(station) == []
    for request in made:
        mine = [attachments.content(station, one.id) for one in attachments.listing(station, request.id)]
        theirs, lacking = pictures.of_request(district, request.id)
        assert [content for _, content in theirs] == mine
        assert lacking == 0
    assert there(district) == sum(len(attachments.listing(station, request.id)) for request in made)


# --- taken away and forgotten -------------------------------------------------------------------------------------------


def test_a_removed_picture_goes_at_the_district_and_comes_back_with_the_undo(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    removed = attachments.remove(station, attachments.listing(station, request_.id)[0].id)
    take(district, outbox.export(station, stick)[0].path, opener)
    assert there(district) == 1
    answered(station, district, stick, opener)
    history.undo(station, removed.operation)
    take(district, outbox.export(station, stick)[0].path, opener)
    answered(station, district, stick, opener)
    assert there(district) == 2
    assert named(station) == []


def test_forgetting_reaches_the_files_of_the_district(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request
) -> None:
    first = outbox.export(station, stick)[0].path.read_bytes()
    take(district, carry.write_file(stick, "YQA-20260717-77.batch", first).path, opener)
    with station.transact(Op.ERASE_PERSON) as tx:
        subjects.erase(tx, request_.id, "withdrawn")
    exported, _ = outbox.export(station, stick)
    assert exported.pictures == 0
    take(district, exported.path, opener)
    assert there(district) == 0
    assert pictures.of_request(district, request_.id) == ([], 0)
    take(district, stick / "YQA-20260717-77.batch", opener)  # an old stick does not bring them back
    assert there(district) == 0


# --- hostile ------------------------------------------------------------------------------------------------------------


def forged(station: Database, district: Database, stick: Path, attached: dict[str, bytes]) -> Path:
    """A file of an enrolled station with attachments of its own choosing."""
    own = outbox.own_identity(station)
    bodies = [body for _, body in exchange.unconfirmed(station)]
    data = carrier.write_carrier(bodies, {}, attached, own.sign, own.public.verify_key)
    trusted = outbox.district(station)
    assert trusted is not None
    return carry.write_file(stick, "YQA-20260717-99.batch", carrier.seal(data, trusted.recipients)).path


def test_only_what_a_row_tells_of_is_kept(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request, jpeg: bytes
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    shown = attachments.listing(district, request_.id)
    whole = {one.id: blobs.of(station).read(one.sha256) for one in shown}
    blobs.of(district).sweep([])
    first, second = (one.id for one in shown)
    for attached in (
        {first: whole[second]},  # swapped
        {first: whole[first] + b"x"},
        {"0198f3a2-7c00-7000-9000-00000000beef": b"a file nobody asked for"},
        {"evil_-name": b"x", "x.exe": whole[first]},
    ):  # fmt: skip
        assert take(district, forged(station, district, stick, attached), opener).pictures == 0
    assert there(district) == 0
    assert take(district, forged(station, district, stick, whole), opener).pictures == 2


def test_another_stations_request_takes_no_picture(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    assert pictures.take(district, {"x": memoryview(b"x")}, ["another-store"]) == 0
    assert pictures.held(district, ["another-store"]) == []


def test_an_attachment_over_the_bound_is_refused_with_the_file(
    station: Database,
    district: Database,
    stick: Path,
    opener: Opener,
    request_: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outbox.close_batch(station)
    with monkeypatch.context() as lax:
        lax.setattr(carrier, "LARGEST_ATTACHMENT", 2**30)
        path = forged(station, district, stick, {"x": bytes(1024 * 1024 + 1)})
    with pytest.raises(Refused) as refusal:
        take(district, path, opener)
    assert refusal.value.word == "sync_files.too_big"


def test_a_picture_that_was_not_made_ready_is_not_opened_at_the_district(
    station: Database,
    district: Database,
    stick: Path,
    opener: Opener,
    request_: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as lax:  # a station whose program was tampered with
        lax.setattr(drawing, "check", lambda _jpeg: None)
        attachments.add(station, request_.id, [phone()])
    take(district, outbox.export(station, stick)[0].path, opener)
    found, lacking = pictures.of_request(district, request_.id)
    assert [place for place, _ in found] == [1, 2]
    assert lacking == 1


# --- by command ---------------------------------------------------------------------------------------------------------


def test_the_district_writes_them_to_a_folder_by_command(
    station: Database, district: Database, stick: Path, opener: Opener, request_: Request, jpeg: bytes, tmp_path: Path
) -> None:
    take(district, outbox.export(station, stick)[0].path, opener)
    blobs.of(district).delete([attachments.listing(district, request_.id)[1].sha256])
    district.close()
    out = tmp_path / "out"
    out.mkdir()
    line = ["--data", str(district.path.parent), "district", "pictures", request_.number, "--to", str(out)]
    result = CliRunner().invoke(
        group, line, env={"STATION_PASSWORD": PASSWORD, "STATION_LANG": "zh"}, catch_exceptions=False
    )
    assert result.exit_code == 0, result.stderr
    assert result.stderr.strip() == "还有 1 张图片没有送到，等驿站下一次上报"
    assert (out / f"{request_.number}-1.jpg").read_bytes() == jpeg
