"""Bit rot: a bit that turned anywhere in the store, its slots, its anchor or a backup is found, named, and a backup offered."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from station_app import backup, vault
from station_app import db as database
from station_app.db import Database
from station_app.errors import StationError
from station_app.paths import DataFolder
from station_app.schema import STATION
from station_app.services import audit, incarnation, keepers, rescue, stations
from tests.conftest import PASSWORD
from tests.faults.deeds import MOMENT, enter, found, prepared
from tests.faults.table import Tally, scale

FAULT = "bit flips"
NAMED = {"db.damaged", "db.wrong_key", "vault.damaged", "vault.too_new", "vault.wrong_password", "vault.wrong_start_card"}
"""How a person is told: the file does not open, or a key does not fit it any more."""


class Store:
    """A station at rest, its every way in, and what it holds; bent copies of it are looked at."""

    def __init__(self, folder: Path) -> None:
        self.home = prepared(folder / "home")
        world = enter(self.home)
        for card in keepers.start_cards(world.db, world.folder):  # whose digits nobody here knows
            keepers.revoke_start_card(world.db, world.folder, card.slot_id)
        self.card = keepers.make_start_card(world.db, world.folder, world.root)[0].digits
        self.key = world.root.database_key()
        world.db.close()
        self.state, wrong = found(self.home)
        assert wrong == []
        self.place = DataFolder(self.home / "station")
        self.backup = backup.listing(self.place.path / "backups")[0]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("bits"))


@pytest.fixture
def bent(store: Store, tmp_path: Path) -> Path:
    """A copy of the station's folder, to be spoiled."""
    return Path(shutil.copytree(store.home, tmp_path / "home"))


