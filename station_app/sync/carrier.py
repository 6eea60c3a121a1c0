"""Frames, keys and attachments in one sealed file: the carrier. Sees ``errors``, ``envelope``, ``manifest``,
``strict``.

Inside age v1 (which the ``age`` tool opens) stands ``MAGIC | n | n x (length, frame) | length, keys | m | m x (name
length, name, length, bytes) | length, trailer``; numbers are big-endian 32-bit, name lengths 16-bit. A carrier of
batches goes up, a carrier of one pack comes down; introductions (``identity.py``) may
go ahead of either. **Keys** are 48 bytes each: the subject's UUID in 16, its key in 32.
They travel beside the frames, never inside them, so that forgetting a key later leaves every signed byte as it was
(DECISIONS.md 1). The **trailer** is a frame of kind "carrier" with an empty body: its signed manifest lists the SHA-256
of every part, so that no part can be swapped, dropped or added on the way.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import struct
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import Bug, Refused
from . import envelope
from .manifest import Attachment, CarrierManifest

MAGIC = b"STNEXC1\n"
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes of a sealed file; a larger one is refused unread. Opening one of this size stays under 100 MB (SYNC.md section 3)."""
LARGEST_HEADER = 4 * 1024
MOST_RECIPIENTS = 8
"""age's reader works quadratically in recipients, so both are looked at before it sees the file."""
MOST_FRAMES = 2000
MOST_INTRODUCTIONS = 8
"""Of the frames, how many may be introductions (keys that changed); they come first."""
MOST_ATTACHMENTS = 1000
LARGEST_ATTACHMENT = 1024 * 1024
KEY_ENTRY = 48

