"""Bytes <-> batch and pack: one signed frame for both. Pure; sees only ``errors``, ``strict``, ``wire`` and
``manifest``.

A **frame** is ``manifest length | body length | key id | manifest | signature | body``: two big-endian 32-bit lengths,
the first 8 bytes of SHA-256 of the signer's Ed25519 public key, canonical JSON, 64 bytes, zlib. The signature covers
``DOMAIN[kind] + the 16 bytes before the manifest + manifest``, so a batch can never pass for a pack; the manifest holds
the hash of the body. The fixed-size key id lets a reader pick the key before anything but lengths is parsed.

A frame's **hash** is the SHA-256 of its manifest as 64 hex digits: what ``prev`` names and receipts list. It is the
same however often a closed batch is exported.

Reading goes in the order of SYNC.md section 3: lengths, signature, strict JSON, version, body hash, bounded inflate,
typed rows. Every refusal is Refused with one sentence id of the catalogue ``sync_files``. docs/pack-format.md tells it
to strangers.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from ..errors import Bug, Refused
from . import wire
from .manifest import FORMAT, OLDEST, BatchFields, Format, Manifest, Pack, PackFields, PackManifest, Table
from .strict import canonical, read_canonical

LARGEST_MANIFEST = 256 * 1024
LARGEST_BODY = 31 * 1024 * 1024
LARGEST_RAW = 256 * 1024 * 1024
"""Bytes a body may inflate to, whatever its manifest says."""
LARGEST_PACK_RAW = 16 * 1024 * 1024
DOMAIN: Mapping[str, bytes] = {
    "batch": b"station exchange 1: batch\n",
    "pack": b"station exchange 1: pack\n",
    "carrier": b"station exchange 1: carrier\n",
    "day": b"station exchange 1: day\n",
}
"""What a signature covers first, so that none can be used in another's place."""

_HEAD = struct.Struct(">II8s")
_SIGNATURE = 64
_CHUNK = 64 * 1024

Kind = Literal["batch", "pack", "carrier", "day"]
Sign = Callable[[bytes], bytes]
"""message -> 64-byte Ed25519 signature (``identity.Identity.sign``)."""
Rows = Iterable[Mapping[str, Any] | wire.Row]
T = TypeVar("T")


# --- frames ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame cut at its lengths; nothing in it is believed yet. ``key_id`` names the signer's key."""

    key_id: bytes
    signed: bytes
    manifest: bytes
    signature: bytes
    body: memoryview

    @property
    def hash(self) -> str:
        """SHA-256 of the manifest."""
        return hashlib.sha256(self.manifest).hexdigest()


def key_id(verify_key: bytes) -> bytes:
    """The 8 bytes by which a frame names the 32-byte Ed25519 public key that signed it."""
    return hashlib.sha256(verify_key).digest()[:8]


def write_frame(kind: Kind, manifest: bytes, body: bytes, sign: Sign, verify_key: bytes) -> bytes:
    """One frame of ``kind`` around canonical manifest bytes and a finished body."""
    head = _HEAD.pack(len(manifest), len(body), key_id(verify_key))
    return head + manifest + sign(DOMAIN[kind] + head + manifest) + body


def cut_frame(kind: Kind, data: bytes | memoryview) -> Frame:
    """``data`` at its lengths; Refused ``sync_files.bad_frame`` when they do not fit it exactly."""
    view = memoryview(data)
    if len(view) < _HEAD.size:
        raise Refused("sync_files.bad_frame")
    manifest_length, body_length, key = _HEAD.unpack_from(view)
    if manifest_length > LARGEST_MANIFEST or body_length > LARGEST_BODY:
        raise Refused("sync_files.too_big")
    signature_at = _HEAD.size + manifest_length
    body_at = signature_at + _SIGNATURE
    if len(view) != body_at + body_length:
        raise Refused("sync_files.bad_frame")
    signed = DOMAIN[kind] + bytes(view[:signature_at])
    manifest = bytes(view[_HEAD.size : signature_at])
    return Frame(key, signed, manifest, bytes(view[signature_at:body_at]), view[body_at:])


