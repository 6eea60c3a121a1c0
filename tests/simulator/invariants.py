"""The promise of the exchange, looked for after the calm time: each function names what it found broken."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from typing import Any

from station_app.db import Database
from station_app.district import answer, desk, regulars
from station_app.district import rules as district_rules
from station_app.errors import Refused
from station_app.model import Exchange, RuleKind
from station_app.schema import LEDGERS
from station_app.services import aliases, badges, exchange, requests, roaming, rules
from tests.simulator.house import Machine
from tests.simulator.model import Content, Key, content, standing
from tests.simulator.traffic import LATE
from tests.simulator.world import World

ALLOWED = {"day_twice"}
"""Why a row of a store that was copied unseen may be turned down: the station is told, and sees it."""


def examine(world: World, *, late: bool = False) -> None:
    """Everything that has to hold once it is calm; ``late``: files came after the last packs."""
    office = world.at_office()
    down = turned_down(world, office)
    stands = rows_at_district(world, office, down)
    totals(world, office, stands)
    people_once(world, office, stands)
    gaps_and_forks(world, office)
    erasures(world, office)
    roster(world, office, late=late)
    cards(world, office, stands)
    for machine in world.machines:
        db = world.at(machine)
        everything_arrived(world, machine, down)
        rows_at_station(world, machine, db)
        shown(world, machine, down)
        received_but_not_held(world, machine, db)
        answers(world, machine, db, office)
        ruled(world, machine, db, office)


def all_rows(db: Database) -> dict[Key, Content]:
    """Every row of every ledger table."""
    return {(table, row["id"]): content(row) for table in LEDGERS for row in db.rows(f"SELECT * FROM {table}")}


def turned_down(world: World, office: Database) -> set[tuple[str, str, int]]:
    """What the district refused (table, id, version): nothing, but what a store that was copied unseen said twice."""
    found = office.rows("SELECT table_name, row_id, version, reason FROM turned_down")
    blind = any(machine.blind for machine in [*world.machines, *world.gone]) or world.blindness
    reasons = Counter(row["reason"] for row in found)
    for reason, count in reasons.items():
        if not (blind and reason in ALLOWED):
            world.broken("refused", f"{count} rows: {reason}")
    return {(row["table_name"], row["row_id"], row["version"]) for row in found}


def rows_at_district(world: World, office: Database, down: set[tuple[str, str, int]]) -> list[tuple[str, Content]]:
    """Each row once, as its newest version, those made beside it visible; returns what has to stand there, by table."""
    there = {key: row for key, row in all_rows(office).items() if not _districts_own(world, office, key, row)}
    kept = {
        (row["table_name"], row["row_id"], row["image"])
        for row in office.rows("SELECT table_name, row_id, image FROM superseded")
    }
    visible: dict[Key, list[Content]] = {(table, row_id): [] for table, row_id, _ in kept}
    for table, row_id, image in kept:
        visible[table, row_id].append(json.loads(image))
    stands = []
    for key, (first, beside) in world.holdings.expected().items():
        heads = [first, *beside]
        if any((*key, image.content["version"]) in down for image in heads):
            there.pop(key, None)
            continue
        row = there.pop(key, None)
        equal = [image.content for image in heads if image.rank == first.rank]
        stands.append((key[0], row if row in equal else first.content))
        if row is None:
            world.broken("lost", f"{key} is not at the district")
        elif row not in equal:
            world.broken("lost", f"{key} stands at the district as {row}, not as {first.content}")
        else:
            for image in heads:
                if image.content != row and image.content not in visible.get(key, []):
                    world.broken(
                        "hidden", f"{key}: an edit made beside the one that stands is not to be seen: {image.content}"
                    )
    for key in there:
        world.broken("doubled", f"{key} is at the district, and nobody acknowledged it")
    return stands


def _districts_own(world: World, office: Database, key: Key, row: Content) -> bool:
    """Its officer, and its answers."""
    if row["store_id"] != office.store_id:
        return False
    if key[0] == "request_step" and world.holdings.answers.get(key) != row:
        world.broken("doubled", f"{key}: the district says what it did not answer")
    return True


def totals(world: World, office: Database, stands: list[tuple[str, Content]]) -> None:
    """The district's figures are those of the rows that were acknowledged."""
    people = 0
    stock: Counter[str] = Counter()
    for table, row in stands:
        if "void_reason" in row:
            continue
        if table == "visit":
            people += row["person_times"]
        elif table == "movement":
            stock[row["item_id"]] += row["delta"]
    shown = desk.report(office, "1900-01-01", "9999-12-31")[0].person_times
    if shown != people:
        world.broken("totals", f"{shown} person-times at the district, {people} acknowledged")
    sums = office.rows("SELECT item_id, sum(delta) AS n FROM movement WHERE void_reason IS NULL GROUP BY item_id")
    for kind in sums:
        if kind["n"] != stock[kind["item_id"]]:
            world.broken("totals", f"stock: {kind['n']} at the district, {stock[kind['item_id']]} acknowledged")
    twice = "SELECT number FROM request WHERE void_reason IS NULL GROUP BY number HAVING count(*) > 1"
    for number in [request["number"] for request in office.rows(twice)]:
        with suppress(Refused):
            answer.by_number(office, number)
            world.broken("answer astray", f"two requests are {number}, and the district answers one of them by guess")


