"""Tests of the engine's statuses."""
