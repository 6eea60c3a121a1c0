"""Keys: one random root in a slot per keeper, what is derived from it, and the badge code it vouches for.

The root (32 random bytes) never touches the disk in the clear. A slot seals it with XChaCha20-Poly1305 under a keeper's
password, the printed recovery key or a start card; the slot's kind and parameters are authenticated with it. From the root
follow, by keyed BLAKE2b with a purpose, the database key, the key of attachments, digests and the station's own badge key.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

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
        return derived(self._secret, purpose)

    def database_key(self) -> str:
        """The raw database key as exactly 64 hex digits (anything else would silently be taken as a passphrase)."""
        return self.derive("database").hex()


def derived(secret: bytes, purpose: str) -> bytes:
    """32 bytes that only this 32-byte secret gives for ``purpose``: of the root, or of what follows from it."""
    return hashlib.blake2b(purpose.encode(), key=secret, digest_size=KEY_BYTES, person=b"station-app/1").digest()


# --- slots -----------------------------------------------------------------------------------------------------------

Kind = Literal["password", "recovery", "start_card"]
MOST_COST = Cost(passes=16, memory=256 * 1024)
"""A slot that asks for more was altered: it would only hold the machine up before it fails."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to the root: whose, of what kind, how dear, and the sealed root (base64).

    A password is stretched by argon2id. Recovery keys and start cards are random (more than 128 bits): no speed of guessing
    reaches them, so keyed BLAKE2b makes their key at once, and ``passes`` and ``memory`` are 0.
    """

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

    def sound(self) -> bool:
        """Whether every part has its type, its size and the only spelling that we write."""
        sizes = ((self.salt, 16), (self.nonce, 24), (self.sealed, KEY_BYTES + 16))
        if any(_text(_bytes(text)) != text or len(_bytes(text)) != size for text, size in sizes):
            return False
        if type(self.passes) is not int or type(self.memory) is not int:
            return False
        if self.kind == "password":
            return 1 <= self.passes <= MOST_COST.passes and 8 <= self.memory <= MOST_COST.memory
        return self.kind in ("recovery", "start_card") and self.passes == self.memory == 0


@dataclass(frozen=True, slots=True)
class Way:
    """A slot as people are shown it; ``keeper_id`` is "" unless it is a keeper's password."""

    id: str
    kind: Kind
    keeper_id: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The root, and how it was reached. Whoever came by "start_card" may work at the desk and nowhere else."""

    root: Root
    slot_id: str
    kind: Kind
    keeper_id: str


def new_root() -> Root:
    """A new root that lies in no slot yet."""
    return Root(os.urandom(KEY_BYTES))


def create(file: Path, keeper_id: str, password: str, *, cost: Cost = DESK, root: Root | None = None) -> Root:
    """``root`` (a new one without it) in a new slot file.

    Raises UserMistake for a short password, EnvironmentFault if the file exists.
    """
    if file.exists():
        raise EnvironmentFault("vault.exists", name=file.name)
    root = root or new_root()
    _write(file, [_password_slot(root, keeper_id, password, cost)])
    return root


def add(file: Path, root: Root, keeper_id: str, password: str, *, cost: Cost = DESK) -> None:
    """Give a keeper a slot, in place of the one they had: also the way to a new password once the old one is forgotten."""
    kept = [slot for slot in _read(file) if not _is_password_of(slot, keeper_id)]
    _write(file, [*kept, _password_slot(root, keeper_id, password, cost)])


def change_password(file: Path, keeper_id: str, old: str, new: str, *, cost: Cost = DESK) -> None:
    """A keeper's new password for the old one; raises Refused when the old one is wrong, UserMistake for a short one."""
    check_password(new)
    for slot in _read(file):
        if _is_password_of(slot, keeper_id) and (root := _open_slot(slot, old)) is not None:
            return add(file, root, keeper_id, new, cost=cost)
    raise Refused("vault.wrong_password")


def remove(file: Path, keeper_id: str) -> None:
    """Take a keeper's slot away; the last password stays (Refused). Nothing is encrypted anew."""
    kept = [slot for slot in _read(file) if not _is_password_of(slot, keeper_id)]
    if not any(slot.kind == "password" for slot in kept):
        raise Refused("vault.last_slot")
    _write(file, kept)


