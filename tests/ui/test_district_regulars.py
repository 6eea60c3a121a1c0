"""The district's page of regulars: a pair is merged by an officer, told apart, taken apart again."""

from __future__ import annotations

from PySide6.QtCore import Qt

from station_app.district import desk, regulars
from station_app.model import Consent, Occupation
from station_app.services import people, visits
from station_app.sync import outbox
from station_app.ui.district.regulars import RegularsPage
from tests.ui.test_district import Desk, at, clock, dressed  # noqa: F401  the district's window


def told(at: Desk) -> None:  # noqa: F811
    """Each station has a record of 欧阳志强 who came there, and sends it."""
    for code in at.stations:
        db = at.stations[code]
        person, _ = people.register(db, Occupation.RIDER, "美团", "欧阳志强", "19911006031", Consent.DISTRICT)
        visits.check_in(db, person.badge_code)
        at.drop(outbox.export(db, at.stick)[0].path)
    at.go("regulars")
    at.hands.settle()


def test_a_pair_is_merged_with_a_reason_and_taken_apart(at: Desk) -> None:  # noqa: F811
    told(at)
    page = at.page(RegularsPage)
    assert page.lists["waiting"].model().rowCount() == 1
    assert at.field() is page.lists["waiting"]
    at.hands.key(Qt.Key.Key_Return)
    assert at.field() is page.reason.line
    at.hands.type("同一个手机号")
    at.hands.key(Qt.Key.Key_Return)
    at.hands.settle()
    assert "已合并" in at.told
    (pair,) = regulars.merges(at.db)
    assert pair.reason == "同一个手机号"
    assert desk.report(at.db, "2026-07-17", "2026-07-17")[0].unique_people == 1
    page.tabs.choose("merged")
    at.hands.settle()
    page.split_button.click()
    at.hands.settle()
    assert regulars.merges(at.db) == []
    assert len(regulars.suggestions(at.db)) == 1


def test_two_people_are_told_apart_and_the_other_record_may_stay(at: Desk) -> None:  # noqa: F811
    told(at)
    page = at.page(RegularsPage)
    assert page._pair is not None
    kept = page._pair.kept.id
    page.swap_button.click()
    assert page._pair.merged.id == kept
    page.apart_button.click()
    at.hands.settle()
    assert regulars.suggestions(at.db) == []
    assert page.lists["waiting"].model().rowCount() == 0
