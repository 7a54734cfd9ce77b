"""YAML text as a tree in which every key and value has its line."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from simcore.errors import InputError
from simcore.reading.numbers import MAX_DIGITS, is_too_long, shown
from simcore.reading.tree import Entry, Value

#: The deepest nesting of mappings and lists; a system needs five.
MAX_DEPTH = 100

#: The most keys and values of a text. Those that an alias repeats count each time. The largest table of a DRAM has a thousand.
MAX_ENTRIES = 100_000

#: The longest text with wrong syntax that is read again for a clearer message. A longer one would take many seconds.
_REREAD_CHARACTERS = 30_000

#: A text of at most this length cannot nest so deeply that PyYAML's composer, which is recursive, overflows the stack.
_SHALLOW_CHARACTERS = 5000

#: libyaml's parser, if PyYAML was built with it; it is ten times as fast.
_Fast: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class _Reader:
    """Turns nodes into entries and collects the errors it finds on the way."""

    source: str
    loader: yaml.SafeLoader | yaml.CSafeLoader
    lines: bool = True
    errors: list[InputError] = field(default_factory=list)
    open_nodes: set[int] = field(default_factory=set)
    entries: int = 0

    def where(self, node: yaml.Node) -> str:
        return f"{self.source}:{node.start_mark.line + 1}" if self.lines else self.source

    def wrong(self, message: str, node: yaml.Node, hint: str | None = None) -> None:
        self.errors.append(InputError(message, self.where(node), hint))

    def entry(self, node: yaml.Node, key: yaml.Node | None = None) -> Entry:
        """Return a node as an entry with its line. Raise InputError for more nodes than a file may have."""
        self.entries += 1
        if self.entries > MAX_ENTRIES:
            message = f"expected at most {MAX_ENTRIES:,} keys and values, counting each repetition by an alias, got more"
            raise InputError(message, self.where(node))
        return Entry(self.value(node), self.where(node), self.where(key or node))

    def value(self, node: yaml.Node) -> Value:
        """Return a node's plain value, mapping or list. Note an error, and return None, for a node within itself."""
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.open_nodes:
            self.wrong("expected a value, got an alias of the mapping or list that holds it", node)
            return None
        if len(self.open_nodes) == MAX_DEPTH:
            raise _too_deep(self.where(node))
        self.open_nodes.add(id(node))
        value: Value = self.mapping(node) if isinstance(node, yaml.MappingNode) else [self.entry(item) for item in node.value]
        self.open_nodes.discard(id(node))
        return value

    def scalar(self, node: yaml.ScalarNode) -> Value:
        """Return a plain value. Note an error, and return None, for one that YAML's tags or Python cannot read."""
        try:
            value = self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            if len(node.value) > MAX_DIGITS and node.tag.endswith(":int"):  # Python refuses to read thousands of digits
                self.wrong(f"expected an integer of at most {MAX_DIGITS} digits, got {shown(node.value)}", node)
            else:
                self.wrong(f"expected a plain value, got {shown(node.value)} tagged {shown(node.tag)}", node)
            return None
        if isinstance(value, int) and is_too_long(value):
            self.wrong(f"expected an integer of at most {MAX_DIGITS} digits, got {shown(node.value)}", node)
            return None
        # Dates and similar values stay as they were written.
        return value if value is None or isinstance(value, str | int | float | bool) else str(node.value)

    def mapping(self, node: yaml.MappingNode) -> dict[str, Entry]:
        """Return a mapping's entries by name. Note an error for a key that is no name or comes twice."""
        found: dict[str, Entry] = {}
        for key, item in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if not isinstance(key, yaml.ScalarNode):
                self.wrong("expected a name as key, got a mapping or list", key)
            elif name in found:
                self.wrong(f"duplicate key {shown(name)}", key, f"first written at {found[name].key_where}")
            else:
                found[name] = self.entry(item, key)
        return found


def read_yaml(text: str, source: str, *, lines: bool = True) -> tuple[Entry, list[InputError]]:
    """Return the one document of the text as a tree, and the errors found in it. With ``lines``, places carry a line number.

    Raise InputError if the text is not YAML at all.
    """
    try:
        return _read_fast_or_slowly(text, source, lines)
    except RecursionError as error:
        raise _too_deep(source) from error


def _read_fast_or_slowly(text: str, source: str, lines: bool) -> tuple[Entry, list[InputError]]:
    try:
        return _read(_Fast, text, source, lines)
    except yaml.YAMLError as error:
        if len(text) > _REREAD_CHARACTERS:
            raise _broken(error, source, lines) from error
        # Read again with the slow parser, because libyaml words its messages differently and PyYAML may come without it.
        return _read_slowly(text, source, lines)


def _too_deep(where: str) -> InputError:
    return InputError(f"expected at most {MAX_DEPTH} mappings and lists within each other, got one nested too deeply", where)


def _read(
    loader_class: type[yaml.SafeLoader | yaml.CSafeLoader], text: str, source: str, lines: bool
) -> tuple[Entry, list[InputError]]:
    _refuse_depth(loader_class, text, source, lines)
    loader = loader_class(text)
    node = loader.get_single_node()
    if node is None:
        return Entry(None, source, source), []
    reader = _Reader(source, loader, lines)
    return reader.entry(node), reader.errors


def _refuse_depth(loader_class: type[yaml.SafeLoader | yaml.CSafeLoader], text: str, source: str, lines: bool) -> None:
    """Raise InputError for a text nested too deeply. The walk that finds it is not recursive."""
    if len(text) <= _SHALLOW_CHARACTERS:
        return
    depth = 0
    for event in yaml.parse(text, loader_class):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            mark = event.start_mark
            raise _too_deep(f"{source}:{mark.line + 1}" if lines and mark is not None else source)


def _read_slowly(text: str, source: str, lines: bool) -> tuple[Entry, list[InputError]]:
    try:
        return _read(yaml.SafeLoader, text, source, lines)
    except yaml.YAMLError as error:
        raise _broken(error, source, lines) from error


def _broken(error: yaml.YAMLError, source: str, lines: bool) -> InputError:
    """Return the error for a text that is not YAML."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}" if lines and mark is not None else source
        return InputError(f"expected YAML, got a syntax error: {error.problem}", where, error.context)
    character = getattr(error, "character", None)
    got = f"the character {chr(character)!r}, which it does not allow" if isinstance(character, int) else "a syntax error"
    return InputError(f"expected YAML, got {got}", source)