def flips(file: Path, chance: random.Random, count: int) -> Iterator[int]:
    """The file with one bit turned, ``count`` times; the place of the bit."""
    good = file.read_bytes()
    for _ in range(count):
        place = chance.randrange(8 * len(good))
        with file.open("r+b") as spoiled:
            spoiled.seek(place // 8)
            spoiled.write(bytes([good[place // 8] ^ 1 << place % 8]))
        yield place
        file.write_bytes(good)


def told(look: Callable[[], object]) -> str:
    """The word of the error, "" for none."""
    try:
        look()
    except StationError as error:
        return error.word
    return ""


def checked(store: Store, place: DataFolder) -> str:
    """What opening and checking say of a store: the first word, "" for nothing."""
    try:
        db = database.open(place.database, store.key, STATION, clock=lambda: MOMENT)
    except StationError as error:
        return error.word
    with closing(db):
        try:
            problems = audit.check(db)
        except StationError as error:
            return error.word
        return problems[0].word if problems else ""


def test_a_turned_bit_of_the_database_is_found(store: Store, bent: Path, chance: random.Random, tally: Tally) -> None:
    place = DataFolder(bent / "station")
    whole = place.database.read_bytes()
    for bit in flips(place.database, chance, scale(600)):
        word = checked(store, place)
        tally.met(corrupt=not word)
        assert word in NAMED | {"audit.damage"}, f"bit {bit}: {word or 'not found'}"
        place.database.with_name("station.db-wal").unlink(missing_ok=True)
    assert place.database.read_bytes() == whole
    assert checked(store, place) == ""


def test_damage_is_met_with_the_backups_that_are_sound(store: Store, bent: Path, chance: random.Random, tally: Tally) -> None:
    place = DataFolder(bent / "station")
    for bit in flips(place.database, chance, scale(30)):
        case = rescue.examine(rescue.unlock(place.path, PASSWORD), clock=lambda: MOMENT)
        offered = [one.path.name for one in case.backups]
        case.close()
        tally.met(corrupt=offered != [store.backup.path.name])
        assert offered == [store.backup.path.name], f"bit {bit}"


def test_a_turned_bit_of_the_slots_is_found(store: Store, bent: Path, chance: random.Random, tally: Tally) -> None:
    """By whoever opens with the slot it is in, if not by everybody."""
    place = DataFolder(bent / "station")
    for bit in flips(place.slots, chance, scale(120)):
        ways = [lambda: vault.unlock(place.slots, PASSWORD), lambda: vault.unlock(place.slots, "password-of-liu"),
                lambda: vault.unlock_with_start_card(place.slots, store.card), lambda: vault.ways(place.slots)]  # fmt: skip
        words = {told(way) for way in ways} - {""}
        tally.met(corrupt=not words)
        assert words, f"bit {bit}"
        assert words <= NAMED


def test_a_turned_bit_of_the_anchor_is_found(store: Store, bent: Path, chance: random.Random, tally: Tally) -> None:
    place = DataFolder(bent / "station")
    db = stations.open_station(place.path, PASSWORD, clock=lambda: MOMENT)
    try:
        for bit in flips(place.anchor, chance, scale(60)):
            seen = incarnation.suspicion(db) or [one for one in audit.check(db) if one.word == "audit.anchor_differs"]
            tally.met(corrupt=not seen)
            assert seen, f"bit {bit}: {place.anchor.read_bytes()!r}"
    finally:
        db.close()


def test_a_turned_bit_of_a_backup_is_found(store: Store, bent: Path, chance: random.Random, tally: Tally) -> None:
    world = enter(bent)
    backup.make(world.db, backup.Reason.CLOSE)
    world.db.close()
    newest, older = backup.listing(bent / "station" / "backups")
    for bit in flips(newest.path, chance, scale(120)):
        word = told(lambda: backup.check(newest))
        offered = backup.others(newest)
        tally.met(corrupt=(word, offered) != ("backup.damaged", [older]))
        assert (word, offered) == ("backup.damaged", [older]), f"bit {bit}"


def test_a_turned_bit_of_what_vouches_for_a_backup_never_passes_another(
    store: Store, bent: Path, chance: random.Random, tally: Tally
) -> None:
    """The noted hash or the slots beside it: refused, or (in the name beside the hash, which nobody reads) as it was."""
    chosen = backup.listing(bent / "station" / "backups")[0]
    for bit in flips(chosen.hash_file, chance, scale(40)):
        word = told(lambda: backup.look(chosen, store.key).close())
        tally.met(corrupt=not word and bit // 8 < 64)
        assert word == "backup.damaged_alone" if bit // 8 < 64 else word in ("", "backup.damaged_alone"), f"bit {bit}"


# --- negative controls -------------------------------------------------------------------------------------------------------


def test_without_the_macs_of_pages_some_bits_go_unseen(
    store: Store, bent: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's own check of the same store in the clear, as an unencrypted program would have it."""
    plain = bent / "plain.db"
    connection = database._keyed(str(store.place.database), store.key)
    connection.execute("ATTACH DATABASE ? AS plain KEY ''", (str(plain),))
    connection.execute("SELECT sqlcipher_export('plain')")
    connection.close()
    seen = [_plain_check(plain) for _ in flips(plain, chance, 60)]
    tally.control("plain integrity_check", caught=not all(seen))


def _plain_check(plain: Path) -> bool:
    connection = database.driver.connect(str(plain))
    try:
        return [tuple(row) for row in connection.execute("PRAGMA integrity_check")] != [("ok",)]
    except (database.driver.DatabaseError, UnicodeDecodeError):  # it stumbles over what it reads
        return True
    finally:
        connection.close()


def test_a_check_that_does_not_read_the_file_is_caught(
    store: Store, bent: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "damage", lambda _db: [])
    place = DataFolder(bent / "station")
    tally.control("damage unread", caught=not all(checked(store, place) for _ in flips(place.database, chance, 60)))


def test_a_backup_taken_at_its_name_is_caught(
    store: Store, bent: Path, chance: random.Random, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_whole", lambda _chosen: True)
    chosen = backup.listing(bent / "station" / "backups")[0]
    tally.control("backup unread", caught=not all(told(lambda: backup.check(chosen)) for _ in flips(chosen.path, chance, 3)))
