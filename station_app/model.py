"""The words of the field as codes, and the records every room hands to the next. Imports nothing of ours.

Codes are those of the glossary (DOMAIN.md section 3, DECISIONS.md "Words and codes"); their labels live in the catalogue
``terms``. Times are aware datetimes or ISO 8601 text with offset; a ``business_date`` is the station's local day.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

# --- ids ---------------------------------------------------------------------------------------------------------------

_uuid_lock = Lock()
_uuid_last = 0


def uuid7() -> str:
    """A new UUIDv7 (RFC 9562) as text: sorts by creation, never repeats or runs backwards within this process."""
    global _uuid_last
    with _uuid_lock:
        # 48 bits of milliseconds and 12 bits of sub-millisecond fraction, raised by one when the clock stands or falls back
        ticks = time.time_ns() * 4096 // 1_000_000
        _uuid_last = ticks = max(ticks, _uuid_last + 1)
    milliseconds, fraction = divmod(ticks, 4096)
    random_part = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    number = (milliseconds & ((1 << 48) - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | random_part
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


# --- codes -------------------------------------------------------------------------------------------------------------


class Occupation(StrEnum):
    """Who comes in; the order is that of the tally keys F2-F8."""

    RIDER = "rider"
    COURIER = "courier"
    RIDE_HAIL_DRIVER = "ride_hail_driver"
    TRUCK_DRIVER = "truck_driver"
    SANITATION_WORKER = "sanitation_worker"
    RESIDENT = "resident"
    OTHER = "other"


class Amenity(StrEnum):
    """A service used during a visit; umbrella and power bank are loans."""

    WATER = "water"
    REST = "rest"
    CHARGING = "charging"
    MICROWAVE = "microwave"
    TOILET = "toilet"
    FIRST_AID = "first_aid"
    POLICY_ADVICE = "policy_advice"


class ItemKind(StrEnum):
    """What an item is for; colours and seasons follow from it."""

    COOLING = "cooling"
    WARMING = "warming"
    FIRST_AID = "first_aid"
    DRINK = "drink"
    STUDY = "study"
    GIFT = "gift"
    OTHER = "other"


class MovementKind(StrEnum):
    """Why stock went up or down; a count's difference is a movement of its own."""

    OPENING = "opening"
    BOUGHT = "bought"
    ALLOCATED = "allocated"
    DONATED = "donated"
    HANDOUT = "handout"
    WASTE = "waste"
    COUNT = "count"
    RETURNED = "returned"
    EXPIRED = "expired"
    TRANSFER = "transfer"
    ASSEMBLY = "assembly"


class WeatherLevel(StrEnum):
    """A warning in force, heat and cold each from the mildest to the worst (DOMAIN.md section 6)."""

    HEAT_YELLOW = "heat_yellow"
    HEAT_ORANGE = "heat_orange"
    HEAT_RED = "heat_red"
    COLD_BLUE = "cold_blue"
    COLD_YELLOW = "cold_yellow"
    COLD_ORANGE = "cold_orange"
    COLD_RED = "cold_red"

    @property
    def heat(self) -> bool:
        """Whether it is about heat, not cold."""
        return self.value.startswith("heat")

    @property
    def severity(self) -> int:
        """How bad it is among its kind, from 1."""
        return [level for level in WeatherLevel if level.heat == self.heat].index(self) + 1

    def reaches(self, other: WeatherLevel) -> bool:
        """Whether this is at least as bad as a level of the same kind."""
        return self.heat == other.heat and self.severity >= other.severity


class Measure(StrEnum):
    """What a quota counts: how many, or how many different things."""

    QUANTITY = "quantity"
    CHOICE = "choice"


class QuotaWho(StrEnum):
    """Whose handouts a quota adds up."""

    PERSON = "person"
    HOUSEHOLD = "household"
    ANONYMOUS = "anonymous"
    STATION = "station"


class QuotaSpan(StrEnum):
    """Over what time a quota adds up; a day is the station's local day."""

    DAY = "day"
    HOURS = "hours"
    CAMPAIGN = "campaign"
    ALWAYS = "always"


class Recorded(StrEnum):
    """How a visit was recorded."""

    SCAN = "scan"
    TYPED = "typed"
    TALLY = "tally"
    PAPER = "paper"


