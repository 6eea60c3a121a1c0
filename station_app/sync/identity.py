"""Who signs and who can open: the key pairs of a station or district, their fingerprint, and the two files that make
them known.

A **fingerprint** is the SHA-256 of the Ed25519 public key as a number modulo 10**30, written as six groups of five
digits (99 bits): short enough to compare by eye or telephone, the same on both screens.

``enrol-<station>.json`` goes up once, ``trust-<district>.json`` comes down once. Each is canonical JSON with a line
feed and signed by the key it introduces, over ``DOMAIN + the canonical JSON without "signature"``. That proves the file
whole and its maker in possession of the key; whose key it is, only comparing fingerprints proves.

**Keys change** without meeting again. A station that takes a new key introduces it once more, signed by the new key and by
the one before; the introduction goes ahead of the batches in every carrier from then on, for a district that is put back to
before it heard of it. A
district's root key stays; it signs which keys sign packs and whom to seal to, and that word goes ahead of every pack.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from ..errors import Bug, Refused
from ..rulebook import RuleSet
from . import envelope, wire
from .manifest import Format, Seen, Signed
from .strict import canonical, read_canonical

DOMAIN = b"station exchange 1: introduction\n"
LARGEST_INTRODUCTION = 256 * 1024
SIGNATURES = ("signature", "previous_signature")
"""The fields that stand over the others; all else in an introduction is signed."""

PublicKey = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
MaybeKey = Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")]
Recipient = Annotated[str, Meta(pattern=r"\Aage1[02-9ac-hj-np-z]{58}\Z")]
Signature = Annotated[str, Meta(pattern=r"\A([0-9a-f]{128})?\Z")]
T = TypeVar("T", bound="_Introduction")


# --- keys ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Public:
    """What others may know: the 32-byte Ed25519 key that checks signatures, the age recipient to seal to."""

    verify_key: bytes
    recipient: str

    @property
    def key_id(self) -> bytes:
        """The 8 bytes that name the key in a frame."""
        return envelope.key_id(self.verify_key)

    @property
    def fingerprint(self) -> str:
        """Six groups of five digits, for people to compare."""
        return fingerprint(self.verify_key)


@dataclass(frozen=True, slots=True)
class Identity:
    """The secret half: Ed25519 seed and age identity ("AGE-SECRET-KEY-1..."); lives in the encrypted database only."""

    public: Public
    seed: bytes = field(repr=False)
    opener: str = field(repr=False)

    def sign(self, message: bytes) -> bytes:
        """64 bytes that only this identity gives for ``message`` (Ed25519: the same message, the same bytes)."""
        from nacl import bindings

        _public, secret = bindings.crypto_sign_seed_keypair(self.seed)
        return bindings.crypto_sign(message, secret)[:64]

    def to_bytes(self) -> dict[str, bytes]:
        """The secrets by name, for the table ``secret``."""
        return {"signing_seed": self.seed, "age_identity": self.opener.encode()}


def generate() -> Identity:
    """A new identity from the system's randomness."""
    import pyrage

    return _identity(os.urandom(32), str(pyrage.x25519.Identity.generate()))


def from_bytes(secrets: Mapping[str, bytes]) -> Identity:
    """The identity that ``to_bytes`` gave; raises Bug when something is missing or bent."""
    try:
        return _identity(bytes(secrets["signing_seed"]), bytes(secrets["age_identity"]).decode("ascii"))
    except (KeyError, ValueError) as error:
        raise Bug("the stored identity is not one") from error


def _identity(seed: bytes, opener: str) -> Identity:
    import pyrage
    from nacl import bindings

    if len(seed) != 32:
        raise ValueError("a signing seed has 32 bytes")
    verify_key, _secret = bindings.crypto_sign_seed_keypair(seed)
    try:
        recipient = str(pyrage.x25519.Identity.from_str(opener).to_public())
    except pyrage.IdentityError as error:
        raise ValueError("no age identity") from error
    return Identity(Public(verify_key, recipient), seed, opener)


def fingerprint(verify_key: bytes) -> str:
    """The fingerprint of a 32-byte Ed25519 public key, for example ``40931-77215-00482-91166-53307-28419``."""
    digits = f"{int.from_bytes(hashlib.sha256(verify_key).digest(), 'big') % 10**30:030d}"
    return "-".join(digits[at : at + 5] for at in range(0, 30, 5))


