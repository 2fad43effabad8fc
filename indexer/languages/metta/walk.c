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
 * intern(source, kinds, starts, ends, words, telling) -> (names, numbers, meanings, tells)
 *
 * names: tuple of bytes, in the order of first appearance. numbers: one uint32 a
 * row, index + 1 into names; 0 where the row is neither a symbol nor a variable.
 * meanings: one uint16 a name, what `words` (bytes to int) has for it, or 0.
 * tells: whether one of these is from 1 to `telling`.
 */
PyObject *metta_intern(PyObject *module, PyObject *args) {
    Py_buffer source, kinds, starts, ends;
    PyObject *words;
    unsigned int telling;
    if (!PyArg_ParseTuple(args, "y*y*y*y*O!I", &source, &kinds, &starts, &ends, &PyDict_Type, &words, &telling))
        return NULL;
    const uint8_t *text = source.buf, *kind = kinds.buf;
    const uint32_t *start = starts.buf, *end = ends.buf;
    size_t count = (size_t)kinds.len, capacity = 256, used = 0;
    int tells = 0;
    PyObject *names = PyList_New(0), *result = NULL, *word = PyUnicode_FromString("metta");
    uint32_t seed = word ? (uint32_t)PyObject_Hash(word) : 0; /* Python's own is random */
    Py_XDECREF(word);
    uint32_t *numbers = PyMem_Calloc(count + 1, 4);
    Slot *slots = PyMem_Calloc(capacity, sizeof(Slot));
    uint16_t *meanings = PyMem_Malloc(capacity * sizeof(uint16_t)); /* more than half of it is never used */
    if (!names || !numbers || !slots || !meanings) {
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
            PyObject *known = PyDict_GetItemWithError(words, name); /* borrowed */
            Py_DECREF(name);
            long meaning = known ? PyLong_AsLong(known) : 0;
            if (PyErr_Occurred()) goto done;
            meanings[used] = (uint16_t)meaning;
            tells |= meaning && meaning <= (long)telling;
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
                uint16_t *more = PyMem_Realloc(meanings, capacity * sizeof(uint16_t));
                if (!more) {
                    PyErr_NoMemory();
                    goto done;
                }
                meanings = more;
            }
        } else {
            numbers[row] = slots[at].number;
        }
    }
    result = Py_BuildValue("(Ny#y#N)", PyList_AsTuple(names), (const char *)numbers, (Py_ssize_t)count * 4,
                           (const char *)meanings, (Py_ssize_t)used * 2, PyBool_FromLong(tells));
done:
    Py_XDECREF(names);
    PyMem_Free(meanings);
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

/* ---- whole forms ---------------------------------------------------------- */

typedef struct {
    const uint8_t *text, *kind;
    const uint32_t *start, *end, *tail, *number;
    PyObject *make; /* symbols.Definition */
} Tree;

/* In the order of symbols.Kind and symbols.Flag. */
enum { FUNCTION_KIND, CONSTANT_KIND, TYPE_KIND, SYMBOL_KIND };
enum { DYNAMIC = 1, CURRIED = 2, SUBTYPE = 8 };

/* In the order of forms.Event. */
enum { RULE = 1, DECLARATION_EVENT, SUBTYPE_EVENT, DOCUMENTATION_EVENT };

/* The first child of a list at or after a row, comments left out; the list's tail where there is none. */
static uint32_t child_at(const Tree *tree, uint32_t row, uint32_t tail) {
    while (row < tail && (tree->kind[row] == COMMENT || tree->kind[row] == MISSING_NODE)) row = tree->tail[row];
    return row;
}

static uint32_t count_children(const Tree *tree, uint32_t row, uint32_t *last) {
    uint32_t count = 0, tail = tree->tail[row];
    for (uint32_t child = child_at(tree, row + 1, tail); child < tail; child = child_at(tree, tree->tail[child], tail)) {
        count++;
        *last = child;
    }
    return count;
}

static PyObject *children_as_list(const Tree *tree, uint32_t row) {
    uint32_t tail = tree->tail[row];
    PyObject *rows = PyList_New(0);
    for (uint32_t child = child_at(tree, row + 1, tail); rows && child < tail;
         child = child_at(tree, tree->tail[child], tail)) {
        PyObject *number = PyLong_FromUnsignedLong(child);
        if (!number || PyList_Append(rows, number)) Py_CLEAR(rows);
        Py_XDECREF(number);
    }
    return rows;
}

static int is_word(const Tree *tree, uint32_t row, const char *word) {
    size_t length = strlen(word);
    return tree->end[row] - tree->start[row] == length && !memcmp(tree->text + tree->start[row], word, length);
}

