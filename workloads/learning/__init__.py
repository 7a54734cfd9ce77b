"""Real training: data sets, networks as torch modules, the training loop, and training behind a memory that fails to write.

A network is described once, as a graph of layers: ``module`` trains it, a machine runs it. Data, setups and networks need numpy
alone; ``layer_modules``, ``module``, ``buffered``, ``loop`` and ``with_errors`` need torch, from the extra ``train``.
"""
