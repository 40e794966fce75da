"""The stream: snapshots and changes over WebSockets."""
