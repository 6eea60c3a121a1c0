"""A roster of regulars: sheet and columns -> rows with their fate, as far as the file and those already known decide.

Rules: DECISIONS.md "Roster import". Pure apart from the lookups it is handed: nothing is written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ...errors import UserMistake
from ...model import Occupation
from .headings import Columns, Fate, Reason, RowRefused, check_row, key, list_rows, serial_places, tidy, vocabulary
from .tabular import Row, Sheet

MAX_NAME = 60
MAX_PLATFORM = 60


class PersonField(StrEnum):
    """What a roster may say about a person."""

    NAME = "name"
    PHONE = "phone"
    OCCUPATION = "occupation"
    PLATFORM = "platform"
    CONSENT = "consent"


PEOPLE = vocabulary(
    {
        PersonField.NAME: "姓名 名字 人员姓名 小哥姓名 骑手姓名 真实姓名 称呼 fullname",
        PersonField.PHONE: "电话 手机 手机号 手机号码 联系电话 电话号码 联系方式 联系手机 移动电话 "
        "電話 手機 手機號碼 mobile tel telephone phonenumber",
        PersonField.OCCUPATION: "人员类别 职业 类别 工种 类型 职业类别 人员类型 群体 群体类别 岗位 "
        "從業類別 職業 類別 category job",
        PersonField.PLATFORM: "所属平台/单位 所属平台 所属单位 单位 平台 公司 工作单位 平台/单位 单位/平台 所属公司 "
        "企业 站点 單位 平臺 employer company platform/employer",
        PersonField.CONSENT: "同意告知书 是否同意 同意 告知书 是否同意告知书 知情同意 是否知情同意 是否签字 签字 "
        "是否签署 同意书 agreed",
    }
)
"""Heading -> field."""

_OCCUPATIONS: dict[Occupation, str] = {
    Occupation.RIDER: "外卖骑手 骑手 外卖小哥 外卖员 外卖 外卖配送员 送餐员 送餐小哥 闪送 闪送员 跑腿 "
    "跑腿小哥 配送员 众包骑手 专送骑手 外賣員 delivery_rider delivery",
    Occupation.COURIER: "快递员 快递小哥 快递 快递员工 快递业务员 揽投员 投递员 邮递员 快件员 快遞員",
    Occupation.RIDE_HAIL_DRIVER: "网约车司机 网约车 网约车师傅 网约车驾驶员 滴滴司机 滴滴 专车司机 快车司机 "
    "出租车司机 出租车 的哥 的士司机 ride-haildriver ride-hail ride_hail",
    Occupation.TRUCK_DRIVER: "货车司机 货车 货车师傅 卡车司机 卡车 货运 货运司机 货运员 货拉拉司机 "
    "大货车司机 貨車司機 truck",
    Occupation.SANITATION_WORKER: "环卫工人 环卫 环卫工 环卫师傅 环卫工作者 保洁 保洁员 清洁工 清扫工 "
    "環衛工人 sanitation cleaner",
    Occupation.RESIDENT: "居民 社区居民 住户 群众 附近居民 市民",
    Occupation.OTHER: "其他 其它 其他人员 其他从业者 其他类别 others",
}
_OCCUPATION = vocabulary(_OCCUPATIONS)
_PARTS = (
    ("网约", Occupation.RIDE_HAIL_DRIVER), ("出租", Occupation.RIDE_HAIL_DRIVER), ("滴滴", Occupation.RIDE_HAIL_DRIVER),
    ("货车", Occupation.TRUCK_DRIVER), ("卡车", Occupation.TRUCK_DRIVER), ("货运", Occupation.TRUCK_DRIVER),
    ("环卫", Occupation.SANITATION_WORKER), ("保洁", Occupation.SANITATION_WORKER), ("快递", Occupation.COURIER),
    ("骑手", Occupation.RIDER), ("外卖", Occupation.RIDER), ("闪送", Occupation.RIDER), ("居民", Occupation.RESIDENT),
)  # fmt: skip
"""Telling parts of longer words ("美团外卖骑手（专送）"), asked in this order when the whole word is unknown."""

def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words("是 有 同意 已同意 已签 已签字 已签署 签 已阅 愿意 √ ✓ ✔ ☑ v y yes true 1 ok agreed")
_NO = _words("否 不 不同意 未同意 未签 未签字 未签署 不愿意 拒绝 × ✗ ✘ ☐ x n no false 0")
_SIGNED_ON = re.compile(r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?")


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row as understood. ``line`` counts from 1 as a spreadsheet shows it.

    ``name`` and ``phone`` are as read, for matching during the import; what may be kept are ``kept_name`` and
    ``kept_phone``. A merged row goes into the regular ``into_person``, or into what became of the earlier row
    ``into_line`` of this file; both are empty when the regular of an earlier import is gone since. ``alike`` names
    regulars, ``alike_lines`` earlier rows, that may be the same person: taken as new, a person decides.
    ``material`` is what stays the same about the row when its file comes again; only a keyed digest of it may be kept.
    """

    line: int
    name: str = ""
    phone: str = ""
    occupation: Occupation = Occupation.OTHER
    platform: str = ""
    consent: bool = False
    fate: Fate = Fate.TAKE
    reason: Reason | None = None
    notes: tuple[Reason, ...] = ()
    material: bytes = b""
    into_person: str = ""
    into_line: int = 0
    alike: tuple[str, ...] = ()
    alike_lines: tuple[int, ...] = ()

    @property
    def kept_name(self) -> str:
        """The name that may be kept: none without consent."""
        return self.name if self.consent else ""

    @property
    def kept_phone(self) -> str:
        """The phone that may be kept: none without consent."""
        return self.phone if self.consent else ""

    @property
    def to_decide(self) -> bool:
        """Whether a person has to say if this is somebody known."""
        return bool(self.alike or self.alike_lines)


