"""``simcore run --prefill N --decode N``: a language model reads a text and writes tokens over a cache."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

from simcore.cli.console import console, drawn, print_json, progress, telling_of_compiling
from simcore.cli.options import RunOptions
from simcore.cli.simulating import precision_of
from simcore.errors import InputError
from simcore.generation import Generation, GenerationOrder, generate_as_ordered
from simcore.generation.printed import printed_lines, printed_tables, summary
from simcore.reading.overrides import SetOptions
from simcore.run_time import LIMIT_S
from simcore.saving import results_directory

#: The options of ``simcore run`` that hold for a language model's run, too.
_SHARED = (
    *("network", "system", "dataflow", "engine", "batch", "precision", "overrides", "out", "overwrite", "json", "quiet"),
    *("no_limit", "prefill", "decode", "decode_every"),
)


def generate_command(options: RunOptions) -> None:
    """Simulate, save if asked for, and print tables, or one JSON object, or one line."""
    order = _order(options)
    wanted = not (options.quiet or options.json)
    with results_directory(options.out, overwrite=options.overwrite) as save:
        with progress(wanted) as on_progress, telling_of_compiling(wanted):
            found = generate_as_ordered(order, on_progress)
        save(partial(Generation.write_into, found))
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


def _order(options: RunOptions) -> GenerationOrder:
    """Return the order that the options describe. Raise InputError for those that mean nothing here, and without --prefill."""
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
        engine=options.engine,
        dataflow=options.dataflow,
        overrides=SetOptions([*precision_of(options), *(options.overrides or ())]),
        limit_s=None if options.no_limit else LIMIT_S,
    )
