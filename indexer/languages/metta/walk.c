/*
 * One pass over a tree's columns that says what each word is there for.
 *
 * What a word does is decided by its position: the argument of a form is
 * evaluated, or matched, or data, or a type, and so are the words in it. Which
 * form gives which positions to its arguments is a table made in forms.py; this
 * file only carries positions down the tree.
 */
#include "binding.h"

#include <stdint.h>
#include <string.h>

/* ---- words and variables as small numbers ------------------------------- */

typedef struct {
    uint32_t start, length, hash, number;
} Slot;

/* FNV-1a from a start that differs from process to process: nobody can write a file of colliding words. */
static uint32_t hash_bytes(uint32_t seed, const uint8_t *bytes, size_t length) {
    uint32_t hash = 2166136261u ^ seed;
    for (size_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 16777619u;
    return hash;
}

/*
 * intern(source, kinds, starts, ends) -> (names, numbers)
 *
 * names: list of bytes, in the order of first appearance. numbers: one uint32 a
 * row, index + 1 into names; 0 where the row is neither a symbol nor a variable.
 */
PyObject *metta_intern(PyObject *module, PyObject *args) {
    Py_buffer source, kinds, starts, ends;
    if (!PyArg_ParseTuple(args, "y*y*y*y*", &source, &kinds, &starts, &ends)) return NULL;
    const uint8_t *text = source.buf, *kind = kinds.buf;
    const uint32_t *start = starts.buf, *end = ends.buf;
    size_t count = (size_t)kinds.len, capacity = 256, used = 0;
    PyObject *names = PyList_New(0), *result = NULL, *word = PyUnicode_FromString("metta");
    uint32_t seed = word ? (uint32_t)PyObject_Hash(word) : 0; /* Python's own is random */
    Py_XDECREF(word);
    uint32_t *numbers = PyMem_Calloc(count + 1, 4);
    Slot *slots = PyMem_Calloc(capacity, sizeof(Slot));
    if (!names || !numbers || !slots) {
        PyErr_NoMemory();
        goto done;
    }
    for (size_t row = 0; row < count; row++) {
        if (kind[row] != SYMBOL && kind[row] != VARIABLE_NODE) continue;
        if (end[row] > (size_t)source.len || start[row] > end[row]) {
            PyErr_SetString(PyExc_ValueError, "the tree is not of this source");
            goto done;
        }
        uint32_t length = end[row] - start[row], hash = hash_bytes(seed, text + start[row], length);
        size_t at = hash & (capacity - 1);
        while (slots[at].number && (slots[at].hash != hash || slots[at].length != length ||
                                    memcmp(text + slots[at].start, text + start[row], length)))
            at = (at + 1) & (capacity - 1);
        if (!slots[at].number) {
            PyObject *name = PyBytes_FromStringAndSize((const char *)text + start[row], length);
            if (!name || PyList_Append(names, name)) {
                Py_XDECREF(name);
                goto done;
            }
            Py_DECREF(name);
            slots[at] = (Slot){start[row], length, hash, (uint32_t)++used};
            numbers[row] = (uint32_t)used;
            if (used * 2 > capacity) {
                Slot *grown = PyMem_Calloc(capacity * 2, sizeof(Slot));
                if (!grown) {
                    PyErr_NoMemory();
                    goto done;
                }
                for (size_t i = 0; i < capacity; i++) {
                    if (!slots[i].number) continue;
                    size_t to = slots[i].hash & (capacity * 2 - 1);
                    while (grown[to].number) to = (to + 1) & (capacity * 2 - 1);
                    grown[to] = slots[i];
                }
                PyMem_Free(slots);
                slots = grown;
                capacity *= 2;
            }
        } else {
            numbers[row] = slots[at].number;
        }
    }
    result = Py_BuildValue("(Oy#)", names, (const char *)numbers, (Py_ssize_t)count * 4);
done:
    Py_XDECREF(names);
    PyMem_Free(numbers);
    PyMem_Free(slots);
    PyBuffer_Release(&source);
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&ends);
    return result;
}

/* ---- positions ----------------------------------------------------------- */

/* In the order of forms.Position and symbols.Role; tests compare them. */
enum {
    EVALUATED, PATTERN, DATA, TYPE, HEAD, PAIRS, ITEMS, BINDER, SUBJECT, DOCUMENTED, MODULE, TOKEN, SPACE, TOP,
    PAIR /* inside PAIRS; no argument has it */
};
enum { DEFINITION, DECLARATION, DOCUMENTATION, IMPORT, FACT, BINDING, REFERENCE };
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

typedef struct {
    uint32_t *items;
    size_t count, capacity;
} Numbers;