@dataclass(frozen=True, slots=True)
class RosterPlan:
    """What an import would do, row by row: ``rows = taken + merged + refused``; ``nameless`` is a part of taken."""

    file_name: str
    sheet_name: str
    fingerprint: str
    rows: tuple[RosterRow, ...]
    consent_on_paper: date | None = None

    def _count(self, fate: Fate) -> int:
        return sum(row.fate is fate for row in self.rows)

    @property
    def taken(self) -> int:
        """Rows that become new regulars."""
        return self._count(Fate.TAKE)

    @property
    def merged(self) -> int:
        """Rows of people who are known, or stand earlier in the file."""
        return self._count(Fate.MERGE)

    @property
    def refused(self) -> int:
        """Rows that change nothing."""
        return self._count(Fate.REFUSE)

    @property
    def nameless(self) -> int:
        """New regulars who get a nameless badge."""
        return sum(row.fate is Fate.TAKE and not row.kept_name for row in self.rows)

    @property
    def to_decide(self) -> int:
        """New regulars who may be somebody known."""
        return sum(row.to_decide for row in self.rows)


# --- one cell --------------------------------------------------------------------------------------------------------

_DOT_IN_NAME = re.compile(r"(?<=[^\W\d_a-zA-Z])[.。](?=[^\W\d_a-zA-Z])")
_AROUND_PHONE = re.compile(r"[\s()'‐-―.·-]")
_MOBILE = re.compile(r"(?:(?:\+|00)?86)?(1[3-9][0-9]{9})", re.ASCII)


def normal_name(text: str) -> str:
    """A name as this house writes it: 买买提•艾力 and 买买提.艾力 -> 买买提·艾力; rare characters stay."""
    return _DOT_IN_NAME.sub("·", tidy(text)) if "." in text or "。" in text or "．" in text else tidy(text)


def normal_phone(text: str) -> str:
    """An 11-digit mobile number of the mainland, plain digits without +86, spaces or dashes; "" for anything else."""
    text = unicodedata.normalize("NFKC", text).strip().removesuffix(".0")
    found = _MOBILE.fullmatch(_AROUND_PHONE.sub("", text))
    return found[1] if found else ""


