"""What ``simcore explain`` says about DRAM that multiplies."""

from __future__ import annotations

from models.pim.periphery import WITHOUT_ADDERS
from simcore.pim.phases import PhaseKind
from simcore.results.glossary import Term
from simcore.results.tables import stall_column

_GROUP = "DRAM that multiplies"

CAUSE_TEXTS = {
    "transfer": "A command waits for the channel's data bus, or for its turn on it while others move data.",
    "periphery": "A row waits for the adder tree, the transpose unit or the vector unit of its bank, or is held by it.",
    "row_copy": "A row is on its way to another subarray of the bank, or a command waits for such a copy.",
    "refresh": "A command waits for a refresh that is due or under way.",
    "power": "An activation waits because 32 activations were made within the power's period (`limits.power_cycles`).",
    "tFAW": "An activation waits because four activations of the rank were made within tFAW.",
    "tRRD": "An activation waits for tRRD after another activation of the rank.",
    "command_bus": "A command waits because another command holds the command bus of the channel.",
    "lock_step": "A subarray waits for others that have not begun the same operation yet.",
}
PHASE_TEXTS: dict[PhaseKind, str] = {
    "weights": "Rows of weights are written: before the first image if they stay, for every image if they do not.",
    "copy": "Rows are copied from one subarray of a bank to another over links between their row buffers (`row_copies`).",
    "multiply": "Rounds: operands are written, every column multiplies, and the products are read through the adder tree.",
    "vector": "The vector unit reads and writes rows: pools, sums, normalisations, activations, quantisation.",
    "move": "Inputs come to the banks and results leave them over the channel's data bus.",
}

#: The parts of a vector unit, by the operation for which each is.
VECTOR_PARTS = {
    "relu": "ReLU",
    "add": "sums of tensors",
    "mul": "element-wise products",
    "pool": "pools",
    "global-pool": "global pools",
    "batch-norm": "normalisation",
    "quantise": "quantisation",
}


def _shared(name: str) -> str:
    return " Always 0, because it works in the adders of ReLU, whose area counts once." if name in WITHOUT_ADDERS else ""


