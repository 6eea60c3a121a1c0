"""Answers that find the person at any station: by files only, whatever the sticks did, every step once and in order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from station_app.db import Database
from station_app.district import answer, desk, intake, store
from station_app.errors import Refused, UserMistake
from station_app.model import Channel, Consent, Exchange, Occupation, Person, Request, RequestState, Verdict
from station_app.services import (
    answers,
    attachments,
    audit,
    exchange,
    history,
    people,
    pictures,
    requests,
    stations,
    voices,
)
from station_app.sync import carrier, inbox, outbox
from station_app.sync.opening import Opener
from station_app.ui import kiosk_reads
from tests.conftest import CHEAP, PASSWORD, PIN, SAMPLE, Clock
from tests.district.conftest import introduced
from tests.pictures import PLANTED, phone

OTHER = replace(SAMPLE, code="LT", name="龙塔暖心驿站")
S = RequestState


@pytest.fixture
def other(tmp_path: Path, clock: Clock, district: Database, stick: Path) -> Iterator[Database]:
    """Another station of the district."""
    opened, _ = stations.set_up(tmp_path / "other", OTHER, "李芳", PASSWORD, PIN, clock=clock, cost=CHEAP)
    yield introduced(opened, district, stick)
    opened.close()


@pytest.fixture
def rider(station: Database) -> Person:
    return people.register(station, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.STATION)[0]


class Post:
    """The sticks between the houses; every file that was ever written is kept, and may come once more."""

    def __init__(self, district: Database, stick: Path, opener: Opener, seed: int = 0) -> None:
        self.district, self.stick, self.opener = district, stick, opener
        self.files: list[Path] = []
        self.dice = random.Random(seed)
        self.names = itertools.count()

    def up(self, *dbs: Database) -> None:
        """Everybody's files reach the district, those of before once more, in any order."""
        for db in dbs:
            if not exchange.status(db).local + exchange.status(db).packed:
                continue
            for path in outbox.export(db, self.stick)[0].paths:
                kept = path.with_name(f"{next(self.names)}-{path.name}")
                path.rename(kept)
                self.files.append(kept)
        shuffled = [*self.files, *self.files]
        self.dice.shuffle(shuffled)
        for path in shuffled:
            intake.receive(self.district, intake.open_file(self.district, path, self.opener))

    def down(self, *dbs: Database) -> None:
        """Everybody takes their pack; the one before is refused as older when it comes again."""
        for db in dbs:
            written, _ = answer.pack(self.district, stations.current(db).code, self.stick)
            pack, _ = inbox.look(db, written.path, self.opener)
            inbox.apply(db, pack)
            with pytest.raises(Refused):
                inbox.look(db, written.path, self.opener)


@pytest.fixture
def post(district: Database, stick: Path, opener: Opener) -> Post:
    return Post(district, stick, opener)


def life(db: Database, number: str) -> list[tuple[str, str]]:
    found = answer.by_number(db, number) if db.meta("district_name") else requests.by_number(db, number)
    return [(step.state.value, step.side) for step in found.steps]


