from __future__ import annotations

from exporter.telemetry_flow import TelemetryFlow, Verdict
from trading_bot.contract.events.lifecycle import ConditionName, ConditionStatus
from trading_bot.domain.clock import SECOND, ManualClock

FINE = Verdict(ConditionStatus.TRUE, "Following", "the journal is followed")
NOT_KNOWN = Verdict(ConditionStatus.UNKNOWN, "NotShipped", "nothing is known of the collector")
BEHIND = Verdict(ConditionStatus.FALSE, "Lagging", "the exporter is 20000 events behind")


class Changing:
    """A check whose verdict is set."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def __call__(self) -> Verdict:
        return self.verdict


def test_it_is_true_when_every_check_is():
    condition = TelemetryFlow(ManualClock(), [Changing(FINE), Changing(FINE)]).condition()
    assert (condition.name, condition.status) == (ConditionName.TELEMETRY_FLOWING, ConditionStatus.TRUE)


def test_the_first_check_that_is_not_true_gives_reason_and_message():
    condition = TelemetryFlow(
        ManualClock(), [Changing(FINE), Changing(NOT_KNOWN), Changing(BEHIND)]
    ).condition()
    assert (condition.status, condition.reason) == (ConditionStatus.UNKNOWN, "NotShipped")


def test_its_time_moves_with_the_status_and_not_with_each_look():
    clock, check = ManualClock(), Changing(FINE)
    flow = TelemetryFlow(clock, [check])
    began = flow.condition().since
    clock.advance(5)
    assert flow.condition().since == began
    check.verdict = BEHIND
    assert flow.condition().since == began + 5 * SECOND
    clock.advance(5)
    assert flow.condition().since == began + 5 * SECOND
