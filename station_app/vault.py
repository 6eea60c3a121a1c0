"""Keys: one random root in a slot per keeper, what is derived from it, and the badge code it vouches for.

The root (32 random bytes) never touches the disk in the clear. A slot seals it with XChaCha20-Poly1305 under
argon2id(password, salt); the slot's parameters are authenticated with it. From the root follow, by keyed BLAKE2b with a
purpose, the database key, the key of attachments, digests and the station's own badge key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import EnvironmentFault, Refused, UserMistake

KEY_BYTES = 32
SHORTEST_PASSWORD = 8


@dataclass(frozen=True, slots=True)
class Cost:
    """The price of one guess: argon2id passes and memory in KiB."""

    passes: int
    memory: int


DESK = Cost(passes=3, memory=64 * 1024)
"""0.22-0.25 s and 64 MiB a guess where it was measured (FAULTS.md)."""


class Root:
    """The root key while unlocked; ``derive`` gives 32 bytes for a purpose."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError("a root key has 32 bytes")
        self._secret = secret

    def derive(self, purpose: str) -> bytes:
        """32 bytes that only this root gives for ``purpose``."""
        return hashlib.blake2b(
            purpose.encode(), key=self._secret, digest_size=KEY_BYTES, person=b"station-app/1"
        ).digest()

    def database_key(self) -> str:
        """The raw database key as exactly 64 hex digits (anything else would silently be taken as a passphrase)."""
        return self.derive("database").hex()


# --- slots -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to the root: whose, of what kind, how dear, and the sealed root (base64)."""

    id: str
    keeper_id: str
    kind: str
    passes: int
    memory: int
    salt: str
    nonce: str
    sealed: str

    def header(self) -> bytes:
        """What is authenticated with the sealed root."""
        fields = {name: text for name, text in asdict(self).items() if name not in ("nonce", "sealed")}
        return json.dumps(fields, sort_keys=True).encode()


def create(file: Path, keeper_id: str, password: str, *, cost: Cost = DESK) -> Root:
    """A new root in a new slot file; raises UserMistake for a short password, EnvironmentFault if the file exists."""
    if file.exists():
        raise EnvironmentFault("vault.exists", name=file.name)
    root = Root(os.urandom(KEY_BYTES))
    _write(file, [_seal_slot(root, keeper_id, password, cost)])
    return root


def add(file: Path, root: Root, keeper_id: str, password: str, *, cost: Cost = DESK) -> None:
    """Give a keeper a slot, in place of the one they had."""
    kept = [slot for slot in _read(file) if slot.keeper_id != keeper_id]
    _write(file, [*kept, _seal_slot(root, keeper_id, password, cost)])


def remove(file: Path, keeper_id: str) -> None:
    """Take a keeper's slot away; the last one stays (Refused)."""
    slots = _read(file)
    kept = [slot for slot in slots if slot.keeper_id != keeper_id]
    if not kept:
        raise Refused("vault.last_slot")
    _write(file, kept)


def unlock(file: Path, password: str) -> tuple[Root, str]:
    """The root and the id of the keeper whose password this is; raises Refused when it is nobody's."""
    for slot in _read(file):
        root = _open_slot(slot, password)
        if root is not None:
            return root, slot.keeper_id
    raise Refused("vault.wrong_password")


