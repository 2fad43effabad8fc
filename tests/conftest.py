"""Options of the test run."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same made-up inputs every time; HYPOTHESIS_PROFILE=random looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is extracted today into the golden files; read the diff before you commit it",
    )
