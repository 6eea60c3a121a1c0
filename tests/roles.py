"""Every service function tried by every role on a small station, and the table of it in docs/roles.md.

``python -m tests.roles`` writes the table anew; tests/test_roles.py compares it with what the functions really did.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from station_app import backup, services, settings, vault, words
from station_app.db import Database
from station_app.district import store
from station_app.errors import Bug, Refused, StationError
from station_app.model import (
    MAY,
    SEES_PEOPLE,
    SEES_TRAIL,
    Amenity,
    AssetKind,
    AssetMove,
    Channel,
    CheckPart,
    ClosedReason,
    Consent,
    ItemKind,
    Keeper,
    LostState,
    Mood,
    Occupation,
    Op,
    QuotaWho,
    RepairState,
    RequestState,
    Role,
    RuleKind,
    Urgency,
    Verdict,
    WeatherLevel,
    may,
    uuid7,
)
from station_app.paths import DataFolder
from station_app.services import (
    aliases,
    answers,
    archive,
    arrivals,
    attachments,
    audit,
    averages,
    backups,
    badges,
    bindings,
    boxes,
    care,
    companions,
    deadlines,
    drill,
    duplicates,
    equipment,
    exchange,
    exported,
    feedback,
    figures,
    first_aid,
    history,
    incarnation,
    incidents,
    keepers,
    keeping,
    kept_forms,
    ledgers,
    loans,
    near,
    people,
    pictures,
    preferences,
    prints,
    privacy,
    reports,
    request_figures,
    request_notes,
    requests,
    retention,
    roaming,
    roll,
    rosters,
    rules,
    samples,
    search,
    shifts,
    slips,
    slots,
    stations,
    supplies,
    trail,
    upkeep,
    visits,
    voices,
    weather,
)  # fmt: skip
from station_app.services.supplies import (
    advice,
    campaigns,
    forecast,
    from_district,
    kept,
    kits,
    orders,
    photos,
    plans,
    quotas,
    recount,
    rehearsal,
    shelf,
    stocktakes,
    transfers,
    voids,
)
from tests.conftest import CHEAP, PASSWORD, SAMPLE, Clock
from tests.pictures import phone

DAY = "2026-07-17"
BARCODE = "6901234567892"
NAME, PHONE, WORDS = "李志强", "13912345678", "充电口不足，找我就行"
CAME = figures.Wanted("person_times", DAY, DAY)
FORM = bindings.Binding("月报.xlsx", "", (bindings.Bound("月报", "B5", "person_times"),))
DOC = Path(__file__).parent.parent / "docs" / "roles.md"
PASSWORDS = {role: f"password-of-{role.value}" for role in Role}
PINS = {role: f"864{place}" for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class World:
    """A small station with one keeper of every role, one named regular who came, asked and was given something."""

    db: Database
    who: dict[Role, Keeper]
    root: vault.Root
    named: str
    nameless: str
    visit: str
    item: str
    request: str
    card: str
    voice: str
    opening: str
    offices: list[tuple[Database, dict[Role, Keeper]]] = field(default_factory=list)
    """The district, once something is tried there, and its officers."""

    @property
    def folder(self) -> Path:
        return self.db.path.parent

    def boss(self) -> Database:
        """The store with the supervisor at work, to prepare something."""
        self.db.acting = self.who[Role.SUPERVISOR].id
        return self.db

    @property
    def office(self) -> Database:
        """The district's store, with an officer of every role."""
        if not self.offices:
            folder = self.folder / "office"
            found = store.set_up(folder, SAMPLE.district_code, SAMPLE.district_name, "王敏", PASSWORD, clock=Clock(), cost=CHEAP)
            root, _ = vault.unlock(DataFolder(folder, "district").slots, PASSWORD)
            who = {Role.SUPERVISOR: Keeper(found.acting, "王敏", Role.SUPERVISOR)}
            for role in (Role.KEEPER, Role.EVENING, Role.AUDITOR):
                who[role], _ = keepers.add(found, folder, root, role.value, role, PASSWORDS[role], cost=CHEAP)
            self.offices.append((found, who))
        return self.offices[0][0]

    def close(self) -> None:
        """Close the stores."""
        for db, _ in self.offices:
            db.close()
        self.db.close()


def world(folder: Path) -> World:
    """A station to try everything on."""
    db, first = stations.set_up(folder, SAMPLE, "王敏", PASSWORD, PINS[Role.SUPERVISOR], clock=Clock(), cost=CHEAP)
    root, _ = vault.unlock(DataFolder(folder).slots, PASSWORD)
    who = {Role.SUPERVISOR: first}
    for role in (Role.KEEPER, Role.EVENING, Role.AUDITOR):
        who[role], _ = keepers.add(db, folder, root, role.value, role, PASSWORDS[role], PINS[role], cost=CHEAP)
    named, _ = people.register(db, Occupation.RIDER, "美团", NAME, PHONE, Consent.DISTRICT)
    nameless, _ = people.register(db, Occupation.COURIER)
    came, _ = visits.check_in(db, named.badge_code)
    item, _ = supplies.add_item(db, "湿巾", "瓶", ItemKind.DRINK)
    supplies.receive(db, item.id, 20)
    request, _ = requests.add(db, WORDS, person_id=named.id, contact=PHONE)
    card, _ = keepers.make_start_card(db, folder, root)
    voice, _, _ = voices.add(db, request.id, note=WORDS)
    opening, _, _ = boxes.open_box(db, Channel.REQUEST_BOX, "王敏", "李芳")
    with db.transact(Op.APPLY_PACK) as tx:
        answers.replace(tx, KEY.hex(), [_waiting(SLIP)])
    return World(
        db, who, root, named.id, nameless.id, came.visit.id, item.id, request.id, card.slot_id, voice.id, opening.id
    )


KEY = b"\7" * 32
SLIP = slips.code(KEY)
"""The slip of another station's request, whose answer waits here."""


def _waiting(slip: str) -> tuple[str, str]:
    told = answers.Answer(
        uuid7(), "LT-A-2026-0001", "龙塔暖心驿站", "other", "help", 1, f"{DAY}T08:00:00+08:00", "", "", WORDS, "已加装", KEY
    )
    return answers.seal(KEY, slip, told)


# --- what is tried -------------------------------------------------------------------------------------------------------

Kind = Op | str
Call = Callable[[], object]
Case = tuple[Kind, Callable[[World, Role], Call]]

READ, MASKED, SIGHT, LOG, ITSELF = "read", "masked", "sight", "log", "itself"
"""Read by all; people's data masked; refused without sight of people; for supervisor and auditor; done by the program unasked."""


def _roster(w: World) -> Any:
    file = w.folder / "roster.csv"
    file.write_text("姓名,职业\n赵丽,外卖骑手\n", "utf-8-sig")
    sheet = rosters.read_sheet(file, rosters.PEOPLE)
    return rosters.plan_people(sheet, rosters.map_columns(sheet, rosters.PEOPLE))


def _kept(w: World, then: Callable[[str], object]) -> Call:
    """What is done with a form that somebody kept."""
    kept, _ = kept_forms.keep(w.boss(), "表.xlsx", b"form", FORM)
    return lambda: then(kept.id)


def _archived(w: World, role: Role) -> Call:
    """A year of the station, with papers that somebody else draws."""
    words = {"title": "2026", "read_me": "2026"}
    return lambda: archive.write(w.db, 2026, w.folder / f"archive-{role}", lambda _part: None, words)


def _exported(w: World, _role: Role) -> Call:
    """A report that was exported, and another visit since."""
    export, _ = exported.remember(w.boss(), reports.period(w.db, DAY, DAY), "pdf")
    visits.tally(w.db, Occupation.RIDER, at=datetime.fromisoformat(f"{DAY}T09:00:00+08:00"))
    (change, *_) = exported.differences(export, reports.period(w.db, DAY, DAY), upkeep.upkeep(w.db, DAY, DAY))
    return lambda: exported.why(w.db, export, change)


def _undo(w: World, role: Role) -> Call:
    w.boss()
    w.db.acting = w.who[Role.EVENING if role is Role.EVENING else Role.SUPERVISOR].id
    _, changes = visits.tally(w.db, Occupation.RIDER, 2)
    return lambda: history.undo(w.db, changes.operation)


def _undo_last(w: World, role: Role) -> Call:
    _undo(w, role)
    return lambda: history.undo_last(w.db)


def _next_day(w: World) -> None:
    assert isinstance(w.db.clock, Clock)
    w.db.clock.forward(days=1)


def _opened(w: World, _role: Role) -> Call:
    _next_day(w)
    return lambda: keepers.open_station(w.db)


def _closed(w: World, _role: Role) -> Call:
    _next_day(w)
    keepers.open_station(w.boss())
    return lambda: keepers.close_station(w.db)


def _shift(w: World, _role: Role) -> Call:
    keepers.begin_shift(w.boss())
    return lambda: keepers.end_shift(w.db)


