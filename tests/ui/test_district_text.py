"""The words of the stations page: what a pill says first, what it means, which batches a card shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from station_app.district import holding, store
from station_app.district.desk import Dossier, Intake, Standing
from station_app.ui.district import stations_text as say

TODAY = date(2026, 7, 17)
STATION = store.Enrolled("s", "YQ", "云桥暖心驿站", "0851-2", "2026-06-01T08:00:00+08:00", "", 3, ())
FINE = holding.Held(3, 28, "2026-07-14T18:00:00+08:00", "2026-07-15T09:00:00+08:00", (), (), True, ("a", "b", "c"))
LINE = Standing(STATION, FINE, 2, False, 611, 0, 0, None)


def standing(**held: object) -> Standing:
    return replace(LINE, held=replace(FINE, **held))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "pill"),
    [
        (LINE, ("一致", "good")),
        (standing(agrees=None), ("待核对", "neutral")),
        (standing(batches=0, agrees=None), ("还没上报", "neutral")),
        (replace(LINE, turned_down=4), ("退回 4 条", "attention")),
        (standing(missing=(("x", 27),), agrees=None), ("缺第 27 批", "attention")),
        (standing(missing=(("x", 3), ("x", 4)), agrees=None), ("缺 2 批", "attention")),
        (replace(standing(missing=(("x", 27),)), overdue=True, silent=14), ("14 天未上报", "bad")),
        (replace(standing(agrees=False), overdue=True, silent=14), ("数目不符", "bad")),
        (standing(rewritten=(("x", 9),)), ("第 9 批改了过去", "bad")),
        (standing(forks=(("x", 16, ("a", "b")),), agrees=False), ("两份第 16 批", "bad")),
        (replace(LINE, station=replace(STATION, revoked="2026-07-01T08:00:00+08:00")), ("已吊销", "neutral")),
    ],
)
def test_what_has_to_be_looked_at_first_outranks_the_rest(line: Standing, pill: tuple[str, str]) -> None:
    assert say.state(line) == pill


def test_every_trouble_is_explained() -> None:
    told = say.explained(
        replace(
            standing(missing=(("x", 5), ("x", 6), ("x", 9)), forks=(("x", 16, ("a", "b")),)), overdue=True, silent=14
        )
    )
    assert len(told) == 3
    assert "缺第 5-6、9 批" in told[1]
    assert say.explained(LINE) == ["批次齐全，数目一致。"]


def test_a_missing_batch_stands_in_its_place() -> None:
    def intake(no: int, **more: object) -> Intake:
        return replace(Intake(no, f"2026-07-{no - 14:02d}T18:00:00+08:00", "", 96, True, False), **more)  # type: ignore[arg-type]

    line = standing(missing=(("x", 27),))
    steps = say.timeline(Dossier(line, (intake(28), intake(26), intake(25, forked=True)), {}), TODAY)
    assert [(step.text, step.tone) for step in steps] == [
        ("第 28 批 · 7月14日 · 96 条 · 已入库", "brand"),
        ("第 27 批 · 未收到", "attention"),
        ("第 26 批 · 7月12日 · 96 条 · 已入库", "brand"),
        ("第 25 批 · 7月11日 · 96 条 · 有两份", "bad"),
    ]


def test_what_was_not_taken_is_told_by_reason() -> None:
    told = say.refusals(
        Dossier(LINE, (), {("visit", "other_store"): 3, ("request", "other_number"): 1, ("visit", "no_such_code"): 2})
    )
    assert told == [
        "没有收下：来访 3（写着别的驿站的数据库）",
        "没有收下：诉求 1（诉求编号不是本站的）",
        "没有收下：来访 2（其他原因）",
    ]
