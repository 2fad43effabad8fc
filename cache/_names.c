/*
 * The names of a first build, collected: which documents have each, and the rows that say so.
 *
 * A large workspace has hundreds of thousands of names and more pairs of a name and a
 * document. As Python objects (a list a name, a number a pair) they took a tenth of a
 * build to collect and to write. Here a name has the JSON text of its numbers, which
 * grows as documents come; `cache/name_rows.py` says what the rows mean.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char *bytes;
    size_t length, capacity;
} Text;

typedef struct {
    uint32_t checksum;
    int is_offered;
    size_t name, name_length; /* where in `spellings` */
    Text numbers;             /* "1,-2" */
} Entry;

typedef struct {
    PyObject_HEAD
    Text spellings;
    Entry *entries;
    size_t count, capacity;
    uint32_t *slots; /* an open-addressing table: the number of an entry, plus one */
    size_t slot_count; /* a power of two */
    uint32_t *starts, *order; /* where each row begins in the entries sorted by row; NULL until rows are asked for */
    size_t row_count;
} Names;

static uint32_t checksums[256];

static void fill_checksums(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t value = byte;
        for (int bit = 0; bit < 8; bit++) value = value & 1 ? value >> 1 ^ 0xEDB88320u : value >> 1;
        checksums[byte] = value;
    }
}

/* CRC-32 as zlib counts it. */
static uint32_t checksum_of(const char *bytes, size_t length) {
    uint32_t value = 0xFFFFFFFFu;
    for (size_t i = 0; i < length; i++) value = value >> 8 ^ checksums[(value ^ (uint8_t)bytes[i]) & 255];
    return ~value;
}

static int text_reserve(Text *text, size_t more) {
    if (text->capacity - text->length >= more) return 0;
    size_t capacity = text->capacity ? text->capacity : 8;
    while (capacity - text->length < more) capacity *= 2;
    char *bytes = PyMem_Realloc(text->bytes, capacity);
    if (!bytes) {
        PyErr_NoMemory();
        return -1;
    }
    text->bytes = bytes;
    text->capacity = capacity;
    return 0;
}

static int text_append(Text *text, const char *bytes, size_t length) {
    if (text_reserve(text, length)) return -1;
    if (length) memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return 0;
}

static int grow_slots(Names *names) {
    size_t slot_count = names->slot_count ? names->slot_count * 2 : 1024;
    uint32_t *slots = PyMem_Calloc(slot_count, sizeof *slots);
    if (!slots) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < names->count; i++) {
        size_t slot = names->entries[i].checksum & (slot_count - 1);
        while (slots[slot]) slot = (slot + 1) & (slot_count - 1);
        slots[slot] = (uint32_t)i + 1;
    }
    PyMem_Free(names->slots);
    names->slots = slots;
    names->slot_count = slot_count;
    return 0;
}

/* The entry of a name, made if there is none; NULL with an exception. It moves with the next call. */
static Entry *entry_of(Names *names, uint32_t checksum, const char *bytes, size_t length) {
    /* At most half full. */
    if (names->count * 2 >= names->slot_count && grow_slots(names)) return NULL;
    size_t slot = checksum & (names->slot_count - 1);
    for (; names->slots[slot]; slot = (slot + 1) & (names->slot_count - 1)) {
        Entry *known = &names->entries[names->slots[slot] - 1];
        if (known->checksum == checksum && known->name_length == length &&
            !memcmp(names->spellings.bytes + known->name, bytes, length))
            return known;
    }
    if (names->count >= UINT32_MAX - 1) {
        PyErr_SetString(PyExc_OverflowError, "more than four billion names");
        return NULL;
    }
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 512;
        Entry *entries = PyMem_Realloc(names->entries, capacity * sizeof *entries);
        if (!entries) {
            PyErr_NoMemory();
            return NULL;
        }
        names->entries = entries;
        names->capacity = capacity;
    }
    size_t name = names->spellings.length;
    if (text_append(&names->spellings, bytes, length)) return NULL;
    Entry *entry = &names->entries[names->count];
    *entry = (Entry){.checksum = checksum, .name = name, .name_length = length};
    names->slots[slot] = (uint32_t)++names->count;
    return entry;
}

/* Whether the last number of an entry is this one; `digits` has the comma before it. */
static int ends_with(const Text *numbers, const char *digits, size_t width) {
    size_t length = numbers->length;
    if (length >= width) return !memcmp(numbers->bytes + length - width, digits, width);
    return length == width - 1 && !memcmp(numbers->bytes, digits + 1, length);
}

/*
 * Notes `number` for an entry. A document may come piece by piece: what it offers in one
 * of them, it offers, whatever the others say.
 */
