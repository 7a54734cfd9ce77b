"""YAML text as a tree in which every key and value has its line."""

from __future__ import annotations

from dataclasses import dataclass, field

import yaml

from simcore.errors import InputError
from simcore.reading.tree import Entry, Value

#: The deepest nesting of mappings and lists; a system needs five.
MAX_DEPTH = 100

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

    def where(self, node: yaml.Node) -> str:
        return f"{self.source}:{node.start_mark.line + 1}" if self.lines else self.source

    def wrong(self, message: str, node: yaml.Node, hint: str | None = None) -> None:
        self.errors.append(InputError(message, self.where(node), hint))

    def entry(self, node: yaml.Node, key: yaml.Node | None = None) -> Entry:
        return Entry(self.value(node), self.where(node), self.where(key or node))

    def value(self, node: yaml.Node) -> Value:
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
        try:
            value = self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.wrong(f"expected a plain value, got {node.value!r} tagged {node.tag!r}", node)
            return None
        # Dates and similar values stay as they were written.
        return value if value is None or isinstance(value, str | int | float | bool) else str(node.value)

    def mapping(self, node: yaml.MappingNode) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for key, item in node.value:
            name = str(key.value)
            if not isinstance(key, yaml.ScalarNode):
                self.wrong("expected a name as key, got a mapping or list", key)
            elif name in found:
                self.wrong(f"duplicate key '{name}'", key, f"first written at {found[name].key_where}")
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
    except yaml.YAMLError:
        # Read again with the slow parser, because libyaml words its messages differently and PyYAML may come without it.
        return _read_slowly(text, source, lines)


def _too_deep(where: str) -> InputError:
    return InputError(f"expected at most {MAX_DEPTH} mappings and lists within each other, got one nested too deeply", where)


def _read(
    loader_class: type[yaml.SafeLoader | yaml.CSafeLoader], text: str, source: str, lines: bool
) -> tuple[Entry, list[InputError]]:
    loader = loader_class(text)
    node = loader.get_single_node()
    if node is None:
        return Entry(None, source, source), []
    reader = _Reader(source, loader, lines)
    return reader.entry(node), reader.errors


def _read_slowly(text: str, source: str, lines: bool) -> tuple[Entry, list[InputError]]:
    try:
        return _read(yaml.SafeLoader, text, source, lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{source}:{mark.line + 1}" if lines and mark is not None else source
        raise InputError(f"expected YAML, got a syntax error: {error.problem}", where, error.context) from error
    except yaml.reader.ReaderError as error:
        raise InputError(f"expected YAML, got the character {chr(error.character)!r}, which it does not allow", source) from error
