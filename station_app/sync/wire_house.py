"""The rows of the house's own ledgers as they cross: loans, what stands in the house, the days of the desk, what visitors thought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from .wire_types import DAY, Code, Count, Dated, Day, Digits, Flag, Id, Name, Occupation, Row, Text, Time

Expiry = Annotated[str, Meta(pattern=rf"\A({DAY})?\Z")]


# --- loans -------------------------------------------------------------------------------------------------------------


class Asset(Row, frozen=True, kw_only=True, gc=False):
    """A thing that is lent: one of its own (``number`` from 1) or a pool of many alike (``number`` 0)."""

    name: Name
    kind: Literal["umbrella", "power_bank", "raincoat", "cable", "pump", "tool", "book", "other"]
    number: Count
    code: Digits
    due_hours: Count
    active: Flag
    note: Name | None = None


class AssetMove(Dated, frozen=True, kw_only=True, gc=False):
    """How many there are: added, found again, broken on the shelf, mended, written off."""

    asset_id: Id
    kind: Literal["added", "found", "broken", "mended", "written_off"]
    quantity: Count
    source: Name | None = None
    note: Name | None = None
    keeper_id: Id | None = None


class Loan(Dated, frozen=True, kw_only=True, gc=False):
    """Lent until ``due``; ``short`` when the book held none; ``deposit`` in yuan."""

    asset_id: Id
    quantity: Count
    due: Time
    short: Flag
    person_id: Id | None = None
    visit_id: Id | None = None
    occupation: Occupation | None = None
    deposit: Count | None = None
    note: Name | None = None
    keeper_id: Id | None = None


class LoanEnd(Dated, frozen=True, kw_only=True, gc=False):
    """How a loan, or a part of one, ended."""

    loan_id: Id
    quantity: Count
    outcome: Literal["returned", "damaged", "lost"]
    note: Name | None = None
    keeper_id: Id | None = None


# --- what stands in the house --------------------------------------------------------------------------------------------


class Equipment(Row, frozen=True, kw_only=True, gc=False):
    """A piece of the register; ``next_check`` as registered, each check tells the one after it."""

    code: Code
    name: Name
    active: Flag
    model: Name | None = None
    bought: Day | None = None
    source: Name | None = None
    place: Name | None = None
    check_days: Count | None = None
    next_check: Day | None = None
    note: Name | None = None


class EquipmentCheck(Dated, frozen=True, kw_only=True, gc=False):
    """Somebody looked at it, and when it is to be looked at next."""

    equipment_id: Id
    well: Flag
    next_check: Day | None = None
    note: Name | None = None
    keeper_id: Id | None = None


class Repair(Dated, frozen=True, kw_only=True, gc=False):
    """A fault, from the report to the word of whoever accepted what was done."""

    equipment_id: Id
    fault: Text
    state: Literal["reported", "under_way", "done", "accepted", "dropped"]
    reported_by: Name | None = None
    fixer: Name | None = None
    done: Time | None = None
    done_note: Text | None = None
    accepted: Time | None = None
    accepted_by: Name | None = None
    keeper_id: Id | None = None


class Medicine(Row, frozen=True, kw_only=True, gc=False):
    """A place in the first-aid box: what has to be there, and how much at least."""

    name: Name
    unit: Name
    least: Count
    rank: Count
    active: Flag


class MedicineCheck(Dated, frozen=True, kw_only=True, gc=False):
    """What was found in the box, or put there."""

    medicine_id: Id
    quantity: Count
    action: Literal["fine", "refilled", "replaced", "used", "removed"]
    lot: Name | None = None
    expiry: Expiry | None = None
    note: Name | None = None
    keeper_id: Id | None = None


# --- the days of the desk ------------------------------------------------------------------------------------------------


class CheckPoint(Row, frozen=True, kw_only=True, gc=False):
    """A point of the opening check or of the check of safety and hygiene."""

    part: Literal["opening", "safety"]
    name: Name
    rank: Count
    active: Flag


class HouseCheck(Dated, frozen=True, kw_only=True, gc=False):
    """A check of safety and hygiene: what was not well, and what was done about it."""

    all_well: Flag
    points: Text | None = None
    exceptions: Text | None = None
    action: Text | None = None
    second_name: Name | None = None
    keeper_id: Id | None = None


class ClosedDay(Row, frozen=True, kw_only=True, gc=False):
    """A day on which the station does not open."""

    business_date: Day
    reason: Literal["holiday", "rest", "repair", "weather", "staffing", "other"]
    note: Name | None = None
    keeper_id: Id | None = None


class Handover(Dated, frozen=True, kw_only=True, gc=False):
    """One keeper handed the desk to another, with what was open then."""

    from_name: Name
    to_name: Name
    matters: Text | None = None
    note: Text | None = None
    keeper_id: Id | None = None


class DutyLog(Dated, frozen=True, kw_only=True, gc=False):
    """The duty log of a day as it was confirmed."""

    person_times: Count
    shift_name: Name | None = None
    weather: Name | None = None
    opened: Time | None = None
    closed: Time | None = None
    events: Text | None = None
    matters: Text | None = None
    handed_by: Name | None = None
    handed_to: Name | None = None
    keeper_id: Id | None = None


class Emergency(Dated, frozen=True, kw_only=True, gc=False):
    """Something happened: the time was stamped at once, the rest told later."""

    kind: Literal["unknown", "fire", "medical", "police", "traffic", "other"]
    called: Name | None = None
    place: Name | None = None
    note: Text | None = None
    ended: Time | None = None
    keeper_id: Id | None = None


class LostItem(Dated, frozen=True, kw_only=True, gc=False):
    """Something that was found in the house, and where it went."""

    number: Count
    thing: Name
    state: Literal["kept", "claimed", "handed_over", "disposed"]
    place: Name | None = None
    kept_in: Name | None = None
    person_id: Id | None = None
    ended: Time | None = None
    ended_by: Name | None = None
    note: Name | None = None
    keeper_id: Id | None = None


class Feedback(Dated, frozen=True, kw_only=True, gc=False):
    """A face a visitor pressed; nobody's name goes with it."""

    mood: Literal["good", "fair", "poor"]


TABLES: Mapping[str, type[Row]] = {
    "asset": Asset,
    "asset_move": AssetMove,
    "loan": Loan,
    "loan_end": LoanEnd,
    "equipment": Equipment,
    "equipment_check": EquipmentCheck,
    "repair": Repair,
    "medicine": Medicine,
    "medicine_check": MedicineCheck,
    "check_point": CheckPoint,
    "house_check": HouseCheck,
    "closed_day": ClosedDay,
    "handover": Handover,
    "duty_log": DutyLog,
    "emergency": Emergency,
    "lost_item": LostItem,
    "feedback": Feedback,
}
"""The tables of these families, parents before children."""
