"""The guarantees of the engine, each as a test named for what it shows."""
