"""A memory that fails to write, seen from a training: words, write errors, placements of tensors, the device behind them.

A failed write keeps the OLD bit at its address; only a bit that has to flip can fail. numpy alone; ``workloads.learning`` trains.
"""
