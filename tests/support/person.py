"""An operator at the ops endpoint: asks for things and waits until the bot has answered."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from typing import Any

from support.command import PATIENCE, wait_until
from support.trading import Floor
from trading_bot.contract.settings import parse_settings, settings_hash
from trading_bot.journal import lock_owner


class Reply:
    """What came back. Header names are lower case."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The error code, None for a success."""
        return self.json().get("error_code") if self.status >= 400 else None


class Operator:
    """Speaks to the ops endpoint of a floor with its operate key."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self.home = floor.home

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        port = self._floor.command.port("BOT_API_PORT")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        sent = {"X-API-Key": self.home.operate_key.read_text().strip(), "Content-Type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            connection.request(method, f"/api/v1/{path}", data, sent)
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def is_up(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "config").status == 200
        return False

    def await_up(self) -> None:
        assert wait_until(self.is_up), "ops does not show settings"

    def await_down(self) -> None:
        """After a kill: what the killed process had begun ends a moment later, and answers until then."""
        assert wait_until(lambda: lock_owner(self.home.ops) is None)

    def config(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "config").json()
        return found

    def settings(self, **sections: dict[str, Any]) -> dict[str, Any]:
        """Return the settings in force with some keys of some sections changed."""
        settings: dict[str, Any] = self.config()["settings"]
        return settings | {name: {**settings.get(name, {}), **keys} for name, keys in sections.items()}

    def put(self, settings: dict[str, Any], generation: int | None = None, **fields: Any) -> Reply:
        """Ask for settings, against the generation in force unless another one is named."""
        expected = self.config()["observed_generation"] if generation is None else generation
        body = {"settings": settings, "reason": "for a test", **fields}
        return self.ask("PUT", "config", body, If_Match=f'"{expected}"')

    def answered(self, reply: Reply) -> dict[str, Any]:
        """Wait until a command is answered, also over restarts of ops, and return it."""
        assert reply.status == 202, reply.body
        path = f"commands/{reply.json()['command_id']}"
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                command: dict[str, Any] = self.ask("GET", path).json()
                if command.get("status", "pending") != "pending":
                    return command
            assert time.monotonic() < deadline, path
            time.sleep(0.05)

    def apply(self, settings: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Have settings in force, with the token of their difference."""
        token = self.ask("POST", "config/diff", {"settings": settings}).json()["confirm"]
        confirm = {} if token is None else {"confirm": token}
        return self.answered(self.put(settings, **confirm, **fields))

    def lines(self) -> list[dict[str, Any]]:
        """Return the history as it stands in its file; a line that is being written is not there yet."""
        text = self.home.config_history.read_text() if self.home.config_history.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def file_hash(self) -> str:
        """Return the hash of the settings in config.yaml."""
        import yaml  # noqa: PLC0415 - its only use here

        return settings_hash(parse_settings(yaml.safe_load(self.home.config.read_text())))

    def has_converged(self) -> bool:
        """Whether journal, file and history say the same, and ops too: it knows a line once the disk has it."""
        state, lines = self._floor.state().settings, self.lines()
        generations = [line["generation"] for line in lines if line["applied"]]
        told = self.ask("GET", "config/history?limit=1")
        return (
            self.file_hash() == state.hash
            and generations == list(range(1, state.generation + 1))
            and told.json().get("total") == len(lines)
            and self.config().get("observed_generation") == state.generation
        )
