"""What the district ruled, seen at the station: which version, since when, from whom, what it says; on paper too."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pypdfium2
from PySide6.QtCore import Qt

from station_app.district import answer, rules
from station_app.model import ItemKind, RuleKind
from station_app.rulebook import Calendar, CalendarDay, QuotaRule, Quotas, Unit, Units
from station_app.services.supplies import plans
from station_app.sync import inbox
from station_app.sync.opening import Opener
from station_app.ui.pages import sync_text
from station_app.ui.pages.sync_reads import look_inside
from station_app.ui.pages.sync_rules import RulesSheet, read_book, standing
from tests.ui.shell import shown
from tests.ui.test_sync import CTRL, WORKER, Place, joined, place  # noqa: F401  the page and the district's end

Key = Qt.Key
BOTTLES = Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=2, occupations=("rider", "courier"), levels=("heat_orange",)),))


def ruled(at: Place) -> None:
    """The district switches rules on; a pack brings them."""
    for body, day, note in (
        (BOTTLES, "2026-07-17", "高温期间"), (Units(units=(Unit(name="区交通局", phone="0851-27220000"),)), "2026-07-17", ""),
        (Calendar(weekend=(6,), days=(CalendarDay(day="2026-10-01", what="holiday", name="国庆"),)), "2026-07-17", ""),
        (Quotas(rules=(QuotaRule(name="饮用水", items=("矿泉水",), most=4),)), "2026-08-01", ""),
    ):  # fmt: skip
        rules.save(at.district, body, day, note)
        rules.switch_on(at.district, body.kind)
    pack = answer.pack(at.district, "YQ", at.stick)[0].path
    with Opener(command=WORKER) as opener:
        inbox.apply(at.db, inbox.look(at.db, pack, opener)[0])


def seen(sheet: RulesSheet, said: str) -> bool:
    return said in shown(sheet)


def test_ctrl_r_shows_which_version_holds_since_when_and_from_whom(joined: Place) -> None:  # noqa: F811
    joined.show()
    joined.press(Key.Key_R, CTRL)
    sheet = joined.shell.sheet
    assert isinstance(sheet, RulesSheet)
    assert "区里还没有下发领取规则" in shown(sheet)
    assert sheet.print_button.isHidden(), "nothing to print"

    joined.shell.close_sheet()

    ruled(joined)
    joined.front()
    joined.press(Key.Key_R, CTRL)
    sheet = joined.shell.sheet
    assert isinstance(sheet, RulesSheet)
    text = shown(sheet)
    assert "第 1 版，7月17日 起执行。云桥区 社工部" in text
    assert "第 2 版已送到，8月1日 起执行。" in text
    assert "说明：高温期间" in text
    assert "每人每天最多 2" in text
    assert "高温橙色" in text
    for tab, said in (("units", "区交通局"), ("calendar", "国庆"), ("categories", "用软件自带的类别")):
        sheet.tabs.choose(tab)
        joined.qtbot.waitUntil(partial(seen, sheet, said))
    joined.shell.close_sheet()


def test_they_are_printed_to_hang_beside_the_desk(joined: Place) -> None:  # noqa: F811
    ruled(joined)
    joined.show()
    opened: list[Path] = []

    def see(path: Path) -> bool:
        opened.append(path)
        return True

    joined.page._show_file = see
    joined.press(Key.Key_R, CTRL)
    sheet = joined.shell.sheet
    assert isinstance(sheet, RulesSheet)
    sheet.print()
    joined.wait()
    joined.shell.close_sheet()
    text = "".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(opened[-1]))
    for part in ("区里的现行规则", "饮用水", "每人每天最多 2", "区交通局", "国庆", "第 1 版"):
        assert part in text


def test_a_version_that_has_not_begun_is_said_to_come(joined: Place) -> None:  # noqa: F811
    rules.save(joined.district, BOTTLES, "2026-08-01")
    rules.switch_on(joined.district, RuleKind.QUOTAS)
    pack = answer.pack(joined.district, "YQ", joined.stick)[0].path
    with Opener(command=WORKER) as opener:
        inbox.apply(joined.db, inbox.look(joined.db, pack, opener)[0])
    assert standing(read_book(joined.db), RuleKind.QUOTAS) == ["现在还没有在用的版本。", "第 1 版已送到，8月1日 起执行。"]


def test_a_pack_says_before_it_applies_which_campaigns_it_brings(joined: Place) -> None:  # noqa: F811
    plans.make(joined.district, "717 骑手节", "2026-07-17", "2026-07-18", "骑手礼包", "份", ItemKind.GIFT)
    pack = answer.pack(joined.district, "YQ", joined.stick)[0].path
    with Opener(command=WORKER) as opener:
        assert "1 个新活动" in sync_text.offered(look_inside(joined.db, pack, opener))
        inbox.apply(joined.db, inbox.look(joined.db, pack, opener)[0])
        again = answer.pack(joined.district, "YQ", joined.stick)[0].path
        assert "活动" not in sync_text.offered(look_inside(joined.db, again, opener))
