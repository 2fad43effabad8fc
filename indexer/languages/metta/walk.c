/*
 * One pass over a tree's columns that says what each word is there for.
 *
 * What a word does is decided by its position: the argument of a form is
 * evaluated, or matched, or data, or a type, and so are the words in it. Which
 * form gives which positions to its arguments is a table made in forms.py; this
 * file only carries positions down the tree.
 */
#include "walk.h"

/* In the order of forms.Position; tests compare them. */
enum {
    EVALUATED, PATTERN, DATA, TYPE, HEAD, PAIRS, ITEMS, BINDER, SUBJECT, DOCUMENTED, MODULE, TOKEN, SPACE, TOP,
    PAIR /* inside PAIRS; no argument has it */
};
enum { AS_CALL, AS_EVALUATED, AS_PATTERN, AS_DATA, AS_TYPE };

/* Where a form acts; the first byte of a variant in the table. */
enum { AT_TOP = 1, WHERE_EVALUATED = 2 };
#define ANY_ARITY 255

typedef struct {
    uint32_t tail;      /* row after the last child */
    uint32_t arguments; /* seen so far, the head not counted */
    size_t head;        /* number of the occurrence that is the head, from 1; 0: none is */
    uint8_t position;   /* of the list itself */
    uint8_t dynamic;    /* inside something that defines while it runs */
    uint8_t pair;       /* children are (pattern, value) pairs of let*, branches of case */
    const uint8_t *positions; /* of the arguments, the last for all further ones; NULL: `rest` for all */
    uint8_t position_count, rest;
} Frame;

/* The variant of a form for this place and number of arguments; NULL if it has none. */
static const uint8_t *find_variant(const uint8_t *form, uint8_t place, uint32_t arity) {
    uint8_t count = *form++;
    for (uint8_t i = 0; i < count; i++) {
        if ((form[0] & place) && (form[1] == ANY_ARITY || form[1] == arity)) return form;
        form += 4 + form[3];
    }
    return NULL;
}

/* How a word in this position is used, where it is not defined or bound there. */
static uint8_t use_of(uint8_t position) {
    switch (position) {
    case PATTERN: case HEAD: case BINDER: return AS_PATTERN;
    case DATA: case TOP: case SUBJECT: case DOCUMENTED: return AS_DATA;
    case TYPE: return AS_TYPE;
    default: return AS_EVALUATED;
    }
}

static uint8_t role_of_symbol(uint8_t position, uint8_t literal_space) {
    switch (position) {
    case HEAD: case TOKEN: return DEFINITION;
    case SPACE: return literal_space ? REFERENCE : DEFINITION;
    case SUBJECT: return DECLARATION;
    case DOCUMENTED: return DOCUMENTATION;
    case MODULE: return IMPORT;
    default: return REFERENCE;
    }
}

static int binds(uint8_t position) {
    return position == PATTERN || position == HEAD || position == BINDER || position == TOKEN || position == SPACE;
}

/* A list ends: its head learns how many arguments it has. */
static void close_list(const Frame *frame, uint32_t *arguments) {
    if (frame->head) arguments[frame->head - 1] = frame->arguments + 1;
}

/* In the table of a dialect: no form, but a literal, which is no occurrence, or `&self`. */
enum { LITERAL = 65535, SELF = 65534 };

/*
 * classify(source, kinds, starts, ends, tails, numbers, meanings, offsets, forms, make, document,
 *          decode)
 *   -> (names, starts, roles, arguments, found, top_starts, top_ends, top_kinds, top_names, facts, atoms)
 *
 * numbers, meanings: those of intern. offsets: one uint16 a meaning, where its form
 * is in `forms`, or 0, or LITERAL or SELF. forms: the table of forms.py as bytes.
 * make, document: what makes a definition, and documentation, of its fields. decode:
 * what gives the value of a string token.
 * names, starts, roles, arguments: the occurrences, as symbols.SymbolTable has them
 * before they are packed; so are the columns of top-level atoms.
 * found: the forms that define or have an event, in order: definitions and documentation made, or
 * (row, event, flags, rows of children) of what is left to read. facts: (name, arity, count, first
 * start). atoms: as the reference parser counts them, `!` by itself.
 */
