"""The alphabet of a schedule: what may happen, one function a step.

A step has four numbers and no memory: who (a station), what (a file, a pack, a copy) and the dice for the rest, each counted
modulo what there is. So every step can be taken in every situation, if only to do nothing, and a failing schedule stays one
when steps are taken out of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from station_app.db import Database
from station_app.model import Amenity, Consent, Occupation, RequestState, RuleKind, Verdict
from station_app.services import answers, badges, history, keepers, people, requests, supplies, visits, voices
from tests.simulator.house import Machine
from tests.simulator.world import World

T = TypeVar("T")


class Step(NamedTuple):
    """One thing that happens."""

    name: str
    who: int
    what: int
    dice: int

    def __str__(self) -> str:
        return f"{self.name}({self.who}, {self.what}, {self.dice})"


Taking = Callable[[World, Step], None]
ALPHABET: dict[str, Taking] = {}


def step(taking: Taking) -> Taking:
    """A letter of the alphabet."""
    ALPHABET[taking.__name__] = taking
    return taking


def take(world: World, one: Step) -> None:
    """Let a step happen."""
    world.dice.seed(one.dice)
    ALPHABET[one.name](world, one)


def _nth(found: Sequence[T], number: int) -> T | None:
    return found[number % len(found)] if found else None


def _who(world: World, one: Step) -> Machine:
    return world.machines[one.who % len(world.machines)]


def _rows(world: World, db: Database, table: str) -> list[str]:
    return [
        row["id"] for row in db.rows(f"SELECT id FROM {table} WHERE void_reason IS NULL ORDER BY rowid DESC LIMIT 6")
    ]


# --- the desk ------------------------------------------------------------------------------------------------------------


@step
def tally(world: World, one: Step) -> None:
    """People come in."""
    world.work(
        _who(world, one), lambda db: visits.tally(db, world.dice.choice(list(Occupation)), world.dice.randint(1, 9))
    )


@step
def recount(world: World, one: Step) -> None:
    """A count is corrected: an older row gets a new version."""

    def correct(db: Database) -> None:
        found = db.rows("SELECT id FROM visit WHERE person_id IS NULL AND void_reason IS NULL ORDER BY rowid LIMIT 3")
        if visit := _nth(found, one.what):
            visits.set_count(db, visit["id"], world.dice.randint(1, 99))

    world.work(_who(world, one), correct)


@step
def register(world: World, one: Step) -> None:
    """Somebody is registered by name, and comes in."""

    def welcome(db: Database) -> None:
        phone = f"199{world.dice.randrange(10**8):08d}"
        person, _ = people.register(db, Occupation.RIDER, "美团", "李志强", phone, Consent.DISTRICT)
        visits.check_in(db, person.badge_code)
        world.cards.append(person.badge_code)

    world.work(_who(world, one), welcome)


@step
def roam(world: World, one: Step) -> None:
    """Whoever holds a card, perhaps one reported lost, comes in at some station, mostly once the roster came there."""
    if not world.cards:
        register(world, one)
    machine = world.machines[one.dice % len(world.machines)]
    card = world.cards[-1 - one.what % min(len(world.cards), 6)]
    if one.who > 1:
        for sender in list(world.machines):
            for file in world.export(sender):
                world.deliver(file)
    if one.who and (found := world.write_pack(machine.code)):
        world.bring(found, machine)
    world.work(machine, lambda db: visits.check_in(db, card), may_refuse=True)


@step
def lose_card(world: World, one: Step) -> None:
    """A card is reported lost where it was made; mostly its owner gets another."""

    def lose(db: Database) -> None:
        found = db.rows(
            "SELECT id, person_id FROM badge WHERE void_reason IS NULL AND state = 'active'"
            " AND person_id NOT IN (SELECT subject_id FROM erasure) ORDER BY rowid DESC LIMIT 4"
        )
        if (badge := _nth(found, one.what)) is None:
            return
        if one.dice % 3:
            world.cards.append(badges.issue(db, badge["person_id"])[0].code)
        else:
            badges.revoke(db, badge["id"])

    world.work(_who(world, one), lose, may_refuse=True)


@step
def give(world: World, one: Step) -> None:
    """Something is handed out, perhaps more than there is."""

    def hand_out(db: Database) -> None:
        item = supplies.named(db, "矿泉水")
        supplies.hand_out(
            db, item.id, world.dice.randint(1, 3), person_id=_nth(_rows(world, db, "person"), one.what), given=True
        )

    world.work(_who(world, one), hand_out)


@step
def receive(world: World, one: Step) -> None:
    """Supplies come in."""
    world.work(
        _who(world, one), lambda db: supplies.receive(db, supplies.named(db, "矿泉水").id, world.dice.randint(1, 24))
    )


@step
def amenity(world: World, one: Step) -> None:
    """A service is used."""

    def use(db: Database) -> None:
        if visit := _nth(_rows(world, db, "visit"), one.what):
            visits.use_amenity(db, visit, world.dice.choice(list(Amenity)))

    world.work(_who(world, one), use)


@step
def ask(world: World, one: Step) -> None:
    """Somebody has a request, and takes its slip home."""
    made = world.work(
        _who(world, one),
        lambda db: requests.add(db, "充电口不足", person_id=_nth(_rows(world, db, "person"), one.what)),
    )
    if made:
        world.slips[made[0].slip] = made[0].id


@step
def join(world: World, one: Step) -> None:
    """Somebody says the same as a request that is there."""

    def say(db: Database) -> None:
        if request := _nth(_rows(world, db, "request"), one.what):
            voices.add(db, request, person_id=_nth(_rows(world, db, "person"), one.dice))

    world.work(_who(world, one), say, may_refuse=True)


@step
def tell_there(world: World, one: Step) -> None:
    """Whoever holds a slip asks at some station, mostly once the district answered, and says what came of the answer."""
    if not world.slips:
        ask(world, one)
    machine = world.machines[one.dice % len(world.machines)]
    slip = list(world.slips)[-1 - one.what % min(len(world.slips), 6)]
    request_id = world.slips[slip]
    if one.who > 1:
        for sender in list(world.machines):
            for file in world.export(sender):
                world.deliver(file)
    if one.who and world.at_office().one("SELECT 1 FROM request WHERE id = ? AND void_reason IS NULL", (request_id,)):
        world.reply(request_id, RequestState.REPLIED, "已加装")
        if found := world.write_pack(machine.code):
            world.bring(found, machine)

    def tell(db: Database) -> None:
        for told in answers.waiting(db, slip):
            answers.tell(db, slip, told.request_id, world.dice.choice(list(Verdict)), "说过了", voice_id=told.voice_id)

    world.work(machine, tell)


@step
def move_on(world: World, one: Step) -> None:
    """The station moves a request on."""

    def on(db: Database) -> None:
        if request := _nth(_rows(world, db, "request"), one.what):
            requests.step(db, request, world.dice.choice(list(RequestState)), verdict=world.dice.choice(list(Verdict)))

    world.work(_who(world, one), on, may_refuse=True)


@step
def day(world: World, one: Step) -> None:
    """The station opens or closes for the day."""

    def turn(db: Database) -> None:
        today = keepers.day(db, db.stamp().business_date)
        if not today.opened:
            keepers.open_station(db)
        elif not today.closed:
            keepers.close_station(db)

    world.work(_who(world, one), turn)


@step
def undo(world: World, one: Step) -> None:
    """The last thing is taken back."""
    world.work(_who(world, one), history.undo_last, may_refuse=True)


@step
def erase(world: World, one: Step) -> None:
    """Somebody wants to be forgotten."""

    def forget(db: Database) -> None:
        found = db.rows(
            "SELECT id FROM person WHERE void_reason IS NULL AND id NOT IN (SELECT subject_id FROM erasure)"
            " ORDER BY rowid DESC LIMIT 4"
        )
        if person := _nth(found, one.what):
            people.erase(db, person["id"])

    world.work(_who(world, one), forget)


@step
def clock(world: World, one: Step) -> None:
    """A clock jumps: by minutes, a day, years, to 1970; sometimes the district's."""
    jumped = _nth([*(machine.clock for machine in world.machines), world.office_clock], one.who)
    assert jumped is not None
    way = one.what % 6
    if way == 0:
        jumped.set("1970-01-02T08:00:00+08:00")
    elif way == 1:
        jumped.set("2026-07-17T23:55:00+08:00")
    else:
        jumped.forward(days={2: 1, 3: -1, 4: 3650, 5: -3650}[way])


