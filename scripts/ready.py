#!/usr/bin/env python3
"""Report when every service of the stack answers: `ready.py NAME=URL …`, with nothing but Python.

Each service is named once, when it answers; the exit code is 0 when all did and 1 when the time is up.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.error import URLError
from urllib.request import urlopen

PATIENCE = "READY_SECONDS"
PAUSE = 0.5


def answers(url: str) -> bool:
    """Whether the service says 200."""
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - the addresses are the compose file's
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False


def wait(services: Mapping[str, str], seconds: float) -> list[str]:
    """Return the services that did not answer in time."""
    waiting, deadline = dict(services), time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        for name in [name for name, url in waiting.items() if answers(url)]:
            print(f"{name} is ready", flush=True)
            del waiting[name]
        time.sleep(PAUSE if waiting else 0)
    return list(waiting)


def main(arguments: Sequence[str]) -> int:
    """Wait for the services named by the arguments."""
    missing = wait(dict(each.split("=", 1) for each in arguments), float(os.environ.get(PATIENCE, "180")))
    if missing:
        print(f"not ready: {', '.join(missing)}; see: docker compose logs {' '.join(missing)}")
        return 1
    print("everything is ready", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
