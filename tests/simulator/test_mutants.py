"""Each rule of SYNC.md is needed: the simulator notices when it is left out, within a bounded number of schedules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.faults.table import report
from tests.simulator import table
from tests.simulator.mutants import MUTANTS
from tests.simulator.schedules import UNEXPECTED, draw, run

FAULT = "exchange"
BOUND = 300
"""Schedules within which a rule left out has to be noticed; the same ones in every run."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_rule_left_out_is_noticed(name: str, line: Callable[[table.Line], None]) -> None:
    mutant, kinds, tried, broken = MUTANTS[name], Counter[str](), 0, 0
    with mutant.active():
        while tried < BOUND and (not broken or tried < table.without()):
            found = run(draw(mutant.first + tried, mutant.moods))
            tried += 1
            assert UNEXPECTED not in {violation.kind for violation in found}, f"no longer fits the code: {found}"
            broken += bool(found)
            kinds.update({violation.kind for violation in found})
    line(table.Line(mutant.rule, name, tried, broken, ", ".join(kind for kind, _ in kinds.most_common())))
    report(FAULT, mutant=name, caught=bool(broken))
    assert broken, f"{tried} schedules without this rule broke nothing: {mutant.says}"


def test_every_rule_has_a_mutant() -> None:
    assert {mutant.rule for mutant in MUTANTS.values()} >= {str(rule) for rule in range(1, 11)}
