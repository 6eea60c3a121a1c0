"""The notice for the wall and what is kept on somebody: whole, legible, in both languages, and true to its version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from station_app import backup, words
from station_app.db import Database
from station_app.model import Consent, ItemKind, Occupation, RequestState
from station_app.paper import privacy as paper
from station_app.services import people, pictures, privacy, requests, stations, supplies, visits
from station_app.words import t
from tests.conftest import Clock
from tests.pictures import phone

Text = Callable[[Path], list[str]]
MONTHS = (12, 24, 6)
TODAY = date(2026, 7, 17)
SAID = {1: "5545153e"}
"""How the digest of what each version of the notice says begins, in both languages."""


def flat(text: str) -> str:
    """Without what a line break on paper changes."""
    return "".join(text.split())


def test_whoever_changes_what_the_notice_says_gives_it_a_new_version(db: Database) -> None:
    station, said = stations.current(db), ""
    for language in words.LANGUAGES:
        words.use(language)
        said += repr(paper.notice(station, MONTHS)) + t("notice.short", months=12)
    assert sha256(said.encode()).hexdigest()[:8] == SAID[people.NOTICE_VERSION]


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_notice_fills_one_page_and_leaves_nothing_out(
    db: Database, tmp_path: Path, text_of: Text, language: str
) -> None:
    words.use(language)
    station = stations.current(db)
    target = tmp_path / "notice.pdf"
    assert paper.notice_sheet(station, MONTHS, TODAY, target) == 1
    [text] = text_of(target)
    for heading, paragraph in paper.notice(station, MONTHS):
        assert flat(heading) in flat(text)
        assert flat(paragraph) in flat(text)
    assert flat(t("notice.version", version=people.NOTICE_VERSION, station=station.name, day="2026-07-17")) in flat(
        text
    )


def test_all_that_is_kept_stands_on_the_sheet_however_many_pages_it_takes(
    db: Database, clock: Clock, tmp_path: Path, text_of: Text
) -> None:
    person, _ = people.register(db, Occupation.RIDER, "美团", "欧阳志强", "13800001234", Consent.DISTRICT)
    water, _ = supplies.add_item(db, "矿泉水", "瓶", ItemKind.DRINK)
    supplies.receive(db, water.id, 200)
    shots = [pictures.prepare(phone(64, 48))] * 2
    request, _ = requests.add(
        db, "充电口不足", person_id=person.id, place="3 号门", contact="13800001234", pictures=shots
    )
    requests.step(db, request.id, RequestState.REPLIED, note="月底加装")
    for _ in range(90):
        visits.check_in(db, person.badge_code)
        supplies.hand_out(db, water.id, person_id=person.id)
        clock.forward(days=1)
    backup.make(db, backup.Reason.DAILY)
    held = privacy.with_words(db, privacy.held(db, person.id))
    target = tmp_path / "held.pdf"
    pages = paper.held_sheet(stations.current(db), held, t("held.title", name=person.name), TODAY, target)
    assert pages > 1
    text = flat("".join(text_of(target)))
    for name, content in paper.held_lines(held):
        assert flat(name) in text
        for line in content.split("\n"):
            assert flat(line) in text, line
    assert len(held.visits) == len(held.given) == 90
    assert held.copies.backups == 1
    assert held.copies.until in text
    assert flat("图片：2 张") in text


def test_a_forgotten_person_is_told_what_is_left(db: Database, clock: Clock) -> None:
    person, _ = people.register(db, Occupation.RIDER, "美团", "欧阳志强", "13800001234", Consent.DISTRICT)
    requests.add(db, "充电口不足", person_id=person.id)
    backup.make(db, backup.Reason.DAILY)
    clock.forward(hours=1)
    people.erase(db, person.id)
    text = paper.held_text(privacy.with_words(db, privacy.held(db, person.id)))
    for gone in ("欧阳志强", "13800001234", "美团", "充电口不足"):
        assert gone not in text
    for told in ("姓名、电话和卡已经删除", "原话已删除", "1 份备份里还有"):
        assert told in text
