"""Checks of the home folder: itself, its owners, keys, locks, the HALT file, the beacon."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from trading_bot.boot import keys
from trading_bot.boot.halt import read_halt
from trading_bot.contract.errors import TickertapeError
from trading_bot.doctor.finding import Finding, failed, fine, unknown, warning
from trading_bot.doctor.patient import LOCKED, Patient
from trading_bot.domain.clock import SECOND
from trading_bot.journal import BeaconStatus
from trading_bot.journal.locks import lock_path

OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
NETWORK_FILE_SYSTEMS: Final = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "glusterfs",
    "fuse.sshfs",
}


def boot_settings(patient: Patient) -> Iterator[Finding]:
    """The boot settings can be read; otherwise the rest is looked at with the defaults."""
    fault = patient.settings_fault
    if fault is not None:
        steps = fault.definition.remediation
        yield failed("boot settings", fault.message, steps[0].action if steps else "Correct that setting")
    else:
        yield fine("boot settings", f"bot {patient.settings.name}, venue {patient.settings.venue.name}")


def home(patient: Patient) -> Iterator[Finding]:
    """The folder can be written, is private, and lies on a local disk."""
    path = patient.home.path
    mode = stat.S_IMODE(path.stat().st_mode)
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        yield failed(
            "home",
            f"{path} cannot be written by uid {os.geteuid()}",
            "Give it to the bot's user",
            f"chown -R $USER {path}",
        )
    elif mode & OTHERS:
        yield warning(
            "home", f"{path} is open to others (mode {mode:04o})", "Make it private", f"chmod 700 {path}"
        )
    else:
        yield fine("home", f"{path}, mode {mode:04o}")


def file_system(patient: Patient) -> Iterator[Finding]:
    """No network file system: SQLite's locks and shared memory do not work on one."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        yield unknown("file system", f"the mounts cannot be read: {error.strerror}")
        return
    yield judge_file_system(patient.home.path.resolve(), mounts)


def judge_file_system(path: Path, mounts: str) -> Finding:
    """Judge where a path lies, by the text of /proc/self/mounts."""
    points = [line.split()[1:3] for line in mounts.splitlines() if line.count(" ") >= 2]  # noqa: PLR2004 - device, point, type
    over = [(point, kind) for point, kind in points if path.is_relative_to(point)]
    point, kind = max(over, key=lambda found: len(found[0]), default=("/", "unknown"))
    if kind in NETWORK_FILE_SYSTEMS:
        return failed(
            "file system", f"{path} lies on {kind} ({point})", "Move the home to a local disk, and use --home"
        )
    return fine("file system", f"{kind} at {point}")


def owners(patient: Patient) -> Iterator[Finding]:
    """Everything belongs to one user: another's side files would lock the bot out of its own tape."""
    path, me = patient.home.path, os.geteuid()
    found: dict[int, list[str]] = {}
    for entry in [path, *path.rglob("*")]:
        try:
            found.setdefault(entry.lstat().st_uid, []).append(str(entry.relative_to(path)))
        except FileNotFoundError:
            continue  # gone while we looked
    if len(found) > 1:
        majority = max(found, key=lambda uid: len(found[uid]))
        strange = [f"{name} (uid {uid})" for uid, names in found.items() if uid != majority for name in names]
        told = ", ".join(strange[:3]) + (f" and {len(strange) - 3} more" if len(strange) > 3 else "")  # noqa: PLR2004
        yield failed(
            "owners",
            f"the rest belongs to uid {majority}, but {told}",
            "Give all to the bot's user",
            f"chown -R {majority} {path}",
        )
    elif me not in found:
        owner = next(iter(found))
        yield failed(
            "owners",
            f"everything belongs to uid {owner}, and this is uid {me}",
            "Run every command as the bot's user",
            f"sudo -u '#{owner}' tickertape doctor --home {path}",
        )
    else:
        yield fine("owners", f"all of uid {me}")


def key_files(patient: Patient) -> Iterator[Finding]:
    """Every key is there, and nobody else can read it."""
    home, venue = patient.home, patient.settings.venue
    paths = [
        home.read_key,
        home.operate_key,
        venue.api_key_file or home.venue_key,
        venue.secret_file or home.venue_secret,
    ]
    for path in paths:
        if not path.exists():
            yield warning("keys", f"{path} is missing", "It is made at the next start", "tickertape up")
            continue
        try:
            keys.read_key(path)
        except TickertapeError as error:
            yield failed(
                "keys",
                error.message,
                "Make it private, or remove it to have a new one made",
                f"chmod 600 {path}",
            )
        else:
            yield fine("keys", f"{path.name} is private")


def locks(patient: Patient) -> Iterator[Finding]:
    """Whoever holds a lock is a living process that can be seen from here."""
    for name in LOCKED:
        if not lock_path(patient.home.path / name).exists():
            continue
        owner = patient.owner(name)
        if owner is None:
            yield fine("locks", f"{name}: free")
        elif owner and Path(f"/proc/{owner}").exists():
            yield fine("locks", f"{name}: held by process {owner}")
        else:
            who = f"process {owner}, which is not seen here" if owner else "a process that has not said which"
            yield warning(
                "locks",
                f"{name}: held by {who}",
                "Fine when a container beside this one runs it; otherwise a child outlived its parent: find it",
                f"fuser -v {lock_path(patient.home.path / name)}",
            )


def halt_file(patient: Patient) -> Iterator[Finding]:
    """No HALT file: while there is one, the bot does not trade."""
    request = read_halt(patient.home.halt)
    if request is None:
        yield fine("halt", "no HALT file")
    else:
        yield warning(
            "halt",
            f"trading is halted by {request.actor}: {request.reason}",
            "When the reason is gone, resume",
            "tickertape resume --confirm",
        )


def beacon(patient: Patient) -> Iterator[Finding]:
    """The bot lives and says so."""
    reading, path = patient.beacon, patient.home.beacon
    written = reading.beacon
    age = (patient.clock.now_ns() - written.ts) / SECOND if written else None
    if reading.status is BeaconStatus.ALIVE and written is not None:
        if written.journal_error:
            yield failed(
                "bot",
                f"process {written.pid} cannot write its journal: {written.journal_error}",
                "Make room or mend the disk; it goes on by itself",
                f"df -h {path.parent}",
            )
        else:
            yield fine("bot", f"process {written.pid} lives, mode {written.mode}")
    elif reading.status is BeaconStatus.FROZEN:
        pid = written.pid if written else "?"
        silent = f" for {age:.0f} s" if age is not None else ""
        yield failed(
            "bot",
            f"process {pid} holds its beacon and has been silent{silent}",
            "It hangs: end it; whoever supervises it starts it again",
            f"kill -9 {pid}",
        )
    elif reading.status is BeaconStatus.UNREADABLE:
        yield failed("bot", f"{path} cannot be read", "Mend its owner and mode", f"chmod 600 {path}")
    elif reading.status is BeaconStatus.ABSENT:
        yield warning(
            "bot", "it has never run on this home", "Start it", f"tickertape up --home {path.parent}"
        )
    else:
        yield warning(
            "bot",
            "it does not run" + (f"; last seen {age:.0f} s ago" if age is not None else ""),
            "Start it",
            f"tickertape up --home {path.parent}",
        )
