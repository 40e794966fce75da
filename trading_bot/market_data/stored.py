"""A checked series on disk: a header that says what it is, then 48 bytes a bar, read in place."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, overload

import msgspec

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data.rows import Rows
from trading_bot.market_data.series import Bar, Series

SUFFIX: Final = ".bars"
MAGIC: Final = b"TTBARS01"
HEADER_BYTES: Final = 16_384
LENGTH: Final = struct.Struct("<I")
RECORD: Final = struct.Struct("<q5d")  # open time in ns; open, high, low, close, volume
FEWEST_BARS: Final = 30


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a stored series is. Times are nanoseconds since the epoch, UTC.

    ``sha256`` is of the files it was made from, and ``repaired`` of what was changed: kind of fault -> how often.
    ``has_volume`` is False when every volume was 0: nobody knows it then, and the exchange plays its own.
    """

    symbol: str
    bars: int
    step_ns: int
    first_ns: int
    last_ns: int
    lowest: float
    highest: float
    has_volume: bool
    source: str
    licence: str
    sha256: str
    imported_ns: int
    repaired: dict[str, int] = {}


class StoredBars(Sequence[Bar]):
    """The bars of a file, each decoded when it is asked for: memory does not grow with the file."""

    def __init__(self, path: Path, count: int, *, has_volume: bool) -> None:
        self._count = count
        self._has_volume = has_volume
        with path.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Bar: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Bar]: ...
    def __getitem__(self, index: int | slice) -> Bar | Sequence[Bar]:
        if isinstance(index, slice):
            return [self._bar(place) for place in range(*index.indices(self._count))]
        place = index + self._count if index < 0 else index
        if not 0 <= place < self._count:
            raise IndexError(index)
        return self._bar(place)

    def _bar(self, place: int) -> Bar:
        values = RECORD.unpack_from(self._memory, HEADER_BYTES + place * RECORD.size)
        time, opened, high, low, close, volume = values
        if not self._has_volume:
            volume = 1.0  # the same for each: only its ratio to the median counts
        return Bar(open_time_ns=time, open=opened, high=high, low=low, close=close, volume=volume)


class Draft:
    """A stored series that is being written: it takes its place by :meth:`finish` only."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place = path.with_name(f".{path.name}-{os.getpid()}")
        self._file = self._place.open("wb")
        self._place.chmod(0o600)
        self._file.write(bytes(HEADER_BYTES))
        self.bars = 0
        self.first_ns = self.last_ns = 0
        self.lowest, self.highest, self.has_volume = float("inf"), 0.0, False

    def write(self, rows: Rows) -> None:
        """Append bars that have been checked."""
        if not rows.times:
            return
        self._file.write(b"".join(map(RECORD.pack, rows.times, *rows.values)))
        if not self.bars:
            self.first_ns = rows.times[0]
        self.bars += len(rows.times)
        self.last_ns = rows.times[-1]
        self.lowest = min(self.lowest, *rows.lows)
        self.highest = max(self.highest, *rows.highs)
        self.has_volume = self.has_volume or any(rows.volumes)

    def finish(self, description: Description) -> None:
        """Write the header and put the file in its place, durably."""
        text = msgspec.json.encode(description)
        if len(text) > HEADER_BYTES - len(MAGIC) - LENGTH.size:
            raise ValueError(f"a description of {len(text)} bytes does not fit")
        self._file.seek(0)
        self._file.write(MAGIC + LENGTH.pack(len(text)) + text)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._place.rename(self._path)

    def discard(self) -> None:
        """Leave nothing behind; does nothing after :meth:`finish`."""
        if not self._file.closed:
            self._file.close()
            self._place.unlink(missing_ok=True)


def describe(path: Path) -> Description:
    """Return what a stored series is; reads its header only.

    Raises:
        OperatorError: DATA_004 when it is none, or is not whole.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
        return _described(head, size)
    except (OSError, ValueError, struct.error, msgspec.DecodeError) as error:
        message = f"{path} cannot be read: {error}. Import the data again into a new --home"
        raise OperatorError("DATA_004", message, source=str(path)) from error


def _described(head: bytes, size: int) -> Description:
    if not head.startswith(MAGIC):
        raise ValueError("it is no stored series")
    begin = len(MAGIC) + LENGTH.size
    (length,) = LENGTH.unpack_from(head, len(MAGIC))
    description = msgspec.json.decode(head[begin : begin + length], type=Description)
    if size != HEADER_BYTES + description.bars * RECORD.size:
        raise ValueError(f"expected {description.bars} bars, found {size} bytes")
    return description


def load(path: Path) -> Series:
    """Return a stored series; its bars stay on the disk.

    Raises:
        OperatorError: DATA_004.
    """
    description = describe(path)
    bars = StoredBars(path, description.bars, has_volume=description.has_volume)
    return Series(symbol=description.symbol, bars=bars)


def stored_in(folder: Path) -> dict[str, Path]:
    """Return the stored series of a folder by symbol, by name; none where there is no folder."""
    return {symbol_of(path): path for path in sorted(folder.glob(f"*{SUFFIX}"))}


def descriptions(stored: Mapping[str, Path]) -> dict[str, Description]:
    """Return what each stored series is.

    Raises:
        OperatorError: DATA_004 for one that cannot be read.
    """
    return {symbol: describe(path) for symbol, path in stored.items()}


def path_of(folder: Path, symbol: str) -> Path:
    """Return where a symbol's series is stored: BTC/USD in ``BTC-USD.bars``."""
    return folder / (symbol.replace("/", "-") + SUFFIX)


def symbol_of(path: Path) -> str:
    """Return the symbol that a stored series is of, by the name of its file."""
    return path.name.removesuffix(SUFFIX).replace("-", "/")


def pages(rows: Iterable[tuple[Any, ...]]) -> Iterator[Rows]:
    """Yield single rows (number, time, values) gathered into columns."""
    gathered: list[tuple[Any, ...]] = []
    for row in rows:
        gathered.append(row)
        if len(gathered) == PAGE:
            yield Rows.of(gathered)
            gathered.clear()
    if gathered:
        yield Rows.of(gathered)


PAGE: Final = 8_192
