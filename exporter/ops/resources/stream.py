"""``/stream`` over HTTP: says where the WebSocket is."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from flask import Blueprint, request

from exporter.ops.dependencies import dependencies
from exporter.ops.documentation import documented
from exporter.ops.documentation.operation import Answers
from trading_bot.boot.settings import url_host
from trading_bot.contract.errors import NonRetriableError
from trading_bot.contract.stream import ROOT_PATH, STATE_PATH

blueprint = Blueprint("stream", __name__)


@blueprint.get("/stream")
@documented(
    "Say where the stream is",
    scenario="Somebody opens the stream's path on the API's port: the WebSocket has a port of its own. The "
    "problem's context has its addresses; docs/stream.md tells the protocol.",
    answers=Answers(status=426, meaning="Always: the problem says where the WebSocket is."),
    errors=("API_020",),
)
def stream() -> NoReturn:
    """Answer 426 with the address."""
    needs = dependencies()
    asked = urlsplit(f"//{request.host}").hostname or needs.settings.host
    root = f"ws://{url_host(asked)}:{needs.stream_port or needs.settings.stream_port}"
    message = f"the stream is a WebSocket at {root}{STATE_PATH}, its channels are under {root}{ROOT_PATH}/"
    raise NonRetriableError("API_020", message, url=f"{root}{STATE_PATH}", channels=f"{root}{ROOT_PATH}/")
