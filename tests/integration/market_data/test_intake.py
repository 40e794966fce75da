"""Files of one's own: taken in as they stand, refused with row and column, or repaired and told."""

from __future__ import annotations

import csv
import gzip
import time
import tracemalloc
from pathlib import Path

import pytest
from support.market_files import HEADER, MINUTE, START, lines, waves, write

from trading_bot.contract.errors import OperatorError
from trading_bot.market_data import intake, stored
from trading_bot.market_data.intake import Notebook, Request
from trading_bot.market_data.stored import Description

ROWS = waves(60)


def take(path: Path, *, begun: bool = False, **options) -> tuple[Description, Notebook | None]:
    request = Request(path=path, symbol="BTC/USD", **options)
    return intake.take_in(request, path.parent / "data", 1, begun=begun)


def bars_of(path: Path) -> list[tuple[float, ...]]:
    series = stored.load(stored.path_of(path.parent / "data", "BTC/USD"))
    return [
        (bar.open_time_ns // 10**9, bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in series.bars
    ]


def test_a_file_is_stored_bar_for_bar(tmp_path: Path):
    path = write(tmp_path / "btc.csv", ROWS)
    description, notebook = take(path, licence="mine")
    assert notebook is not None
    assert not notebook.counts
    assert bars_of(path) == ROWS
    assert (description.bars, description.step_ns, description.licence) == (60, MINUTE * 10**9, "mine")
    assert (description.lowest, description.highest) == (min(r[3] for r in ROWS), max(r[2] for r in ROWS))


@pytest.mark.parametrize("spelling", ["{:.4e}", "+{}", "0{}", " {} "])
def test_numbers_may_be_spelled_otherwise(tmp_path: Path, spelling):
    texts = [",".join([str(row[0]), *(spelling.format(value) for value in row[1:])]) for row in ROWS]
    take(write(tmp_path / "btc.csv", texts))
    closes = [bar[4] for bar in bars_of(tmp_path / "btc.csv")]
    assert closes == pytest.approx([row[4] for row in ROWS], rel=1e-4)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_a_byte_order_mark_and_quotes_are_understood(tmp_path: Path, delimiter):
    texts = [delimiter.join(f'"{cell}"' for cell in line.split(",")) for line in lines(ROWS)]
    text = "\n".join([HEADER.replace(",", delimiter), *texts])
    (tmp_path / "btc.csv").write_text("\ufeff" + text + "\n\n", encoding="utf-8")
    take(tmp_path / "btc.csv")
    assert bars_of(tmp_path / "btc.csv") == ROWS


def test_a_packed_file_of_binance_without_header_is_understood(tmp_path: Path):
    texts = [f"{line},0,1,2,3,4,5" for line in lines(ROWS)]
    path = tmp_path / "BTCUSD-1m.csv.gz"
    path.write_bytes(gzip.compress(("\n".join(texts) + "\n").encode()))
    take(path)
    assert bars_of(path) == ROWS


def test_a_folder_is_one_series_in_parts(tmp_path: Path):
    parts = tmp_path / "parts"
    parts.mkdir()
    write(parts / "2023-01.csv", ROWS[:20])
    write(parts / "2023-02.csv", ROWS[20:])
    description, _ = take(parts)
    assert description.bars == 60
    assert bars_of(parts) == ROWS


def parquet(path: Path, rows, *, moments: bool) -> Path:
    core, io = pytest.importorskip("arro3.core"), pytest.importorskip("arro3.io")
    types = core.DataType
    columns = dict(zip(HEADER.split(","), zip(*rows, strict=True), strict=True))
    arrays = {name: core.Array(list(values), types.float64()) for name, values in columns.items()}
    times = core.Array([int(value) * 1000 for value in columns["time"]], types.int64())
    arrays["time"] = times.cast(types.timestamp("ms", tz="UTC")) if moments else times
    io.write_parquet(core.Table.from_pydict(arrays), str(path))
    return path


@pytest.mark.parametrize("moments", [True, False])
def test_a_parquet_file_is_stored_bar_for_bar(tmp_path: Path, moments):
    path = parquet(tmp_path / "btc.parquet", ROWS, moments=moments)
    take(path)
    assert bars_of(path) == ROWS


def test_a_missing_value_in_a_parquet_file_is_refused_with_its_row(tmp_path: Path):
    rows = [*ROWS[:7], (*ROWS[7][:3], None, *ROWS[7][4:]), *ROWS[8:]]
    path = parquet(tmp_path / "btc.parquet", rows, moments=True)
    with pytest.raises(OperatorError) as caught:
        take(path)
    assert "row 8, column low: expected a number, found nothing" in caught.value.message


@pytest.mark.parametrize(
    ("name", "content"), [("a.parquet", b"PAR1 no"), ("a.csv", b""), ("a.csv", b"\xff\xfe\0")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OperatorError) as caught:
        take(tmp_path / name)
    assert caught.value.code in {"DATA_004", "DATA_007"}
    assert name in caught.value.message


def broken(**changes: str) -> list[str]:
    """Return the rows as lines, with some replaced: `row12` is the line 12 of the file; empty removes it."""
    texts = ["", HEADER, *lines(ROWS)]
    for place, text in changes.items():
        texts[int(place.removeprefix("row"))] = text
    return [text for text in texts[2:] if text]


NINTH = lines(ROWS)[7]  # row 9 of the file

FAULTS = {
    "nan": ({"row9": NINTH.replace(",", ",nan,", 1).rsplit(",", 1)[0]}, "DATA_001", 9, "open"),
    "word": ({"row9": NINTH.rsplit(",", 1)[0] + ",many"}, "DATA_001", 9, "volume"),
    "short": ({"row9": NINTH.rsplit(",", 3)[0]}, "DATA_001", 9, "low"),
    "zero": ({"row9": f"{START + 7 * MINUTE},0,101,99,100,1"}, "DATA_001", 9, "open"),
    "inverted": ({"row9": f"{START + 7 * MINUTE},100,99,101,100,1"}, "DATA_001", 9, "high"),
    "outside": ({"row9": f"{START + 7 * MINUTE},100,101,99,102,1"}, "DATA_001", 9, "close"),
    "negative volume": ({"row9": f"{START + 7 * MINUTE},100,101,99,100,-1"}, "DATA_001", 9, "volume"),
    "no time": ({"row9": NINTH.replace(str(START + 7 * MINUTE), "noon")}, "DATA_001", 9, "time"),
    "empty time": ({"row9": "," + NINTH.partition(",")[2]}, "DATA_001", 9, "time"),
    "half a second": ({"row9": NINTH.replace(",", ".5,", 1)}, "DATA_001", 9, "time"),
    "truth": ({"row9": NINTH.rsplit(",", 1)[0] + ",true"}, "DATA_001", 9, "volume"),
    "null": ({"row9": NINTH.rsplit(",", 1)[0] + ",null"}, "DATA_001", 9, "volume"),
    "two in one cell": ({"row9": NINTH.rsplit(",", 1)[0] + ",[1]"}, "DATA_001", 9, "volume"),
    "duplicate": ({"row9": lines(ROWS)[6]}, "DATA_002", 9, "time"),
    "unsorted": ({"row9": lines(ROWS)[8], "row10": NINTH}, "DATA_006", 9, "time"),
    "backwards": ({"row9": lines(ROWS)[2]}, "DATA_002", 9, "time"),
    "gap": ({"row9": ""}, "DATA_006", 9, "time"),
    "off the grid": (
        {"row9": NINTH.replace(str(START + 7 * MINUTE), str(START + 7 * MINUTE + 9))},
        "DATA_006",
        9,
        "time",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_row_and_column_and_nothing_is_stored(tmp_path: Path, name):
    changes, code, row, column = FAULTS[name]
    path = write(tmp_path / "btc.csv", broken(**changes))
    with pytest.raises(OperatorError) as caught:
        take(path)
    assert caught.value.code == code
    assert f"btc.csv: row {row}, column {column}: expected " in caught.value.message
    assert ", found " in caught.value.message
    assert not list((tmp_path / "data").iterdir())


@pytest.mark.parametrize("name", FAULTS)
def test_repair_leaves_a_series_without_fault_and_lists_what_it_did(tmp_path: Path, name):
    path = write(tmp_path / "btc.csv", broken(**FAULTS[name][0]))
    description, notebook = take(path, repair=True)
    assert notebook is not None
    assert notebook.counts
    assert description.repaired == dict(notebook.counts)
    told = "\n".join(intake.summary(description, notebook))
    assert "repaired: " in told
    assert "btc.csv: row " in told
    times = [bar[0] for bar in bars_of(path)]
    assert times == list(range(START, START + 60 * MINUTE, MINUTE))


def test_a_gap_is_filled_at_the_last_close_without_volume(tmp_path: Path):
    path = write(tmp_path / "btc.csv", [*ROWS[:30], *ROWS[33:]])
    _, notebook = take(path, repair=True)
    assert notebook is not None
    assert notebook.counts == {"gap": 1}
    close = ROWS[29][4]
    assert bars_of(path)[30:33] == [
        (ROWS[place][0], close, close, close, close, 0.0) for place in range(30, 33)
    ]


def test_a_file_with_the_newest_first_is_turned_round(tmp_path: Path):
    path = write(tmp_path / "btc.csv", reversed(ROWS))
    _, notebook = take(path, repair=True)
    assert notebook is not None
    assert notebook.counts == {"unsorted": 59}
    assert bars_of(path) == ROWS


def test_of_two_rows_of_a_time_the_later_one_counts(tmp_path: Path):
    corrected = (*ROWS[10][:5], 77.0)
    path = write(tmp_path / "btc.csv", [*ROWS[:11], corrected, *ROWS[11:]])
    take(path, repair=True)
    assert bars_of(path)[10] == corrected


def test_a_gap_that_is_no_oversight_is_not_filled(tmp_path: Path):
    late = [(row[0] + 2_000 * MINUTE, *row[1:]) for row in ROWS]
    path = write(tmp_path / "btc.csv", [*ROWS, *late])
    with pytest.raises(OperatorError) as caught:
        take(path, repair=True)
    assert caught.value.code == "DATA_006"
    assert "fills at most 1,000 bars" in caught.value.message


def test_a_file_that_is_mostly_wrong_is_not_repaired(tmp_path: Path):
    wrong = [(row[0], -1.0, *row[2:]) if place % 5 == 0 else row for place, row in enumerate(ROWS)]
    path = write(tmp_path / "btc.csv", wrong)
    with pytest.raises(OperatorError) as caught:
        take(path, repair=True)
    assert caught.value.code == "DATA_012"
    assert not list((tmp_path / "data").iterdir())


def test_a_market_with_sessions_may_close_and_not_for_a_few_minutes(tmp_path: Path):
    night = [(row[0] + 17 * 3600, *row[1:]) for row in ROWS[30:]]
    path = write(tmp_path / "btc.csv", [*ROWS[:30], *night])
    with pytest.raises(OperatorError):
        take(path)
    assert take(path, sessions=True)[0].bars == 60
    holes = write(tmp_path / "holes.csv", [*ROWS[:30], *ROWS[35:]])
    with pytest.raises(OperatorError):
        take(holes, sessions=True)


def test_volumes_that_nobody_knows_are_played_alike(tmp_path: Path):
    path = write(tmp_path / "eur.csv", [(*row[:5], 0.0) for row in ROWS])
    description, notebook = take(path)
    assert not description.has_volume
    assert "every volume is 0" in "\n".join(intake.summary(description, notebook))
    assert {bar[5] for bar in bars_of(path)} == {1.0}


def test_the_same_file_is_taken_in_once_and_another_not_over_books_that_were_begun(tmp_path: Path):
    path = write(tmp_path / "btc.csv", ROWS)
    first, _ = take(path)
    again, notebook = take(path, begun=True)
    assert (again, notebook) == (first, None)
    write(path, ROWS[:50])
    with pytest.raises(OperatorError) as caught:
        take(path, begun=True)
    assert caught.value.code == "DATA_011"
    assert bars_of(path) == ROWS


@pytest.mark.parametrize("symbol", ["BTC/EUR", "BTCUSD", "B-C/USD", "XBT/USD"])
def test_a_symbol_that_cannot_be_traded_is_refused(symbol):
    with pytest.raises(OperatorError) as caught:
        intake.checked_symbol(symbol)
    assert caught.value.code == "DATA_009"


@pytest.mark.parametrize("name", ["BTC-USD.csv", "btcusd.csv.gz", "BTC_USD.parquet"])
def test_a_symbol_is_read_from_a_name(name):
    assert intake.symbol_by_name(Path(name)) == "BTC/USD"


def test_a_stored_series_that_is_cut_off_is_refused(tmp_path: Path):
    take(write(tmp_path / "btc.csv", ROWS))
    place = stored.path_of(tmp_path / "data", "BTC/USD")
    place.write_bytes(place.read_bytes()[:-1])
    with pytest.raises(OperatorError) as caught:
        stored.load(place)
    assert caught.value.code == "DATA_004"


def test_memory_stays_flat_and_time_near_that_of_reading_the_file_alone(tmp_path: Path, long_run, count):
    rows = 1_000_000 if long_run else 50_000
    path = write(tmp_path / "btc.csv", waves(rows))
    begun = time.process_time()
    with path.open(newline="") as file:
        for _ in csv.reader(file):
            pass
    alone = time.process_time() - begun
    begun = time.process_time()
    take(path)
    taken = time.process_time() - begun
    (tmp_path / "data" / "BTC-USD.bars").unlink()
    tracemalloc.start()
    take(write(tmp_path / "small.csv", waves(10_000)))
    small = tracemalloc.get_traced_memory()[1]
    (tmp_path / "data" / "BTC-USD.bars").unlink()
    tracemalloc.reset_peak()
    take(path)
    large = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    count("rows of a CSV checked and stored", rows, f"{taken:.2f} s of CPU, {taken / alone:.1f} of csv alone")
    assert large < small * 1.2
    assert taken < 8 * alone
