"""Tests of duplication.display."""
