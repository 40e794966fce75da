"""The budgets, measured: see README.md."""
