"""kill -9 of the district that watches a folder unattended, at any moment: no file is lost, doubled or left without its answer."""

from __future__ import annotations

import os
import time

import pytest

from station_app.district import store
from station_app.schema import LEDGERS
from station_app.services import exchange, stations
from station_app.sync import carry, inbox, outbox
from tests.conftest import PASSWORD
from tests.faults.table import Tally, scale
from tests.faults.test_kill import Life, ledger, life, opener, until_death  # noqa: F401  a station, its district, the worker

FAULT = "kill -9"
DETAIL = "watched folder"
WAYS = {"statement": 130, "step": 50, "commit": 3}
"""How the watching program dies, and within how many of these it comes to its end by itself."""


def round_of(life: Life, number: int, mutant: str = "") -> bool:  # noqa: F811
    """A stretch of work, its file into the folder, a look that is killed, the next look; returns whether the kill came in time."""
    incoming, answers = life.home / "incoming", life.home / "answers"
    for folder in (incoming, answers):
        folder.mkdir(exist_ok=True)
    until_death(life.folder, life.stick, {"seed": life.chance.random(), "minutes": 40 * number, "most": 6, "wanted": ["tally"]})
    db = stations.open_station(life.folder, PASSWORD)
    try:
        file = outbox.export(db, incoming)[0].path
        left = time.time() - 60
        os.utime(file, (left, left))
        home = life.district.path.parent
        life.district.close()
        orders = {"side": "watch", "answers": str(answers), "mutant": mutant}
        how = "commit" if mutant else life.chance.choice(list(WAYS))
        shown = until_death(home, incoming, orders | {"kill": [how, life.chance.randint(1, WAYS[how])]})
        until_death(home, incoming, orders)
        life.district = store.open_district(home, PASSWORD)
        life.corrupt += life.district.damage()
        life.corrupt += [
            f"{table} differs at the district"
            for table in LEDGERS
            if ledger(db, table, db.store_id) != ledger(life.district, table, db.store_id)
        ]
        packs = carry.find_packs(answers, "YQ")
        if packs:
            newest = max(packs, key=lambda path: int(path.stem.rpartition("-")[2]))
            if int(newest.stem.rpartition("-")[2]) > exchange.newest_receipt(db)[1]:
                inbox.apply(db, inbox.look(db, newest, life.opener)[0])
        life.lost += [f"batch {line[0]} has no receipt" for line in exchange.unconfirmed(db)]
        return {"closed": True} not in shown
    finally:
        db.close()


@pytest.mark.usefixtures("opener")
def test_whatever_the_watch_was_at_the_next_look_ends_it(life: Life, tally: Tally) -> None:  # noqa: F811
    for number in range(scale(30)):
        tally.tried += round_of(life, number)
        tally.lost, tally.corrupt = len(life.lost), len(life.corrupt)
        assert (life.lost, life.corrupt) == ([], []), f"after {number + 1} rounds"
    assert tally.tried > 0


@pytest.mark.usefixtures("opener")
def test_the_same_kills_catch_a_watch_that_notes_first(life: Life, tally: Tally) -> None:  # noqa: F811
    for number in range(12):
        round_of(life, number, "noted_first")
        if life.lost or life.corrupt:
            break
    tally.control("noted_first", caught=bool(life.lost or life.corrupt))
