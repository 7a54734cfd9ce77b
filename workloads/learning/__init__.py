"""Real training: data sets, networks as torch modules, the training loop, and training with write errors in the memory.

One graph of layers describes a network: ``module`` trains it, and a machine runs it. Data, setups and networks need only numpy.
``layer_modules``, ``module``, ``buffered``, ``loop`` and ``with_errors`` need torch, from the extra ``train``.
"""
