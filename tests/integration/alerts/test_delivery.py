"""Alertmanager's files: who is told of what, in the eyes of amtool."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import PATIENCE
from support.rules import ALERTS

from alerts.__main__ import main
from alerts.delivery import receiver_of
from alerts.rule import Component, Severity

ROUTES = [
    pair
    for pair in itertools.product(Severity, Component)
    if (pair[0] is Severity.NONE) == (pair[1] is Component.ALERTING and pair[0] is Severity.NONE)
]
OUTLETS = [
    (),
    ("--ops", "http://ops:8000"),
    ("--chat",),
    ("--dead-man",),
    (
        "--mail-to",
        "night@example.org",
        "--mail-from",
        "bot@example.org",
        "--smarthost",
        "mail.example.org:587",
    ),
    (
        "--ops",
        "http://ops:8000",
        "--chat",
        "--dead-man",
        "--mail-to",
        "night@example.org",
        "--time-scale",
        "60",
    ),
]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_every_severity_and_component_has_its_receiver(amtool: Path, count: Callable[[str, int, str], None]):
    told = 0
    for severity, component in ROUTES:
        name = "Watchdog" if severity is Severity.NONE else "Some"
        labels = (f"alertname={name}", f"severity={severity}", f"component={component}", "bot=demo")
        wanted = receiver_of(severity, component)
        answer = run(
            amtool,
            "config",
            "routes",
            "test",
            f"--config.file={ALERTS / 'alertmanager.yml'}",
            f"--verify.receivers={wanted}",
            *labels,
        )
        assert answer.returncode == 0, (labels, answer.stdout + answer.stderr)
        told += 1
    count("routes", told, f"routes {told} of {len(ROUTES)}")


def test_an_alert_that_no_route_knows_is_a_page(amtool: Path):
    command = ("config", "routes", "test", f"--config.file={ALERTS / 'alertmanager.yml'}", "severity=odd")
    assert run(amtool, *command).stdout.strip() == "page-machinery"


@pytest.mark.parametrize("outlets", OUTLETS, ids=lambda outlets: " ".join(outlets) or "nobody")
def test_every_choice_of_outlets_is_a_configuration_that_alertmanager_takes(
    amtool: Path, tmp_path: Path, outlets: tuple[str, ...]
):
    main(["--folder", str(tmp_path), *outlets])
    (tmp_path / "templates").symlink_to(ALERTS / "templates")
    answer = run(amtool, "check-config", tmp_path / "alertmanager.yml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "1 templates" in answer.stdout


def test_who_named_no_outlet_is_told_nothing_and_nothing_fails():
    text = (ALERTS / "alertmanager.yml").read_text()
    assert "_configs" not in text
    assert "secrets" not in text
