"""Types that Python code gives to operations, as MeTTa writes them."""

from __future__ import annotations

from tree_sitter import Node

from metta_index.indexer.languages.hosts.python_flow import elements, texts
from metta_index.indexer.languages.hosts.python_module import Parameter, PythonModule, arguments_of, called_name
from metta_index.indexer.text.regions import text_of

#: `hyperon.atoms.AtomType` as MeTTa writes them.
_ATOM_TYPES = {
    "UNDEFINED": "%Undefined%",
    "TYPE": "Type",
    "ATOM": "Atom",
    "SYMBOL": "Symbol",
    "VARIABLE": "Variable",
    "EXPRESSION": "Expression",
    "GROUNDED": "Grounded",
    "GROUNDED_SPACE": "SpaceType",
    "UNIT": "(->)",
    "NUMBER": "Number",
    "BOOL": "Bool",
    "STRING": "String",
}

#: Types are nested, and names that lead to them followed, this far.
_MOST_STEPS = 6


def arrow_type(module: PythonModule, node: Node) -> tuple[int, str]:
    """The number of types in a list, and the arrow type it stands for; 0 and "" where they are not known."""
    if node.type == "identifier":
        bound = module.lookup(node)
        if isinstance(bound, Parameter) or len(bound) != 1:
            return 0, ""
        node = bound[0].value
    if node.type != "list":
        return 0, ""
    types = list(elements(module, node))
    if any(element.type == "list_splat" for element in types):
        return 0, ""
    shown = [_type(module, element, _MOST_STEPS) for element in types]
    return len(shown), f"(-> {' '.join(shown)})" if shown and all(shown) else ""


def _type(module: PythonModule, node: Node, steps: int) -> str:
    """One type as MeTTa writes it, "" where it is not known."""
    if not steps:
        return ""
    match node.type:
        case "string":
            return only_text(module, node)
        case "attribute":
            holder, _, name = module.text(node).rpartition(".")
            return _ATOM_TYPES.get(name, "") if holder.rpartition(".")[2] == "AtomType" else ""
        case "list":
            inner = [_type(module, element, steps - 1) for element in elements(module, node)]
            return f"(-> {' '.join(inner)})" if all(inner) else ""
        case "identifier":
            bound = module.lookup(node)
            return "" if isinstance(bound, Parameter) or len(bound) != 1 else _type(module, bound[0].value, steps - 1)
        case "call":
            return _type_of_call(module, node, steps)
    return ""


def _type_of_call(module: PythonModule, call: Node, steps: int) -> str:
    """`S("X")`, `V("x")` and `E(…)` of them."""
    given = arguments_of(call)
    match called_name(module, call):
        case "S" | "SymbolAtom" if len(given) == 1:
            return only_text(module, given[0])
        case "V" | "VariableAtom" if len(given) == 1:
            name = only_text(module, given[0])
            return f"${name}" if name else ""
        case "E" | "ExpressionAtom":
            inner = [_type(module, element, steps - 1) for element in given]
            return f"({' '.join(inner)})" if all(inner) else ""
    return ""


def only_text(module: PythonModule, node: Node) -> str:
    """The first text that an expression may have, "" where none is known."""
    found = next(texts(module, node), ())
    return text_of(found).decode("utf-8", "replace")
