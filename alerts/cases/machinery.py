"""Settings, journal, exporter, telemetry, errors, the ops endpoint, workflows, and the alerting itself."""

from __future__ import annotations

from typing import Final

from alerts.cases.case import Case, Page, Silence, always, level, rising, running

_UNWRITABLE: Final = 'tradingbot_condition{bot="demo", condition="JournalWritable", status="False"}'
_FLOWS_NOT: Final = 'tradingbot_condition{bot="demo", condition="TelemetryFlowing", status="False"}'
_EXPORTER: Final = 'up{job="tickertape", instance="exporter:9464"}'
_OPS: Final = 'up{job="tickertape-ops", instance="ops:8000"}'
_ERRORS: Final = 'tradingbot_errors_total{bot="demo", code="VENUE_001", severity="error"}'
_PAGED: Final = 'ALERTS{alertname="VenueUnreachable", alertstate="firing", bot="demo", severity="critical"}'
_GIB: Final = 2.0**30

CASES: Final = (
    Case(
        alert="SettingsPending",
        series={
            'tradingbot_settings_pending{bot="demo"}': level((0, 60), (1, 600), (0, 600)),
            'tradingbot_settings_generation{bot="demo"}': always(3),
        },
        quiet=360,
        fires=480,
        resolved=900,
        pages=(Page("demo has not answered a change of settings for 5m; generation 3 is still in force."),),
        every=10,
    ),
    Case(
        alert="SettingsDrift",
        series={
            'tradingbot_settings_drift{bot="demo"}': level((0, 60), (1, 600), (0, 600)),
            'tradingbot_settings_generation{bot="demo"}': always(3),
        },
        quiet=350,
        fires=480,
        resolved=900,
        pages=(Page("The file of demo differs for 5 minutes from what is in force, generation 3."),),
        every=10,
    ),
    Case(
        alert="SettingsRolledBack",
        series={'tradingbot_settings_rollbacks_total{bot="demo"}': level((0, 900), (1, 3000))},
        quiet=885,
        fires=930,
        resolved=1830,
        pages=(
            Page(
                "demo returned to earlier settings 1x in the last 15 minutes, by itself in their probation or because it was asked to."
            ),
        ),
        every=15,
    ),
    Case(
        alert="JournalNotWritable",
        series={
            _UNWRITABLE: level((0, 60), (1, 60), (0, 600)),
            'tradingbot_journal_disk_free_bytes{bot="demo"}': always(0),
        },
        quiet=70,
        fires=100,
        resolved=300,
        pages=(
            Page("demo could not write its journal for 100% of the last 30 seconds. Its disk has 0B left."),
        ),
    ),
    Case(
        alert="JournalDiskFilling",
        series={
            'tradingbot_journal_size_bytes{bot="demo"}': rising(
                (0, 3600), (1e6, 7200), (0, 20_000), start=1e9
            ),
            'tradingbot_journal_disk_free_bytes{bot="demo"}': level((40 * _GIB, 7200), (20 * _GIB, 30_000)),
        },
        quiet=3600,
        fires=7800,
        resolved=16_200,
        pages=(
            Page("The disk of demo is full in less than a day, or has less than 512 MiB: 20GiB are left."),
        ),
        every=60,
    ),
    Case(
        alert="MeasurementsDropped",
        series={'tradingbot_journal_dropped_measurements_total{bot="demo"}': level((0, 900), (30, 3000))},
        quiet=885,
        fires=930,
        resolved=1830,
        pages=(
            Page(
                "demo dropped 30 measurements in the last 15 minutes: the journal could not be written for long."
            ),
        ),
        every=15,
    ),
    Case(
        alert="ExporterDown",
        series={_EXPORTER: level((1, 60), (0, 120), (1, 600))},
        quiet=80,
        fires=110,
        resolved=300,
        pages=(
            Page(
                "exporter:9464 answered 8.333% of the scrapes of the last minute. Everything else about demo is as old as that.",
                {"instance": "exporter:9464"},
            ),
        ),
    ),
    Case(
        alert="ExporterNotCaughtUp",
        series={
            'tradingbot_heartbeat_timestamp_seconds{bot="demo"}': running(900),
            'tradingbot_journal_event_timestamp_seconds{bot="demo"}': running(60, 120, 600),
        },
        quiet=90,
        fires=120,
        resolved=300,
        pages=(
            Page(
                "The last event that the exporter of demo has read is 1m 0s older than the bot's heartbeat."
            ),
        ),
    ),
    Case(
        alert="ExporterBehind",
        series={
            'tradingbot_exporter_follow_lag_events{bot="demo", tape="journal"}': level(
                (0, 60), (5000, 240), (0, 600)
            )
        },
        quiet=170,
        fires=210,
        resolved=600,
        pages=(
            Page(
                "The exporter of demo is at least 5k events behind the tape journal, for two minutes.",
                {"tape": "journal"},
            ),
        ),
    ),
    Case(
        alert="MetricsPageIncomplete",
        series={
            'tradingbot_exporter_collector_success{bot="demo", collector="account"}': level(
                (1, 60), (0, 120), (1, 300)
            )
        },
        quiet=85,
        fires=120,
        resolved=300,
        pages=(
            Page(
                "The part account of the page of demo could not be rendered at the last scrape.",
                {"collector": "account"},
            ),
        ),
    ),
    Case(
        alert="FoldDisagrees",
        series={'tradingbot_exporter_fold_disagreements_total{bot="demo"}': level((0, 3600), (1, 9000))},
        quiet=3540,
        fires=3720,
        resolved=7500,
        pages=(
            Page(
                "Snapshots of demo in the last hour that differ from what the exporter made of the same events: 1."
            ),
        ),
        every=60,
    ),
    Case(
        alert="TelemetryNotFlowing",
        series={_FLOWS_NOT: level((0, 600), (1, 600), (0, 3000))},
        quiet=870,
        fires=1080,
        resolved=2100,
        pages=(Page("Shipping of demo stood still for 82.5% of the last 10 minutes."),),
        every=15,
    ),
    Case(
        alert="TelemetryDropped",
        series={
            'tradingbot_telemetry_dropped_total{bot="demo", tape="journal", signal="traces"}': level(
                (0, 900), (50, 3000)
            )
        },
        quiet=885,
        fires=930,
        resolved=1830,
        pages=(
            Page(
                "50 traces of demo were pruned before they were shipped, or refused by the collector, in the last 15 minutes.",
                {"signal": "traces"},
            ),
        ),
        every=15,
    ),
    Case(
        alert="CriticalError",
        series={
            'tradingbot_errors_total{bot="demo", code="VENUE_002", severity="critical"}': level(
                (0, 900), (1, 3000)
            )
        },
        quiet=885,
        fires=930,
        resolved=1830,
        pages=(Page("VENUE_002 occurred 1x on demo in the last 15 minutes.", {"code": "VENUE_002"}),),
        every=15,
    ),
    Case(
        alert="ErrorRateHigh",
        series={_ERRORS: rising((0, 600), (0.5, 600), (0, 3000))},
        quiet=660,
        fires=1200,
        resolved=2400,
        pages=(Page("demo recorded 30 errors a minute, mean of 10 minutes; most of them VENUE_001."),),
        every=15,
    ),
    Case(
        alert="ErrorRateHigh",
        series={
            _PAGED: level((None, 600), (1, 300), (None, 600)),
            _ERRORS: rising((0, 600), (0.5, 300), (0, 180), (0.5, 300), (0, 3000)),
        },
        quiet=1485,
        fires=1620,
        resolved=2400,
        pages=(Page("demo recorded 15.38 errors a minute, mean of 10 minutes; most of them VENUE_001."),),
        every=15,
    ),
    Case(
        alert="ApiDown",
        series={
            _OPS: level((1, 60), (0, 240), (1, 600)),
            'tradingbot_api_start_timestamp_seconds{bot="demo", instance="ops:8000"}': always(0),
        },
        quiet=120,
        fires=210,
        resolved=480,
        pages=(
            Page(
                "ops:8000, the ops endpoint of demo, answered 0% of the scrapes of the last minute.",
                {"instance": "ops:8000"},
            ),
        ),
    ),
    Case(
        alert="ApiUnderAttack",
        series={
            'tradingbot_api_refusals_total{bot="demo", code="AUTH_001"}': rising(
                (0, 300), (0.4, 300), (0, 3000)
            )
        },
        quiet=330,
        fires=600,
        resolved=1800,
        pages=(Page("demo refused 120 requests without a valid key in the last 5 minutes."),),
        every=15,
    ),
    Case(
        alert="ApiBudgetBurning",
        series={
            'tradingbot_api_requests_total{bot="demo", endpoint="/api/v1/summary", method="GET", status="200"}': rising(
                (1, 90_000)
            ),
            'tradingbot_api_requests_total{bot="demo", endpoint="/api/v1/summary", method="GET", status="500"}': rising(
                (0, 3600), (0.5, 1800), (0, 90_000)
            ),
        },
        quiet=3600,
        fires=5400,
        resolved=28_200,
        pages=(
            Page(
                "demo uses it 191.4 times as fast as allowed, over 1 or 6 hours: too much of the requests failed on our side. Promised are 99.9 %.",
                {"slo": "api"},
                "critical",
            ),
            Page(
                "demo uses it 8.842 times as fast as allowed, over 1 or 3 days: too much of the requests failed on our side. Promised are 99.9 %.",
                {"slo": "api"},
                "warning",
            ),
        ),
        every=120,
    ),
    Case(
        alert="WorkflowFailed",
        series={
            'tradingbot_workflow_executions_total{bot="demo", workflow="restart-bot", outcome="failed"}': level(
                (0, 900), (1, 3000)
            )
        },
        quiet=885,
        fires=930,
        resolved=1830,
        pages=(
            Page(
                "restart-bot on demo ended failed 1x in the last 15 minutes.",
                {"workflow": "restart-bot", "outcome": "failed"},
            ),
        ),
        every=15,
    ),
    Case(
        alert="WorkflowStuck",
        series={
            'tradingbot_workflow_oldest_running_age_seconds{bot="demo"}': level(
                (600, 600), (4000, 600), (0, 1200)
            )
        },
        quiet=570,
        fires=660,
        resolved=1500,
        pages=(Page("The oldest execution that runs on demo began 1h 6m 40s ago."),),
        every=15,
    ),
    Case(
        alert="Watchdog",
        series={},
        quiet=None,
        fires=60,
        resolved=None,
        pages=(Page("This alert always fires (value 1). When it stops arriving, the alerting is broken."),),
        bot=None,
    ),
    Case(
        alert="AlertDeliveryFailing",
        series={
            'alertmanager_notifications_failed_total{job="alertmanager", instance="alertmanager:9093", '
            'integration="webhook", reason="serverError"}': rising((0, 300), (0.1, 600), (0, 3000))
        },
        quiet=405,
        fires=600,
        resolved=1800,
        pages=(
            Page(
                "30 notifications failed at alertmanager:9093 in the last 5 minutes (alertmanager_notifications_failed_total).",
                {
                    "instance": "alertmanager:9093",
                    "told_by": "alertmanager_notifications_failed_total",
                },
            ),
        ),
        every=15,
        bot=None,
    ),
    Case(
        alert="RulesFailing",
        series={
            'prometheus_rule_evaluation_failures_total{job="prometheus", instance="prometheus:9090", '
            'rule_group="bot.yml;tickertape-bot"}': rising((0, 300), (0.1, 600), (0, 3000))
        },
        quiet=345,
        fires=600,
        resolved=1800,
        pages=(
            Page(
                "30 evaluations failed at prometheus:9090 in the last 5 minutes.",
                {"instance": "prometheus:9090"},
            ),
        ),
        every=15,
        bot=None,
    ),
)
SILENCES: Final = (
    Silence(
        alert="CriticalError",
        why="a code that another alert watches",
        series={
            'tradingbot_errors_total{bot="demo", code="RISK_006", severity="critical"}': level(
                (0, 300), (1, 300)
            )
        },
        until=600,
        every=15,
    ),
    Silence(
        alert="ErrorRateHigh",
        why="a critical page told of these errors, and has ended while they are still counted",
        series={
            _PAGED: level((None, 660), (1, 300), (None, 600)),
            _ERRORS: rising((0, 600), (0.5, 330), (0, 3000)),
        },
        until=1800,
        every=15,
    ),
    Silence(
        alert="ExporterDown",
        why="one failed scrape of three still tells everything",
        series={_EXPORTER: level(*((1, 10), (0, 5)) * 20)},
        until=240,
    ),
    Silence(
        alert="ApiUnderAttack",
        why="a script with an old key, once a minute",
        series={'tradingbot_api_refusals_total{bot="demo", code="AUTH_001"}': rising((1 / 60, 3000))},
        until=900,
        every=15,
    ),
    Silence(
        alert="TelemetryNotFlowing",
        why="a collector that restarts",
        series={_FLOWS_NOT: level((0, 600), (1, 60), (0, 3000))},
        until=1200,
        every=15,
    ),
)
