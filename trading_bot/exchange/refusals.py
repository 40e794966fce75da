"""Binance's answers to a request that it does not carry out."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus


class Refusal(Exception):  # noqa: N818 - an answer, not an error of this program
    """A request was refused: Binance's code and message, and the HTTP status they come with."""

    def __init__(self, code: int, message: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(f"{code} {message}")
        self.code = code
        self.message = message
        self.status = status


def _refusal(code: int, template: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> Callable[..., Refusal]:
    def make(*values: object) -> Refusal:
        return Refusal(code, template.format(*values), status)

    return make


internal_error = _refusal(
    -1001,
    "Internal error; unable to process your request. Please try again.",
    HTTPStatus.SERVICE_UNAVAILABLE,
)
too_much_weight = _refusal(
    -1003,
    "Too much request weight used; current limit is 6000 request weight per 1 MINUTE. "
    "Please use WebSocket Streams for live updates to avoid polling the API.",
    HTTPStatus.TOO_MANY_REQUESTS,
)
banned_until = _refusal(
    -1003,
    "Way too much request weight used; IP banned until {}. "
    "Please use WebSocket Streams for live updates to avoid bans.",
    HTTPStatus.IM_A_TEAPOT,
)
unknown_error = _refusal(
    -1000, "An unknown error occurred while processing the request.", HTTPStatus.INTERNAL_SERVER_ERROR
)
under_maintenance = _refusal(1, "System is under maintenance.", HTTPStatus.SERVICE_UNAVAILABLE)
market_closed = _refusal(-1013, "Market is closed.")
too_many_orders = _refusal(
    -1015, "Too many new orders; current limit is {} orders per {}.", HTTPStatus.TOO_MANY_REQUESTS
)
filter_failure = _refusal(-1013, "Filter failure: {}")
unsupported_operation = _refusal(-1020, "This operation is not supported.")
timestamp_ahead = _refusal(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
timestamp_outside = _refusal(-1021, "Timestamp for this request is outside of the recvWindow.")
invalid_signature = _refusal(-1022, "Signature for this request is not valid.")
illegal_characters = _refusal(-1100, "Illegal characters found in parameter '{}'; legal range is '{}'.")
missing_parameter = _refusal(-1102, "Mandatory parameter '{}' was not sent, was empty/null, or malformed.")
parameter_not_required = _refusal(-1106, "Parameter '{}' sent when not required.")
invalid_time_in_force = _refusal(-1115, "Invalid timeInForce.")
invalid_order_type = _refusal(-1116, "Invalid orderType.")
invalid_side = _refusal(-1117, "Invalid side.")
invalid_interval = _refusal(-1120, "Invalid interval.")
invalid_symbol = _refusal(-1121, "Invalid symbol.")
window_too_long = _refusal(-1131, "recvWindow must be less than 60000.")
insufficient_balance = _refusal(-2010, "Account has insufficient balance for requested action.")
duplicate_order = _refusal(-2010, "Duplicate order sent.")
would_trigger = _refusal(-2010, "Stop price would trigger immediately.")
bad_pair = _refusal(-1014, "Unsupported order combination.")
no_such_list = _refusal(-2013, "Order list does not exist.")
unknown_list = _refusal(-2011, "Unknown order list sent.")
not_replaced = _refusal(-2022, "Order cancel-replace failed.")
partly_replaced = _refusal(-2021, "Order cancel-replace partially failed.", HTTPStatus.CONFLICT)
would_take = _refusal(-2010, "Order would immediately match and take.")
unknown_order = _refusal(-2011, "Unknown order sent.")
no_such_order = _refusal(-2013, "Order does not exist.")
bad_key_format = _refusal(-2014, "API-key format invalid.", HTTPStatus.UNAUTHORIZED)
unknown_key = _refusal(-2015, "Invalid API-key, IP, or permissions for action.", HTTPStatus.UNAUTHORIZED)
