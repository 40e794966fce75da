"""The semantic error log: whole lines, a file a day, never in the way."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trading_bot.contract.errors import RetriableError, SemanticError
from trading_bot.telemetry import JsonLines, rfc3339

DAY = 86_400
NOON = 1_763_812_800_000_000_000


def error(at: int = NOON, message: str = "away") -> SemanticError:
    return RetriableError("VENUE_001", message).semantic(at)


def test_times_are_rfc_3339_in_utc_with_microseconds():
    assert rfc3339(1_763_812_800_123_456_789) == "2025-11-22T12:00:00.123456Z"
    assert rfc3339(0) == "1970-01-01T00:00:00.000000Z"


def test_a_line_is_one_json_object_with_everything_that_the_error_says(tmp_path: Path):
    log = JsonLines(tmp_path / "bot.jsonl", "bot")
    log.write(error(message="two\nlines"))
    [line] = log.path.read_text().splitlines()
    fields = json.loads(line)
    assert fields["message"] == "two\nlines"
    assert fields["timestamp"] == rfc3339(NOON)
    assert {"error_code", "cause", "impact", "remediation", "severity", "level", "process"} <= set(fields)


def test_lines_of_many_threads_do_not_mix(tmp_path: Path):
    log = JsonLines(tmp_path / "bot.jsonl", "bot")
    threads = [
        threading.Thread(target=lambda: [log.write(error(message="x" * 5_000)) for _ in range(50)])
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = log.path.read_bytes().splitlines()
    assert len(lines) == 200
    assert all(json.loads(line)["error_code"] == "VENUE_001" for line in lines)


def test_the_file_of_a_past_day_is_put_aside_and_fourteen_are_kept(tmp_path: Path):
    log = JsonLines(tmp_path / "bot.jsonl", "bot")
    first = datetime(2025, 11, 1, 12, tzinfo=UTC)
    for day in range(20):
        at = first + timedelta(days=day)
        log.write(error(int(at.timestamp()) * 1_000_000_000))
        os.utime(log.path, (at.timestamp(), at.timestamp()))
    aside = sorted(path.name for path in tmp_path.glob("bot.????-??-??.jsonl"))
    assert len(aside) == 14
    assert aside[-1] == "bot.2025-11-19.jsonl"
    assert len(log.path.read_text().splitlines()) == 1


def test_a_log_that_cannot_be_written_is_counted_and_stops_nobody(tmp_path: Path):
    log = JsonLines(tmp_path / "no such folder" / "bot.jsonl", "bot")
    log.write(error())
    log.write(error())
    assert log.lost == 2
