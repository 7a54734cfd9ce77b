"""``simcore run --prefill N --decode N``: a language model reads a text and writes tokens over a cache."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING

from simcore.cli.console import console, drawn, print_json, progress, telling_of_compiling
from simcore.cli.estimating import print_size
from simcore.cli.options import RunOptions
from simcore.cli.reporting import items_for_report
from simcore.cli.simulating import precision_of
from simcore.errors import InputError
from simcore.generation import Generation, GenerationOrder, generate_as_ordered
from simcore.generation.printed import printed_lines, printed_tables, summary
from simcore.generation.size import estimate_generation
from simcore.reading.overrides import SetOptions
from simcore.run_time import LIMIT_S
from simcore.saving import results_directory

if TYPE_CHECKING:
    from simcore.cli.reporting import Items

#: The options of ``simcore run`` that hold for a language model's run, too.
_SHARED = (
    *("network", "system", "dataflow", "engine", "layers", "batch", "precision", "overrides", "out", "overwrite", "json"),
    *("quiet", "no_limit", "estimate", "report", "prefill", "decode", "decode_every"),
)


def generate_command(options: RunOptions) -> None:
    """Simulate, save if asked for, and print tables, or one JSON object, or one line; or say what all that will take."""
    order = _order(options)
    if options.estimate:
        print_size(estimate_generation(order), json=options.json)
        return
    wanted = not (options.quiet or options.json)
    with items_for_report(options.report) as write_report:
        with results_directory(options.out, overwrite=options.overwrite) as save:
            with progress(wanted) as on_progress, telling_of_compiling(wanted):
                found = generate_as_ordered(order, on_progress)
            save(partial(Generation.write_into, found))
        write_report(lambda: _items(found))
    if options.json:
        print_json(found.to_json())
    elif options.quiet:
        print(summary(found))
    else:
        out = console()
        for shown in printed_tables(found):
            out.print(drawn(shown))
            out.print()
        for line in printed_lines(found):
            out.print(line, markup=False)


def _items(found: Generation) -> Items:
    from simcore.report.generation_item import generation_items

    return generation_items(found)


def _order(options: RunOptions) -> GenerationOrder:
    """Return the order that the options describe.

    Raise InputError for a network that is no language model, without --prefill, and for options that mean nothing here.
    """
    from workloads.networks.language_models import language_model

    language_model(options.network)
    if options.prefill is None:
        given = "--decode" if options.decode is not None else "--decode-every"
        raise InputError(f"expected --prefill N with {given}: the tokens that are read before any is written", "--prefill")
    for field in fields(options):
        if field.name not in _SHARED and getattr(options, field.name) not in (None, False):
            option = f"--{field.name.replace('_', '-')}"
            raise InputError(f"expected no {option} with --prefill", option, "run the network without --prefill")
    return GenerationOrder(
        model=options.network,
        system=options.system,
        prefill=options.prefill,
        decode=options.decode or 0,
        every=1 if options.decode_every is None else options.decode_every,
        batch=1 if options.batch is None else options.batch,
        layers=options.layers,
        engine=options.engine,
        dataflow=options.dataflow,
        overrides=SetOptions([*precision_of(options), *(options.overrides or ())]),
        limit_s=None if options.no_limit else LIMIT_S,
    )
