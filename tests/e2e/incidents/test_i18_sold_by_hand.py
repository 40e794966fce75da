"""I18: after a sale by hand at the exchange, database and exchange differed."""

from __future__ import annotations

import contextlib
import urllib.error
from collections.abc import Callable

from support.command import wait_until
from support.holding import PAIR, ask, held, trading
from support.trading import Floor

from trading_bot.contract.events.account import MismatchFound, MismatchSettled
from trading_bot.contract.events.lifecycle import ErrorRecorded, SymbolBlocked
from trading_bot.contract.telemetry import metrics


def sell_by_hand(here: Floor) -> None:
    """Sell a part of what the bot holds; again, if it was on its way out just then."""
    for _ in range(10):
        assert wait_until(lambda: held(here.state()) > 500)
        with contextlib.suppress(urllib.error.HTTPError):
            here.switch("manual_trade", on=True, symbol=PAIR, size=-300)
            return
    raise AssertionError("nothing could be sold")


def adopted(here: Floor, mismatch_id: str) -> MismatchSettled:
    """Take over what the venue says; once more, if it says something else since the bot has traded again."""

    def is_settled() -> bool:
        found = here.state().reconciliation.mismatches.get(mismatch_id)
        if found is not None:
            confirmed = {"mismatch_id": mismatch_id, "confirm": found.venue}
            ask(here, "adopt-mismatch", reason="sold by hand", **confirmed)
        return wait_until(lambda: bool(settlements()), 5)

    def settlements() -> list[MismatchSettled]:
        every = [envelope.payload for envelope in here.events(MismatchSettled.KIND)]
        return [one for one in every if one.mismatch_id == mismatch_id]

    assert wait_until(is_settled), here.state().reconciliation.mismatches
    return settlements()[0]


def test_a_sale_by_hand_is_told_gates_trading_and_is_taken_over_on_a_persons_word(
    floor: Callable[..., Floor],
):
    here = trading(floor)
    here.start("exporter")
    here.start("ops")
    sell_by_hand(here)
    found = here.wait_for(MismatchFound.KIND, mismatch_id="position:EUR")
    cash = here.wait_for(MismatchFound.KIND, mismatch_id="balance:USD")
    here.wait_for(SymbolBlocked.KIND, symbol=PAIR, reason="Mismatch", blocked=True)
    assert {e.payload.error.error_code for e in here.events(ErrorRecorded.KIND)} >= {"RECON_001"}
    assert wait_until(lambda: here.state().mode.mode == "reduce_only")
    assert wait_until(lambda: (here.sample(metrics.MISMATCH_QUANTITY.name) or 0) > 100)
    here.await_ops()
    for each in (found.payload, cash.payload):
        settled = adopted(here, each.mismatch_id)
        assert (settled.how, settled.reason) == ("adopted", "sold by hand")
    here.wait_for(SymbolBlocked.KIND, after=found.seq, symbol=PAIR, reason="Mismatch", blocked=False)
    assert wait_until(lambda: here.state().mode.mode == "running")
    assert wait_until(lambda: here.sample(metrics.MISMATCH_QUANTITY.name) is None)