def _tallied(w: World, _role: Role) -> Call:
    visit, _ = visits.tally(w.boss(), Occupation.RIDER, 2)
    return lambda: visits.set_count(w.db, visit.id, 3)


def _amenity(w: World, _role: Role) -> Call:
    visit, _ = visits.tally(w.boss(), Occupation.RIDER, 1)
    return lambda: visits.use_amenity(w.db, visit.id, Amenity.WATER)


def _newcomer(w: World) -> Any:
    return people.register(w.boss(), Occupation.OTHER, "", "周梅", "", Consent.STATION)[0]


def _erase(w: World, _role: Role) -> Call:
    one = _newcomer(w)
    return lambda: people.erase(w.db, one.id)


def _held(w: World, _role: Role) -> Call:
    found = privacy.held(w.boss(), w.named)
    return lambda: privacy.with_words(w.db, found)


def _revoke(w: World, _role: Role) -> Call:
    badge = badges.of_person(w.db, _newcomer(w).id)[0]
    return lambda: badges.revoke(w.db, badge.id)


def _step(w: World, _role: Role) -> Call:
    made, _ = requests.add(w.boss(), WORDS)
    return lambda: requests.step(w.db, made.id, RequestState.ACCEPTED)


def _waits(w: World, role: Role) -> Call:
    slip = slips.code(KEY, role.value)
    with w.boss().transact(Op.APPLY_PACK) as tx:
        answers.replace(tx, KEY.hex(), [_waiting(SLIP), _waiting(slip)])
    [told] = answers.waiting(w.db, slip)
    return lambda: answers.tell(w.db, slip, told.request_id, Verdict.FIXED)


def _joined(w: World, _role: Role) -> Call:
    made, _ = requests.add(w.boss(), WORDS)
    voice, _, _ = voices.add(w.db, made.id)
    requests.step(w.db, made.id, RequestState.REPLIED)
    return lambda: voices.tell(w.db, voice.id, Verdict.FIXED)


def _logo(w: World, _role: Role) -> Call:
    prints.set_logo(w.boss(), pictures.prepare(phone(64, 48)))
    return lambda: prints.remove_logo(w.db)


def _pictured(w: World, role: Role) -> Call:
    """To a request of their own: an evening keeper is shown no other."""
    w.boss()
    w.db.acting = w.who[Role.EVENING if role is Role.EVENING else Role.SUPERVISOR].id
    made, _ = requests.add(w.db, WORDS)
    return lambda: attachments.add(w.db, made.id, [pictures.prepare(phone(64, 48))])


def _shot(w: World) -> str:
    made, _ = requests.add(w.boss(), WORDS, pictures=[pictures.prepare(phone(64, 48))])
    return attachments.listing(w.db, made.id)[0].id


def _picture(w: World, _role: Role) -> Call:
    picture = _shot(w)
    return lambda: attachments.content(w.db, picture)


def _unpictured(w: World, _role: Role) -> Call:
    picture = _shot(w)
    return lambda: attachments.remove(w.db, picture)


def _noted(w: World, _role: Role) -> Call:
    one, _ = request_notes.add(w.boss(), w.request, "打过电话")
    return lambda: request_notes.remove(w.db, one.id)


def _notes(w: World, _role: Role) -> Call:
    request_notes.add(w.boss(), w.request, WORDS)
    return lambda: request_notes.listing(w.db, w.request)


def _covered(w: World, _role: Role) -> Call:
    picture = _shot(w)
    return lambda: attachments.cover(w.db, picture, [(0, 0, 20, 20)])


def _leaver(w: World, role: Role) -> Call:
    w.boss()
    one, _ = keepers.add(
        w.db, w.folder, w.root, f"来了又走 {role.value}", Role.KEEPER, f"leaver-{role.value}", cost=CHEAP
    )
    return lambda: keepers.remove(w.db, w.folder, one.id)


def _renamed(w: World, _role: Role) -> Call:
    one, _ = keepers.add(w.boss(), w.folder, w.root, f"new-{w.db.scalar('SELECT count(*) FROM keeper')}", Role.KEEPER, PASSWORD, cost=CHEAP)
    return lambda: keepers.change(w.db, one.id, f"{one.name}-named", Role.AUDITOR)


def _card(w: World, _role: Role) -> Call:
    card, _ = keepers.make_start_card(w.boss(), w.folder, w.root)
    return lambda: keepers.revoke_start_card(w.db, w.folder, card.slot_id)


def _arrival(w: World, _role: Role) -> Call:
    one = _newcomer(w)
    return lambda: visits.check_in(w.db, one.badge_code)


def _arrival_by_name(w: World, _role: Role) -> Call:
    one = _newcomer(w)
    return lambda: visits.check_in_person(w.db, one.id)


def _linked(w: World, _role: Role) -> Call:
    one, other = _newcomer(w), _newcomer(w)
    return lambda: companions.link(w.db, [one.id, other.id])


def _parted(w: World, role: Role) -> Call:
    one, other = _newcomer(w), _newcomer(w)
    companions.link(w.boss(), [one.id, other.id])
    return lambda: companions.leave(w.db, one.id)


def _companion(w: World, _role: Role) -> Call:
    one = _newcomer(w)
    companions.link(w.boss(), [one.id, w.named])
    return lambda: companions.of_person(w.db, one.id)


def _merged(w: World, _role: Role) -> Call:
    one, other = _newcomer(w), _newcomer(w)
    return lambda: duplicates.merge(w.db, one.id, other.id, "登记了两次")


def _elsewhere(w: World) -> vault.BadgeCode:
    """A badge that another computer of this station made."""
    return vault.new_badge(roaming.keys(w.db)["0"], "0", SAMPLE.district_code)


def _stranger(w: World, _role: Role) -> Call:
    came, _ = visits.check_in(w.boss(), _elsewhere(w).digits)
    return lambda: visits.set_occupation(w.db, came.visit.id, Occupation.RIDER)


def _others(w: World) -> str:
    """The keeper whose password and PIN the others try to change."""
    return w.who[Role.SUPERVISOR].id


def _plan(w: World, _role: Role) -> Call:
    w.boss()
    plan = _roster(w)
    return lambda: people.import_roster(w.db, plan)


def _items(w: World, role: Role) -> Call:
    file = w.folder / "items.csv"
    file.write_text(f"物资名称,单位,数量\n毛巾 {role.value},条,5\n", "utf-8-sig")
    sheet = rosters.read_sheet(file, rosters.ITEMS)
    plan = rosters.plan_items(sheet, rosters.map_columns(sheet, rosters.ITEMS))
    return lambda: supplies.import_items(w.db, plan)


def _kit(w: World, role: Role) -> str:
    name = f"礼包 {role.value} {len(supplies.items(w.boss()))}"
    kit, _ = supplies.add_item(w.db, name, "份", ItemKind.GIFT)
    supplies.set_parts(w.db, kit.id, {w.item: 2})
    return kit.id


def _kit_of(w: World, role: Role) -> Call:
    kit = _kit(w, role)
    return lambda: supplies.assemble(w.db, kit, 1)


def _kit_apart(w: World, role: Role) -> Call:
    kit = _kit(w, role)
    supplies.assemble(w.db, kit, 1)
    return lambda: supplies.take_apart(w.db, kit, 1)


def _parts(w: World, role: Role) -> Call:
    kit = _kit(w, role)
    return lambda: supplies.set_parts(w.db, kit, {w.item: 3})


def _rule(w: World, call: Callable[[str], object]) -> Call:
    made, _ = quotas.save(w.boss(), quotas.Rule(items=frozenset({w.item}), most=90, who=QuotaWho.STATION))
    return lambda: call(made.id)


def _campaign(w: World, call: Callable[[str], object]) -> Call:
    """Of another item than the one that is handed out: its share would stand in the way."""
    soap = supplies.by_name(w.boss(), "肥皂") or supplies.add_item(w.db, "肥皂", "块", ItemKind.OTHER)[0]
    made, _ = campaigns.save(w.db, campaigns.Campaign("", "", "骑手节", DAY, "2026-12-31", {soap.id: 1}))
    supplies.hand_out(w.db, soap.id, person_id=w.named, given=True)
    return lambda: call(made.id)


def _counted(w: World, call: Callable[[stocktakes.Stocktake], object]) -> Call:
    supplies.count_stock(w.boss(), w.item, 17)
    return lambda: call(stocktakes.listing(w.db, w.item)[0])


def _sent(w: World, call: Callable[[str], object]) -> Call:
    made, _ = transfers.send(w.boss(), w.item, 1, "北街驿站")
    return lambda: call(made.id)


def _received(w: World, _role: Role) -> Call:
    changes = supplies.receive(w.boss(), w.item, 4)
    return lambda: voids.void(w.db, changes.rows["movement"][0], "记错了")


def _expired(w: World, _role: Role) -> Call:
    supplies.receive(w.boss(), w.item, 3, lot="旧", expiry="2026-07-01")
    return lambda: supplies.expire(w.db, w.item)


