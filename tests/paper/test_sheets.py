from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from station_app.errors import Refused
from station_app.model import (
    Category,
    Channel,
    Occupation,
    Request,
    RequestKind,
    RequestState,
    RequestStep,
    Station,
    Urgency,
)
from station_app.paper import preview, sheets
from station_app.words import label, t

Text = Callable[[Path], list[str]]


@pytest.fixture
def request_() -> Request:
    return Request(
        id="r1", number="YQ-A-2026-0112", time="2026-07-10T03:20:00+00:00", business_date="2026-07-10",
        kind=RequestKind.HELP, category=Category.FACILITIES, channel=Channel.REQUEST_BOX, urgency=Urgency.ORDINARY,
        state=RequestState.RECORDED, text="马家湾市场门口只有 4 个充电口，希望增加。", due="2026-07-17T11:20:00+08:00",
        person_id="p1", contact="13800001234",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"], indirect=True)
def test_the_tally_sheet_has_every_occupation_and_hour(station: Station, tmp_path: Path, text_of: Text) -> None:
    target = tmp_path / "tally.pdf"
    assert sheets.tally_sheet(station, target) == 1
    [text] = text_of(target)
    for occupation in Occupation:
        assert label(occupation) in text
    for hour in range(8, 21):
        assert t("paper.hour", hour=f"{hour:02d}") in text
    assert t("paper.hour", hour="07") not in text
    for words in (t("paper.tally_title"), station.name, t("paper.footer"), t("paper.sample")):
        assert words in text
    [page] = preview.pages(target, 72)
    assert (page.width, page.height) == (842, 595 + 1)


def test_the_tally_sheet_says_it_is_not_for_ranking(station: Station, tmp_path: Path, text_of: Text) -> None:
    sheets.tally_sheet(station, tmp_path / "tally.pdf")
    [text] = text_of(tmp_path / "tally.pdf")
    assert "来访登记手工表" in text
    assert "本表仅用于驿站服务，不作考核排名" in text


@pytest.mark.parametrize(
    ("opens", "closes", "hours"),
    [
        ("08:00", "21:00", range(8, 21)),
        ("10:00", "18:00", range(8, 21)),
        ("6:30", "22:30", range(6, 23)),
        ("20:00", "06:00", range(24)),
        ("00:00", "00:00", range(24)),
        ("", "", range(8, 21)),
    ],
)
def test_hours_follow_the_station(
    opens: str, closes: str, hours: range, station: Station, tmp_path: Path, text_of: Text
) -> None:
    station = replace(station, opens=opens, closes=closes)
    assert sheets.hours(station) == hours
    sheets.tally_sheet(station, tmp_path / "tally.pdf")
    [text] = text_of(tmp_path / "tally.pdf")
    assert f"{hours[0]:02d} 时" in text
    assert f"{hours[-1]:02d} 时" in text


def test_the_slip_tells_how_to_ask_and_names_nobody(
    station: Station, request_: Request, tmp_path: Path, text_of: Text
) -> None:
    assert sheets.request_slip(station, request_, tmp_path / "slip.pdf") == 1
    [text] = text_of(tmp_path / "slip.pdf")
    for words in (
        "YQ-A-2026-0112",
        "2026-07-10 11:20",  # the station's clock
        "2026-07-17 11:20",
        label(RequestKind.HELP),
        label(Category.FACILITIES),
        request_.text,
        "0851-2345 6789",
    ):
        assert words in text
    assert request_.contact not in text
    assert t("paper.slip_reply") not in text.replace(t("paper.slip_verdict"), "")


def test_the_latest_reply_is_on_the_slip(station: Station, request_: Request, tmp_path: Path, text_of: Text) -> None:
    steps = tuple(
        RequestStep(id=str(day), time=f"2026-07-{day}T10:12:00+08:00", state=state, side="district", note=note)
        for day, state, note in (
            (12, RequestState.REPLIED, "正在勘查。"),
            (16, RequestState.REPLIED, "7 月底前加装 8 个充电口。"),
            (17, RequestState.TOLD, "当面说的"),
        )
    )
    sheets.request_slip(replace(station, phone=""), replace(request_, steps=steps), tmp_path / "slip.pdf")
    [text] = text_of(tmp_path / "slip.pdf")
    assert "7 月底前加装 8 个充电口。" in text
    assert "正在勘查" not in text
    assert "打电话" not in text


def test_a_long_text_runs_on_and_loses_nothing(
    station: Station, request_: Request, tmp_path: Path, text_of: Text
) -> None:
    said = "".join(f"第{number}件事，请帮忙看看。" for number in range(200)) + "\n完"
    pages = sheets.request_slip(station, replace(request_, text=said), tmp_path / "slip.pdf")
    texts = text_of(tmp_path / "slip.pdf")
    assert pages == len(texts) > 1
    together = ""
    for number, text in enumerate(texts, 1):
        assert f"第 {number} 页" in text
        together += text.replace(f"第 {number} 页", "").replace(t("paper.footer"), "")
    assert said.replace("\n", "") in "".join(together.split())
    assert t("paper.slip_how") in together


def test_a_picture_character_is_refused_not_left_blank(station: Station, request_: Request, tmp_path: Path) -> None:
    with pytest.raises(Refused) as refusal:
        sheets.request_slip(station, replace(request_, text="谢谢\n😀"), tmp_path / "slip.pdf")
    assert refusal.value.fields["character"] == "😀"
    assert list(tmp_path.iterdir()) == []
