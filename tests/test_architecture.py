"""What import contracts cannot see: entry points, outside libraries, exchange names, sizes, unfinished work."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors

ROOT = Path(__file__).parent.parent
ROOMS = ("app.py", "sidecar.py", "core", "connectors", "pages")
LIMITS = {"app.py": 80, "sidecar.py": 60, "pages": 120}
MODULE_LINES, FUNCTION_LINES = 400, 50
REVISIONS = "core/persistence/migrations/versions/"  # a revision lists tables; splitting it would hide them

# who may import an outside library: prefixes of paths
HOMES = {
    "streamlit": ("app.py", "pages/", "core/ui/"),
    "sqlalchemy": ("core/persistence/",),
    "alembic": ("core/persistence/",),
    "requests": ("connectors/",),
    "urllib3": ("connectors/",),
    "schedule": ("sidecar.py", "core/sync/"),
    "cryptography": ("core/security/", "connectors/"),
    "argon2": ("core/security/",),
    "starlette": ("core/api/", "app.py"),
}
# who may import what of ours, where import-linter does not look
ENTRY_POINTS = {
    "app.py": ("core.bootstrap", "core.api", "core.ui"),
    "sidecar.py": ("core.bootstrap", "core.sync", "core.config", "core.errors", "core.log"),
    "pages/": (
        "core.bootstrap",
        "core.ui",
        "core.services",
        "core.domain",
        "core.ports",
        "core.errors",
        "connectors.types",
    ),
}
EXCHANGE_HOMES = ("connectors/", "core/demo/")


def files(*rooms: str) -> Iterator[Path]:
    for room in rooms:
        path = ROOT / room
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(("library", "homes"), HOMES.items(), ids=list(HOMES))
def test_a_library_is_used_in_its_own_rooms_only(library: str, homes: tuple[str, ...]) -> None:
    users = [
        name_of(path)
        for path in files(*ROOMS)
        if any(f"{name}.".startswith(f"{library}.") for name in imports_of(path))
    ]
    assert users, f"nobody uses {library}"
    assert [user for user in users if not user.startswith(homes)] == []


@pytest.mark.parametrize(("room", "allowed"), ENTRY_POINTS.items(), ids=list(ENTRY_POINTS))
def test_an_entry_point_uses_only_what_it_may(room: str, allowed: tuple[str, ...]) -> None:
    for path in files(room.rstrip("/")):
        ours = {name for name in imports_of(path) if name.partition(".")[0] in ("core", "connectors", "app", "sidecar")}
        within = {name for name in ours if any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)}
        parents = {name for name in ours if any(prefix.startswith(f"{name}.") for prefix in allowed)}
        assert ours - within - parents == set(), name_of(path)


def test_an_exchange_is_named_in_its_own_module_its_dialect_and_the_demo_only() -> None:
    ids = set(connectors.available())
    for path in files(*ROOMS):
        if name_of(path).startswith(EXCHANGE_HOMES):
            continue
        texts = {
            node.value.lower()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert texts & ids == set(), name_of(path)


def test_only_the_settings_read_the_environment() -> None:
    readers = [
        name_of(path)
        for path in files(*ROOMS)
        if re.search(r"\bos\.(environ|getenv)", path.read_text(encoding="utf-8"))
    ]
    assert set(readers) <= {"core/config.py", "core/supervisor.py", "core/demo/running.py"}


def test_modules_and_functions_stay_small() -> None:
    for path in files(*ROOMS):
        text = path.read_text(encoding="utf-8")
        room = name_of(path).partition("/")[0]
        assert len(text.splitlines()) <= LIMITS.get(room, MODULE_LINES), name_of(path)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not name_of(path).startswith(REVISIONS):
                where = f"{name_of(path)}:{node.lineno} {node.name}"
                assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, where


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b|pytest\.(mark\.)?(skip|xfail)")
    here = Path(__file__)
    for path in files(*ROOMS, "tests"):
        if path != here:
            assert not marks.search(path.read_text(encoding="utf-8")), name_of(path)


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name_of(path)
        for path in files(*ROOMS)
        if path.read_text(encoding="utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []
