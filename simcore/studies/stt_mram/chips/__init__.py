"""Chips with fixed scratchpads: what each way to save write energy contributes, and what it costs in accuracy."""
