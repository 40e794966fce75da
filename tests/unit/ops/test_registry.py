from __future__ import annotations

import threading

from exporter.metrics.page import encode
from exporter.ops.metrics.registry import MOST_SERIES, Registry
from trading_bot.contract.telemetry import metrics


def page(registry: Registry) -> str:
    return encode(registry.points(), "demo", "")[1].decode()


def test_a_counter_of_few_series_begins_at_zero_and_others_with_their_first():
    registry = Registry()
    assert 'tradingbot_api_sign_ins_total{bot="demo",outcome="accepted"} 0.0' in page(registry)
    assert "tradingbot_api_requests_total" not in page(registry)
    registry.count(metrics.API_REQUESTS, "/api/v1/state", "GET", "200", by=2)
    assert registry.counted(metrics.API_REQUESTS, "/api/v1/state", "GET", "200") == 2
    assert 'status="200"} 2.0' in page(registry)


def test_a_histogram_has_every_value_in_one_bucket():
    registry = Registry()
    bounds = metrics.API_DURATION.bounds
    for value in (bounds[0], bounds[0] * 1.01, bounds[-1] * 2):
        registry.observe(metrics.API_DURATION, value, "/x")
    (family,) = (each for each in registry.points() if each.metric is metrics.API_DURATION)
    ((_, histogram),) = family.points
    assert histogram.buckets[:2] == [1, 1]
    assert histogram.buckets[-1] == 1
    assert sum(histogram.buckets) == 3


def test_what_is_asked_for_is_asked_at_each_reading():
    registry = Registry()
    numbers = iter((1.0, 2.0))
    registry.ask(metrics.API_SESSIONS, lambda: [((), next(numbers))])
    assert "tradingbot_api_sessions" in page(registry)
    assert 'tradingbot_api_sessions{bot="demo"} 2.0' in page(registry)


def test_a_label_that_has_no_end_does_not_fill_the_memory():
    registry = Registry()
    for number in range(MOST_SERIES + 10):
        registry.count(metrics.API_REQUESTS, f"/{number}", "GET", "200")
        registry.observe(metrics.API_DURATION, 0.1, f"/{number}")
    sizes = {family.metric.name: len(family.points) for family in registry.points()}
    assert sizes[metrics.API_REQUESTS.name] == sizes[metrics.API_DURATION.name] == MOST_SERIES


def test_threads_lose_no_count():
    registry = Registry()

    def count() -> None:
        for _ in range(2_000):
            registry.count(metrics.API_REFUSALS, "API_002")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.counted(metrics.API_REFUSALS, "API_002") == 8_000
