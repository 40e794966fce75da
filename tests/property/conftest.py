"""The same few examples each time, so that a run says something about the change; `make test-long` looks further."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "seeded", max_examples=20, derandomize=True, deadline=None, suppress_health_check=SLOW
)
settings.register_profile("long", max_examples=2_000, deadline=None, suppress_health_check=SLOW)
settings.load_profile("long" if os.environ.get("TICKERTAPE_LONG") else "seeded")
