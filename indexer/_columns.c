/*
 * Columns of a syntax tree, and their bytes.
 *
 * A tree-sitter tree cannot be stored or sent to another process, so ours is
 * four columns in pre-order: kind, start byte, end byte, and the index one past
 * the last descendant ("tail"). The binding makes a Python object for every
 * node; asking those objects from C costs less than half of asking from Python.
 *
 * Nothing here knows any one language: which kinds are kept, and under which
 * code, comes with the call. All walks are loops: sources nest deeper than the
 * call stack.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

#define SKIPPED 255 /* in a kind map: leave the node out, keep its children */
#define ERROR_KIND_ID 65535

static PyObject *str_children, *str_kind_id, *str_start_byte, *str_end_byte, *str_is_missing;

typedef struct {
    uint8_t *kinds;
    uint32_t *starts, *ends, *tails;
    size_t count, capacity;
} Columns;

static int columns_reserve(Columns *c) {
    if (c->count < c->capacity) return 0;
    size_t capacity = c->capacity ? c->capacity * 2 : 1024;
    uint8_t *kinds = PyMem_Realloc(c->kinds, capacity);
    if (kinds) c->kinds = kinds;
    uint32_t *starts = PyMem_Realloc(c->starts, capacity * 4);
    if (starts) c->starts = starts;
    uint32_t *ends = PyMem_Realloc(c->ends, capacity * 4);
    if (ends) c->ends = ends;
    uint32_t *tails = PyMem_Realloc(c->tails, capacity * 4);
    if (tails) c->tails = tails;
    if (!kinds || !starts || !ends || !tails) {
        PyErr_NoMemory();
        return -1;
    }
    c->capacity = capacity;
    return 0;
}

static void columns_free(Columns *c) {
    PyMem_Free(c->kinds);
    PyMem_Free(c->starts);
    PyMem_Free(c->ends);
    PyMem_Free(c->tails);
}

static PyObject *columns_as_tuple(const Columns *c) {
    return Py_BuildValue("(y#y#y#y#)", (const char *)c->kinds, (Py_ssize_t)c->count,
                         (const char *)c->starts, (Py_ssize_t)c->count * 4,
                         (const char *)c->ends, (Py_ssize_t)c->count * 4,
                         (const char *)c->tails, (Py_ssize_t)c->count * 4);
}

static int get_long(PyObject *object, PyObject *name, long *out) {
    PyObject *value = PyObject_GetAttr(object, name);
    if (!value) return -1;
    *out = PyLong_AsLong(value);
    Py_DECREF(value);
    return *out == -1 && PyErr_Occurred() ? -1 : 0;
}

/* One list of siblings that is being walked, and the row of their parent. */
typedef struct {
    PyObject *children;
    Py_ssize_t next;
    size_t row;
} Frame;

typedef struct {
    Frame *items;
    size_t count, capacity;
} Frames;

static int push_frame(Frames *frames, PyObject *node, size_t row) {
    PyObject *children = PyObject_GetAttr(node, str_children);
    if (!children) return -1;
    if (!PyList_Check(children)) {
        Py_DECREF(children);
        PyErr_SetString(PyExc_TypeError, "node.children is not a list");
        return -1;
    }
    if (frames->count == frames->capacity) {
        size_t capacity = frames->capacity ? frames->capacity * 2 : 64;
        Frame *items = PyMem_Realloc(frames->items, capacity * sizeof(Frame));
        if (!items) {
            Py_DECREF(children);
            PyErr_NoMemory();
            return -1;
        }
        frames->items = items;
        frames->capacity = capacity;
    }
    frames->items[frames->count++] = (Frame){children, 0, row};
    return 0;
}