static int note(Entry *entry, const char *offered, size_t offered_width, const char *mentioned, size_t mentioned_width,
                int is_offered) {
    Text *numbers = &entry->numbers;
    if (ends_with(numbers, offered, offered_width)) return 0;
    if (ends_with(numbers, mentioned, mentioned_width)) {
        if (!is_offered) return 0;
        numbers->length -= mentioned_width - (numbers->length == mentioned_width - 1);
    }
    const char *digits = is_offered ? offered : mentioned;
    size_t width = is_offered ? offered_width : mentioned_width;
    size_t skipped = numbers->length == 0; /* the comma */
    entry->is_offered |= is_offered;
    return text_append(numbers, digits + skipped, width - skipped);
}

/* So many names are looked up together: what they lead to is far away in memory, and is all asked for first. */
#define TOGETHER 32

typedef struct {
    PyObject *name; /* owned */
    char *bytes;
    Py_ssize_t length;
    uint32_t checksum;
} Wanted;

/* The next names of an iterator, TOGETHER at most; fewer at its end, or with an exception. */
static size_t take(PyObject *iterator, Wanted wanted[TOGETHER]) {
    size_t count = 0;
    PyObject *name;
    while (count < TOGETHER && (name = PyIter_Next(iterator))) {
        Wanted *one = &wanted[count++];
        one->name = name;
        if (PyBytes_AsStringAndSize(name, &one->bytes, &one->length)) break;
        one->checksum = checksum_of(one->bytes, (size_t)one->length);
    }
    return count;
}

static void prefetch(const Names *names, const Wanted *wanted, size_t count) {
    if (!names->slot_count) return;
    size_t mask = names->slot_count - 1;
    for (size_t i = 0; i < count; i++) __builtin_prefetch(&names->slots[wanted[i].checksum & mask]);
    for (size_t i = 0; i < count; i++) {
        uint32_t number = names->slots[wanted[i].checksum & mask];
        if (number) __builtin_prefetch(&names->entries[number - 1]);
    }
}

/* Notes a document for the entries of all names of an iterable. */
static int add_all(Names *names, PyObject *iterable, long long document, int is_offered) {
    char offered[24], mentioned[24];
    size_t offered_width = (size_t)snprintf(offered, sizeof offered, ",-%lld", document);
    size_t mentioned_width = (size_t)snprintf(mentioned, sizeof mentioned, ",%lld", document);
    PyObject *iterator = PyObject_GetIter(iterable);
    if (!iterator) return -1;
    int failed = 0;
    for (size_t count = TOGETHER; count == TOGETHER && !failed;) {
        Wanted wanted[TOGETHER];
        count = take(iterator, wanted);
        failed = PyErr_Occurred() != NULL;
        if (!failed) prefetch(names, wanted, count);
        for (size_t i = 0; i < count; i++) {
            if (!failed) {
                Entry *entry = entry_of(names, wanted[i].checksum, wanted[i].bytes, (size_t)wanted[i].length);
                failed = entry ? note(entry, offered, offered_width, mentioned, mentioned_width, is_offered) : -1;
            }
            Py_DECREF(wanted[i].name);
        }
    }
    Py_DECREF(iterator);
    return failed ? -1 : 0;
}

static void forget_order(Names *names) {
    PyMem_Free(names->starts);
    PyMem_Free(names->order);
    names->starts = names->order = NULL;
    names->row_count = 0;
}

static PyObject *names_add(PyObject *self, PyObject *args) {
    long long document;
    PyObject *offered, *others;
    if (!PyArg_ParseTuple(args, "LOO", &document, &offered, &others)) return NULL;
    forget_order((Names *)self);
    if (add_all((Names *)self, offered, document, 1) || add_all((Names *)self, others, document, 0)) return NULL;
    Py_RETURN_NONE;
}

/* A name as a key of JSON; what JSON cannot hold is in hexadecimal digits, after a character that no name has. */
static int append_key(Text *text, const char *bytes, size_t length) {
    static const char hexadecimal[] = "0123456789abcdef";
    int is_plain = 1, is_held = 1;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        is_plain &= byte >= ' ' && byte < 128 && byte != '"' && byte != '\\';
        is_held &= byte != 0;
    }
    if (is_plain) return text_append(text, "\"", 1) || text_append(text, bytes, length) || text_append(text, "\"", 1);
    if (is_held) {
        PyObject *decoded = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)length, NULL);
        if (!decoded) {
            if (!PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) return -1;
            PyErr_Clear();
            is_held = 0;
        }
        Py_XDECREF(decoded);
    }
    /* Six characters at most for a byte. */
    if (text_append(text, is_held ? "\"" : "\"\\u0000", is_held ? 1 : 7) || text_reserve(text, length * 6 + 1)) return -1;
    char *out = text->bytes + text->length;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (!is_held) {
            *out++ = hexadecimal[byte >> 4];
            *out++ = hexadecimal[byte & 15];
        } else if (byte < ' ') {
            memcpy(out, "\\u00", 4);
            out[4] = hexadecimal[byte >> 4];
            out[5] = hexadecimal[byte & 15];
            out += 6;
        } else {
            if (byte == '"' || byte == '\\') *out++ = '\\';
            *out++ = (char)byte;
        }
    }
    *out++ = '"';
    text->length = (size_t)(out - text->bytes);
    return 0;
}

