"""Rules about the tree that import-linter cannot say, and that its contracts cover the tree."""

from __future__ import annotations

import ast
import contextlib
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from support.syntax import statements, tree

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION = 50
MOCK_LINES = 20
pytestmark = pytest.mark.xdist_group("source as syntax trees")  # one worker reads and parses for all
GENERATED = {"requirements.lock", "requirements-dev.lock"}


@cache
def tracked() -> tuple[Path, ...]:
    if not (ROOT / ".git").exists():
        pytest.skip("git: this is no checkout")
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file())


@cache
def sources() -> tuple[Path, ...]:
    packages = ("trading_bot", "exporter", "dashboards")
    return tuple(sorted(path for package in packages for path in ROOT.glob(f"{package}/**/*.py")))


@cache
def imports(path: Path) -> tuple[str, ...]:
    found: list[str] = []
    for node in statements(tree(path)):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += (f"{node.module}.{alias.name}" for alias in node.names)
    return tuple(found)


ALLOWED = {
    "opentelemetry.sdk": ("exporter/otlp/",),
    "opentelemetry.exporter": ("exporter/otlp/",),
    "opentelemetry.proto": ("exporter/otlp/",),
    "opentelemetry": ("exporter/otlp/", "trading_bot/telemetry/"),
    "prometheus_client": ("exporter/",),
    "flask": ("exporter/ops/",),
    "granian": ("exporter/ops/",),
    "sqlite3": (),
    "apsw": ("trading_bot/journal/",),
    "ccxt": ("trading_bot/venues/",),
}


def is_or_is_below(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


@pytest.mark.parametrize("package", ALLOWED)
def test_a_package_is_imported_only_where_it_may_be(package):
    offenders = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources()
        for name in imports(path)
        if is_or_is_below(name, package) and not str(path.relative_to(ROOT)).startswith(ALLOWED[package])
    ]
    assert sources()
    assert not offenders


def test_every_part_of_the_bot_is_under_the_import_contracts():
    parts = {f"trading_bot.{path.parent.name}" for path in ROOT.glob("trading_bot/*/__init__.py")}
    contracts = {
        contract["name"]: contract
        for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
            "contracts"
        ]
    }
    apsw = set(contracts["Only the journal opens SQLite, by apsw"]["source_modules"])
    ccxt = set(contracts["Only venues imports ccxt"]["source_modules"])
    assert apsw == (parts | {"exporter"}) - {"trading_bot.journal"}
    assert ccxt == (parts | {"exporter"}) - {"trading_bot.venues"}


def test_no_function_is_longer_than_fifty_lines():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


@cache
def texts() -> dict[Path, str]:
    found = {}
    for path in tracked():
        with contextlib.suppress(UnicodeDecodeError):
            found[path.relative_to(ROOT)] = path.read_text()
    return found


def offending(
    pattern: re.Pattern[str], *, suffix: str = "", skip: frozenset[Path] = frozenset()
) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:80]}"
        for path, text in texts().items()
        if path.name not in GENERATED and path.suffix.endswith(suffix) and path not in skip
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


THIS = frozenset({Path(__file__).relative_to(ROOT)})


def test_no_file_names_the_host_of_a_package_registry():
    hosts = re.compile(r"pythonhosted\.org|\bpypi\.org|registry\.npmjs\.org|\b(deb|security)\.debian\.org")
    assert not offending(hosts, skip=THIS)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_lock_has_hashes_and_no_addresses(name):
    lock = (ROOT / name).read_text()
    assert "://" not in lock
    requirements = [line for line in lock.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(requirements) > 20
    assert all("==" in line for line in requirements)
    assert lock.count("==") <= lock.count("--hash=sha256:")


def test_nothing_is_left_unfinished():
    assert not offending(re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b"), suffix=".py", skip=THIS)


def test_the_whole_suite_has_fewer_than_twenty_lines_of_mocks():
    mocks = re.compile(r"\b(mock\.|Mock\(|MagicMock|mocker\.|monkeypatch\.setattr|@patch)")
    assert len(offending(mocks, suffix=".py", skip=THIS)) < MOCK_LINES
