"""Timelines of a run as files for Perfetto (ui.perfetto.dev)."""
