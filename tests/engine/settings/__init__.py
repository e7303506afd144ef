"""Tests of the engine's folder of that subject."""
