/* What the walk over a tree's columns and its parts share. */
#ifndef METTA_WALK_H
#define METTA_WALK_H

#include "binding.h"

#include <stdint.h>

/* In the order of symbols.Role; tests compare them. */
enum { DEFINITION, DECLARATION, DOCUMENTATION, IMPORT, FACT, BINDING, REFERENCE };

/* In the order of forms.Event. */
enum { RULE = 1, DECLARATION_EVENT, SUBTYPE_EVENT, DOCUMENTATION_EVENT };

/* In the order of symbols.TopKind. */
enum { RULE_TOP, DECLARATION_TOP, DOCUMENTATION_TOP, FACT_TOP, EVALUATION_TOP, OTHER_TOP };

typedef struct {
    uint32_t *items;
    size_t count, capacity;
} Numbers;

static inline int append(Numbers *numbers, uint32_t value) {
    if (numbers->count == numbers->capacity) {
        size_t capacity = numbers->capacity ? numbers->capacity * 2 : 256;
        uint32_t *items = PyMem_Realloc(numbers->items, capacity * 4);
        if (!items) {
            PyErr_NoMemory();
            return -1;
        }
        numbers->items = items;
        numbers->capacity = capacity;
    }
    numbers->items[numbers->count++] = value;
    return 0;
}

static inline PyObject *numbers_as_bytes(const Numbers *numbers) {
    return PyBytes_FromStringAndSize((const char *)numbers->items, (Py_ssize_t)numbers->count * 4);
}

/* The columns of a tree, and the text it is of. */
typedef struct {
    const uint8_t *text, *kind;
    const uint32_t *start, *end, *tail, *number;
    PyObject *make, *document; /* symbols.Definition and symbols.Documentation */
    PyObject *decode;          /* lexical.decode_string */
} Tree;

/* The first child of a list at or after a row, comments left out; the list's tail where there is none. */
static inline uint32_t child_at(const Tree *tree, uint32_t row, uint32_t tail) {
    while (row < tail && (tree->kind[row] == COMMENT || tree->kind[row] == MISSING_NODE)) row = tree->tail[row];
    return row;
}

/* Appends what a form says: a definition where that can be told here, else what is to be read. -1 on errors. */
int read_form(const Tree *tree, PyObject *forms, uint32_t row, uint8_t event, int later, uint32_t *name);

/* A node as written, white space folded and comments left out. */
PyObject *text_of(const Tree *tree, uint32_t row);
int is_word(const Tree *tree, uint32_t row, const char *word);

/* What `(@doc f …)` says; None where f is no name. `name`: the row of f. */
PyObject *read_documentation(const Tree *tree, uint32_t row, uint32_t *name);

/* All facts with one head and number of arguments. */
typedef struct {
    uint32_t name, arity, count, first_start;
} Fact;

typedef struct {
    Numbers starts, ends, names;
    uint8_t *kinds;
    Fact *facts;
    size_t fact_count, fact_capacity;
    uint32_t *slots; /* number of a fact, from 1, by its hash */
    size_t slot_count;
} Tops;

/* These give -1 on errors. `name`: the number of what an atom defines or states a fact of, or 0. */
int append_top(Tops *tops, const Tree *tree, uint32_t row, uint8_t kind, uint32_t name);
int count_fact(Tops *tops, uint32_t name, uint32_t arity, uint32_t start);
PyObject *facts_as_list(const Tops *tops);
void free_tops(Tops *tops);

#endif