def _promised(w: World, _role: Role) -> Call:
    one = {"id": uuid7(), "time": w.db.stamp().time, "item_name": "退热贴", "unit": "盒", "kind": "cooling", "quantity": 6, "note": ""}
    with w.boss().transact(Op.APPLY_PACK) as tx:
        arrivals.replace(tx, [], [one])
        tx.details["no"] = 1
    return lambda: arrivals.receive(w.db, one["id"])


def _rehearse(w: World, _role: Role) -> Call:
    backup.make(w.boss(), backup.Reason.MANUAL)
    return lambda: backups.rehearse(w.db)


def _own_password(w: World, role: Role) -> Call:
    vault.add(DataFolder(w.folder).slots, w.root, w.who[role].id, PASSWORDS[role], cost=CHEAP)
    return lambda: slots.by_password(w.db, PASSWORDS[role])


def _unlock(w: World, role: Role) -> Call:
    def wrong_then_right() -> object:
        with suppress(Refused):
            keepers.unlock_screen(w.db, w.who[role].id, "0000")
        return keepers.unlock_screen(w.db, w.who[role].id, PINS[role])

    return wrong_then_right


def _number(w: World) -> str:
    return str(w.db.scalar("SELECT number FROM request ORDER BY number LIMIT 1"))


def plain(kind: Kind, call: Callable[[World], object]) -> Case:
    """A case that needs nothing prepared."""
    return kind, lambda w, _role: lambda: call(w)


def _planned(w: World) -> str:
    return plans.make(w.office, "骑手节", DAY, DAY, "礼包", "份", ItemKind.GIFT)[0]


def _plan_made(w: World) -> str:
    office = w.office
    office.acting = w.offices[0][1][Role.SUPERVISOR].id
    return _planned(w)


def _plan_to_withdraw(w: World, _role: Role) -> Call:
    code = _plan_made(w)
    return lambda: plans.withdraw(w.office, code)


def _plan_to_resume(w: World, _role: Role) -> Call:
    code = _plan_made(w)
    plans.withdraw(w.office, code)
    return lambda: plans.resume(w.office, code)


def _plan_named(w: World, _role: Role) -> Call:
    code = _plan_made(w)
    return lambda: plans.named(w.office, code)


def _thing(w: World) -> loans.Asset:
    name = f"雨伞 {uuid7()[-6:]}"
    return loans.add(w.boss(), name, AssetKind.UMBRELLA)[0][0]


def _lent(w: World) -> loans.Loan:
    return loans.lend(w.boss(), _thing(w).id)[0]


def _piece(w: World) -> equipment.Equipment:
    return equipment.add(w.boss(), "微波炉", check_days=30)[0]


def _broken(w: World) -> equipment.Repair:
    return equipment.report(w.boss(), _piece(w).id, "不加热")[0]


def _medicine(w: World) -> first_aid.Medicine:
    return first_aid.add(w.boss(), f"碘伏 {uuid7()[-6:]}", "瓶", quantity=2)[0]


def _on(prepare: Callable[[World], Any], call: Callable[[World, Any], object]) -> Callable[[World, Role], Call]:
    """A case about something that is there before it."""

    def case(w: World, _role: Role) -> Call:
        there = prepare(w)
        return lambda: call(w, there)

    return case


def _glove(w: World) -> incidents.LostItem:
    return incidents.found(w.boss(), "手套")[0]


def _emergency(w: World) -> incidents.Emergency:
    return incidents.stamp(w.boss())[0]


def _handed_over(w: World, role: Role) -> Call:
    keepers.begin_shift(w.boss())
    others = w.who[Role.KEEPER if role is Role.SUPERVISOR else Role.EVENING]
    return lambda: shifts.hand_over(w.db, others.id)


def _to_close(w: World) -> date:
    day = date(2027, 1, 1)
    shifts.close_days(w.boss(), day, day, ClosedReason.HOLIDAY)
    return day


LATER = date(2027, 5, 1)

