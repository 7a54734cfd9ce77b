"""Attention that keeps its scores on chip: blocks in a network, their tiles, and their Programs."""
