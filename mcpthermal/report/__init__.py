"""The report: one HTML file that shows an answer and needs nothing from elsewhere."""

from mcpthermal.report.write import write_report, write_view

__all__ = ["write_report", "write_view"]
