"""The same few examples each time, so that a run says something about the change; `make test-long` looks further."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings
from support.counts import examples_in

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "seeded", max_examples=20, derandomize=True, deadline=None, suppress_health_check=SLOW
)
settings.register_profile("long", max_examples=2_000, deadline=None, suppress_health_check=SLOW)
settings.load_profile("long" if os.environ.get("TICKERTAPE_LONG") else "seeded")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Count the examples for the table at the end."""
    report = yield
    if report.when == "call" and hasattr(item, "hypothesis_statistics"):
        report.user_properties.append(("examples", examples_in(item.hypothesis_statistics)))
    return report
