/* What whole forms say: rules and declarations are read here, @doc in documentation.c, the others by extract.py. */
#include "walk.h"

#include <string.h>

/* In the order of symbols.Kind and symbols.Flag. */
enum { FUNCTION_KIND, CONSTANT_KIND, TYPE_KIND, SYMBOL_KIND };
enum { DYNAMIC = 1, CURRIED = 2, SUBTYPE = 8 };

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

int is_word(const Tree *tree, uint32_t row, const char *word) {
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
PyObject *text_of(const Tree *tree, uint32_t row) {
    const uint8_t *bytes = tree->text + tree->start[row];
    size_t length = tree->end[row] - tree->start[row];
    uint8_t *kept = NULL;
    if (tree->tail[row] > row + 1 && memchr(bytes, ';', length)) {
        if (!(kept = PyMem_Malloc(length + 1))) return PyErr_NoMemory();
        size_t used = 0;
        uint32_t at = tree->start[row];
        for (uint32_t inner = row + 1; inner < tree->tail[row]; inner++) {
            if (tree->kind[inner] != COMMENT || tree->start[inner] < at) continue;
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
    Tree tree = {source.buf, kinds.buf, starts.buf, ends.buf, tails.buf, NULL, NULL, NULL, NULL};
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

int read_form(const Tree *tree, PyObject *forms, uint32_t row, uint8_t event, int later, uint32_t *name) {
    PyObject *form;
    int flags = later ? DYNAMIC : 0;
    if (event == RULE) {
        form = read_rule(tree, row, flags, name);
    } else if (event == DECLARATION_EVENT || event == SUBTYPE_EVENT) {
        form = read_declaration(tree, row, flags | (event == SUBTYPE_EVENT ? SUBTYPE : 0), name);
    } else if (event == DOCUMENTATION_EVENT) {
        form = read_documentation(tree, row, name);
    } else {
        PyObject *children = children_as_list(tree, row);
        form = children ? Py_BuildValue("(IBiN)", row, event, flags, children) : NULL;
    }
    if (!form) return -1;
    int result = form == Py_None ? 0 : PyList_Append(forms, form);
    Py_DECREF(form);
    return result;
}
