"""Parquet, by arro3: loaded only by who reads such a file (docs/adr/0010)."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.columns import COLUMNS, find_columns
from trading_bot.market_data.pieces import ROWS_AT_ONCE, Piece

if TYPE_CHECKING:
    from arro3.core import Array, RecordBatchReader


def parquet_pieces(path: Path, base: str) -> Iterator[Piece]:
    """Yield the rows of a Parquet file in the pieces that it is read in; the first row is row 1.

    Raises:
        OperatorError: DATA_010 when the library is not installed, DATA_004 when the file cannot be read,
            DATA_007 for its columns.
    """
    batches = _open(path)
    names = list(batches.schema.names)
    places = find_columns(names, path.name, base)
    first_row = 1
    while (batch := _next(batches, path)) is not None:
        columns = [batch.column(place) for place in places]
        in_ns = _is_moment(columns[0])
        values = [_cells(column, column_name) for column, column_name in zip(columns, COLUMNS, strict=True)]
        yield Piece(first_row, tuple(values), times_in_ns=in_ns)
        first_row += batch.num_rows


def _open(path: Path) -> RecordBatchReader:
    try:
        from arro3.io import read_parquet  # noqa: PLC0415 - 17 MB, for this file only
    except ImportError as error:
        message = f"{path}: Parquet is read by the package arro3-io, which is not installed"
        raise OperatorError("DATA_010", message, source=str(path)) from error
    try:
        return read_parquet(str(path), batch_size=ROWS_AT_ONCE)
    except BaseException as error:
        raise _unreadable(path, error) from error


def _next(batches: RecordBatchReader, path: Path) -> Any:
    try:
        return batches.read_next_batch()
    except StopIteration:
        return None
    except BaseException as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: BaseException) -> BaseException:
    """The library raises many classes, and a panic that is no Exception; all mean the same here."""
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return error
    return OperatorError("DATA_004", f"{path} cannot be read as Parquet: {error}", source=str(path))


def _is_moment(column: Array) -> bool:
    from arro3.core import DataType  # noqa: PLC0415 - see above

    return any(says(column.type) for says in (DataType.is_timestamp, DataType.is_date))


def _cells(column: Array, name: str) -> Any:
    """Return a column's values, moments as nanoseconds since the epoch, null as None."""
    from arro3.core import DataType  # noqa: PLC0415 - see above

    kind = column.type
    if name == "time" and _is_moment(column):
        column = column.cast(DataType.timestamp("ns", tz=kind.tz)).cast(DataType.int64())
    elif any(says(kind) for says in (DataType.is_numeric, DataType.is_decimal)):
        whole = name == "time" and DataType.is_integer(kind)
        column = column.cast(DataType.int64() if whole else DataType.float64())
    else:
        return column.to_pylist()
    if column.null_count:
        return column.to_pylist()
    return _values(column, "q" if column.type == DataType.int64() else "d")


class _ArrowArray(ctypes.Structure):
    """The beginning of Arrow's C data interface, which every Arrow library hands out in this layout."""

    _fields_: ClassVar[list[tuple[str, Any]]] = [
        ("length", ctypes.c_int64),
        ("null_count", ctypes.c_int64),
        ("offset", ctypes.c_int64),
        ("n_buffers", ctypes.c_int64),
        ("n_children", ctypes.c_int64),
        ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ]


def _values(column: Array, code: str) -> list[Any]:
    """Return numbers of 8 bytes without nulls: to_pylist would take a microsecond for each."""
    _, capsule = column.__arrow_c_array__()
    locate = ctypes.pythonapi.PyCapsule_GetPointer
    locate.restype, locate.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    described = _ArrowArray.from_address(locate(capsule, b"arrow_array"))
    numbers = array(code)
    begin = described.buffers[1] + described.offset * numbers.itemsize
    numbers.frombytes(ctypes.string_at(begin, described.length * numbers.itemsize))
    return numbers.tolist()