def gaps_and_forks(world: World, office: Database) -> None:
    """What is missing or came twice under one number is shown, nothing else is."""
    told = {line.station.code: line.held for line in desk.status(office)}
    missing = {gap for held in told.values() for gap in held.missing}
    forks = {(store_id, no) for held in told.values() for store_id, no, _ in held.forks}
    taken = world.holdings.taken.values()
    by_number: dict[tuple[str, int], set[str]] = {}
    for batch in taken:
        by_number.setdefault((batch.store_id, batch.no), set()).add(batch.hash)
    for number, hashes in by_number.items():
        if len(hashes) > 1 and number not in forks:
            world.broken("fork hidden", f"{len(hashes)} batches are {number}")
    if not world.blindness and (
        wrong_forks := forks - {number for number, hashes in by_number.items() if len(hashes) > 1}
    ):
        world.broken("fork invented", f"{sorted(wrong_forks)}")
    begins: dict[str, int] = {}
    for store_id, no in world.numbers:
        begins[store_id] = min(no, begins.get(store_id, no))
    last = {store_id: max(no for owner, no in by_number if owner == store_id) for store_id, _ in by_number}
    first = {store_id: min(no for owner, no in by_number if owner == store_id) for store_id, _ in by_number}
    for store_id, newest in last.items():
        gaps = {(store_id, no) for no in range(begins[store_id], newest) if (store_id, no) not in by_number}
        if hidden := gaps - missing:
            knows_beginning = begins[store_id] == 1 or begins[store_id] == first[store_id]
            if knows_beginning or any(no > first[store_id] for _, no in hidden):
                world.broken("gap hidden", f"{sorted(hidden)}")
        if wrong := {gap for gap in missing if gap[0] == store_id} - gaps:
            world.broken("gap invented", f"{sorted(wrong)}")


def erasures(world: World, office: Database) -> None:
    """Whoever was forgotten is forgotten at the district, whatever came before or after."""
    gone = {
        first.content["subject_id"]
        for (table, _), (first, _) in world.holdings.expected().items()
        if table == "erasure"
    }
    held = {row["subject_id"] for row in office.rows("SELECT subject_id FROM subject_key")}
    if back := gone & held:
        world.broken("erased back", f"the district still has the keys of {len(back)} who were forgotten")
    for machine in world.machines:
        kept = {row["subject_id"] for row in world.at(machine).rows("SELECT subject_id FROM subject_key")}
        if again := machine.timeline.erased & kept:
            world.broken("erased back", f"{machine.name} still has the keys of {len(again)} who were forgotten")


