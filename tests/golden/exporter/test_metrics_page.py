"""The whole page, as a person last read it, and Prometheus' own judgement of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from support.golden import Golden
from support.history import rich_state
from support.scrapes import render, scrape_of

FORMATS = {
    "text": ("metrics.prom", ""),
    "openmetrics": ("metrics.openmetrics", "application/openmetrics-text; version=1.0.0"),
}


@pytest.mark.parametrize("form", FORMATS)
def test_the_page_of_a_rich_state_is_the_golden_one(golden: Golden, form: str):
    name, accept = FORMATS[form]
    state, clock = rich_state()
    golden.assert_same(name, without_errors_at_zero(render(scrape_of(state, clock), clock, accept)))


def without_errors_at_zero(page: str) -> str:
    """Leave out the codes that did not occur: every new code of the catalogue would change this file."""
    return "".join(
        line
        for line in page.splitlines(keepends=True)
        if not ("_errors_total{" in line and line.endswith(" 0.0\n"))
    )


def test_promtool_finds_nothing_wrong_with_the_page(golden: Golden, promtool: Path):
    page = golden.path("metrics.prom").read_bytes()
    answer = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, b"")


def test_a_strict_openmetrics_parser_takes_the_page(golden: Golden):
    page = golden.path("metrics.openmetrics").read_text(encoding="utf-8")
    assert len(list(text_string_to_metric_families(page))) > 80
