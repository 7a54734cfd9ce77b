"""What importers hold files to: names that are unique within a network, and sizes that can be counted with."""

#: The largest extent, stride or padding a file may ask for: 32-bit integers, as the exporting frameworks use.
LARGEST_SIZE = 2**31 - 1


def free_name(name: str, taken: set[str]) -> str:
    """``name``, or the first of ``name#2``, ``name#3``, ... that is not taken; it is added to ``taken``."""
    free, copy = name, 2
    while free in taken:
        free, copy = f"{name}#{copy}", copy + 1
    taken.add(free)
    return free
