"""PostgreSQL, a queue and a worker on this machine only: for the demo and for tests."""
