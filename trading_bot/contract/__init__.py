"""The contract: events, commands, settings, errors and telemetry, declared once as data."""