/* Whether bytes are what folding white space makes of them: printable ASCII, single spaces between. */
static int is_folded(const uint8_t *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (bytes[i] < ' ' || bytes[i] > '~' || (bytes[i] == ' ' && (!i || i + 1 == length || bytes[i - 1] == ' ')))
            return 0;
    return 1;
}

/* A node as written, white space folded and comments left out. */
static PyObject *text_of(const Tree *tree, uint32_t row) {
    const uint8_t *bytes = tree->text + tree->start[row];
    size_t length = tree->end[row] - tree->start[row];
    uint8_t *kept = NULL;
    if (tree->tail[row] > row + 1 && memchr(bytes, ';', length)) {
        if (!(kept = PyMem_Malloc(length + 1))) return PyErr_NoMemory();
        size_t used = 0;
        uint32_t at = tree->start[row];
        for (uint32_t inner = row + 1; inner < tree->tail[row]; inner++) {
            if (tree->kind[inner] != COMMENT) continue;
            memcpy(kept + used, tree->text + at, tree->start[inner] - at);
            used += tree->start[inner] - at;
            at = tree->end[inner];
        }
        memcpy(kept + used, tree->text + at, tree->end[row] - at);
        length = used + tree->end[row] - at;
        bytes = kept;
    }
    PyObject *text = PyUnicode_DecodeUTF8((const char *)bytes, (Py_ssize_t)length, "backslashreplace");
    if (text && !is_folded(bytes, length)) {
        PyObject *words = PyUnicode_Split(text, NULL, -1), *space = PyUnicode_FromString(" ");
        Py_DECREF(text);
        text = words && space ? PyUnicode_Join(space, words) : NULL;
        Py_XDECREF(words);
        Py_XDECREF(space);
    }
    PyMem_Free(kept);
    return text;
}

/* text(source, kinds, starts, ends, tails, row): the node of a row as written, white space folded, without comments. */
PyObject *metta_text(PyObject *module, PyObject *args) {
    Py_buffer source, kinds, starts, ends, tails;
    unsigned int row;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*I", &source, &kinds, &starts, &ends, &tails, &row)) return NULL;
    Tree tree = {source.buf, kinds.buf, starts.buf, ends.buf, tails.buf, NULL, NULL};
    PyObject *result = NULL;
    if (row < (size_t)kinds.len && tree.start[row] <= tree.end[row] && tree.end[row] <= (size_t)source.len)
        result = text_of(&tree, row);
    else
        PyErr_SetString(PyExc_IndexError, "no such row");
    PyBuffer_Release(&source);
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&tails);
    return result;
}

/* Steals signature and type. */
static PyObject *define(const Tree *tree, uint32_t row, uint32_t name, int role, int kind, long arity, int flags,
                        PyObject *signature, PyObject *type) {
    PyObject *made = NULL;
    if (signature && type)
        made = PyObject_CallFunction(tree->make, "IiilIIIiOO", tree->number[name] - 1, role, kind, arity,
                                     tree->start[name], tree->start[row], tree->end[row], flags, signature, type);
    Py_XDECREF(signature);
    Py_XDECREF(type);
    return made;
}

/*
 * What `(= (f a b) body)`, `(= ((f a) b) body)` and `(= f body)` define; `(= $x …)`
 * names nothing: None. `name`: the row of the name.
 */
static PyObject *read_rule(const Tree *tree, uint32_t row, int flags, uint32_t *name) {
    uint32_t tail = tree->tail[row], first = child_at(tree, row + 1, tail), last;
    uint32_t head = first < tail ? child_at(tree, tree->tail[first], tail) : tail, at = head;
    long arity = -1;
    if (head == tail) Py_RETURN_NONE;
    while (tree->kind[at] == EXPRESSION) {
        uint32_t parts = count_children(tree, at, &last);
        if (!parts) Py_RETURN_NONE;
        if (arity >= 0) flags |= CURRIED;
        arity = (arity > 0 ? arity : 0) + parts - 1;
        at = child_at(tree, at + 1, tree->tail[at]);
    }
    if (tree->kind[at] != SYMBOL) Py_RETURN_NONE;
    *name = at;
    return define(tree, row, at, DEFINITION, arity < 0 ? CONSTANT_KIND : FUNCTION_KIND, arity, flags,
                  text_of(tree, head), PyUnicode_FromString(""));
}