class Mood(StrEnum):
    """The face a visitor pressed."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


class RequestKind(StrEnum):
    """What a request is."""

    ENQUIRY = "enquiry"
    HELP = "help"
    COMPLAINT = "complaint"
    REPORT = "report"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class RequestState(StrEnum):
    """The life of a request; each state reached is a step of its own."""

    RECORDED = "recorded"
    ACCEPTED = "accepted"
    TRANSFERRED = "transferred"
    REPLIED = "replied"
    TOLD = "told"
    CLOSED = "closed"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """The person's own word on whether it is fixed."""

    FIXED = "fixed"
    PARTLY = "partly"
    NOT = "not"


class Channel(StrEnum):
    """How a request came in; a snap report (随手拍) is a clue: something seen at a place, with pictures."""

    DESK = "desk"
    COMMENT_BOX = "comment_box"
    REQUEST_BOX = "request_box"
    WALK_ROUND = "walk_round"
    CHAT = "chat"
    PHONE = "phone"
    SNAP = "snap"


class Category(StrEnum):
    """What a request is about (DOMAIN.md section 8)."""

    FACILITIES = "facilities"
    ESTATE_ACCESS = "estate_access"
    LABOUR = "labour"
    INSURANCE = "insurance"
    STATION = "station"
    SCHOOLING = "schooling"
    ROAD_SAFETY = "road_safety"
    HOUSING = "housing"
    TRAINING = "training"
    HARDSHIP = "hardship"
    OTHER = "other"


class ListedCategory(str):
    """What a request is about by the district's own list: its code, with its label in both languages."""

    __slots__ = ("en", "zh")

    def __new__(cls, code: str, zh: str = "", en: str = "") -> ListedCategory:
        """A code with its labels; itself where a label is not known (any more)."""
        made = super().__new__(cls, code)
        made.zh, made.en = zh or code, en or code
        return made

    zh: str
    en: str


class Urgency(StrEnum):
    """How soon a request is due (DOMAIN.md section 6): 2 hours, 24 hours, 7 days, 15 days."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    ORDINARY = "ordinary"
    COMPLEX = "complex"


class AssetKind(StrEnum):
    """What a thing that is lent is."""

    UMBRELLA = "umbrella"
    POWER_BANK = "power_bank"
    RAINCOAT = "raincoat"
    CABLE = "cable"
    PUMP = "pump"
    TOOL = "tool"
    BOOK = "book"
    OTHER = "other"


class AssetMove(StrEnum):
    """Why there are more or fewer of a thing that is lent, or more or fewer of them sound."""

    ADDED = "added"
    FOUND = "found"
    BROKEN = "broken"
    MENDED = "mended"
    WRITTEN_OFF = "written_off"


class LoanOutcome(StrEnum):
    """How a loan, or a part of one, ended."""

    RETURNED = "returned"
    DAMAGED = "damaged"
    LOST = "lost"


class RepairState(StrEnum):
    """The life of a repair."""

    REPORTED = "reported"
    UNDER_WAY = "under_way"
    DONE = "done"
    ACCEPTED = "accepted"
    DROPPED = "dropped"


class BoxAction(StrEnum):
    """What was done with a place in the first-aid box."""

    FINE = "fine"
    REFILLED = "refilled"
    REPLACED = "replaced"
    USED = "used"
    REMOVED = "removed"


class CheckPart(StrEnum):
    """Which check a point belongs to."""

    OPENING = "opening"
    SAFETY = "safety"


class ClosedReason(StrEnum):
    """Why the station stays closed on a day."""

    HOLIDAY = "holiday"
    REST = "rest"
    REPAIR = "repair"
    WEATHER = "weather"
    STAFFING = "staffing"
    OTHER = "other"


class EmergencyKind(StrEnum):
    """What happened; unknown while only the time is stamped."""

    UNKNOWN = "unknown"
    FIRE = "fire"
    MEDICAL = "medical"
    POLICE = "police"
    TRAFFIC = "traffic"
    OTHER = "other"


class LostState(StrEnum):
    """Where something that was found is, or went."""

    KEPT = "kept"
    CLAIMED = "claimed"
    HANDED_OVER = "handed_over"
    DISPOSED = "disposed"


class RuleKind(StrEnum):
    """What rules of the district are about; each kind has its own versions (``rulebook``)."""

    QUOTAS = "quotas"
    UNITS = "units"
    CATEGORIES = "categories"
    CALENDAR = "calendar"


class Consent(StrEnum):
    """How far a person agreed to be known."""

    NONE = "none"
    STATION = "station"
    DISTRICT = "district"


class Circle(StrEnum):
    """Who may collect for one another."""

    HOUSEHOLD = "household"
    TEAM = "team"


class BadgeState(StrEnum):
    """A badge opens a card only while it is active."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Role(StrEnum):
    """What a keeper may do; enforced by the services."""

    KEEPER = "keeper"
    SUPERVISOR = "supervisor"
    EVENING = "evening"
    AUDITOR = "auditor"


