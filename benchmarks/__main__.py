"""`make bench [ARGS="[--json] [--full] [subject ...]"]`: run all benchmarks, or those named."""

from __future__ import annotations

import argparse
import os
import pkgutil
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import msgspec

from benchmarks.rows import Row, print_rows


def main(arguments: list[str]) -> int:
    """Run the benchmarks in turn, so that none disturbs another."""
    measuring = _measuring()
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("subjects", nargs="*", help=f"any of {', '.join(measuring)}; default all")
    parser.add_argument("--json", action="store_true", help="write one JSON document instead of tables")
    parser.add_argument("--full", action="store_true", help="full sizes: a journal of ten million events")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.subjects if name not in measuring]
    if unknown:
        print(f"no benchmark {unknown[0]}; there is {', '.join(measuring)}", file=sys.stderr)
        return 2
    if asked.full:
        os.environ["TICKERTAPE_LONG"] = "1"
    results: dict[str, list[Row]] = {}
    for name in asked.subjects or measuring:
        results[name] = measuring[name].measure()
        if not asked.json:
            print_rows(name.replace("_", " "), results[name])
            sys.stdout.flush()
    if asked.json:
        _write_json(results)
    return 0


def _measuring() -> dict[str, ModuleType]:
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    modules = {name: import_module(f"benchmarks.{name}") for name in names if name != "__main__"}
    return {name: module for name, module in modules.items() if hasattr(module, "measure")}


def _write_json(results: dict[str, list[Row]]) -> None:
    document = {
        "machine": {"processors": os.cpu_count(), "load": os.getloadavg()},
        "subjects": {
            name: [{**msgspec.structs.asdict(row), "met": row.met, "ratio": row.ratio} for row in rows]
            for name, rows in results.items()
        },
    }
    print(msgspec.json.format(msgspec.json.encode(document)).decode())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
