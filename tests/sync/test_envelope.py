"""Batches and packs as bytes: what goes in comes out, and nothing else ever does."""

from __future__ import annotations

import hashlib
import json
import os
import random
import tracemalloc
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station_app import rulebook
from station_app.errors import Bug, Refused
from station_app.sync import envelope, identity, manifest, wire
from station_app.sync.strict import canonical
from tests.sync.made import DAY, ITEM, PERSON, REQUEST, Sides, day, moment, refusal, row, share, visits


def rows_of(sides: Sides, data: bytes) -> Any:
    """Manifest and rows of a batch, all of them read."""
    batch = envelope.read_batch(data, sides.stations)
    return batch.manifest, [(table, list(rows)) for table, rows in batch.rows()]


def survivors(read: Callable[[bytes], Any], whole: bytes, mutants: Iterable[bytes]) -> list[bytes]:
    """The mutants that were taken for something else than ``whole``."""
    truth, found = read(whole), []
    for mutant in mutants:
        try:
            if read(mutant) != truth:
                found.append(mutant)
        except Refused:
            continue
    return found


def flips(data: bytes, most: int, start: int = 0, end: int | None = None) -> list[bytes]:
    """``data`` with one bit turned, at up to ``most`` places of a seed that is printed when a test fails."""
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    places = range(8 * start, 8 * (len(data) if end is None else end))
    chosen = random.Random(seed).sample(places, min(most, len(places)))
    return [data[: bit // 8] + bytes([data[bit // 8] ^ 1 << bit % 8]) + data[bit // 8 + 1 :] for bit in chosen]


def test_a_batch_comes_back_whole(sides: Sides):
    batch = sides.batch()
    told, tables = rows_of(sides, batch.data)
    assert told == batch.manifest
    assert [table for table, _rows in tables] == [table for table in wire.TABLES if table in day()]
    for table, rows in tables:
        assert rows == [wire.typed(table, given_row) for given_row in day()[table]]
    assert told.totals.handouts == {ITEM: 2}
    assert {table.name: table.digest for table in told.tables} == {t: wire.digest(t, rows) for t, rows in day().items()}
    assert envelope.read_batch(batch.data, sides.stations).hash == batch.hash


def test_the_same_rows_give_the_same_bytes(sides: Sides):
    assert sides.batch().data == sides.batch().data
    assert sides.batch().hash != sides.batch(no=2, prev=sides.batch().hash).hash


def test_an_empty_batch_crosses(sides: Sides):
    assert rows_of(sides, sides.batch({}).data)[1] == []


def test_more_rows_than_a_chunk_stream_through(sides: Sides):
    batch = sides.batch({"visit": visits(25_000)})
    assert batch.manifest.tables[0].rows == 25_000
    assert envelope.read_batch(batch.data, sides.stations).check() == 25_000


def test_a_reader_that_stops_early_in_a_table_still_gets_the_next(sides: Sides):
    batch = envelope.read_batch(sides.batch().data, sides.stations)
    assert [next(rows).id for _table, rows in batch.rows()] == [
        day()[table][0]["id"] for table in wire.TABLES if table in day()
    ]


@pytest.mark.parametrize(
    "change", [{"station": "../YQ"}, {"no": 0}, {"prev": "abc"}, {"closed": DAY}, {"recipient": "me"}]
)
def test_a_manifest_the_other_side_would_refuse_is_not_signed(sides: Sides, change):
    with pytest.raises(Bug):
        sides.batch(**change)


# --- damage and forgery ----------------------------------------------------------------------------------------------


def test_every_truncation_of_a_batch_is_refused(sides: Sides):
    data = sides.batch().data
    assert survivors(lambda mutant: rows_of(sides, mutant), data, (data[:length] for length in range(len(data)))) == []
    assert refusal(lambda: rows_of(sides, data + b"\0")) == "sync_files.bad_frame"


def test_every_flipped_bit_of_a_batch_is_refused(sides: Sides):
    data = sides.batch().data
    assert survivors(lambda mutant: rows_of(sides, mutant), data, flips(data, share(8 * len(data)))) == []


def test_control_without_the_signature_check_flipped_bits_get_through(sides: Sides, monkeypatch):
    monkeypatch.setattr(envelope, "check_signature", lambda frame, key: None)
    data = sides.batch().data
    manifest_end = data.index(b"}", 16 + len(data) // 4)
    mutants = flips(data, 4000, start=16, end=manifest_end)
    assert survivors(lambda mutant: rows_of(sides, mutant), data, mutants)


def test_forged_and_foreign_signatures_are_refused(sides: Sides):
    stranger = identity.generate()
    forged = envelope.write_batch(sides.fields(), day(), stranger.sign, sides.station.public.verify_key)
    assert refusal(lambda: rows_of(sides, forged.data)) == "sync_files.bad_signature"
    foreign = envelope.write_batch(sides.fields(), day(), stranger.sign, stranger.public.verify_key)
    assert refusal(lambda: rows_of(sides, foreign.data)) == "sync_files.unknown_station"
    # a key filed under another's id is no way in either
    keys = {stranger.public.key_id: sides.station.public.verify_key}
    assert refusal(lambda: envelope.read_batch(foreign.data, keys)) == "sync_files.bad_signature"


def test_nothing_is_parsed_before_the_signature_holds(sides: Sides, monkeypatch):
    read: list[bytes] = []
    monkeypatch.setattr(envelope, "read_canonical", read.append)
    data = bytearray(sides.batch().data)
    data[20] ^= 1
    assert refusal(lambda: rows_of(sides, bytes(data))) == "sync_files.bad_signature"
    assert read == []


def test_a_frame_of_one_kind_never_passes_for_another(sides: Sides):
    both = sides.stations | sides.districts
    assert refusal(lambda: envelope.read_pack(sides.batch().data, both)) == "sync_files.bad_signature"
    assert refusal(lambda: envelope.read_batch(sides.pack().data, both)) == "sync_files.bad_signature"


@pytest.mark.parametrize("head", [b"", b"\0" * 15, b"\xff" * 16, b"\0\0\0\1" + b"\xff" * 4 + b"\0" * 8])
def test_huge_and_missing_lengths_are_refused(sides: Sides, head):
    assert refusal(lambda: rows_of(sides, head)) in ("sync_files.bad_frame", "sync_files.too_big")


# --- signed by the station, and still wrong --------------------------------------------------------------------------


def resigned(sides: Sides, change: Callable[[dict[str, Any]], None], body: bytes | None = None) -> bytes:
    """The sample batch with an altered manifest, signed again: a station that means ill or has lost its mind."""
    frame = envelope.cut_frame("batch", sides.batch().data)
    tree = json.loads(frame.manifest)
    change(tree)
    packed = bytes(frame.body) if body is None else body
    return envelope.write_frame("batch", canonical(tree), packed, sides.station.sign, sides.station.public.verify_key)


def _visit(tree: dict[str, Any]) -> dict[str, Any]:
    return next(table for table in tree["tables"] if table["name"] == "visit")


LIES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "more rows": (lambda tree: _visit(tree).update(rows=13), "bad_digest"),
    "another digest": (lambda tree: _visit(tree).update(digest="0" * 64), "bad_digest"),
    "less content": (lambda tree: tree.update(raw_bytes=tree["raw_bytes"] - 1), "bad_manifest"),
    "tables that overlap": (lambda tree: (_visit(tree).update(bytes=_visit(tree)["bytes"] + 1),
                                          tree.update(raw_bytes=tree["raw_bytes"] + 1)), "bad_row"),
    "content beyond all bounds": (lambda tree: tree.update(raw_bytes=2**40), "too_big"),
    "another content": (lambda tree: tree.update(raw_sha256="0" * 64), "bad_hash"),
    "another body": (lambda tree: tree.update(body_sha256="0" * 64), "bad_hash"),
    "a shorter body": (lambda tree: tree.update(body_bytes=1), "bad_hash"),
    "an unknown table": (lambda tree: _visit(tree).update(name="secret"), "bad_manifest"),
    "tables out of order": (lambda tree: tree["tables"].reverse(), "bad_manifest"),
    "a table twice": (lambda tree: tree["tables"].append(tree["tables"][0]), "bad_manifest"),
    "a newer format": (lambda tree: tree["format"].update(version=2), "newer_format"),
    "no format": (lambda tree: tree.pop("format"), "bad_manifest"),
    "a format that is text": (lambda tree: tree["format"].update(version="1"), "bad_manifest"),
    "another type": (lambda tree: tree.update(type="pack"), "wrong_kind"),
    "an unknown field": (lambda tree: tree.update(extra=1), "bad_manifest"),
    "a field missing": (lambda tree: tree.pop("prev"), "bad_manifest"),
    "a path for a station": (lambda tree: tree.update(station="../../x"), "bad_manifest"),
    "text for a number": (lambda tree: tree.update(no="1"), "bad_manifest"),
    "true for a number": (lambda tree: tree.update(no=True), "bad_manifest"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "word"), LIES.values(), ids=LIES.keys())
def test_a_signed_lie_is_refused_by_its_name(sides: Sides, change, word):
    data = resigned(sides, change)
    if word == "bad_row":  # where tables are cut wrongly, a broken line shows it
        assert refusal(lambda: rows_of(sides, data)) in ("sync_files.bad_row", "sync_files.bad_body")
    else:
        assert refusal(lambda: rows_of(sides, data)) == f"sync_files.{word}"


@pytest.mark.parametrize(
    "spelled", [b'{"type":"batch","type":"batch"}', b'{"a":NaN}', b"[" * 9999, b'"\\ud800"', b"{}", b""]
)
def test_a_signed_manifest_is_read_strictly(sides: Sides, spelled):
    data = envelope.write_frame("batch", spelled, b"", sides.station.sign, sides.station.public.verify_key)
    assert refusal(lambda: rows_of(sides, data)) in ("sync_files.bad_json", "sync_files.wrong_kind")


def bodied(sides: Sides, body: bytes, raw_bytes: int | None = None) -> bytes:
    """A signed batch around any body."""

    def change(tree: dict[str, Any]) -> None:
        tree.update(body_bytes=len(body), body_sha256=hashlib.sha256(body).hexdigest())
        if raw_bytes is not None:
            tree["tables"] = [{"bytes": raw_bytes, "digest": "0" * 64, "name": "visit", "rows": 1}]
            tree["raw_bytes"] = raw_bytes

    return resigned(sides, change, body)


def test_a_bomb_is_stopped_at_what_the_manifest_admits(sides: Sides):
    bomb = zlib.compress(b"0" * 100_000_000, 9)
    told_small, told_true = bodied(sides, bomb), bodied(sides, bomb, 100_000_000)
    tracemalloc.start()
    assert refusal(lambda: rows_of(sides, told_small)) in ("sync_files.bad_body", "sync_files.bad_row")
    assert refusal(lambda: rows_of(sides, told_true)) == "sync_files.bad_body"  # a line longer than any row
    assert tracemalloc.get_traced_memory()[1] < 4_000_000
    tracemalloc.stop()


def test_a_line_longer_than_any_row_is_refused_wherever_the_pieces_end(sides: Sides):
    first = b"".join(wire.encode("visit", visits(1)))
    for length, word in ((wire.LONGEST_LINE - 1, "bad_row"), (wire.LONGEST_LINE, "bad_body"), (3 * wire.LONGEST_LINE, "bad_body")):
        raw = first + b"x" * length + b"\n"
        assert refusal(lambda raw=raw: rows_of(sides, bodied(sides, zlib.compress(raw), len(raw)))) == f"sync_files.{word}"


def test_tables_that_claim_more_than_there_is_are_refused(sides: Sides):
    raw = b"".join(wire.encode("visit", visits(1)))
    for more in (1, len(raw), 10**6):
        assert refusal(lambda more=more: rows_of(sides, bodied(sides, zlib.compress(raw), len(raw) + more))) == "sync_files.bad_body"


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"x\x9c", zlib.compress(b"{}\n")[:-1], zlib.compress(b"{}\n") + b"\0", b"\x1f\x8b" + b"\0" * 20],
    ids=["nothing", "no zlib", "a head only", "cut short", "more after it", "gzip"],
)
def test_a_body_that_is_not_one_zlib_stream_is_refused(sides: Sides, body):
    assert refusal(lambda: b"".join(envelope.inflate(body, 3)).decode()) == "sync_files.bad_body"
    assert refusal(lambda: rows_of(sides, bodied(sides, body))) in ("sync_files.bad_body", "sync_files.bad_row")


