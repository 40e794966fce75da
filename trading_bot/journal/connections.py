"""Opens SQLite files: what is checked before the first write, and how readers and owners differ."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import apsw
import msgspec

from trading_bot.contract.errors import OperatorError, RetriableError
from trading_bot.journal.failures import translated

OLDEST_SQLITE = (3, 51, 3)
BUSY_TIMEOUT_MS = 1_000
CHECKED_AT_OPEN_BYTES = 32 * 1024 * 1024
"""Up to this size all pages are checked when the owner opens a file; beyond it that would delay the start."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a database of one kind looks like.

    ``application`` names the kind and is stamped into the file; ``version`` counts changes of
    ``schema``; ``migrations`` maps an older version to the script that leads to the next one.
    """

    application: str
    version: int
    schema: str
    migrations: Mapping[int, str] = {}

    @property
    def application_id(self) -> int:
        """The number in the file's header that tells this kind from others."""
        return zlib.crc32(self.application.encode()) & 0x7FFF_FFFF


def require_sqlite(version: str | None = None) -> None:
    """Refuse an SQLite with the WAL-reset bug.

    Raises:
        OperatorError: JRNL_006.
    """
    found = version or apsw.sqlite_lib_version()
    if tuple(int(part) for part in found.split(".")[:3]) < OLDEST_SQLITE:
        needed = ".".join(str(part) for part in OLDEST_SQLITE)
        raise OperatorError(
            "JRNL_006", f"SQLite {found} is older than {needed}", found=found, expected=needed
        )


def require_owner(path: Path) -> None:
    """Refuse a file of another user: its side files would lock one of the two out.

    Raises:
        OperatorError: JRNL_005.
        RetriableError: JRNL_013 when there is no such file.
    """
    with translated(path):
        owner = path.stat().st_uid if path.exists() else None
    if owner is None:
        raise RetriableError("JRNL_013", f"{path} does not exist yet", path=str(path))
    if owner != os.geteuid():
        message = f"{path} belongs to uid {owner}, this process runs as uid {os.geteuid()}"
        raise OperatorError("JRNL_005", message, path=str(path), expected=os.geteuid(), found=owner)


def open_owner(path: Path, layout: Layout, *, autocheckpoint: int) -> apsw.Connection:
    """Open a file for its one writer, creating or migrating it. The caller holds the file's lock.

    Args:
        path: the database.
        layout: what it must look like.
        autocheckpoint: pages after which a commit checkpoints; 0 leaves that to the caller.

    Raises:
        TickertapeError: JRNL_001 to JRNL_010, each as its title says.
    """
    require_sqlite()
    if path.exists():
        require_owner(path)
    with translated(path):
        connection = apsw.Connection(str(path))
    try:
        with translated(path, connection):
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            fresh = _check_layout(connection, path, layout)
            path.chmod(0o600)  # side files take their mode from it
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "normal")
            connection.wal_autocheckpoint(autocheckpoint)
            _bring_up_to_date(connection, layout, fresh=fresh)
        if path.stat().st_size <= CHECKED_AT_OPEN_BYTES:
            check_pages(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, layout: Layout) -> apsw.Connection:
    """Open a file for reading. Never ``immutable``: that would ignore the ``-wal``.

    Raises:
        TickertapeError: JRNL_013 when the file does not exist yet, JRNL_001, JRNL_002, JRNL_005 to
            JRNL_010 as their titles say.
    """
    require_sqlite()
    require_owner(path)
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    with translated(path):
        connection = apsw.Connection(f"file:{quote(str(path))}?mode=ro", flags=flags)
    try:
        with translated(path, connection):
            connection.set_busy_timeout(BUSY_TIMEOUT_MS)
            fresh = _check_layout(connection, path, layout)
    except BaseException:
        connection.close()
        raise
    if fresh:
        connection.close()
        raise RetriableError("JRNL_013", f"{path} is still empty", path=str(path))
    return connection


class rolled_back_on_error:  # noqa: N801 - reads as what is done, as contextlib's own do
    """Ends the open transaction when the block raises; SQLite may have ended it already by itself."""

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def check_pages(connection: apsw.Connection, path: Path) -> None:
    """Check that all pages fit together; reads the whole file.

    Raises:
        OperatorError: JRNL_001.
    """
    with translated(path, connection):
        found = connection.pragma("quick_check", 1)
    if found != "ok":
        raise OperatorError("JRNL_001", f"{path} is damaged: {str(found).splitlines()[0]}", path=str(path))


def _check_layout(connection: apsw.Connection, path: Path, layout: Layout) -> bool:
    """Return whether the file is new; raise when it is not ours or newer than we are."""
    application_id = connection.pragma("application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").get
    if not tables and not application_id:
        return True
    if application_id != layout.application_id:
        message = f"{path} is a database, but not a {layout.application} database"
        raise OperatorError("JRNL_002", message, path=str(path), expected=layout.application)
    version = connection.pragma("user_version")
    if version > layout.version:
        message = f"{path} has layout {version}, this program knows up to {layout.version}"
        raise OperatorError("JRNL_007", message, path=str(path), expected=layout.version, found=version)
    return False


def _bring_up_to_date(connection: apsw.Connection, layout: Layout, *, fresh: bool) -> None:
    version = connection.pragma("user_version")
    if not fresh and version == layout.version:
        return
    with connection:
        if fresh:
            connection.execute(layout.schema)
            connection.pragma("application_id", layout.application_id)
        else:
            for step in range(version, layout.version):
                connection.execute(layout.migrations[step])
        connection.pragma("user_version", layout.version)
