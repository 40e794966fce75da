"""Looks into an owned database without being its owner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

import apsw

from trading_bot.journal.connections import Layout, check_pages, open_reader
from trading_bot.journal.failures import translated

ANY_VERSION: Final = 2**31 - 1


class OwnedReader:
    """Reads an owned database; every call is one short read. Not for several threads."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path, application: str) -> OwnedReader:
        """Open the database for reading, whatever its version: who asks names the columns that it needs.

        Raises:
            TickertapeError: as for a tape.
        """
        layout = Layout(application=application, version=ANY_VERSION, schema="")
        return cls(path, open_reader(path, layout))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of one SELECT."""
        with translated(self.path, self._connection):
            return self._connection.execute(sql, parameters).fetchall()

    def check_pages(self) -> None:
        """Check that all pages of the file fit together; raises OperatorError JRNL_001."""
        check_pages(self._connection, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


def sqlite_version() -> str:
    """Return the version of the SQLite that is used."""
    return apsw.sqlite_lib_version()
