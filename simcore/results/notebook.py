"""A run as a notebook shows it: one line of what ran, a small picture of where the cycles went, and the layers as a table."""

from __future__ import annotations

from typing import Any

from simcore.results.any_run import AnyRun

_SHOWN = ["layer", "op", "macs", "cycles", "compute_cycles", "mapping_efficiency_percent", "array_utilisation_percent"]
#: Colours that people who see fewer colours can tell apart; the first is that of compute.
_COLOURS = ("#8b949e", "#e69f00", "#56b4e9", "#009e73", "#c9b400", "#0072b2", "#d55e00", "#cc79a7", "#4b2e83", "#7a4a1e")

_PAGE = """\
<p><b>{{ network }}</b> on <b>{{ system }}</b>: {{ time }}</p>
<svg width="600" height="16" role="img" aria-label="where the cycles went">
{% for part in parts %}
<rect x="{{ part.x }}" width="{{ part.width }}" height="16" fill="{{ part.colour }}"><title>{{ part.said }}</title></rect>
{% endfor %}
</svg>
<p>{% for part in parts %}<span style="color: {{ part.colour }}">&#9632;</span> {{ part.said }} {% endfor %}</p>
{{ layers | safe }}"""


def notebook_form(run: AnyRun) -> str:
    """HTML of the run; names of networks, systems and layers are escaped, whatever they hold."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(_PAGE)
    facts = run.facts
    table = run.table("layers")[_SHOWN].to_html(index=False)  # pandas escapes the cells
    said = {"network": facts["network"], "system": facts["system"], "time": facts["said_time"]}
    return page.render(parts=_parts(run), layers=table, **said)


def _parts(run: AnyRun) -> list[dict[str, Any]]:
    """Return the parts of the bar: compute, then every cause that takes cycles of the layers."""
    layers = run.table("layers")
    causes = list(run.facts["causes"])
    spent = {"compute": layers["compute_cycles"].sum(), **{cause: layers[f"stall_{cause}_cycles"].sum() for cause in causes}}
    total, x, found = max(sum(spent.values()), 1), 0.0, []
    for number, (name, cycles) in enumerate(spent.items()):
        if cycles:
            width = 600.0 * float(cycles) / float(total)
            said = f"{name} {100.0 * float(cycles) / float(total):.1f} %"
            colour = _COLOURS[number % len(_COLOURS)]
            found.append({"x": round(x, 2), "width": round(width, 2), "colour": colour, "said": said})
            x += width
    return found