static int append(Numbers *numbers, uint32_t value) {
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

static PyObject *numbers_as_bytes(const Numbers *numbers) {
    return PyBytes_FromStringAndSize((const char *)numbers->items, (Py_ssize_t)numbers->count * 4);
}

static int append_top(Numbers *tops, uint32_t row, uint32_t event, uint32_t arity) {
    return append(tops, row) || append(tops, event) || append(tops, arity);
}

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

/*
 * classify(kinds, tails, numbers, form_of_name, forms, self, silent)
 *   -> (rows, roles, arguments, events, tops)
 *
 * form_of_name: one uint16 a name, its offset into `forms` or 0. forms: the
 * table of forms.py as bytes. self: number of the name `&self`, or 0. silent:
 * one byte a name, 1 where it is a literal and no occurrence.
 * rows, roles: the occurrences; a role is role | use << 4. arguments: 0 for an
 * occurrence that is no head of a list, else one more than the list has arguments.
 * events: (row, event, dynamic) triples: lists that forms.py wants to see whole.
 * tops: (row, event, arity) triples of the top-level atoms; an event of 255 marks
 * a fact, 254 an evaluation, 253 anything else.
 */
enum { FACT_TOP = 255, EVALUATION_TOP = 254, OTHER_TOP = 253 };

PyObject *metta_classify(PyObject *module, PyObject *args) {
    Py_buffer kinds, tails, numbers, form_of_name, forms, silent;
    unsigned int self;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*Iy*", &kinds, &tails, &numbers, &form_of_name, &forms, &self, &silent))
        return NULL;
    const uint8_t *kind = kinds.buf, *form_table = forms.buf, *is_silent = silent.buf;
    const uint32_t *tail = tails.buf, *number = numbers.buf;
    const uint16_t *offsets = form_of_name.buf;
    size_t count = (size_t)kinds.len;
    Numbers rows = {0}, events = {0}, tops = {0};
    uint8_t *roles = PyMem_Malloc(count + 1);
    uint32_t *arguments = PyMem_Calloc(count + 1, 4);
    Frame *frames = NULL;
    size_t depth = 0, frame_capacity = 0;
    PyObject *result = NULL;
    if (!roles || !arguments) {
        PyErr_NoMemory();
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
                if (top && append_top(&tops, row, kind[row] == EVALUATION ? EVALUATION_TOP : OTHER_TOP, 0)) goto done;
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
                uint8_t event = OTHER_TOP;
                if (place && name && (top || offsets[name - 1])) {
                    for (uint32_t child = first; child < tail[row]; child = tail[child])
                        arity += kind[child] != COMMENT && kind[child] != MISSING_NODE;
                    if (offsets[name - 1]) variant = find_variant(form_table + offsets[name - 1], place, arity - 1);
                }
                if (variant) {
                    frame.positions = variant[3] ? variant + 4 : NULL;
                    frame.position_count = variant[3];
                    frame.rest = DATA;
                    if (variant[2]) {
                        event = variant[2];
                        uint8_t later = dynamic || (place == WHERE_EVALUATED && !(parent && parent->position == 255));
                        if (append(&events, row) || append(&events, event) || append(&events, later)) goto done;
                    }
                    if (place == WHERE_EVALUATED && variant[3])
                        for (uint8_t i = 0; i < variant[3]; i++) frame.dynamic |= variant[4 + i] == TOP;
                } else if (position == TOP) {
                    frame.rest = DATA;
                    if (name) event = FACT_TOP;
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
                if (top && append_top(&tops, row, event, arity ? arity - 1 : 0)) goto done;
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

        if (top && append_top(&tops, row, OTHER_TOP, 0)) goto done;
        if (!number[row] || (kind[row] == SYMBOL && is_silent[number[row] - 1])) continue;
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
            role = role_of_symbol(position, number[row] == self);
        }
        if (append(&rows, row)) goto done;
        roles[rows.count - 1] = role | (uint8_t)(use << 4);
        if (head) parent->head = rows.count;
    }
    while (depth) close_list(&frames[--depth], arguments);
    result = Py_BuildValue("(NNNNN)", numbers_as_bytes(&rows),
                           PyBytes_FromStringAndSize((const char *)roles, (Py_ssize_t)rows.count),
                           PyBytes_FromStringAndSize((const char *)arguments, (Py_ssize_t)rows.count * 4),
                           numbers_as_bytes(&events), numbers_as_bytes(&tops));
done:
    PyMem_Free(rows.items);
    PyMem_Free(events.items);
    PyMem_Free(tops.items);
    PyMem_Free(roles);
    PyMem_Free(arguments);
    PyMem_Free(frames);
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&tails);
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&form_of_name);
    PyBuffer_Release(&forms);
    PyBuffer_Release(&silent);
    return result;
}