# --- introductions ---------------------------------------------------------------------------------------------------


class _Introduction(Signed, frozen=True, kw_only=True):
    """What both files share: format, the maker's public key (hex), when it was made, the signature (hex)."""

    format: Format = Format()
    verify_key: PublicKey
    made: wire.Time
    signature: Signature = ""

    @property
    def fingerprint(self) -> str:
        """The fingerprint to compare with the maker's screen before believing any of this."""
        return fingerprint(bytes.fromhex(self.verify_key))


class Enrolment(_Introduction, frozen=True, kw_only=True):
    """A station introduces itself: who it is, its keys, the store it writes from, a telephone to chase it by.

    With ``previous``, the key it signed with until now, both keys sign. ``seen`` is the newest word it has of the district.
    """

    type: Literal["enrol"] = "enrol"
    district: wire.District
    station_id: wire.Id
    code: wire.StationCode
    letter: Annotated[str, Meta(pattern=r"\A[A-Z]\Z")]
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    phone: Annotated[str, Meta(max_length=64)] = ""
    store_id: wire.StoreId
    recipient: Recipient
    previous: MaybeKey = ""
    previous_signature: Signature = ""
    seen: Seen = Seen()

    @property
    def public(self) -> Public:
        """The keys of the station."""
        return Public(bytes.fromhex(self.verify_key), self.recipient)

    @property
    def previous_id(self) -> bytes:
        """The 8 bytes that name the key before, b"" where none is named."""
        return envelope.key_id(bytes.fromhex(self.previous)) if self.previous else b""

    @property
    def binds(self) -> frozenset[bytes]:
        """The keys (ids) that both signed this; whichever is known vouches for the other."""
        return frozenset((self.previous_id, self.public.key_id))


class Trust(_Introduction, frozen=True, kw_only=True):
    """A district introduces itself: root key, which keys sign its packs, whom to seal to (itself and its recovery key).

    ``epoch`` rises when it was restored from a backup, ``serial`` with every change of keys within one; older ones are refused.
    ``rules`` hold from the first day, before any pack came.
    """

    type: Literal["trust"] = "trust"
    district: wire.District
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    recipients: Annotated[list[Recipient], Meta(min_length=1, max_length=4)]
    signers: Annotated[list[PublicKey], Meta(min_length=1, max_length=4)]
    serial: Annotated[int, Meta(ge=1)] = 1
    epoch: Annotated[int, Meta(ge=1)] = 1
    roster: wire.Number = 0
    rules: Annotated[list[RuleSet], Meta(max_length=200)] = msgspec.field(default_factory=list)


def write_introduction(told: Enrolment | Trust, identity: Identity, previous: Identity | None = None) -> bytes:
    """The bytes of the file, signed by ``identity``, whose key ``told`` carries, and by ``previous`` where it names one.

    Raises Bug for anything refused later.
    """
    before = told.previous if isinstance(told, Enrolment) else ""
    if told.verify_key != identity.public.verify_key.hex() or before != (previous.public.verify_key.hex() if previous else ""):
        raise Bug("an introduction signed by another key")
    tree = _unsigned(msgspec.to_builtins(told))
    try:
        msgspec.convert(tree, type(told))
    except msgspec.ValidationError as error:
        raise Bug(f"an introduction that would be refused: {error}") from None
    message = DOMAIN + canonical(tree)
    signed = {"signature": identity.sign(message).hex()}
    if isinstance(told, Enrolment):
        signed["previous_signature"] = previous.sign(message).hex() if previous else ""
    return canonical(tree | signed) + b"\n"


def read_enrolment(data: bytes) -> Enrolment:
    """The station's introduction in ``data``; Refused ``bad_introduction``, ``newer_format``, ``bad_signature`` ..."""
    return _read(data, Enrolment, "enrol")


def read_trust(data: bytes) -> Trust:
    """The district's introduction in ``data``. Raises Refused as ``read_enrolment``."""
    return _read(data, Trust, "trust")


def _unsigned(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry for name, entry in tree.items() if name not in SIGNATURES}


