"""Drawing a schedule from a seed, running it, the calm time after it, and making one that fails small.

``python -m tests.simulator.schedules SEED [MUTANT]`` runs one and prints it.
"""

from __future__ import annotations

import random
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from station_app.model import Occupation
from station_app.services import visits
from tests.simulator import invariants
from tests.simulator.house import House, Violation, founded
from tests.simulator.steps import ALPHABET, Step, take
from tests.simulator.sticks import Memory
from tests.simulator.world import World

DESK = {
    "tally": 5, "recount": 5, "register": 2, "give": 3, "receive": 1, "amenity": 1, "ask": 3, "move_on": 2, "day": 1, "undo": 2,
    "erase": 2,
}  # fmt: skip
STICKS = {
    "export": 5, "bring_up": 6, "carry_up": 5, "mangle_up": 1, "pack": 3, "bring_down": 4, "carry_down": 4, "mangle_down": 1,
    "reply": 2, "introduce": 1, "clock": 2,
}  # fmt: skip
FEW = dict.fromkeys(DESK | STICKS, 1)
MOODS: dict[str, dict[str, int]] = {
    "sticks": {},
    "parts": {"bring_up": 14, "export": 8, "recount": 8},
    "two": {"snapshot": 1},
    "edits": {"recount": 14, "undo": 5, "export": 8, "bring_up": 10},
    "people": FEW | {"register": 10, "erase": 8, "bring_up": 10, "carry_up": 5, "export": 5, "ask": 3},
    "answers": FEW | {"ask": 10, "move_on": 4, "reply": 14, "pack": 10, "bring_down": 3, "carry_up": 12, "carry_down": 3},
    "told": FEW | {
        "ask": 10, "join": 4, "reply": 14, "tell_there": 14, "undo": 3, "erase": 2, "carry_up": 12, "carry_down": 14, "bring_down": 4,
        "bring_up": 4, "back_up": 2, "restore": 2, "image_office": 1, "restore_office": 1,
    },
    "roaming": FEW | {
        "register": 8, "roam": 14, "lose_card": 7, "erase": 4, "undo": 2, "carry_up": 10, "carry_down": 10, "pack": 6, "bring_up": 4,
        "bring_down": 3, "image_office": 2, "restore_office": 2, "back_up": 1, "restore": 1,
    },
    "clocks": FEW | {"clock": 12, "tally": 8, "recount": 3, "day": 3, "export": 4, "carry_up": 10, "carry_down": 10},
    "restores": FEW | {
        "back_up": 8, "restore": 8, "new_computer": 2, "tally": 4, "recount": 8, "register": 4, "erase": 4, "ask": 3, "export": 3,
        "carry_up": 9, "bring_up": 5, "carry_down": 4,
    },
    "images": FEW | {
        "image": 8, "put_back": 8, "tally": 5, "recount": 8, "register": 3, "erase": 2, "ask": 3, "export": 3, "carry_up": 10,
        "bring_up": 4, "carry_down": 8,
    },
    "clones": {"clone": 4, "image": 3, "put_back": 3, "recount": 8},
    "office": FEW | {
        "image_office": 8, "restore_office": 6, "snapshot": 1, "tally": 4, "recount": 4, "ask": 4, "reply": 4, "carry_up": 10,
        "carry_down": 10, "bring_up": 4,
    },
    "keys": FEW | {
        "rotate": 5, "rotate_office": 4, "revoke": 3, "tally": 4, "ask": 3, "reply": 3, "export": 6, "bring_up": 8, "carry_up": 5,
        "carry_down": 6, "pack": 3, "bring_down": 4,
    },
    "rekeyed": FEW | {
        "rotate": 8, "image_office": 8, "restore_office": 9, "carry_up": 12, "carry_down": 12, "tally": 3, "introduce": 2, "revoke": 2,
    },
    "copies": FEW | {
        "back_up": 4, "restore": 4, "new_computer": 1, "image": 4, "put_back": 4, "clone": 2, "image_office": 4, "restore_office": 3,
        "snapshot": 1, "tally": 4, "recount": 5, "register": 2, "erase": 2, "ask": 3, "reply": 3, "carry_up": 9, "carry_down": 8,
        "bring_up": 4, "rotate": 3,
    },
    "rules": FEW | {
        "rule": 14, "image_office": 8, "restore_office": 9, "carry_down": 12, "bring_down": 5, "pack": 4, "carry_up": 3, "tally": 2,
        "back_up": 2, "restore": 2, "put_back": 1, "image": 1, "clock": 2,
    },
}  # fmt: skip
"""What happens more often, or at all, in the mood of a schedule."""
OTHERS = {"B": 0.25, "C": 0.2, "D": 0.1}
"""In how many schedules there is a second computer of the station, another station, and one that nobody introduced yet."""
NEEDED = {("B", "two"), ("C", "told"), ("C", "roaming")}
"""Who is there whatever the dice say."""
UNEXPECTED = "unexpected"
"""What a schedule broke when the program raised what nobody foresaw."""
ROUNDS = 3
"""How often everybody exchanges sticks in the calm time, at most."""


