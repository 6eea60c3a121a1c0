"""What a request is called: a restored or copied computer gives no number again, and where two got one nobody guesses."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer
from station_app.errors import Refused
from station_app.model import Op, RequestState
from station_app.services import incarnation, requests, stations
from station_app.sync import inbox, outbox
from station_app.sync.opening import Opener
from tests.conftest import PASSWORD, Clock
from tests.district.test_loop import take


@pytest.fixture
def copied(station: Database, clock: Clock, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """A station and a copy of its folder, both in use."""
    home = station.path.parent
    station.close()
    shutil.copytree(home, tmp_path / "copy")
    both = stations.open_station(home, PASSWORD, clock=clock), stations.open_station(tmp_path / "copy", PASSWORD, clock=clock)
    yield both
    for db in both:
        db.close()


def test_a_store_that_began_anew_counts_in_a_span_of_its_own(db: Database) -> None:
    first = requests.add(db, "充电口不足")[0].number
    with db.transact(Op.SETTING) as tx:
        incarnation.begin(tx, "restored")
    second, third = (requests.add(db, "充电口不足")[0].number for _ in range(2))
    assert first == "YQ-A-2026-0001"
    assert int(second.rpartition("-")[2]) % requests.SPAN == 1
    assert int(second.rpartition("-")[2]) >= requests.SPAN
    assert int(third.rpartition("-")[2]) == int(second.rpartition("-")[2]) + 1
    for number in (first, second, third):
        assert requests.by_number(db, number.removeprefix("YQ-A-")).number == number


def test_an_answer_to_a_number_that_two_have_reaches_neither_by_guess(
    copied: tuple[Database, Database], district: Database, stick: Path, opener: Opener
) -> None:
    asked = []
    for number, db in enumerate(copied):
        asked.append(requests.add(db, f"第{number}件")[0])
        (stick / str(number)).mkdir()
        take(district, outbox.export(db, stick / str(number))[0].path, opener)
    assert asked[0].number == asked[1].number
    with pytest.raises(Refused) as refusal:
        answer.reply(district, asked[0].number, RequestState.REPLIED, "加装 8 个")
    assert refusal.value.word == "district.number_twice"
    assert all(request.id in refusal.value.fields["ids"] for request in asked)
    assert answer.reply(district, asked[1].id, RequestState.REPLIED, "加装 8 个")[0].text == "第1件"
    written, _ = answer.pack(district, "YQ", stick)
    for db in copied:
        inbox.apply(db, inbox.look(db, written.path, opener)[0])
    assert [requests.get(db, request.id).state for db, request in zip(copied, asked, strict=True)] == [
        RequestState.RECORDED, RequestState.REPLIED,
    ]  # fmt: skip
