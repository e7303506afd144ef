"""HTTP: requests for copies, events as they happen, and a page for people."""
