"""A district with something on every page: two stations heard from, requests, a meeting, promises, a campaign, rules, regulars."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from station_app.db import Database
from station_app.district import desk, intake, matters, promises, rules, store
from station_app.model import Consent, ItemKind, Occupation, RuleKind
from station_app.services import people, requests, samples, stations, visits
from station_app.services.supplies import plans
from station_app.sync import outbox
from station_app.sync.opening import Opener
from tests import conftest
from tests.ui.shell import Clock

WORKER = (sys.executable, "-c", "from station_app.sync.opening import worker_main; raise SystemExit(worker_main())")
STATIONS = (("YQ", "云桥暖心驿站"), ("LT", "龙潭驿站"))
ASKED = ("楼下充电口坏了，骑手排队两个小时", "翠湖苑保安不让进，只能走到门口等", "欠薪三个月，想问问找谁")


def _station(folder: Path, code: str, name: str, clock: Clock) -> Database:
    place = replace(conftest.SAMPLE, code=code, name=name, district_name="云桥区", phone="0851-27220000")
    db, _ = stations.set_up(folder, place, "王敏", conftest.PASSWORD, clock=clock, cost=conftest.CHEAP)
    samples.stock(db)
    person, _ = people.register(db, Occupation.RIDER, "飞鹿外卖", "欧阳志强", "19911006031", Consent.DISTRICT)
    visits.check_in(db, person.badge_code)
    visits.tally(db, Occupation.SANITATION_WORKER, 3)
    return db


def furnished(folder: Path) -> Database:
    """A new district in ``folder`` with two stations that sent what they have."""
    clock = Clock()
    stick = folder / "stick"
    stick.mkdir(parents=True)
    db = store.set_up(
        folder / "district", "990101", "云桥区", "陈立", conftest.PASSWORD, pin=conftest.PIN, clock=clock, cost=conftest.CHEAP
    )
    numbers: list[str] = []
    with Opener(command=WORKER) as opener:
        for code, name in STATIONS:
            station = _station(folder / code, code, name, clock)
            numbers += [requests.add(station, text)[0].number for text in ASKED]
            store.enrol(db, outbox.enrol(station, stick).path)
            outbox.trust(station, outbox.read_trust(store.introduce(db, stick).path))
            intake.receive(db, intake.open_file(db, outbox.export(station, stick)[0].path, opener))
            station.close()
    matters.assign(db, numbers[0], "区城管局", "请三天内看现场")
    matters.plan_meeting(db, "2026-07-24", "七月联席会议", numbers[:3])
    matters.keep_template(db, "充电口（加装）", "已联系物业，本周内加装充电口。")
    promises.allocate(db, "矿泉水", "瓶", ItemKind.DRINK, {"YQ": 120, "LT": 40}, "高温天气")
    promises.post_notice(db, "高温橙色预警", "明后两天最高 38℃，请多备饮水，下午两点到四点不要安排室外活动。", "2026-07-20")
    ids = {station.code: station.station_id for station in store.stations(db)}
    plans.make(db, "717 骑手节", "2026-07-17", "2026-07-18", "骑手礼包", "份", ItemKind.GIFT, allotted={ids["YQ"]: 60, ids["LT"]: 40})
    for kind in RuleKind:
        rules.begin(db, kind)
    desk.note_call(db, "LT", "电话没人接，下午再打")
    return db