/* Appends everything below `root` to the columns, shifted by `offset` bytes and cut off at `limit`. */
static int flatten_below(Columns *c, PyObject *root, long offset, long limit, const uint8_t *codes, Py_ssize_t code_count,
                         const uint8_t *leaves, uint8_t error_code, uint8_t missing_code) {
    Frames frames = {0};
    int result = -1;
    if (push_frame(&frames, root, 0)) goto done;
    while (frames.count) {
        Frame *frame = &frames.items[frames.count - 1];
        if (frame->next >= PyList_Size(frame->children)) {
            if (frames.count > 1 && frame->row) c->tails[frame->row] = (uint32_t)c->count;
            Py_DECREF(frame->children);
            frames.count--;
            continue;
        }
        PyObject *node = PyList_GetItem(frame->children, frame->next++); /* borrowed */
        long kind_id, start, end;
        if (get_long(node, str_kind_id, &kind_id) || get_long(node, str_start_byte, &start) ||
            get_long(node, str_end_byte, &end))
            goto done;
        start = start + offset < limit ? start + offset : limit;
        end = end + offset < limit ? end + offset : limit;
        uint8_t code = kind_id == ERROR_KIND_ID ? error_code : kind_id < code_count ? codes[kind_id] : SKIPPED;
        int leaf = kind_id < code_count && kind_id != ERROR_KIND_ID ? leaves[kind_id] : 0;
        if (start == end) { /* only a zero-width node can be one that the parser made up */
            PyObject *missing = PyObject_GetAttr(node, str_is_missing);
            if (!missing) goto done;
            if (missing == Py_True) {
                code = missing_code;
                leaf = 1;
            }
            Py_DECREF(missing);
        }
        size_t row = 0;
        if (code != SKIPPED) {
            if (columns_reserve(c)) goto done;
            row = c->count++;
            c->kinds[row] = code;
            c->starts[row] = (uint32_t)start;
            c->ends[row] = (uint32_t)end;
            c->tails[row] = (uint32_t)c->count;
        }
        if (!leaf && push_frame(&frames, node, row)) goto done;
    }
    result = 0;
done:
    while (frames.count) Py_DECREF(frames.items[--frames.count].children);
    PyMem_Free(frames.items);
    return result;
}

static PyObject *flatten(PyObject *module, PyObject *args) {
    PyObject *roots;
    Py_buffer codes, leaves;
    unsigned char root_code, error_code, missing_code;
    unsigned int size;
    if (!PyArg_ParseTuple(args, "O!y*y*bbbI", &PyList_Type, &roots, &codes, &leaves, &root_code, &error_code,
                          &missing_code, &size))
        return NULL;
    Columns c = {0};
    PyObject *result = NULL;
    if (leaves.len != codes.len) {
        PyErr_SetString(PyExc_ValueError, "codes and leaves differ in length");
        goto done;
    }
    if (columns_reserve(&c)) goto done;
    c.kinds[0] = root_code;
    c.starts[0] = 0;
    c.ends[0] = size;
    c.count = 1;
    for (Py_ssize_t i = 0; i < PyList_Size(roots); i++) {
        PyObject *node;
        long offset, limit;
        if (!PyArg_ParseTuple(PyList_GetItem(roots, i), "Oll", &node, &offset, &limit)) goto done;
        if (flatten_below(&c, node, offset, limit, codes.buf, codes.len, leaves.buf, error_code, missing_code)) goto done;
    }
    c.tails[0] = (uint32_t)c.count;
    result = columns_as_tuple(&c);
done:
    columns_free(&c);
    PyBuffer_Release(&codes);
    PyBuffer_Release(&leaves);
    return result;
}

/* Little-endian base-128, seven bits a byte. */
static uint8_t *put_varint(uint8_t *out, uint32_t value) {
    while (value >= 128) {
        *out++ = (uint8_t)(value | 128);
        value >>= 7;
    }
    *out++ = (uint8_t)value;
    return out;
}

/* Returns NULL at the end of the input or where the value exceeds 32 bits. */
static const uint8_t *get_varint(const uint8_t *in, const uint8_t *end, uint32_t *value) {
    uint64_t result = 0;
    for (int shift = 0; shift < 35 && in < end; shift += 7) {
        uint8_t byte = *in++;
        result |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) {
            if (result > UINT32_MAX) return NULL;
            *value = (uint32_t)result;
            return in;
        }
    }
    return NULL;
}

static uint32_t unzigzag(uint32_t value) { return (value >> 1) ^ (0u - (value & 1)); }

