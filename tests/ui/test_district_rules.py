"""The page 规则 of the district's window by keys: drafted, looked at, switched on, an older version taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from station_app.district import rules
from station_app.model import Role, RuleKind
from station_app.rulebook import Calendar, CalendarDay, CategoryRule, QuotaRule, Quotas, Unit, Units
from station_app.services import rules as kept
from station_app.ui import theme
from station_app.ui.district.rules import RulesPage
from station_app.ui.district.rules_forms import QuotaForm
from station_app.ui.kit import Button
from station_app.ui.rules_text import changes, lines
from tests.conftest import Clock
from tests.ui.shell import shown
from tests.ui.test_district import Desk

Key = Qt.Key
CTRL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
TWO = Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=2), QuotaRule(name="清凉包", kinds=("cooling",), most=1)))


@pytest.fixture(scope="module")
def dressed(qapp: QApplication) -> None:
    qapp.setProperty("pictures", True)
    theme.apply(qapp, pictures=True)


@pytest.fixture
def at(qtbot: QtBot, dressed: None, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, Clock("2026-07-17T14:26:00+08:00"))
    made.open(qtbot)
    made.go("rules")
    yield made
    made.window.close()
    made.db.close()
    for station in made.stations.values():
        station.close()
    made.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert made.broken == []


def page(at: Desk) -> RulesPage:
    return at.page(RulesPage)


def made(at: Desk, body: Any) -> None:
    """Switched on by the service; the window learns of it as of another officer's deed."""
    at.window.jobs.run(lambda db: rules.save(db, body, "2026-07-17"), lambda _draft: None)
    at.window.jobs.run(lambda db: rules.switch_on(db, body.kind), lambda _set: None)
    at.hands.settle()


def titles(at: Desk) -> list[str]:
    rows = page(at)._rows
    return [rows.record(row).title for row in range(rows.rowCount())]


def test_a_quota_is_written_and_switched_on_by_keys(at: Desk) -> None:
    assert "还没有领取规则" in shown(page(at).list)
    at.hands.ctrl("n")
    assert isinstance(at.sheet(), QuotaForm)
    at.hands.type("饮用水")
    at.hands.key(Key.Key_Return)
    at.hands.type("矿泉水，绿豆汤")
    at.hands.key(Key.Key_Return)  # on the kinds: none
    at.hands.key(Key.Key_Return)
    at.hands.key(Key.Key_Up)  # 2
    form = cast(QuotaForm, at.sheet())
    form.field("roles").take_focus()
    at.hands.key(Key.Key_Space)  # the first: a keeper
    at.hands.key(Key.Key_Return, CTRL)
    assert not at.window._sheet.is_open()
    assert at.told.startswith("已存入草稿")
    assert kept.in_force(at.db, RuleKind.QUOTAS) is None, "a draft is no rule"
    assert page(at)._rows.record(0).text == "每人每天最多 2"
    assert page(at)._rows.record(0).more == "驿站管理员发放时"
    page(at).settle()
    at.hands.key("1")
    assert "新增：饮用水" in shown(at.sheet())
    at.hands.key(Key.Key_Return, CTRL)
    assert at.told.startswith("已启用第 1 版，7月17日 起生效")
    version = kept.in_force(at.db, RuleKind.QUOTAS)
    assert version is not None
    assert version.body == Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水", "绿豆汤"), most=2, roles=("keeper",)),))
    assert (version.author, version.no) == ("陈立", 1)
    assert rules.draft(at.db, RuleKind.QUOTAS) is None


def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(at: Desk) -> None:
    made(at, TWO)
    at.hands.ctrl("n")
    form = cast(QuotaForm, at.sheet())
    form.set_values({"name": "饮用水", "most": 3})
    form.submit()
    at.hands.settle()
    assert form.field("items")._error.text() == "请写上哪些物资，或选一类。"
    form.set_values({"items": "湿巾"})
    form.submit()
    at.hands.settle()
    assert form.field("name")._error.text() == "已经有“饮用水”了。"
    form.set_values({"name": "湿巾"})
    form.field("span").take_focus()
    at.hands.key("2")
    assert not form.field("hours").isHidden()
    form.submit()
    at.hands.settle()
    assert form.field("span")._error.text() == "请填几小时，或写上活动名称。"
    form.set_values({"hours": 4})
    form.submit()
    at.hands.settle()
    assert titles(at) == ["饮用水", "清凉包", "湿巾"]


def test_a_rule_is_changed_moved_and_taken_out_with_undo(at: Desk) -> None:
    made(at, TWO)
    page(at).list.selectRow(0)
    page(at).settle()
    at.hands.key(Key.Key_Return)
    form = cast(QuotaForm, at.sheet())
    assert form.values()["items"] == "矿泉水"
    form.set_values({"most": 5})
    form.submit()
    at.hands.settle()
    assert [page(at)._rows.record(row).mark for row in (0, 1)] == [("改动", "attention"), None]
    page(at).settle()
    at.hands.key(Key.Key_Down, ALT)
    assert titles(at) == ["清凉包", "饮用水"]
    at.hands.key(Key.Key_Delete)
    assert titles(at) == ["清凉包"]
    at.window.toast._link.click()
    at.hands.settle()
    assert titles(at) == ["清凉包", "饮用水"]
    assert kept.quotas(at.db) == TWO, "stations go by what was switched on"


