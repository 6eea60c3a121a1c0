"""Frames, keys and attachments bound together and sealed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app import rulebook
from station_app.errors import Bug
from station_app.sync import campaigns, carrier, identity, manifest, opening, regulars, wire
from tests.faults.table import report
from tests.sync.made import PERSON, REQUEST, Sides, day, refusal, share
from tests.sync.test_envelope import flips, survivors

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "pack-format.md"


def test_a_carrier_comes_back_whole(sides: Sides):
    first = sides.batch()
    second = sides.batch({"visit": day()["visit"][:1]}, no=2, prev=first.hash, first=31, last=31)
    sealed = sides.sealed_up(sides.up(first, second))
    data = opening.check("batches", sealed, [sides.district.opener], sides.stations)
    opened = opening.read_batches(data, sides.stations)
    assert [batch.hash for batch in opened.batches] == [first.hash, second.hash]
    assert [bytes(batch.data) for batch in opened.batches] == [first.data, second.data]
    assert opened.keys == {PERSON: b"P" * 32, REQUEST: b"R" * 32}
    assert {name: bytes(part) for name, part in opened.attachments.items()} == {"a1.jpg": b"photo"}
    assert opened.key_id == sides.station.public.key_id


def test_a_pack_comes_down_in_the_same_carrier(sides: Sides):
    sealed = carrier.seal(sides.down(), [sides.station.public.recipient])
    data = opening.check("pack", sealed, [sides.station.opener], sides.districts)
    assert opening.read_pack(data, sides.districts).pack.hash == sides.pack().hash


def test_the_recovery_key_opens_it_too(sides: Sides):
    recovery = identity.generate()
    sealed = carrier.seal(sides.up(), [sides.district.public.recipient, recovery.public.recipient])
    assert carrier.unseal(sealed, [recovery.opener]) == carrier.unseal(sealed, [sides.district.opener]) == sides.up()


def test_the_same_parts_give_the_same_carrier_and_another_seal(sides: Sides):
    assert sides.up() == sides.up()
    assert sides.sealed_up() != sides.sealed_up()


def test_batches_and_packs_are_told_apart(sides: Sides):
    both = sides.stations | sides.districts
    assert refusal(lambda: opening.read_pack(sides.up(), both)) == "sync_files.bad_signature"
    assert refusal(lambda: opening.read_batches(sides.down(), both)) == "sync_files.bad_signature"
    assert (
        refusal(lambda: opening.read_pack(sides.up(sides.batch(), sides.batch(no=2)), both)) == "sync_files.wrong_kind"
    )


# --- damage ----------------------------------------------------------------------------------------------------------


def refused(read: Callable[[bytes], Any], data: bytes) -> None:
    """Every length of a file and every bit turned, in a full run of the catalogue; a part of them else."""
    lengths = range(0, len(data), len(data) // share(len(data)))
    mutants = [*(data[:length] for length in lengths), *flips(data, share(8 * len(data)))]
    found = survivors(read, data, mutants)
    report("bit flips", tried=len(mutants), corrupt=len(found), detail="a day's carrier")
    assert found == []


def test_every_truncation_and_flipped_bit_inside_the_seal_is_refused(sides: Sides):
    refused(sides.read_all, sides.up())


def test_every_truncation_and_flipped_bit_of_the_sealed_file_is_refused(sides: Sides):
    refused(lambda mutant: sides.read_all(carrier.unseal(mutant, [sides.district.opener])), sides.sealed_up())


def test_control_without_the_trailer_keys_could_be_swapped(sides: Sides, monkeypatch):
    data = sides.up()
    swapped = data.replace(b"P" * 32, b"Q" * 32)
    assert refusal(lambda: sides.read_all(swapped)) == "sync_files.bad_hash"
    told = carrier._sha256(memoryview(b"".join(entry for entry in _entries(data))))
    real = carrier._sha256
    monkeypatch.setattr(
        carrier, "_sha256", lambda part: told if bytes(part) == b"".join(_entries(swapped)) else real(part)
    )
    found = survivors(sides.read_all, data, [swapped])
    report("bit flips", mutant="no_trailer", caught=found == [swapped], detail="a day's carrier")
    assert found == [swapped]


def _entries(data: bytes) -> list[bytes]:
    at = min(data.index(letter * 32) for letter in (b"P", b"Q") if letter * 32 in data) - 16
    return [data[at : at + 48], data[at + 48 : at + 96]]


@given(st.data())
@settings(max_examples=share(20_000 // 8))
def test_mutated_carriers_are_refused(sides: Sides, data):
    whole = sides.up()
    mutant = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutant)))
        mutant[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    assert survivors(sides.read_all, whole, [bytes(mutant)]) == []


@given(st.binary(max_size=300).map(lambda tail: carrier.MAGIC + tail))
@settings(max_examples=share(3000))
def test_any_bytes_after_the_magic_are_refused(sides: Sides, data):
    assert refusal(lambda: sides.read_all(data))


def test_another_stations_carrier_cannot_carry_a_known_stations_batch(sides: Sides):
    thief = identity.generate()
    frames = [sides.batch().data]
    stolen = carrier.write_carrier(frames, {}, {}, thief.sign, thief.public.verify_key)
    assert refusal(lambda: sides.read_all(stolen)) == "sync_files.unknown_station"


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "not_ours"),
        (b"PK\x03\x04" + b"\0" * 40, "not_ours"),
        (carrier.MAGIC, "bad_frame"),
        (carrier.MAGIC + b"\xff" * 4, "too_big"),
        (carrier.MAGIC + b"\0\0\0\1" + b"\xff" * 4, "bad_frame"),
        (carrier.MAGIC + b"\0" * 8 + b"\xff" * 4, "too_big"),
    ],
)
def test_foreign_and_huge_parts_are_named(sides: Sides, data, word):
    assert refusal(lambda: sides.read_all(data)) == f"sync_files.{word}"


@pytest.mark.parametrize(
    "parts",
    [({PERSON: b"short"}, {}), ({}, {"../../x": b""}), ({}, {"a.jpg": b"x" * (carrier.LARGEST_ATTACHMENT + 1)})],
    ids=["a short key", "a path for a name", "an attachment too large"],
)
def test_parts_a_reader_would_refuse_are_not_written(sides: Sides, parts):
    with pytest.raises(Bug):
        carrier.write_carrier([], *parts, sides.station.sign, sides.station.public.verify_key)


# --- the seal --------------------------------------------------------------------------------------------------------


@pytest.fixture
def stranger() -> identity.Identity:
    return identity.generate()


def test_sealed_to_others_is_not_for_us(sides: Sides, stranger):
    assert refusal(lambda: carrier.unseal(sides.sealed_up(), [stranger.opener])) == "sync_files.not_for_us"


def test_too_many_recipients_never_reach_the_opener(sides: Sides, monkeypatch):
    recipient = pyrage.x25519.Recipient.from_str(sides.district.public.recipient)
    crowded = pyrage.encrypt(b"x", [recipient] * 9)
    calls: list[Any] = []
    monkeypatch.setattr(pyrage, "decrypt_io", lambda *given_: calls.append(given_))
    assert refusal(lambda: carrier.unseal(crowded, [sides.district.opener])) == "sync_files.bad_header"
    assert calls == []
    with pytest.raises(Bug):
        carrier.seal(b"x", [sides.district.public.recipient] * 8)
    assert carrier.header_scan(carrier.seal(b"x", [sides.district.public.recipient] * 7)) <= carrier.MOST_RECIPIENTS


HEADERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "another program's file": (lambda sealed: b"\x89PNG\r\n\x1a\n" + sealed, "not_ours"),
    "an armoured file": (lambda sealed: b"-----BEGIN AGE ENCRYPTED FILE-----\n", "not_ours"),
    "a header without an end": (lambda sealed: sealed[:60] + b"A" * 10_000, "bad_header"),
    "a header of 5 KiB": (
        lambda sealed: sealed.replace(b"\n--- ", b"\n-> x " + b"y" * 5000 + b"\n\n--- "),
        "bad_header",
    ),
    "no recipient": (lambda sealed: b"age-encryption.org/v1\n--- " + b"A" * 43 + b"\n" + b"x" * 60, "bad_header"),
}


@pytest.mark.parametrize(("change", "word"), HEADERS.values(), ids=HEADERS.keys())
def test_a_bad_header_is_named(sides: Sides, change, word):
    assert refusal(lambda: carrier.unseal(change(sides.sealed_up()), [sides.district.opener])) == f"sync_files.{word}"


def test_a_password_file_is_not_for_us(sides: Sides):
    stanza = b"-> scrypt " + b"A" * 22 + b" 18\n" + b"A" * 43 + b"\n"
    sealed = b"age-encryption.org/v1\n" + stanza + b"--- " + b"A" * 43 + b"\n" + b"x" * 60
    assert refusal(lambda: carrier.unseal(sealed, [sides.district.opener])) == "sync_files.not_for_us"


def test_a_huge_file_is_not_looked_at(sides: Sides, monkeypatch):
    monkeypatch.setattr(carrier, "LARGEST_FILE", 100)
    assert refusal(lambda: carrier.unseal(sides.sealed_up(), [sides.district.opener])) == "sync_files.too_big"


# --- strangers -------------------------------------------------------------------------------------------------------


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        warnings.warn(UserWarning(f"the {name} tool is not installed: its test proves nothing here"), stacklevel=2)
    return found or ""


@pytest.mark.filterwarnings("default::UserWarning")
def test_the_age_tool_opens_what_we_seal_and_we_open_what_it_seals(sides: Sides, tmp_path: Path):
    age = _tool("age")
    if not age:
        pytest.skip("the age tool is not installed")
    key, sealed = tmp_path / "key.txt", tmp_path / "day.batch"
    key.write_text(sides.district.opener + "\n", encoding="ascii")
    sealed.write_bytes(sides.sealed_up())
    opened = subprocess.run([age, "-d", "-i", str(key), str(sealed)], capture_output=True, check=True).stdout
    assert opened == sides.up()
    theirs = subprocess.run(
        [age, "-r", sides.district.public.recipient], input=sides.up(), capture_output=True, check=True
    )
    assert carrier.unseal(theirs.stdout, [sides.district.opener]) == sides.up()


def test_the_reader_in_the_document_reads_it_without_our_code(sides: Sides, tmp_path: Path):
    code = DOCUMENT.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    assert "station_app" not in code
    assert sum(bool(line.strip()) for line in code.splitlines()) <= 60
    reader, opened = tmp_path / "reader.py", tmp_path / "carrier"
    reader.write_text(code, encoding="utf-8")

    def read(data: bytes) -> subprocess.CompletedProcess[bytes]:
        opened.write_bytes(data)
        key = sides.station.public.verify_key.hex()
        return subprocess.run([sys.executable, "-I", str(reader), str(opened), key, str(tmp_path)], capture_output=True)

    done = read(sides.up())
    assert done.returncode == 0, done.stderr
    for table, rows in day().items():
        assert (tmp_path / f"1-{table}.jsonl").read_bytes() == b"".join(wire.encode(table, rows))
    assert all(read(mutant).returncode for mutant in flips(sides.up(), 4, start=12))


def test_the_document_names_every_table_and_column():
    text = DOCUMENT.read_text("utf-8").partition("## 6. ")[2].partition("## 7. ")[0]
    for name, kind in wire.TABLES.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        told = {column.strip(" ?") for column in line.split("|")[2].split(",")}
        assert told | {"id", "version", "store_id", "void_reason"} == set(kind.__struct_fields__)


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        (3, manifest.CarrierManifest), (5, manifest.Manifest), (5, manifest.Table), (7, manifest.PackManifest), (7, manifest.Holding),
        (7, manifest.Fork), (7, manifest.TurnedDown), (7, manifest.Notice), (7, manifest.Allocation), (7, manifest.Pack),
        (7, manifest.Receipt), (7, manifest.Average), (7, manifest.Waiting), (7, manifest.WaitingAnswer), (7, manifest.Form),
        (7, campaigns.Told), (7, campaigns.Planned), (7, campaigns.Part), (7, campaigns.Taken), (7, regulars.Roster),
        (7, regulars.Entry), (7, regulars.Merge), (7, regulars.BadgeKey), (8, identity.Enrolment), (8, identity.Trust),
        (12, rulebook.QuotaRule), (12, rulebook.Unit), (12, rulebook.CategoryRule), (12, rulebook.Calendar), (12, rulebook.CalendarDay),
    ],
)  # fmt: skip
def test_the_document_names_every_field_of_what_is_signed(section: int, kind: type):
    text = DOCUMENT.read_text("utf-8").partition(f"## {section}. ")[2].partition(f"## {section + 1}. ")[0].replace("?`", "`")
    assert {name for name in kind.__struct_fields__ if f"`{name}`" not in text} == set()
