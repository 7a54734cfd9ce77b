"""The reference of keys in Markdown: ``python -m simcore.meanings.keys_page > docs/system-keys.md``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from simcore.meanings.keys import Key, all_keys

_INTRO = """\
# System keys

Every key that a System file and a DRAM table may hold, as `simcore explain KEY` shows it. Written by
`python -m simcore.meanings.keys_page`.

A System file is YAML; `simcore run --set KEY=VALUE` changes a key for one run. `NAME` stands for a name that you choose or
that the mapping above it lists, `INDEX` for the number of an item of a list. Under *cycles*, "yes" means that the cycles of a
run can depend on the key, "no" that they never do: it changes energies, areas or texts alone. The presets in `models/systems`
are examples, with the source of each number. [input-formats.md](input-formats.md) and [dram.md](dram.md) show whole files.
"""


def markdown() -> str:
    """Return the reference as the text of docs/system-keys.md."""
    parts = [_INTRO]
    for file, keys in groupby(all_keys(), key=lambda item: item.whose):
        listed = list(keys)
        parts.append(f"## {file[0].upper()}{file[1:]}\n")
        for place, own in _by_place(listed):
            parts += _section(place, own, listed)
    return "\n".join(parts)


def _by_place(keys: list[Key]) -> Iterator[tuple[tuple[str, str], list[Key]]]:
    """Yield the keys of each mapping together, in the order in which the mappings first appear."""
    places: dict[tuple[str, str], list[Key]] = {}
    for item in keys:
        places.setdefault((item.path.rpartition(".")[0], item.only_with), []).append(item)
    yield from places.items()


def _section(place: tuple[str, str], own: list[Key], listed: list[Key]) -> list[str]:
    path, only_with = place
    lines = []
    if path:
        condition = f" (with `{only_with}`)" if only_with else ""
        lines.append(f"### `{path}`{condition}\n")
        lines += [f"{item.meaning}\n" for item in listed if item.path == path.removesuffix(".NAME").removesuffix(".INDEX")][:1]
    rows = [f"| `{item.steps[-1]}` | {item.meaning} | {_values(item)} | {_default(item)} | {_effect(item)} |" for item in own]
    return [*lines, "\n".join(["| key | meaning | values | default | cycles |", "|---|---|---|---|---|", *rows]) + "\n"]


def _values(item: Key) -> str:
    return item.values if not item.unit or item.unit in item.values else f"{item.values}; unit: {item.unit}"


def _default(item: Key) -> str:
    return item.default if item.default in ("needed", "none") or " " in item.default else f"`{item.default}`"


def _effect(item: Key) -> str:
    return {None: "", True: "yes", False: "no"}[item.changes_cycles]


if __name__ == "__main__":
    print(markdown(), end="")
