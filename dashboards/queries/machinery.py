"""What it runs on: the loop, the tape, the exporter, the shipping, the scrape."""

from __future__ import annotations

from typing import Final

from dashboards.promql import age, heat, increase, quantile, rate, series, total
from dashboards.queries.query import Query
from trading_bot.contract.telemetry import labels, metrics

JOB: Final = "tickertape"
"""The scrape job of the exporters; its own series carry no bot, since they stay when the exporter is gone."""

DECISIONS: Final = Query(total(rate(metrics.DECISIONS)))
CYCLE_HEAT: Final = Query(heat(metrics.DECISION_DURATION), "{{le}}", exemplars=True)
CYCLE_MEDIAN: Final = Query(quantile(0.5, metrics.DECISION_DURATION), "median, {{bot}}")
CYCLE_SLOW: Final = Query(
    quantile(0.99, metrics.DECISION_DURATION), "99 of 100 faster, {{bot}}", exemplars=True
)
LOOP_LAG: Final = Query(series(metrics.LOOP_LAG))
CPU: Final = Query(total(rate(metrics.CPU)), "bot, {{bot}}")
EXPORTER_CPU: Final = Query(total(rate(metrics.EXPORTER_CPU)), "exporter, {{bot}}")
MEMORY: Final = Query(series(metrics.MEMORY), "bot, {{bot}}")
EXPORTER_MEMORY: Final = Query(series(metrics.EXPORTER_MEMORY), "exporter, {{bot}}")
FILES: Final = Query(series(metrics.OPEN_FILES), "open files, {{bot}}")
THREADS: Final = Query(series(metrics.THREADS), "threads, {{bot}}")
UNCLEAN: Final = Query(total(increase(metrics.UNCLEAN_STOPS)))

EVENTS: Final = Query(f"{total(rate(metrics.JOURNAL_EVENTS), labels.KIND)} > 0", "{{kind}}")
COMMIT_MEDIAN: Final = Query(quantile(0.5, metrics.JOURNAL_COMMIT), "median, {{bot}}")
COMMIT_SLOW: Final = Query(quantile(0.99, metrics.JOURNAL_COMMIT), "99 of 100 faster, {{bot}}")
SIZE: Final = Query(series(metrics.JOURNAL_SIZE))
QUEUE: Final = Query(series(metrics.JOURNAL_QUEUE))
DROPPED: Final = Query(total(increase(metrics.JOURNAL_DROPPED)))
SNAPSHOT_AGE: Final = Query(age(metrics.SNAPSHOT_TIME))

FOLLOW_LAG: Final = Query(series(metrics.FOLLOW_LAG), "{{tape}}, {{bot}}")
DISAGREEMENTS: Final = Query(total(increase(metrics.FOLD_DISAGREEMENTS)))
FAILED_PARTS: Final = Query(f"{series(metrics.COLLECTOR_SUCCESS)} == 0", "{{collector}}")
SCRAPED: Final = Query(f'up{{job="{JOB}"}}', "{{instance}}")
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
