"""The compiled tree-sitter grammar of Rholang and the kinds its trees have here."""

from __future__ import annotations

from enum import IntEnum
from functools import cache

from tree_sitter import Language, Parser

from metta_index.indexer.languages import kinds
from metta_index.indexer.languages.rholang import _binding


class Node(IntEnum):
    """Kinds of nodes, by the code that a tree's column holds."""

    source_file = 0
    par = 1
    block = 2
    parenthesized = 3
    new = 4
    declaration = 5
    contract = 6
    parameters = 7
    patterns = 8
    name_remainder = 9
    for_ = 10
    receipt = 11
    linear_bind = 12
    persistent_bind = 13
    peek_bind = 14
    receive_send = 15
    send_receive = 16
    method_receive = 17
    guard = 18
    select = 19
    branch = 20
    send = 21
    persistent_send = 22
    sync_send = 23
    method_send = 24
    arguments = 25
    method_name = 26
    match = 27
    case = 28
    let = 29
    concurrent_let = 30
    let_binding = 31
    let_value = 32
    values = 33
    if_ = 34
    bundle = 35
    agent = 36
    constructor = 37
    method = 38
    private_method = 39
    default = 40
    logic = 41
    not_ = 42
    matches = 43
    comparison = 44
    concat = 45
    difference = 46
    interpolation = 47
    arithmetic = 48
    negative = 49
    method_call = 50
    quote = 51
    eval = 52
    variable_reference = 53
    disjunction = 54
    conjunction = 55
    negation = 56
    list = 57
    tuple = 58
    set = 59
    map = 60
    pair = 61
    path_map = 62
    unit = 63
    remainder = 64
    nil = 65
    boolean = 66
    simple_type = 67
    number = 68
    string = 69
    uri = 70
    wildcard = 71
    variable = 72
    line_comment = 73
    block_comment = 74
    ERROR = 75
    MISSING = 76


#: Names of the kinds, in the order of their codes.
KINDS = tuple(node.name.rstrip("_") for node in Node)

#: Kinds that never have children.
LEAVES = frozenset(
    {
        "method_name",
        "unit",
        "nil",
        "boolean",
        "simple_type",
        "number",
        "string",
        "uri",
        "wildcard",
        "variable",
        "line_comment",
        "block_comment",
    }
)

#: Words that no variable can be called.
RESERVED = frozenset(b"new if else let match select contract for or and matches not bundle true false where".split())
#: Words that mean something in their places, and that interpreters read as names in others.
KEYWORDS = frozenset(b"in Nil Set Bool Int String Uri ByteArray BigInt".split())


@cache
def parser() -> Parser:
    return Parser(Language(_binding.language()))


@cache
def kind_codes() -> tuple[bytes, bytes]:
    """By tree-sitter's number of a kind: our code (255: not kept), and 1 where it has no children."""
    return kinds.kind_codes(Language(_binding.language()), KINDS, LEAVES)