def revoke(file: Path, slot_id: str) -> None:
    """Take a start card or the recovery key away; raises UserMistake when it is gone already or a keeper's password."""
    slots = _read(file)
    kept = [slot for slot in slots if slot.id != slot_id or slot.kind == "password"]
    if len(kept) == len(slots):
        raise UserMistake("vault.no_slot")
    _write(file, kept)


def drop(file: Path, ids: Collection[str]) -> None:
    """Take slots of whatever kind away; the last password stays (Refused)."""
    kept = [slot for slot in _read(file) if slot.id not in ids]
    if not any(slot.kind == "password" for slot in kept):
        raise Refused("vault.last_slot")
    _write(file, kept)


def ways(file: Path) -> list[Way]:
    """Every slot, in the order they were made."""
    return [Way(slot.id, cast("Kind", slot.kind), slot.keeper_id) for slot in _read(file)]


def unlock(file: Path, password: str) -> tuple[Root, str]:
    """The root and the id of the keeper whose password this is; raises Refused when it is nobody's."""
    opened = open_with_password(file, password)
    return opened.root, opened.keeper_id


def open_with_password(file: Path, password: str) -> Opened:
    """The root by a keeper's password, and by which slot; raises Refused when it is nobody's."""
    return _opened(file, "password", password)


def check_password(password: str) -> None:
    """Raise UserMistake for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise UserMistake("vault.short_password", n=SHORTEST_PASSWORD)


# --- the recovery key and start cards (DECISIONS.md "Keys and people") -------------------------------------------------

GROUPS, GROUP_DIGITS = 12, 5
RECOVERY_DIGITS = GROUPS * GROUP_DIGITS
START_CARD_DIGITS = 40


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """What is printed on the recovery sheet: 12 groups of 5 digits, of which the last is the group's check."""

    slot_id: str
    groups: tuple[str, ...]

    @property
    def digits(self) -> str:
        """All 60 digits, for the QR code."""
        return "".join(self.groups)

    @property
    def number(self) -> str:
        """What tells this sheet from the one before it; it opens nothing."""
        return slot_mark(self.slot_id)


@dataclass(frozen=True, slots=True)
class StartCard:
    """What is printed on a start card: 40 digits as a QR code, of which the last is a check."""

    slot_id: str
    digits: str

    @property
    def number(self) -> str:
        """What tells cards apart on paper and on the list; it opens nothing."""
        return slot_mark(self.slot_id)


def slot_mark(slot_id: str) -> str:
    """The short mark of a start card or recovery sheet by its slot."""
    return slot_id[:4].upper()


def add_recovery(file: Path, root: Root) -> RecoveryKey:
    """A new recovery key (159 random bits); the one before opens nothing from now on."""
    digits = f"{secrets.randbelow(10**48):048d}"
    parts = [digits[first : first + GROUP_DIGITS - 1] for first in range(0, len(digits), GROUP_DIGITS - 1)]
    groups = tuple(part + _group_check(place, part) for place, part in enumerate(parts, start=1))
    slot = _random_slot(root, "recovery", "".join(groups))
    _write(file, [*(other for other in _read(file) if other.kind != "recovery"), slot])
    return RecoveryKey(slot.id, groups)


def add_start_card(file: Path, root: Root) -> StartCard:
    """A further start card (129 random bits), which opens until it is revoked."""
    from stdnum.iso7064 import mod_11_10

    body = f"{secrets.randbelow(10 ** (START_CARD_DIGITS - 1)):0{START_CARD_DIGITS - 1}d}"
    digits = body + str(mod_11_10.calc_check_digit(body))
    slot = _random_slot(root, "start_card", digits)
    _write(file, [*_read(file), slot])
    return StartCard(slot.id, digits)


def recovery_groups(text: str) -> tuple[str, ...]:
    """What was scanned, typed or pasted as groups of five digits; spaces and hyphens between do not matter."""
    digits = _plain(text)
    return tuple(digits[first : first + GROUP_DIGITS] for first in range(0, len(digits), GROUP_DIGITS))


def wrong_groups(groups: Sequence[str]) -> list[int]:
    """The places, from 1, of the groups that are not as printed: mistyped, missing, in another's place, or one too many.

    A single wrong digit is always found, a group in another's place at least four times in five.
    """
    typed = [_plain(group) for group in groups] + [""] * (GROUPS - len(groups))
    return [place for place, group in enumerate(typed, start=1) if place > GROUPS or not _group_holds(place, group)]