class Exchange(StrEnum):
    """The one visible state of a row on its way to the district (DOMAIN.md section 2, rule 4)."""

    LOCAL = "local"
    PACKED = "packed"
    RECEIPTED = "receipted"
    REFUSED = "refused"


class Op(StrEnum):
    """What was done: one operation is one transaction is one undo step."""

    SET_UP = "set_up"
    SETTING = "setting"
    ADD_KEEPER = "add_keeper"
    CHANGE_KEEPER = "change_keeper"
    BEGIN_SHIFT = "begin_shift"
    END_SHIFT = "end_shift"
    OPEN_STATION = "open_station"
    CLOSE_STATION = "close_station"
    REGISTER = "register"
    CHANGE_PERSON = "change_person"
    IMPORT_PEOPLE = "import_people"
    ERASE_PERSON = "erase_person"
    FORGET = "forget"
    MERGE_PEOPLE = "merge_people"
    LINK_PEOPLE = "link_people"
    ISSUE_BADGE = "issue_badge"
    REVOKE_BADGE = "revoke_badge"
    PRINT_BADGES = "print_badges"
    CHECK_IN = "check_in"
    TALLY = "tally"
    SET_COUNT = "set_count"
    PAPER_SHEET = "paper_sheet"
    CHANGE_VISIT = "change_visit"
    FEEDBACK = "feedback"
    USE_AMENITY = "use_amenity"
    ADD_ITEM = "add_item"
    CHANGE_ITEM = "change_item"
    SET_QUOTA = "set_quota"
    IMPORT_ITEMS = "import_items"
    RECEIVE = "receive"
    HANDOUT = "handout"
    COUNT_STOCK = "count_stock"
    RETURN_STOCK = "return_stock"
    ASSEMBLE = "assemble"
    TRANSFER = "transfer"
    VOID_SUPPLY = "void_supply"
    SET_CAMPAIGN = "set_campaign"
    ORDER_SUPPLIES = "order_supplies"
    SET_WEATHER = "set_weather"
    REFUSE = "refuse"
    ADD_REQUEST = "add_request"
    REQUEST_STEP = "request_step"
    ADD_PICTURES = "add_pictures"
    REMOVE_PICTURE = "remove_picture"
    COVER_PICTURE = "cover_picture"
    ADD_ASSET = "add_asset"
    CHANGE_ASSET = "change_asset"
    MOVE_ASSET = "move_asset"
    LEND = "lend"
    END_LOAN = "end_loan"
    CHANGE_LOAN = "change_loan"
    ADD_EQUIPMENT = "add_equipment"
    CHANGE_EQUIPMENT = "change_equipment"
    CHECK_EQUIPMENT = "check_equipment"
    REPORT_FAULT = "report_fault"
    REPAIR = "repair"
    CHANGE_MEDICINE = "change_medicine"
    CHECK_MEDICINE = "check_medicine"
    CHECK_POINTS = "check_points"
    HOUSE_CHECK = "house_check"
    CLOSED_DAY = "closed_day"
    HAND_OVER = "hand_over"
    DUTY_LOG = "duty_log"
    EMERGENCY = "emergency"
    LOST_PROPERTY = "lost_property"
    ADD_VOICE = "add_voice"
    NOTE_REQUEST = "note_request"
    OPEN_BOX = "open_box"
    SAME_MATTER = "same_matter"
    KEEP_TEMPLATE = "keep_template"
    PLAN_MEETING = "plan_meeting"
    CLOSE_BATCH = "close_batch"
    ENROL = "enrol"
    APPLY_PACK = "apply_pack"
    TAKE_IN = "take_in"
    NOTE_CALL = "note_call"
    CLOSE_MONTH = "close_month"
    ALLOCATE = "allocate"
    POST_NOTICE = "post_notice"
    DRAFT_RULES = "draft_rules"
    SWITCH_RULES = "switch_rules"
    EXPORT_DATA = "export_data"
    EXPORT_REPORT = "export_report"
    BIND_FORM = "bind_form"
    PUT_BACK = "put_back"
    UNDO = "undo"


