"""The ops endpoint: what the tapes say, over HTTP."""