def unlock_with_recovery(file: Path, groups: Sequence[str]) -> Opened:
    """The root by the recovery sheet; raises UserMistake naming the first wrong group, Refused for another or old sheet."""
    if wrong := wrong_groups(groups):
        raise UserMistake("vault.wrong_group", place=wrong[0])
    return _opened(file, "recovery", "".join(_plain(group) for group in groups))


def unlock_with_start_card(file: Path, digits: str) -> Opened:
    """The root by a scanned start card, for the desk only; raises Refused for what is no card, another's or revoked."""
    return _opened(file, "start_card", digits)


def is_start_card(digits: str) -> bool:
    """Whether these are 40 digits whose check digit holds: a scan that is a start card, of whatever station."""
    from stdnum.iso7064 import mod_11_10

    return _are_digits(digits, START_CARD_DIGITS) and bool(mod_11_10.is_valid(digits))


def _group_check(place: int, part: str) -> str:
    """The check digit of a group (ISO/IEC 7064, MOD 11,10), which knows the group's place.

    Ten check digits cannot tell twelve places apart by themselves: with the place on both sides of the digits, no two places
    agree for more than one group in five.
    """
    from stdnum.iso7064 import mod_11_10

    return str(mod_11_10.calc_check_digit(f"{place // 10}{part}{place % 10}"))


def _group_holds(place: int, group: str) -> bool:
    return _are_digits(group, GROUP_DIGITS) and _group_check(place, group[:-1]) == group[-1]


def _are_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def _plain(text: str) -> str:
    """Digits as a Chinese keyboard may give them (full width), without what people put between them."""
    return re.sub(r"[\s\-\u2010-\u2015]+", "", unicodedata.normalize("NFKC", text))


# --- sealing and the file ------------------------------------------------------------------------------------------------


def _is_password_of(slot: Slot, keeper_id: str) -> bool:
    return slot.kind == "password" and slot.keeper_id == keeper_id


def _password_slot(root: Root, keeper_id: str, password: str, cost: Cost) -> Slot:
    check_password(password)
    return _sealed(
        root, Slot(_new_id(), keeper_id, "password", cost.passes, cost.memory, _new_salt(), "", ""), password
    )


def _random_slot(root: Root, kind: Kind, digits: str) -> Slot:
    return _sealed(root, Slot(_new_id(), "", kind, 0, 0, _new_salt(), "", ""), digits)


def _new_id() -> str:
    return os.urandom(8).hex()


def _new_salt() -> str:
    return _text(os.urandom(16))


def _sealed(root: Root, slot: Slot, secret: str) -> Slot:
    """The slot with the root sealed in it."""
    from nacl import bindings

    nonce = os.urandom(24)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        root._secret, slot.header(), nonce, _slot_key(slot, secret)
    )
    return replace(slot, nonce=_text(nonce), sealed=_text(sealed))


def _opened(file: Path, kind: Kind, secret: str) -> Opened:
    """By the first slot of its kind that opens. What fails does not tell which slot, nor whether there is one."""
    changing = before(file)
    slots = [*_read(file), *(_read(changing) if changing.exists() else ())]
    for slot in slots:
        if slot.kind == kind and (root := _open_slot(slot, secret)) is not None:
            return Opened(root, slot.id, kind, slot.keeper_id)
    raise Refused(WRONG[kind])


WRONG: Mapping[Kind, str] = {
    "password": "vault.wrong_password", "recovery": "vault.wrong_recovery", "start_card": "vault.wrong_start_card",
}  # fmt: skip
"""What whoever comes with a key of this kind is told when it opens nothing."""


def _open_slot(slot: Slot, secret: str) -> Root | None:
    from nacl import bindings, exceptions

    key = _slot_key(slot, secret)
    try:
        return Root(
            bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                _bytes(slot.sealed), slot.header(), _bytes(slot.nonce), key
            )
        )
    except exceptions.CryptoError:
        return None


def _slot_key(slot: Slot, secret: str) -> bytes:
    """What a slot is sealed under: argon2id of a password, keyed BLAKE2b of random digits (see ``Slot``)."""
    salt = _bytes(slot.salt)
    if slot.kind != "password":
        # hashed first, because a BLAKE2b key has at most 64 bytes and what was scanned may be anything
        known = hashlib.blake2b(secret.encode(), digest_size=64).digest()
        return hashlib.blake2b(key=known, salt=salt, digest_size=KEY_BYTES, person=b"station-slot/1").digest()
    from argon2.low_level import Type, hash_secret_raw

    return hash_secret_raw(secret.encode(), salt, slot.passes, slot.memory, 1, KEY_BYTES, Type.ID)


