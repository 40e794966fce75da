"""The stream of the real ops process, read by the real command."""

from __future__ import annotations

import json
import signal
import subprocess
import urllib.request
from typing import Any, Final

import pytest
from support.command import PATIENCE, lines_of, wait_until
from support.history import PAIR, quote
from support.ops_process import SERVING
from support.tapes import fact
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from trading_bot.boot.home import Home

HOW: Final[dict[str, Any]] = {"proxy": None, "open_timeout": PATIENCE}


def address(ops, path: str) -> str:
    return f"ws://127.0.0.1:{ops.command.port('BOT_STREAM_PORT')}{path}"


def commit(bot, *events) -> None:
    for event in events:
        bot.tape.append(event)
    bot.commit()
    bot.beat()


@SERVING
def test_over_http_the_api_says_where_the_stream_is(serving):
    answer = serving.get("stream")
    assert answer.status == 426
    assert answer.headers["upgrade"] == "websocket"
    problem = answer.json()
    assert problem["error_code"] == "API_020"
    assert problem["context"]["url"] == address(serving, "/api/v1/stream")
    key = serving.home.read_key.read_text().strip()
    with connect(problem["context"]["url"], additional_headers={"X-API-Key": key}, **HOW) as connection:
        kinds = [json.loads(connection.recv(PATIENCE))["type"] for _ in range(3)]
    assert kinds == ["hello", "subscribed", "snapshot"]


def test_a_wrong_key_is_refused_and_the_refusal_is_on_the_control_tape_once(bot, ops):
    ops.start()
    for _ in range(3):
        with (
            pytest.raises(InvalidStatus),
            connect(address(ops, "/ws/v1"), additional_headers={"X-API-Key": "wrong"}, **HOW),
        ):
            pass
    log = ops.home.log("ops")
    assert wait_until(lambda: log.exists() and "AUTH_001" in log.read_text())
    assert log.read_text().count("AUTH_001: ") <= 3
    assert "wrong" not in log.read_text()


def test_the_page_of_ops_counts_clients_and_messages(bot, ops):
    ops.start()
    key = ops.home.read_key.read_text().strip()
    with connect(
        address(ops, "/ws/v1/trades/live"), additional_headers={"X-API-Key": key}, **HOW
    ) as connection:
        for _ in range(3):
            connection.recv(PATIENCE)
        page = page_of(ops)
        assert 'tradingbot_stream_clients{bot="demo",channel="trades/live"} 1.0' in page
        assert 'tradingbot_stream_messages_total{bot="demo",channel="trades/live"} 1.0' in page
        assert 'tradingbot_stream_dropped_total{bot="demo",channel="state"} 0.0' in page
    closed = 'tradingbot_stream_closed_total{bot="demo",reason="client"} 1.0'
    assert wait_until(lambda: closed in page_of(ops))


def page_of(ops) -> str:
    key = ops.home.read_key.read_text().strip()
    request = urllib.request.Request(f"http://127.0.0.1:{ops.port}/metrics", headers={"X-API-Key": key})
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


class TestCommand:
    def read(self, ops, *arguments: str) -> subprocess.Popen[str]:
        return ops.command.start("stream", *arguments, "--output", "json")

    def test_it_prints_a_line_a_message_and_ends_after_count(self, bot, ops):
        ops.start()
        done = ops.command.run("stream", "market/stream", "--count", "1")
        assert done.returncode == 0, done.stderr
        assert "market/stream  snapshot  2 quotes" in done.stdout
        done = ops.command.run("stream", "portfolio/updates", "--count", "1", "--output", "csv")
        assert ",portfolio/updates,snapshot," in done.stdout
        process = self.read(ops, "market/stream", "--count", "2")
        lines = lines_of(process)
        assert json.loads(next(lines))["type"] == "snapshot"
        commit(bot, quote(PAIR, "1.5", "1.5", bot.clock.now_ns()))
        assert json.loads(next(lines))["data"]["bid"] == "1.5"
        assert process.wait(PATIENCE) == 0

    def test_through_a_restart_of_ops_it_misses_nothing(self, bot, ops):
        first = ops.start()
        process = self.read(ops, "system/events")
        lines = (line for line in lines_of(process) if line.startswith("{"))
        assert json.loads(next(lines))["type"] == "snapshot"
        commit(bot, fact(1))
        assert json.loads(next(lines))["data"]["message"] == "1:"
        first.send_signal(signal.SIGTERM)
        first.wait(PATIENCE)
        commit(bot, fact(2), fact(3))
        ops.start()
        commit(bot, fact(4))
        assert [json.loads(next(lines))["data"]["message"] for _ in range(3)] == ["2:", "3:", "4:"]
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0

    @SERVING
    def test_what_cannot_be_is_one_line(self, serving, tmp_path):
        done = serving.command.run("stream", "trades/liv")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "API_022" in done.stderr
        stranger = Home(tmp_path / "stranger").create()
        url = address(serving, "/ws/v1")
        done = serving.command.run("stream", "--home", str(stranger.path), "--url", url)
        assert done.returncode == 1
        assert "AUTH_001" in done.stderr