PyObject *metta_classify(PyObject *module, PyObject *args) {
    Py_buffer source, kinds, starts, ends, tails, numbers, meanings, offsets, forms;
    PyObject *make, *document, *decode;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*OOO", &source, &kinds, &starts, &ends, &tails, &numbers, &meanings,
                          &offsets, &forms, &make, &document, &decode))
        return NULL;
    const Tree tree = {source.buf, kinds.buf, starts.buf, ends.buf, tails.buf, numbers.buf, make, document, decode};
    const uint8_t *kind = tree.kind, *form_table = forms.buf;
    const uint32_t *tail = tree.tail, *number = tree.number;
    const uint16_t *meaning = meanings.buf, *offset = offsets.buf;
    size_t count = (size_t)kinds.len, atoms = 0;
    Numbers names = {0}, places = {0};
    Tops tops = {0};
    tops.kinds = PyMem_Malloc(count + 1);
    uint8_t *roles = PyMem_Malloc(count + 1);
    uint32_t *arguments = PyMem_Calloc(count + 1, 4);
    Frame *frames = NULL;
    size_t depth = 0, frame_capacity = 0;
    PyObject *result = NULL, *found = PyList_New(0);
    if (!roles || !arguments || !tops.kinds || !found) {
        PyErr_NoMemory();
        goto done;
    }
    if (count && tree.end[0] > (size_t)source.len) { /* all other nodes are inside the root */
        PyErr_SetString(PyExc_ValueError, "the tree is not of this source");
        goto done;
    }
    for (uint32_t row = 1; row < count; row++) {
        while (depth && frames[depth - 1].tail <= row) close_list(&frames[--depth], arguments);
        if (kind[row] == COMMENT || kind[row] == MISSING_NODE) continue;

        /* Where does this node stand? */
        Frame *parent = depth ? &frames[depth - 1] : NULL;
        uint8_t position = TOP, dynamic = 0;
        int head = 0;
        if (parent) {
            dynamic = parent->dynamic;
            if (parent->position == 255) { /* an evaluation or an error node */
                position = parent->rest;
            } else if (parent->pair) {
                position = parent->arguments == 0 ? PATTERN : EVALUATED;
                parent->arguments++;
            } else if (parent->arguments == UINT32_MAX) {
                head = 1;
                parent->arguments = 0;
                position = parent->position;
                if (position == TOP && kind[row] != SYMBOL) position = DATA; /* only a word heads a fact */
            } else {
                uint32_t argument = parent->arguments++;
                position = !parent->positions                         ? parent->rest
                           : argument < parent->position_count       ? parent->positions[argument]
                                                                      : parent->positions[parent->position_count - 1];
            }
        }
        int top = position == TOP && !parent;

        if (kind[row] == EXPRESSION || kind[row] == EVALUATION || kind[row] == ERROR_NODE) {
            Frame frame = {tail[row], UINT32_MAX, 0, position, dynamic, 0, NULL, 0, 0};
            if (kind[row] != EXPRESSION) {
                frame.position = 255;
                frame.rest = EVALUATED;
                if (kind[row] == EVALUATION) atoms += child_at(&tree, row + 1, tail[row]) < tail[row];
                if (top && append_top(&tops, &tree, row, kind[row] == EVALUATION ? EVALUATION_TOP : OTHER_TOP, 0))
                    goto done;
            } else if (position == PAIRS || position == ITEMS) {
                frame.arguments = 0; /* no child is a head */
                frame.rest = position == PAIRS ? PAIR : EVALUATED;
            } else if (position == PAIR) {
                frame.pair = 1;
                frame.arguments = 0;
                frame.position = EVALUATED;
            } else {
                /* the head decides, if it is a word that names a form */
                uint32_t first = row + 1, arity = 0;
                while (first < tail[row] && kind[first] == COMMENT) first++;
                uint32_t name = first < tail[row] && kind[first] == SYMBOL ? number[first] : 0;
                const uint8_t *variant = NULL;
                uint8_t place = position == TOP ? AT_TOP : position == EVALUATED ? WHERE_EVALUATED : 0;
                uint32_t form = name ? offset[meaning[name - 1]] : 0, defined = 0;
                if (form >= SELF) form = 0;
                uint8_t kind_of_top = OTHER_TOP;
                if (place && name && (top || form)) {
                    for (uint32_t child = first; child < tail[row]; child = tail[child])
                        arity += kind[child] != COMMENT && kind[child] != MISSING_NODE;
                    if (form) variant = find_variant(form_table + form, place, arity - 1);
                }
                if (variant) {
                    frame.positions = variant[3] ? variant + 4 : NULL;
                    frame.position_count = variant[3];
                    frame.rest = DATA;
                    if (variant[2]) {
                        uint8_t later = dynamic || (place == WHERE_EVALUATED && !(parent && parent->position == 255));
                        if (read_form(&tree, found, row, variant[2], later, &defined)) goto done;
                        kind_of_top = variant[2] == RULE                  ? RULE_TOP
                                      : variant[2] <= SUBTYPE_EVENT       ? DECLARATION_TOP
                                      : variant[2] == DOCUMENTATION_EVENT ? DOCUMENTATION_TOP
                                                                          : OTHER_TOP;
                    }
                    if (place == WHERE_EVALUATED && variant[3])
                        for (uint8_t i = 0; i < variant[3]; i++) frame.dynamic |= variant[4 + i] == TOP;
                } else if (position == TOP) {
                    frame.rest = DATA;
                    if (name && top) {
                        kind_of_top = FACT_TOP;
                        defined = first;
                        if (count_fact(&tops, name, arity - 1, tree.start[row])) goto done;
                    }
                } else if (position == HEAD) {
                    frame.rest = PATTERN;
                } else if (position == SUBJECT || position == DOCUMENTED) {
                    frame.rest = DATA;
                    frame.position = DATA;
                } else if (position == TOKEN || position == SPACE || position == MODULE) {
                    frame.rest = EVALUATED;
                    frame.position = EVALUATED;
                } else {
                    frame.rest = position;
                }
                if (top && append_top(&tops, &tree, row, kind_of_top, defined ? number[defined] : 0)) goto done;
                if (variant && position == TOP) frame.position = DATA; /* the word `=` itself is data */
            }
            if (depth == frame_capacity) {
                size_t capacity = frame_capacity ? frame_capacity * 2 : 64;
                Frame *grown = PyMem_Realloc(frames, capacity * sizeof(Frame));
                if (!grown) {
                    PyErr_NoMemory();
                    goto done;
                }
                frames = grown;
                frame_capacity = capacity;
            }
            frames[depth++] = frame;
            continue;
        }

        if (top && append_top(&tops, &tree, row, OTHER_TOP, 0)) goto done;
        if (!number[row]) continue;
        uint16_t special = offset[meaning[number[row] - 1]];
        if (special == LITERAL) continue;
        if (position == PAIR) position = EVALUATED; /* a word where a pair was expected */
        uint8_t role, use = use_of(position);
        if (kind[row] == VARIABLE_NODE) {
            role = binds(position) ? BINDING : REFERENCE;
        } else if (head && position == TOP) {
            role = FACT;
        } else if (head && position == HEAD) {
            role = DEFINITION;
        } else if (head) {
            role = REFERENCE;
            if (position == EVALUATED) use = AS_CALL;
        } else {
            role = role_of_symbol(position, special == SELF);
        }
        if (append(&names, number[row] - 1) || append(&places, tree.start[row])) goto done;
        roles[names.count - 1] = role | (uint8_t)(use << 4);
        if (head) parent->head = names.count;
    }
    while (depth) close_list(&frames[--depth], arguments);
    atoms += tops.starts.count;
    Py_INCREF(found);
    result = Py_BuildValue(
        "(NNy#y#NNNy#NNn)", numbers_as_bytes(&names), numbers_as_bytes(&places), (const char *)roles,
        (Py_ssize_t)names.count, (const char *)arguments, (Py_ssize_t)names.count * 4, found,
        numbers_as_bytes(&tops.starts), numbers_as_bytes(&tops.ends), (const char *)tops.kinds,
        (Py_ssize_t)tops.starts.count, numbers_as_bytes(&tops.names), facts_as_list(&tops), (Py_ssize_t)atoms);
done:
    Py_XDECREF(found);
    PyMem_Free(names.items);
    PyMem_Free(places.items);
    free_tops(&tops);
    PyMem_Free(roles);
    PyMem_Free(arguments);
    PyMem_Free(frames);
    PyBuffer_Release(&source);
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&tails);
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&meanings);
    PyBuffer_Release(&offsets);
    PyBuffer_Release(&forms);
    return result;
}