def occupation_of(text: str) -> Occupation | None:
    """The occupation a word means: a synonym, a code, or a longer word that holds a telling part; None when none is."""
    word = re.sub(r"[\s_*:#.、]", "", key(tidy(text)))
    exact = _OCCUPATION.get(word)
    return exact or next((occupation for part, occupation in _PARTS if part in word), None)


def yes_or_no(text: str) -> bool | None:
    """What a tick means: True, False, or None for nothing that can be understood."""
    word = key(text.strip())
    if word in _YES or _SIGNED_ON.match(word):
        return True
    return False if word in _NO else None


# --- the file alone --------------------------------------------------------------------------------------------------


def plan_people(
    sheet: Sheet, columns: Columns[PersonField], *, consent_on_paper: date | None = None, most: int | None = None
) -> RosterPlan:
    """The rows as far as the file alone decides: taken or refused. ``find_duplicates`` comes next.

    ``consent_on_paper`` is the day on which everybody agreed on paper; a row that says no stays a no. ``most`` rows are
    enough for a preview. Raises UserMistake when no column says who people are.
    """
    if not columns.places.keys() & {PersonField.NAME, PersonField.PHONE, PersonField.OCCUPATION}:
        raise UserMistake("rosters.no_person_column", name=sheet.file_name)
    serial = serial_places(sheet.headings)
    occurrences: Counter[tuple[str, ...]] = Counter()
    rows = []
    for index, cells in list_rows(sheet, most):
        try:
            check_row(sheet, index, columns, serial)
            row = _row(index + 1, cells, columns, on_paper=consent_on_paper is not None)
        except RowRefused as refusal:
            rows.append(RosterRow(index + 1, fate=Fate.REFUSE, reason=refusal.reason))
            continue
        identity = _identity(row)
        occurrences[identity] += 1
        rows.append(replace(row, material=_material(identity, occurrences[identity])))
    return RosterPlan(sheet.file_name, sheet.name, sheet.fingerprint, tuple(rows), consent_on_paper)


def preview_people(
    sheet: Sheet, columns: Columns[PersonField], *, consent_on_paper: date | None = None, most: int = 8
) -> list[tuple[Row, RosterRow]]:
    """The first rows as they stand in the file, each beside what is understood."""
    plan = plan_people(sheet, columns, consent_on_paper=consent_on_paper, most=most)
    return [(sheet.rows[row.line - 1], row) for row in plan.rows]


def _row(line: int, cells: Sequence[str], columns: Columns[PersonField], *, on_paper: bool) -> RosterRow:
    name = normal_name(columns.text(cells, PersonField.NAME))
    phone_text = tidy(columns.text(cells, PersonField.PHONE))
    occupation_text = tidy(columns.text(cells, PersonField.OCCUPATION))
    platform = tidy(columns.text(cells, PersonField.PLATFORM))
    if not (name or phone_text or occupation_text):
        raise RowRefused("rosters.row_nobody")
    for text, most, place in ((name, MAX_NAME, PersonField.NAME), (platform, MAX_PLATFORM, PersonField.PLATFORM)):
        if len(text) > most:
            raise RowRefused("rosters.row_too_long", column=columns.heading(columns.places[place]), most=most)
    notes = []
    phone = normal_phone(phone_text)
    if phone_text and not phone:
        notes.append(Reason("rosters.note_wrong_phone", {"phone": phone_text}))
    occupation = occupation_of(occupation_text)
    if occupation is None:
        word = "rosters.note_unknown_occupation" if occupation_text else "rosters.note_no_occupation"
        notes.append(Reason(word, {"text": occupation_text} if occupation_text else {}))
    consent_text = columns.text(cells, PersonField.CONSENT).strip()
    consent = yes_or_no(consent_text) if consent_text else on_paper
    if consent is None:
        notes.append(Reason("rosters.note_unclear_consent", {"text": consent_text}))
    return RosterRow(line, name, phone, occupation or Occupation.OTHER, platform, bool(consent), notes=tuple(notes))


def _identity(row: RosterRow) -> tuple[str, ...]:
    """What makes two rows one person without asking: phone and name together; else all that stands there."""
    if row.phone and row.name:
        return ("person", row.phone, key(row.name))
    return ("row", row.phone, key(row.name), row.occupation.value, key(row.platform))