/* A column of 32-bit values as differences (signed, zigzag) in varints. */
static PyObject *pack_column(PyObject *module, PyObject *arg) {
    Py_buffer column;
    if (PyObject_GetBuffer(arg, &column, PyBUF_SIMPLE)) return NULL;
    size_t count = (size_t)column.len / 4;
    const uint32_t *values = column.buf;
    uint8_t *bytes = PyMem_Malloc(count * 5 + 1);
    PyObject *result = NULL;
    if (!bytes) {
        PyErr_NoMemory();
    } else {
        uint8_t *out = bytes;
        uint32_t last = 0;
        for (size_t i = 0; i < count; i++) {
            int32_t difference = (int32_t)(values[i] - last);
            out = put_varint(out, ((uint32_t)difference << 1) ^ (uint32_t)(difference >> 31));
            last = values[i];
        }
        result = PyBytes_FromStringAndSize((const char *)bytes, out - bytes);
        PyMem_Free(bytes);
    }
    PyBuffer_Release(&column);
    return result;
}

/* The values of a packed column, to be freed with PyMem_Free; NULL with an exception. */
static uint32_t *unpacked(PyObject *column, size_t *count) {
    char *bytes;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(column, &bytes, &size)) return NULL;
    const uint8_t *in = (const uint8_t *)bytes, *end = in + size;
    *count = 0;
    for (const uint8_t *byte = in; byte < end; byte++) *count += !(*byte & 128);
    uint32_t *values = PyMem_Malloc(*count * 4 + 4), last = 0;
    if (!values) return (uint32_t *)PyErr_NoMemory();
    for (size_t i = 0; i < *count && in; i++) {
        uint32_t value = 0;
        in = get_varint(in, end, &value);
        last += unzigzag(value);
        values[i] = last;
    }
    if (in == end) return values;
    PyMem_Free(values);
    PyErr_SetString(PyExc_ValueError, "not a packed column");
    return NULL;
}

static PyObject *unpack_column(PyObject *module, PyObject *packed) {
    size_t count;
    uint32_t *values = unpacked(packed, &count);
    PyObject *result = values ? PyBytes_FromStringAndSize((const char *)values, (Py_ssize_t)count * 4) : NULL;
    PyMem_Free(values);
    return result;
}

#define MOST_COLUMNS 4

/*
 * rows_with(value, columns): of columns packed by pack_column the rows in which the first one has this value, as tuples
 * of the number of the row and what the other columns have there; and how many rows there are.
 * Unpacking the columns takes as long as all else that is asked of a document for one of its names.
 */
static PyObject *rows_with(PyObject *module, PyObject *args) {
    unsigned int wanted;
    PyObject *columns, *rows = NULL;
    if (!PyArg_ParseTuple(args, "IO", &wanted, &columns)) return NULL;
    Py_ssize_t count = PyTuple_Check(columns) ? PyTuple_Size(columns) : 0;
    if (count < 1 || count > MOST_COLUMNS) return PyErr_Format(PyExc_TypeError, "not one to four columns in a tuple");
    const uint8_t *in[MOST_COLUMNS], *end[MOST_COLUMNS];
    for (Py_ssize_t i = 0; i < count; i++) {
        char *bytes;
        Py_ssize_t size;
        if (PyBytes_AsStringAndSize(PyTuple_GetItem(columns, i), &bytes, &size)) return NULL;
        in[i] = (const uint8_t *)bytes;
        end[i] = in[i] + size;
    }
    uint32_t values[MOST_COLUMNS] = {0}, row = 0;
    rows = PyList_New(0);
    for (; rows && in[0] < end[0]; row++) {
        for (Py_ssize_t i = 0; i < count; i++) {
            uint32_t value;
            in[i] = get_varint(in[i], end[i], &value);
            if (!in[i]) goto unfit;
            values[i] += unzigzag(value);
        }
        if (values[0] != wanted) continue;
        PyObject *found = PyTuple_New(count);
        int failed = !found;
        for (Py_ssize_t i = 0; i < count && !failed; i++) {
            PyObject *number = PyLong_FromUnsignedLong(i ? values[i] : row);
            failed = !number || PyTuple_SetItem(found, i, number);
        }
        failed = failed || PyList_Append(rows, found);
        Py_XDECREF(found);
        if (failed) Py_CLEAR(rows);
    }
    if (!rows) return NULL;
    for (Py_ssize_t i = 0; i < count; i++)
        if (in[i] != end[i]) goto unfit;
    return Py_BuildValue("(NI)", rows, row);
unfit:
    Py_DECREF(rows);
    return PyErr_Format(PyExc_ValueError, "not packed columns of one length");
}

