"""`duplication serve`."""
