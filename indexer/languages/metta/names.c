/* Words and variables as small numbers. */
#include "binding.h"

#include <stdint.h>
#include <string.h>

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
