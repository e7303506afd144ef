"""Tests of duplication.worker."""
