"""Figures, their parts and the rows behind them in words, for the screen, the command line and paper alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from ..model import (
    Amenity,
    AssetKind,
    Category,
    Channel,
    ItemKind,
    MovementKind,
    Occupation,
    Recorded,
    RepairState,
    RequestKind,
    RequestState,
)
from ..services.bindings import Bound, month
from ..services.figures import Line, Wanted
from ..words import label, t

CODES = {
    "occupation": Occupation, "amenity": Amenity, "kind": ItemKind, "state": RequestState, "request_kind": RequestKind,
    "category": Category, "channel": Channel,
    "recorded": Recorded, "movement": MovementKind, "asset_kind": AssetKind, "repair_state": RepairState,
}  # fmt: skip


def span_text(first: str, last: str) -> str:
    """A span as a form has it: the month or the year when it is a whole one."""
    day = date.fromisoformat(first)
    if (first, last) == month(first[:7]):
        return t("forms.month", year=day.year, month=day.month)
    if (first, last) == (f"{day.year}-01-01", f"{day.year}-12-31"):
        return t("forms.year", year=day.year)
    return first if first == last else t("forms.days", first=first, last=last)


def figure_name(figure: str) -> str:
    """What a figure is called."""
    return t(f"figures.{figure}")


def described(one: Bound) -> str:
    """A cell's figure in words: 登记人次 · 居民、其他."""
    named = [t("terms.list").join(part_name(part, value) for value in values) for part, values in one.parts.items()]
    return t("forms.dot").join([figure_name(one.figure), *named])


def part_name(part: str, value: str) -> str:
    """What a value of a part is called; one that was not recorded is said to be unknown."""
    if not value:
        return t("figures.unknown")
    codes = CODES.get(part)
    if codes is not None:
        return label(codes(value)) if value in {code.value for code in codes} else value
    if part in ("day", "hour") and value.isdecimal():
        return t("forms.day", day=value) if part == "day" else t("forms.hour", hour=value)
    return value


def measured(wanted: Wanted) -> str:
    """A figure with what it is narrowed to: 来访人次 · 外卖骑手."""
    named = [part_name(part, value) for part, values in wanted.parts.items() for value in values]
    return t("forms.dot").join([figure_name(wanted.figure), *named])


def line_text(line: Line) -> str:
    """What a row behind a figure was: codes by their words, nobody's name."""
    says = line.says
    told = {
        "visit": [part_name("occupation", says.get("occupation", "")), says.get("platform", "")],
        "amenity_use": [part_name("amenity", says.get("amenity", "")), _known("occupation", says.get("occupation", ""))],
        "handout": [says.get("item", ""), _known("occupation", says.get("occupation", ""))],
        "movement": [says.get("item", ""), part_name("movement", says.get("movement", "")), says.get("lot", "")],
        "loan": [_asset(says), _known("occupation", says.get("occupation", ""))],
        "repair": [says.get("equipment", ""), says.get("code", ""), says.get("fault", "")],
        "request": [says.get("number", ""), *(part_name(part, says.get(part, "")) for part in ("request_kind", "category"))],
    }[line.table]  # fmt: skip
    return t("forms.dot").join(str(part) for part in told if part)


def line_note(line: Line) -> str:
    """What else there is to say of it: how it was recorded, by which keeper, that it was recorded late or voided."""
    says = line.says
    parts = [
        part_name("recorded", says["recorded"]) if "recorded" in says else "",
        part_name("state", says["state"]) if "state" in says else "",
        part_name("repair_state", says["repair_state"]) if "repair_state" in says else "",
        t("figures.not_back", due=str(says["due"])[:16].replace("T", " ")) if says.get("still_out") else "",
        t("figures.given_before") if says.get("already_given") else "",
        t("figures.short") if says.get("short") else "",
        str(says.get("keeper") or ""),
        t("figures.void") if says.get("void_reason") else "",
    ]
    return t("forms.dot").join(part for part in parts if part)


def _asset(says: Mapping[str, object]) -> str:
    """A thing of its own has a number, those of a heap have none."""
    return f"{says.get('asset', '')} {says['number']:02d}" if says.get("number") else str(says.get("asset", ""))


def _known(part: str, value: str) -> str:
    return part_name(part, value) if value else ""