# --- sticks --------------------------------------------------------------------------------------------------------------


@step
def export(world: World, one: Step) -> None:
    """A station writes its file; sometimes the program dies before it stands on the stick, or just after."""
    world.export(_who(world, one), {0: "before", 1: "after"}.get(one.what % 8, ""))


@step
def bring_up(world: World, one: Step) -> None:
    """Some file reaches the district: the newest, or any one, perhaps again, perhaps years late; what never does is lost."""
    file = _nth(world.files[-3:] if one.who % 3 else world.files, one.what)
    if file:
        world.deliver(file, one.dice % 40 if one.dice % 7 == 0 else None)


@step
def carry_up(world: World, one: Step) -> None:
    """A station writes its file and it reaches the district."""
    for file in world.export(_who(world, one)):
        world.deliver(file)


@step
def mangle_up(world: World, one: Step) -> None:
    """A station's file arrives mangled."""
    if file := _nth(world.files[-3:], one.what):
        world.mangle_up(file)


@step
def pack(world: World, one: Step) -> None:
    """The district writes a pack; sometimes its program dies before it stands there, or just after."""
    world.write_pack(_who(world, one).code, {0: "before", 1: "after"}.get(one.what % 8, ""))


@step
def bring_down(world: World, one: Step) -> None:
    """Some pack reaches some station: newest or any, perhaps again, perhaps the wrong station."""
    machine = _who(world, one)
    own = [found for found in world.packs if found.letter.station == machine.code]
    if found := _nth(own if one.dice % 5 else world.packs, one.what if one.dice % 2 else -1):
        world.bring(found, machine, one.dice % 12 if one.dice % 7 == 0 else None)