# --- the journey ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_slip_with_two_pictures_is_answered_told_elsewhere_opened_again_and_fixed(
    station: Database, other: Database, district: Database, stick: Path, opener: Opener, rider: Person, clock: Clock, seed: int
) -> None:
    post = Post(district, stick, opener, seed)
    shots = [pictures.prepare(phone()) for _ in range(2)]
    assert not any(PLANTED in shot or b"Exif" in shot for shot in shots)
    asked, _ = requests.add(
        station, "充电口只有四个，中午排队", channel=Channel.REQUEST_BOX, person_id=rider.id, pictures=shots
    )
    post.up(station)
    assert len(attachments.listing(district, asked.id)) == 2
    clock.forward(hours=20)
    answer.reply(district, asked.number, S.ACCEPTED)
    answer.reply(district, asked.number, S.TRANSFERRED, unit="区城管局")
    answer.reply(district, asked.number, S.REPLIED, "月底前加装八个", unit="区城管局")
    post.down(station, other)
    assert requests.by_number(station, asked.number).state is S.REPLIED

    # the rider comes to the other station
    [waits] = answers.waiting(other, rider.badge_code)
    assert (waits.number, waits.station, waits.text, waits.round) == (asked.number, SAMPLE.name, "月底前加装八个", 1)
    assert waits.about == "充电口只有四个，中午排队"
    clock.forward(hours=2)
    answers.tell(other, rider.badge_code, asked.id, Verdict.NOT, "去看过，还是四个")
    assert answers.waiting(other, rider.badge_code) == []
    post.up(other, station)
    now = answer.by_number(district, asked.number)
    assert now.state is S.REOPENED
    assert (now.steps[-2].side, now.steps[-2].verdict, now.steps[-2].note) == ("elsewhere", Verdict.NOT, "去看过，还是四个")
    assert now.steps[-2].unit == OTHER.name
    post.down(station, other)
    assert requests.by_number(station, asked.number).state is S.REOPENED
    assert requests.by_number(station, asked.number).steps[-2].note == "去看过，还是四个"
    assert answers.waiting(other, rider.badge_code) == []

    clock.forward(hours=30)
    answer.reply(district, asked.number, S.REPLIED, "昨天装好了", unit="区城管局")
    post.down(other, station)
    [waits] = answers.waiting(other, rider.badge_code)
    assert (waits.text, waits.round) == ("昨天装好了", 2)
    clock.forward(hours=1)
    answers.tell(other, rider.badge_code, asked.id, Verdict.FIXED)
    post.up(station, other)
    post.down(station, other)
    post.up(station, other)
    expected = [
        ("recorded", "station"), ("accepted", "district"), ("transferred", "district"), ("replied", "district"),
        ("told", "elsewhere"), ("reopened", "elsewhere"), ("replied", "district"), ("told", "elsewhere"), ("closed", "elsewhere"),
    ]  # fmt: skip
    assert life(district, asked.number) == expected == life(station, asked.number)
    closed = requests.by_number(station, asked.number)
    assert (closed.state, closed.verdict) == (S.CLOSED, Verdict.FIXED)
    assert district.scalar("SELECT count(*) FROM request_step") == len(expected)
    assert district.scalar("SELECT count(*) FROM turned_down") == 0
    assert all(line.held.agrees for line in desk.status(district))
    for db in (station, other):
        assert audit.check(db) == []
        assert exchange.status(db).refused == 0


# --- who may read what, and when -------------------------------------------------------------------------------------------


def answered(station: Database, district: Database, post: Post, text: str = "充电口不足", **more: object) -> Request:
    asked, _ = requests.add(station, text, **more)  # type: ignore[arg-type]
    post.up(station)
    answer.reply(district, asked.number, S.REPLIED, "PLANTED-ANSWER 月底前加装")
    return asked


def test_the_screen_for_visitors_counts_an_answer_of_another_station_and_says_no_word_of_it(
    station: Database, other: Database, district: Database, post: Post
) -> None:
    rider, _ = people.register(station, Occupation.RIDER, "美团", "赵小川", "19911000007", Consent.DISTRICT)
    asked, _ = requests.add(station, "充电口只有四个", person_id=rider.id)
    post.up(station)
    answer.reply(district, asked.number, S.ACCEPTED)
    answer.reply(district, asked.number, S.REPLIED, "月底前加装八个", unit="区城管局")
    post.down(station, other)
    counted = []
    for db in (station, other):
        kiosk_reads.begin(db)
        counted.append(kiosk_reads.check_in(db, rider.badge_code)[0])
        db.only = None
    assert [welcome.answers for welcome in counted] == [1, 1]  # at its own station once, not twice
    assert "加装" not in repr(counted)
    answers.tell(other, rider.badge_code, asked.id, Verdict.FIXED)
    assert kiosk_reads.check_in(other, rider.badge_code)[0].answers == 0


