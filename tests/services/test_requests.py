"""Requests: the person's words, the steps, the number people can say."""

from __future__ import annotations

import pytest

from station_app.db import Database
from station_app.errors import RuleRefused, UserMistake
from station_app.model import Category, Channel, Consent, Exchange, Occupation, RequestState, Urgency, Verdict
from station_app.services import history, people, requests
from tests.conftest import Clock


def test_a_request_keeps_its_words_and_gets_a_number_and_a_due_time(db: Database) -> None:
    request, changes = requests.add(
        db, " 马家湾市场门口只有 4 个充电口 ", category=Category.FACILITIES, channel=Channel.COMMENT_BOX,
        urgency=Urgency.URGENT, place="市场门口", contact="19911000000",
    )  # fmt: skip
    assert (request.number, request.text, request.place, request.contact) == (
        "YQ-A-2026-0001", "马家湾市场门口只有 4 个充电口", "市场门口", "19911000000",
    )  # fmt: skip
    assert (request.state, request.exchange, request.due) == (
        RequestState.RECORDED, Exchange.LOCAL, "2026-07-18T08:00:00+08:00",
    )  # fmt: skip
    assert changes.undoable


def test_the_words_stand_nowhere_in_the_clear(db: Database) -> None:
    requests.add(db, "PLANTED-WORDS", contact="PLANTED-CONTACT", place="PLANTED-PLACE")
    for table in ("request", "request_step", "change", "operation"):
        for row in db.rows(f"SELECT * FROM {table}"):
            assert "PLANTED" not in str(dict(row)), table


def test_numbers_rise_by_year_and_a_voided_one_is_not_used_again(db: Database, clock: Clock) -> None:
    first, changes = requests.add(db, "一")
    history.undo(db, changes.operation)
    second, _ = requests.add(db, "二")
    clock.set("2027-01-01T00:00:00+08:00")
    third, _ = requests.add(db, "三")
    assert [first.number, second.number, third.number] == ["YQ-A-2026-0001", "YQ-A-2026-0002", "YQ-A-2027-0001"]
    assert [request.text for request in requests.listing(db)] == ["三", "二"]


@pytest.mark.parametrize("said", ["YQ-A-2026-0002", "yq-a-2026-0002", "2026-0002", "2", "0002"])
def test_the_short_number_works_at_its_own_desk(db: Database, said: str) -> None:
    requests.add(db, "一")
    requests.add(db, "二")
    assert requests.by_number(db, said).text == "二"


@pytest.mark.parametrize("said", ["YQ-B-2026-0002", "99", "", "二"])
def test_a_number_nobody_has_is_a_mistake(db: Database, said: str) -> None:
    requests.add(db, "一")
    with pytest.raises(UserMistake):
        requests.by_number(db, said)


@pytest.mark.parametrize(
    ("verdict", "end"),
    [
        (Verdict.FIXED, RequestState.CLOSED),
        (Verdict.PARTLY, RequestState.CLOSED),
        (Verdict.NOT, RequestState.REOPENED),
    ],
)
def test_replied_is_not_fixed_the_person_says(db: Database, clock: Clock, verdict: Verdict, end: RequestState) -> None:
    request, _ = requests.add(db, "充电口不足")
    for state in (RequestState.ACCEPTED, RequestState.TRANSFERRED, RequestState.REPLIED):
        clock.forward(hours=1)
        requests.step(db, request.id, state, note=f"到了{state}", unit="综合行政执法局")
    clock.forward(hours=1)
    told, _ = requests.step(db, request.id, RequestState.TOLD, verdict=verdict)
    assert (told.state, told.verdict) == (end, verdict)
    assert [step.state for step in told.steps] == [
        RequestState.RECORDED, RequestState.ACCEPTED, RequestState.TRANSFERRED, RequestState.REPLIED, RequestState.TOLD, end,
    ]  # fmt: skip
    assert told.steps[3].note == "到了replied"


def test_a_state_that_cannot_follow_is_refused(db: Database) -> None:
    request, _ = requests.add(db, "充电口不足")
    with pytest.raises(RuleRefused) as refusal:
        requests.step(db, request.id, RequestState.TOLD, verdict=Verdict.FIXED)
    assert refusal.value.last == request.time
    assert requests.get(db, request.id) == request


def test_told_needs_the_persons_word(db: Database) -> None:
    request, _ = requests.add(db, "充电口不足")
    requests.step(db, request.id, RequestState.REPLIED, note="已加装")
    with pytest.raises(UserMistake):
        requests.step(db, request.id, RequestState.TOLD)


def test_undoing_a_step_goes_back_to_the_state_before(db: Database, clock: Clock) -> None:
    request, _ = requests.add(db, "充电口不足")
    clock.forward(minutes=1)
    _, changes = requests.step(db, request.id, RequestState.REPLIED, note="已加装")
    assert [r.id for r in requests.to_tell(db)] == [request.id]
    history.undo(db, changes.operation)
    assert requests.get(db, request.id).state is RequestState.RECORDED
    assert requests.to_tell(db) == []


@pytest.mark.parametrize("text", ["", "   ", "长" * 4001])
def test_no_words_or_too_many_are_a_mistake(db: Database, text: str) -> None:
    with pytest.raises(UserMistake):
        requests.add(db, text)
    assert requests.listing(db) == []


def test_found_by_words_and_number_and_by_person(db: Database) -> None:
    rider, _ = people.register(db, Occupation.RIDER, "", "李志强", "", Consent.STATION)
    requests.add(db, "充电口不足", person_id=rider.id)
    requests.add(db, "孩子入学")
    assert [r.text for r in requests.find(db, "充电")] == ["充电口不足"]
    assert [r.text for r in requests.find(db, "0002")] == ["孩子入学"]
    assert [r.text for r in requests.listing(db, person_id=rider.id)] == ["充电口不足"]
    assert requests.counts(db) == {RequestState.RECORDED: 2}


def test_no_state_follows_one_that_stands_after_it_in_the_life_of_a_round() -> None:
    """What lets two sides agree without a clock: within a round the state only moves on."""
    life = requests.LIFE.split()
    assert sorted(life) == sorted(state.value for state in RequestState)
    for before, after in requests.AFTER.items():
        for state in after - {RequestState.REOPENED}:
            assert life.index(state.value) >= life.index(before.value), (before, state)
