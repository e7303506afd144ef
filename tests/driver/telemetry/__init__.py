"""Logs, metrics and traces of workers."""
