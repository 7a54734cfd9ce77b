"""The table of attention: where the scores of each block lay, in which tiles, and what crossed main memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from simcore.results.printed import PrintedTable

if TYPE_CHECKING:
    import pandas as pd

    from simcore.results import LayerRun, Results

#: The regions of attention that stays on chip, in the order of its Program: those that are loaded, and the results.
_QUERIES, _KEYS, _RESULTS = 0, 2, 5
_TILED = ("queries_per_tile", "keys_per_tile", "query_tiles", "key_tiles", "keys_stay", "scores", "scores_left_out")


def has_attention(results: Results) -> bool:
    """Return whether the machine was to keep scores on chip in a network with attention."""
    return any("attention" in run.facts for run in results.runs)


def attention_table(results: Results) -> pd.DataFrame:
    """Return one row per block of attention."""
    import pandas as pd

    return pd.DataFrame(list(_rows(results)))


def attention_rows(results: Results) -> list[dict[str, Any]]:
    """Return the table as JSON values."""
    return list(_rows(results))


def printed_attention(results: Results) -> PrintedTable:
    """Return the table as it is printed."""
    rows = [
        (
            *(row["layer"], row["attention"], row["attention_why"] or "-"),
            *(row[name] for name in ("queries_per_tile", "keys_per_tile", "query_tiles", "key_tiles")),
            *(None if row[name] is None else row[name] / 1024 for name in ("query_bytes", "key_bytes", "result_bytes")),
        )
        for row in _rows(results)
    ]
    columns = ("layer", "scores", "spilled since", "queries", "keys", "tiles", "of keys", "Q KiB", "K V KiB", "O KiB")
    return PrintedTable("Attention", columns, rows, text_columns=3, cut_names=True)


def _rows(results: Results) -> Iterator[dict[str, Any]]:
    for run in results.runs:
        said = run.facts.get("attention")
        if said is not None:
            on_chip = "scores" in said
            yield {
                "layer": run.name,
                "attention": "flash" if on_chip else "spilled",
                "attention_parts": ", ".join(said["parts"]),
                "attention_why": said["why"],
                **{name: said.get(name) for name in _TILED},
                **_moved(run, on_chip=on_chip),
            }


def _moved(run: LayerRun, *, on_chip: bool) -> dict[str, int | None]:
    """Return the bytes of queries, of keys and values, and of results; None for scores that were spilled."""
    if run.outcome is None or not on_chip:
        return dict.fromkeys(("query_bytes", "key_bytes", "result_bytes"))
    read, written = run.outcome.dma_read_bytes, run.outcome.dma_write_bytes
    return {"query_bytes": int(read[_QUERIES]), "key_bytes": int(read[_KEYS]), "result_bytes": int(written[_RESULTS])}