CASES: dict[str, Case] = {
    "aliases.expected": plain(READ, lambda w: aliases.expected(w.db)),
    "aliases.final": plain(READ, lambda w: aliases.final(w.db, w.named)),
    "aliases.finals": plain(READ, lambda w: aliases.finals(w.db, [w.named])),
    "aliases.members": plain(READ, lambda w: aliases.members(w.db, w.named)),
    "answers.brought": plain(READ, lambda w: answers.brought(w.db)),
    "answers.by_slip": plain(MASKED, lambda w: answers.by_slip(w.db, SLIP)),
    "answers.tell": (Op.REQUEST_STEP, _waits),
    "answers.waiting": plain(MASKED, lambda w: answers.waiting(w.db, SLIP)),
    "equipment.add": plain(Op.ADD_EQUIPMENT, lambda w: equipment.add(w.db, "微波炉")),
    "equipment.change": (Op.CHANGE_EQUIPMENT, _on(_piece, lambda w, one: equipment.change(w.db, one.id, place="窗边"))),
    "equipment.check": (Op.CHECK_EQUIPMENT, _on(_piece, lambda w, one: equipment.check(w.db, one.id))),
    "equipment.checks": (READ, _on(_piece, lambda w, one: equipment.checks(w.db, one.id))),
    "equipment.due": plain(READ, lambda w: equipment.due(w.db)),
    "equipment.get": (READ, _on(_piece, lambda w, one: equipment.get(w.db, one.id))),
    "equipment.listing": plain(READ, lambda w: equipment.listing(w.db)),
    "equipment.named": (READ, _on(_piece, lambda w, one: equipment.named(w.db, one.code))),
    "equipment.repair": (Op.REPAIR, _on(_broken, lambda w, one: equipment.repair(w.db, one.id, RepairState.UNDER_WAY))),
    "equipment.repair_of": (READ, _on(_broken, lambda w, one: equipment.repair_of(w.db, one.id))),
    "equipment.repairs": plain(READ, lambda w: equipment.repairs(w.db)),
    "equipment.report": (Op.REPORT_FAULT, _on(_piece, lambda w, one: equipment.report(w.db, one.id, "不加热"))),
    "first_aid.add": plain(Op.CHANGE_MEDICINE, lambda w: first_aid.add(w.db, f"创可贴 {uuid7()[-6:]}", "片")),
    "first_aid.all_fine": (Op.CHECK_MEDICINE, _on(_medicine, lambda w, _one: first_aid.all_fine(w.db))),
    "first_aid.change": (Op.CHANGE_MEDICINE, _on(_medicine, lambda w, one: first_aid.change(w.db, one.id, least=2))),
    "first_aid.checks": (READ, _on(_medicine, lambda w, one: first_aid.checks(w.db, one.id))),
    "first_aid.get": (READ, _on(_medicine, lambda w, one: first_aid.get(w.db, one.id))),
    "first_aid.listing": plain(READ, lambda w: first_aid.listing(w.db)),
    "first_aid.look": (Op.CHECK_MEDICINE, _on(_medicine, lambda w, one: first_aid.look(w.db, one.id, 1))),
    "first_aid.named": (READ, _on(_medicine, lambda w, one: first_aid.named(w.db, one.name))),
    "first_aid.warnings": plain(READ, lambda w: first_aid.warnings(w.db)),
    "incidents.by_number": (READ, _on(_glove, lambda w, one: incidents.by_number(w.db, one.number))),
    "incidents.emergencies": plain(READ, lambda w: incidents.emergencies(w.db, DAY, DAY)),
    "incidents.emergency": (READ, _on(_emergency, lambda w, one: incidents.emergency(w.db, one.id))),
    "incidents.found": plain(Op.LOST_PROPERTY, lambda w: incidents.found(w.db, "手套")),
    "incidents.lost_item": (READ, _on(_glove, lambda w, one: incidents.lost_item(w.db, one.id))),
    "incidents.lost_items": plain(READ, lambda w: incidents.lost_items(w.db)),
    "incidents.settle": (Op.LOST_PROPERTY, _on(_glove, lambda w, one: incidents.settle(w.db, one.id, LostState.CLAIMED))),
    "incidents.stamp": plain(Op.EMERGENCY, lambda w: incidents.stamp(w.db)),
    "incidents.tell": (Op.EMERGENCY, _on(_emergency, lambda w, one: incidents.tell(w.db, one.id, note="已扑灭", over=True))),
    "incidents.untold": plain(READ, lambda w: incidents.untold(w.db)),
    "ledgers.lines": plain(READ, lambda w: ledgers.lines(w.db, "visits", DAY, DAY)),
    "loans.add": plain(Op.ADD_ASSET, lambda w: loans.add(w.db, "充电宝", AssetKind.POWER_BANK, 2)),
    "loans.assets": plain(READ, lambda w: loans.assets(w.db)),
    "loans.bring_back": (Op.END_LOAN, _on(_lent, lambda w, one: loans.bring_back(w.db, one.asset_id))),
    "loans.change": (Op.CHANGE_ASSET, _on(_thing, lambda w, one: loans.change(w.db, one.id, note="伞面蓝色"))),
    "loans.end": (Op.END_LOAN, _on(_lent, lambda w, one: loans.end(w.db, one.id))),
    "loans.differing": plain(READ, lambda w: list(loans.differing(w.db))),
    "loans.figures": plain(READ, lambda w: loans.figures(w.db, DAY, DAY)),
    "loans.find": plain(READ, lambda w: loans.find(w.db, "雨伞")),
    "loans.get": (READ, _on(_thing, lambda w, one: loans.get(w.db, one.id))),
    "loans.lend": (Op.LEND, _on(_thing, lambda w, one: loans.lend(w.db, one.id, person_id=w.nameless))),
    "loans.loan_of": (READ, _on(_lent, lambda w, one: loans.loan_of(w.db, one.id))),
    "loans.move": (Op.MOVE_ASSET, _on(_thing, lambda w, one: loans.move(w.db, one.id, AssetMove.BROKEN))),
    "loans.of_asset": (READ, _on(_lent, lambda w, one: loans.of_asset(w.db, one.asset_id))),
    "loans.of_person": plain(READ, lambda w: loans.of_person(w.db, w.named)),
    "loans.open_loans": plain(READ, lambda w: loans.open_loans(w.db)),
    "loans.prolong": (Op.CHANGE_LOAN, _on(_lent, lambda w, one: loans.prolong(w.db, one.id))),
    "loans.require_sound": (READ, _on(_lent, lambda w, one: loans.require_sound(w.db, [("loan", one.id)]))),
    "loans.resolve": (READ, _on(_thing, lambda w, one: loans.resolve(w.db, one.code))),
    "loans.scan": (Op.LEND, _on(_thing, lambda w, one: loans.scan(w.db, one.code, visit_id=w.visit))),
    "loans.which": (READ, _on(_lent, lambda w, one: loans.which(w.db, one.asset_id))),
    "loans.wrong": (READ, _on(_thing, lambda w, one: loans.wrong(w.db, one))),
    "shifts.check_house": plain(Op.HOUSE_CHECK, lambda w: shifts.check_house(w.db)),
    "shifts.close_days": plain(Op.CLOSED_DAY, lambda w: shifts.close_days(w.db, LATER, LATER, ClosedReason.HOLIDAY)),
    "shifts.closed": plain(READ, lambda w: shifts.closed(w.db, DAY, DAY)),
    "shifts.confirm": plain(Op.DUTY_LOG, lambda w: shifts.confirm(w.db, DAY, person_times=3)),
    "shifts.draft": plain(READ, lambda w: shifts.draft(w.db)),
    "shifts.duty_log": plain(READ, lambda w: shifts.duty_log(w.db, DAY)),
    "shifts.duty_logs": plain(READ, lambda w: shifts.duty_logs(w.db, DAY, DAY)),
    "shifts.hand_over": (Op.HAND_OVER, _handed_over),
    "shifts.handovers": plain(READ, lambda w: shifts.handovers(w.db, DAY)),
    "shifts.hours": plain(READ, lambda w: shifts.hours(w.db, DAY, DAY)),
    "shifts.house_checks": plain(READ, lambda w: shifts.house_checks(w.db, DAY, DAY)),
    "shifts.matters": plain(READ, lambda w: shifts.matters(w.db)),
    "shifts.own_closed": plain(READ, lambda w: shifts.own_closed(w.db, DAY, DAY)),
    "shifts.points": plain(READ, lambda w: shifts.points(w.db, CheckPart.OPENING)),
    "shifts.reopen_day": (Op.CLOSED_DAY, _on(_to_close, lambda w, day: shifts.reopen_day(w.db, day.isoformat()))),
    "shifts.set_points": plain(Op.CHECK_POINTS, lambda w: shifts.set_points(w.db, CheckPart.SAFETY, ["灭火器"])),
    "arrivals.due": plain(READ, lambda w: arrivals.due(w.db)),
    "arrivals.notices": plain(READ, lambda w: arrivals.notices(w.db)),
    "arrivals.received": plain(READ, lambda w: arrivals.received(w.db, DAY, DAY)),
    "arrivals.receive": (Op.RECEIVE, _promised),
    "attachments.add": (Op.ADD_PICTURES, _pictured),
    "attachments.content": (SIGHT, _picture),
    "attachments.counts": plain(READ, lambda w: attachments.counts(w.db)),
    "attachments.listing": plain(READ, lambda w: attachments.listing(w.db, w.request)),
    "attachments.may_add": plain(READ, lambda w: attachments.may_add(w.db, w.request)),
    "attachments.missing": plain(READ, lambda w: list(attachments.missing(w.db))),
    "attachments.cover": (Op.COVER_PICTURE, _covered),
    "attachments.remove": (Op.REMOVE_PICTURE, _unpictured),
    "attachments.sweep": plain(ITSELF, lambda w: attachments.sweep(w.db)),
    "audit.check": plain(READ, lambda w: audit.check(w.db)),
    "audit.last_verification": plain(READ, lambda w: audit.last_verification(w.db)),
    "audit.verify": plain(ITSELF, lambda w: audit.verify(w.db)),
    "backups.content": plain(READ, lambda w: backups.content(w.db)),
    "backups.last_rehearsal": plain(READ, lambda w: backups.last_rehearsal(w.db)),
    "backups.rehearsal_due": plain(READ, lambda w: backups.rehearsal_due(w.db)),
    "backups.rehearse": (ITSELF, _rehearse),
    "backups.require_may_restore": plain(Op.SETTING, lambda w: backups.require_may_restore(w.db, w.db.acting)),
    "badges.issue": plain(Op.ISSUE_BADGE, lambda w: badges.issue(w.db, w.named)),
    "badges.of_person": plain(READ, lambda w: badges.of_person(w.db, w.named)),
    "badges.open_card": plain(READ, lambda w: badges.open_card(w.db, badges.of_person(w.db, w.nameless)[0].card_number)),
    "badges.resolve": plain(READ, lambda w: badges.resolve(w.db, badges.of_person(w.db, w.nameless)[0].card_number)),
    "badges.revoke": (Op.REVOKE_BADGE, _revoke),
    "care.ballast": plain(READ, lambda w: care.ballast(w.db)),
    "care.check": plain(READ, lambda w: care.check(w.db, lambda: False)),
    "care.clock": plain(READ, lambda w: care.clock(w.db, w.db.now())),
    "care.full_check": plain(ITSELF, lambda w: care.full_check(w.db, lambda: False)),
    "care.full_check_due": plain(READ, lambda w: care.full_check_due(w.db)),
    "care.last_full_check": plain(READ, lambda w: care.last_full_check(w.db)),
    "care.look": plain(READ, lambda w: care.look(w.db, w.db.now())),
    "care.place": plain(READ, lambda w: care.place(w.db)),
    "care.release": plain(ITSELF, lambda w: care.release(w.db)),
    "care.spare": plain(ITSELF, lambda w: care.spare(w.db)),
    "care.tend": plain(ITSELF, lambda w: care.tend(w.db)),
    "care.weekly": plain(ITSELF, lambda w: care.weekly(w.db, lambda: False)),
    "companions.barrier": plain(READ, lambda w: companions.barrier(w.db, w.named, w.nameless, item="湿巾", allowed=True)),
    "companions.circle_of": plain(READ, lambda w: companions.circle_of(w.db, w.named)),
    "companions.leave": (Op.LINK_PEOPLE, _parted),
    "companions.link": (Op.LINK_PEOPLE, _linked),
    "companions.of_person": (MASKED, _companion),
    "duplicates.count": plain(SIGHT, lambda w: duplicates.count(w.db)),
    "duplicates.merge": (Op.MERGE_PEOPLE, _merged),
    "duplicates.merged_into": plain(READ, lambda w: duplicates.merged_into(w.db, w.named)),
    "duplicates.of_person": plain(SIGHT, lambda w: duplicates.of_person(w.db, w.named)),
    "duplicates.pairs": plain(SIGHT, lambda w: duplicates.pairs(w.db)),
    "duplicates.suggestions": plain(SIGHT, lambda w: duplicates.suggestions(w.db)),
    "duplicates.tell_apart": plain(Op.MERGE_PEOPLE, lambda w: duplicates.tell_apart(w.db, w.named, w.nameless)),
    "boxes.days_since": plain(READ, lambda w: boxes.days_since(w.db)),
    "boxes.get": plain(READ, lambda w: boxes.get(w.db, w.opening)),
    "boxes.listing": plain(READ, lambda w: boxes.listing(w.db)),
    "boxes.open_box": plain(
        Op.OPEN_BOX, lambda w: boxes.open_box(w.db, Channel.COMMENT_BOX, "王敏", "李芳", [boxes.Slip("灯坏了")])
    ),
    "deadlines.due": plain(READ, lambda w: deadlines.due(w.db, Urgency.ORDINARY, w.db.now())),
    "exchange.batches": plain(READ, lambda w: exchange.batches(w.db)),
    "exchange.carried_in": plain(READ, lambda w: exchange.carried_in(w.db, "visit", w.visit)),
    "exchange.control_totals": plain(READ, lambda w: exchange.control_totals(w.db, w.db.store_id)),
    "exchange.digests": plain(READ, lambda w: exchange.digests(w.db, w.db.store_id)),
    "exchange.hash_of": plain(READ, lambda w: exchange.hash_of(w.db, 1)),
    "exchange.last_batch": plain(READ, lambda w: exchange.last_batch(w.db)),
    "exchange.last_closed": plain(READ, lambda w: exchange.last_closed(w.db)),
    "exchange.last_packed": plain(READ, lambda w: exchange.last_packed(w.db)),
    "exchange.newest_receipt": plain(READ, lambda w: exchange.newest_receipt(w.db)),
    "exchange.newest_sequence": plain(READ, lambda w: exchange.newest_sequence(w.db)),
    "exchange.own_hashes": plain(READ, lambda w: exchange.own_hashes(w.db)),
    "exchange.own_requests": plain(READ, lambda w: exchange.own_requests(w.db)),
    "exchange.own_steps": plain(READ, lambda w: exchange.own_steps(w.db)),
    "exchange.refused_rows": plain(READ, lambda w: exchange.refused_rows(w.db)),
    "exchange.row_sizes": plain(READ, lambda w: exchange.row_sizes(w.db, "visit")),
    "exchange.span_end": plain(READ, lambda w: exchange.span_end(w.db, 0, 10, 1000)),
    "exchange.states": plain(READ, lambda w: exchange.states(w.db, "visit", [w.visit])),
    "exchange.silence": plain(READ, lambda w: exchange.silence(w.db)),
    "exchange.status": plain(READ, lambda w: exchange.status(w.db)),
    "exchange.waiting": plain(READ, lambda w: exchange.waiting(w.db)),
    "drill.practising": plain(READ, lambda w: drill.practising(w.db)),
    "drill.course": plain(READ, lambda w: drill.course(w.db)),
    "feedback.add": plain(Op.FEEDBACK, lambda w: feedback.add(w.db, Mood.GOOD)),
    "feedback.counts": plain(READ, lambda w: feedback.counts(w.db, DAY, DAY)),
    "history.last_undoable": plain(READ, lambda w: history.last_undoable(w.db)),
    "history.log": plain(READ, lambda w: history.log(w.db, DAY)),
    "history.of_person": plain(READ, lambda w: history.of_person(w.db, w.named)),
    "history.of_row": plain(READ, lambda w: history.of_row(w.db, "visit", w.visit)),
    "history.undo": (Op.UNDO, _undo),
    "history.undo_last": (Op.UNDO, _undo_last),
    "incarnation.anchor": plain(READ, lambda w: incarnation.anchor(w.db)),
    "incarnation.began": plain(READ, lambda w: incarnation.began(w.db)),
    "incarnation.epoch": plain(READ, lambda w: incarnation.epoch(w.db)),
    "incarnation.link_at": plain(READ, lambda w: incarnation.link_at(w.db, 1)),
    "incarnation.newest_link": plain(READ, lambda w: incarnation.newest_link(w.db)),
    "incarnation.settle": plain(ITSELF, lambda w: incarnation.settle(w.db)),
    "incarnation.spelled": plain(READ, lambda w: incarnation.spelled(w.db)),
    "incarnation.suspicion": plain(READ, lambda w: incarnation.suspicion(w.db)),
    "incarnation.write_anchor": plain(ITSELF, lambda w: incarnation.write_anchor(w.db)),
    "keepers.add": plain(
        Op.ADD_KEEPER,
        lambda w: keepers.add(w.db, w.folder, w.root, w.db.role.value * 2, Role.SUPERVISOR, "password-of-new", cost=CHEAP),
    ),
    "keepers.begin_shift": plain(Op.BEGIN_SHIFT, lambda w: keepers.begin_shift(w.db)),
    "keepers.change": (Op.CHANGE_KEEPER, _renamed),
    "keepers.change_password": plain(
        Op.CHANGE_KEEPER, lambda w: keepers.change_password(w.db, w.folder, _others(w), PASSWORD, PASSWORD, cost=CHEAP)
    ),
    "keepers.close_station": (Op.CLOSE_STATION, _closed),
    "keepers.day": plain(READ, lambda w: keepers.day(w.db, DAY)),
    "keepers.end_shift": (Op.END_SHIFT, _shift),
    "keepers.has_pin": plain(READ, lambda w: keepers.has_pin(w.db, _others(w))),
    "keepers.keeper": plain(READ, lambda w: keepers.keeper(w.db, _others(w))),
    "keepers.listing": plain(READ, lambda w: keepers.listing(w.db)),
    "keepers.make_recovery_key": plain(Op.SETTING, lambda w: keepers.make_recovery_key(w.db, w.folder, w.root)),
    "keepers.make_start_card": plain(Op.SETTING, lambda w: keepers.make_start_card(w.db, w.folder, w.root)),
    "keepers.on_duty": plain(READ, lambda w: keepers.on_duty(w.db)),
    "keepers.open_station": (Op.OPEN_STATION, _opened),
    "keepers.recovery_key_made": plain(READ, lambda w: keepers.recovery_key_made(w.db, w.folder)),
    "keepers.remove": (Op.CHANGE_KEEPER, _leaver),
    "keepers.reset_password": plain(
        Op.CHANGE_KEEPER, lambda w: keepers.reset_password(w.db, w.folder, w.root, _others(w), PASSWORD, cost=CHEAP)
    ),
    "keepers.revoke_start_card": (Op.SETTING, _card),
    "keepers.set_pin": plain(Op.CHANGE_KEEPER, lambda w: keepers.set_pin(w.db, _others(w), PINS[Role.SUPERVISOR])),
    "keepers.shifts": plain(READ, lambda w: keepers.shifts(w.db, "", ())),
    "keepers.shifts_of": plain(READ, lambda w: keepers.shifts_of(w.db, DAY)),
    "keepers.start_cards": plain(READ, lambda w: keepers.start_cards(w.db, w.folder)),
    "keepers.unlock_screen": (ITSELF, _unlock),
    "keeping.before_import": plain(ITSELF, lambda w: keeping.before_import(w.db)),
    "keeping.daily": plain(ITSELF, lambda w: keeping.daily(w.db)),
    "keeping.keep": plain(ITSELF, lambda w: keeping.keep(w.db, backup.Reason.MANUAL)),
    "keeping.newest": plain(READ, lambda w: keeping.newest(w.db)),
    "keeping.newest_time": plain(READ, lambda w: keeping.newest_time(w.db)),
    "keeping.second_place": plain(READ, lambda w: keeping.second_place(w.db)),
    "near.find": plain(READ, lambda w: near.find(w.db, "lizhiqing", 5)),
    "people.agree": plain(Op.CHANGE_PERSON, lambda w: people.agree(w.db, w.named)),
    "people.added_by": plain(READ, lambda w: people.added_by(w.db, "none")),
    "people.change": plain(Op.CHANGE_PERSON, lambda w: people.change(w.db, w.named, platform="饿了么")),
    "people.count": plain(READ, lambda w: people.count(w.db)),
    "people.counts": plain(READ, lambda w: people.counts(w.db)),
    "people.erase": (Op.ERASE_PERSON, _erase),
    "people.find": plain(MASKED, lambda w: people.find(w.db, NAME)),
    "people.get": plain(MASKED, lambda w: people.get(w.db, w.named)),
    "people.ids": plain(READ, lambda w: people.ids(w.db)),
    "people.import_roster": (Op.IMPORT_PEOPLE, _plan),
    "people.known": plain(SIGHT, lambda w: people.known(w.db)),
    "people.known_by_name": plain(SIGHT, lambda w: people.known_by_name(w.db, NAME, Occupation.RIDER, "美团")),
    "people.known_by_phone": plain(SIGHT, lambda w: people.known_by_phone(w.db, PHONE, NAME)),
    "people.register": plain(Op.REGISTER, lambda w: people.register(w.db, Occupation.OTHER)),
    "people.several": plain(MASKED, lambda w: people.several(w.db, [w.named])),
    "preferences.change": plain(Op.SETTING, lambda w: preferences.change(w.db, "idle_lock_minutes", "5")),
    "preferences.get": plain(READ, lambda w: preferences.get(w.db, settings.LARGE_TYPE)),
    "preferences.number": plain(READ, lambda w: preferences.number(w.db, settings.IDLE_LOCK_MINUTES)),
    "prints.logo": plain(READ, lambda w: prints.logo(w.db)),
    "prints.print_again": plain(Op.PRINT_BADGES, lambda w: prints.print_again(w.db, [w.named])),
    "prints.printed": plain(Op.PRINT_BADGES, lambda w: prints.printed(w.db, [w.named])),
    "prints.remove_logo": (Op.SETTING, _logo),
    "prints.set_logo": plain(Op.SETTING, lambda w: prints.set_logo(w.db, pictures.prepare(phone(64, 48)))),
    "prints.waiting": plain(READ, lambda w: prints.waiting(w.db)),
    "prints.waiting_count": plain(READ, lambda w: prints.waiting_count(w.db)),
    "privacy.copies": plain(READ, lambda w: privacy.copies(w.db, people.get(w.db, w.named))),
    "privacy.held": plain(SIGHT, lambda w: privacy.held(w.db, w.named)),
    "privacy.overview": plain(READ, lambda w: privacy.overview(w.db)),
    "privacy.with_words": (SIGHT, _held),
    "archive.write": (Op.EXPORT_DATA, _archived),
    "averages.average": plain(READ, lambda w: averages.average(w.db, DAY, DAY)),
    "bindings.values": plain(READ, lambda w: bindings.values(w.db, FORM, DAY, DAY, DAY)),
    "exported.listing": plain(READ, lambda w: exported.listing(w.db, DAY, DAY)),
    "exported.previous": plain(READ, lambda w: exported.previous(w.db, DAY, DAY)),
    "exported.remember": plain(ITSELF, lambda w: exported.remember(w.db, reports.period(w.db, DAY, DAY), "pdf")),
    "exported.why": (READ, _exported),
    "figures.count": plain(READ, lambda w: figures.count(w.db, CAME)),
    "figures.ids": plain(READ, lambda w: figures.ids(w.db, CAME)),
    "figures.lines": plain(READ, lambda w: figures.lines(w.db, "visit", [w.visit])),
    "figures.split": plain(READ, lambda w: figures.split(w.db, CAME, "hour")),
    "kept_forms.content": (READ, lambda w, _role: _kept(w, lambda form: kept_forms.content(w.db, form))),
    "kept_forms.forget": (Op.BIND_FORM, lambda w, _role: _kept(w, lambda form: kept_forms.forget(w.db, form))),
    "kept_forms.for_pack": plain(READ, lambda w: kept_forms.for_pack(w.db)),
    "kept_forms.keep": plain(Op.BIND_FORM, lambda w: kept_forms.keep(w.db, "月报.xlsx", b"form", FORM)),
    "kept_forms.listing": plain(READ, lambda w: kept_forms.listing(w.db)),
    "kept_forms.rebind": (Op.BIND_FORM, lambda w, _role: _kept(w, lambda form: kept_forms.rebind(w.db, form, FORM))),
    "reports.open_dates": plain(READ, lambda w: reports.open_dates(w.db, DAY, DAY)),
    "reports.open_days": plain(READ, lambda w: reports.open_days(w.db, DAY, DAY)),
    "reports.across": plain(READ, lambda w: reports.across(w.db, DAY, DAY, {"all": [w.db.store_id]})),
    "reports.period": plain(READ, lambda w: reports.period(w.db, DAY, DAY)),
    "request_figures.period": plain(READ, lambda w: request_figures.period(w.db, "2026-01-01", DAY)),
    "request_notes.add": plain(Op.NOTE_REQUEST, lambda w: request_notes.add(w.db, w.request, "打过电话")),
    "request_notes.listing": (MASKED, _notes),
    "request_notes.remove": (Op.NOTE_REQUEST, _noted),
    "requests.add": plain(Op.ADD_REQUEST, lambda w: requests.add(w.db, "饮水机坏了")),
    "requests.by_number": plain(MASKED, lambda w: requests.by_number(w.db, _number(w))),
    "requests.categories": plain(READ, lambda w: requests.categories(w.db)),
    "requests.counts": plain(READ, lambda w: requests.counts(w.db)),
    "requests.find": plain(MASKED, lambda w: requests.find(w.db, "YQ")),
    "requests.for_board": plain(SIGHT, lambda w: requests.for_board(w.db, DAY)),
    "requests.get": plain(MASKED, lambda w: requests.get(w.db, w.request)),
    "requests.labelled": plain(READ, lambda w: requests.labelled(w.db, requests.get(w.db, w.request))),
    "requests.listing": plain(MASKED, lambda w: requests.listing(w.db)),
    "requests.similar": plain(MASKED, lambda w: requests.similar(w.db, WORDS)),
    "requests.step": (Op.REQUEST_STEP, _step),
    "requests.to_tell": plain(READ, lambda w: requests.to_tell(w.db)),
    "roaming.at_number": plain(READ, lambda w: roaming.at_number(w.db)),
    "roaming.known": plain(READ, lambda w: roaming.known(w.db)),
    "roaming.resolve": plain(READ, lambda w: roaming.resolve(w.db, _elsewhere(w))),
    "roaming.until": plain(READ, lambda w: roaming.until(w.db, _elsewhere(w).digits)),
    "requests.with_slip": plain(READ, lambda w: requests.with_slip(w.db, requests.get(w.db, w.request))),
    "voices.add": plain(Op.ADD_VOICE, lambda w: voices.add(w.db, w.request, note="我也是")),
    "voices.get": plain(MASKED, lambda w: voices.get(w.db, w.voice)),
    "voices.of_request": plain(MASKED, lambda w: voices.of_request(w.db, w.request)),
    "voices.tell": (Op.REQUEST_STEP, _joined),
    "voices.to_tell": plain(READ, lambda w: voices.to_tell(w.db, w.nameless)),
    "rules.calendar": plain(READ, lambda w: rules.calendar(w.db)),
    "rules.categories": plain(READ, lambda w: rules.categories(w.db)),
    "rules.held": plain(READ, lambda w: rules.held(w.db)),
    "rules.in_force": plain(READ, lambda w: rules.in_force(w.db, RuleKind.QUOTAS)),
    "rules.quotas": plain(READ, lambda w: rules.quotas(w.db)),
    "rules.units": plain(READ, lambda w: rules.units(w.db)),
    "rules.versions": plain(READ, lambda w: rules.versions(w.db, RuleKind.QUOTAS)),
    "roll.begin": plain(Op.EXPORT_DATA, lambda w: roll.begin(w.db, "csv")),
    "roll.read": plain(SIGHT, lambda w: list(roll.read(w.db, [w.named]))),
    "samples.stock": plain(Op.ADD_ITEM, lambda w: samples.stock(w.db)),
    "retention.daily": plain(ITSELF, lambda w: retention.daily(w.db)),
    "retention.due": plain(READ, lambda w: retention.due(w.db, date(2027, 7, 17))),
    "retention.forget_due": plain(ITSELF, lambda w: retention.forget_due(w.db)),
    "retention.kept_until": plain(READ, lambda w: retention.kept_until(w.db, w.named)),
    "retention.last_run": plain(READ, lambda w: retention.last_run(w.db)),
    "retention.objection": plain(READ, lambda w: retention.objection(w.db, retention.read_records(w.db))),
    "retention.read_records": plain(READ, lambda w: retention.read_records(w.db)),
    "retention.set_aside": plain(READ, lambda w: retention.set_aside(w.db)),
    "retention.soon": plain(READ, lambda w: retention.soon(w.db)),
    "search.matching": plain(READ, lambda w: search.matching(w.db, '"li"*', 5)),
    "search.find": plain(READ, lambda w: search.find(w.db, NAME, 5)),
    "slots.by_password": (ITSELF, _own_password),
    "stations.change": plain(Op.SETTING, lambda w: stations.change(w.db, phone="0851-1234")),
    "stations.current": plain(READ, lambda w: stations.current(w.db)),
    "supplies.articles.add_item": plain(Op.ADD_ITEM, lambda w: supplies.add_item(w.db, f"绿豆汤 {w.db.role.value}", "杯", ItemKind.DRINK)),
    "supplies.articles.by_name": plain(READ, lambda w: supplies.by_name(w.db, "湿巾")),
    "supplies.articles.change_item": plain(Op.CHANGE_ITEM, lambda w: supplies.change_item(w.db, w.item, low_level=3)),
    "supplies.stock.count_several": plain(Op.COUNT_STOCK, lambda w: supplies.count_several(w.db, {w.item: 29})),
    "supplies.stock.count_stock": plain(Op.COUNT_STOCK, lambda w: supplies.count_stock(w.db, w.item, 30, "点过")),
    "supplies.shelf.daily": plain(READ, lambda w: supplies.daily(w.db, w.item, DAY, DAY)),
    "supplies.articles.get": plain(READ, lambda w: supplies.get(w.db, w.item)),
    "supplies.giving.hand_out": plain(Op.HANDOUT, lambda w: supplies.hand_out(w.db, w.item, person_id=w.named)),
    "supplies.giving.handout": (READ, lambda w, _role: _handed(w)),
    "supplies.giving.handouts": plain(READ, lambda w: supplies.handouts(w.db, DAY, DAY)),
    "supplies.lists.import_items": (Op.IMPORT_ITEMS, _items),
    "supplies.articles.items": plain(READ, lambda w: supplies.items(w.db)),
    "supplies.lists.known_items": plain(READ, lambda w: supplies.known_items(w.db)),
    "supplies.shelf.lots": plain(READ, lambda w: supplies.lots(w.db, w.item)),
    "supplies.shelf.lots_of_all": plain(READ, lambda w: shelf.lots_of_all(w.db)),
    "supplies.shelf.movements": plain(READ, lambda w: supplies.movements(w.db, w.item)),
    "supplies.articles.named": plain(READ, lambda w: supplies.named(w.db, "湿巾")),
    "supplies.giving.offers": plain(READ, lambda w: supplies.offers(w.db, w.named)),
    "supplies.stock.receive": plain(Op.RECEIVE, lambda w: supplies.receive(w.db, w.item, 2)),
    "supplies.articles.set_quota": plain(Op.SET_QUOTA, lambda w: supplies.set_quota(w.db, w.item, 100)),
    "supplies.advice.advise": plain(READ, lambda w: advice.advise(w.db, WeatherLevel.HEAT_RED)),
    "supplies.campaigns.campaign": (READ, lambda w, _role: _campaign(w, lambda one: campaigns.campaign(w.db, one))),
    "supplies.campaigns.listing": plain(READ, lambda w: campaigns.listing(w.db)),
    "supplies.campaigns.marks": plain(READ, lambda w: campaigns.marks(w.db, w.named)),
    "supplies.campaigns.named": (READ, lambda w, _role: _campaign(w, lambda one: campaigns.named(w.db, one))),
    "supplies.campaigns.recipients": (MASKED, lambda w, _role: _campaign(w, lambda one: campaigns.recipients(w.db, one))),
    "supplies.campaigns.result": (READ, lambda w, _role: _campaign(w, lambda one: campaigns.result(w.db, one))),
    "supplies.campaigns.save": plain(
        Op.SET_CAMPAIGN, lambda w: campaigns.save(w.db, campaigns.Campaign("", "", "骑手节", DAY, DAY, {w.item: 1}))
    ),
    "supplies.campaigns.switch": (
        Op.SET_CAMPAIGN, lambda w, _role: _campaign(w, lambda one: campaigns.switch(w.db, one, on=False))
    ),
    "supplies.forecast.forecast": plain(READ, lambda w: forecast.forecast(w.db, supplies.get(w.db, w.item))),
    "supplies.forecast.forecasts": plain(READ, lambda w: forecast.forecasts(w.db, supplies.items(w.db))),
    "supplies.from_district.rules": plain(READ, lambda w: from_district.rules(w.db)),
    "supplies.orders.lines": plain(READ, lambda w: orders.lines(w.db)),
    "supplies.orders.place": plain(Op.ORDER_SUPPLIES, lambda w: orders.place(w.db, [(w.item, 5)])),
    "supplies.orders.suggested": plain(READ, lambda w: orders.suggested(w.db)),
    "supplies.orders.wish_for": plain(READ, lambda w: orders.wish_for(w.db, w.item)),
    "supplies.quotas.refusals": plain(READ, lambda w: quotas.refusals(w.db, DAY, DAY)),
    "supplies.rehearsal.rehearse": plain(READ, lambda w: rehearsal.rehearse(w.db, quotas.Rule(items=frozenset({w.item})))),
    "supplies.stocktakes.explain": (READ, lambda w, _role: _counted(w, lambda one: stocktakes.explain(w.db, one))),
    "supplies.stocktakes.listing": plain(READ, lambda w: stocktakes.listing(w.db, w.item)),
    "supplies.transfers.listing": plain(READ, lambda w: transfers.listing(w.db)),
    "supplies.transfers.lots_of": (READ, lambda w, _role: _sent(w, lambda one: transfers.lots_of(w.db, one))),
    "supplies.transfers.send": plain(Op.TRANSFER, lambda w: transfers.send(w.db, w.item, 1, "北街驿站")),
    "supplies.transfers.take": plain(Op.TRANSFER, lambda w: transfers.take(w.db, f"N-{w.db.role.value}", "湿巾", 1, "北街驿站")),
    "supplies.transfers.transfer": (READ, lambda w, _role: _sent(w, lambda one: transfers.transfer(w.db, one))),
    "supplies.voids.void": (Op.VOID_SUPPLY, _received),
    "supplies.campaigns.rules": plain(READ, lambda w: campaigns.rules(w.db)),
    "supplies.campaigns.running": plain(READ, lambda w: campaigns.running(w.db, DAY)),
    "supplies.campaigns.taken_elsewhere": plain(READ, lambda w: campaigns.taken_elsewhere(w.db, w.named, [])),
    "supplies.articles.by_barcode": plain(READ, lambda w: supplies.by_barcode(w.db, BARCODE)),
    "supplies.articles.scanned": plain(READ, lambda w: supplies.scanned(w.db, BARCODE)),
    "supplies.kits.assemble": (Op.ASSEMBLE, _kit_of),
    "supplies.kits.parts_of": plain(READ, lambda w: supplies.parts_of(w.db, w.item)),
    "supplies.kits.parts_of_all": plain(READ, lambda w: kits.parts_of_all(w.db)),
    "supplies.kits.set_parts": (Op.CHANGE_ITEM, _parts),
    "supplies.kits.take_apart": (Op.ASSEMBLE, _kit_apart),
    "supplies.photos.photo": plain(READ, lambda w: photos.photo(w.db, w.item)),
    "supplies.photos.set_photo": plain(Op.CHANGE_ITEM, lambda w: photos.set_photo(w.db, w.item, pictures.prepare(phone(64, 48)))),
    "supplies.quotas.in_force": plain(READ, lambda w: quotas.in_force(w.db)),
    "supplies.quotas.listing": plain(READ, lambda w: quotas.listing(w.db)),
    "supplies.quotas.remove": (Op.SET_QUOTA, lambda w, _role: _rule(w, lambda one: quotas.remove(w.db, one))),
    "supplies.quotas.rule": (READ, lambda w, _role: _rule(w, lambda one: quotas.rule(w.db, one))),
    "supplies.quotas.save": plain(Op.SET_QUOTA, lambda w: quotas.save(w.db, quotas.Rule(items=frozenset({w.item}), most=99))),
    "supplies.quotas.simple_rule": plain(READ, lambda w: quotas.simple_rule(w.db, w.item)),
    "supplies.quotas.simple_rules": plain(READ, lambda w: quotas.simple_rules(w.db)),
    "supplies.quotas.switch": (Op.SET_QUOTA, lambda w, _role: _rule(w, lambda one: quotas.switch(w.db, one, on=False))),
    "supplies.recount.forecasts": plain(READ, lambda w: list(recount.forecasts(w.db))),
    "supplies.recount.rules": plain(READ, lambda w: list(recount.rules(w.db))),
    "supplies.recount.stocktakes": plain(READ, lambda w: list(recount.stocktakes(w.db))),
    "supplies.recount.transfers": plain(READ, lambda w: list(recount.transfers(w.db))),
    "supplies.kept.differing": plain(READ, lambda w: list(kept.differing(w.db))),
    "supplies.shelf.balance_on": plain(READ, lambda w: supplies.balance_on(w.db, w.item, DAY)),
    "supplies.stock.expire": (Op.COUNT_STOCK, _expired),
    "supplies.stock.give_back": plain(Op.RETURN_STOCK, lambda w: supplies.give_back(w.db, w.item)),
    "supplies.stock.waste": plain(Op.COUNT_STOCK, lambda w: supplies.waste(w.db, w.item, 1, "破损")),
    "trail.keepers_seen": plain(LOG, lambda w: trail.keepers_seen(w.db)),
    "trail.numbers": plain(LOG, lambda w: trail.numbers(w.db, trail.Wanted(DAY, DAY), lambda step: step.no > 0)),
    "trail.some": plain(LOG, lambda w: trail.some(w.db, [1, 2])),
    "trail.steps": plain(LOG, lambda w: trail.steps(w.db, DAY, DAY)),
    "trail.whole": plain(LOG, lambda w: trail.whole(w.db, 1)),
    "weather.of_day": plain(READ, lambda w: weather.of_day(w.db, DAY)),
    "weather.of_days": plain(READ, lambda w: weather.of_days(w.db, DAY, DAY)),
    "weather.tell": plain(Op.SET_WEATHER, lambda w: weather.tell(w.db, high=37)),
    "weather.thresholds": plain(READ, lambda w: weather.thresholds(w.db)),
    "weather.today": plain(READ, lambda w: weather.today(w.db)),
    "upkeep.upkeep": plain(READ, lambda w: upkeep.upkeep(w.db, DAY, DAY)),
    "upkeep.hours": plain(READ, lambda w: upkeep.hours(w.db, DAY, DAY)),
    "upkeep.closing_minutes": plain(READ, lambda w: upkeep.closing_minutes(w.db, DAY, DAY)),
    "visits.amenities": plain(READ, lambda w: visits.amenities(w.db, w.visit)),
    "visits.check_in": (Op.CHECK_IN, _arrival),
    "visits.check_in_person": (Op.CHECK_IN, _arrival_by_name),
    "visits.get": plain(READ, lambda w: visits.get(w.db, w.visit)),
    "visits.listing": plain(READ, lambda w: visits.listing(w.db, DAY, DAY)),
    "visits.of_person": plain(READ, lambda w: visits.of_person(w.db, w.named)),
    "visits.paper_sheet": plain(Op.PAPER_SHEET, lambda w: visits.paper_sheet(w.db, date(2026, 7, 16), {(Occupation.RIDER, 9): 3})),
    "visits.set_occupation": (Op.CHANGE_VISIT, _stranger),
    "visits.set_count": (Op.SET_COUNT, _tallied),
    "visits.tally": plain(Op.TALLY, lambda w: visits.tally(w.db, Occupation.RIDER, 2)),
    "visits.today": plain(READ, lambda w: visits.today(w.db, DAY)),
    "visits.use_amenity": (Op.USE_AMENITY, _amenity),
    "supplies.plans.make": plain(Op.SET_CAMPAIGN, _planned),
    "supplies.plans.withdraw": (Op.SET_CAMPAIGN, _plan_to_withdraw),
    "supplies.plans.resume": (Op.SET_CAMPAIGN, _plan_to_resume),
    "supplies.plans.listing": plain(READ, lambda w: plans.listing(w.office)),
    "supplies.plans.named": (READ, _plan_named),
    "supplies.plans.outcome": plain(READ, lambda w: plans.outcome(w.office, uuid7())),
    "supplies.plans.recipients": plain(READ, lambda w: plans.recipients(w.office, uuid7())),
    "supplies.plans.twice": plain(READ, lambda w: plans.twice(w.office)),
    "supplies.plans.wanted": plain(READ, lambda w: plans.wanted(w.office)),
    "supplies.plans.crossings": plain(READ, lambda w: plans.crossings(w.office)),
}  # fmt: skip
"""Every service function that takes an open store, and how to try it."""

