"""The product's source as syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("trading_bot", "exporter")


@cache
def tree(path: Path) -> ast.Module:
    """Return the syntax tree of a file, parsed once for all tests of a worker."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def statements(module: ast.Module) -> Iterator[ast.AST]:
    """Yield every statement, without its expressions, which are nine tenths of a tree."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        for block in BLOCKS:
            inner = getattr(node, block, ())
            if isinstance(inner, list):  # a lambda's body is an expression
                waiting += inner


@cache
def modules() -> dict[Path, ast.Module]:
    """Return every module of the product, by its path relative to the root."""
    paths = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT): tree(path) for path in paths}


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Yield every node of these kinds, with its module's path."""
    for path, module in modules().items():
        for node in ast.walk(module):
            if isinstance(node, kinds):
                yield path, node


def name_of(node: ast.expr) -> str:
    """Return the last part of a dotted name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
