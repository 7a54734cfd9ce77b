"""Studies: many runs, the tables they make, and what the tables show.

``form`` holds what every study has: parts, processes, saving, printing. ``registry`` names the studies. A study is a package that
brings its tables, figures and findings, and describes itself in ``STUDY``.
"""