def check_signature(frame: Frame, verify_key: bytes) -> None:
    """Refused ``sync_files.bad_signature`` unless ``verify_key`` signed this frame as the kind it was cut as."""
    from nacl import bindings, exceptions

    if key_id(verify_key) != frame.key_id:
        raise Refused("sync_files.bad_signature")
    try:
        bindings.crypto_sign_open(frame.signature + frame.signed, verify_key)
    except (exceptions.CryptoError, ValueError):
        raise Refused("sync_files.bad_signature") from None


def pick_key(frame: Frame, keys: Mapping[bytes, bytes]) -> bytes:
    """The public key that ``frame`` names, of ``keys`` by key id; Refused ``sync_files.unknown_station`` for none."""
    found = keys.get(frame.key_id)
    if found is None:
        raise Refused("sync_files.unknown_station")
    return found


def read_manifest(manifest: bytes, kind: type[T], name: str) -> T:
    """Signed manifest bytes as ``kind``: strict JSON, then the version, then every field."""
    tree = read_canonical(manifest)
    if not isinstance(tree, dict) or tree.get("type") != name:
        raise Refused("sync_files.wrong_kind")
    told = tree.get("format")
    version = told.get("version") if isinstance(told, dict) else None
    if isinstance(version, int) and version > FORMAT:
        raise Refused("sync_files.newer_format", version=version)
    if not isinstance(version, int) or version < OLDEST:
        raise Refused("sync_files.bad_manifest")
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError:
        raise Refused("sync_files.bad_manifest") from None


def checked(told: msgspec.Struct, kind: type[T]) -> tuple[T, bytes]:
    """What we are about to sign, held to what a reader demands, and its canonical bytes."""
    tree = msgspec.to_builtins(told)
    try:
        return msgspec.convert(tree, kind), canonical(tree)
    except msgspec.ValidationError as error:
        raise Bug(f"a manifest that would be refused: {error}") from None


def inflate(body: bytes | memoryview, length: int) -> Iterator[bytes]:
    """The raw bytes of one zlib stream in pieces; Refused when they are not exactly ``length`` and no more."""
    machine = zlib.decompressobj()
    left, fed = length, memoryview(body)
    position, pending = 0, b""
    try:
        while not machine.eof:
            if not pending:
                pending = bytes(fed[position : position + _CHUNK])
                position += len(pending)
            piece = machine.decompress(pending, min(_CHUNK, left + 1))
            if not piece and not pending and not machine.eof:
                raise Refused("sync_files.bad_body")  # the stream breaks off
            pending = machine.unconsumed_tail
            left -= len(piece)
            if left < 0:
                raise Refused("sync_files.bad_body")
            if piece:
                yield piece
    except zlib.error:
        raise Refused("sync_files.bad_body") from None
    if left or pending or machine.unused_data or position != len(fed):
        raise Refused("sync_files.bad_body")


# --- batches ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Batch:
    """A closed batch: its immutable bytes, manifest and hash."""

    data: bytes
    manifest: Manifest
    hash: str


@dataclass(frozen=True, slots=True)
class OpenBatch:
    """A batch whose signature and body hash hold. ``data`` is the whole frame as it came, to be kept as evidence."""

    manifest: Manifest
    hash: str
    key_id: bytes
    data: memoryview = field(repr=False)
    body: memoryview = field(repr=False)

    def rows(self) -> Iterator[tuple[str, Iterator[wire.Row]]]:
        """(table, its rows) in the order of the body, read once and forward while it inflates.

        Take each table's rows to their end before the next. Refused ``sync_files.bad_row``, ``bad_body``,
        ``bad_digest`` ... may come at any row, so apply inside one transaction or after ``check``.
        """
        return _tables(self.manifest, self.body)

    def check(self) -> int:
        """Read every row once; returns how many, raises Refused as ``rows`` does."""
        return sum(1 for _table, rows in self.rows() for _row in rows)