def test_an_older_version_is_looked_at_and_taken_up_again(at: Desk) -> None:
    made(at, TWO)
    made(at, Quotas(rules=TWO.rules[:1]))
    versions = page(at).versions
    versions.setFocus()
    versions.selectRow(1)
    at.hands.key(Key.Key_Return)
    assert titles(at) == ["饮用水", "清凉包"]
    assert page(at).head.text() == "正在看第 1 版，只能查看。按 Esc 返回。"
    at.hands.ctrl("n")
    assert not at.window._sheet.is_open(), "an older version is not edited"
    page(at).settle()
    at.hands.key(Key.Key_Escape)
    assert titles(at) == ["饮用水"]
    versions.setFocus()
    versions.selectRow(1)
    at.hands.key(Key.Key_Return)
    page(at).settle()
    at.hands.key("1")
    draft = rules.draft(at.db, RuleKind.QUOTAS)
    assert draft is not None
    assert draft.body == TWO
    assert "新增：清凉包" in shown(page(at).card)
    at.hands.key("2")
    assert rules.draft(at.db, RuleKind.QUOTAS) is None
    at.window.toast._link.click()
    at.hands.settle()
    assert rules.draft(at.db, RuleKind.QUOTAS) is not None


def test_units_categories_and_days_are_written_too(at: Desk) -> None:
    page(at).tabs.choose("units")
    at.hands.settle()
    at.hands.ctrl("n")
    at.sheet().set_values({"name": "区交通局", "categories": ("facilities",), "stations": "yq，lt", "phone": "0851"})  # type: ignore[attr-defined]
    at.sheet().submit()  # type: ignore[attr-defined]
    at.hands.settle()
    draft = rules.draft(at.db, RuleKind.UNITS)
    assert draft is not None
    assert draft.body == Units(units=(Unit(name="区交通局", categories=("facilities",), stations=("YQ", "LT"), phone="0851"),))

    page(at).tabs.choose("categories")
    at.hands.settle()
    at.hands.ctrl("n")
    takers = at.sheet().findChildren(QComboBox)[0]
    assert [takers.itemText(row) for row in range(takers.count())][1:] == ["按承办单位", "区交通局"]
    at.sheet().set_values({"zh": "充电", "en": "Charging", "code": "Charging", "unit": "区交通局"})  # type: ignore[attr-defined]
    at.sheet().submit()  # type: ignore[attr-defined]
    at.hands.settle()
    assert "代码只能用小写" in shown(at.sheet())
    at.sheet().set_values({"code": "charging"})  # type: ignore[attr-defined]
    at.sheet().submit()  # type: ignore[attr-defined]
    at.hands.settle()
    categories = rules.draft(at.db, RuleKind.CATEGORIES)
    assert categories is not None
    assert categories.body.categories == (CategoryRule(code="charging", zh="充电", en="Charging", unit="区交通局"),)  # type: ignore[union-attr]

    page(at).tabs.choose("calendar")
    at.hands.settle()
    at.hands.ctrl("n")
    day = at.sheet()
    day.set_values({"day": date.fromisoformat("2026-10-01"), "until": date.fromisoformat("2026-10-03"), "name": "国庆节"})  # type: ignore[attr-defined]
    day.submit()  # type: ignore[attr-defined]
    at.hands.settle()
    assert titles(at) == ["10月1日 星期四", "10月2日 星期五", "10月3日 星期六"]
    page(at).settle()
    at.hands.key("3")
    at.sheet().set_values({"weekend": ("6",)})  # type: ignore[attr-defined]
    at.sheet().submit()  # type: ignore[attr-defined]
    at.hands.settle()
    calendar = rules.draft(at.db, RuleKind.CALENDAR)
    assert calendar is not None
    assert calendar.body.weekend == (6,)  # type: ignore[union-attr]
    assert page(at).head.text().endswith("每周休息：星期日。")


def test_an_officer_who_is_no_supervisor_drafts_and_does_not_switch_on(at: Desk) -> None:
    made(at, TWO)
    with at.db.transact(rules.Op.SETTING) as tx:
        tx.run("UPDATE keeper SET role = ?", (Role.KEEPER.value,))
    at.hands.ctrl("l")  # the pages are made anew for the role
    at.hands.type("2468")
    at.hands.key(Key.Key_Return)
    at.go("rules")
    at.hands.ctrl("n")
    at.sheet().set_values({"name": "湿巾", "items": "湿巾"})  # type: ignore[attr-defined]
    at.sheet().submit()  # type: ignore[attr-defined]
    at.hands.settle()
    assert "新增：湿巾" in shown(page(at).card)
    assert [button.words() for button in page(at).card.findChildren(Button)] == ["删除草稿"]


def test_a_draft_says_what_it_changes() -> None:
    unlike = rules.difference(TWO, Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=3),)))
    assert changes(unlike) == ["改动：饮用水", "去掉：清凉包"]
    (quota,) = lines(
        Quotas(
            rules=(
                QuotaRule(
                    name="高温加发", items=("矿泉水",), most=2, whom="household", span="campaign", campaign="骑手节", roles=("evening",),
                    first_month=6, last_month=9, levels=("heat_red",), excludes=("绿豆汤",), anonymous=5, occupations=("rider",),
                ),
            )
        ),
        {},
    )  # fmt: skip
    assert quota.text == "每户“骑手节”期间最多 2"
    assert quota.more == "外卖骑手 · 夜班发放时 · 6—9 月 · 高温红色预警 · 领过绿豆汤的不再领 · 匿名一次最多 5"
    (day,) = lines(Calendar(days=(CalendarDay(day="2026-07-20", what="closed", name="停水"),)), {})
    assert (day.title, day.text) == ("7月20日 星期一", "全区闭站")
