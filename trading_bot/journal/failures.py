"""Turns what SQLite and the operating system raise into named errors, once and here."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import apsw

from trading_bot.contract.errors import OperatorError, RetriableError, TickertapeError, describe

FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
DENIED_ERRNOS = frozenset({errno.EACCES, errno.EPERM})
OWN_MISTAKES = (
    apsw.SQLError,
    apsw.ConstraintError,
    apsw.MismatchError,
    apsw.MisuseError,
    apsw.BindingsError,
)
UNWRITABLE_HOME_ERRNOS = frozenset({errno.EROFS, errno.ENOENT, errno.ENOTDIR})

Translator = Callable[[Path, str], TickertapeError]


def _damaged(path: Path, detail: str) -> TickertapeError:
    return OperatorError("JRNL_001", f"{path} is damaged: {detail}", path=str(path))


def _foreign(path: Path, detail: str) -> TickertapeError:
    return OperatorError("JRNL_002", f"{path} is not a database: {detail}", path=str(path))


def _full(path: Path, detail: str) -> TickertapeError:
    return OperatorError("JRNL_004", f"no space left for {path}: {detail}", path=str(path))


def _denied(path: Path, detail: str) -> TickertapeError:
    return OperatorError(
        "JRNL_005", f"{path} may not be accessed by uid {os.geteuid()}: {detail}", path=str(path)
    )


def _unwritable_home(path: Path, detail: str) -> TickertapeError:
    return OperatorError("JRNL_008", f"{path.parent} cannot be written: {detail}", path=str(path))


def _disk(path: Path, detail: str) -> TickertapeError:
    return OperatorError("JRNL_009", f"reading or writing {path} failed: {detail}", path=str(path))


def _busy(path: Path, detail: str) -> TickertapeError:
    return RetriableError("JRNL_010", f"{path} is held by another program: {detail}", path=str(path))


BY_TYPE: tuple[tuple[type[apsw.Error], Translator], ...] = (
    (apsw.CorruptError, _damaged),
    (apsw.FormatError, _damaged),
    (apsw.SchemaChangeError, _damaged),
    (apsw.NotADBError, _foreign),
    (apsw.FullError, _full),
    (apsw.BusyError, _busy),
    (apsw.LockedError, _busy),
    (apsw.PermissionsError, _denied),
    (apsw.AuthError, _denied),
    (apsw.ReadOnlyError, _denied),
    (apsw.CantOpenError, _unwritable_home),
    (apsw.IOError, _disk),
    (apsw.ProtocolError, _disk),
    (apsw.NoMemError, _disk),
)


def from_os(error: OSError, path: Path) -> TickertapeError:
    """Return the named error for an operating system error about ``path``."""
    return _by_errno(error.errno or 0, path)(path, os.strerror(error.errno) if error.errno else str(error))


def from_sqlite(error: apsw.Error, path: Path, system_errno: int = 0) -> TickertapeError:
    """Return the named error for an SQLite error about ``path``.

    ``system_errno`` is what the connection says about the last failed system call: SQLite reports a
    file size limit or a quota as a plain I/O error, and only the number tells what it was.
    """
    detail = describe(error)
    if isinstance(error, apsw.IOError | apsw.FullError | apsw.CantOpenError) and system_errno:
        return _by_errno(system_errno, path)(path, f"{os.strerror(system_errno)} ({detail})")
    for kind, translator in BY_TYPE:
        if isinstance(error, kind):
            return translator(path, detail)
    return _damaged(path, detail)


class translated:  # noqa: N801 - reads as a verb, as contextlib's own do
    """Raises named errors instead of SQLite's and the operating system's.

    Errors that a mistake in the program makes (bad SQL, a broken constraint, misuse) pass unchanged. It is
    around each statement, and a class costs a quarter of what a generator does.
    """

    __slots__ = ("_connection", "_path")

    def __init__(self, path: Path, connection: apsw.Connection | None = None) -> None:
        self._path = path
        self._connection = connection

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if error is None or isinstance(error, OWN_MISTAKES):
            return
        if isinstance(error, apsw.Error):
            number = self._connection.system_errno if self._connection is not None else 0
            raise from_sqlite(error, self._path, number) from error
        if isinstance(error, OSError):
            raise from_os(error, self._path) from error


def _by_errno(number: int, path: Path) -> Translator:
    if number in FULL_ERRNOS:
        return _full
    if number in DENIED_ERRNOS:
        return _denied if os.path.exists(path) else _unwritable_home  # noqa: PTH110 - Path.exists raises here
    return _unwritable_home if number in UNWRITABLE_HOME_ERRNOS else _disk
