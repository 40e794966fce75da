"""Drills: each fault on a real floor, watched by a real Prometheus and Alertmanager, until somebody is paged.

``python -m support.drills --only kill_bot`` (``make drills``) injects one fault after the other, waits for exactly
the pages that ``DRILLS`` names and no others, clears the fault, waits until the pages are resolved, and prints
the table. Rules run at 1/60: windows, ``for`` and ``keep_firing_for`` are 60 times as short, ages are as they are.
"""

from support.drills.running import run
from support.drills.table import DRILLS

__all__ = ["DRILLS", "run"]