@cache
def house() -> House:
    """The templates of this process."""
    return founded()


@dataclass(frozen=True)
class Schedule:
    """What happens, in order."""

    seed: int
    mood: str
    cast: tuple[str, ...]
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        return f"seed {self.seed} ({self.mood}, {' '.join(self.cast)}): {', '.join(map(str, self.steps))}"


def draw(seed: int, moods: Sequence[str] = tuple(MOODS)) -> Schedule:
    """The schedule of a seed: 8 to 16 steps in one of the ``moods``."""
    chance = random.Random(seed)
    mood = chance.choice(list(moods))
    weights = DESK | STICKS | MOODS[mood]
    cast = (
        "A",
        *(name for name, share in OTHERS.items() if chance.random() < share or (name, mood) in NEEDED),
    )
    names = chance.choices(list(weights), list(weights.values()), k=chance.randint(8, 16))
    steps = tuple(
        Step(name, chance.choice([0, 0, 0, 1, 2, 3]), chance.randrange(64), chance.randrange(1 << 31)) for name in names
    )
    return Schedule(seed, mood, cast, steps)


def run(schedule: Schedule, sticks: Memory | None = None) -> list[Violation]:
    """Everything that a schedule broke; what the program did not expect is a violation too."""
    with World(house(), schedule.cast, sticks) as world:
        try:
            if schedule.mood == "parts":
                world.small_files()
            for step in schedule.steps:
                take(world, step)
            for machine in world.machines:
                invariants.shown(world, machine, set())
            calm(world)
            invariants.examine(world)
            if schedule.seed % 4 == 0:
                late(world)
                invariants.examine(world, late=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, this schedule found it
            place = traceback.extract_tb(error.__traceback__)[-1]
            world.broken(UNEXPECTED, f"{type(error).__name__}: {error} ({place.name}, line {place.lineno})")
        return world.violations


def calm(world: World) -> None:
    """Life goes on and sticks arrive: until nobody has anything left to bring, a few rounds at most."""
    world.dice.seed(0)
    for machine in world.machines:  # a district put back whole learns of it from what its stations tell next
        world.work(machine, lambda db: visits.tally(db, Occupation.RIDER))
    for _ in range(ROUNDS):
        for machine in list(world.machines):
            name = machine.template.name
            if not machine.timeline.trusting or name not in world.holdings.enrolled or name in world.holdings.revoked:
                world.introduce(machine)
            for file in world.export(machine):
                world.deliver(file)
        world.release()
        for code in sorted({machine.code for machine in world.machines}):
            if pack := world.write_pack(code):
                for machine in world.machines:
                    if machine.code == code:
                        world.bring(pack, machine)
        if not any(machine.timeline.open or machine.timeline.unconfirmed for machine in world.machines):
            return


def late(world: World) -> None:
    """Every stick there ever was turns up once more, in whatever order."""
    for file in world.dice.sample(world.files, len(world.files)):
        world.deliver(file)
    world.release()


def shrunk(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """As few of its steps as still fail: halves are left out first, then single ones."""
    steps = list(schedule.steps)
    size = len(steps) // 2
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            if fails(replace(schedule, steps=tuple(fewer))):
                steps = fewer
            else:
                at += size
        size //= 2
    return replace(schedule, steps=tuple(steps))


def told(schedule: Schedule) -> str:
    """A failing schedule, small, with what it broke."""
    kinds = {violation.kind for violation in run(schedule)}
    small = shrunk(schedule, lambda fewer: bool(kinds & {violation.kind for violation in run(fewer)}))
    return "\n  ".join([str(small), *map(str, run(small))])


def main(seed: str, mutant: str = "") -> int:
    """Run one schedule and print it."""
    from tests.simulator import mutants

    schedule = draw(int(seed))
    assert set(DESK) | set(STICKS) <= set(ALPHABET)
    if mutant:
        with mutants.MUTANTS[mutant].active():
            print(told(schedule))
    else:
        print(told(schedule))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
