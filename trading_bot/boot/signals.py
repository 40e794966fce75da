"""Signals: the same short list for every process.

SIGTERM and SIGINT ask for a clean stop, SIGUSR1 halts the bot, SIGUSR2 has it look at the HALT file again.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final

STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
HALT_SIGNAL: Final = signal.SIGUSR1
LOOK_AGAIN_SIGNAL: Final = signal.SIGUSR2

Handlers = Mapping[signal.Signals, Callable[[], None]]


def handle_in_loop(handlers: Handlers) -> None:
    """Have the running asyncio loop call ``handlers``, between two callbacks of its own."""
    loop = asyncio.get_running_loop()
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)


def handle(handlers: Handlers) -> None:
    """Have the main thread call ``handlers``: they may set a flag or an event, and do nothing long."""
    for number, handler in handlers.items():
        signal.signal(number, _ignoring_arguments(handler))


def stop_event() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set, for a process without a loop."""
    event = threading.Event()
    handle(dict.fromkeys(STOP_SIGNALS, event.set))
    return event


def _ignoring_arguments(handler: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
    def call(_number: int, _frame: FrameType | None) -> None:
        handler()

    return call
