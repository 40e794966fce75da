"""Ask whether a port is free before a server is started on it.

The servers are poor at saying it: one ends in a native backtrace, one shares the port silently
(SO_REUSEPORT). So each process probes first, without SO_REUSEPORT.
"""

from __future__ import annotations

import errno
import socket

from trading_bot.contract.errors import OperatorError


def probe(host: str, port: int, variable: str) -> None:
    """Return when ``host:port`` can be listened on; port 0 always can.

    Args:
        host: address or name to bind to.
        port: TCP port.
        variable: the setting to name in the error, e.g. ``BOT_API_PORT``.

    Raises:
        OperatorError: BOT_005 when another program has the port, BOT_002 when the address is not ours.
    """
    if port == 0:
        return
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as candidate:
            # A connection of the last run that lingers in TIME_WAIT is no other program.
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind(address)
    except OSError as error:
        raise _explain(error, host, port, variable) from error


def _explain(error: OSError, host: str, port: int, variable: str) -> OperatorError:
    context = {"setting": variable, "host": host, "port": port}
    if error.errno == errno.EADDRINUSE:
        message = f"{variable}: port {port} on {host} is in use by another program; for example {variable}={port + 1}"
        return OperatorError("BOT_005", message, **context)
    if error.errno == errno.EACCES:
        message = f"{variable}: port {port} needs root rights; for example {variable}={port + 8000}"
        return OperatorError("BOT_002", message, **context)
    message = f"BOT_HOST: cannot listen on {host} ({error}); for example BOT_HOST=127.0.0.1"
    return OperatorError("BOT_002", message, **context)
