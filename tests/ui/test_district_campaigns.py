"""The district's page of campaigns: planned by keys, carried in packs, told back, who had two shares, the result on paper."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
from PySide6.QtCore import Qt

from station_app.model import Consent, Occupation
from station_app.services import badges, people, supplies, visits
from station_app.services.supplies import campaigns, plans
from station_app.sync import outbox
from station_app.ui.district.campaigns import CampaignsPage, PlanForm
from tests.ui.shell import shown
from tests.ui.test_district import Desk, at, clock, dressed  # noqa: F401  the district's window

Key = Qt.Key


def planned(at: Desk) -> CampaignsPage:  # noqa: F811
    """A campaign of the district, planned by keys, with a share for each station."""
    at.go("campaigns")
    page = at.page(CampaignsPage)
    page._show_file = at._see
    assert "还没有区里的活动" in shown(page.list)
    at.hands.ctrl("n")
    form = at.sheet()
    assert isinstance(form, PlanForm)
    at.hands.type("717 骑手节")
    at.hands.key(Key.Key_Return)
    at.hands.type("骑手礼包")
    at.hands.key(Key.Key_Return)
    at.hands.type("份")
    form.set_values({"allot": "YQ 60\n龙潭驿站 40"})
    at.hands.ctrl(Key.Key_Return)
    assert at.told == "已安排“717 骑手节”，随下次回包送到驿站"
    return page


def carried(at: Desk) -> None:  # noqa: F811
    """What the stations have goes up, a pack for each comes back."""
    for db in at.stations.values():
        visits.tally(db, Occupation.RIDER)
        at.drop(outbox.export(db, at.stick)[0].path)
    at.go("exchange")
    at.plug()
    at.hands.ctrl("e")
    for code in at.stations:
        at.apply(code)


def given_twice(at: Desk) -> str:  # noqa: F811
    """A rider has a share at each station before their packs can tell; returns the card number."""
    yq, lt = at.stations["YQ"], at.stations["LT"]
    rider, _ = people.register(yq, Occupation.RIDER, "美团", "李志强", "19911000000", Consent.DISTRICT)
    card = badges.of_person(yq, rider.id)[0]
    supplies.hand_out(yq, supplies.named(yq, "骑手礼包").id, person_id=rider.id)
    came, _ = visits.check_in(lt, card.code)
    supplies.hand_out(lt, supplies.named(lt, "骑手礼包").id, person_id=came.visit.person_id)
    for db in (yq, lt):
        at.drop(outbox.export(db, at.stick)[0].path)
    return card.card_number


def test_a_campaign_is_planned_travels_and_who_had_two_shares_is_seen(at: Desk, tmp_path: Path) -> None:  # noqa: F811
    page = planned(at)
    (plan,) = plans.listing(at.db)
    assert plan.allotted == {"YQ": 60, "LT": 40}
    assert plan.badge_only
    carried(at)
    assert [one.most for one in campaigns.listing(at.stations["LT"])] == [40]
    card = given_twice(at)
    at.go("campaigns")
    at.hands.settle()
    seen = shown(page.card)
    assert f"卡号 {card}" in seen
    assert "7月17日 云桥暖心驿站 1 份" in seen or "今天 云桥暖心驿站 1 份" in seen
    assert "多领的（1 张卡）" in seen
    assert "已经给出的不追回" in seen, "what to do about it"
    assert "李志强" not in shown(at.window), "no name"
    assert page._rows.record(0).given == {"YQ": 1, "LT": 1}
    page.settle()
    at.hands.key("1")
    text = "".join(page_.get_textpage().get_text_range() for page_ in pypdfium2.PdfDocument(at.opened[-1]))
    assert "云桥区" in text
    assert "717 骑手节" in text
    assert "龙潭驿站" in text
    at.hands.key("2")
    assert "云桥暖心驿站,60,1" in at.opened[-1].read_text(encoding="utf-8-sig").replace('"', "")


def test_a_campaign_is_withdrawn_by_its_key_and_ends_at_the_stations(at: Desk) -> None:  # noqa: F811
    page = planned(at)
    carried(at)
    at.go("campaigns")
    page.settle()
    at.hands.key("3")
    assert "各驿站收到下一个回包后" in shown(at.sheet())
    at.hands.key(Key.Key_Space)
    assert plans.listing(at.db)[0].withdrawn
    assert "已取消" in shown(page.card)
    carried(at)
    assert [one.active for one in campaigns.listing(at.stations["YQ"])] == [False]


def test_a_campaign_withdrawn_by_mistake_goes_on_from_the_toast(at: Desk) -> None:  # noqa: F811
    page = planned(at)
    carried(at)
    (plan,) = plans.listing(at.db)
    plans.withdraw(at.db, plan.code)
    carried(at)
    assert [one.active for one in campaigns.listing(at.stations["YQ"])] == [False]
    plans.resume(at.db, plan.code)
    page.withdraw(plan.code, plan.name)
    at.hands.settle()
    at.window.toast.act()
    at.hands.settle()
    assert at.told == "“717 骑手节”照常进行，驿站收到下次回包后继续发放"
    assert not plans.listing(at.db)[0].withdrawn
    carried(at)
    assert [one.active for one in campaigns.listing(at.stations["YQ"])] == [True]


def test_a_campaign_made_by_mistake_is_taken_back_from_the_toast(at: Desk) -> None:  # noqa: F811
    planned(at)
    at.window.toast.act()
    at.hands.settle()
    assert plans.listing(at.db)[0].withdrawn


def test_a_line_nobody_understands_is_told_at_its_field(at: Desk) -> None:  # noqa: F811
    at.go("campaigns")
    at.hands.ctrl("n")
    form = at.sheet()
    assert isinstance(form, PlanForm)
    form.set_values({"name": "骑手节", "item": "礼包", "unit": "份", "allot": "无名驿站 4"})
    at.hands.ctrl(Key.Key_Return)
    assert "这一行看不懂：“无名驿站 4”" in shown(form)
    assert plans.listing(at.db) == []