_COLUMNS = (
    ("mapping", "", "Table of how the dot products of each layer lie in columns, rows and subarrays."),
    ("phases", "", "Table of the phases of each layer; in results.json the cycles of an image by kind of phase."),
    (
        "phase",
        "",
        "Kind of phase: weights, copy, multiply, vector or move. Each begins on an idle machine, right after a refresh.",
    ),
    ("image", "", "Whether a phase belongs to `every` image or comes before the `first` one (weights that stay)."),
    ("phase_repeats", "", "How often a phase repeats its sequence in each subarray, such as the rounds of a multiplication."),
    ("phase_times", "", "How many equal phases the layer has; the cycles are those of all."),
    ("phase_banks", "banks", "Banks of each channel that take part in the phase."),
    ("phase_subarrays", "subarrays", "Subarrays of each of these banks that take part."),
    ("dot_products", "", "Dot products of the layer: its results before pooling."),
    ("dot_length", "", "Operand pairs of a dot product."),
    ("row_parts", "", "Parts of a dot product that lie in different rows because a row is too short or would stay empty."),
    ("dots_per_row", "", "Dot products, or parts of them, that lie side by side in a row."),
    ("used_columns", "columns", "Columns of a full row that hold an operand pair."),
    ("column_utilisation_percent", "percent", "Columns with an operand pair, as a share of all columns, over all rows."),
    ("mapped_banks", "banks", "Banks of all channels that have work of the layer."),
    ("mapped_subarrays", "subarrays", "Subarrays of all channels that have work of the layer."),
    (
        "subarray_utilisation_percent",
        "percent",
        "Multiplications of the layer, as a share of those that all subarrays could do in its rounds.",
    ),
    ("rounds", "rounds", "Rounds of the subarray that has most: in a round each subarray multiplies once in all its columns."),
    ("row_sets", "", "Multiplications of all subarrays together, each in all columns of a row."),
    ("weight_sets", "", "Different rows of weights (of all bits); each stays in its place over the pixels."),
    ("weight_rows", "rows", "Rows of weights that all subarrays together write, copies included."),
    ("pieces", "", "Pieces into which the rows of a subarray cut the layer's weights; each piece is written, then used."),
    ("weights_stay", "", "Whether the weights stay in their rows from image to image."),
    ("activation_rows", "rows", "Rows of activations that all subarrays together write."),
    ("input_copies", "", "How often an input word is written to a column on average (im2col and filters side by side)."),
    ("mapping_notes", "", "What did not fit, and what was done instead."),
    ("activations", "", "Table of how often the rows of each subarray are raised, under the names of the table `banks`."),
    ("rank", "", "Rank (of HBM2: pseudo-channel) of the bank, counted through the channels that are told apart."),
    ("row_activations", "activations", "Activations in the subarray, for every image; one that raises several rows counts once."),
    ("rows_raised", "rows", "Rows that these activations raise, in sum."),
    (
        "hottest_row",
        "",
        "The row of the micro-program that a round raises most often; in results.json that of the whole run, with its counts.",
    ),
    (
        "hottest_row_activations",
        "activations",
        "How often the run raises this row. Of the subarrays for which one that computes stands, one raises it at most so often.",
    ),
    (
        "hottest_row_activations_per_window",
        "activations",
        "The same in the time in which refreshes come to every row once, if the run repeats (of a pipeline, image after image).",
    ),
    ("refresh_window_ns", "ns", "The time in which refreshes come to every row once: 8,192 times tREFI."),
    (
        "ACT",
        "commands",
        "Activations: 2 AAP + AP, one for each row opened by the bus or the periphery, two for a row copy.",
    ),
    ("PRE", "commands", "Precharges."),
    ("AAP", "commands", "Operations that activate rows, activate further rows and precharge."),
    ("AP", "commands", "Operations that activate rows and precharge."),
    ("RD", "commands", "Reads over the channel's data bus."),
    ("WR", "commands", "Writes over the channel's data bus."),
    ("REF", "commands", "Refreshes, of a rank or of a bank."),
    ("LINK", "commands", "Moves of a row over the links of two subarrays, on a machine with row copies."),
    ("pipeline", "", "In results.json: the pipeline of a machine with `placement: pipelined`."),
    ("stages", "", "Stages of the pipeline: layers, or neighbours that share their banks."),
    (
        "interval_cycles",
        "cycles/image",
        "Cycles between two images of a pipeline: the slowest bank in each step, added up.",
    ),
    (
        "latency_cycles",
        "cycles/image",
        "Cycles of one image in a pipeline: an interval in each stage, three if transfers overlap.",
    ),
    ("interval_ns", "ns/image", "Time between two images of a pipeline: interval_cycles at the core clock."),
    ("latency_ns", "ns/image", "Time of one image in a pipeline: latency_cycles at the core clock."),
    (
        "bounds_cycles",
        "cycles/image",
        "Cycles that an interval takes at least in any order of the work: for the slowest stage, and for what stages share.",
    ),
    ("bound_by", "", "What needs most of these cycles, and therefore bounds the interval of a pipeline."),
    ("slowest_stage", "cycles/image", "Cycles of the slowest stage of a pipeline, as if no other stage ran."),
    ("slowest_layers", "", "The layers of the slowest stage."),
    ("data_bus", "cycles/image", "Cycles for which all bursts of an interval take a data bus, of the channel that has most."),
    ("images_per_s", "images/s", "Images of a pipeline per second: core clock / interval_cycles."),
    ("weights_once_cycles", "cycles", "Cycles before the first image, in which weights that stay are written."),
    (
        "values_of_all_operations",
        "",
        "In results.json: true if values were checked with the operations that the published count leaves out and the run does "
        "not issue (`initialised: false`).",
    ),
    ("column", "columns", "Level of the DRAM: its count is the columns of a row in which transactions begin; each is a burst."),
    ("adder tree", "mm2", "Area of the adder trees of all banks: they count the ones of a product's row."),
    ("accumulators", "mm2", "Area of the accumulators of all banks: they add the counts of the adder tree up."),
    ("transpose unit", "mm2", "Area of the transpose units of all banks: they turn words into rows of their bits."),
    *(
        (name, "mm2", f"Area of the unit for {words} of all banks, a part of their vector units.{_shared(name)}")
        for name, words in VECTOR_PARTS.items()
    ),
    ("activate_pj", "pJ", "Activations with their precharges, by the rows that they raise."),
    ("transfer_pj", "pJ", "RD and WR in the chips, and the data lines as far as their table is known."),
    ("row_copy_pj", "pJ", "Rows that are copied to other subarrays of their bank."),
    ("periphery_pj", "pJ", "Adder tree, accumulators, transpose unit and vector unit."),
    ("refresh_pj", "pJ", "Refreshes."),
    ("background_pj", "pJ", "Standby of all ranks, higher while a row is open."),
)
TERMS = (
    *(Term(name, _GROUP, unit, text) for name, unit, text in _COLUMNS),
    *(Term(name, "Phases of DRAM that multiplies", "cycles", text) for name, text in PHASE_TEXTS.items()),
    *(Term(name, "Stall causes", "cycles", text) for name, text in CAUSE_TEXTS.items()),
    *(
        Term(stall_column(name), "Stall causes", "cycles", f"Cycles stalled by {name}, as a column of its own.")
        for name in CAUSE_TEXTS
    ),
)
