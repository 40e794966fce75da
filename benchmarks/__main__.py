"""`make bench [ARGS=subject]`: run all benchmarks, or those named."""

from __future__ import annotations

import pkgutil
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.rows import print_rows


def main(wanted: list[str]) -> int:
    """Run the benchmarks in turn, so that none disturbs another."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)])]
    subjects = {name: import_module(f"benchmarks.{name}") for name in names if name != "__main__"}
    measuring = {name: module for name, module in subjects.items() if hasattr(module, "measure")}
    unknown = [name for name in wanted if name not in measuring]
    if unknown:
        print(f"no benchmark {unknown[0]}; there is {', '.join(measuring)}", file=sys.stderr)
        return 2
    for name in wanted or measuring:
        print_rows(name.replace("_", " "), measuring[name].measure())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
