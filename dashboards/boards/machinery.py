"""What it runs on."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row
from dashboards.boards import words
from dashboards.queries import machinery

BOARD: Final = Board(
    name="machinery",
    title="Tickertape / Machinery",
    description="The decision cycle, the journal, the exporter and the shipping of traces and logs.",
    marks=("Restarts", "Firing alerts"),
    rows=(
        Row(
            100,
            "The bot",
            (
                panels.heat(
                    101,
                    "Decision cycle",
                    machinery.CYCLE_HEAT,
                    "From a closed bar to the orders handed over. Good: a band below a millisecond. Diamonds open "
                    "the trace of one cycle.",
                ).no_value("no decision in this time"),
                panels.lines(
                    102,
                    "Decision cycle",
                    (machinery.CYCLE_MEDIAN, machinery.CYCLE_SLOW),
                    "Half of the cycles are faster than the median. A tail of seconds: the machine is overloaded, or "
                    "a strategy computes too much.",
                )
                .unit(look.SECONDS)
                .interval(look.SPARSE)
                .no_value("no decision in this time"),
                panels.lines(
                    103,
                    "Loop lag",
                    (machinery.LOOP_LAG,),
                    "Largest lateness of the heartbeat in the last sample. Good: some milliseconds. Up to a second: "
                    "something blocks the loop.",
                )
                .unit(look.SECONDS)
                .span(8)
                .no_value(look.SILENT),
                panels.lines(
                    104,
                    "Processor",
                    (machinery.CPU,),
                    "Cores used. Good: well below one each.",
                )
                .unit(look.SHARE)
                .axis_soft_min(0)
                .span(8)
                .no_value("nothing is scraped"),
                panels.lines(
                    105,
                    "Memory",
                    (machinery.MEMORY,),
                    "Good: flat. Climbing without end: a leak.",
                )
                .unit(look.BYTES)
                .axis_soft_min(0)
                .span(8)
                .no_value("nothing is scraped"),
            ),
        ),
        Row(
            200,
            "The journal",
            (
                panels.bars(
                    201,
                    "Events, a second",
                    (machinery.EVENTS,),
                    "What is written, by kind. Quotes and samples are the steady part; errors and orders come in "
                    "bursts.",
                )
                .unit(look.PER_SECOND)
                .legend(panels.on_the_right("mean"))
                .no_value("nothing is scraped"),
                panels.lines(
                    202,
                    "Commit",
                    (machinery.COMMIT_MEDIAN, machinery.COMMIT_SLOW),
                    "Good: below 10 ms. Slow commits are a slow disk; orders wait for theirs.",
                )
                .unit(look.SECONDS)
                .interval(look.SPARSE)
                .span(6)
                .no_value("no commit in this time"),
                panels.lines(
                    203,
                    "Size",
                    (machinery.SIZE,),
                    "Measurements and spans are pruned after their retention, facts never: a slow climb is right.",
                )
                .unit(look.BYTES)
                .span(6)
                .no_value("nothing is scraped"),
                panels.number(
                    210,
                    "What must not happen, in this time",
                    machinery.NEVER,
                    "Good: 0 each. Unclean stops: runs that were killed or crashed. Measurements dropped: the "
                    "journal could not be written for long. Folds that disagree: bot and exporter reckon "
                    "differently from the same tape; that is a bug, please report it with the journal.",
                )
                .decimals(0)
                .display_name("${__field.labels.what}")
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .span(9)
                .no_value("nothing is scraped"),
                panels.number(
                    211,
                    "Disk full in",
                    machinery.DISK_LEFT,
                    "If the journal grows on as in the last hour. Good: weeks. Below a day an alert asks for room: "
                    "move exports away, or lower the retention. Until an hour has passed it is a first guess.",
                )
                .unit(look.DURATION)
                .decimals(0)
                .thresholds(look.thresholds(look.DISK_LEFT))
                .span(3)
                .no_value("it does not grow"),
                panels.number(
                    212,
                    "Disk free",
                    machinery.DISK_FREE,
                    "Room for the journal. Below 512 MiB an alert asks for more; when it is full the bot only "
                    "cancels.",
                )
                .unit(look.BYTES)
                .thresholds(look.thresholds(look.DISK_FREE))
                .span(3)
                .no_value("nothing is scraped"),
                panels.number(
                    204,
                    "Not yet committed",
                    machinery.QUEUE,
                    "Events that wait for the writer. Good: a handful. Growing: the journal cannot be written.",
                )
                .thresholds(look.thresholds(look.QUEUE))
                .span(3)
                .no_value(look.SILENT),
                panels.number(
                    206,
                    "Last snapshot",
                    machinery.SNAPSHOT_AGE,
                    "Good: below half a minute (snapshot_seconds). Old ones make the next start slow.",
                )
                .unit(look.SECONDS)
                .decimals(0)
                .thresholds(look.thresholds(look.SNAPSHOT))
                .span(3)
                .no_value("none yet"),
                panels.number(
                    209,
                    "Page parts failing",
                    machinery.FAILED_PARTS,
                    "Which part of the exporter's page could not be rendered. None is good; the rest is still right.",
                )
                .mappings([words.FAILS])
                .display_name(panels.named(machinery.FAILED_PARTS))
                .thresholds(look.thresholds(((None, look.GOOD),)))
                .span(3)
                .no_value("none"),
            ),
        ),
        Row(
            300,
            "Exporter, scrape and shipping",
            (
                panels.number(
                    301,
                    "Scrape",
                    machinery.SCRAPED,
                    "Whether Prometheus reaches exporter and ops endpoint. UNREACHABLE: everything else of it is "
                    "old.",
                )
                .mappings([words.SCRAPE])
                .height(8)
                .no_value("no job `tickertape` in Prometheus"),
                panels.lines(
                    302,
                    "Scrape duration",
                    (machinery.SCRAPE_TIME,),
                    "How long a scrape took. Good: below 0.1 s; near the scrape interval scrapes begin to fail.",
                )
                .unit(look.SECONDS)
                .span(10)
                .no_value("nothing is scraped"),
                panels.lines(
                    303,
                    "Events not yet read",
                    (machinery.FOLLOW_LAG,),
                    "How far the exporter is behind each tape. Good: 0, with single peaks.",
                )
                .axis_soft_max(10)
                .span(10)
                .no_value("nothing is scraped"),
                panels.lines(
                    304,
                    "Traces and logs shipped, a second",
                    (machinery.SHIPPED,),
                    "What the collector took. Zero everywhere: no collector is set up, or nothing happens.",
                )
                .unit(look.PER_SECOND)
                .axis_soft_min(0)
                .axis_soft_max(1)
                .span(10)
                .no_value("nothing is shipped: OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
                panels.lines(
                    305,
                    "Events not yet shipped",
                    (machinery.SHIPPING_LAG,),
                    "Good: near 0. Growing: the collector is away; nothing is lost within the retention.",
                )
                .axis_soft_max(10)
                .span(8)
                .no_value("nothing is shipped: OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
                panels.gauges(
                    306,
                    "Shipping trouble in this time",
                    machinery.SHIPPING_TROUBLE,
                    "Requests that the collector refused (they are repeated), and records that were pruned before "
                    "they were shipped (they are lost to Tempo and Loki, not to the journal).",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(6)
                .no_value("nothing is shipped: OTEL_EXPORTER_OTLP_ENDPOINT is not set"),
            ),
        ),
    ),
)
