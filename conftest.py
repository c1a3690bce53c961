"""Runs the Python in README.md and docs/, so that what they say stays true.

Blocks of bash are read, not run. A block to leave out is preceded by `<!--- skip: next "why" -->`.
"""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[SkipParser(), PythonCodeBlockParser()],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
    excludes=["docs/decisions/*.md"],  # a decision shows the code of its day
).pytest()