NOT_UNDOABLE = frozenset(
    {
        Op.SET_UP, Op.ERASE_PERSON, Op.FORGET, Op.REFUSE, Op.CLOSE_BATCH, Op.ENROL, Op.APPLY_PACK, Op.TAKE_IN, Op.UNDO, Op.ADD_KEEPER,
        Op.EXPORT_DATA, Op.PUT_BACK, Op.SWITCH_RULES, Op.EXPORT_REPORT, Op.BIND_FORM, Op.PRINT_BADGES,
        Op.NOTE_REQUEST,
    }
)  # fmt: skip
"""Operations that stay (DECISIONS.md 3): what left the house, what was erased, and undo itself."""


# --- who may do what -----------------------------------------------------------------------------------------------------

MAY: Mapping[Role, frozenset[Op]] = {
    Role.SUPERVISOR: frozenset(Op),
    Role.KEEPER: frozenset(Op)
    - {Op.SET_UP, Op.SETTING, Op.ADD_KEEPER, Op.CHANGE_KEEPER, Op.ENROL, Op.TAKE_IN, Op.EXPORT_DATA, Op.PUT_BACK, Op.SWITCH_RULES},
    Role.EVENING: frozenset(
        {
            Op.BEGIN_SHIFT, Op.END_SHIFT, Op.OPEN_STATION, Op.CLOSE_STATION, Op.REGISTER, Op.CHECK_IN, Op.TALLY, Op.SET_COUNT,
            Op.CHANGE_VISIT, Op.USE_AMENITY, Op.HANDOUT, Op.RETURN_STOCK, Op.SET_WEATHER, Op.REFUSE, Op.ADD_REQUEST, Op.ADD_PICTURES,
            Op.ADD_VOICE, Op.FEEDBACK,
            Op.LEND, Op.END_LOAN, Op.REPORT_FAULT, Op.CHECK_MEDICINE, Op.HOUSE_CHECK, Op.HAND_OVER, Op.DUTY_LOG, Op.EMERGENCY,
            Op.LOST_PROPERTY,
            Op.UNDO,
        }
    ),
    Role.AUDITOR: frozenset(),
}  # fmt: skip
"""What each role may do. An evening keeper registers only the nameless and takes back only what they did today themselves."""

KIOSK = frozenset({Op.CHECK_IN, Op.TALLY, Op.FEEDBACK, Op.REFUSE})
"""All that is done at a screen left to the visitors, whoever started it."""

SEES_PEOPLE = frozenset({Role.SUPERVISOR, Role.KEEPER})
"""Who is shown names, phones and what people said; everybody else gets them masked."""

SEES_TRAIL = frozenset({Role.SUPERVISOR, Role.AUDITOR})
"""Who reads who did what when."""

OWN_SETTINGS = frozenset(
    {"large_type", "dark", "language", "last_folder", "scan_gap", "scan_suffix", "print_offset", "print_form", "print_back", "ledger_span"}
)
"""Settings of whoever sits there, not of the station: the look of the screen, the folder last exported to, the days last looked at,
the scanner and the printer at hand."""


def may(role: Role, op: Op, acting: str = "", details: Mapping[str, Any] | None = None) -> bool:
    """Whether a role may do an operation; ``details`` are those of the operation.

    Whoever works here (``acting``, "" for nobody) may change their own PIN and password, and the look of the screen they sit at.
    """
    if op in MAY[role]:
        return True
    if not acting:
        return False
    told = details or {}
    if op is Op.CHANGE_KEEPER:
        return told.get("keeper") == acting and told.keys() <= {"keeper", "password"}
    return op is Op.SETTING and told.get("name") in OWN_SETTINGS


# --- what an operation did -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changes:
    """What one operation changed: the operation's id and kind, the tables touched and the ids of their rows."""

    operation: str
    op: Op
    rows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def tables(self) -> frozenset[str]:
        """The names of the tables touched."""
        return frozenset(self.rows)

    @property
    def undoable(self) -> bool:
        """Whether Ctrl+Z can take it back."""
        return self.op not in NOT_UNDOABLE and bool(self.rows)


