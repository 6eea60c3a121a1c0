"""The house rules that a program can check; each check is shown to be able to fail on a small wrong example."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "station_app"
CODE = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

SQL_ROOMS = ("db.py", "schema.py", "services/", "district/store.py", "district/books.py", "district/keys.py", "district/light.py",
             "district/regulars.py", "district/matters.py",
             "district/watch.py")
SQL_TEXT = re.compile(
    r"\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\w+\s+SET\s|DELETE\s+FROM\s|REPLACE\s+INTO\s|ALTER\s+TABLE\s"
    r"|CREATE\s+(UNIQUE\s+|VIRTUAL\s+|TEMP\s+)?(TABLE|INDEX|VIEW|TRIGGER)\s|DROP\s+\w+\s|PRAGMA\s)"
)
HEAVY = {
    "sqlite_utils", "pypinyin", "reportlab", "qrcode", "openpyxl", "pypdfium2", "zxingcpp", "PIL", "rapidfuzz",
    "python_calamine", "numpy",
}  # fmt: skip
"""What the first screen does not need and what would slow its start (DESIGN: speed)."""

PURE = ("sync.envelope", "sync.merge")
"""Bytes or plans in and out: of other rooms they reach only model, rulebook and errors, also by way of their neighbours."""

SKIPPED = {
    ".git", ".venv", ".dev", "out", "dist", "build", "__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache",
    ".ruff_cache", ".import_linter_cache",
}  # fmt: skip
MACHINE_PATH = re.compile(r"(?<![\w.~<>*)}\]/-])/(?:work|root|tmp|opt)/\w")
REGISTRY = re.compile(r"[p]ypi\.org|[p]ythonhosted\.|[d]eb\.debian\.|[r]egistry\.npmjs|://[m]irrors?\.")
"""A letter in brackets keeps this file from finding itself."""


# --- what is looked for: each finder takes one source text and yields what is wrong in it


def calls_that_wait(source: str) -> Iterator[str]:
    """Sleeping and pumping events hide a race; wait for the signal or the process instead."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "time" and any(n.name == "sleep" for n in node.names):
            yield f"{node.lineno}: from time import sleep"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if node.func.attr == "processEvents" or called in {"time.sleep", "qtbot.wait"}:
                yield f"{node.lineno}: {called}("


def sql(source: str) -> Iterator[str]:
    """SQL text or a call that runs some."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL_TEXT.match(node.value):
            yield f"{node.lineno}: {node.value.strip()[:40]}"
        called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if called in {"execute", "executemany", "executescript"}:
            yield f"{node.lineno}: .{called}("


def heavy_at_the_top(source: str) -> Iterator[str]:
    """Heavy modules imported while our module is imported: outside functions, not only for type checkers."""
    pending: list[ast.AST] = [ast.parse(source)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending.extend(node.orelse)
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        yield from (f"{name} at the top" for name in names if name.split(".")[0] in HEAVY)
        pending.extend(ast.iter_child_nodes(node))


def undocumented(source: str) -> Iterator[str]:
    """The module and its public functions and classes that do not say what they are."""
    tree = ast.parse(source)
    if source.strip() and not ast.get_docstring(tree):
        yield "the module"
    rooms = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)]
    for node in rooms:
        if not node.name.startswith("_") and not ast.get_docstring(node):
            yield f"{node.lineno}: {node.name}"


def own_imports(source: str, parts: tuple[str, ...]) -> set[str]:
    """The modules of station_app that a module imports, named below the package ("db", "sync.carry").

    ``parts`` is the importing module's own path below the package, to read relative imports by.
    """
    own: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            own |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ("station_app", *parts)[: len(parts) + 1 - node.level] if node.level else ()
            path = (*base, *(node.module.split(".") if node.module else ()))
            own |= {path} if node.module and path != ("station_app",) else {(*path, alias.name) for alias in node.names}
    return {".".join(path[1:]) for path in own if path[0] == "station_app" and len(path) > 1}


def module_parts(path: Path) -> tuple[str, ...]:
    """Where a file of the package stands below it."""
    return path.relative_to(PACKAGE).with_suffix("").parts


def module_name(path: Path) -> str:
    """The dotted name of a file of the package, below the package."""
    return ".".join(module_parts(path)).removesuffix(".__init__")


def reached(graph: dict[str, set[str]], start: Iterable[str]) -> set[str]:
    """Every module that ``start`` imports, directly or by way of others."""
    seen: set[str] = set()
    pending = list(start)
    while pending:
        new = graph.get(pending.pop(), set()) - seen
        seen |= new
        pending.extend(new)
    return seen


def station_schema(source: str) -> Iterator[str]:
    """The migrations of a station's database, without which none can be opened."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and "schema" in (node.module or "").split("."):
            yield from (f"{node.lineno}: {alias.name}" for alias in node.names if alias.name in {"STATION", "*"})
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith("schema.STATION"):
            yield f"{node.lineno}: {ast.unparse(node)}"


