"""The demo on a user's file: one command, and words that a person can act on when the file is broken."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import yaml
from support.command import PATIENCE, Command, wait_until
from support.market_files import HEADER, MINUTE, START, lines, waves, write

ROWS = waves(600)
NINTH = lines(ROWS)[7]


def test_one_command_trades_a_users_file(command: Command, tmp_path: Path):
    write(tmp_path / "btc.csv", ROWS)
    up = command.start("up", "--data", str(tmp_path / "btc.csv"), "--symbol", "BTC/USD")

    def has_traded() -> bool:
        answer = command.run("status", "--output", "json")
        return answer.returncode == 0 and json.loads(answer.stdout)["counts"]["fills"] > 0

    assert wait_until(has_traded, every=0.5)

    def failed() -> list[dict]:
        examined = json.loads(command.run("doctor", "--output", "json").stdout)
        return [finding for finding in examined["findings"] if finding["status"] == "failed"]

    # A busy machine may be late with a heartbeat.
    assert wait_until(lambda: failed() == [], every=0.5), failed()
    up.terminate()
    told, _ = up.communicate(timeout=PATIENCE)
    assert "BTC/USD: 600 bars of 1m from 2023-11-14T22:14:00Z" in told
    assert "(simulated, your data of BTC/USD)" in told
    assert "market BTC/USD 2023-11-15" in told
    assert yaml.safe_load((command.home / "config.yaml").read_text())["symbols"] == ["BTC/USD"]
    after = command.run("doctor", "--output", "json")
    assert after.returncode == 0, after.stdout


BROKEN = {
    "no volume column": (
        "\n".join([HEADER.removesuffix(",volume"), *(line.rpartition(",")[0] for line in lines(ROWS))]),
        (
            "DATA_007",
            "row 1, column volume",
            "found none among time, open, high, low, close",
            "add the column with 0",
        ),
    ),
    "a price that is no number": (
        "\n".join([HEADER, *lines(ROWS[:7]), NINTH.replace(",", ",n/a;", 1), *lines(ROWS[8:])]),
        ("DATA_001", "row 9, column open", "expected a number", "found 'n/a;", "--repair"),
    ),
    "a high under its low": (
        "\n".join([HEADER, *lines(ROWS[:7]), f"{START + 7 * MINUTE},100,99,101,100,1", *lines(ROWS[8:])]),
        ("DATA_001", "row 9, column high", "expected at least the low, 101", "found 99", "Correct that cell"),
    ),
    "a row twice": (
        "\n".join([HEADER, *lines(ROWS[:7]), lines(ROWS)[6], *lines(ROWS[7:])]),
        ("DATA_002", "row 9, column time", "again, as in row 8", "Keep one row for each time"),
    ),
    "missing rows": (
        "\n".join([HEADER, *lines(ROWS[:7]), *lines(ROWS[9:])]),
        ("DATA_006", "row 9, column time", "so 2 bars are missing", "--sessions if the market was closed"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused_in_words_to_act_on(command: Command, tmp_path: Path, name):
    text, words = BROKEN[name]
    (tmp_path / "btc.csv").write_text(text + "\n")
    answer = command.run("up", "--data", str(tmp_path / "btc.csv"), "--symbol", "BTC/USD")
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert all(word in answer.stderr for word in ("btc.csv", "expected", "found", *words)), answer.stderr
    assert "tickertape data check" in answer.stderr or "Name the columns" in answer.stderr


@pytest.mark.parametrize("arguments", [("exchange", "--data"), ("data", "import")])
def test_every_command_that_takes_data_refuses_it_alike(command: Command, tmp_path: Path, arguments):
    text, words = BROKEN["missing rows"]
    (tmp_path / "BTC-USD.csv").write_text(text + "\n")
    answer = command.run(*arguments, str(tmp_path / "BTC-USD.csv"))
    assert answer.returncode == 1
    assert all(word in answer.stderr for word in words)


def test_check_tells_all_that_is_wrong_and_stores_nothing(command: Command, tmp_path: Path):
    text = "\n".join([HEADER, *lines(ROWS[:7]), f"{START + 7 * MINUTE},100,99,101,100,1", *lines(ROWS[10:])])
    (tmp_path / "btc.csv").write_text(text + "\n")
    answer = command.run("data", "check", str(tmp_path / "btc.csv"), "--output", "json")
    assert answer.returncode == 1
    report = json.loads(answer.stdout)
    assert {fault["kind"] for fault in report["faults"]} == {"impossible", "gap"}
    assert all(fault["row"] and fault["remedy"] for fault in report["faults"])
    table = command.run("data", "check", str(tmp_path / "btc.csv"))
    assert "impossible, 1 in all. Correct that cell" in table.stdout
    write(tmp_path / "good.csv", ROWS)
    fine = command.run("data", "check", str(tmp_path / "good.csv"))
    assert (fine.returncode, fine.stdout.count("\n")) == (0, 1)
    assert "nothing is wrong" in fine.stdout
    assert not command.home.exists()


def test_list_shows_bundled_and_imported_series_with_range_source_and_licence(
    command: Command, tmp_path: Path
):
    write(tmp_path / "BTC-USD.csv", [*ROWS[:50], *ROWS[52:]])
    taken = command.run("data", "import", str(tmp_path / "BTC-USD.csv"), "--repair", "--licence", "mine")
    assert taken.returncode == 0
    assert "repaired: gap 1 times, filled" in taken.stdout
    rows = list(csv.DictReader(io.StringIO(command.run("data", "list", "--output", "csv").stdout)))
    assert [row["symbol"] for row in rows] == [
        "BTC/USD",
        "EUR/USD",
        "GOOGL/USD",
        "AAPL/USD",
        "IBM/USD",
        "MSFT/USD",
    ]
    own = rows[0]
    assert (own["origin"], own["bars"], own["bar"], own["licence"], own["repaired"]) == (
        "yours",
        "600",
        "1m",
        "mine",
        "1",
    )
    assert (own["first"], own["last"]) == ("2023-11-14T22:14:00Z", "2023-11-15T08:13:00Z")
    assert all(row["source"] and row["licence"] for row in rows)
    assert "EUR/USD" in command.run("data", "list").stdout


def test_a_home_that_plays_other_data_keeps_it(command: Command, tmp_path: Path):
    process = command.start("exchange", "--bar", "1s")
    assert wait_until(lambda: command.run("exchange", "fault", "list").returncode == 0)
    process.terminate()
    process.wait(PATIENCE)
    write(tmp_path / "BTC-USD.csv", ROWS)
    answer = command.run("exchange", "--bar", "1s", "--data", str(tmp_path / "BTC-USD.csv"))
    assert answer.returncode == 1
    assert "DATA_011" in answer.stderr
    assert "--home" in answer.stderr


def test_options_about_data_without_data_are_wrong_usage(command: Command):
    assert command.run("up", "--symbol", "BTC/USD").returncode == 2
