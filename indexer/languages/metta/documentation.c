/* What an @doc form says of a name. */
#include "walk.h"

#include <string.h>

/* The value of a string token. Escapes are for lexical.py: hardly any documentation has one. */
static PyObject *string_value(const Tree *tree, uint32_t row) {
    const char *token = (const char *)tree->text + tree->start[row];
    size_t length = tree->end[row] - tree->start[row];
    if (length < 2 || memchr(token, '\\', length))
        return PyObject_CallFunction(tree->decode, "y#", token, (Py_ssize_t)length);
    return PyUnicode_DecodeUTF8(token + 1, (Py_ssize_t)length - 2, "replace");
}

/* The strings in a node, one after the other; the text itself where there is none. */
static PyObject *strings_of(const Tree *tree, uint32_t row) {
    if (tree->kind[row] == STRING_NODE) return string_value(tree, row);
    PyObject *strings = PyList_New(0);
    for (uint32_t inner = row; strings && inner < tree->tail[row]; inner++) {
        if (tree->kind[inner] != STRING_NODE) continue;
        PyObject *value = string_value(tree, inner);
        if (!value || PyList_Append(strings, value)) Py_CLEAR(strings);
        Py_XDECREF(value);
    }
    if (!strings) return NULL;
    PyObject *space = PyList_Size(strings) ? PyUnicode_FromString(" ") : NULL;
    PyObject *text = space ? PyUnicode_Join(space, strings) : PyErr_Occurred() ? NULL : text_of(tree, row);
    Py_XDECREF(space);
    Py_DECREF(strings);
    return text;
}

/* What `((@param "…") …)` says of each parameter. */
static PyObject *parameters_of(const Tree *tree, uint32_t row) {
    uint32_t tail = tree->tail[row];
    PyObject *list = PyList_New(0);
    for (uint32_t at = child_at(tree, row + 1, tail); list && at < tail; at = child_at(tree, tree->tail[at], tail)) {
        PyObject *text = strings_of(tree, at);
        if (!text || PyList_Append(list, text)) Py_CLEAR(list);
        Py_XDECREF(text);
    }
    PyObject *parameters = list ? PyList_AsTuple(list) : NULL;
    Py_XDECREF(list);
    return parameters;
}

/* Puts what was read in the place of what was there; -1 with an exception. */
static int replace(PyObject **known, PyObject *read) {
    if (!read) return -1;
    Py_XDECREF(*known);
    *known = read;
    return 0;
}

/* `(@doc f (@desc "…") (@params ((@param "…") …)) (@return "…"))`, in any order. */
PyObject *read_documentation(const Tree *tree, uint32_t row, uint32_t *name) {
    uint32_t tail = tree->tail[row], head = child_at(tree, row + 1, tail);
    uint32_t subject = head < tail ? child_at(tree, tree->tail[head], tail) : tail;
    if (subject == tail || tree->kind[subject] != SYMBOL) Py_RETURN_NONE;
    *name = subject;
    PyObject *description = PyUnicode_FromString(""), *returns = PyUnicode_FromString(""), *made = NULL;
    PyObject *parameters = PyTuple_New(0);
    int failed = !description || !returns || !parameters;
    for (uint32_t part = child_at(tree, tree->tail[subject], tail); !failed && part < tail;
         part = child_at(tree, tree->tail[part], tail)) {
        if (tree->kind[part] != EXPRESSION) continue;
        uint32_t end = tree->tail[part], word = child_at(tree, part + 1, end);
        uint32_t said = word < end ? child_at(tree, tree->tail[word], end) : end;
        if (said == end) continue;
        if (is_word(tree, word, "@desc"))
            failed = replace(&description, strings_of(tree, said));
        else if (is_word(tree, word, "@return"))
            failed = replace(&returns, strings_of(tree, said));
        else if (is_word(tree, word, "@params") && tree->kind[said] == EXPRESSION)
            failed = replace(&parameters, parameters_of(tree, said));
    }
    if (!failed)
        made = PyObject_CallFunction(tree->document, "IIIOOO", tree->number[subject] - 1, tree->start[row],
                                     tree->end[row], description, parameters, returns);
    Py_XDECREF(description);
    Py_XDECREF(parameters);
    Py_XDECREF(returns);
    return made;
}
