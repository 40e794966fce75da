"""Plain databases with one owner: the simulated exchange's books, the exporter's cursors."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import apsw

from trading_bot.contract.errors import NonRetriableError
from trading_bot.journal.connections import Layout, open_owner, rolled_back_on_error
from trading_bot.journal.failures import translated
from trading_bot.journal.locks import Lock

AUTOCHECKPOINT_PAGES = 1_000

Row = tuple[Any, ...]
Parameters = Sequence[Any] | Mapping[str, Any]


class OwnedDatabase:
    """A database that one process writes, with the protections of a tape and plain SQL.

    May be used from several threads: a statement or a transaction of one waits for that of another.
    """

    def __init__(self, path: Path, lock: Lock, connection: apsw.Connection, *, durable: bool) -> None:
        self.path = path
        self._lock = lock
        self._connection = connection
        self._durable = durable
        self._guard = threading.RLock()

    @classmethod
    def open(
        cls,
        path: Path | str,
        schema: str,
        application: str,
        version: int,
        *,
        migrations: Mapping[int, str] | None = None,
        durable: bool = False,
    ) -> OwnedDatabase:
        """Take the file's lock, then open, create or migrate the file.

        Args:
            path: the database; its folder exists.
            schema: SQL script that makes an empty file into one of ``version``.
            application: the kind of database, stamped into the file.
            version: the version of ``schema``, from 1 on.
            migrations: SQL scripts by the version they start from, each leading to the next.
            durable: whether each commit waits for the disk (power loss keeps it). Without it a commit
                survives kill -9, and a power loss may take the last ones.

        Raises:
            TickertapeError: JRNL_003 when another process owns it, else as for a tape.
        """
        place = Path(path)
        layout = Layout(application=application, version=version, schema=schema, migrations=migrations or {})
        lock = Lock.acquire(place)
        try:
            connection = open_owner(place, layout, autocheckpoint=AUTOCHECKPOINT_PAGES)
        except BaseException:
            lock.release()
            raise
        connection.pragma("synchronous", "full" if durable else "normal")
        return cls(place, lock, connection, durable=durable)

    def execute(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """Run one or more statements and return their rows; outside a transaction it commits by itself.

        Raises:
            TickertapeError: JRNL_001, JRNL_004, JRNL_009, JRNL_010, JRNL_012.
        """
        with self._in_use():
            return list(self._connection.execute(sql, parameters))

    def execute_many(self, sql: str, rows: Iterable[Parameters]) -> None:
        """Run a statement once for each of ``rows``, in one transaction or the one that is open."""
        with self._in_use(), self._connection:
            self._connection.executemany(sql, rows)

    @contextmanager
    def transaction(self, *, durable: bool | None = None) -> Iterator[OwnedDatabase]:
        """All or nothing: commits at the end of the block, rolls back when it raises.

        Args:
            durable: whether the commit waits for the disk; None takes the choice made at open.

        Raises:
            RuntimeError: inside another transaction of this thread.
            TickertapeError: as :meth:`execute`; nothing of the block is kept then.
        """
        wait = self._durable if durable is None else durable
        with self._in_use():
            if self._connection.in_transaction:
                raise RuntimeError("a transaction is already open")
            # SQLite takes this setting only between transactions.
            self._connection.pragma("synchronous", "full" if wait else "normal")
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                with rolled_back_on_error(self._connection):
                    yield self
                    self._connection.execute("COMMIT")
            finally:
                self._connection.pragma("synchronous", "full" if self._durable else "normal")

    def close(self) -> None:
        """Close the database and give its lock back; may be called twice."""
        with self._guard:
            self._connection.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        if not self._lock.held:
            raise NonRetriableError("JRNL_012", f"{self.path} is closed", path=str(self.path))
        with self._guard, translated(self.path, self._connection):
            yield