def test_nothing_of_an_answer_can_be_read_before_the_badge_is_shown(
    station: Database, other: Database, district: Database, post: Post, rider: Person, stick: Path
) -> None:
    answered(station, district, post, "PLANTED-WORDS 充电口", person_id=rider.id)
    written, _ = answer.pack(district, "LT", stick)
    opened = carrier.unseal(written.path.read_bytes(), [outbox.own_identity(other).opener])
    post.down(other)
    rows = " ".join(str(tuple(row)) for row in other.rows("SELECT * FROM waiting_answer"))
    receipt = str(other.scalar("SELECT body FROM receipt ORDER BY no DESC LIMIT 1"))
    for secret in ("PLANTED-ANSWER", "PLANTED-WORDS", rider.badge_code, rider.id, "YQ-A-2026-0001"):
        assert secret not in rows + receipt
        assert secret.encode() not in opened
    assert answers.waiting(other, rider.badge_code)[0].text.startswith("PLANTED-ANSWER")
    assert answers.waiting(other, "1" * 22) == []


def test_a_new_pack_has_new_marks(station: Database, other: Database, district: Database, post: Post, rider: Person) -> None:
    answered(station, district, post, person_id=rider.id)
    post.down(other)
    first = {row["mark"] for row in other.rows("SELECT mark FROM waiting_answer")}
    post.down(other)
    assert first.isdisjoint(row["mark"] for row in other.rows("SELECT mark FROM waiting_answer"))


def test_a_slip_asks_without_a_name_at_any_station(
    station: Database, other: Database, district: Database, post: Post
) -> None:
    asked = answered(station, district, post)
    assert asked.person_id is None
    nothing = answers.by_slip(other, asked.slip)
    assert (nothing.request, nothing.answers, nothing.as_of) == (None, (), "")
    post.down(other, station)
    [waits] = answers.by_slip(other, asked.slip).answers
    assert waits.number == asked.number
    here = answers.by_slip(station, asked.slip)
    assert here.request is not None
    assert (here.request.id, here.request.state, here.answers) == (asked.id, S.REPLIED, ())
    assert here.as_of
    answers.tell(other, asked.slip, asked.id, Verdict.PARTLY)
    post.up(other)
    post.down(station)
    assert requests.get(station, asked.id).verdict is Verdict.PARTLY
    with pytest.raises(UserMistake):
        answers.by_slip(station, asked.slip[:-1] + str((int(asked.slip[-1]) + 1) % 10))
    with pytest.raises(UserMistake):
        answers.tell(other, asked.slip, asked.id, Verdict.PARTLY)


def test_what_was_told_can_be_taken_back_and_is_told_again(
    station: Database, other: Database, district: Database, post: Post, rider: Person
) -> None:
    asked = answered(station, district, post, person_id=rider.id)
    post.down(other)
    _, changes = answers.tell(other, rider.badge_code, asked.id, Verdict.FIXED)
    post.up(other)
    post.down(station)
    assert requests.get(station, asked.id).state is S.CLOSED
    history.undo(other, changes.operation)
    assert [one.number for one in answers.waiting(other, rider.badge_code)] == [asked.number]
    post.up(other)
    post.down(station)
    assert requests.get(station, asked.id).state is S.REPLIED
    assert audit.check(station) == [] == audit.check(other)


def test_told_at_two_stations_at_once_keeps_both_and_not_fixed_stands(
    station: Database, other: Database, district: Database, post: Post, rider: Person
) -> None:
    asked = answered(station, district, post, person_id=rider.id)
    post.down(station, other)
    answers.tell(other, rider.badge_code, asked.id, Verdict.NOT)
    requests.step(station, asked.id, S.TOLD, verdict=Verdict.FIXED)
    post.up(station, other)
    post.down(station)
    assert requests.get(station, asked.id).state is S.REOPENED is answer.by_number(district, asked.number).state
    assert len(requests.get(station, asked.id).steps) == 6


def test_a_person_who_is_forgotten_waits_for_nothing_any_more(
    station: Database, other: Database, district: Database, post: Post, rider: Person
) -> None:
    asked = answered(station, district, post, person_id=rider.id)
    post.down(other)
    assert answers.waiting(other, rider.badge_code)
    people.erase(station, rider.id)
    post.up(station)
    post.down(other)
    assert answers.waiting(other, rider.badge_code) == []
    assert answers.by_slip(other, asked.slip).answers == ()


# --- voices ----------------------------------------------------------------------------------------------------------------


