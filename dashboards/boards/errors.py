"""What went wrong, what it means, and its records."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard

from dashboards import look, panels
from dashboards.board import Board, Row, address, choice, data_source, in_ops, ops_endpoint
from dashboards.queries import errors
from trading_bot.contract.errors import ERRORS

TITLES: Final = look.words({code: (row.title, look.QUIET) for code, row in ERRORS.items()})
CONSEQUENCES: Final = look.words(
    {code: (row.consequence.__name__, look.QUIET) for code, row in ERRORS.items()}
)

BOARD: Final = Board(
    name="errors",
    title="Tickertape / Errors",
    description="What went wrong, what it means, and the records with cause, impact and what to do.",
    variables=(
        data_source("loki", "Logs", "loki"),
        ops_endpoint(),
        choice("code", "Error code", errors.CODES, "Which error codes the log shows."),
        dashboard.TextBoxVariable("trace")
        .label("Trace id")
        .description("The log of one trace; empty is all."),
    ),
    rows=(
        Row(
            100,
            "Counted",
            (
                panels.number(
                    101,
                    "Errors in this time",
                    errors.ALL,
                    "Warnings and worse. Good: 0. Each has a row below and a record in the log.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("nothing is scraped"),
                panels.number(
                    102,
                    "Critical ones",
                    errors.CRITICAL,
                    "Good: 0. A critical error stops trading, or would have to: read its record below.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.NONE_IS_GOOD))
                .no_value("nothing is scraped"),
                panels.gauges(
                    103,
                    "Errors of the ops endpoint",
                    errors.OPS,
                    "By code. Empty is good; they do not touch trading.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .height(4)
                .no_value("none in this time"),
                panels.gauges(
                    104,
                    "Errors of the exporter",
                    errors.EXPORTER,
                    "By code. Empty is good; they touch what is seen, not trading.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .height(4)
                .no_value("none in this time"),
                panels.bars(
                    105,
                    "By severity, a minute",
                    (errors.BY_SEVERITY,),
                    "Good: nothing but single infos. A steady band is one cause; see which code below.",
                )
                .unit(look.PER_MINUTE)
                .override_by_name("info", panels.coloured(look.NEUTRAL))
                .override_by_name("warning", panels.coloured(look.CAREFUL))
                .override_by_name("error", panels.coloured(look.WARNING))
                .override_by_name("critical", panels.coloured(look.BAD))
                .axis_soft_max(1)
                .no_value("nothing is scraped"),
                panels.bars(
                    106,
                    "By code",
                    (errors.BY_CODE_OVER_TIME,),
                    "When which code occurred. Several that begin together have one cause: the first one.",
                )
                .unit(look.PER_MINUTE)
                .no_value("no error in this time"),
                panels.rows(
                    107,
                    "By code, with meaning and consequence",
                    {"Count": errors.COUNTS},
                    "What occurred in this time and what follows from it: RetriableError is repeated by itself, "
                    "OrderDenied costs one order, HaltError stops trading, OperatorError needs a person. Click a "
                    "code for its records, or for its cause, remedy and runbooks at the ops endpoint (asks for a "
                    "key).",
                )
                .override_by_name(
                    "code",
                    panels.linked_column(
                        "Code",
                        {
                            "Its records": f"{address('errors')}&var-code=${{__value.raw}}",
                            "Cause, remedy and runbooks": in_ops("errors/${__value.raw}"),
                        },
                    ),
                )
                .override_by_name("meaning", panels.worded_column(TITLES, "Meaning"))
                .override_by_name("consequence", panels.worded_column(CONSEQUENCES, "Consequence"))
                .override_by_name(
                    "severity", panels.column(("displayName", "Severity"), ("custom.width", 90))
                )
                .override_by_name("bot", panels.column(("displayName", "Bot"), ("custom.width", 90)))
                .override_by_name("Count", panels.column(("decimals", 0), ("custom.width", 80)))
                .span(16)
                .no_value("no error in this time"),
                panels.gauges(
                    108,
                    "Last seen, ago",
                    errors.LAST_SEEN,
                    "How long ago each code last occurred, on this journal, the latest first. Short bars are recent.",
                )
                .unit(look.DURATION)
                .no_value("no error on this journal"),
            ),
        ),
        Row(
            200,
            "Told",
            (
                panels.log(
                    201,
                    "Records",
                    errors.LOG,
                    "Every error with cause, impact and remediation in its fields, chosen by error code and trace id "
                    "above. The trace id opens the trace in Tempo. Empty: no error, or no collector is set up "
                    "(OTEL_EXPORTER_OTLP_ENDPOINT).",
                ),
            ),
        ),
    ),
)
