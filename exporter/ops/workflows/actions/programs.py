"""The action that runs one of our own commands, in a process of its own, with limits. No shell, no other program."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.workflows.actions.definition import Action, Doing, Outputs, Params, Repeat
from exporter.ops.workflows.patience import Patience
from trading_bot.boot.settings import HOME_VARIABLE
from trading_bot.contract.codec import redact
from trading_bot.contract.errors import NonRetriableError

MEBIBYTE: Final = 1024 * 1024
POLL_SECONDS: Final = 0.05
TAIL: Final = 8_000
LARGEST_DOCUMENT: Final = 65_536
"""Bytes of JSON that are taken whole: a diagnosis is longest where most is wrong."""


class Subcommand(StrEnum):
    """Those of our commands that only read."""

    STATUS = "status"
    DOCTOR = "doctor"
    TRACE = "trace"
    PREFLIGHT = "preflight"


class ProgramParams(Params, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The params of ``tickertape``."""

    command: Annotated[Subcommand, Meta(description="which of our commands", examples=["doctor"])]
    arguments: Annotated[
        list[Annotated[str, Meta(max_length=200)]],
        Meta(max_length=10, description="its options", examples=[["--output", "json"]]),
    ] = msgspec.field(default_factory=list)
    may_fail: Annotated[
        bool, Meta(description="go on also when it ends with an error; see exit_code", examples=[True])
    ] = False
    memory: Annotated[int, Meta(ge=64, le=4_096, description="address space in MiB", examples=[1024])] = 1_024


def run(doing: Doing, params: ProgramParams) -> Outputs:
    """Run the command and return how it ended and what it printed."""
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as said:
        process = _start(doing, params, printed, said)
        try:
            with contextlib.suppress(ProcessLookupError):
                limit = params.memory * MEBIBYTE
                resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))
            _wait(process, doing.patience)
        finally:
            _end(process)
        document = _document(printed)
        output, errors = _tail(printed), _tail(said)
    if process.returncode and not params.may_fail:
        words = (errors or output).strip().splitlines()
        last = words[-1] if words else "it printed nothing"
        message = f"tickertape {params.command} ended with {process.returncode}: {last}"
        raise NonRetriableError("WF_016", message, exit_code=process.returncode)
    return {
        "exit_code": process.returncode,
        "output": redact(output) if document is None else "",
        "errors": redact(errors),
        "document": document,
    }


def _start(
    doing: Doing, params: ProgramParams, printed: IO[bytes], said: IO[bytes]
) -> subprocess.Popen[bytes]:
    home = str(doing.means.home.path)
    return subprocess.Popen(
        [*program(), params.command, *params.arguments],
        env={**os.environ, HOME_VARIABLE: home},
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=printed,
        stderr=said,
        start_new_session=True,
    )


def program() -> list[str]:
    """Return how this installation's `tickertape` is started."""
    beside = Path(sys.executable).parent / "tickertape"
    if beside.exists():
        return [str(beside)]
    found = shutil.which("tickertape")
    return [found] if found else [sys.executable, "-m", "trading_bot"]


def _wait(process: subprocess.Popen[bytes], patience: Patience) -> None:
    while process.poll() is None:
        patience.wait(POLL_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    return file.read().decode(errors="replace")


def _document(file: IO[bytes]) -> Any:
    """Return what was printed, where all of it is one JSON document that is not too large."""
    if file.seek(0, os.SEEK_END) > LARGEST_DOCUMENT:
        return None
    file.seek(0)
    try:
        return redact(msgspec.json.decode(file.read()))
    except msgspec.DecodeError:
        return None


ACTIONS: Final = (
    Action(
        name="tickertape",
        summary="Run one of our own commands that only read, with a limit of time and memory.",
        params=ProgramParams,
        outputs={
            "exit_code": "0 is fine",
            "output": "the end of what it printed, where it is no document",
            "errors": "the end of what it printed on standard error",
            "document": "what it printed, where that is JSON of at most 64 KiB",
        },
        repeat=Repeat.FREE,
        run=run,
        literal=("command", "arguments", "memory"),
    ),
)
