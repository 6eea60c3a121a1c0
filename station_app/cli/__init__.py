"""Every service as a command, the same functions the buttons call. ``group`` is the whole command line.

Commands made by rooms above this one (the window, pictures) are hung in with ``later`` by ``__main__``.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from . import answers as _answers  # noqa: F401  its commands join ``requests_group``
from . import house, supply_moves
from . import prints as _prints  # noqa: F401  the print room's commands join those of badges and supplies
from . import roll as _roll  # noqa: F401  its commands hang themselves into those of people
from .backups import backup_group
from .days import emergency_group, lost_group
from .equipment import equipment_group, first_aid_group
from .frame import Command, Desk, Group, Root, option
from .loans import loans_group
from .people import badges_group, people_group
from .reports import report
from .requests import requests_group
from .rescue import rescue_group
from .supplies import supplies_group
from .supply_rules import rules_group, weather_group
from .updates import update as _update
from .visits import visits_group

__all__ = ["Command", "Desk", "Group", "Root", "group", "later", "option"]

group = Root("station-app")
group.usual = "window"
house.join(group)
for _part in (people_group, badges_group, visits_group, supplies_group, weather_group, loans_group, requests_group, backup_group,
              rescue_group, equipment_group, first_aid_group, emergency_group, lost_group, report):  # fmt: skip
    group.add_command(_part)

group.add_command(_update)
supplies_group.add_command(rules_group)
supplies_group.add_command(supply_moves.campaigns_group)

_inside: dict[str, dict[str, Callable[[], click.Command]]] = {}


def later(path: str, load: Callable[[], click.Command]) -> None:
    """Hang in a command (``"shots"``, ``"district desk"``) that ``load`` imports when it is called by name."""
    group_name, _, name = path.rpartition(" ")
    (_inside.setdefault(group_name, {}) if group_name else group.elsewhere)[name] = load


def _exchange(name: str) -> Callable[[], click.Command]:
    """The groups of the exchange load their keys and readers only when asked for."""

    def load() -> click.Command:
        from . import asked, desk, district_forms, district_supplies, keys, light, regulars, rules

        parts = (asked, light, keys, desk, rules, regulars, district_supplies, district_forms)
        found: Group = {key: group for part in parts for key, group in part.GROUPS.items()}[name]
        found.elsewhere |= _inside.get(name, {})
        return found

    return load


for _name in ("sync", "district"):
    later(_name, _exchange(_name))