AT_OFFICE = {name for name in CASES if name.startswith("supplies.plans.")}
"""What the district's desk does, tried on its store by its officers."""

INNER = {
    "supplies.quotas.check", "supplies.evaluate.past", "supplies.transfers.next_number",
    "supplies.plans.for_pack",
    "credentials.retired", "credentials.root_seed", "exchange.body_of", "exchange.newest_body", "exchange.packed_before",
    "exchange.rows_between", "figures.among", "figures.counted_then", "figures.hanging", "figures.people",
    "attachments.check_there", "attachments.of_stores", "attachments.standing", "attachments.unsealed", "attachments.waiting",
    "credentials.stored", "exchange.changed_rows", "exchange.keys_for", "exchange.unconfirmed", "requests.steps",
    "roaming.keys", "roaming.several", "search.identity", "slots.admit",
    "slots.change", "slots.gone", "slots.settle", "slots.standing",
    "subjects.key_of", "subjects.secret", "subjects.shown",
}  # fmt: skip
"""Raw material for other services and for batches: sealed rows and keys, never shown; no page and no command calls them."""


def _handed(w: World) -> Call:
    given, _ = supplies.hand_out(w.boss(), w.item)
    return lambda: supplies.handout(w.db, given.id)


def functions() -> Iterator[str]:
    """The public functions of the services that take an open store, by introspection."""
    for module in pkgutil.walk_packages(services.__path__, f"{services.__name__}."):
        found = importlib.import_module(module.name)
        for name, function in inspect.getmembers(found, inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters.values()), None)
            own = function.__module__ == module.name and not name.startswith("_")
            if own and first is not None and first.annotation == "Database":
                yield f"{module.name.removeprefix(services.__name__ + '.')}.{name}"