/*
 * rows_around(starts, ends, places): for each of some places the number, start and end of the row whose span, of two
 * packed columns, holds it, or None; and how many rows there are. Starts ascend.
 */
static PyObject *rows_around(PyObject *module, PyObject *args) {
    PyObject *packed_starts, *packed_ends, *places, *rows = NULL;
    if (!PyArg_ParseTuple(args, "SSO", &packed_starts, &packed_ends, &places)) return NULL;
    size_t count = 0, end_count = 0;
    uint32_t *starts = unpacked(packed_starts, &count), *ends = starts ? unpacked(packed_ends, &end_count) : NULL;
    Py_ssize_t place_count = PyList_Check(places) ? PyList_Size(places) : -1;
    if (!ends) goto done;
    if (count != end_count || place_count < 0) {
        PyErr_SetString(PyExc_ValueError, "columns of different length, or no list of places");
        goto done;
    }
    rows = PyList_New(place_count);
    for (Py_ssize_t i = 0; rows && i < place_count; i++) {
        long long place = PyLong_AsLongLong(PyList_GetItem(places, i));
        size_t low = 0, high = count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (starts[middle] <= place) low = middle + 1;
            else high = middle;
        }
        PyObject *row = NULL;
        if (low && place < ends[low - 1]) row = Py_BuildValue("(nII)", (Py_ssize_t)low - 1, starts[low - 1], ends[low - 1]);
        else row = Py_NewRef(Py_None);
        if (PyErr_Occurred()) Py_CLEAR(row);
        if (!row || PyList_SetItem(rows, i, row)) Py_CLEAR(rows);
    }
    if (rows) rows = Py_BuildValue("(Nn)", rows, (Py_ssize_t)count);
done:
    PyMem_Free(starts);
    PyMem_Free(ends);
    return rows;
}

/*
 * Per node: kind, with the high bit where it has descendants; start as the
 * distance from the row before; length; the number of descendants where any.
 */
static PyObject *pack_tree(PyObject *module, PyObject *args) {
    Py_buffer kinds, starts, ends, tails;
    if (!PyArg_ParseTuple(args, "y*y*y*y*", &kinds, &starts, &ends, &tails)) return NULL;
    PyObject *result = NULL;
    size_t count = (size_t)kinds.len;
    if ((size_t)starts.len != count * 4 || (size_t)ends.len != count * 4 || (size_t)tails.len != count * 4) {
        PyErr_SetString(PyExc_ValueError, "columns differ in length");
        goto done;
    }
    uint8_t *bytes = PyMem_Malloc(count * 16 + 1);
    if (!bytes) {
        PyErr_NoMemory();
        goto done;
    }
    const uint8_t *kind = kinds.buf;
    const uint32_t *start = starts.buf, *stop = ends.buf, *tail = tails.buf;
    uint8_t *out = bytes;
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t below = tail[i] - (uint32_t)i - 1;
        *out++ = kind[i] | (below ? 128 : 0);
        out = put_varint(out, start[i] - last);
        out = put_varint(out, stop[i] - start[i]);
        if (below) out = put_varint(out, below);
        last = start[i];
    }
    result = PyBytes_FromStringAndSize((const char *)bytes, out - bytes);
    PyMem_Free(bytes);
done:
    PyBuffer_Release(&kinds);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&ends);
    PyBuffer_Release(&tails);
    return result;
}

/*
 * The inverse of pack_tree. Whatever the bytes are, what comes back is a tree:
 * kinds below the limit, children inside their parents and in order, one root
 * over everything. ValueError otherwise.
 */
