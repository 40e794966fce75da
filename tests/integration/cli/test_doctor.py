"""`tickertape doctor` at the command line."""

from __future__ import annotations

import csv
import io
import json

from support.command import Command

from trading_bot.boot.home import Home


def test_a_new_home_has_warnings_and_nothing_failed(command: Command):
    Home(command.home).create()
    answer = command.run("doctor")
    assert answer.returncode == 0, answer.stdout
    assert "it has never run on this home" in answer.stdout
    assert f"→ Start it: tickertape up --home {command.home}" in answer.stdout
    assert answer.stdout.strip().splitlines()[-1].endswith(" ok")


def test_what_has_failed_is_told_with_its_remedy_and_ends_with_one(command: Command):
    Home(command.home).create().read_key.chmod(0o644)
    answer = command.run("doctor", "--output", "json")
    assert answer.returncode == 1
    report = json.loads(answer.stdout)
    assert report["status"] == "failed"
    failed = [finding for finding in report["findings"] if finding["status"] == "failed"]
    assert [finding["check"] for finding in failed] == ["keys"]
    assert failed[0]["command"] == f"chmod 600 {command.home / 'api-key'}"
    rows = list(csv.DictReader(io.StringIO(command.run("doctor", "--output", "csv").stdout)))
    assert [row["check"] for row in rows if row["status"] == "failed"] == ["keys"]
    assert set(rows[0]) == {"check", "status", "found", "remedy", "command"}


def test_wrong_boot_settings_do_not_keep_the_doctor_away(command: Command):
    Home(command.home).create()
    answer = command.run("doctor", BOT_API_PROT="1")
    assert answer.returncode == 1
    assert "failed   boot settings" in answer.stdout
    assert "did you mean BOT_API_PORT?" in answer.stdout


def test_a_home_that_does_not_exist_is_one_clear_line(command: Command):
    answer = command.run("doctor")
    assert answer.returncode == 1
    assert len(answer.stderr.strip().splitlines()) == 1
    assert str(command.home) in answer.stderr
