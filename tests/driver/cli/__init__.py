"""Tests of duplication.cli."""