static PyObject *unpack_tree(PyObject *module, PyObject *args) {
    Py_buffer packed;
    unsigned char kind_limit;
    if (!PyArg_ParseTuple(args, "y*b", &packed, &kind_limit)) return NULL;
    const uint8_t *in = packed.buf, *end = in + packed.len;
    Columns c = {0};
    size_t *open = NULL, depth = 0, open_capacity = 0;
    PyObject *result = NULL;
    uint32_t last = 0;
    while (in < end) {
        if (columns_reserve(&c)) goto done;
        size_t row = c.count++;
        uint8_t kind = *in & 127;
        int has_children = *in++ & 128;
        uint32_t distance, length, below = 0;
        if (!(in = get_varint(in, end, &distance)) || !(in = get_varint(in, end, &length)) ||
            (has_children && !(in = get_varint(in, end, &below))))
            goto invalid;
        uint64_t start = (uint64_t)last + distance, stop = start + length, tail = (uint64_t)row + 1 + below;
        if (kind >= kind_limit || stop > UINT32_MAX || tail > UINT32_MAX || !has_children != !below) goto invalid;
        while (depth && c.tails[open[depth - 1]] <= row) depth--;
        if (depth) {
            size_t parent = open[depth - 1];
            if (start < c.starts[parent] || stop > c.ends[parent] || tail > c.tails[parent]) goto invalid;
        } else if (row) {
            goto invalid; /* a second root */
        }
        c.kinds[row] = kind;
        c.starts[row] = last = (uint32_t)start;
        c.ends[row] = (uint32_t)stop;
        c.tails[row] = (uint32_t)tail;
        if (below) {
            if (depth == open_capacity) {
                size_t capacity = open_capacity ? open_capacity * 2 : 64;
                size_t *grown = PyMem_Realloc(open, capacity * sizeof(size_t));
                if (!grown) {
                    PyErr_NoMemory();
                    goto done;
                }
                open = grown;
                open_capacity = capacity;
            }
            open[depth++] = row;
        }
    }
    if (!c.count || c.tails[0] != c.count) goto invalid;
    result = columns_as_tuple(&c);
    goto done;
invalid:
    PyErr_SetString(PyExc_ValueError, "not a packed tree");
done:
    PyMem_Free(open);
    columns_free(&c);
    PyBuffer_Release(&packed);
    return result;
}

/* gather(column, rows, less): the column's values at these rows, `less` subtracted from each. */
static PyObject *gather(PyObject *module, PyObject *args) {
    Py_buffer column, rows;
    unsigned int less;
    if (!PyArg_ParseTuple(args, "y*y*I", &column, &rows, &less)) return NULL;
    const uint32_t *values = column.buf, *wanted = rows.buf;
    size_t size = (size_t)column.len / 4, count = (size_t)rows.len / 4;
    PyObject *result = NULL;
    uint32_t *gathered = PyMem_Malloc(count * 4 + 4);
    if (!gathered) {
        PyErr_NoMemory();
        goto done;
    }
    for (size_t i = 0; i < count; i++) {
        if (wanted[i] >= size) {
            PyErr_SetString(PyExc_IndexError, "no such row");
            goto done;
        }
        gathered[i] = values[wanted[i]] - less;
    }
    result = PyBytes_FromStringAndSize((const char *)gathered, (Py_ssize_t)count * 4);
done:
    PyMem_Free(gathered);
    PyBuffer_Release(&column);
    PyBuffer_Release(&rows);
    return result;
}

/*
 * Where lines start (the first, at 0, is left out), and where characters of
 * more than one byte stand: (start, bytes) pairs in one column.
 */