def addresses(text: str) -> Iterator[str]:
    """Paths of one machine and addresses of package registries."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := MACHINE_PATH.search(line) or REGISTRY.search(line):
            yield f"{number}: {found.group()}"


def project_files() -> Iterator[Path]:
    """Every text file of the project, without what is made."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in SKIPPED]
        # in a further working tree of git's, .git is a file that names the first one
        kept = (name for name in names if name not in SKIPPED and not name.endswith((".mo", ".pyc", ".log")))
        yield from (Path(folder) / name for name in kept)


def findings(paths: list[Path], finder: Callable[[str], Iterator[str]]) -> list[str]:
    """What ``finder`` sees in ``paths``, each with its file."""
    seen = [(path, found) for path in paths for found in finder(path.read_text(encoding="utf-8"))]
    return [f"{path.relative_to(ROOT).as_posix()} {found}" for path, found in seen]


# --- the rules


def test_nothing_waits_for_time_to_pass() -> None:
    assert findings([*CODE, *TESTS, ROOT / "dev.py"], calls_that_wait) == []


def test_sql_stays_in_its_rooms() -> None:
    outside = [path for path in CODE if not path.relative_to(PACKAGE).as_posix().startswith(SQL_ROOMS)]
    assert findings(outside, sql) == []


def test_the_first_screen_loads_nothing_heavy() -> None:
    assert findings(CODE, heavy_at_the_top) == []


def test_everything_public_says_what_it_is() -> None:
    assert findings([*CODE, ROOT / "dev.py"], undocumented) == []


def test_no_address_of_a_machine_or_a_registry() -> None:
    seen = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        seen += [f"{path.relative_to(ROOT)} {found}" for found in addresses(text)]
    assert seen == []


def test_pure_rooms_reach_little() -> None:
    graph = {module_name(path): own_imports(path.read_text(encoding="utf-8"), module_parts(path)) for path in CODE}
    foreign = {name for name in reached(graph, PURE) if not name.startswith("sync.")}
    assert foreign <= {"model", "rulebook", "errors"}


def test_the_district_never_opens_a_station() -> None:
    assert findings(sorted((PACKAGE / "district").rglob("*.py")), station_schema) == []


def test_the_map_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"\w+", text[text.index("```") : text.index("```", text.index("```") + 3)]))
    rooms = {(path.parent.name, path.stem) for path in CODE if path.stem != "__init__"}
    names = {stem.split("_")[0] if folder == "pages" else stem for folder, stem in rooms}
    assert names - drawn == set()


# --- each finder can fail


