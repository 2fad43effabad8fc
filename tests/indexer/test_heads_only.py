"""Tables of large files of facts hold all that tables hold, but for what stands inside facts."""

from __future__ import annotations

import msgspec.structs
from hypothesis import given
from hypothesis import strategies as st
from texts import sources

from metta_index.indexer.languages import load_language
from metta_index.indexer.text.heads_only import with_heads_only
from metta_index.indexer.text.occurrences import end_of_top, occurrences, pieces, tops
from metta_index.indexer.text.symbols import SymbolTable, TopKind, decode_table, encode_table

METTA = load_language("metta")
FACTS = st.sampled_from([b"(edge a b)\n", b"(edge $x (f 1))\n", b"(node)\n", b"((p q) r)\n", b"(= (f $x) (edge $x))\n"])
TEXTS = sources | st.lists(FACTS, max_size=12).map(b"".join)


def named(table: SymbolTable) -> list[object]:
    """What a table says of names, each name in place of its number."""
    names = table.names
    return [
        *[(names[one.name], msgspec.structs.replace(one, name=0)) for one in table.definitions],
        *[(names[one.name], msgspec.structs.replace(one, name=0)) for one in table.documentation],
        *[(names[one.name], msgspec.structs.replace(one, name=0)) for one in table.facts],
        *[(one.start, one.end, [names[name] for name in one.parameters]) for one in table.lambdas],
    ]


@given(TEXTS)
def test_only_what_stands_inside_facts_is_left_out(source: bytes) -> None:
    table = METTA.extract(source, METTA.parse(source), None)
    left = with_heads_only(table)
    assert decode_table(encode_table(left)) == left
    assert left.heads_only and not table.heads_only
    for same in ("dialect", "size", "atoms", "imports", "problems", "lines", "wide"):
        assert getattr(left, same) == getattr(table, same)
    assert named(left) == named(table)
    (before,), (after,) = pieces([table]), pieces([left])
    facts = [top for top in tops(before) if top.kind == TopKind.FACT]
    assert list(occurrences(after)) == [
        one for one in occurrences(before) if not any(top.start_byte <= one.start_byte < top.end_byte for top in facts)
    ]
    firsts = {fact.first_start for fact in table.facts}
    assert list(tops(after)) == [top for top in tops(before) if top.kind != TopKind.FACT or top.start_byte in firsts]
    for fact in left.facts:
        assert end_of_top(after, fact.first_start) == end_of_top(before, fact.first_start)
    numbers = {one.name for some in (left.definitions, left.documentation, left.facts) for one in some}
    numbers |= {number for one in left.lambdas for number in one.parameters}
    used = {left.names[number] for number in numbers} | {one.name for one in occurrences(after)}
    assert set(left.names) == used | {top.name for top in tops(after) if top.name is not None}
    assert len(left.names) == len(set(left.names))
