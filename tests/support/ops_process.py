"""The real ops process, and requests to it over real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from support.command import PATIENCE, Command, lines_of, wait_until
from trading_bot.boot.home import Home
from trading_bot.journal import lock_owner

SERVING = pytest.mark.xdist_group("ops that serves")
"""For tests that ask the process of the fixture ``serving``: one worker has it."""


class Answer:
    """What came back. Header names are lower case."""

    def __init__(self, response: http.client.HTTPResponse, seconds: float) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()
        self.seconds = seconds

    def json(self) -> Any:
        return json.loads(self.body)


class OpsProcess:
    """`tickertape ops` in a home of its own."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.home = Home(command.home)
        self.port = command.port("BOT_API_PORT")

    def start(self, **variables: str) -> subprocess.Popen[str]:
        process = self.command.start("ops", **variables)
        assert wait_until(lambda: self.is_up() or process.poll() is not None), "ops does not answer"
        assert process.poll() is None, "\n".join(lines_of(process))
        return process

    def is_up(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("health/healthz", key=None).status == 200
        return False

    def is_ready(self) -> bool:
        """Whether it has read the bot's tape as well: until then it answers nothing about the bot."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("health/readyz", key=None).status == 200
        return False

    def get(self, path: str, key: Path | str | None = "home", method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            began = time.perf_counter()
            whole = path if path.startswith("/") else f"/api/v1/{path}"
            connection.request(method, whole, headers={**self._key(key), **headers})
            return Answer(connection.getresponse(), time.perf_counter() - began)
        finally:
            connection.close()

    def worker(self) -> int | None:
        """Return the pid of the process that serves, None when nobody does."""
        return lock_owner(self.home.ops)

    def _key(self, key: Path | str | None) -> Mapping[str, str]:
        if key is None:
            return {}
        return {"X-API-Key": self.home.read_key.read_text().strip() if key == "home" else str(key)}
