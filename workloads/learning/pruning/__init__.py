"""Real training in which filters of convolutions are pruned: dynamically while the network trains, or afterwards.

``setup``, ``plan``, ``rankings``, ``choice``, ``widths`` and ``outcome`` need no torch; the others do, from the extra ``train``.
"""