@pytest.mark.parametrize(
    ("finder", "wrong", "right"),
    [
        (calls_that_wait, "import time\ntime.sleep(1)", "# time.sleep(1)\nloop.wait(signal)"),
        (calls_that_wait, "from time import sleep", "from time import monotonic"),
        (calls_that_wait, "QApplication.processEvents()", "'processEvents()'"),
        (calls_that_wait, "def f(qtbot): qtbot.wait(10)", "def f(qtbot): qtbot.waitSignal(done)"),
        (sql, "x = 'SELECT id FROM visit'", "x = 'Select a person'"),
        (sql, "x = f'DELETE FROM {table}'", "x = 'DELETE'"),
        (sql, "connection.execute(text)", "jobs.run(text)"),
        (heavy_at_the_top, "import reportlab.pdfgen", "def f():\n    import reportlab.pdfgen"),
        (heavy_at_the_top, "try:\n    from PIL import Image\nfinally: pass", "from .PIL import Image"),
        (heavy_at_the_top, "class A:\n    import qrcode", "if TYPE_CHECKING:\n    import qrcode"),
        (undocumented, '"""A."""\ndef give(): pass', '"""A."""\ndef _give(): pass'),
        (undocumented, '"""A."""\nclass Give: pass', '"""A."""\nclass Give:\n    """B."""'),
        (undocumented, "x = 1", '"""A."""'),
        (station_schema, "from station_app.schema import STATION", "from station_app.schema import DISTRICT"),
        (station_schema, "db.open(path, key, schema.STATION)", "db.open(path, key, schema.DISTRICT)"),
        (addresses, "see {}work/main".format("/"), "network/root/x, https://x.example/work/y"),
        (addresses, f"--index https://{'py'}pi.org/simple", "pip install"),
    ],
)  # fmt: skip
def test_a_finder_tells_wrong_from_right(finder: Callable[[str], Iterator[str]], wrong: str, right: str) -> None:
    assert list(finder(wrong))
    assert not list(finder(right))


@pytest.mark.parametrize(
    ("source", "rooms"),
    [
        ("from .. import db, errors", {"db", "errors"}),
        ("from ..model import Visit", {"model"}),
        ("from . import carry", {"sync.carry"}),
        ("from .carry import write", {"sync.carry"}),
        ("from station_app import db", {"db"}),
        ("from ..services.people import find", {"services.people"}),
        ("from station_app.vault import Key", {"vault"}),
        ("import station_app.schema", {"schema"}),
        ("import json\nfrom pathlib import Path", set()),
    ],
)
def test_imports_of_our_own_are_seen(source: str, rooms: set[str]) -> None:
    assert own_imports(source, ("sync", "envelope")) == rooms


def test_what_is_reached_goes_on_through_neighbours() -> None:
    graph = {"sync.envelope": {"sync.wire"}, "sync.wire": {"errors", "db"}, "sync.merge": set(), "db": {"vault"}}
    assert reached(graph, ["sync.envelope"]) == {"sync.wire", "errors", "db", "vault"}
    assert reached(graph, ["sync.merge"]) == set()


# --- who may import whom: the contracts in pyproject.toml


def contracts(folder: Path) -> subprocess.CompletedProcess[str]:
    """Check the contracts on the package in ``folder`` (a process of its own: the package is imported afresh)."""
    check = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environ = {**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return subprocess.run([sys.executable, "-c", check], cwd=folder, env=environ, capture_output=True, text=True)


def test_imports_go_downward_only() -> None:
    done = contracts(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def small_house(tmp_path: Path) -> Path:
    """A package that keeps every contract, each rule's one exception included."""
    package = tmp_path / "station_app"
    sources = {
        "__init__": "", "model": "", "db": "import sqlcipher3", "cli": "", "ui/__init__": "import PySide6.QtCore",
        "services/__init__": "", "services/rosters": "import python_calamine", "services/people": "from .. import db",
    }  # fmt: skip
    for name, source in sources.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).with_suffix(".py").write_text(source + "\n")
    (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
    return tmp_path


def test_a_small_house_in_order_passes(small_house: Path) -> None:
    done = contracts(small_house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "source", "contract"),
    [
        ("model", "from . import db", "Imports go downward only"),
        ("cli", "from . import ui", "Imports go downward only"),
        ("gadgets", "", "Imports go downward only"),
        ("cli", "import PySide6.QtCore", "Qt only in the window"),
        ("services/people", "def f():\n    import qrcode", "drawn only in paper"),
        ("services/people", "import python_calamine", "Spreadsheets are read in one room"),
        ("backup", "import sqlcipher3", "The database driver only in db"),
    ],
)
def test_a_wrong_import_is_caught(small_house: Path, module: str, source: str, contract: str) -> None:
    (small_house / "station_app" / module).with_suffix(".py").write_text(source + "\n")
    done = contracts(small_house)
    broken = [line for line in done.stdout.splitlines() if " BROKEN" in line]
    assert done.returncode == 1
    assert [contract in line for line in broken] == [True]
