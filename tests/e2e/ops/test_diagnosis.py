"""A client that knows nothing but `/summary` and what its links say finds the cause of a bad day in three calls."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.command import PATIENCE, Command, wait_until
from support.trading import Floor, busy_settings

from trading_bot.contract.events.lifecycle import BotReady
from trading_bot.telemetry import rfc3339

pytestmark = pytest.mark.timeout(900)

MOST_CALLS = 3
MOST_BYTES = 10 * 1024

# By fault: how it is switched on, and what in the answers names its cause: an error code or a condition.
FAULTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "mute_feed": ({}, {"FEED_001"}),
    "reject_order": ({}, {"ORDER_001"}),
    "crossed_book": ({}, {"FEED_003"}),
    "drop_connection": ({}, {"FEED_002", "VenueReachable"}),
    "unreachable": ({"seconds": 12}, {"VENUE_001", "VenueReachable"}),
    "lost_ack": ({}, {"ORDER_002"}),
    "rate_limited": ({"size": 2}, {"VENUE_003"}),
    "maintenance": ({"size": 2}, {"VENUE_006", "VenueReachable"}),
    "clock_skew": ({}, {"VENUE_005"}),
    "wrong_balance": ({"size": 0.1}, {"RECON_001", "Reconciled"}),
}
PLAYED_ALWAYS = ("mute_feed", "reject_order")


class Found(msgspec.Struct, frozen=True):
    """What the client found: the causes that were named with what to do, and what it cost."""

    causes: frozenset[str]
    calls: int
    size: int
    said: str


class Client:
    """Begins at the summary and follows the links that it finds, the first ones first."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key

    def diagnose(self, since: str) -> Found:
        """Return what was named as wrong since a time, RFC 3339."""
        summary, size = self._get("/api/v1/summary")
        causes, said = set(_causes(summary, since)), [summary]
        links = [link["href"] for link in summary["next"]]
        links += [error["more"] for error in summary["recent_errors"]]
        followed = list(dict.fromkeys(links))[: MOST_CALLS - 1]
        for href in followed:
            body, more = self._get(href)
            size += more
            said.append(body)
            causes |= set(_causes(body, since))
        return Found(frozenset(causes), 1 + len(followed), size, json.dumps(said))

    def _get(self, path: str) -> tuple[Any, int]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        try:
            connection.request("GET", path, headers={"X-API-Key": self._key})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, (path, body)
            return json.loads(body), len(body)
        finally:
            connection.close()


def _causes(body: dict[str, Any], since: str) -> Iterator[str]:
    """Yield what a body names as wrong since a time, if it also says why or what to do."""
    for error in body.get("recent_errors", ()):
        if error["action"] and error["timestamp"] >= since:
            yield error["error_code"]
    if body.get("remediation") and body.get("cause") and body["last_seen"] >= since:
        yield body["error_code"]
    for condition in body.get("conditions", ()):
        if condition["status"] == "False" and condition["message"]:
            yield condition["name"]


@pytest.fixture
def floor(command: Command, tmp_path: Path) -> Iterator[Floor]:
    settings = busy_settings(
        execution={"request_timeout_seconds": 1},
        intervals={"stale_after_seconds": 1.5, "snapshot_seconds": 5, "reconcile_seconds": 3},
    )
    floor = Floor(command, tmp_path / "exchange", settings)
    floor.open()
    floor.start("run")
    floor.wait_for(BotReady.KIND)
    floor.start("ops")
    assert wait_until(lambda: floor.answers("BOT_API_PORT", "/api/v1/summary"))
    yield floor
    floor.close()


def test_a_client_that_follows_links_finds_the_cause_of_each_fault(floor, long_run, count):
    client = Client(floor.command.port("BOT_API_PORT"), floor.home.read_key.read_text().strip())
    played = tuple(FAULTS) if long_run else PLAYED_ALWAYS
    found = [_play(floor, client, name) for name in played]
    worst = max(one.size for one in found)
    assert max(one.calls for one in found) <= MOST_CALLS
    assert worst <= MOST_BYTES
    count("faults diagnosed over HTTP", len(found), f"{MOST_CALLS} calls, at most {worst:,} bytes")


def _play(floor: Floor, client: Client, name: str) -> Found:
    how, causes = FAULTS[name]
    since = rfc3339(time.time_ns())
    floor.switch(name, on=True, **how)
    deadline = time.monotonic() + PATIENCE
    found = client.diagnose(since)
    while not found.causes & causes:
        assert time.monotonic() < deadline, f"{name}: {found.said[:6000]}"
        time.sleep(0.5)
        found = client.diagnose(since)
        assert found.calls <= MOST_CALLS
        assert found.size <= MOST_BYTES, name
    if name != "unreachable":
        floor.switch(name, on=False)
    _recovered(floor, name)
    return found


def _recovered(floor: Floor, name: str) -> None:
    """Wait until the bot is well again and what was wrong is no longer among the last errors."""

    def is_well() -> bool:
        return floor.summary()["health_status"] == "healthy"

    # One that is unreachable cannot be told anything either.
    assert wait_until(lambda: floor.answers("BOT_EXCHANGE_PORT", "/sim/clock")), name
    assert wait_until(is_well, every=0.3), f"{name}: {floor.summary()}"
