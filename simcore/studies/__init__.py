"""Studies: many runs, the tables made from them, and what the tables show.

``form`` contains what every study shares: parts, processes, saving, printing. ``registry`` names the studies. A study is a
package that adds its tables, figures and findings, and describes itself in ``STUDY``.
"""
