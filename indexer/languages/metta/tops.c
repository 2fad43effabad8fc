/* Top-level atoms, and the facts among them by head and number of arguments. */
#include "walk.h"

int append_top(Tops *tops, const Tree *tree, uint32_t row, uint8_t kind, uint32_t name) {
    tops->kinds[tops->starts.count] = kind;
    return append(&tops->starts, tree->start[row]) || append(&tops->ends, tree->end[row]) || append(&tops->names, name);
}

static size_t slot_of(const Tops *tops, uint32_t name, uint32_t arity) {
    size_t at = (name * 2654435761u ^ arity * 40503u) & (tops->slot_count - 1);
    while (tops->slots[at]) {
        const Fact *fact = &tops->facts[tops->slots[at] - 1];
        if (fact->name == name && fact->arity == arity) break;
        at = (at + 1) & (tops->slot_count - 1);
    }
    return at;
}

int count_fact(Tops *tops, uint32_t name, uint32_t arity, uint32_t start) {
    if (tops->fact_count == tops->fact_capacity) {
        size_t capacity = tops->fact_capacity ? tops->fact_capacity * 2 : 32;
        Fact *facts = PyMem_Realloc(tops->facts, capacity * sizeof(Fact));
        if (facts) tops->facts = facts;
        uint32_t *slots = PyMem_Calloc(capacity * 2, 4);
        if (!facts || !slots) {
            PyMem_Free(slots);
            PyErr_NoMemory();
            return -1;
        }
        PyMem_Free(tops->slots);
        tops->slots = slots;
        tops->slot_count = capacity * 2;
        tops->fact_capacity = capacity;
        for (size_t i = 0; i < tops->fact_count; i++)
            slots[slot_of(tops, facts[i].name, facts[i].arity)] = (uint32_t)i + 1;
    }
    size_t at = slot_of(tops, name, arity);
    if (!tops->slots[at]) {
        tops->facts[tops->fact_count++] = (Fact){name, arity, 0, start};
        tops->slots[at] = (uint32_t)tops->fact_count;
    }
    tops->facts[tops->slots[at] - 1].count++;
    return 0;
}

PyObject *facts_as_list(const Tops *tops) {
    PyObject *list = PyList_New((Py_ssize_t)tops->fact_count);
    for (size_t i = 0; list && i < tops->fact_count; i++) {
        const Fact *fact = &tops->facts[i];
        PyObject *item = Py_BuildValue("(IIII)", fact->name - 1, fact->arity, fact->count, fact->first_start);
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item)) Py_CLEAR(list);
    }
    return list;
}

void free_tops(Tops *tops) {
    PyMem_Free(tops->starts.items);
    PyMem_Free(tops->ends.items);
    PyMem_Free(tops->names.items);
    PyMem_Free(tops->kinds);
    PyMem_Free(tops->facts);
    PyMem_Free(tops->slots);
}
