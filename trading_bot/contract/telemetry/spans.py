"""Span names and attributes. Attributes follow OpenTelemetry's conventions where they exist."""

from __future__ import annotations

from typing import Final

DECIDE_CYCLE: Final = "decide cycle"
EVALUATE_STRATEGY: Final = "evaluate strategy"
CHECK_RISK: Final = "check risk"
PLACE_ORDER: Final = "place order"
SEND_ORDER: Final = "send order"
PROTECT_POSITION: Final = "protect position"
RECEIVE_FILL: Final = "receive fill"
RECONCILE: Final = "reconcile books"
RESOLVE_ORDER: Final = "resolve order"
FLATTEN_POSITION: Final = "flatten position"
ANSWER_REQUEST: Final = "answer request"
RUN_WORKFLOW: Final = "run workflow"
RUN_STEP: Final = "run step"
UNDO_STEP: Final = "undo step"

SPANS: Final = {
    DECIDE_CYCLE: "One closed bar, from its arrival to the orders handed over.",
    EVALUATE_STRATEGY: "One strategy asked for its signal.",
    CHECK_RISK: "The pre-trade check of one order.",
    PLACE_ORDER: "One order from its intent to the venue's answer.",
    SEND_ORDER: "The request to the venue.",
    PROTECT_POSITION: "One position closed because its stop-loss or take-profit was reached, and nothing else acts.",
    RECEIVE_FILL: "One execution taken into the books.",
    RECONCILE: "Orders, fills, balances and positions compared with the venue.",
    FLATTEN_POSITION: "One position closed on a person's command, up to its order handed over.",
    RESOLVE_ORDER: "An order with unknown outcome asked for by its client order id.",
    ANSWER_REQUEST: "One request to ops; kept where it failed or its caller traces, and a share of the others.",
    RUN_WORKFLOW: "One execution of a workflow, from its turn to its end.",
    RUN_STEP: "One attempt at a step, until its effect was seen or did not come.",
    UNDO_STEP: "One attempt to undo a step.",
}

SYMBOL: Final = "tradingbot.symbol"
STRATEGY: Final = "tradingbot.strategy"
CLIENT_ORDER_ID: Final = "tradingbot.order.client_id"
SIDE: Final = "tradingbot.order.side"
QUANTITY: Final = "tradingbot.order.quantity"
VERDICT: Final = "tradingbot.risk.verdict"
SIGNAL: Final = "tradingbot.signal"
TRADE_ID: Final = "tradingbot.trade_id"
PRICE: Final = "tradingbot.price"
ERROR_TYPE: Final = "error.type"
REQUEST_METHOD: Final = "http.request.method"
URL_PATH: Final = "url.path"
RESPONSE_STATUS: Final = "http.response.status_code"
WORKFLOW: Final = "tradingbot.workflow.name"
EXECUTION_ID: Final = "tradingbot.workflow.execution_id"
STEP: Final = "tradingbot.workflow.step"
ATTEMPT: Final = "tradingbot.workflow.attempt"
OUTCOME: Final = "tradingbot.workflow.outcome"

ATTRIBUTES: Final = {
    SYMBOL: "ccxt's unified symbol.",
    STRATEGY: "The strategy's name in the settings.",
    CLIENT_ORDER_ID: "The order's client order id.",
    SIDE: "buy or sell.",
    QUANTITY: "Quantity, a decimal string.",
    VERDICT: "passed, or the limit that denied.",
    SIGNAL: "buy, sell or none.",
    TRADE_ID: "The venue's trade id.",
    PRICE: "Price, a decimal string.",
    ERROR_TYPE: "The error code; OpenTelemetry's attribute.",
    REQUEST_METHOD: "The request's method; OpenTelemetry's attribute.",
    URL_PATH: "The request's path without its query; OpenTelemetry's attribute.",
    RESPONSE_STATUS: "The answer's status; OpenTelemetry's attribute.",
    WORKFLOW: "The workflow's id.",
    EXECUTION_ID: "The execution's id.",
    STEP: "The step's id.",
    ATTEMPT: "Number of the attempt, from 1.",
    OUTCOME: "How the execution, or the attempt, ended.",
}