# --- records -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Station:
    """The station as its district knows it. ``zone`` is an IANA name; hours are "HH:MM" local time."""

    id: str
    code: str
    letter: str
    name: str
    district_code: str
    district_name: str
    opens: str
    closes: str
    zone: str
    phone: str = ""
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody who works at the desk."""

    id: str
    name: str
    role: Role
    active: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """A regular. ``name`` and ``phone`` are "" for a nameless badge or after erasure, ``notice_version`` what they agreed to.

    ``away`` is where somebody whose badge is of another station is at home: its name, "?" where the district has not told.
    """

    id: str
    occupation: Occupation
    platform: str
    consent: Consent
    registered_on: str
    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    card_number: str = ""
    badge_code: str = ""
    visits: int = 0
    last_visit: str = ""
    erased: bool = False
    notice_version: int | None = None
    away: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One line of the visits ledger. A tally has no person and counts ``person_times`` people."""

    id: str
    time: str
    business_date: str
    occupation: Occupation
    person_times: int
    recorded: Recorded
    person_id: str | None = None
    void_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A supply. ``most_per_day`` is its plain quota per person and local day, None without one; ``balance`` in units.

    ``spec`` is its size (规格), ``place`` where it is kept; ``kit`` when it is made of other items;
    ``collect``: people of one circle may take it along for one another.
    """

    id: str
    name: str
    unit: str
    kind: ItemKind
    rank: int
    low_level: int = 0
    alcohol: bool = False
    first_month: int = 1
    last_month: int = 12
    most_per_day: int | None = None
    balance: int = 0
    next_expiry: str | None = None
    active: bool = True
    medicine: bool = False
    barcode: str = ""
    spec: str = ""
    place: str = ""
    kit: bool = False
    collect: bool = False


@dataclass(frozen=True, slots=True)
class Handout:
    """What was given to whom; ``short`` when the book held less than was given, ``already_given`` when recorded late."""

    id: str
    time: str
    business_date: str
    item_id: str
    quantity: int
    person_id: str | None
    occupation: Occupation | None
    short: bool = False
    already_given: bool = False
    void_reason: str | None = None
    campaign_id: str | None = None
    collected_by: str | None = None


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One state a request reached, by which side ("station", "district", or "elsewhere": another station), with what was said.

    ``voice_id`` is set where it is about somebody who joined the request, "" where it is about the request itself.
    """

    id: str
    time: str
    state: RequestState
    side: str
    keeper: str = ""
    unit: str = ""
    note: str = ""
    verdict: Verdict | None = None
    voice_id: str = ""


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who says the same as a request that is there already. ``told`` is their own verdict, None before they were told."""

    id: str
    request_id: str
    time: str
    channel: Channel
    person_id: str | None = None
    contact: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    told: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request. ``number`` is said to people (``YQ-A-2026-0112``); ``due`` is ISO 8601; ``forgotten``: its words are gone.

    ``grid`` is the cell a clue lies in, ``sealed``: only the district reads its words, ``voices`` how many joined it,
    ``box_opening_id`` the opening it was taken down at. ``slip`` are the digits of its slip, where they were asked for.
    """

    id: str
    number: str
    time: str
    business_date: str
    kind: RequestKind
    category: Category | ListedCategory
    channel: Channel
    urgency: Urgency
    state: RequestState
    text: str
    due: str
    person_id: str | None = None
    place: str = ""
    contact: str = ""
    exchange: Exchange = Exchange.LOCAL
    verdict: Verdict | None = None
    steps: tuple[RequestStep, ...] = ()
    forgotten: bool = False
    grid: str = ""
    sealed: bool = False
    voices: int = 0
    box_opening_id: str | None = None
    slip: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a request: the ``rank``-th, its bytes as it crosses and their SHA-256 (hex).

    ``shows`` is "before" or "after" whatever was done about it, "" where that was not said.
    """

    id: str
    request_id: str
    time: str
    rank: int
    bytes: int
    sha256: str
    shows: str = ""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One operation as the desk's log shows it; ``details`` are codes and names, no sentences."""

    operation: str
    op: Op
    time: str
    business_date: str
    keeper: str
    details: Mapping[str, Any]
    undone: bool = False
    undoable: bool = False
    exchange: Exchange = Exchange.LOCAL


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a span of business dates, both ends included; keys are codes, items by their recorded name."""

    first: str
    last: str
    person_times: int
    unique_people: int
    registered: int
    anonymous: int
    open_days: int
    by_day: Mapping[str, int]
    by_hour: Mapping[int, int]
    by_occupation: Mapping[str, int]
    by_platform: Mapping[str, int]
    by_amenity: Mapping[str, int]
    handouts: Mapping[str, int]
    balances: Mapping[str, int]
    requests: Mapping[str, int]
    by_weekday_hour: Mapping[tuple[int, int], int] = field(default_factory=dict)
    registered_by_day: Mapping[str, int] = field(default_factory=dict)
    by_mood: Mapping[str, int] = field(default_factory=dict)
