"""Benchmarks. ``make bench`` runs them; the default test run does not collect them."""
