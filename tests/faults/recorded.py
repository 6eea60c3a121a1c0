"""Deeds done one after another, each on a station of its own: run under disk.c by test_power.py.

``python -m tests.faults.recorded HOMES '{"deeds": [...]}'``: the n-th deed is done in ``HOMES/n``; standard output is the screen,
which says ``{"saved": name}`` once it is done.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from station_app.db import Database
from tests.faults import mutants
from tests.faults.deeds import DEEDS, enter


def main(homes: str, orders: str) -> int:
    """Do them."""
    told = json.loads(orders)
    os.environ.pop("LD_PRELOAD", None)  # what the worker answers on its standard output is nothing the screen said
    if told["mutant"]:
        mutants.MUTANTS[told["mutant"]]()
    for place, name in enumerate(told["deeds"]):
        deed, world = DEEDS[name], enter(Path(homes) / str(place))
        ready = deed.ready(world)
        if deed.closed:
            world.db.close()
        opened = deed.act(world, ready)
        print(json.dumps({"saved": name}), flush=True)
        if isinstance(opened, Database):
            opened.close()
        elif not deed.closed:
            world.db.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
