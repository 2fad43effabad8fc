/*
 * The columns of a text without errors.
 *
 * Asking tree-sitter's binding for every node costs as much as parsing: it makes a
 * Python object of each. Where the parser found nothing wrong, tokens say all that
 * the tree says, so they are read a second time here, in a tenth of the time. The
 * parser stays the judge: it has said that there is no error and how many nodes
 * there are, and where that does not come out here, the caller asks it for all.
 */
#include "binding.h"
#include "lexer.h"

#include <string.h>

typedef struct {
    uint8_t *kinds;
    uint32_t *starts, *ends, *tails;
    size_t count, capacity;
} Rows;

typedef struct {
    uint32_t *rows;
    size_t count, capacity;
} Stack;

static int grow_rows(Rows *rows) {
    size_t capacity = rows->capacity * 2;
    uint8_t *kinds = PyMem_Realloc(rows->kinds, capacity);
    if (kinds) rows->kinds = kinds;
    uint32_t *starts = PyMem_Realloc(rows->starts, capacity * 4);
    if (starts) rows->starts = starts;
    uint32_t *ends = PyMem_Realloc(rows->ends, capacity * 4);
    if (ends) rows->ends = ends;
    uint32_t *tails = PyMem_Realloc(rows->tails, capacity * 4);
    if (tails) rows->tails = tails;
    if (!kinds || !starts || !ends || !tails) {
        PyErr_NoMemory();
        return -1;
    }
    rows->capacity = capacity;
    return 0;
}

static inline int add_row(Rows *rows, uint8_t kind, size_t start, size_t end) {
    if (rows->count == rows->capacity && grow_rows(rows)) return -1;
    size_t row = rows->count++;
    rows->kinds[row] = kind;
    rows->starts[row] = (uint32_t)start;
    rows->ends[row] = (uint32_t)end;
    rows->tails[row] = (uint32_t)rows->count;
    return 0;
}

static int push(Stack *stack, uint32_t row) {
    if (stack->count == stack->capacity) {
        size_t capacity = stack->capacity ? stack->capacity * 2 : 64;
        uint32_t *grown = PyMem_Realloc(stack->rows, capacity * 4);
        if (!grown) {
            PyErr_NoMemory();
            return -1;
        }
        stack->rows = grown;
        stack->capacity = capacity;
    }
    stack->rows[stack->count++] = row;
    return 0;
}

static const uint8_t *skip_digits(const uint8_t *p, const uint8_t *end) {
    while (p < end && *p >= '0' && *p <= '9') p++;
    return p;
}

/* Whether a word is the grammar's `number`. */
static int is_number(const uint8_t *p, const uint8_t *end) {
    if (*p == '+' || *p == '-') p++;
    const uint8_t *digits = p;
    p = skip_digits(p, end);
    if (p == digits) return 0;
    if (p < end && *p == '.') {
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits) return 0;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-')) p++;
        digits = p;
        p = skip_digits(p, end);
        if (p == digits) return 0;
    }
    return p == end;
}

/* Closes the evaluations that waited for what ends in the last row: all of them, innermost first. */
static void close_evaluations(Rows *rows, Stack *evaluations, size_t end) {
    while (evaluations->count) {
        uint32_t row = evaluations->rows[--evaluations->count];
        rows->ends[row] = (uint32_t)end;
        rows->tails[row] = (uint32_t)rows->count;
    }
}

/*
 * columns(source, node_count) -> (kinds, starts, ends, tails, odd), or None
 *
 * node_count: the parser's, the root and nodes without a name included. None where
 * the tokens do not make such a tree. odd: whether any token is one that a dialect
 * may reject (lexical.py): a string with an escape, a `#` in a variable, a number
 * as long as the largest that fits in 64 bits.
 */
enum { LONG_NUMBER = 19 };