# --- what came of it -----------------------------------------------------------------------------------------------------


def expected(kind: Kind, role: Role) -> str:
    """What has to come of a call of this kind by this role: "done", "masked" or "refused"."""
    sees = role in SEES_PEOPLE
    if isinstance(kind, Op):
        return "done" if may(role, kind) else "refused"
    if kind == MASKED:
        return "done" if sees else "masked"
    if kind == SIGHT:
        return "done" if sees else "refused"
    return "refused" if kind == LOG and role not in SEES_TRAIL else "done"


def tried(w: World, name: str, role: Role) -> str:
    """What came of a function for a role on this station: "done", "masked", "refused", or what went wrong."""
    try:
        return _tried(w, name, role)
    except (StationError, Bug) as error:
        return f"went wrong: {error}"


def _tried(w: World, name: str, role: Role) -> str:
    kind, prepare = CASES[name]
    w.boss()
    call = prepare(w, role)
    if name in AT_OFFICE:
        db = w.office
        db.acting = w.offices[0][1][role].id
    else:
        db = w.db
        db.acting = w.who[role].id
    before, slots = _state(db), DataFolder(w.folder).slots.read_bytes()
    try:
        found = call()
    except Refused as error:
        if error.word != "roles.not_allowed":
            raise
        if _state(db) != before or DataFolder(w.folder).slots.read_bytes() != slots:
            return "refused, but something changed"
        last = db.one("SELECT * FROM operation ORDER BY sequence DESC LIMIT 1")
        said = {} if last is None else dict(last)
        logged = said["op"] == Op.REFUSE and said["keeper_id"] == db.acting and '"denied"' in said["details"]
        return "refused" if logged else "refused, but not logged"
    shown = _spelled(found)
    if kind == MASKED:
        return "done" if (NAME in shown or WORDS in shown) else "masked"
    if role not in SEES_PEOPLE and any(secret in shown for secret in (NAME, PHONE, WORDS)):
        return "done, but it shows people's data"
    return "done"


