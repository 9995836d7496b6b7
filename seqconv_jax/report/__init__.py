"""A page to look at: what runs were asked, how they went, where they are wrong."""

from seqconv_jax.report.answers import keep_answers
from seqconv_jax.report.page import write_report

__all__ = ["keep_answers", "write_report"]
