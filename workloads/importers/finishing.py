"""The network of a translated graph: its problems told, its functions fused, its copies added, its words sized."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from simcore.errors import InputError
from simcore.reading.numbers import counted
from workloads.importers.copies import with_copies
from workloads.importers.fusion import fused
from workloads.importers.quantised_words import with_words
from workloads.importers.translation import NodeProblem, Translation
from workloads.network import Network


def unsupported(problems: Iterable[NodeProblem], where: str) -> InputError:
    """Return one InputError that counts all problems by kind and names three nodes of each."""
    nodes: dict[str, list[str]] = defaultdict(list)
    for what, name in problems:
        nodes[what].append(name)
    listed = "; ".join(
        f"{what} ({len(names)}x: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
        for what, names in sorted(nodes.items())
    )
    hint = "docs/onnx.md lists what is supported; --skip-unsupported runs the rest"
    return InputError(f"unsupported operators: {listed}", where=where, hint=hint)


def finished(
    translation: Translation, name: str, batch: int | None, *, skip_unsupported: bool, fusion: bool, file: Path | None
) -> Network:
    """Return the network of a translation. ``batch`` replaces that of the graph. See ``load_onnx`` for the other arguments.

    Raise InputError for unsupported nodes, for a batch where no axis is the batch in all of the graph, and for no node at all.
    """
    where = translation.where
    if translation.problems and not skip_unsupported:
        raise unsupported(translation.problems, where)
    if batch not in (None, translation.count) and translation.lost is not None:
        raise InputError(f"expected no --batch for a graph without one batch axis ({translation.lost})", where=where)
    if not translation.made:
        raise InputError("expected nodes that compute something from the inputs, got none", where=where)
    if translation.problems:
        count = len(translation.problems)
        name = f"{name}, without {count} unsupported node{'s' if count > 1 else ''}"
    network = translation.network(name)
    notes = [] if not translation.unread else [_said_unread(translation.unread)]
    whole = Network(name, network.graph, network.batch if batch is None else batch, file=file, notes=notes)
    results = {translation.producer[tensor] for tensor in translation.graph.results if tensor in translation.producer}
    made = with_copies(fused(whole, results) if fusion else whole)
    return with_words(made, translation.word_bytes(), translation.weight_bytes)


def _said_unread(names: Sequence[str]) -> str:
    listed = ", ".join((*names[:3], *(["..."] if len(names) > 3 else [])))
    return f"left out {counted(len(names), 'node')} that no result of the graph needs ({listed})"
