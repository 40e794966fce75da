"""The process that serves: forked by :mod:`exporter.ops.process`, and gone when that one is.

The server's worker asks for the application by calling :func:`application`, once, after the fork. From
there on this process holds the locks. Its end comes by SIGTERM: from its parent, from the kernel when
the parent has died, or from a person.
"""

from __future__ import annotations

import multiprocessing
import os
import select
import signal
import sys
import threading
from multiprocessing.util import Finalize
from typing import TYPE_CHECKING, Any, Final

from trading_bot.boot.clock import SystemClock
from trading_bot.boot.parent import die_with_parent
from trading_bot.boot.settings import BootSettings
from trading_bot.contract.errors import TickertapeError

if TYPE_CHECKING:
    from exporter.ops.bridge import Bridge
    from exporter.ops.lifetime import Lifetime

OK: Final = 0
FAILED: Final = 1
DRAIN_SECONDS: Final = 0.25
"""How long requests are still answered once a stop was asked for."""

LOOK_SECONDS: Final = 0.25


def application(settings: BootSettings) -> Any:
    """Begin to serve in this process and return the application, with granian's asynchronous interface.

    Ends the process with one line on standard error where the locks or the tape cannot be had.
    """
    parent = _bind_to_parent()
    from exporter.ops.application import create_app  # noqa: PLC0415 - only the worker needs Flask
    from exporter.ops.bridge import Bridge  # noqa: PLC0415 - same
    from exporter.ops.lifetime import Lifetime  # noqa: PLC0415 - same

    try:
        lifetime = Lifetime.begin(settings, SystemClock())
    except TickertapeError as error:
        sys.stderr.write(f"tickertape: {error.line()}\n")
        raise SystemExit(FAILED) from error
    return Served(Bridge(create_app(lifetime.needs).wsgi_app), Ending(lifetime, parent))


def _bind_to_parent() -> int:
    """Die with the parent, leave Ctrl-C to it, and let SIGTERM end this process while it still starts."""
    started_by = multiprocessing.parent_process()
    assert started_by is not None
    assert started_by.pid is not None
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    signal.signal(signal.SIGTERM, _exit)
    die_with_parent(started_by.pid)
    return started_by.pid


def _exit(_number: int, _frame: object) -> None:
    sys.exit(OK)


class Served:
    """What granian calls: once before it serves, and for every request."""

    def __init__(self, bridge: Bridge, ending: Ending) -> None:
        self._bridge = bridge
        self._ending = ending

    def __rsgi_init__(self, loop: Any) -> None:
        """Have the end happen, once the server has its own signal handlers and the loop runs."""
        loop.call_soon(self._ending.prepare)

    async def __rsgi__(self, scope: Any, exchange: Any) -> None:
        """Answer one request."""
        await self._bridge(scope, exchange)


class Ending:
    """Ends the lifetime once, whether the server returns or hangs on a connection.

    The server waits for open connections, also idle ones, before it returns. So a thread hears of the
    signal instead, lets the requests that have begun be answered, and then ends the process.
    """

    def __init__(self, lifetime: Lifetime, parent: int) -> None:
        self._lifetime = lifetime
        self._parent = parent
        self._guard = threading.Lock()
        self._ended = False

    def prepare(self) -> None:
        """Have the end happen; call from the main thread."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        # This takes the signal from the server's loop: its own way out waits for idle connections, and
        # holds the interpreter's lock meanwhile, so that nothing here could end it.
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        Finalize(self, self.end, exitpriority=1)
        threading.Thread(target=self._watch, args=(reading,), name="end-watch", daemon=True).start()

    def end(self) -> None:
        """End the lifetime; the second call waits for the first."""
        with self._guard:
            if not self._ended:
                self._ended = True
                self._lifetime.end(self._reason())

    def _reason(self) -> str:
        return "SIGTERM" if os.getppid() == self._parent else "the parent process died"

    def _watch(self, signals: int) -> None:
        while os.getppid() == self._parent:
            ready, _, _ = select.select([signals], [], [], LOOK_SECONDS)
            if ready and signal.SIGTERM in os.read(signals, 64):
                break
        threading.Event().wait(DRAIN_SECONDS)
        try:
            self.end()
        finally:  # also when the tape cannot be written
            os._exit(OK)
