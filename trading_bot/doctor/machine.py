"""Checks of the machine: SQLite, disk, clock, ports, file descriptors."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from trading_bot.contract.errors import TickertapeError
from trading_bot.contract.settings import Settings, parse_settings
from trading_bot.doctor.finding import Finding, failed, fine, unknown, warning
from trading_bot.doctor.patient import LOCKED, Patient
from trading_bot.journal.connections import require_sqlite
from trading_bot.journal.inspection import sqlite_version

MEBIBYTE: Final = 1024 * 1024
TOO_LITTLE_BYTES: Final = 64 * MEBIBYTE
LITTLE_BYTES: Final = 1024 * MEBIBYTE
MANY_DESCRIPTORS: Final = 0.7
TOO_MANY_DESCRIPTORS: Final = 0.9
UNSYNCHRONISED: Final = 0x40  # STA_UNSYNC of adjtimex(2)
LISTENING: Final = "0A"  # TCP_LISTEN in /proc/net/tcp

LISTENERS: Final = (
    ("BOT_EXCHANGE_PORT", "exchange_port", "exchange.db"),
    ("BOT_METRICS_PORT", "metrics_port", "exporter.db"),
    ("BOT_API_PORT", "api_port", "ops"),
    ("BOT_STREAM_PORT", "stream_port", "ops"),
)
"""Variable, boot setting, and the lock that the process holds which listens there."""


def sqlite(_patient: Patient) -> Iterator[Finding]:
    """SQLite is new enough not to lose committed pages."""
    yield judge_sqlite(sqlite_version())


def judge_sqlite(version: str) -> Finding:
    """Judge a version of SQLite."""
    try:
        require_sqlite(version)
    except TickertapeError as error:
        return failed("sqlite", error.message, "Install the versions of requirements.lock", "make demo")
    return fine("sqlite", f"SQLite {version}")


def disk(patient: Patient) -> Iterator[Finding]:
    """There is room for the tape to grow."""
    usage = shutil.disk_usage(patient.home.path)
    yield judge_disk(patient.home.path, usage.free, usage.total)


def judge_disk(path: Path, free: int, total: int) -> Finding:
    """Judge the room on a disk, in bytes."""
    found = f"{free // MEBIBYTE:,} MiB of {total // MEBIBYTE:,} are free under {path}"
    if free < TOO_LITTLE_BYTES:
        return failed(
            "disk",
            found,
            "Make room: without it the journal cannot be written and nothing is traded",
            f"du -xh {path} | sort -h | tail",
        )
    if free < LITTLE_BYTES:
        return warning("disk", found, "Make room soon", f"du -xh {path} | sort -h | tail")
    return fine("disk", found)


class _Timex(ctypes.Structure):
    """The beginning of the kernel's struct timex, and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("frequency", ctypes.c_long),
        ("maximum_error", ctypes.c_long),
        ("estimated_error", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def clock(patient: Patient) -> Iterator[Finding]:
    """The machine's clock is synchronised, and it is the venue's, as the bot last measured it."""
    timex = _Timex()
    answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))  # modes 0: only asks
    yield judge_synchronisation(None if answer < 0 else timex.status)
    try:
        state = patient.state
    except (TickertapeError, OSError) as error:
        yield unknown("clock of the venue", f"the journal cannot be read: {error}")
        return
    offset = state.runtime.clock_offset_ns
    limit = _settings(state.settings.settings).intervals.max_clock_offset_ms
    yield judge_offset(offset, limit)


def _settings(applied: dict[str, object] | None) -> Settings:
    if applied is None:
        return Settings(symbols=(), strategies={})
    return parse_settings(applied)


def judge_synchronisation(status: int | None) -> Finding:
    """Judge the kernel's status bits, None when it does not say."""
    if status is None:
        return unknown("clock", "the kernel does not say whether the clock is synchronised")
    if status & UNSYNCHRONISED:
        return warning(
            "clock",
            "the kernel says that nobody synchronises this clock",
            "Run a time service, here or on the host",
            "timedatectl set-ntp true",
        )
    return fine("clock", "synchronised")


def judge_offset(offset_ns: int | None, limit_ms: float) -> Finding:
    """Judge how far the venue's clock is, nanoseconds."""
    if offset_ns is None:
        return unknown("clock of the venue", "the bot has not measured it yet")
    off = abs(offset_ns) / 1e6
    if off > limit_ms:
        return failed(
            "clock of the venue",
            f"{off:,.0f} ms off when last measured; orders need {limit_ms:,.0f}",
            "Set this machine's clock",
            "timedatectl set-ntp true",
        )
    return fine("clock of the venue", f"{off:,.1f} ms off when last measured; orders need {limit_ms:,.0f}")


def ports(patient: Patient) -> Iterator[Finding]:
    """Each port is listened on by its process, or free for it. Nothing is bound to find out."""
    listening = listening_ports()
    for variable, setting, lock in LISTENERS:
        if setting == "exchange_port" and not patient.settings.is_simulated:
            continue
        port, owner = getattr(patient.settings, setting), patient.owner(lock)
        taken = port in listening
        if owner and not Path(f"/proc/{owner}").exists():
            yield unknown("ports", f"{variable}: process {owner}, which listens on it, is not seen here")
        elif port == 0:
            yield fine("ports", f"{variable}: chosen by the system")
        elif owner is None and taken:
            yield failed(
                "ports",
                f"{variable}: {port} is taken by another program",
                "End that program, or choose another port",
                f"ss -ltnp 'sport = :{port}'",
            )
        elif owner is not None and not taken:
            yield failed(
                "ports",
                f"{variable}: process {owner} runs and does not listen on {port}",
                "Look at its log; a process started with another port needs the same one here",
                f"tail {patient.home.logs}/*.jsonl",
            )
        else:
            yield fine("ports", f"{variable}: {port} {'listened on by its process' if taken else 'free'}")


def listening_ports() -> set[int]:
    """Return the TCP ports that somebody listens on, in this network namespace."""
    found: set[int] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if table.exists():
            rows = [line.split() for line in table.read_text(encoding="ascii").splitlines()[1:]]
            found |= {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == LISTENING}
    return found


def descriptors(patient: Patient) -> Iterator[Finding]:
    """No process of the home is about to run out of file descriptors."""
    pids = {patient.owner(name): name for name in LOCKED}
    for pid, name in pids.items():
        if not pid:
            continue
        try:
            used, limit = len(os.listdir(f"/proc/{pid}/fd")), _limit(pid)  # noqa: PTH208 - no path is needed
        except OSError as error:
            yield unknown("descriptors", f"process {pid} ({name}): {error.strerror}")
            continue
        yield judge_descriptors(f"process {pid} ({name})", used, limit)
    if not any(pids):
        yield fine("descriptors", "no process runs")


def _limit(pid: int) -> int:
    for line in Path(f"/proc/{pid}/limits").read_text(encoding="ascii").splitlines():
        if line.startswith("Max open files"):
            soft = line.split()[3]
            return int(soft) if soft.isdecimal() else 2**31
    raise FileNotFoundError(2, "no limit is stated")


def judge_descriptors(who: str, used: int, limit: int) -> Finding:
    """Judge how many of its descriptors a process uses."""
    found, share = f"{who} uses {used:,} of {limit:,}", used / limit
    if share >= TOO_MANY_DESCRIPTORS:
        return failed("descriptors", found, "Raise the limit and start it again", "ulimit -n 65536")
    if share >= MANY_DESCRIPTORS:
        return warning("descriptors", found, "Raise the limit at the next start", "ulimit -n 65536")
    return fine("descriptors", found)
