"""Slices of kernels: a kernel returns within a fraction of a second, so that Python notices Ctrl-C and can report progress."""

from __future__ import annotations

#: The CPU time after which a kernel returns. The next call continues the work.
SLICE_US = 100_000
#: The number of cycles or elements between two looks at the clock. The most costly one takes about a millisecond.
LOOK_EVERY = 512
