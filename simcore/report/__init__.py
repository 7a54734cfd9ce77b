"""Reports: one self-contained HTML file about runs and studies, which needs no network."""

from simcore.report.build import item_saved_in, report_html, write_report

__all__ = ["item_saved_in", "report_html", "write_report"]