def _spelled(found: object) -> str:
    """Everything an answer holds, also what its repr keeps to itself."""
    if is_dataclass(found) and not isinstance(found, type):
        return " ".join(_spelled(getattr(found, one.name)) for one in fields(found))
    if isinstance(found, (list, tuple, set, frozenset)):
        return " ".join(_spelled(one) for one in found)
    return repr(found)


def _state(db: Database) -> dict[str, list[str]]:
    """Everything in the store but the log of operations and the end of its chain."""
    tables = [
        row["name"]
        for row in db.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
    ]
    kept = [name for name in tables if name not in ("operation", "sqlite_stat1")]
    state = {name: [repr(tuple(row)) for row in db.rows(f"SELECT * FROM {name}")] for name in kept}
    state["meta"] = [row for row in state["meta"] if not row.startswith("('chain'")]
    return state


# --- the table -----------------------------------------------------------------------------------------------------------

MARKS = {"done": "yes", "masked": "masked", "refused": "no"}


def table(came: dict[tuple[str, Role], str]) -> str:
    """docs/roles.md: what each role may do, and what came of each function when each role tried it."""

    def said(code: Any) -> str:
        both = []
        for language in words.LANGUAGES:
            words.use(language)
            both.append(words.label(code))
        words.use("zh")
        return " · ".join(both)

    def own(role: Role, op: Op) -> str:
        if op in MAY[role]:
            return "yes"
        own = may(role, op, "me", {"keeper": "me"}) or may(role, op, "me", {"name": "large_type"})
        return "own" if own else "no"

    heads = [said(role) for role in Role]
    line = "|" + " --- |" * (len(heads) + 2)
    text = ["# Who may do what", "", INTRODUCTION, "", "## Operations", ""]
    text += ["| operation | code | " + " | ".join(heads) + " |", line]
    text += [f"| {said(op)} | `{op.value}` | " + " | ".join(own(role, op) for role in Role) + " |" for op in Op]
    text += ["", "## Service functions", "", TRIED, ""]
    text += ["| function | does | " + " | ".join(heads) + " |", line]
    for name in sorted(CASES):
        kind = CASES[name][0]
        does = kind.value if isinstance(kind, Op) else kind
        text.append(f"| `{name}` | {does} | " + " | ".join(MARKS[came[name, role]] for role in Role) + " |")
    text += ["", "## Inner functions", "", INNERMOST, "", *(f"- `{name}`" for name in sorted(INNER)), ""]
    return "\n".join(text)


