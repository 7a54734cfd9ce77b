"""Replay of blocks: stretches of array steps that must run as earlier ones did are not simulated again."""