def roster(world: World, office: Database, *, late: bool) -> None:
    """Who is known in the district is known at every station by the badge, and nobody who was forgotten anywhere."""
    gone = {row["subject_id"] for row in office.rows("SELECT subject_id FROM erasure")}
    told = {row["code"]: row["state"] for row in office.rows("SELECT code, state FROM roster_entry")}
    for machine in world.machines:
        db = world.at(machine)
        epoch, number = roaming.at_number(db)
        known = {row["code"]: row for row in db.rows("SELECT code, state, person_id FROM roaming")}
        kept = {row["subject_id"] for row in db.rows("SELECT subject_id FROM subject_key")}
        own = {row["code"] for row in db.rows("SELECT code FROM badge")}
        if back := gone & kept & {row["person_id"] for row in known.values()}:
            world.broken("erased elsewhere", f"{machine.name} still knows {len(back)} who were forgotten at another station")
        if (epoch, number) != (int(office.meta("epoch")), int(office.meta(regulars.NUMBER) or 0)):
            said = office.one("SELECT 1 FROM intake WHERE store_id = ?", (db.store_id,))
            if not late and said:  # it said in its batches how far it is, and was told the rest; a copy that sent none has to wait
                world.broken("roster behind", f"{machine.name}: {epoch}/{number}")
            continue
        for code, state in told.items():
            here = known[code]["state"] if code in known else "own" if code in own else "gone"
            if state != here and here != "own" and not (state == "active" and code in own):
                world.broken("roster", f"{machine.name}: a badge is {here} here, {state} at the district")


def people_once(world: World, office: Database, stands: list[tuple[str, Content]]) -> None:
    """Whoever comes with a badge is one person in the district's figures, at however many stations."""
    meant = {aliases.stranger(row["code"]): row["person_id"] for table, row in stands if table == "badge"}
    ids = {row["person_id"] for table, row in stands if table == "visit" and "person_id" in row and "void_reason" not in row}
    people = {meant.get(one, one) for one in ids}
    shown = desk.report(office, "1900-01-01", "9999-12-31")[0].unique_people
    if shown != len(people):
        world.broken("people", f"{shown} people at the district, {len(people)} came")


def cards(world: World, office: Database, stands: list[tuple[str, Content]]) -> None:
    """A card opens at every station that is told of the roster, and nowhere once it was reported lost."""
    gone = {row["subject_id"] for table, row in stands if table == "erasure" and "void_reason" not in row}
    agreed = {row["id"] for table, row in stands if table == "person" and row["consent"] == "district" and "void_reason" not in row}
    made = [row for table, row in stands if table == "badge" and "void_reason" not in row and row["person_id"] in agreed - gone]
    newest = int(office.meta("epoch")), int(office.meta(regulars.NUMBER) or 0)
    for machine in world.machines:
        db = world.at(machine)
        if machine.template.name not in world.holdings.enrolled or roaming.at_number(db) != newest:
            continue
        own = {row["code"] for row in db.rows("SELECT code FROM badge")}
        for row in made:
            if row["code"] in own:
                continue
            word = ""
            try:
                badges.resolve(db, row["code"])
            except Refused as refused:
                word = refused.word
            if row["state"] == "revoked" and word != "badges.revoked_elsewhere":
                world.broken("lost card opens", f"{machine.name}: one reported lost opens a card ({word})")
            if row["state"] == "active" and word not in ("", "badges.expired_elsewhere"):
                world.broken("card unknown", f"{machine.name}: {word}")


def everything_arrived(world: World, machine: Machine, down: set[tuple[str, str, int]]) -> None:
    """What a living computer acknowledged is at the district: all of it was carried and listed."""
    timeline = machine.timeline
    if timeline.open or timeline.unconfirmed:
        world.broken(
            "never received", f"{machine.name}: {len(timeline.open)} rows, {len(timeline.unconfirmed)} batches"
        )
    missing = [batch.no for batch in timeline.batches if batch.hash not in world.holdings.taken]
    if missing:
        world.broken("lost", f"{machine.name}: its batches {missing} never reached the district")


def rows_at_station(world: World, machine: Machine, db: Database) -> None:
    """The station's own store holds what it acknowledged and the answers it took, and nothing else."""
    there = all_rows(db)
    for key, image in machine.timeline.rows.items():
        if there.pop(key, None) != image.content:
            world.broken("altered", f"{machine.name}: {key} is not what was acknowledged")
    for key, row in machine.timeline.answers.items():
        if there.pop(key, None) != row:
            world.broken("answer lost", f"{machine.name}: {key}")
    for key in there:
        world.broken("doubled", f"{machine.name}: {key} is there, and nobody recorded it")


