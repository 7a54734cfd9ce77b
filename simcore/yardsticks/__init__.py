"""Yardsticks: two small kinds of machine whose time follows from counts, `roofline` and `ideal` (docs/machine-kinds.md)."""