@step
def carry_down(world: World, one: Step) -> None:
    """The district writes a pack and it reaches its station."""
    machine = _who(world, one)
    if found := world.write_pack(machine.code):
        world.bring(found, machine)


@step
def mangle_down(world: World, one: Step) -> None:
    """A pack arrives mangled."""
    if found := _nth(world.packs[-3:], one.what):
        world.mangle_down(found, _who(world, one))


@step
def reply(world: World, one: Step) -> None:
    """The district answers a request."""
    office = world.at_office()
    found = office.rows("SELECT id, number FROM request WHERE void_reason IS NULL ORDER BY rowid DESC LIMIT 3")
    if request := _nth(found, one.what):
        state = world.dice.choice([RequestState.REPLIED, RequestState.TRANSFERRED, RequestState.ACCEPTED])
        world.reply(request["id" if one.dice % 3 else "number"], state, "已加装" if one.dice % 2 else "")


@step
def rule(world: World, one: Step) -> None:
    """The district switches versions of its rules on, one or some in a row, which hold from today or from a later day."""
    for days in range(one.dice % 4 + 1)[: one.dice % 3 + 1]:
        world.switch_rules((RuleKind.QUOTAS, RuleKind.QUOTAS, RuleKind.UNITS)[one.what % 3], days)


@step
def introduce(world: World, one: Step) -> None:
    """A station that nobody introduced yet is, or one introduces itself again."""
    world.introduce(_who(world, one))


# --- what happens to stores ----------------------------------------------------------------------------------------------


@step
def back_up(world: World, one: Step) -> None:
    """A station makes a backup."""
    world.back_up(_who(world, one))


@step
def restore(world: World, one: Step) -> None:
    """A keeper restores a backup, in place."""
    machine = _who(world, one)
    if copy := _nth(
        [copy for copy in world.copies if copy.machine.template is machine.template and copy.backup], one.what
    ):
        world.restore(machine, copy)


@step
def new_computer(world: World, one: Step) -> None:
    """The computer is gone; a backup is restored on another one."""
    machine = _who(world, one)
    if copy := _nth(
        [copy for copy in world.copies if copy.machine.template is machine.template and copy.backup], one.what
    ):
        world.move(machine, copy)


@step
def image(world: World, one: Step) -> None:
    """Somebody copies the data folder of a station."""
    world.image(_who(world, one))


@step
def put_back(world: World, one: Step) -> None:
    """Somebody puts an old database over the one in use, or the whole folder as it was then."""
    machine = _who(world, one)
    if copy := _nth([copy for copy in world.copies if copy.machine is machine and copy.files], one.what):
        world.put_back(machine, copy, whole=bool(one.dice % 2))


@step
def clone(world: World, one: Step) -> None:
    """A copy of the data folder goes on beside the original, on another computer or one that looks the same."""
    world.clone(_who(world, one), same=bool(one.what % 2))


@step
def image_office(world: World, one: Step) -> None:
    """Somebody copies the district's folder."""
    world.image_office()


@step
def restore_office(world: World, one: Step) -> None:
    """The district is restored from an older copy."""
    if world.old_offices:
        world.restore_office(one.what, one.dice % 3)


@step
def rotate(world: World, one: Step) -> None:
    """A computer takes new keys."""
    world.rotate(_who(world, one))


@step
def rotate_office(world: World, one: Step) -> None:
    """The district takes new keys."""
    world.rotate_office()


@step
def revoke(world: World, one: Step) -> None:
    """A computer is reported lost."""
    world.revoke(_who(world, one))


@step
def snapshot(world: World, one: Step) -> None:
    """The district asks for everything as it is."""
    world.ask_snapshot(_who(world, one).code)
