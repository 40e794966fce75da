"""What people and programs do with the bot: requests, streams, workflows, commands, settings."""

from __future__ import annotations

from typing import Final

from dashboards import look, panels
from dashboards.board import Board, Row, address, in_ops, ops_endpoint
from dashboards.boards import words
from dashboards.queries import operations

BOARD: Final = Board(
    name="operations",
    title="Tickertape / Operations",
    description="What people and programs do with the bot: commands, settings, workflows, requests and streams.",
    variables=(ops_endpoint(),),
    rows=(
        Row(
            100,
            "Commands and settings",
            (
                panels.number(
                    101,
                    "Commands waiting",
                    operations.PENDING,
                    "Commands that the bot has not answered. Good: 0. It answers within a second; one that stays "
                    "means that it is dead or frozen. Commands expire, so none is carried out late.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_TROUBLE))
                .no_value("nothing is scraped"),
                panels.number(
                    102,
                    "Change of settings",
                    operations.SETTINGS_PENDING,
                    "none is good. WAITING: a change was asked for and the bot has not answered; after minutes look "
                    "whether it lives.",
                )
                .mappings([words.WAITING])
                .no_value("nothing is scraped"),
                panels.number(
                    103,
                    "Settings in force",
                    operations.DRIFT,
                    "as in the file is good. FILE DIFFERS: somebody changed config.yaml, which has no effect; "
                    "`tickertape config` shows the difference and applies it.",
                )
                .mappings([words.DRIFTED])
                .no_value(look.SILENT),
                panels.number(
                    104,
                    "Settings taken back",
                    operations.ROLLBACKS,
                    "In this time: returns to earlier settings, by a person or by the bot within their probation. "
                    "Good: 0; otherwise the journal says why.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .no_value("nothing is scraped"),
                panels.gauges(
                    105,
                    "Commands in this time",
                    operations.COMMANDS,
                    "What was asked of the bot and what it said. Rejected ones name their reason: "
                    "`tickertape control`, or the list of commands at the ops endpoint.",
                )
                .decimals(0)
                .height(4)
                .no_value("none in this time")
                .data_links([panels.link("Commands", in_ops("commands"))]),
            ),
        ),
        Row(
            200,
            "Workflows",
            (
                panels.rows(
                    201,
                    "Executions that ended in this time",
                    {"Executions": operations.EXECUTIONS},
                    "By workflow and how they ended. Good: completed. compensated: a step failed and what was done "
                    "was undone. failed: look at its log, `tickertape workflow logs`.",
                    first=("workflow", "outcome"),
                )
                .override_by_name(
                    "workflow",
                    panels.linked_column(
                        "Workflow",
                        {"The workflow": in_ops("workflows/${__value.raw}")},
                        width=240,
                    ),
                )
                .override_by_name("outcome", panels.worded_column(words.EXECUTION, "Outcome"))
                .override_by_name("bot", panels.column(("displayName", "Bot"), ("custom.width", 90)))
                .override_by_name("Executions", panels.column(("decimals", 0), ("custom.width", 110)))
                .span(10)
                .no_value("none in this time"),
                panels.number(
                    202,
                    "At work",
                    operations.AT_WORK,
                    "Executions that run or wait for a person, and those that wait for their turn. Queued ones begin "
                    "when the others end.",
                )
                .decimals(0)
                .span(4)
                .height(8)
                .no_value("the ops endpoint is not scraped"),
                panels.number(
                    203,
                    "Oldest that runs",
                    operations.OLDEST,
                    "Good: none, or minutes. From an hour on it is stuck, or nobody answers its question: "
                    "`tickertape workflow approve`.",
                )
                .unit(look.DURATION)
                .thresholds(look.thresholds(look.WORKFLOW_AGE))
                .span(3)
                .height(8)
                .no_value("none runs"),
                panels.gauges(
                    204,
                    "Steps: 9 of 10 took less",
                    operations.STEPS,
                    "By workflow, in this time. A step that waits for a person or for the market takes its time.",
                )
                .unit(look.SECONDS)
                .span(4)
                .no_value("no step in this time"),
                panels.gauges(
                    205,
                    "Steps undone",
                    operations.UNDONE,
                    "Steps that were taken back since a later one failed, in this time. Empty is good.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(3)
                .no_value("none in this time"),
            ),
        ),
        Row(
            300,
            "Requests",
            (
                panels.bars(
                    301,
                    "Requests, a minute",
                    (operations.REQUESTS,),
                    "By endpoint. A jump: a new client, or one in a circle; which key it is says the audit.",
                )
                .unit(look.PER_MINUTE)
                .legend(panels.on_the_right("mean"))
                .no_value("the ops endpoint is not scraped"),
                panels.bars(
                    302,
                    "Requests that were refused, a minute",
                    (operations.REFUSALS,),
                    "By error code. AUTH: wrong or missing keys, many of them are guessing; others are mistakes of a "
                    "client. Failures of ours show in the table.",
                )
                .unit(look.PER_MINUTE)
                .no_value("none in this time")
                .data_links([panels.link("Errors", address("errors"))]),
                panels.lines(
                    303,
                    "Time to answer, median and tail",
                    (operations.MEDIAN, operations.SLOW),
                    "Good: milliseconds. A tail of seconds: the machine is overloaded; trading does not wait for it.",
                )
                .unit(look.SECONDS)
                .interval(look.SPARSE)
                .span(10)
                .height(10)
                .no_value("no request in this time"),
                panels.rows(
                    304,
                    "By endpoint, in this time",
                    {
                        "Requests": operations.ANSWERED,
                        "Failed": operations.FAILED_BY_ENDPOINT,
                        "99 of 100 faster than": operations.SLOW_BY_ENDPOINT,
                    },
                    "Failed: answered 5xx, our fault. Good: 0. Their records stand under Errors of the ops endpoint.",
                    first=("endpoint",),
                )
                .override_by_name("endpoint", panels.column(("displayName", "Endpoint")))
                .override_by_name("bot", panels.column(("displayName", "Bot"), ("custom.width", 90)))
                .override_by_name("Requests", panels.column(("decimals", 0), ("custom.width", 100)))
                .override_by_name("Failed", panels.graded_column(look.NONE_IS_GOOD, look.COUNT, 0, width=90))
                .override_by_name(
                    "99 of 100 faster than",
                    panels.column(("unit", look.SECONDS), ("decimals", 1), ("custom.width", 170)),
                )
                .span(14)
                .height(10)
                .no_value("no request in this time"),
            ),
        ),
        Row(
            400,
            "The stream",
            (
                panels.number(
                    401,
                    "Connections",
                    operations.CONNECTIONS,
                    "Programs and people that listen now. None is no fault.",
                )
                .decimals(0)
                .span(3)
                .height(8)
                .no_value("the ops endpoint is not scraped"),
                panels.lines(
                    402,
                    "Messages to clients, a second",
                    (operations.MESSAGES,),
                    "By channel, counted once a client. To zero with connections: the journal stands still.",
                )
                .unit(look.PER_SECOND)
                .axis_soft_min(0)
                .axis_soft_max(1)
                .span(8)
                .no_value("the ops endpoint is not scraped"),
                panels.lines(
                    403,
                    "Clients by channel",
                    (operations.CLIENTS,),
                    "Who listens to what. custom stands for all channels by event kind.",
                )
                .decimals(0)
                .axis_soft_min(0)
                .axis_soft_max(2)
                .span(5)
                .no_value("the ops endpoint is not scraped"),
                panels.gauges(
                    404,
                    "Messages missed",
                    operations.DROPPED,
                    "By slow clients, by channel, in this time. Empty is good. Otherwise a client reads too slowly; "
                    "it is told, and can ask again from where it was.",
                )
                .decimals(0)
                .thresholds(look.thresholds(look.SOME_IS_CAREFUL))
                .span(4)
                .no_value("none in this time"),
                panels.gauges(
                    405,
                    "Connections ended",
                    operations.CLOSED,
                    "By why, in this time. client: they left. slow, protocol, unauthenticated: look at that client.",
                )
                .decimals(0)
                .span(4)
                .no_value("none in this time"),
            ),
        ),
    ),
)
