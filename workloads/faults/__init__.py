"""Write errors in a memory that training uses: words, failed writes, placements of tensors, and the memory device.

A failed write keeps the OLD bit at its address, and only a bit that must flip can fail. This package needs only numpy; the
training is in ``workloads.learning``.
"""