def _read(file: Path) -> list[Slot]:
    """The slots; what is not byte for byte as we write it is damaged (Refused), a later format is EnvironmentFault."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise UserMistake("vault.no_station", name=file.parent.name) from None
    except OSError as error:
        raise EnvironmentFault("vault.unreadable", name=file.name, reason=error.strerror) from error
    try:
        found = json.loads(data)
        if type(found["format"]) is int and found["format"] > FORMAT:
            raise EnvironmentFault("vault.too_new", name=file.name)
        slots = [Slot(**entry) for entry in found["slots"]]
        if not all(slot.sound() for slot in slots):
            raise ValueError("a slot is not sound")
        if data not in (written := _spelled(slots), written.replace(b"\n", b"\r\n")):
            raise ValueError("not as it was written")
        return slots
    except (ValueError, KeyError, TypeError):
        raise Refused("vault.damaged", name=file.name) from None


def before(file: Path) -> Path:
    """Where the slots of before lie while they are being changed (``services/slots.py``): until that is settled they open, too."""
    return file.with_name(f"{file.name}.before")


def _write(file: Path, slots: list[Slot]) -> None:
    """Replace the slot file so that power loss leaves the old one or the new one."""
    try:
        write_whole(file, _spelled(slots))
    except OSError as error:
        raise EnvironmentFault("vault.unwritable", name=file.name, reason=error.strerror) from error


FORMAT = 1


def _spelled(slots: list[Slot]) -> bytes:
    return json.dumps({"format": FORMAT, "slots": [asdict(slot) for slot in slots]}, indent=1).encode()


def write_whole(file: Path, data: bytes, *, own: bool = True) -> None:
    """Write a small file so that power loss leaves the old one or the new one; raises OSError.

    It is its owner's ``own``, except on what is carried to other computers, where the owner is another.
    """
    fresh = file.with_name(f"{file.name}.new")
    with open(fresh, "wb", opener=own_opener if own else None) as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def own_opener(path: str, flags: int) -> int:
    """Opens a file that only its owner may read, where the system has such."""
    return os.open(path, flags, 0o600)


def make_folder(folder: Path, *, own: bool = True) -> None:
    """Have a folder, and those above it, so that power loss does not take it and what is synced in it; raises OSError.

    One that is made is its owner's ``own`` (see ``write_whole``); one that was there stays as it is.
    """
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(mode=0o700 if own else 0o777, parents=True, exist_ok=True)
    for made in missing:
        sync_folder(made.parent)


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
    return _text(seal_bytes(key, place, text.encode())) if text else ""


def open_text(key: bytes | None, place: str, sealed: str | None) -> str:
    """What ``seal_text`` sealed; "" when it was empty or the key is gone (erased). Raises Refused when it was altered."""
    if not sealed or key is None:
        return ""
    try:
        return open_bytes(key, place, _bytes(sealed)).decode()
    except ValueError:
        raise Refused("vault.altered", place=place.partition("/")[0]) from None


def seal_bytes(key: bytes, place: str, data: bytes) -> bytes:
    """``data`` as nonce (24 bytes) and XChaCha20-Poly1305 ciphertext bound to ``place``: 40 bytes longer."""
    from nacl import bindings

    nonce = os.urandom(24)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(data, place.encode(), nonce, key)


def open_bytes(key: bytes, place: str, sealed: bytes) -> bytes:
    """What ``seal_bytes`` sealed; raises Refused when it was altered or stood in another place."""
    from nacl import bindings, exceptions

    try:
        return bytes(bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed[24:], place.encode(), sealed[:24], key))
    except (ValueError, TypeError, exceptions.CryptoError):
        raise Refused("vault.altered", place=place.partition("/")[0]) from None


# --- PINs ---------------------------------------------------------------------------------------------------------------


def check_pin(pin: str) -> None:
    """Raise UserMistake for a PIN that is not 4 to 6 digits."""
    if not (pin.isascii() and pin.isdigit() and 4 <= len(pin) <= 6):
        raise UserMistake("vault.bad_pin")


def hash_pin(pin: str) -> str:
    """A PIN as argon2id hash; raises UserMistake unless it is 4 to 6 digits."""
    from argon2 import PasswordHasher

    check_pin(pin)
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
TRIAL_BADGE = "0000000123456789000007"
"""A code to try a scanner with: its check digit holds, it opens no card anywhere."""
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
