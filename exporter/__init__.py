"""The exporter: follows both tapes, serves metrics, ships spans and logs. `exporter.ops` is the ops endpoint."""
