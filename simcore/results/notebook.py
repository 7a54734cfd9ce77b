"""A run as a notebook shows it: one line of what ran, and the layers as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simcore.results.results import Results

_SHOWN = ["layer", "op", "macs", "cycles", "compute_cycles", "mapping_efficiency_percent", "array_utilisation_percent"]

_PAGE = """\
<p><b>{{ network }}</b> on <b>{{ system }}</b>: {{ time }}</p>
{{ layers | safe }}"""


def notebook_form(results: Results) -> str:
    """HTML of the run; names of networks, systems and layers are escaped, whatever they hold."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(_PAGE)
    table = results.layers[_SHOWN].to_html(index=False)  # pandas escapes the cells
    return page.render(network=results.network, system=results.system.name, time=results.kind.said_time(results), layers=table)
