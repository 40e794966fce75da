"""Every expression of every board gets an answer from a real Prometheus that scrapes the running demo."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import pytest
from support.boards import every_query, filled_in
from support.command import Command, processes_of, wait_until
from support.prometheus_server import Prometheus, scraping

PATIENCE = 100
FILTERS = re.compile(r" (> 0|== [01])(?=\)|$| or)")


def answered(prometheus: Prometheus, expression: str) -> bool:
    """Whether it gives data, or would without the filter that leaves out what is well."""
    return prometheus.has(expression) or prometheus.has(FILTERS.sub("", expression))


def fault(command: Command, *arguments: str) -> None:
    command.run("exchange", "fault", *arguments)


def restart_the_bot(command: Command) -> None:
    bot = next(pid for pid, line in processes_of(command.home).items() if "tickertape run" in line)
    os.kill(bot, signal.SIGKILL)


@pytest.mark.serial
@pytest.mark.timeout(200)
def test_every_expression_returns_data_from_the_running_demo_on_a_bad_day(
    tmp_path: Path, command: Command, prometheus: Path, capsys: pytest.CaptureFixture[str]
):
    command.start("up", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")
    asked = {filled_in(each.expression): each.name for each in every_query()}
    missing = dict(asked)
    with scraping(prometheus, tmp_path / "prometheus", command.port("BOT_METRICS_PORT")) as server:
        assert wait_until(lambda: server.has("sum(tradingbot_fills_total) > 0"), 40, 0.5)
        restart_the_bot(command)
        fault(command, "mute_feed", "on", "--symbol", "EUR/USD", "--for", "8s")
        deadline = time.monotonic() + PATIENCE
        while missing and time.monotonic() < deadline:
            fault(command, "lost_ack", "on", "--for", "5s", "--probability", "0.5")
            missing = {text: name for text, name in missing.items() if not answered(server, text)}
            time.sleep(1)
    with capsys.disabled():
        print(f"\n{len(asked) - len(missing)} of {len(asked)} expressions answered by Prometheus")
    assert missing == {}
