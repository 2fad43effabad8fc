"""Every host is tested with each provider of its grammar that is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from metta_index.indexer.languages.hosts import HOSTS, providers


@pytest.fixture(params=[providers.PACK, providers.WHEELS], autouse=True)
def provider(request: pytest.FixtureRequest) -> Iterator[str]:
    """The only provider that there is while a test runs; Markdown's grammar always comes from its wheel."""
    chosen: str = request.param
    grammar = getattr(request.module, "GRAMMAR", None)
    if chosen == providers.PACK and (grammar is None or providers.PACK not in providers.GRAMMARS[grammar]):
        pytest.skip("this grammar is not taken from tree-sitter-languages")
    with providers.without(*{providers.PACK, providers.WHEELS} - {chosen}):
        if grammar is not None and providers.provider_of(grammar) is None:
            pytest.skip(f"{chosen} is not installed")
        yield chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "host" in metafunc.fixturenames:
        metafunc.parametrize("host", sorted(HOSTS))