def shown(world: World, machine: Machine, down: set[tuple[str, str, int]]) -> None:
    """Every row has one state, the right one; the batches' states agree with them."""
    db, timeline = world.at(machine), machine.timeline
    by_table: dict[str, list[str]] = {}
    for table, row_id in timeline.rows:
        by_table.setdefault(table, []).append(row_id)
    counts: Counter[str] = Counter()
    for table, ids in by_table.items():
        found = exchange.states(db, table, ids)
        for row_id in ids:
            key = (table, row_id)
            refused = (*key, timeline.rows[key].content["version"]) in down
            expected = "refused" if refused else timeline.state(key)
            state = found.get(row_id)
            counts[expected] += 1
            if state is None or state.value != expected:
                world.broken("state", f"{machine.name}: {key} is shown as {state}, it is {expected}")
    status = exchange.status(db)
    for name in Exchange:
        if getattr(status, name.value) != counts[name.value]:
            world.broken(
                "state",
                f"{machine.name}: {getattr(status, name.value)} rows are {name.value}, it says; {counts[name.value]} are",
            )


def received_but_not_held(world: World, machine: Machine, db: Database) -> None:
    """Nothing is shown as received that the district does not hold."""
    office = world.at_office()
    there = {row["hash"] for row in office.rows("SELECT hash FROM intake")}
    for line in exchange.batches(db, 10_000):
        if line.state is Exchange.RECEIPTED and line.hash not in there:
            world.broken(
                "false receipt", f"{machine.name}: batch {line.no} is shown as received; the district has it not"
            )


def answers(world: World, machine: Machine, db: Database, office: Database) -> None:
    """Every answer of the district is at its station, and both say the same of every request."""
    own = {row_id for table, row_id in machine.timeline.rows if table == "request"}
    said = world.holdings.answers | world.holdings.told_elsewhere()
    wanted = {key for key, row in said.items() if row["request_id"] in own}
    if lost := wanted - machine.timeline.answers.keys() - machine.timeline.rows.keys():
        world.broken("answer lost", f"{machine.name} never took {len(lost)} answers")
    if set(machine.timeline.answers) - set(said):
        return  # the district was restored and forgot an answer that the station has: each keeps its own
    newest = standing(image for batch in world.holdings.taken.values() for image in batch.images if batch.images)
    for request_id in own:
        steps = [
            key
            for key, (first, _) in newest.items()
            if key[0] == "request_step" and first.content["request_id"] == request_id
        ]
        if any(newest[key][0].content != _here(machine, key) for key in steps):
            continue  # another incarnation moved it on as well, and that one is not here
        here = _state(db, request_id)
        there = _state(office, request_id)
        if here != there:
            world.broken("order", f"{machine.name}: request {request_id} is {here}, at the district {there}")


def _here(machine: Machine, key: Key) -> Content | None:
    """A step as this machine knows it: its own, or what a pack brought."""
    own = machine.timeline.rows.get(key)
    return own.content if own is not None else machine.timeline.answers.get(key)


def ruled(world: World, machine: Machine, db: Database, office: Database) -> None:
    """A station has every version it was sent and goes by the newest that has started; the district's reached it, or it is ahead."""
    there = {row["id"] for row in db.rows("SELECT id FROM rule_set")}
    if there != machine.timeline.rules:
        odd = there ^ machine.timeline.rules
        world.broken("rules", f"{machine.name}: {len(odd)} versions of rules are there and were not sent, or were sent and are not")
    if missing := world.holdings.carried(office.stamp().business_date) - there:
        world.broken("rules", f"{machine.name} never got {len(missing)} versions of rules")
    today = db.stamp().business_date
    for kind in RuleKind:
        known = [world.versions[one] for one in there if world.versions[one].kind == kind]
        for day in (today, LATE):
            wanted = max((one for one in known if one.starts_on <= day), default=None)
            goes_by = rules.in_force(db, kind, day)
            if (goes_by and goes_by.id) != (wanted and wanted.id):
                world.broken("rules", f"{machine.name} goes by {goes_by and goes_by.mark} on {day}, not by {wanted}")
        ours = max((one for one in world.holdings.rules if one.kind == kind), default=None)
        above = {one.id for one in known if ours is None or one[:3] > ours[:3]}
        newest = {max(known).id} & above if known else set()
        if hidden := newest - {one.id for one in district_rules.ahead(office, kind)}:
            world.broken("rules", f"{machine.name} goes by {hidden}, which the district does not have and does not show")


def _state(db: Database, request_id: str) -> Any:
    return db.scalar(f"SELECT state FROM ({requests.REQUEST} WHERE r.id = ?)", (request_id,))
