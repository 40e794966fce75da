"""`docs/stream.md` is run: every example in Python, against a stream with a life on its tape."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from support.history import quote
from support.streams import KEY, StreamRig
from support.tapes import fact

from trading_bot.boot.home import Home
from trading_bot.contract.errors import ERRORS
from trading_bot.contract.events.trading import LearnedBy, Liquidity, OrderFilled, Side
from trading_bot.contract.stream import CHANNELS, Action, CloseCode, Rewind, Type
from trading_bot.contract.telemetry.definition import Metric
from trading_bot.contract.telemetry.metrics import stream as metrics

PAGE = (Path(__file__).parents[3] / "docs" / "stream.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PRINTED = (
    r"equity \d+.*buy 10 at 1\.1\n",
    r"\w+ \d+\.?\d*\n",
    r"'EUR/USD': '1\.\d+'",
    r"resumed False\nresumed True\n",
)


@pytest.fixture
def rig(tmp_path) -> Iterator[StreamRig]:
    with StreamRig(Home(tmp_path / "home").create()) as rig:
        yield rig


def fill(number: int) -> OrderFilled:
    return OrderFilled(
        client_order_id="A4",
        trade_id=f"N{number}",
        symbol="EUR/USD",
        side=Side.BUY,
        quantity=Decimal(10),
        price=Decimal("1.1"),
        fee=Decimal(0),
        fee_asset="USD",
        liquidity=Liquidity.TAKER,
        venue_time=1,
        learned_by=LearnedBy.STREAM,
        latency_ns=None,
    )


@pytest.mark.parametrize(("example", "printed"), list(zip(EXAMPLES, PRINTED, strict=True)))
def test_the_examples_do_what_they_say(
    rig: StreamRig, example: str, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = threading.Event()

    def live() -> None:
        """Have something happen until the example has seen enough."""
        for number in count():
            if done.wait(0.05):
                return
            rig.append(
                quote("EUR/USD", f"1.2{number % 10}", f"1.2{number % 10}", rig.clock.now_ns()), fill(number)
            )

    life = threading.Thread(target=live)
    life.start()
    try:
        names = {
            "STREAM": f"ws://127.0.0.1:{rig.server.port}",
            "KEY": KEY,
            "EVENT": lambda: rig.append(fact(1)),
        }
        exec(compile(example, "docs/stream.md", "exec"), names)
    finally:
        done.set()
        life.join()
    assert re.search(printed, capsys.readouterr().out, re.DOTALL)


def test_the_page_names_everything_of_the_protocol() -> None:
    named = [*CHANNELS, *Action, *Type, *Rewind, *(str(int(code)) for code in CloseCode)]
    named += [value.name for value in vars(metrics).values() if isinstance(value, Metric)]
    named += [code for code in ERRORS if code in {"API_023", "API_024", "API_025", "AUTH_001"}]
    assert [name for name in named if name not in PAGE] == []
