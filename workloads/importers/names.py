"""Requirements on imported files: unique names within a network, sizes that fit into integers, errors of a single line."""

#: The largest extent, stride or padding in a file: a 32-bit integer, as in the exporting frameworks.
LARGEST_SIZE = 2**31 - 1


def free_name(name: str, taken: set[str]) -> str:
    """Return ``name``, or the first of ``name#2``, ``name#3``, ... that is not taken, and add it to ``taken``."""
    free, copy = name, 2
    while free in taken:
        free, copy = f"{name}#{copy}", copy + 1
    taken.add(free)
    return free


def one_line(error: Exception) -> str:
    """Return an error's text on one line, or its kind if it has none."""
    return " ".join(str(error).split())[:200] or type(error).__name__
