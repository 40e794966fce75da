"""The resources: one blueprint each, handlers that parse, call and render."""
