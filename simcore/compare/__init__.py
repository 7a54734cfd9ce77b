"""Two or more runs side by side: the keys, metrics, layers and places in which they differ, and why in words."""

from simcore.compare.comparison import Comparison, compare

__all__ = ["Comparison", "compare"]
