"""What the kernel that reads the text of traces and its caller agree upon."""

from __future__ import annotations

#: The answer of the kernel about a text that only the reader of all lines understands, or finds at fault.
NOT_PLAIN = -1
#: The most bytes of a plain line. Python's own reading of numbers refuses numbers of some thousand digits.
LONGEST_LINE = 1000
