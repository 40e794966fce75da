"""`tickertape stream`: print what ops streams, through restarts of ops and lost connections."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from trading_bot.boot import keys
from trading_bot.boot.home import Home
from trading_bot.boot.settings import load_settings, url_host
from trading_bot.cli.options import home_option, output_option
from trading_bot.cli.switch import existing_home
from trading_bot.contract.errors import ERRORS, NonRetriableError
from trading_bot.contract.stream import (
    CONTROL,
    PORTFOLIO,
    ROOT_PATH,
    STATE,
    SYSTEM,
    TRADES,
    CloseCode,
    Message,
    Type,
)

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 5.0
CLOSE_SECONDS: Final = 0.5
LARGEST_MESSAGE: Final = 16 * 1024 * 1024
REFUSED: Final = {400, 401, 403, 404}
"""HTTP statuses after which trying again would be refused again."""

DEFAULT_CHANNELS: Final = (TRADES, SYSTEM)
TELLING: Final = (
    "symbol",
    "side",
    "quantity",
    "price",
    "bid",
    "ask",
    "close",
    "mode",
    "condition",
    "status",
    "reason",
    "message",
)
"""The members of an event that a person wants to see in a line."""

STYLES: Final = {
    "order.filled": "green",
    "order.denied": "yellow",
    "order.rejected": "red",
    "order.outcome_lost": "red",
    "error.recorded": "red",
    "breaker.opened": "red",
    "mode.changed": "magenta",
}


@click.command
@click.argument("channels", nargs=-1, metavar="[CHANNEL]...")
@home_option
@output_option
@click.option("--after", metavar="POSITION", help="Begin behind a position that was seen before.")
@click.option("--count", type=click.IntRange(1), help="End after so many messages.")
@click.option("--url", help="Address of another stream, such as ws://host:8001/ws/v1.")
def stream(
    channels: tuple[str, ...],
    home: Path | None,
    output: str,
    after: str | None,
    count: int | None,
    url: str | None,
) -> int:
    """Print the messages of CHANNELs as they come, a line each; by default trades/live and system/events.

    Channels: state, market/stream, portfolio/updates, trades/live, system/events, and custom/ with an event
    kind or the beginning of several. A lost connection is opened again, and nothing is missed meanwhile.

    Example: tickertape stream trades/live custom/error --output json | jq .data
    """
    settings = load_settings(home)
    folder = existing_home(Home(settings.home))
    address = url or f"ws://{url_host(settings.host)}:{settings.stream_port}{ROOT_PATH}"
    reading = Reading(address, keys.read_key(folder.read_key), channels or DEFAULT_CHANNELS, after)
    try:
        for number, message in enumerate(reading.messages(), 1):
            PRINTERS[output](message)
            sys.stdout.flush()
            if number == count:
                break
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # the reader of a pipe has seen enough; nothing can be flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


class Reading:
    """Channels of one stream, read over as many connections as it takes.

    Args:
        address: of the stream, without a channel.
        key: an API key.
        channels: their names.
        after: the position to begin behind, None for a snapshot first.

    Attributes:
        position: the last one that was seen; a new connection resumes behind it.
    """

    def __init__(self, address: str, key: str, channels: tuple[str, ...], after: str | None) -> None:
        self.position = after
        self._address = address
        self._key = key
        self._channels = channels
        self._pause = FIRST_PAUSE
        self._told = ""

    def messages(self) -> Iterator[Message]:
        """Yield the channels' messages.

        Raises:
            NonRetriableError: the server's code, where asking again would not help.
        """
        from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus  # noqa: PLC0415

        while True:
            try:
                with self._connect() as connection:
                    yield from self._read(connection)
            except InvalidStatus as refusal:
                if refusal.response.status_code in REFUSED:
                    raise _refusal(refusal.response.body, str(refusal)) from refusal
                self._tell(f"{self._address}: {refusal}")
            except ConnectionClosed as end:
                if end.rcvd is not None and end.rcvd.code == CloseCode.UNAUTHENTICATED:
                    raise NonRetriableError("AUTH_001", end.rcvd.reason) from end
                self._tell(f"connection closed: {end}")
            except (OSError, InvalidHandshake, EOFError) as error:
                self._tell(f"{self._address}: {error}; trying again; is ops running? tickertape status")
            time.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _tell(self, fault: str) -> None:
        """Say why there is no connection: once, not each time that it is tried again."""
        if fault != self._told:
            _note(fault)
        self._told = fault

    def _connect(self) -> ClientConnection:
        from websockets.sync.client import connect  # noqa: PLC0415 - 40 ms that help should not take

        headers = {"X-API-Key": self._key}
        return connect(
            self._address,
            additional_headers=headers,
            proxy=None,
            max_size=LARGEST_MESSAGE,
            close_timeout=CLOSE_SECONDS,
        )

    def _read(self, connection: ClientConnection) -> Iterator[Message]:
        request = {"action": "subscribe", "channels": self._channels, "after": self.position}
        connection.send(msgspec.json.encode(request).decode())
        for text in connection:
            message = _decoder.decode(text)
            if message.channel == CONTROL:
                self._take(message)
                continue
            self.position = message.position or self.position
            if message.type == Type.REWOUND:
                _note(f"{message.channel}: {message.data['reason']}; begins anew with a snapshot")
            yield message

    def _take(self, message: Message) -> None:
        """Deal with what concerns the connection."""
        if message.type == Type.ERROR:
            raise NonRetriableError(message.data["error_code"], message.data["message"])
        if message.type == Type.HEARTBEAT:
            self.position = message.position or self.position
        if message.type == Type.SUBSCRIBED:
            self._pause, self._told = FIRST_PAUSE, ""
            for channel in message.data["channels"]:
                if channel["rewound"] is not None:
                    _note(f"{channel['channel']}: cannot resume ({channel['rewound']}); a snapshot follows")


_decoder: Final = msgspec.json.Decoder(Message)


def print_line(message: Message) -> None:
    """Print a message as one line for people."""
    shown = click.style(message.type, fg=STYLES.get(message.type, "cyan"))
    click.echo(f"{message.ts[11:23]}  {message.channel}  {shown}  {told(message)}")


def print_json(message: Message) -> None:
    """Print the whole message as one line of JSON."""
    click.echo(msgspec.json.encode(message))


def print_csv(message: Message) -> None:
    """Print a row: time, channel, type, position, trace id, data as JSON."""
    data = msgspec.json.encode(message.data).decode()
    row = (message.ts, message.channel, message.type, message.position, message.trace_id, data)
    csv.writer(sys.stdout, lineterminator="\n").writerow(row)


PRINTERS: Final[dict[str, Callable[[Message], None]]] = {
    "table": print_line,
    "json": print_json,
    "csv": print_csv,
}


def told(message: Message) -> str:
    """Return what a message says in a few words."""
    data = message.data
    if not isinstance(data, dict):
        return ""
    if message.channel in {STATE, PORTFOLIO}:
        return _portfolio(data)
    if message.type == Type.SNAPSHOT:
        counted = ((name, value) for name, value in data.items() if isinstance(value, list))
        return ", ".join(f"{len(value)} {name.replace('_', ' ')}" for name, value in counted)
    error = data.get("error")
    if isinstance(error, dict):
        return f"{error['error_code']} {error['message']}"
    return ", ".join(f"{name} {data[name]}" for name in TELLING if data.get(name) is not None)


def _portfolio(data: dict[str, Any]) -> str:
    parts = []
    if "health" in data:
        parts.append(data["health"]["status"])
    if "account" in data:
        parts.append(f"equity {data['account']['equity'] or 'unknown'} {data['account']['currency']}")
    if "performance" in data:
        parts.append(f"today {data['performance']['daily_pnl'] or 'unknown'}")
    parts += [
        f"{position['symbol']} {position['quantity']} ({position['unrealized_pl'] or 'unknown'})"
        for position in data.get("positions") or ()
    ]
    return ", ".join(parts) or f"changed: {', '.join(data)}"


def _refusal(body: bytes | bytearray, otherwise: str) -> NonRetriableError:
    """Return what a problem over HTTP says, as an error of the same code."""
    try:
        problem = msgspec.json.decode(body)
        code, detail = problem["error_code"], problem["detail"]
    except (msgspec.DecodeError, KeyError, TypeError):
        code, detail = "API_001", otherwise
    return NonRetriableError(code if code in ERRORS else "API_001", detail)


def _note(text: str) -> None:
    click.echo(click.style(f"stream: {text}", fg="yellow"), err=True)
