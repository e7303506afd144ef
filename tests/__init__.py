"""The tests of the engine and of the driver around it."""
