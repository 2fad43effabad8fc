"""MeTTa in reStructuredText and Org."""

from __future__ import annotations

import pytest
from host_checks import check, texts

from metta_index.indexer.languages.hosts import markup

GRAMMAR = "markdown"  # needs none: one run is enough

BLOCKS = [
    pytest.param(
        ".. code-block:: metta\n   :linenos:\n\n   (a\n     b)\n\n   (c)\n\nText (d)\n", ["(a\n     b)\n\n   (c)"]
    ),
    pytest.param("- x\n\n  .. code:: MeTTa\n\n     (a)\n  more\n", ["(a)"]),
    pytest.param(".. code-block:: python\n\n   metta('(a)')\n", []),
    pytest.param(".. code-block:: metta\n\n   (a)", ["(a)"]),
    pytest.param("#+BEGIN_SRC metta :results x\n(a)\n(é)\n#+END_SRC\n(b) metta\n", ["(a)\n(é)"]),
    pytest.param("#+begin_src lisp\n(metta)\n#+end_src\n", []),
    pytest.param("#+begin_src metta\n(unclosed)\n", []),
]


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_blocks(text: str, expected: list[str]) -> None:
    source = text.encode()
    assert [each.strip() for each in texts(check(source, markup.find(source)))] == expected