@given(st.binary(max_size=200_000), st.integers(-2, 2))
@settings(max_examples=share(500))
def test_inflate_gives_exactly_what_was_said_or_refuses(raw, off):
    packed, length = zlib.compress(raw), max(0, len(raw) + off)
    if length == len(raw):
        assert b"".join(envelope.inflate(packed, length)) == raw
    else:
        assert refusal(lambda: list(envelope.inflate(packed, length))) == "sync_files.bad_body"


# --- packs -----------------------------------------------------------------------------------------------------------


def full_pack(sides: Sides) -> manifest.Pack:
    """A pack with something of everything."""
    step = row(
        41, **moment(15, 0), request_id=REQUEST, round=1, state="replied", side="district", unit="交通局", note_sealed="Zm9v",
    )
    return manifest.Pack(
        receipt=manifest.Receipt(
            stores=[
                manifest.Holding(
                    store_id=sides.fields().store_id,
                    have=[sides.batch().hash],
                    missing=[2],
                    forks=[manifest.Fork(no=1, hashes=["a" * 64, "b" * 64])],
                    snapshot=True,
                    digests={"visit": wire.digest("visit", day()["visit"])},
                    totals=manifest.Totals(person_times=18),
                )
            ],
            refused=[manifest.TurnedDown(table="visit", id=PERSON, version=1, reason="future")],
        ),
        steps=[wire.typed("request_step", step)],
        notices=[manifest.Notice(id=PERSON, time=f"{DAY}T16:00:00+08:00", title="高温橙色预警", text="请备足饮水", until=DAY)],
        averages=[manifest.Average(month=DAY[:7], stations=4, person_times=4380, open_days=118)],
        forms=[manifest.Form(id=PERSON, name="月报.xlsx", time=f"{DAY}T16:00:00+08:00", binding="{}", content="UEsDBA==")],
        rules=[
            rulebook.RuleSet(
                id=ITEM, epoch=2, no=3, starts_on=DAY, made=f"{DAY}T16:00:00+08:00", author="社会工作部", note="高温期间每人两瓶",
                body=rulebook.Quotas(rules=(rulebook.QuotaRule(name="饮用水", kinds=("drink",), most=2, levels=("heat_orange",)),)),
            )
        ],
    )


