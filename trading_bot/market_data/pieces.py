"""What a table is read in, whatever its file's format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

ROWS_AT_ONCE: Final = 8_192


class Piece(msgspec.Struct, frozen=True):
    """Some rows of a table: the number of the first, and the six columns as they stand there.

    ``times_in_ns``: the table itself says what its times are, and they are nanoseconds since the epoch here.

    A row that has too few cells has None in their place. Numbers are those of the file's lines in a CSV
    (the header is row 1), of the rows in a Parquet file (the first is row 1).
    """

    first_row: int
    columns: tuple[Sequence[Any], ...]
    times_in_ns: bool = False
