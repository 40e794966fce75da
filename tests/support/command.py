"""Run the real `tickertape` in a home of its own, on ports of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

PROGRAM = Path(sys.executable).parent / "tickertape"
PATIENCE = 90.0
"""Seconds to wait for what is to come: no measure of it, but the end of what hangs, on a slow and busy machine too."""
PORTS = ("BOT_API_PORT", "BOT_METRICS_PORT", "BOT_STREAM_PORT", "BOT_EXCHANGE_PORT")


def free_ports(count: int) -> list[int]:
    """Return ports that the system found free, all different, and gives to nobody else for a minute."""
    return [_reserve(0) for _ in range(count)]


def hold_ports(*ports: int) -> None:
    """Keep ports for a minute for who will come back to them: nobody else is given one of them meanwhile."""
    for port in ports:
        with contextlib.suppress(OSError):  # who had it still has it
            _reserve(port)


def _reserve(port: int) -> int:
    """Leave a connection in TIME_WAIT: the port goes to who names it with SO_REUSEADDR, as servers do, alone.

    Several tests look for ports at the same time, and what starts on a port may take its time to come up.
    """
    with socket.create_server(("127.0.0.1", port)) as server:
        address = server.getsockname()
        with socket.create_connection(address):
            server.accept()[0].close()
        return int(address[1])


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE, every: float = 0.02) -> bool:
    """Return whether `condition` became true in time; it is asked once more when the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())


class Command:
    """The command line with one home and one set of ports.

    `run` waits for the end, `start` leaves a process running, which `stop_all` ends with its descendants.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {name: str(port) for name, port in zip(PORTS, free_ports(len(PORTS)), strict=True)}
        self.environment["BOT_API_RATE_LIMIT"] = "1000000/minute"  # tests ask often; those about rates say so
        self._started: list[subprocess.Popen[str]] = []

    def port(self, variable: str) -> int:
        return int(self.environment[variable])

    def run(
        self, *arguments: str, timeout: float = PATIENCE, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAM, *arguments],
            env=self._variables(variables),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [PROGRAM, *arguments],
            env=self._variables(variables),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def stop_all(self) -> None:
        """End what still runs, and whatever was left behind by what does not."""
        living = [process for process in self._started if process.poll() is None]
        for process in living:  # all at once: each takes its time to end
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)  # a test may have frozen it
        for process in self._started:
            if process in living:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(8)
                process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
        # Not by group: one that ended long ago may have left its number to a stranger.
        for pid in processes_with({f"{name}={value}" for name, value in self.environment.items()}):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _variables(self, more: dict[str, str]) -> dict[str, str]:
        return {**os.environ, "BOT_HOME": str(self.home), **self.environment, **more}


def processes_of(home: Path) -> dict[int, str]:
    """Return pid -> command line of the processes that have this home in their environment."""
    return processes_with({f"BOT_HOME={home}"})


def processes_with(variables: set[str]) -> dict[int, str]:
    """Return pid -> command line of the processes that have all these in their environment, as `NAME=value`."""
    found, wanted = {}, {variable.encode() for variable in variables}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if wanted <= set((entry / "environ").read_bytes().split(b"\0")):
                found[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                )
    return found


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield what a started process prints, as it prints it."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line.rstrip("\n")
