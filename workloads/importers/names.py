"""Requirements on imported files: names that are unique within a network, and sizes that fit into integers."""

#: The largest extent, stride or padding in a file: a 32-bit integer, as in the exporting frameworks.
LARGEST_SIZE = 2**31 - 1


def free_name(name: str, taken: set[str]) -> str:
    """Return ``name``, or the first of ``name#2``, ``name#3``, ... that is not taken, and add it to ``taken``."""
    free, copy = name, 2
    while free in taken:
        free, copy = f"{name}#{copy}", copy + 1
    taken.add(free)
    return free
