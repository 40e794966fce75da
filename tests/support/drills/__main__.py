"""``python -m support.drills``: see the package."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from support.drills.report import HEAD, line
from support.drills.running import run, uneventful
from support.drills.table import DRILLS


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Every fault, until somebody is paged and it is over.")
    parser.add_argument("--only", action="append", choices=list(DRILLS), help="may be given several times")
    parser.add_argument("--folder", type=Path, help="keep everything here, to look at afterwards")
    parser.add_argument("--quiet", type=float, metavar="MINUTES", help="no fault: nobody is to be paged")
    parser.add_argument("--closed", action="store_true", help="with --quiet: the market is closed")
    given = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        place = given.folder or Path(folder)
        if given.quiet is not None:
            paged = uneventful(place, given.quiet, closed=given.closed)
            print(f"pages: {', '.join(paged) or 'none'}")
            sys.exit(bool(paged))
        rows = run(
            given.only or list(DRILLS),
            place,
            lambda text: print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True),
        )
    print("\n".join([HEAD, *map(line, rows)]))
    sys.exit(any(row.failure or row.others for row in rows))


if __name__ == "__main__":
    main()
