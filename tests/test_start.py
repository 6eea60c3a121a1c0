"""Starting: nothing is imported that the first screen does not need; the command line needs no Qt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from station_app.services import stations
from tests.conftest import CHEAP, PASSWORD, SAMPLE

HEAVY = (
    "sqlite_utils", "pypinyin", "reportlab", "qrcode", "numpy", "openpyxl", "pypdfium2", "zxingcpp", "PIL", "rapidfuzz", "stdnum", "pydoc",
    "pyrage", "python_calamine", "socket", "pickle", "logging.handlers", "subprocess", "html",
)  # fmt: skip
ELSEWHERE = tuple(
    f"station_app.{room}" for room in (
        "cli", "district", "sync", "services.boxes", "services.duplicates", "services.incidents", "services.privacy", "services.reports",
        "services.retention", "services.rosters", "services.supplies.forecast", "services.supplies.orders", "paper.report",
        "ui.answer_sheet", "ui.camera", "ui.care_notice", "ui.district", "ui.handbook", "ui.kiosk", "ui.pictures", "ui.print_out",
        "ui.routing", "ui.supply_actions", "ui.pages.people_sheets", "ui.pages.reports", "ui.pages.settings",
    )
)  # fmt: skip
"""Rooms of ours that another command, window, page or key is for."""

WINDOW = f"""
import sys
from pathlib import Path
from station_app import app, words
words.use("zh")
application = app.application(offscreen=True)
from station_app.services import stations
db = stations.open_station(Path(sys.argv[1]), sys.argv[2])
window = app.window(db)
window.show()
from station_app.ui.hands import Hands
Hands(window, lambda: window.idle).settle()
import linecache
print(" ".join(name for name in linecache.cache if "station_app" in name))
print(" ".join(name for name in sys.modules if name in {HEAVY!r} or name.startswith({ELSEWHERE!r})))
window.close()
db.close()
"""

UNLOCK = """
import sys
from pathlib import Path
from station_app import app, words
words.use("zh")
application = app.application(offscreen=True)
window = app.StartWindow(Path(sys.argv[1]))
window.show()
application.processEvents()
print(window.grab().height() > 100)
desk = ("station_app.ui.main_window", "station_app.ui.window", "station_app.ui.pages", "station_app.services.requests")
print(" ".join(name for name in sys.modules if name.startswith(desk)))
window.close()
"""


def run(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, check=False,
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Path:
    stations.set_up(tmp_path / "s", SAMPLE, "王敏", PASSWORD, cost=CHEAP)[0].close()
    return tmp_path / "s"


def test_the_painted_desk_has_loaded_none_of_the_heavy_libraries(home: Path) -> None:
    told = run(WINDOW, str(home), PASSWORD)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == ""  # nor has PySide read the sources of ours (station_app.ui)


def test_what_asks_for_the_password_has_loaded_no_desk(home: Path) -> None:
    told = run(UNLOCK, str(home))
    assert (told.returncode, told.stdout.split()) == (0, ["True"]), told.stderr


def test_the_check_can_fail(home: Path) -> None:
    told = run(WINDOW.replace("import sys\n", "import sys, pypinyin\n", 1), str(home), PASSWORD)
    assert "pypinyin" in told.stdout.split()
