"""Training whose tensors lie in a memory that fails to write: words, write errors, placements, data, networks, training.

A failed write keeps the OLD bit at its address; only a bit that has to flip can fail. Words, injection and placements need
numpy alone; what trains (``data``, ``nets``, ``buffered``, ``training``) needs the extra ``train`` and is imported when used.
"""
