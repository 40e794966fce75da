"""Workflows over HTTP, as an operator or an agent has them."""

from __future__ import annotations

import http.client
import json
from typing import Any

from support.command import PATIENCE, wait_until
from support.ops_process import Answer
from trading_bot.boot.home import Home

ENDED = {"completed", "compensated", "cancelled", "failed"}


class WorkflowApi:
    """Speaks to an ops process with the home's operate key, read anew for each request."""

    def __init__(self, home: Home, port: int) -> None:
        self.home = home
        self.port = port

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            key = {"X-API-Key": self.home.operate_key.read_text().strip()}
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, f"/api/v1/{path}", data, {**key, **headers})
            return Answer(connection.getresponse(), 0.0)
        finally:
            connection.close()

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return answer.json()

    def execute(self, workflow: str, parameters: dict[str, Any] | None = None) -> str:
        """Execute a workflow, with the token of a dry run where it needs one; return the execution's id."""
        body: dict[str, Any] = {"parameters": parameters or {}}
        if self.get(f"workflows/{workflow}")["risk"] == "confirm":
            rehearsed = self.ask("POST", f"workflows/{workflow}/execute?dry_run=true", body)
            assert rehearsed.status == 200, rehearsed.body
            body["confirm"] = rehearsed.json()["confirm"]
        answer = self.ask("POST", f"workflows/{workflow}/execute", body)
        assert answer.status == 202, answer.body
        return str(answer.json()["execution_id"])

    def followed(self, execution_id: str, seconds: float = 240.0) -> Any:
        """Return an execution once it has ended; ops may be away meanwhile."""

        def ended() -> bool:
            try:
                return self.get(f"workflows/executions/{execution_id}")["state"] in ENDED
            except (OSError, http.client.HTTPException, AssertionError):
                return False

        assert wait_until(ended, seconds, 0.1), self.get(f"workflows/executions/{execution_id}")
        return self.get(f"workflows/executions/{execution_id}")