INTRODUCTION = """Written by `python -m tests.roles`, compared with the program by `tests/test_roles.py`.

The table of operations is `MAY` in `station_app/model.py`; `Database.transact` asks it before anything is written, refuses and
logs the attempt (`refuse`, with `denied`). **own**: the own PIN and password (`change_keeper`), the look of the screen
(`setting`). An evening keeper registers only the nameless, and takes back only what they did today themselves. Whoever opened
the station with a start card is an evening keeper, whatever their own role, until their own password unlocks the screen."""
TRIED = """What came of each function when a keeper of each role called it on a small station (`supplies.plans`: an officer, at the
district). **masked**: the first character of a name, no phone, no words of a request (but an evening keeper's own of today).
**no**: refused, nothing changed, logged."""
INNERMOST = """These give sealed rows and keys to other services and to batches; no page and no command calls them. Functions that
take an operation under way (`Tx`) are reached only inside one, which was asked about when it began."""


def everything(
    folder: Path, roles: Iterable[Role] = Role, names: Collection[str] = CASES
) -> dict[tuple[str, Role], str]:
    """Every function (or those named) tried by every role, each role on a station of its own."""
    came: dict[tuple[str, Role], str] = {}
    for role in roles:
        w = world(folder / role.value)
        came |= {(name, role): tried(w, name, role) for name in names}
        w.close()
    return came


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        DOC.write_text(table(everything(Path(scratch))), "utf-8")
