"""Which alert starts which workflow: a table, with a cool-down and a daily cap. Pure but for reading its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from exporter.ops.parameters import Fault
from exporter.ops.workflows.definition import Risk, WorkflowId, json_schema_of
from exporter.ops.workflows.faults import WHOLE, is_plain, schema_faults, shown
from exporter.ops.workflows.library import SHIPPED, Library, load, read_yaml, stamp
from exporter.ops.workflows.state import DAY_NS, Executions
from trading_bot.contract.events.workflow import AlertReceived
from trading_bot.domain.clock import SECOND

FILE: Final = "triggers.yaml"
ANY: Final = "*"
FIRING: Final = "firing"


class TriggerRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry: an alert's name or ``*``, the severities that count, and what is started."""

    alert: Annotated[str, Meta(min_length=1, max_length=100, examples=["BotFrozen"])]
    workflow: WorkflowId
    enabled: bool = False
    severities: Annotated[list[str], Meta(max_length=5, examples=[["critical"]])] = msgspec.field(
        default_factory=list
    )
    cool_down: Annotated[float, Meta(ge=0, le=86_400, description="seconds", examples=[600])] = 600.0
    daily_cap: Annotated[int, Meta(ge=1, le=1_000, examples=[10])] = 10


class TriggerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file."""

    triggers: Annotated[list[TriggerRule], Meta(max_length=100)]


class Decision(msgspec.Struct, frozen=True):
    """What is started for an alert, None for nothing, and why so."""

    workflow: str | None
    reason: str


class Triggers:
    """The table in force. It is read anew when its file changes; one that is wrong leaves the one before.

    Args:
        library: the workflows that it may name.
        report: is told once what is wrong with a file.
        folders: where the file may be; the last one that has it counts.

    Attributes:
        table: what is in force, nothing where there never was a right one.
        faults: what is wrong with the file as it is now.
    """

    def __init__(self, library: Library, report: Callable[[list[Fault]], None], *folders: Path) -> None:
        self.table = TriggerTable(triggers=[])
        self.faults: tuple[Fault, ...] = ()
        self._library = library
        self._report = report
        self._folders = folders
        self._stamps: list[tuple[int, int]] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Read the file if it has changed, or was wrong: a workflow that it names may be there now."""
        stamps = [stamp(folder / FILE) for folder in self._folders]
        if stamps == self._stamps and not self.faults:
            return
        self._stamps = stamps
        table, faults = load_table(*self._folders)
        if table is not None:
            faults = faults_with(table, self._library)
        if table is not None and not faults:
            self.table = table
        news = faults and tuple(faults) != self.faults
        self.faults = tuple(faults)
        if news:
            self._report(faults)


def load_table(*folders: Path) -> tuple[TriggerTable | None, list[Fault]]:
    """Return the table of the last folder that has one, or what is wrong with it."""
    paths = [folder / FILE for folder in folders if (folder / FILE).is_file()]
    if not paths:
        return TriggerTable(triggers=[]), []
    document, faults = read_yaml(paths[-1])
    return (None, faults) if faults else table_of(document)


def table_of(document: Any) -> tuple[TriggerTable | None, list[Fault]]:
    """Return the table that a document holds, or what is wrong with it."""
    if not isinstance(document, dict) or not is_plain(document):
        found = shown(type(document).__name__)
        return None, [Fault(field=WHOLE, expected="a mapping", found=found, example="triggers: []")]
    faults = schema_faults(document, msgspec.json.schema(TriggerTable))
    return (None, faults) if faults else (msgspec.convert(document, TriggerTable), [])


def faults_with(table: TriggerTable, library: Library) -> list[Fault]:
    """Return what is wrong with a table beside these workflows: each must be there, safe, and need no parameter."""
    faults = []
    for index, rule in enumerate(table.triggers):
        loaded = library.get(rule.workflow)
        workflow = loaded.workflow if loaded is not None else None
        field = f"triggers[{index}].workflow"
        if workflow is None:
            faults.append(
                Fault(
                    field=field,
                    expected="a workflow that is valid",
                    found=rule.workflow,
                    example="check-health",
                )
            )
        elif workflow.risk is not Risk.SAFE or json_schema_of(workflow.parameters)["required"]:
            expected = "a workflow of risk safe whose parameters have defaults"
            faults.append(Fault(field=field, expected=expected, found=rule.workflow, example="check-health"))
    return faults


def faults_of_file(path: Path) -> list[dict[str, str]]:
    """Return what is wrong with a workflow's file, or with a table of triggers beside the workflows of its folder."""
    if path.name != FILE:
        found = list(load(path).faults)
    else:
        document, found = read_yaml(path)
        table, found = (None, found) if found else table_of(document)
        found = found if table is None else faults_with(table, Library(SHIPPED, path.parent))
    return [msgspec.to_builtins(fault) for fault in found]


def decide(table: TriggerTable, received: AlertReceived, executions: Executions, now_ns: int) -> Decision:
    """Return what an alert starts. ``received`` is as it came, without a decision yet."""
    if received.status != FIRING:
        return Decision(None, "Resolved")
    rule = next((rule for rule in table.triggers if _fits(rule, received)), None)
    if rule is None:
        return Decision(None, "NoTrigger")
    for alert in executions.alerts:
        if alert.event.incident == received.incident and alert.event.workflow is not None:
            return Decision(None, "AlreadyTriggered")
    times = [at for at in executions.triggered.get(rule.workflow, ()) if at > now_ns - DAY_NS]
    if times and now_ns - times[-1] < rule.cool_down * SECOND:
        return Decision(None, "CoolDown")
    if len(times) >= rule.daily_cap:
        return Decision(None, "DailyCap")
    return Decision(rule.workflow, "Triggered")


def _fits(rule: TriggerRule, received: AlertReceived) -> bool:
    if not rule.enabled or rule.alert not in {ANY, received.name}:
        return False
    return not rule.severities or received.labels.get("severity") in rule.severities