_AGE = b"age-encryption.org/v1\n"
_LENGTH = struct.Struct(">I")
_NAME = struct.Struct(">H")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a carrier holds: raw frames, subject keys by UUID text, attachments by name, and who signed the trailer."""

    frames: tuple[memoryview, ...]
    keys: Mapping[str, bytes] = field(repr=False)
    attachments: Mapping[str, memoryview] = field(repr=False)
    key_id: bytes


# --- inside ----------------------------------------------------------------------------------------------------------


def write_carrier(
    frames: Sequence[bytes | memoryview],
    keys: Mapping[str, bytes],
    attachments: Mapping[str, bytes],
    sign: envelope.Sign,
    verify_key: bytes,
) -> bytes:
    """The bytes to seal; introductions go ahead of the frames proper, as frames. Keys are written in the order of their UUIDs,
    attachments by name: the same parts, the same bytes.

    Raises Bug for more or larger parts than a reader takes.
    """
    packed_keys = b"".join(uuid.UUID(subject).bytes + _key(keys[subject]) for subject in sorted(keys))
    listed = [
        Attachment(name=name, bytes=len(attachments[name]), sha256=hashlib.sha256(attachments[name]).hexdigest())
        for name in sorted(attachments)
    ]
    manifest = CarrierManifest(
        frames=[hashlib.sha256(frame).hexdigest() for frame in frames],
        keys=len(keys),
        keys_sha256=hashlib.sha256(packed_keys).hexdigest(),
        attachments=listed,
    )
    if any(entry.bytes > LARGEST_ATTACHMENT for entry in listed):
        raise Bug("an attachment larger than a reader takes")
    _, spelled = envelope.checked(manifest, CarrierManifest)
    trailer = envelope.write_frame("carrier", spelled, b"", sign, verify_key)
    parts: list[bytes | memoryview] = [MAGIC, _LENGTH.pack(len(frames))]
    for frame in frames:
        parts += [_LENGTH.pack(len(frame)), frame]
    parts += [_LENGTH.pack(len(packed_keys)), packed_keys, _LENGTH.pack(len(listed))]
    for entry in listed:
        name = entry.name.encode()
        parts += [_NAME.pack(len(name)), name, _LENGTH.pack(entry.bytes), attachments[entry.name]]
    parts += [_LENGTH.pack(len(trailer)), trailer]
    return b"".join(parts)


def _key(key: bytes) -> bytes:
    if len(key) != KEY_ENTRY - 16:
        raise Bug("a subject key has 32 bytes")
    return key


@dataclass(frozen=True, slots=True)
class Cut:
    """A carrier cut at its lengths; nothing in it is believed yet. ``introductions`` are the first of its frames."""

    parts: tuple[memoryview, ...]
    introductions: tuple[memoryview, ...]
    packed_keys: memoryview = field(repr=False)
    attached: tuple[tuple[memoryview, memoryview], ...] = field(repr=False)
    trailer: envelope.Frame = field(repr=False)

    def held_to(self, verify_keys: Mapping[bytes, bytes]) -> Contents:
        """The parts, once the trailer, signed by one of ``verify_keys`` (by key id), names every one of them.

        Raises Refused: ``unknown_station``, ``bad_signature``, ``bad_hash`` ...
        """
        envelope.check_signature(self.trailer, envelope.pick_key(self.trailer, verify_keys))
        manifest = envelope.read_manifest(self.trailer.manifest, CarrierManifest, "carrier")
        if (
            len(self.trailer.body)
            or manifest.frames != [_sha256(part) for part in self.parts]
            or manifest.keys_sha256 != _sha256(self.packed_keys)
            or manifest.keys * KEY_ENTRY != len(self.packed_keys)
            or [(entry.name.encode(), entry.bytes, entry.sha256) for entry in manifest.attachments]
            != [(bytes(name), len(content), _sha256(content)) for name, content in self.attached]
        ):
            raise Refused("sync_files.bad_hash")
        packed = self.packed_keys
        entries = [bytes(packed[at : at + KEY_ENTRY]) for at in range(0, len(packed), KEY_ENTRY)]
        keys = {str(uuid.UUID(bytes=entry[:16])): entry[16:] for entry in entries}
        attachments = {bytes(name).decode("ascii"): content for name, content in self.attached}
        if len(keys) != len(entries) or len(attachments) != len(self.attached):
            raise Refused("sync_files.bad_frame")
        return Contents(self.parts[len(self.introductions) :], keys, attachments, self.trailer.key_id)


def cut(data: bytes | memoryview) -> Cut:
    """``data`` at its lengths; Refused ``not_ours``, ``bad_frame`` or ``too_big``.

    The frames themselves are still to be read by ``envelope.read_batch`` or ``read_pack``.
    """
    cutter = _Cutter(data)
    if bytes(cutter.take(min(len(MAGIC), len(data)))) != MAGIC:
        raise Refused("sync_files.not_ours")
    parts = tuple(cutter.sized() for _ in range(cutter.count(MOST_FRAMES)))
    introductions = tuple(itertools.takewhile(_is_introduction, parts))
    if len(introductions) > MOST_INTRODUCTIONS:
        raise Refused("sync_files.too_big")
    packed_keys = cutter.sized()
    attached = tuple((cutter.take(cutter.name_length()), cutter.sized()) for _ in range(cutter.count(MOST_ATTACHMENTS)))
    if any(len(content) > LARGEST_ATTACHMENT for _, content in attached):
        raise Refused("sync_files.too_big")
    trailer = envelope.cut_frame("carrier", cutter.sized())
    cutter.end()
    return Cut(parts, introductions, packed_keys, attached, trailer)


def _is_introduction(part: memoryview) -> bool:
    """An introduction is JSON; a frame begins with its length, which is never that large."""
    return bytes(part[:1]) == b"{"


def read_carrier(data: bytes | memoryview, verify_keys: Mapping[bytes, bytes]) -> Contents:
    """The parts of ``data``: cut at their lengths, held to the signed trailer, and only then looked into."""
    return cut(data).held_to(verify_keys)


def _sha256(part: memoryview) -> str:
    return hashlib.sha256(part).hexdigest()


class _Cutter:
    """Cuts bytes at the lengths they tell; Refused ``sync_files.bad_frame`` when one reaches past the end."""

    def __init__(self, data: bytes | memoryview) -> None:
        self._rest = memoryview(data)

    def take(self, length: int) -> memoryview:
        """The next ``length`` bytes."""
        if length > len(self._rest):
            raise Refused("sync_files.bad_frame")
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def number(self) -> int:
        """The next 32-bit number."""
        return int(_LENGTH.unpack(self.take(_LENGTH.size))[0])

    def name_length(self) -> int:
        """The next 16-bit number."""
        return int(_NAME.unpack(self.take(_NAME.size))[0])

    def sized(self) -> memoryview:
        """The next part, which begins with its length."""
        return self.take(self.number())

    def count(self, most: int) -> int:
        """The next number of parts, ``too_big`` beyond ``most``."""
        number = self.number()
        if number > most:
            raise Refused("sync_files.too_big")
        return number

    def end(self) -> None:
        """Refused unless all was taken."""
        if self._rest:
            raise Refused("sync_files.bad_frame")


# --- the seal --------------------------------------------------------------------------------------------------------


def seal(data: bytes, recipients: Iterable[str]) -> bytes:
    """``data`` as an age v1 file for ``recipients`` ("age1..." X25519); never twice the same bytes."""
    import pyrage

    opened = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    # one place is left for the stanza of random noise that age writers may add
    if not 0 < len(opened) < MOST_RECIPIENTS:
        raise Bug("a carrier has 1 to 7 recipients")
    sealed = bytes(pyrage.encrypt(data, opened))
    if len(sealed) > LARGEST_FILE:
        raise Refused("sync_files.too_big")
    return sealed


def unseal(sealed: bytes, identities: Iterable[str]) -> bytes:
    """What ``seal`` sealed, opened with one of ``identities`` ("AGE-SECRET-KEY-1...").

    Raises Refused: ``too_big``, ``not_ours`` (no age file at all), ``bad_header``, ``not_for_us`` (sealed to others),
    ``damaged`` (altered or cut short).
    """
    import pyrage

    header_scan(sealed)
    opened = [pyrage.x25519.Identity.from_str(identity) for identity in identities]
    data = io.BytesIO()
    try:
        pyrage.decrypt_io(io.BytesIO(sealed), data, opened)  # in pieces: half the memory of ``decrypt``
    except pyrage.DecryptError as error:
        word = "sync_files.not_for_us" if "No matching keys" in str(error) else "sync_files.damaged"
        raise Refused(word) from None
    except OSError:  # nothing here is a file: a piece of the content does not hold
        raise Refused("sync_files.damaged") from None
    return data.getvalue()


def header_scan(sealed: bytes) -> int:
    """Look at the age header without interpreting it; returns how many recipients it names.

    Raises Refused: ``too_big`` for the file, ``not_ours`` without age's first line, ``bad_header`` for more than 4 KiB
    or 8 recipients or no end.
    """
    if len(sealed) > LARGEST_FILE:
        raise Refused("sync_files.too_big")
    if not sealed.startswith(_AGE):
        raise Refused("sync_files.not_ours")
    end = sealed.find(b"\n--- ", 0, LARGEST_HEADER)
    if end < 0 or sealed.find(b"\n", end + 1, LARGEST_HEADER) < 0:
        raise Refused("sync_files.bad_header")
    recipients = sealed.count(b"\n-> ", 0, end)
    if not 0 < recipients <= MOST_RECIPIENTS:
        raise Refused("sync_files.bad_header")
    return recipients
