"""Tests of duplication.local."""
