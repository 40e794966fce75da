"""What it runs on: the loop, the tape, the exporter, the shipping, the scrape."""

from __future__ import annotations

from typing import Final

from dashboards.promql import age, either, heat, increase, quantile, rate, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics, recordings

JOB: Final = "tickertape"
OPS_JOB: Final = "tickertape-ops"
"""The scrape jobs of exporters and ops endpoints; their own series carry no bot, since they stay when those go."""

DECISIONS: Final = Query(total(rate(metrics.DECISIONS)))
CYCLE_HEAT: Final = Query(heat(metrics.DECISION_DURATION), "{{le}}", exemplars=True)
CYCLE_MEDIAN: Final = Query(quantile(0.5, metrics.DECISION_DURATION), "median, {{bot}}")
CYCLE_SLOW: Final = Query(
    quantile(0.99, metrics.DECISION_DURATION), "99 of 100 faster, {{bot}}", exemplars=True
)
LOOP_LAG: Final = Query(series(metrics.LOOP_LAG))
CPU: Final = Query(
    either(
        {
            "bot": total(rate(metrics.CPU)),
            "exporter": total(rate(metrics.EXPORTER_CPU)),
            "ops": total(rate(metrics.API_CPU)),
        }
    ),
    "{{what}}, {{bot}}",
)
MEMORY: Final = Query(
    either(
        {
            "bot": series(metrics.MEMORY),
            "exporter": series(metrics.EXPORTER_MEMORY),
            "ops": series(metrics.API_MEMORY),
        }
    ),
    "{{what}}, {{bot}}",
)
FILES: Final = Query(series(metrics.OPEN_FILES), "open files, {{bot}}")
THREADS: Final = Query(series(metrics.THREADS), "threads, {{bot}}")
EVENTS: Final = Query(f"{total(rate(metrics.JOURNAL_EVENTS), labels.KIND)} > 0", "{{kind}}")
COMMIT_MEDIAN: Final = Query(quantile(0.5, metrics.JOURNAL_COMMIT), "median, {{bot}}")
COMMIT_SLOW: Final = Query(quantile(0.99, metrics.JOURNAL_COMMIT), "99 of 100 faster, {{bot}}")
SIZE: Final = Query(series(metrics.JOURNAL_SIZE))
QUEUE: Final = Query(series(metrics.JOURNAL_QUEUE))
SNAPSHOT_AGE: Final = Query(age(metrics.SNAPSHOT_TIME))

FOLLOW_LAG: Final = Query(series(metrics.FOLLOW_LAG), "{{tape}}, {{bot}}")
NEVER: Final = Query(
    either(
        {
            "unclean stops": total(increase(metrics.UNCLEAN_STOPS)),
            "measurements dropped": total(increase(metrics.JOURNAL_DROPPED)),
            "folds that disagree": total(increase(metrics.FOLD_DISAGREEMENTS)),
        }
    ),
    "{{what}}",
)
DISK_LEFT: Final = Query(series(recordings.DISK_LEFT))
DISK_FREE: Final = Query(series(metrics.JOURNAL_DISK_FREE))
FAILED_PARTS: Final = Query(f"{series(metrics.COLLECTOR_SUCCESS)} == 0", "{{collector}}")
SCRAPED: Final = Query(f'up{{job=~"{JOB}|{OPS_JOB}"}}', "{{job}} at {{instance}}")
SCRAPE_TIME: Final = Query(f'scrape_duration_seconds{{job="{JOB}"}}', "scrape, {{instance}}")

SHIPPED: Final = Query(
    total(rate(metrics.TELEMETRY_SHIPPED), labels.TAPE, labels.SIGNAL), "{{signal}} of {{tape}}"
)
SHIPPING_LAG: Final = Query(series(metrics.TELEMETRY_LAG), "{{signal}} of {{tape}}")
SHIPPING_TROUBLE: Final = Query(
    f'label_replace({total(increase(metrics.TELEMETRY_DROPPED), labels.SIGNAL)}, "what", "lost", "", "")'
    f' or label_replace({total(increase(metrics.TELEMETRY_FAILURES), labels.SIGNAL)}, "what", "repeated", "", "")',
    "{{signal}} {{what}}",
)