def _read(data: bytes, kind: type[T], name: str) -> T:
    """Self-signed, so the key is in the file: it is strictly read first, and nothing of it is used before it holds."""
    if len(data) > LARGEST_INTRODUCTION:
        raise Refused("sync_files.too_big")
    if not data.endswith(b"\n") or not data.startswith(b"{"):
        raise Refused("sync_files.bad_introduction")
    told = envelope.read_manifest(data[:-1], kind, name)
    tree = read_canonical(data[:-1])
    if any(hasattr(told, signature) and signature not in tree for signature in SIGNATURES):
        raise Refused("sync_files.bad_signature")
    _check(told, _unsigned(tree))
    return told


def _check(told: _Introduction, signed: Mapping[str, Any]) -> None:
    """Every signature is over what the file says, not over what we would have written: nothing can be left out of it."""
    message = DOMAIN + canonical(signed)
    _check_one(message, told.signature, told.verify_key)
    if isinstance(told, Enrolment) and (told.previous or told.previous_signature):
        _check_one(message, told.previous_signature, told.previous)


def _check_one(message: bytes, signature: str, verify_key: str) -> None:
    from nacl import bindings, exceptions

    try:
        bindings.crypto_sign_open(bytes.fromhex(signature) + message, bytes.fromhex(verify_key))
    except (exceptions.CryptoError, ValueError):
        raise Refused("sync_files.bad_signature") from None


# --- introductions ahead of a carrier's frames ---------------------------------------------------------------------------


def renewals(parts: Sequence[bytes | memoryview], known: Mapping[bytes, bytes]) -> tuple[dict[bytes, bytes], list[Enrolment]]:
    """A station's keys beside those ``known`` (by key id), and the introductions that bind them to one of these.

    What hangs on no known key is passed over: it introduces nobody, and what its key signed is refused as a stranger's.
    """
    read = [read_enrolment(bytes(part)) for part in parts]
    told = bound(read, known)
    before = {one.previous_id: bytes.fromhex(one.previous) for one in told}
    return {**before, **{one.public.key_id: one.public.verify_key for one in told}, **known}, told


def bound(told: Iterable[Enrolment], to: Iterable[bytes]) -> list[Enrolment]:
    """Those introductions that hang together with one of the keys ``to`` (key ids), over one another too.

    Each is signed by two keys, so whichever is known vouches for the other. Also the later for the earlier one: a district that was
    put back may know a station by its newest key alone, and batches that the one before it signed are still to come.
    """
    keys, left, found = set(to), [one for one in told if one.previous], list[Enrolment]()
    while near := [one for one in left if keys & one.binds]:
        keys.update(*(one.binds for one in near))
        found, left = found + near, [one for one in left if one not in near]
    return [one for one in told if one in found]


def signers(parts: Sequence[bytes | memoryview], known: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """The keys that may sign a pack: those its district's root key, one of ``known``, names; else the root key itself."""
    if not parts:
        return dict(known)
    told = read_trust(bytes(parts[-1]))
    if len(parts) > 1 or bytes.fromhex(told.verify_key) not in known.values():
        raise Refused("sync_files.unknown_station")
    return {envelope.key_id(key): key for key in map(bytes.fromhex, told.signers)}


# --- file names (SYNC.md section 1), ASCII only ----------------------------------------------------------------------

_NAMED = re.compile(r"\A[A-Z0-9]{1,16}\Z")


def enrolment_name(station: str) -> str:
    """``enrol-<station>.json``"""
    return f"enrol-{_part(station)}.json"


def trust_name(district: str) -> str:
    """``trust-<district>.json``"""
    return f"trust-{_part(district)}.json"


def batch_name(station: str, day: date, no: int, part: int = 1, parts: int = 1) -> str:
    """``<station>-<yyyymmdd>-<no>.batch``; ``no`` is the newest batch inside. Of several files each ends in ``-1of3.batch``.

    ``station`` is the code with the store's letter (``YQA``): two computers of one station may share a stick.
    """
    several = f"-{part}of{parts}" if parts > 1 else ""
    return f"{_part(station)}-{day:%Y%m%d}-{no:04d}{several}.batch"


def pack_name(district: str, station: str, no: int) -> str:
    """``<district>-<station>-<no>.pack``"""
    return f"{_part(district)}-{_part(station)}-{no:04d}.pack"


def _part(text: str) -> str:
    if not _NAMED.match(text):
        raise Bug("a code that does not fit a file name")
    return text
