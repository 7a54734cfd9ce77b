"""A log of live filters reads back as it was written. A file that is none, or another network's, is refused in one line."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simcore.errors import InputError
from workloads.load import load_network
from workloads.pruning import PruningLog, checked_log, declared_log, schedule_from
from workloads.pruning.log_file import read_log, write_log

NETWORK = load_network("vgg8-32")
LOG = declared_log(NETWORK, schedule_from("linear:0.5"), 4)


def written(tmp_path, log: PruningLog = LOG):
    path = tmp_path / "filters.parquet"
    write_log(log, path)
    return path


def test_a_log_reads_back_as_it_was_written(tmp_path):
    path = written(tmp_path)
    assert read_log(path, NETWORK.with_batch(8)) == LOG
    table = pq.read_table(path)
    assert table.column_names == ["epoch", "layer", "live_filters", "filters"]
    assert table.num_rows == 4 * 6


def with_live(epoch: int, **counts: int) -> PruningLog:
    """Return the log with other live filters in one epoch."""
    live = [dict(each) for each in LOG.live]
    live[epoch - 1] |= counts
    return replace(LOG, live=tuple(live))


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (with_live(2, conv1_1=128), "epoch 2: expected at most 112 live filters of 'conv1_1', as before, got 128"),
        (with_live(4, conv1_1=0), "epoch 4: expected 1 to 128 live filters of 'conv1_1', got 0; it would lose all filters"),
        (replace(LOG, live=()), "expected at least one epoch, got none"),
        (
            replace(
                LOG,
                filters={name: count for name, count in LOG.filters.items() if name != "conv2_1"},
                live=tuple({name: count for name, count in live.items() if name != "conv2_1"} for live in LOG.live),
            ),
            "layer 'conv2_1': expected 256 filters, got none",
        ),
        (replace(LOG, filters={**LOG.filters, "conv1_1": 130}), "layer 'conv1_1': expected 128 filters, got 130 filters"),
    ],
)
def test_logs_that_cannot_be_of_this_network(tmp_path, log, message):
    if log.live:
        path = written(tmp_path, log)
    else:
        path = written(tmp_path)
        table = pq.read_table(path)
        said = table.schema.metadata[b"simcore pruning log"].replace(b'"epochs": 4', b'"epochs": 0')
        pq.write_table(table.slice(0, 0).replace_schema_metadata({b"simcore pruning log": said}), path)
    with pytest.raises(InputError) as raised:
        read_log(path, NETWORK)
    assert f"{path}: {message}" in str(raised.value)


def without(epoch: int, layer: str) -> PruningLog:
    """Return the log without a layer in one epoch."""
    live = [dict(each) for each in LOG.live]
    del live[epoch - 1][layer]
    return replace(LOG, live=tuple(live))


@pytest.mark.parametrize(
    ("log", "message"),
    [
        (
            with_live(2, conv1_11=8),
            "log: epoch 2: live filters of 'conv1_11', which is no convolution of the network; did you mean 'conv1_1'?",
        ),
        (without(3, "conv2_1"), "log: epoch 3: expected live filters of 'conv2_1', got none"),
        (with_live(2, conv1_1="8"), "log: epoch 2: expected a number of live filters of 'conv1_1', got '8'"),
        (replace(LOG, filters={**LOG.filters, "conv1_1": "x"}), "log: layer 'conv1_1': expected 128 filters, got x filters"),
    ],
)
def test_logs_that_a_program_built_wrongly(log, message):
    with pytest.raises(InputError) as raised:
        checked_log(log, NETWORK, "log")
    assert str(raised.value).startswith(message)


def test_a_log_keeps_the_procedure_of_its_training(tmp_path):
    log = replace(LOG, procedure="iterative")
    assert read_log(written(tmp_path, log), NETWORK) == log


def test_the_log_of_another_network(tmp_path):
    with pytest.raises(InputError, match=r"is the log of another network \('vgg8-32'\), expected 'vgg11-32'"):
        read_log(written(tmp_path), load_network("vgg11-32"))


def test_a_file_that_is_cut_off(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for size in (0, 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(InputError, match="expected a log of live filters"):
            read_log(path, NETWORK)


def test_another_parquet_file(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"epoch": [1]}), path)
    with pytest.raises(InputError, match="expected a log of live filters that simcore wrote, got another Parquet file"):
        read_log(path, NETWORK)


def test_epochs_or_rows_that_are_missing(tmp_path):
    path = written(tmp_path)
    table = pq.read_table(path)
    for kept, message in (
        (table.slice(0, 18), "expected epochs 1 to 4 of every layer, got none of epoch 4"),
        (table.slice(0, 23), "got none of epoch 4 of layer 'conv3_2'"),
        (table.drop_columns(["filters"]), "expected the columns epoch, layer, live_filters, filters, got epoch, layer, live"),
    ):
        pq.write_table(kept, path)
        with pytest.raises(InputError, match=message):
            read_log(path, NETWORK)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(InputError, match="expected a file, found none at"):
        read_log(tmp_path / "none.parquet", NETWORK)
    with pytest.raises(InputError, match="expected a file, got the folder"):
        read_log(tmp_path, NETWORK)
