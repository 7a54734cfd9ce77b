"""Names of layers that are unique within a network."""


def free_name(name: str, taken: set[str]) -> str:
    """``name``, or the first of ``name#2``, ``name#3``, ... that is not taken; it is added to ``taken``."""
    free, copy = name, 2
    while free in taken:
        free, copy = f"{name}#{copy}", copy + 1
    taken.add(free)
    return free