def test_a_pack_comes_back_whole(sides: Sides):
    sent = sides.pack(full_pack(sides), no=7, epoch=2)
    got = envelope.read_pack(sent.data, sides.districts)
    assert (got.pack, got.manifest, got.hash) == (full_pack(sides), sent.manifest, sent.hash)
    assert (got.manifest.no, got.manifest.epoch, got.manifest.recipients) == (7, 2, [sides.station.public.fingerprint])
    assert bytes(sides.pack(full_pack(sides)).data) == bytes(sides.pack(full_pack(sides)).data)


def test_every_flipped_bit_and_truncation_of_a_pack_is_refused(sides: Sides):
    data = bytes(sides.pack(full_pack(sides)).data)

    def read(mutant: bytes) -> Any:
        opened = envelope.read_pack(mutant, sides.districts)
        return opened.manifest, opened.pack

    assert survivors(read, data, flips(data, share(8 * len(data)))) == []
    assert survivors(read, data, (data[:length] for length in range(len(data)))) == []


def test_a_signed_pack_of_another_content_is_refused(sides: Sides):
    frame = envelope.cut_frame("pack", sides.pack(full_pack(sides)).data)
    tree = json.loads(frame.manifest) | {"raw_sha256": "0" * 64}
    sign, key = sides.district.sign, sides.district.public.verify_key
    signed = envelope.write_frame("pack", canonical(tree), bytes(frame.body), sign, key)
    assert refusal(lambda: envelope.read_pack(signed, sides.districts)) == "sync_files.bad_hash"


