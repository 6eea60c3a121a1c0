"""Frames, keys and attachments in one sealed file: the carrier. Sees ``errors``, ``envelope``, ``manifest``,
``strict``.

Inside age v1 (which the ``age`` tool opens) stands ``MAGIC | n | n x (length, frame) | length, keys | m | m x (name
length, name, length, bytes) | length, trailer``; numbers are big-endian 32-bit, name lengths 16-bit. A carrier of
batches goes up, a carrier of one pack comes down. **Keys** are 48 bytes each: the subject's UUID in 16, its key in 32.
They travel beside the frames, never inside them, so that forgetting a key later leaves every signed byte as it was
(DECISIONS.md 1). The **trailer** is a frame of kind "carrier" with an empty body: its signed manifest lists the SHA-256
of every part, so that no part can be swapped, dropped or added on the way.
"""

from __future__ import annotations

import hashlib
import io
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
    """The bytes to seal. Keys are written in the order of their UUIDs, attachments by name: the same parts, the same
    bytes.

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


def read_carrier(data: bytes | memoryview, verify_keys: Mapping[bytes, bytes]) -> Contents:
    """The parts of ``data``: cut at their lengths, held to the signed trailer, and only then looked into.

    Raises Refused: ``not_ours``, ``bad_frame``, ``too_big``, ``unknown_station``, ``bad_signature``, ``bad_hash`` ...
    The frames themselves are still to be read by ``envelope.read_batch`` or ``read_pack``.
    """
    cutter = _Cutter(data)
    if bytes(cutter.take(min(len(MAGIC), len(data)))) != MAGIC:
        raise Refused("sync_files.not_ours")
    frames = tuple(cutter.sized() for _ in range(cutter.count(MOST_FRAMES)))
    packed_keys = cutter.sized()
    attached = [(cutter.take(cutter.name_length()), cutter.sized()) for _ in range(cutter.count(MOST_ATTACHMENTS))]
    frame = envelope.cut_frame("carrier", cutter.sized())
    cutter.end()

    envelope.check_signature(frame, envelope.pick_key(frame, verify_keys))
    manifest = envelope.read_manifest(frame.manifest, CarrierManifest, "carrier")
    if (
        len(frame.body)
        or manifest.frames != [_sha256(part) for part in frames]
        or manifest.keys_sha256 != _sha256(packed_keys)
        or manifest.keys * KEY_ENTRY != len(packed_keys)
        or [(entry.name.encode(), entry.bytes, entry.sha256) for entry in manifest.attachments]
        != [(bytes(name), len(content), _sha256(content)) for name, content in attached]
    ):
        raise Refused("sync_files.bad_hash")
    entries = [bytes(packed_keys[at : at + KEY_ENTRY]) for at in range(0, len(packed_keys), KEY_ENTRY)]
    keys = {str(uuid.UUID(bytes=entry[:16])): entry[16:] for entry in entries}
    attachments = {bytes(name).decode("ascii"): content for name, content in attached}
    if len(keys) != len(entries) or len(attachments) != len(attached):
        raise Refused("sync_files.bad_frame")
    return Contents(frames, keys, attachments, frame.key_id)


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
