"""The stores of every released schema, kept so that newer programs are tried on them.

``python -m tests.old_databases.make`` writes ``station-<n>`` and ``district-<n>`` of the present schema, ``n`` being its version:
fictional records under the password of the tests, with keys that are in no other store. Run it when a schema is released, and
until then whenever it changed; never again after, for what lies here then is what lies on desks.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import closing
from pathlib import Path

from station_app.db import Database
from station_app.district import store
from station_app.model import Consent, ItemKind, Occupation
from station_app.paths import DataFolder
from station_app.schema import DISTRICT, STATION
from station_app.services import keepers, people, requests, stations, supplies, visits
from station_app.sync import outbox
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock

HERE = Path(__file__).parent
PEOPLE, PERSON_TIMES, REQUESTS = 2, 4, 1
"""What a station's store holds."""


def main() -> None:
    """Write both."""
    with tempfile.TemporaryDirectory() as place:
        work, clock = Path(place), Clock()
        station = _station(work / "station", clock)
        district = store.set_up(work / "district", "990101", "云桥区", "", PASSWORD, clock=clock, cost=CHEAP)
        store.enrol(district, outbox.enrol(station, work).path)
        outbox.trust(station, outbox.read_trust(store.introduce(district, work).path))
        for db, version in ((station, len(STATION)), (district, len(DISTRICT))):
            side = db.path.stem
            with closing(db):
                pass
            target = HERE / f"{side}-{version}"
            shutil.rmtree(target, ignore_errors=True)
            target.mkdir()
            for file in (DataFolder(work / side, side).database, DataFolder(work / side, side).slots):
                shutil.copyfile(file, target / file.name)  # not the anchor: it names the computer


def _station(folder: Path, clock: Clock) -> Database:
    db, _ = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PIN, clock=clock, cost=CHEAP)
    keepers.open_station(db)
    named, _ = people.register(db, Occupation.RIDER, "美团", "李志强", "13912345678", Consent.DISTRICT)
    people.register(db, Occupation.COURIER)
    visits.check_in(db, named.badge_code)
    visits.tally(db, Occupation.SANITATION_WORKER, 3)
    item, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK, most_per_day=3)
    supplies.receive(db, item.id, 48, lot="A", expiry="2027-01-01")
    supplies.hand_out(db, item.id, person_id=named.id)
    requests.add(db, "充电口不足，晚上排不上", person_id=named.id)
    return db


if __name__ == "__main__":
    main()