/* What `(: f (-> A B))`, `(: T Type)`, `(: c T)` and `(:< A B)` declare; None where that is no name. */
static PyObject *read_declaration(const Tree *tree, uint32_t row, int flags, uint32_t *name) {
    uint32_t tail = tree->tail[row], first = child_at(tree, row + 1, tail);
    uint32_t subject = first < tail ? child_at(tree, tree->tail[first], tail) : tail;
    if (subject == tail || tree->kind[subject] != SYMBOL) Py_RETURN_NONE;
    uint32_t written = child_at(tree, tree->tail[subject], tail);
    int kind = SYMBOL_KIND;
    long arity = -1;
    PyObject *type = written < tail ? text_of(tree, written) : PyUnicode_FromString("");
    if (!type) return NULL;
    if (written < tail) {
        if ((flags & SUBTYPE) || !PyUnicode_CompareWithASCIIString(type, "Type")) {
            kind = TYPE_KIND;
        } else if (tree->kind[written] == EXPRESSION) {
            uint32_t last, parts = count_children(tree, written, &last);
            if (parts && is_word(tree, child_at(tree, written + 1, tree->tail[written]), "->")) {
                arity = parts > 2 ? (long)parts - 2 : 0;
                kind = parts > 1 && is_word(tree, last, "Type") ? TYPE_KIND : FUNCTION_KIND;
            }
        }
    }
    *name = subject;
    return define(tree, row, subject, DECLARATION, kind, arity, flags, text_of(tree, subject), type);
}

/* Appends what a form says: a definition where that can be told here, else what is to be read. -1 on errors. */
static int read_form(const Tree *tree, PyObject *forms, uint32_t row, uint8_t event, int later, uint32_t *name) {
    PyObject *form;
    int flags = later ? DYNAMIC : 0;
    if (event == RULE) {
        form = read_rule(tree, row, flags, name);
    } else if (event == DECLARATION_EVENT || event == SUBTYPE_EVENT) {
        form = read_declaration(tree, row, flags | (event == SUBTYPE_EVENT ? SUBTYPE : 0), name);
    } else {
        uint32_t tail = tree->tail[row], first = child_at(tree, row + 1, tail);
        uint32_t second = first < tail ? child_at(tree, tree->tail[first], tail) : tail;
        if (event == DOCUMENTATION_EVENT && second < tail && tree->kind[second] == SYMBOL) *name = second;
        PyObject *children = children_as_list(tree, row);
        form = children ? Py_BuildValue("(IBiN)", row, event, flags, children) : NULL;
    }
    if (!form) return -1;
    int result = form == Py_None ? 0 : PyList_Append(forms, form);
    Py_DECREF(form);
    return result;
}

/* ---- top-level atoms ------------------------------------------------------ */

/* In the order of symbols.TopKind. */
enum { RULE_TOP, DECLARATION_TOP, DOCUMENTATION_TOP, FACT_TOP, EVALUATION_TOP, OTHER_TOP };

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

static int append_top(Tops *tops, const Tree *tree, uint32_t row, uint8_t kind, uint32_t name) {
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

static int count_fact(Tops *tops, uint32_t name, uint32_t arity, uint32_t start) {
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

static PyObject *facts_as_list(const Tops *tops) {
    PyObject *list = PyList_New((Py_ssize_t)tops->fact_count);
    for (size_t i = 0; list && i < tops->fact_count; i++) {
        const Fact *fact = &tops->facts[i];
        PyObject *item = Py_BuildValue("(IIII)", fact->name - 1, fact->arity, fact->count, fact->first_start);
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item)) Py_CLEAR(list);
    }
    return list;
}

/* ---- the walk -------------------------------------------------------------- */

/* In the table of a dialect: no form, but a literal, which is no occurrence, or `&self`. */
enum { LITERAL = 65535, SELF = 65534 };

/*
 * classify(source, kinds, starts, ends, tails, numbers, meanings, offsets, forms, make)
 *   -> (names, starts, roles, arguments, found, top_starts, top_ends, top_kinds, top_names, facts, atoms)
 *
 * numbers, meanings: those of intern. offsets: one uint16 a meaning, where its form
 * is in `forms`, or 0, or LITERAL or SELF. forms: the table of forms.py as bytes.
 * make: what makes a definition of its fields.
 * names, starts, roles, arguments: the occurrences, as symbols.SymbolTable has them
 * before they are packed; so are the columns of top-level atoms.
 * found: the forms that define or have an event, in order: definitions made, or
 * (row, event, flags, rows of children) of what is left to read. facts: (name, arity, count, first
 * start). atoms: as the reference parser counts them, `!` by itself.
 */
PyObject *metta_classify(PyObject *module, PyObject *args) {
    Py_buffer source, kinds, starts, ends, tails, numbers, meanings, offsets, forms;
    PyObject *make;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*y*y*y*y*O", &source, &kinds, &starts, &ends, &tails, &numbers, &meanings,
                          &offsets, &forms, &make))
        return NULL;
    const Tree tree = {source.buf, kinds.buf, starts.buf, ends.buf, tails.buf, numbers.buf, make};
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
    PyMem_Free(tops.starts.items);
    PyMem_Free(tops.ends.items);
    PyMem_Free(tops.names.items);
    PyMem_Free(tops.kinds);
    PyMem_Free(tops.facts);
    PyMem_Free(tops.slots);
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