def check_password(password: str) -> None:
    """Raise UserMistake for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise UserMistake("vault.short_password", n=SHORTEST_PASSWORD)


def _seal_slot(root: Root, keeper_id: str, password: str, cost: Cost) -> Slot:
    from nacl import bindings

    check_password(password)
    salt, nonce = os.urandom(16), os.urandom(24)
    slot = Slot(os.urandom(8).hex(), keeper_id, "password", cost.passes, cost.memory, _text(salt), _text(nonce), "")
    key = _stretch(password, salt, cost)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(root._secret, slot.header(), nonce, key)
    return Slot(**{**asdict(slot), "sealed": _text(sealed)})


def _open_slot(slot: Slot, password: str) -> Root | None:
    from nacl import bindings, exceptions

    key = _stretch(password, _bytes(slot.salt), Cost(slot.passes, slot.memory))
    try:
        return Root(
            bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                _bytes(slot.sealed), slot.header(), _bytes(slot.nonce), key
            )
        )
    except exceptions.CryptoError:
        return None


def _stretch(password: str, salt: bytes, cost: Cost) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(password.encode(), salt, cost.passes, cost.memory, 1, KEY_BYTES, Type.ID)


def _read(file: Path) -> list[Slot]:
    try:
        found = json.loads(file.read_text("utf-8"))
        slots = [Slot(**entry) for entry in found["slots"]]
        if any(not (1 <= slot.passes <= 100 and 8 <= slot.memory <= 4 * 1024 * 1024) for slot in slots):
            raise ValueError("cost out of bounds")
        return slots
    except FileNotFoundError:
        raise UserMistake("vault.no_station", name=file.parent.name) from None
    except OSError as error:
        raise EnvironmentFault("vault.unreadable", name=file.name, reason=error.strerror) from error
    except (ValueError, KeyError, TypeError):
        raise Refused("vault.damaged", name=file.name) from None


def _write(file: Path, slots: list[Slot]) -> None:
    """Replace the slot file so that power loss leaves the old one or the new one."""
    text = json.dumps({"format": 1, "slots": [asdict(slot) for slot in slots]}, indent=1)
    fresh = file.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(file)
        sync_folder(file.parent)
    except OSError as error:
        raise EnvironmentFault("vault.unwritable", name=file.name, reason=error.strerror) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` durable, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


# --- personal content under a subject's key ----------------------------------------------------------------------------


def new_subject_key() -> bytes:
    """A key for one person or one request (DECISIONS.md 1)."""
    return os.urandom(KEY_BYTES)


def seal_text(key: bytes, place: str, text: str) -> str:
    """``text`` as base64 ciphertext bound to ``place`` ("table.column/row id"); "" stays ""."""
    from nacl import bindings

    if not text:
        return ""
    nonce = os.urandom(24)
    return _text(nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(text.encode(), place.encode(), nonce, key))


def open_text(key: bytes | None, place: str, sealed: str | None) -> str:
    """What ``seal_text`` sealed; "" when it was empty or the key is gone (erased). Raises Refused when it was altered."""
    from nacl import bindings, exceptions

    if not sealed or key is None:
        return ""
    try:
        data = _bytes(sealed)
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(data[24:], place.encode(), data[:24], key).decode()
    except (ValueError, TypeError, exceptions.CryptoError):
        raise Refused("vault.altered", place=place.partition("/")[0]) from None


# --- PINs ---------------------------------------------------------------------------------------------------------------


def hash_pin(pin: str) -> str:
    """A PIN as argon2id hash; raises UserMistake unless it is 4 to 6 digits."""
    from argon2 import PasswordHasher

    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 6):
        raise UserMistake("vault.bad_pin")
    return PasswordHasher(time_cost=1, memory_cost=16 * 1024, parallelism=1).hash(pin)


def pin_matches(hashed: str, pin: str) -> bool:
    """Whether this PIN gave that hash."""
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError

    try:
        return PasswordHasher().verify(hashed, pin)
    except VerificationError:
        return False


# --- badge codes (DECISIONS.md "Badges") --------------------------------------------------------------------------------

BADGE_DIGITS = 22
CARD_DIGITS = 6


@dataclass(frozen=True, slots=True)
class BadgeCode:
    """The parts of a badge's 22 digits: version 1, district 6, random id 8, MAC 6, check 1."""

    version: str
    district: str
    random_id: str
    mac: str

    @property
    def digits(self) -> str:
        """All 22 digits."""
        from stdnum.iso7064 import mod_11_10

        body = self.version + self.district + self.random_id + self.mac
        return body + str(mod_11_10.calc_check_digit(body))

    def genuine(self, keys: Mapping[str, bytes]) -> bool:
        """Whether one of ``keys`` (by version digit) made it; says "from this district", never who carries it."""
        key = keys.get(self.version)
        return key is not None and _mac(key, self.version + self.district + self.random_id) == self.mac


def new_badge(key: bytes, version: str, district: str) -> BadgeCode:
    """A badge code of district ``district`` (6 digits) with a fresh random id under ``key``."""
    random_id = f"{int.from_bytes(os.urandom(8)) % 10**8:08d}"
    return BadgeCode(version, district, random_id, _mac(key, version + district + random_id))


def read_badge(digits: str) -> BadgeCode | None:
    """The parts of 22 digits whose check digit holds, else None."""
    from stdnum.iso7064 import mod_11_10

    if len(digits) != BADGE_DIGITS or not (digits.isascii() and digits.isdigit()) or not mod_11_10.is_valid(digits):
        return None
    return BadgeCode(digits[0], digits[1:7], digits[7:15], digits[15:21])


def new_card_number() -> str:
    """A card number: 5 random digits and a check digit; the caller sees to it that it is new at the station."""
    from stdnum.iso7064 import mod_11_10

    body = f"{int.from_bytes(os.urandom(8)) % 10**5:05d}"
    return body + str(mod_11_10.calc_check_digit(body))


def is_card_number(digits: str) -> bool:
    """Whether these are 6 digits whose check digit holds."""
    from stdnum.iso7064 import mod_11_10

    return len(digits) == CARD_DIGITS and digits.isascii() and digits.isdigit() and bool(mod_11_10.is_valid(digits))


def _mac(key: bytes, body: str) -> str:
    return f"{int.from_bytes(hashlib.blake2b(body.encode(), key=key, digest_size=8).digest()) % 10**6:06d}"


def digest(key: bytes, *parts: Any) -> str:
    """A keyed digest of ``parts``, for looking up what must not be stored (phones, rows of a file)."""
    joined = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(joined.encode(), key=key, digest_size=16).hexdigest()
