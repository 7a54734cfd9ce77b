"""Sweeps: a space of networks, systems and keys, every point of which is simulated once and kept."""