def _material(identity: tuple[str, ...], occurrence: int) -> bytes:
    """Rows that say the same are told apart by their number among their like: two nameless riders stay two.

    Phone and name together are one person however often they stand there.
    """
    number = 1 if identity[0] == "person" else occurrence
    return "\x1f".join((*identity, str(number))).encode("utf-8", "surrogatepass")


# --- those already known ---------------------------------------------------------------------------------------------


def _nobody(*_: object) -> None:
    return None


def _no_one(*_: object) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Known:
    """How to ask who is known already; each answer names regulars by id.

    ``by_phone(phone, name)`` has both equal; ``by_name(name, occupation, platform)`` are all with the three equal;
    ``seen(material)`` became of the same row at an earlier import: None when it never was imported, "" when that
    regular is gone since.
    """

    by_phone: Callable[[str, str], str | None] = _nobody
    by_name: Callable[[str, Occupation, str], Sequence[str]] = _no_one
    seen: Callable[[bytes], str | None] = _nobody


def find_duplicates(plan: RosterPlan, known: Known) -> RosterPlan:
    """The fates settled: who is merged into whom, and who may be somebody known.

    Merged are rows with equal phone and equal name, and rows of a list that was imported before. A row without both
    counts as imported before only when at least half of the list was: in another list it may be a namesake, so then it
    is listed to be decided (DECISIONS.md "Roster import").
    """
    sound = [row for row in plan.rows if row.fate is not Fate.REFUSE]
    before = {row.line: person for row in sound if (person := known.seen(row.material)) is not None}
    same_list = 2 * len(before) >= len(sound)
    by_phone: dict[tuple[str, str], int] = {}
    by_name: dict[tuple[str, Occupation, str], list[RosterRow]] = {}
    rows = []
    for row in plan.rows:
        if row.fate is not Fate.REFUSE:
            merged = _merged(row, known, before, by_phone, same_list=same_list)
            row = merged or _taken(row, known, before, by_phone, by_name)
        rows.append(row)
    return replace(plan, rows=tuple(rows))


def _merged(
    row: RosterRow, known: Known, before: Mapping[int, str], by_phone: Mapping[tuple[str, str], int], *, same_list: bool
) -> RosterRow | None:
    """The row merged, or None when nothing says that it is somebody known."""
    both = bool(row.phone and row.name)
    person = known.by_phone(row.phone, row.name) if both else None
    if person:
        return replace(row, fate=Fate.MERGE, into_person=person, reason=Reason("rosters.merged_known"))
    if row.line in before and (both or same_list):
        return replace(row, fate=Fate.MERGE, into_person=before[row.line], reason=Reason("rosters.merged_again"))
    line = by_phone.get((row.phone, key(row.name))) if both else None
    if line:
        return replace(row, fate=Fate.MERGE, into_line=line, reason=Reason("rosters.merged_line", {"line": line}))
    return None


def _taken(
    row: RosterRow,
    known: Known,
    before: Mapping[int, str],
    by_phone: dict[tuple[str, str], int],
    by_name: dict[tuple[str, Occupation, str], list[RosterRow]],
) -> RosterRow:
    """The row taken as new, with those who may be the same; remembered for the rows after it."""
    if row.phone and row.name:
        by_phone[row.phone, key(row.name)] = row.line
    if not row.name:
        return row
    namesakes = by_name.setdefault((key(row.name), row.occupation, key(row.platform)), [])
    lines = tuple(other.line for other in namesakes if not (row.phone and other.phone))
    people: tuple[str, ...] = ()
    if not row.phone:
        found = (*known.by_name(row.name, row.occupation, row.platform), before.get(row.line, ""))
        people = tuple(dict.fromkeys(person for person in found if person))
    namesakes.append(row)
    if people:
        return replace(row, alike=people, alike_lines=lines, reason=Reason("rosters.alike_known", {"n": len(people)}))
    if lines:
        return replace(row, alike_lines=lines, reason=Reason("rosters.alike_line", {"line": lines[0]}))
    return row
