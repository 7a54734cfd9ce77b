"""Where the claimed gain holds: a map over leakage, capacity, clock, batch, array, main memory and gating, for training steps."""