static PyObject *line_columns(PyObject *module, PyObject *arg) {
    Py_buffer source;
    if (PyObject_GetBuffer(arg, &source, PyBUF_SIMPLE)) return NULL;
    const uint8_t *text = source.buf, *end = text + source.len;
    size_t lines = 0, wide = 0;
    for (const uint8_t *at = text; at < end; at++) {
        lines += *at == '\n';
        wide += *at >= 0xC0;
    }
    uint32_t *starts = PyMem_Malloc(lines * 4 + 4), *wides = PyMem_Malloc(wide * 8 + 4);
    PyObject *result = NULL;
    if (!starts || !wides) {
        PyErr_NoMemory();
    } else {
        size_t line = 0, pair = 0;
        for (const uint8_t *at = text; line < lines; at++) {
            at = memchr(at, '\n', (size_t)(end - at));
            starts[line++] = (uint32_t)(at - text) + 1;
        }
        for (const uint8_t *at = text; pair < wide * 2; at++) {
            if (*at < 0xC0) continue;
            const uint8_t *stop = at + 1;
            while (stop < end && (*stop & 0xC0) == 0x80 && stop - at < 4) stop++;
            wides[pair++] = (uint32_t)(at - text);
            wides[pair++] = (uint32_t)(stop - at);
        }
        result = Py_BuildValue("(y#y#)", (const char *)starts, (Py_ssize_t)line * 4, (const char *)wides,
                               (Py_ssize_t)pair * 4);
    }
    PyMem_Free(starts);
    PyMem_Free(wides);
    PyBuffer_Release(&source);
    return result;
}

/*
 * names_for_others(names, local, without): the names of a table, in their order, that others may
 * mean: not empty, not beginning with the byte `local`, and not in the set `without`.
 */
static PyObject *names_for_others(PyObject *module, PyObject *args) {
    PyObject *names, *without;
    unsigned char local;
    if (!PyArg_ParseTuple(args, "O!bO", &PyTuple_Type, &names, &local, &without)) return NULL;
    PyObject *kept = PyList_New(0);
    Py_ssize_t count = PyTuple_Size(names);
    for (Py_ssize_t i = 0; kept && i < count; i++) {
        PyObject *name = PyTuple_GetItem(names, i); /* borrowed */
        char *bytes;
        Py_ssize_t length;
        int failed = PyBytes_AsStringAndSize(name, &bytes, &length);
        if (!failed && length && (unsigned char)bytes[0] != local) {
            int is_known = PySet_Contains(without, name);
            failed = is_known < 0 || (!is_known && PyList_Append(kept, name));
        }
        if (failed) Py_CLEAR(kept);
    }
    return kept;
}

static PyMethodDef methods[] = {
    {"flatten", flatten, METH_VARARGS, "Columns of one tree made of one or more parsed roots."},
    {"pack_tree", pack_tree, METH_VARARGS, "The four columns of a tree as compact bytes."},
    {"unpack_tree", unpack_tree, METH_VARARGS, "Columns from the bytes of pack_tree; ValueError if they are none."},
    {"pack_column", pack_column, METH_O, "A column of 32-bit values as compact bytes."},
    {"unpack_column", unpack_column, METH_O, "The column packed by pack_column; ValueError if it is none."},
    {"rows_with", rows_with, METH_VARARGS,
     "The rows of packed columns in which the first has a value, and how many rows there are; ValueError if unfit."},
    {"rows_around", rows_around, METH_VARARGS,
     "Number, start and end of the row around each of some places, and how many rows there are; ValueError if unfit."},
    {"gather", gather, METH_VARARGS, "The values of a column at some rows."},
    {"line_columns", line_columns, METH_O, "Line starts and multi-byte characters of a source."},
    {"names_for_others", names_for_others, METH_VARARGS,
     "The names that others may mean: not empty, not local by their first byte, and not in a set."},
    {NULL, NULL, 0, NULL},
};

static int execute(PyObject *module) {
    str_children = PyUnicode_InternFromString("children");
    str_kind_id = PyUnicode_InternFromString("kind_id");
    str_start_byte = PyUnicode_InternFromString("start_byte");
    str_end_byte = PyUnicode_InternFromString("end_byte");
    str_is_missing = PyUnicode_InternFromString("is_missing");
    return str_children && str_kind_id && str_start_byte && str_end_byte && str_is_missing ? 0 : -1;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_columns", "Columns of a syntax tree, and their bytes.", 0, methods, slots, NULL, NULL, NULL,
};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__columns(void) { return PyModuleDef_Init(&definition); }