PyObject *metta_columns(PyObject *module, PyObject *args) {
    Py_buffer source;
    Py_ssize_t node_count;
    if (!PyArg_ParseTuple(args, "y*n", &source, &node_count)) return NULL;
    const uint8_t *text = source.buf;
    size_t size = (size_t)source.len, unnamed = 0, capacity = (size_t)node_count + 1;
    if (capacity > size + 2) capacity = size + 2;
    Rows rows = {PyMem_Malloc(capacity), PyMem_Malloc(capacity * 4), PyMem_Malloc(capacity * 4),
                 PyMem_Malloc(capacity * 4), 0, capacity};
    Stack lists = {0}, evaluations = {0};
    int odd = 0;
    PyObject *result = NULL;
    if (!rows.kinds || !rows.starts || !rows.ends || !rows.tails) {
        PyErr_NoMemory();
        goto done;
    }
    if (add_row(&rows, SOURCE_FILE, 0, size)) goto done;
    for (size_t at = 0; at < size;) {
        size_t space = space_length(text + at, text + size);
        if (space) {
            at += space;
            continue;
        }
        if (text[at] == ';') {
            const uint8_t *line_end = memchr(text + at, '\n', size - at);
            size_t end = line_end ? (size_t)(line_end - text) : size;
            if (memchr(text + at, 0, end - at)) goto differs;
            if (add_row(&rows, COMMENT, at, end)) goto done;
            at = end;
            continue;
        }
        Token token = next_token(text, size, at);
        at = token.end;
        uint8_t kind;
        switch (token.kind) {
        case OPEN:
            unnamed += 2;
            if (push(&lists, (uint32_t)rows.count) || add_row(&rows, EXPRESSION, token.start, token.end)) goto done;
            continue;
        case CLOSE: {
            if (!lists.count) goto differs;
            uint32_t row = lists.rows[--lists.count];
            rows.ends[row] = (uint32_t)token.end;
            rows.tails[row] = (uint32_t)rows.count;
            if (!lists.count) close_evaluations(&rows, &evaluations, token.end);
            continue;
        }
        case STRING:
            kind = STRING_NODE;
            odd |= memchr(text + token.start, '\\', token.end - token.start) != NULL;
            break;
        case VARIABLE:
            kind = VARIABLE_NODE;
            odd |= memchr(text + token.start, '#', token.end - token.start) != NULL;
            break;
        case WORD:
            if (!lists.count && token.end - token.start == 1 && text[token.start] == '!') {
                unnamed++;
                if (push(&evaluations, (uint32_t)rows.count) || add_row(&rows, EVALUATION, token.start, token.end))
                    goto done;
                continue;
            }
            kind = is_number(text + token.start, text + token.end) ? NUMBER : SYMBOL;
            odd |= kind == NUMBER && token.end - token.start >= LONG_NUMBER;
            break;
        default:
            goto differs;
        }
        if (add_row(&rows, kind, token.start, token.end)) goto done;
        if (!lists.count) close_evaluations(&rows, &evaluations, token.end);
    }
    if (lists.count) goto differs;
    if (evaluations.count) {
        /* Nothing follows the last `!`: comments after it are beside it, not in it. */
        uint32_t last = evaluations.rows[evaluations.count - 1];
        for (size_t i = 0; i < evaluations.count; i++) {
            rows.ends[evaluations.rows[i]] = rows.ends[last];
            rows.tails[evaluations.rows[i]] = last + 1;
        }
    }
    rows.tails[0] = (uint32_t)rows.count;
    if (rows.count + unnamed != (size_t)node_count) goto differs;
    result = Py_BuildValue("(y#y#y#y#N)", (const char *)rows.kinds, (Py_ssize_t)rows.count, (const char *)rows.starts,
                           (Py_ssize_t)rows.count * 4, (const char *)rows.ends, (Py_ssize_t)rows.count * 4,
                           (const char *)rows.tails, (Py_ssize_t)rows.count * 4,
                           PyBool_FromLong(odd));
    goto done;
differs:
    result = Py_None;
    Py_INCREF(result);
done:
    PyMem_Free(rows.kinds);
    PyMem_Free(rows.starts);
    PyMem_Free(rows.ends);
    PyMem_Free(rows.tails);
    PyMem_Free(lists.rows);
    PyMem_Free(evaluations.rows);
    PyBuffer_Release(&source);
    return result;
}