def write_batch(
    fields: BatchFields, tables: Mapping[str, Rows], sign: Sign, verify_key: bytes, version: int = FORMAT
) -> Batch:
    """A batch of ``tables`` (rows in any order of tables; empty tables are left out), signed, in a ``version`` its reader knows.

    The same rows in the same order give the same bytes on one machine. Rows are read once, as they are packed; memory
    grows with the packed size only. Raises Bug for a row or field the other side would refuse.
    """
    unknown = tables.keys() - wire.TABLES.keys()
    if unknown:
        raise Bug(f"{sorted(unknown)} do not cross")
    machine, raw = zlib.compressobj(6), hashlib.sha256()
    packed: list[bytes] = []
    measured: list[Table] = []
    for name in wire.TABLES:
        count = size = 0
        total = wire.Digest()
        for chunk in _chunks(wire.encode(name, tables.get(name, ()))):
            for spelled in chunk:
                total.add(spelled[:-1])
            joined = b"".join(chunk)
            raw.update(joined)
            packed.append(machine.compress(joined))
            count, size = count + len(chunk), size + len(joined)
        if count:
            measured.append(Table(name=name, rows=count, bytes=size, digest=total.hex))
    packed.append(machine.flush())
    body = b"".join(packed)
    size = sum(table.bytes for table in measured)
    if size > LARGEST_RAW or len(body) > LARGEST_BODY:
        raise Bug("a batch larger than a reader takes: close it in parts")
    manifest = Manifest(
        **msgspec.structs.asdict(fields),
        format=Format(version=version),
        tables=measured,
        raw_bytes=size,
        raw_sha256=raw.hexdigest(),
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
    manifest, spelled = checked(manifest, Manifest)
    return Batch(write_frame("batch", spelled, body, sign, verify_key), manifest, hashlib.sha256(spelled).hexdigest())


def read_batch(data: bytes | memoryview, keys: Mapping[bytes, bytes]) -> OpenBatch:
    """The batch in ``data``, signed by one of ``keys`` (public keys by ``key_id``). Its rows are read by ``rows()``."""
    frame = cut_frame("batch", data)
    check_signature(frame, pick_key(frame, keys))
    manifest = read_manifest(frame.manifest, Manifest, "batch")
    _check_body(frame, manifest.body_bytes, manifest.body_sha256, manifest.raw_bytes, LARGEST_RAW)
    names = [table.name for table in manifest.tables]
    in_order = names == [name for name in wire.TABLES if name in names]
    if not in_order or sum(table.bytes for table in manifest.tables) != manifest.raw_bytes:
        raise Refused("sync_files.bad_manifest")
    return OpenBatch(manifest, frame.hash, frame.key_id, memoryview(data), frame.body)


def _check_body(frame: Frame, length: int, sha256: str, raw: int, most: int) -> None:
    if len(frame.body) != length or hashlib.sha256(frame.body).hexdigest() != sha256:
        raise Refused("sync_files.bad_hash")
    if raw > most:
        raise Refused("sync_files.too_big")


def _tables(manifest: Manifest, body: memoryview) -> Iterator[tuple[str, Iterator[wire.Row]]]:
    source = _Source(inflate(body, manifest.raw_bytes))
    for table in manifest.tables:
        rows = _table(table, source)
        yield table.name, rows
        for _row in rows:  # what the caller left is still checked
            pass
    source.end(manifest.raw_sha256)


def _table(table: Table, source: _Source) -> Iterator[wire.Row]:
    total = wire.Digest()

    def counted() -> Iterator[bytes]:
        for spelled in source.lines(table.bytes):
            total.add(spelled)
            yield spelled

    yield from wire.decode(table.name, counted())
    if total.rows != table.rows or total.hex != table.digest:
        raise Refused("sync_files.bad_digest", table=table.name)


class _Source:
    """Lines out of inflated pieces, by tables of known length; hashes all that passes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._sha256 = hashlib.sha256()
        self._rest = b""

    def lines(self, size: int) -> Iterator[bytes]:
        """The lines of the next ``size`` bytes, without line feeds."""
        left = size
        while left:
            cut = self._rest.rfind(b"\n", 0, left) + 1
            if not cut:
                if len(self._rest) >= min(left, wire.LONGEST_LINE):
                    raise Refused("sync_files.bad_body")
                self._more()
                continue
            ready, self._rest = self._rest[: cut - 1], self._rest[cut:]
            left -= cut
            for spelled in ready.split(b"\n"):
                if len(spelled) >= wire.LONGEST_LINE:
                    raise Refused("sync_files.bad_body")
                yield spelled

    def end(self, sha256: str) -> None:
        """Refused unless nothing is left and all that passed has this hash."""
        if self._rest or next(self._pieces, b"") or self._sha256.hexdigest() != sha256:
            raise Refused("sync_files.bad_hash")

    def _more(self) -> None:
        piece = next(self._pieces)  # what inflates to less than the tables together is refused there
        self._sha256.update(piece)
        self._rest += piece


def _chunks(lines: Iterator[bytes], rows: int = 10_000) -> Iterator[list[bytes]]:
    chunk: list[bytes] = []
    for spelled in lines:
        chunk.append(spelled)
        if len(chunk) == rows:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


# --- packs -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenPack:
    """A pack whose signature, hashes and content hold."""

    manifest: PackManifest
    pack: Pack
    hash: str
    key_id: bytes
    data: memoryview = field(repr=False)
    introduced: bytes = field(default=b"", repr=False)
    """What the district's root key said of its keys, ahead of the pack in its carrier."""
    keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """The subject keys beside it."""


def write_pack(fields: PackFields, pack: Pack, sign: Sign, verify_key: bytes, version: int = FORMAT) -> OpenPack:
    """``pack`` as a signed frame, in ``.data``, in a ``version`` its reader knows. Raises Bug for anything a station would refuse."""
    pack, raw = checked(pack, Pack)
    if len(raw) > LARGEST_PACK_RAW:
        raise Bug("a pack larger than a station takes")
    body = zlib.compress(raw, 6)
    manifest = PackManifest(
        **msgspec.structs.asdict(fields),
        format=Format(version=version),
        raw_bytes=len(raw),
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        body_bytes=len(body),
        body_sha256=hashlib.sha256(body).hexdigest(),
    )
    manifest, spelled = checked(manifest, PackManifest)
    data = write_frame("pack", spelled, body, sign, verify_key)
    return OpenPack(manifest, pack, hashlib.sha256(spelled).hexdigest(), key_id(verify_key), memoryview(data))


def read_pack(data: bytes | memoryview, keys: Mapping[bytes, bytes]) -> OpenPack:
    """The pack in ``data``, signed by one of ``keys``; whether number and epoch are new is the caller's to judge."""
    frame = cut_frame("pack", data)
    check_signature(frame, pick_key(frame, keys))
    manifest = read_manifest(frame.manifest, PackManifest, "pack")
    _check_body(frame, manifest.body_bytes, manifest.body_sha256, manifest.raw_bytes, LARGEST_PACK_RAW)
    raw = b"".join(inflate(frame.body, manifest.raw_bytes))
    if hashlib.sha256(raw).hexdigest() != manifest.raw_sha256:
        raise Refused("sync_files.bad_hash")
    try:
        pack = msgspec.convert(read_canonical(raw), Pack)
    except msgspec.ValidationError:
        raise Refused("sync_files.bad_row", table="pack", line=1) from None
    return OpenPack(manifest, pack, frame.hash, frame.key_id, memoryview(data))
