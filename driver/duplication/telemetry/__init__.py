"""What tells operators what happens: logs, metrics, traces."""
