"""The circuit breakers and the trading day: what opens, what closes by itself, and what a person resets."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trading_bot.contract.commands import ResetBreaker
from trading_bot.contract.errors import CircuitBreakerTripped, NonRetriableError, ReduceOnlyError
from trading_bot.contract.events.account import AnchorsRestored, BreakerOpened, DayStarted, LossWarned
from trading_bot.contract.telemetry import labels
from trading_bot.domain.guards import (
    BY_COOL_DOWN,
    BY_DAY,
    BY_PERSON,
    MAX_DAILY_LOSS,
    MAX_ORDER_ERROR_RATIO,
    anchors_known,
    breaches,
    cooled_down,
    doubted_marks,
    last_orders,
    loss,
    loss_warning,
    reset,
)
from trading_bot.domain.sessions import trading_day
from trading_bot.engine.context import Context

BOT: Final = "bot"


class Breakers:
    """Opens and closes breakers, once a second; all that they count is on the tape."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._ledger = context.ledger
        self._errors = context.errors
        self._clock = context.clock

    def look(self) -> None:
        """Begin a new day, close what has cooled down, open what was reached, warn of what is near."""
        self._begin_day()
        self._cool_down()
        self._trip()
        self._warn()

    def restore(self) -> None:
        """After a restart: say which anchors the tape gave back, and whether one is missing."""
        state, counted = self._ledger.state, self._context.settings.breakers
        account = state.account
        if account.opened_at is None:
            return
        complete = anchors_known(state)
        self._ledger.append(
            AnchorsRestored(
                day=account.day,
                day_start_equity=account.day_start_equity,
                peak_equity=account.peak_equity,
                breakers=tuple(state.breakers),
                loss_anchor=_either(account.loss_anchor, account.day_start_equity),
                drawdown_anchor=_either(account.drawdown_anchor, account.peak_equity),
                consecutive_losses=state.guards.consecutive_losses,
                orders_counted=len(last_orders(state, MAX_ORDER_ERROR_RATIO, counted, self._clock.now_ns())),
                complete=complete,
            )
        )
        if not complete:
            message = (
                "the journal has no equity at the day's start or no peak: only closes until they are known"
            )
            self._errors.record(ReduceOnlyError("RISK_021", message))

    def missing_anchors(self) -> str | None:
        """Say what losses cannot be measured from, or None."""
        state = self._ledger.state
        if state.account.opened_at is None or anchors_known(state):
            return None
        return "the equity at the day's start, or the peak, is not known yet"

    def reset_by(self, command: ResetBreaker, *, actor: str, reason: str, command_id: str | None) -> str:
        """Close one breaker for a person; return what that changes and what it leaves.

        Raises:
            NonRetriableError: RISK_022, it is not open, not confirmed by its name, or cannot be measured anew.
        """
        name = command.breaker
        if name not in (labels.BREAKER.values or ()):
            known = ", ".join(labels.BREAKER.values or ())
            raise NonRetriableError(
                "RISK_022", f"there is no breaker {name!r}; there are {known}", breaker=name
            )
        if command.confirm != name:
            message = f"not confirmed: repeat the breaker's name, {name!r}, found {command.confirm!r}"
            raise NonRetriableError("RISK_022", message, breaker=name)
        try:
            event = reset(
                self._ledger.state, name, BY_PERSON, actor=actor, reason=reason, command_id=command_id
            )
        except ValueError as error:
            raise NonRetriableError("RISK_022", str(error), breaker=name) from error
        self._ledger.append(event)
        return f"the breaker {name} is closed: {event.consequence}"

    def _begin_day(self) -> None:
        state = self._ledger.state
        account = state.account
        day = trading_day(self._context.settings, self._clock.now_ns())
        if account.equity is None or (account.day is not None and day <= account.day):
            return  # a clock that is set back does not begin a day again
        if doubted_marks(state):
            return  # nor does a day begin with an equity that is not believed
        if account.day is not None and not self._clock_agrees():
            return  # nor by a clock that was set forward: a loss would be forgotten, and no day begin for long
        self._ledger.append(DayStarted(day=day, equity=account.equity))
        if MAX_DAILY_LOSS in state.breakers:
            reason = f"a new trading day began: {day}"
            self._ledger.append(reset(state, MAX_DAILY_LOSS, BY_DAY, actor=BOT, reason=reason))

    def _clock_agrees(self) -> bool:
        return self._context.meter.clock_agrees(self._context.settings.intervals.max_clock_offset_ms)

    def _cool_down(self) -> None:
        counted = self._context.settings.breakers
        for breaker in cooled_down(self._ledger.state, counted, self._clock.now_ns()):
            reason = f"its cool-down of {counted.cool_down_seconds:g} s is over"
            self._ledger.append(reset(self._ledger.state, breaker, BY_COOL_DOWN, actor=BOT, reason=reason))

    def _trip(self) -> None:
        for breach in breaches(self._ledger.state, self._context.settings, self._clock.now_ns()):
            self._ledger.append(
                BreakerOpened(
                    breaker=breach.breaker,
                    error_code=breach.error_code,
                    limit_value=breach.limit_value,
                    observed=breach.observed,
                    message=breach.message,
                )
            )
            self._errors.record(
                CircuitBreakerTripped(breach.error_code, breach.message, limit=breach.breaker)
            )

    def _warn(self) -> None:
        """Warn once a day when half of the daily loss limit is used."""
        state, limits = self._ledger.state, self._context.settings.limits
        account, lost = state.account, loss(state)
        if lost is None or not loss_warning(state, limits):
            return
        if doubted_marks(state) or account.loss_warned_at is not None or MAX_DAILY_LOSS in state.breakers:
            return
        message = f"{lost:.2f} of the daily loss limit of {limits.max_daily_loss} are lost"
        self._ledger.append(LossWarned(limit_value=limits.max_daily_loss, observed=lost, message=message))
        self._errors.record(
            NonRetriableError(
                "RISK_013", message, observed=str(round(lost, 2)), limit=str(limits.max_daily_loss)
            )
        )


def _either(value: Decimal | None, otherwise: Decimal | None) -> Decimal | None:
    return otherwise if value is None else value