def test_only_the_district_signs_packs(sides: Sides):
    stranger = identity.generate()
    forged = envelope.write_pack(
        manifest.PackFields(
            district="990101", station="YQ", recipients=[sides.station.public.fingerprint], epoch=1, no=1,
            made=f"{DAY}T20:00:00+08:00",
        ),
        manifest.Pack(), stranger.sign, sides.district.public.verify_key,
    )  # fmt: skip
    assert refusal(lambda: envelope.read_pack(forged.data, sides.districts)) == "sync_files.bad_signature"


@pytest.mark.parametrize(
    "raw", [b"{}", b'{"receipt":{"stores":["x"]}}', b'{"receipt":{},"receipt":{}}', b'{"x":1}', b"[" * 999, b"[]"]
)
def test_the_content_of_a_pack_is_read_strictly(sides: Sides, raw):
    frame = envelope.cut_frame("pack", sides.pack().data)
    tree, body = json.loads(frame.manifest), zlib.compress(raw)
    tree.update(raw_bytes=len(raw), raw_sha256=hashlib.sha256(raw).hexdigest())
    tree.update(body_bytes=len(body), body_sha256=hashlib.sha256(body).hexdigest())
    signed = envelope.write_frame("pack", canonical(tree), body, sides.district.sign, sides.district.public.verify_key)
    if raw == b"{}":
        assert envelope.read_pack(signed, sides.districts).pack == manifest.Pack()
    else:
        assert refusal(lambda: envelope.read_pack(signed, sides.districts)) in (
            "sync_files.bad_row",
            "sync_files.bad_json",
        )