static int append_entry(Text *text, const Names *names, const Entry *entry) {
    return text_append(text, text->length ? "," : "{", 1) ||
           append_key(text, names->spellings.bytes + entry->name, entry->name_length) || text_append(text, ":[", 2) ||
           text_append(text, entry->numbers.bytes, entry->numbers.length) || text_append(text, "]", 1);
}

static PyObject *text_as_object(Text *text) {
    if (text_append(text, text->length ? "}" : "{}", text->length ? 1 : 2)) return NULL;
    return PyBytes_FromStringAndSize(text->bytes, (Py_ssize_t)text->length);
}

/* The two texts of one row, from its entries. */
static PyObject *row_of(const Names *names, const uint32_t *order, size_t count, Text texts[2]) {
    for (size_t i = 0; i < count; i++) {
        if (i + 8 < count) __builtin_prefetch(&names->entries[order[i + 8]]);
        if (i + 4 < count) {
            const Entry *soon = &names->entries[order[i + 4]];
            __builtin_prefetch(names->spellings.bytes + soon->name);
            __builtin_prefetch(soon->numbers.bytes);
        }
        const Entry *entry = &names->entries[order[i]];
        if (append_entry(&texts[!entry->is_offered], names, entry)) return NULL;
    }
    PyObject *offered = text_as_object(&texts[0]);
    PyObject *others = offered ? text_as_object(&texts[1]) : NULL;
    PyObject *row = others ? PyTuple_Pack(2, offered, others) : NULL;
    Py_XDECREF(offered);
    Py_XDECREF(others);
    return row;
}

/* Sorts the entries by row; those of one stay in the order of their coming. */
static int make_order(Names *names, size_t row_count) {
    forget_order(names);
    names->starts = PyMem_Calloc(row_count + 1, sizeof *names->starts);
    names->order = PyMem_Malloc((names->count + 1) * sizeof *names->order);
    if (!names->starts || !names->order) {
        PyErr_NoMemory();
        return -1;
    }
    names->row_count = row_count;
    uint32_t *starts = names->starts;
    for (size_t i = 0; i < names->count; i++) starts[names->entries[i].checksum % row_count + 1]++;
    for (size_t row = 0; row < row_count; row++) starts[row + 1] += starts[row];
    /* From the last to the first: each takes the last free place of its row, which then begins where it should. */
    for (size_t i = names->count; i; i--) {
        size_t row = names->entries[i - 1].checksum % row_count;
        names->order[--starts[row + 1]] = (uint32_t)i - 1;
    }
    return 0;
}

static PyObject *names_row(PyObject *self, PyObject *args) {
    Names *names = (Names *)self;
    Py_ssize_t row, row_count;
    if (!PyArg_ParseTuple(args, "nn", &row, &row_count)) return NULL;
    if (row < 0 || row >= row_count || row_count > UINT32_MAX) return PyErr_Format(PyExc_ValueError, "no such row");
    if (names->row_count != (size_t)row_count && make_order(names, (size_t)row_count)) return NULL;
    Text texts[2] = {{0}, {0}};
    size_t begin = names->starts[row + 1], end = row + 2 <= row_count ? names->starts[row + 2] : names->count;
    PyObject *made = row_of(names, names->order + begin, end - begin, texts);
    PyMem_Free(texts[0].bytes);
    PyMem_Free(texts[1].bytes);
    return made;
}

static void names_free(PyObject *self) {
    Names *names = (Names *)self;
    PyTypeObject *type = Py_TYPE(self);
    for (size_t i = 0; i < names->count; i++) PyMem_Free(names->entries[i].numbers.bytes);
    forget_order(names);
    PyMem_Free(names->entries);
    PyMem_Free(names->slots);
    PyMem_Free(names->spellings.bytes);
    PyObject_Free(self);
    Py_DECREF(type);
}

static Py_ssize_t names_count(PyObject *self) { return (Py_ssize_t)((Names *)self)->count; }

static PyMethodDef names_methods[] = {
    {"add", names_add, METH_VARARGS,
     "Adds names that a document offers and others that it mentions; some or all of those it has. One document after "
     "the other, in ascending order."},
    {"row", names_row, METH_VARARGS,
     "The texts of one row of so many: the names that some document offers, and the others."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot names_slots[] = {
    {Py_tp_doc, "Names with the documents that have them."},
    {Py_tp_dealloc, names_free},
    {Py_tp_methods, names_methods},
    {Py_sq_length, names_count},
    {0, NULL},
};

static PyType_Spec names_spec = {
    "metta_index.cache._names.Names", sizeof(Names), 0, Py_TPFLAGS_DEFAULT, names_slots,
};

static int execute(PyObject *module) {
    fill_checksums();
    PyObject *type = PyType_FromSpec(&names_spec);
    if (!type) return -1;
    int failed = PyModule_AddObjectRef(module, "Names", type);
    Py_DECREF(type);
    return failed;
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_names", "The names of a first build, collected.", 0, NULL, slots, NULL, NULL, NULL,
};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__names(void) { return PyModuleDef_Init(&definition); }
