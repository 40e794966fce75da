"""What a step can do: a closed table. Documentation and validation go by it."""

from __future__ import annotations

from typing import Final

from exporter.ops.workflows.actions import (
    commanding,
    files,
    judging,
    looking,
    network,
    programs,
    reading,
    rotation,
)
from exporter.ops.workflows.actions.definition import Action

SUBJECTS: Final = (looking, judging, commanding, reading, programs, files, rotation, network)

ACTIONS: Final[dict[str, Action]] = {
    action.name: action for subject in SUBJECTS for action in subject.ACTIONS
}
"""Name to action, in the order of the documentation."""