def test_whoever_joined_is_told_too_and_not_fixed_for_one_opens_it_for_all(
    station: Database, other: Database, district: Database, post: Post, rider: Person
) -> None:
    asked, _ = requests.add(station, "充电口不足")
    voice, slip, _ = voices.add(station, asked.id, person_id=rider.id, note="晚上也排队")
    post.up(station)
    answer.reply(district, asked.number, S.REPLIED, "月底前加装")
    post.down(station, other)
    assert [(found.id, request.number) for found, request in voices.to_tell(station, rider.id)] == [(voice.id, asked.number)]
    requests.step(station, asked.id, S.TOLD, verdict=Verdict.FIXED)
    assert requests.get(station, asked.id).state is S.CLOSED
    assert answers.by_slip(station, slip).voice_id == voice.id
    [waits] = answers.waiting(other, rider.badge_code)
    assert (waits.voice_id, waits.number) == (voice.id, asked.number)
    answers.tell(other, rider.badge_code, asked.id, Verdict.NOT, voice_id=voice.id)
    post.up(station, other)
    post.down(station, other)
    assert requests.get(station, asked.id).state is S.REOPENED is answer.by_number(district, asked.number).state
    assert requests.get(station, asked.id).voices == 1
    answer.reply(district, asked.number, S.REPLIED, "已加装")
    post.down(station)
    voices.tell(station, voice.id, Verdict.FIXED)
    assert requests.get(station, asked.id).state is S.REPLIED  # whoever brought it is still to be told
    assert voices.of_request(station, asked.id)[0].told is Verdict.FIXED


# --- slips that only the district reads -----------------------------------------------------------------------------------


def test_a_locked_slip_is_read_at_the_district_alone_and_answered_by_its_slip(
    station: Database, other: Database, district: Database, post: Post
) -> None:
    asked, _ = requests.add(station, "PLANTED 有人乱收费", channel=Channel.COMMENT_BOX, lock=outbox.lock(station))
    assert (asked.text, asked.sealed, asked.forgotten) == ("", True, False)
    assert len(asked.slip) == 30
    assert station.scalar("SELECT count(*) FROM subject_key WHERE subject_id = ?", (asked.id,)) == 0
    post.up(station)
    assert answer.by_number(district, asked.number).text == "PLANTED 有人乱收费"
    answer.reply(district, asked.number, S.REPLIED, "已退还")
    post.down(station, other)
    shown = requests.get(station, asked.id)
    assert (shown.state, shown.steps[-1].note, shown.exchange) == (S.REPLIED, "", Exchange.RECEIPTED)
    [waits] = answers.by_slip(station, asked.slip).answers  # its bearer opens the answer at its own desk, too
    assert waits.text == "已退还"
    answers.tell(station, asked.slip, asked.id, Verdict.FIXED, "退到账了")
    assert requests.get(station, asked.id).state is S.CLOSED
    post.up(station)
    assert answer.by_number(district, asked.number).steps[-2].note == "退到账了"
    assert [step.side for step in answer.by_number(district, asked.number).steps] == ["station", "district", "station", "station"]
    assert audit.check(station) == []


def test_taking_a_locked_slip_back_makes_the_district_forget_it(
    station: Database, district: Database, post: Post
) -> None:
    asked, changes = requests.add(station, "有人乱收费", lock=outbox.lock(station))
    post.up(station)
    history.undo(station, changes.operation)
    post.up(station)
    assert district.scalar("SELECT count(*) FROM subject_key WHERE subject_id = ?", (asked.id,)) == 0


# --- who lies ---------------------------------------------------------------------------------------------------------------


def test_told_elsewhere_is_all_that_another_station_may_say(
    station: Database, other: Database, district: Database, post: Post
) -> None:
    asked = answered(station, district, post)
    for state, verdict in ((S.REPLIED, None), (S.WITHDRAWN, Verdict.FIXED), (S.CLOSED, None)):
        with other.transact(requests.Op.REQUEST_STEP) as tx:
            requests.write_step(tx, asked.id, state, verdict=verdict, side="elsewhere", round_=1)
    post.up(other)
    assert {row["reason"] for row in district.rows("SELECT reason FROM turned_down")} == {"other_side"}
    assert answer.by_number(district, asked.number).state is S.REPLIED
    assert store.count_rows(district, ["request_step"]) == 2
