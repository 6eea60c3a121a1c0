"""A district that took new keys and was then put back to before it had them: both sides find to each other again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, desk, keys, store
from station_app.errors import Refused
from station_app.model import Occupation
from station_app.services import exchange, visits
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD, Clock
from tests.district.test_loop import answered, take


def test_a_restored_district_that_lost_its_newest_keys_is_believed_and_sent_everything_again(
    station: Database, district: Database, stick: Path, opener: Opener, clock: Clock, tmp_path: Path
) -> None:
    home = district.path.parent
    district.close()
    shutil.copyfile(home / "district.db", tmp_path / "district.db")
    newer = store.open_district(home, PASSWORD, clock=clock)
    keys.rotate(newer)
    answered(station, newer, stick, opener)
    old, _ = answer.pack(newer, "YQ", tmp_path)
    newer.close()
    shutil.copyfile(tmp_path / "district.db", home / "district.db")
    restored = store.open_district(home, PASSWORD, clock=clock)
    visits.tally(station, Occupation.RIDER, 3)
    with pytest.raises(Refused) as refusal:
        take(restored, outbox.export(station, stick)[0].path, opener)  # sealed to keys that are gone
    assert refusal.value.word == "sync_files.not_for_us"
    answered(station, restored, stick, opener)
    take(restored, outbox.export(station, stick)[0].path, opener)
    answered(station, restored, stick, opener)
    assert desk.report(restored, "2026-01-01", "2026-12-31")[0].person_times == 3
    assert (exchange.status(station).packed, exchange.status(station).refused) == (0, 0)
    with pytest.raises(Refused) as refusal:
        inbox.look(station, old.path, opener)  # of the epoch before, though by newer keys
    assert refusal.value.word == "sync_page.old_pack"
    restored.close()
