"""The metrics page over plain state: what is on it, what leaves it, and what a broken part costs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families as text_families
from prometheus_client.registry import Collector
from support.history import TRACE, Recorder, quote, rich_state, started
from support.scrapes import names, render, reported_by, scrape_of, value

from exporter.follow import unreported
from exporter.metrics.families import COLLECTORS, OWN, Collectors
from exporter.metrics.families import families as families_of
from exporter.metrics.page import encode
from exporter.metrics.scrape import Point, Scrape
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.telemetry import labels
from trading_bot.contract.telemetry.definition import Kept, Metric, Page
from trading_bot.contract.telemetry.metrics import on_page
from trading_bot.domain.clock import ManualClock
from trading_bot.domain.health import Liveness, TapeFault
from trading_bot.domain.state import State

OPENMETRICS = "application/openmetrics-text; version=1.0.0"

OFFLINE = {
    "dead": {"liveness": Liveness.DEAD},
    "frozen": {"liveness": Liveness.FROZEN},
    "journal unwritable": {"journal_error": "JRNL_004"},
    "journal missing": {"liveness": Liveness.ALIVE, "tape_fault": TapeFault.MISSING},
    "journal corrupt": {"liveness": Liveness.ALIVE, "tape_fault": TapeFault.CORRUPT},
}
METRICS = {metric.name: metric for metric in on_page(Page.EXPORTER)}
ALWAYS = {name for name, metric in METRICS.items() if metric.kept is Kept.ALWAYS}


def test_a_rich_state_renders_every_family_of_the_catalogue_and_no_other():
    state, clock = rich_state()
    assert names(render(scrape_of(state, clock), clock)) == set(METRICS)


def test_every_metric_belongs_to_one_collector():
    listed = [metric.name for table in COLLECTORS.values() for metric in table]
    assert sorted(listed) == sorted(METRICS)


def test_the_collectors_are_those_of_the_catalogue_and_the_exporter_itself():
    assert (*(labels.COLLECTOR.values or ()), OWN) == tuple(COLLECTORS)


@pytest.fixture(scope="module")
def families() -> dict[str, Family]:
    state, clock = rich_state()
    return {family.name: family for family in text_families(render(scrape_of(state, clock), clock))}


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_samples_carry_the_declared_labels_with_values_of_their_closed_sets(
    families: dict[str, Family], metric: Metric
):
    family = families[metric.name.removesuffix("_total")]
    assert (family.type, family.documentation) == (metric.type, metric.meaning)
    declared = {label.name: label.values for label in metric.labels}
    for sample in family.samples:
        carried = {label: each for label, each in sample.labels.items() if label != "le"}
        assert carried.pop("bot") == "demo"
        assert set(carried) == set(declared)
        assert not [each for label, each in carried.items() if each not in (declared[label] or (each,))]


@pytest.mark.parametrize("case", OFFLINE)
def test_state_gauges_leave_the_page_and_counters_times_and_ages_stay_when_the_bot_is(case: str):
    state, clock = rich_state()
    assert names(render(scrape_of(state, clock, **OFFLINE[case]), clock)) == ALWAYS


@pytest.mark.parametrize(
    ("case", "up", "reason"),
    [
        ("dead", 0, "Dead"),
        ("frozen", 0, "Frozen"),
        ("journal unwritable", 1, "JournalUnwritable"),
        ("journal missing", 0, "JournalMissing"),
        ("journal corrupt", 0, "JournalCorrupt"),
    ],
)
def test_up_and_its_one_reason_say_what_is_wrong(case: str, up: int, reason: str):
    state, clock = rich_state()
    page = render(scrape_of(state, clock, **OFFLINE[case]), clock)
    assert value(page, "tradingbot_up") == up
    assert [line for line in page.splitlines() if line.startswith("tradingbot_up_reason{")] == [
        f'tradingbot_up_reason{{bot="demo",reason="{reason}"}} 1.0'
    ]


def test_a_silent_bots_conditions_are_unknown_and_keep_the_time_of_its_last_heartbeat():
    state, clock = rich_state()
    page = render(scrape_of(state, clock, Liveness.DEAD), clock)
    assert value(page, "tradingbot_condition", condition="Deciding", status="Unknown") == 1
    assert value(page, "tradingbot_condition", condition="Deciding", status="True") == 0
    since = value(page, "tradingbot_condition_transition_timestamp_seconds", condition="Deciding")
    assert since == value(page, "tradingbot_heartbeat_timestamp_seconds")


def test_an_unwritable_journal_is_a_condition_that_is_false_and_the_others_are_unknown():
    state, clock = rich_state()
    page = render(scrape_of(state, clock, journal_error="JRNL_004"), clock)
    assert value(page, "tradingbot_condition", condition="JournalWritable", status="False") == 1
    assert value(page, "tradingbot_condition", condition="FeedFresh", status="Unknown") == 1


def test_the_age_of_a_quote_grows_while_the_bot_is_dead():
    state, clock = rich_state()
    before = value(
        render(scrape_of(state, clock, Liveness.DEAD), clock),
        "tradingbot_market_quote_age_seconds",
        symbol="EUR/USD",
    )
    clock.advance(60)
    after = value(
        render(scrape_of(state, clock, Liveness.DEAD), clock),
        "tradingbot_market_quote_age_seconds",
        symbol="EUR/USD",
    )
    assert before is not None
    assert after == pytest.approx(before + 60)


def test_nothing_is_counted_before_the_first_event_was_read():
    clock = ManualClock()
    page = render(
        scrape_of(
            State(), clock, Liveness.ABSENT, tape_fault=TapeFault.MISSING, own={"control_position": None}
        ),
        clock,
    )
    bots = {
        name for name in names(page) if not name.startswith(("tradingbot_exporter_", "tradingbot_telemetry_"))
    }
    assert bots == {
        "tradingbot_up",
        "tradingbot_up_reason",
        "tradingbot_condition",
        "tradingbot_condition_transition_timestamp_seconds",
        "tradingbot_journal_size_bytes",
        "tradingbot_journal_disk_free_bytes",
    }
    assert value(page, "tradingbot_condition", condition="FeedFresh", status="Unknown") == 1
    assert value(page, "tradingbot_condition_transition_timestamp_seconds", condition="FeedFresh") is None


def test_counters_of_few_series_start_at_zero_and_those_by_symbol_are_absent():
    clock = ManualClock()
    recorder = Recorder(clock)
    recorder(started(previous_run_ended=None))
    page = render(scrape_of(recorder.state, clock), clock)
    assert value(page, "tradingbot_decisions_total") == 0
    assert value(page, "tradingbot_risk_denials_total", limit="balance") == 0
    assert value(page, "tradingbot_decision_duration_seconds_bucket", le="+Inf") == 0
    assert (
        value(page, "tradingbot_errors_total", code="VENUE_001", severity=ERRORS["VENUE_001"].severity) == 0
    )
    assert "tradingbot_fills_total" not in names(page)


def test_what_is_not_known_is_absent_and_never_zero():
    clock = ManualClock()
    recorder = Recorder(clock)
    recorder(started(previous_run_ended=None))
    recorder(quote("EUR/USD", "1.07", "1.08", clock.now_ns()))
    shown = names(render(scrape_of(recorder.state, clock), clock))
    assert not [name for name in shown if name.startswith("tradingbot_account_")]
    assert "tradingbot_clock_offset_seconds" not in shown
    assert "tradingbot_market_mark_price" in shown


def test_the_price_collars_use_is_absent_because_the_state_cannot_tell_it():
    state, clock = rich_state()
    page = render(scrape_of(state, clock), clock)
    assert value(page, "tradingbot_risk_limit", limit="price_collar_bps") == 100
    assert value(page, "tradingbot_risk_limit_utilisation_ratio", limit="price_collar_bps") is None


def test_exemplars_are_in_openmetrics_only():
    state, clock = rich_state()
    assert TRACE not in render(scrape_of(state, clock), clock)
    families = openmetrics_families(render(scrape_of(state, clock), clock, OPENMETRICS))
    exemplars = {s.name: s.exemplar.labels for f in families for s in f.samples if s.exemplar}
    assert exemplars["tradingbot_order_ack_duration_seconds_bucket"] == {"trace_id": TRACE}
    assert exemplars["tradingbot_decision_duration_seconds_bucket"] == {"trace_id": TRACE}


@pytest.mark.parametrize("accept", ["", OPENMETRICS])
def test_no_series_says_when_it_was_created(accept: str):
    state, clock = rich_state()
    assert "_created" not in render(scrape_of(state, clock), clock, accept)


def test_buckets_are_cumulative_and_end_at_the_count():
    state, clock = rich_state()
    page = render(scrape_of(state, clock), clock)
    name = "tradingbot_order_ack_duration_seconds"
    counts = [
        sample.value
        for family in text_families(page)
        for sample in family.samples
        if sample.name == f"{name}_bucket" and sample.labels["type"] == "market"
    ]
    assert counts == sorted(counts)
    assert counts[-1] == value(page, f"{name}_count", type="market") == 2


def _broken(_scrape: Scrape, metric: Metric) -> Iterator[Point]:
    raise RuntimeError(f"{metric.name} broke")


def test_a_broken_collector_costs_its_own_families_and_no_more():
    state, clock = rich_state()
    tables = {**COLLECTORS, "risk": dict.fromkeys(COLLECTORS["risk"], _broken)}
    scrape = scrape_of(state, clock)
    assert [error.code for error in reported_by(tables, [scrape], clock)] == ["TEL_001"]
    assert {name for name, result in scrape.results.items() if not result.success} == {"risk"}


def test_the_page_of_a_broken_collector_shows_the_others_and_says_which_broke():
    state, clock = rich_state()
    tables = {**COLLECTORS, "risk": dict.fromkeys(COLLECTORS["risk"], _broken)}
    collected = Collectors(clock, unreported, tables).collect(scrape_of(state, clock))
    page = encode(collected, "demo", "")[1].decode()
    assert names(page) == set(METRICS) - {metric.name for metric in COLLECTORS["risk"]}
    assert value(page, "tradingbot_exporter_collector_success", collector="risk") == 0
    assert value(page, "tradingbot_exporter_collector_success", collector="orders") == 1


def test_a_collector_that_stays_broken_is_reported_once():
    state, clock = rich_state()
    tables = {"risk": dict.fromkeys(COLLECTORS["risk"], _broken)}
    assert len(reported_by(tables, [scrape_of(state, clock) for _ in range(3)], clock)) == 1


@pytest.mark.parametrize("accept", ["", OPENMETRICS, f"{OPENMETRICS}; escaping=underscores"])
def test_the_bytes_are_those_that_prometheus_clients_own_choice_would_give(accept: str):
    state, clock = rich_state()
    collected = Collectors(clock, unreported).collect(scrape_of(state, clock))
    encoder, content_type = choose_encoder(accept)
    oracle = CollectorRegistry()
    oracle.register(Families(families_of(collected, "demo")))
    assert encode(collected, "demo", accept) == (content_type, encoder(oracle))


class Families(Collector):
    def __init__(self, families: list[Family]) -> None:
        self.families = families

    def collect(self) -> list[Family]:
        return self.families
