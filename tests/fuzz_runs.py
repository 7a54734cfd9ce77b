"""Harm saved directories at random, and read them: every reader gives a result or one InputError of one line.

``python tests/fuzz_runs.py SECONDS [SEED]`` does it for so many CPU seconds.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from made_up import made_up_results
from test_report import save_study

from simcore import sweep
from simcore.compare import compare
from simcore.errors import InputError
from simcore.report import item_saved_in, report_html
from simcore.report.study_item import SavedStudy
from simcore.results.found import found_results
from simcore.saving.content import MARK
from simcore.saving.mark import write_mark
from simcore.sweeps.found import found_sweeps
from workloads.load import load_network
from workloads.pruning import declared_log, schedule_from
from workloads.pruning.log_file import read_log, write_log

#: The points of the sweep, which a formula answers in no time.
SPACE = {"networks": ["lenet5"], "systems": ["h100-sxm", "ideal-ddr4-2400"]}
#: The network whose pruning is logged, and the name of the log's file.
PRUNED, PRUNING_LOG = load_network("vgg8-32"), "pruning.parquet"
#: Seconds that the readers may take for one directory.
LONGEST_S = 20.0
ODD: tuple[Any, ...] = (None, True, -1, 0, 2**70, 1e308, float("nan"), float("inf"), "", "\0", "x" * 5000, [], {}, [[]], {"": {}})


def made(folder: Path) -> list[Path]:
    """Save a run, a study, a sweep and the log of a pruning."""
    rows = [{"x": number, "y": f"<i>{number}"} for number in range(5)]
    sweep(SPACE, folder / "sweep", jobs=1)
    (folder / "pruning").mkdir()
    write_log(declared_log(PRUNED, schedule_from("linear:0.5"), 3), folder / "pruning" / PRUNING_LOG)
    saved = [made_up_results().save(folder / "run"), save_study(folder / "study", {"times": rows})]
    return [*saved, folder / "sweep", folder / "pruning"]


def harm(directory: Path, chance: random.Random) -> str:
    """Change one to three files, and most times write the mark anew, so that the change is not told by a hash. Return what."""
    done, has_mark = [], (directory / MARK).exists()
    for _ in range(chance.randint(1, 3)):
        files = sorted(path for path in directory.rglob("*") if path.is_file())
        if not files:
            break  # the only file was deleted
        path = chance.choice(files)
        change = chance.choice(_changes(path))
        change(path, chance)
        done.append(f"{change.__name__} {path.relative_to(directory)}")
    if has_mark and chance.random() < 0.75:
        (directory / MARK).unlink(missing_ok=True)
        write_mark(directory)
        done.append("marked anew")
    return ", ".join(done)


def _changes(path: Path) -> list[Callable[[Path, random.Random], None]]:
    every = [_flip, _truncate, _delete, _replace_by_text]
    if path.suffix == ".json" or path.name.startswith(".simcore"):
        return [*every, _odd_value, _odd_value, _odd_value, _drop_key]
    return [*every, _odd_column, _odd_column, _drop_column, _other_rows] if path.suffix == ".parquet" else every


def _flip(path: Path, chance: random.Random) -> None:
    raw = bytearray(path.read_bytes() or b"x")
    for _ in range(chance.randint(1, 8)):
        raw[chance.randrange(len(raw))] = chance.randrange(256)
    path.write_bytes(raw)


def _truncate(path: Path, chance: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: chance.randrange(path.stat().st_size + 1)])


def _delete(path: Path, chance: random.Random) -> None:
    path.unlink()


def _replace_by_text(path: Path, chance: random.Random) -> None:
    path.write_text(chance.choice(["", "null", "[]", "{}", "[" * 100_000, '{"a":' * 100_000, "NaN", '"', "1" * 5000, "\ufeff{}"]))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (ValueError, RecursionError):
        return None


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    items = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    return [place for key, value in items for place in ((tree, key), *_places(value))]


def _odd_value(path: Path, chance: random.Random) -> None:
    tree = _json(path)
    places = _places(tree)
    if places:
        # Large parts of a tree are few, so that keys near its top are chosen as often as those below.
        container, key = chance.choice(places[: chance.choice([20, len(places)])])
        container[key] = chance.choice(ODD)
        path.write_text(json.dumps(tree))


def _drop_key(path: Path, chance: random.Random) -> None:
    tree = _json(path)
    places = _places(tree)
    if places:
        container, key = chance.choice(places[: chance.choice([20, len(places)])])
        del container[key]
        path.write_text(json.dumps(tree))


def _table(path: Path) -> pd.DataFrame | None:
    try:
        return pd.read_parquet(path)
    except Exception:
        return None


def _odd_column(path: Path, chance: random.Random) -> None:
    table = _table(path)
    if table is not None and len(table.columns):
        column = chance.choice(list(table.columns))
        values = [["x"], [None], [1.5], [float("nan")], [True], [-5], [2**62], [b"\xff"], [[1, 2]], [{"a": 1}], [float("inf")]]
        table[column] = chance.choice(values) * len(table)
        table.to_parquet(path, index=False)


def _drop_column(path: Path, chance: random.Random) -> None:
    table = _table(path)
    if table is not None and len(table.columns):
        table.drop(columns=chance.choice(list(table.columns))).to_parquet(path, index=False)


def _other_rows(path: Path, chance: random.Random) -> None:
    table = _table(path)
    if table is not None and len(table):
        table.sample(frac=chance.choice([0.0, 0.5, 1.0]), random_state=chance.randrange(1000)).to_parquet(path, index=False)


def read(directory: Path) -> None:
    """Read a directory in every way. Raise what is no InputError of one line."""
    said = ""
    try:
        if (directory / PRUNING_LOG).exists():
            read_log(directory / PRUNING_LOG, PRUNED)
            return
        found_results(directory.parent)
        found_sweeps(directory.parent)
        if (directory / "log.jsonl").exists():
            sweep(SPACE, directory, jobs=1)  # it goes on from the log
        item = item_saved_in(directory)
        report_html([item])
        if not isinstance(item, SavedStudy):
            item.tables()
            report_html([item, made_up_results()])
            compare([made_up_results(), item])
    except InputError as error:
        said = str(error)
    assert "\n" not in said


def once(bases: list[Path], folder: Path, seed: int) -> None:
    """Harm and read one copy. Raise AssertionError that says how, for anything but a result or one error."""
    chance = random.Random(seed)
    copied = Path(shutil.copytree(chance.choice(bases), folder / "copy"))
    try:
        done = harm(copied, chance)
        began = time.process_time()
        try:
            read(copied)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {done}: {type(error).__name__}: {error}") from error
        assert time.process_time() - began < LONGEST_S, f"seed {seed}, {done}"
    finally:
        shutil.rmtree(copied)


def main() -> None:
    """Fuzz for a number of CPU seconds and say how many directories were read."""
    limit, seed = float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with TemporaryDirectory() as place:
        folder, count = Path(place) / "copies", 0
        folder.mkdir()
        bases = made(Path(place))
        while time.process_time() < limit:
            once(bases, folder, seed + count)
            count += 1
    print(f"{count} harmed directories were read in {time.process_time():.0f} CPU seconds")


if __name__ == "__main__":
    main()
