/*
 * Cutting a text into pieces at top-level atoms.
 *
 * Two needs meet here. A large file is parsed, cached and re-parsed in pieces;
 * the cuts depend on the content near them and not on their distance from the
 * start, so that an edit moves only the pieces it touches. And an error must not
 * cost more than the atom it is in: an atom that is never closed ends before the
 * first parenthesis after it in column 0, and stands in a piece of its own.
 */
#include "binding.h"
#include "lexer.h"

#include <stdlib.h>

typedef struct {
    size_t start;
    size_t close;   /* where its closing parenthesis is; SIZE_MAX: nowhere */
    int line_start; /* it, or the `!` before it, stands in column 0 */
} Open;

typedef struct {
    Open *items;
    size_t count, capacity;
} Opens;

/* Every open parenthesis of the text in order, and where it is closed. */
static int find_opens(const uint8_t *text, size_t size, Opens *opens) {
    size_t *stack = NULL, depth = 0, stack_capacity = 0;
    for (size_t at = 0;;) {
        Token token = next_token(text, size, at);
        if (token.kind == END_OF_TEXT) break;
        at = token.end;
        if (token.kind == OPEN) {
            if (opens->count == opens->capacity) {
                size_t capacity = opens->capacity ? opens->capacity * 2 : 256;
                Open *items = PyMem_Realloc(opens->items, capacity * sizeof(Open));
                if (!items) goto no_memory;
                opens->items = items;
                opens->capacity = capacity;
            }
            if (depth == stack_capacity) {
                size_t capacity = stack_capacity ? stack_capacity * 2 : 256;
                size_t *grown = PyMem_Realloc(stack, capacity * sizeof(size_t));
                if (!grown) goto no_memory;
                stack = grown;
                stack_capacity = capacity;
            }
            size_t line = token.start;
            if (line && text[line - 1] == '!') line--;
            stack[depth++] = opens->count;
            opens->items[opens->count++] = (Open){token.start, SIZE_MAX, line == 0 || text[line - 1] == '\n'};
        } else if (token.kind == CLOSE && depth) {
            opens->items[stack[--depth]].close = token.start;
        }
    }
    PyMem_Free(stack);
    return 0;
no_memory:
    PyMem_Free(stack);
    PyErr_NoMemory();
    return -1;
}

/* What is wrong with a piece, in the order of parse.Damage. */
enum { SOUND, UNCLOSED_PARENTHESIS, STRAY_PARENTHESIS, UNCLOSED_QUOTE, BAD_NUL };

/* Broken atoms that follow each other and are broken alike; `where` and `missing` are those of the first. */
typedef struct {
    size_t start, end;
    int damage;
    size_t where, missing;
} Run;

static int append_piece(PyObject *pieces, size_t start, size_t end, int damage, size_t where, size_t missing) {
    PyObject *piece =
        Py_BuildValue("(nninn)", (Py_ssize_t)start, (Py_ssize_t)end, damage, (Py_ssize_t)where, (Py_ssize_t)missing);
    if (!piece) return -1;
    int result = PyList_Append(pieces, piece);
    Py_DECREF(piece);
    return result;
}

/*
 * cut(source, smallest, average, largest) -> [(start, end, damage, where, missing), ...]
 *
 * `where` is the byte that the damage is at: the innermost parenthesis that is
 * never closed, the stray one, the quote, the NUL.
 * `missing`: how many closing parentheses the piece lacks.
 * The pieces cover the source without a gap. A sound piece is at least
 * `smallest` bytes unless a broken one or the end follows, about `average`, and
 * at most `largest` plus one atom. Broken ones that follow each other are one of
 * at most `smallest` bytes. `average` is a power of two; 0 cuts around each that
 * is broken, and nowhere else.
 */
PyObject *metta_cut(PyObject *module, PyObject *args) {
    Py_buffer source;
    Py_ssize_t smallest, average, largest;
    if (!PyArg_ParseTuple(args, "y*nnn", &source, &smallest, &average, &largest)) return NULL;
    const uint8_t *text = source.buf;
    size_t size = (size_t)source.len;
    Opens opens = {0};
    PyObject *pieces = PyList_New(0);
    if (!pieces || find_opens(text, size, &opens)) goto failed;

    size_t piece = 0;       /* where the current piece starts */
    size_t item = 0;        /* where the current top-level atom, with the `!` before it, starts */
    int evaluated = 0;      /* a `!` waits for its atom */
    size_t open = 0;        /* index of the next open parenthesis */
    uint32_t previous = 0;  /* hash of the atom before */
    size_t length = 0;      /* bytes of the atom before */
    Run run = {0, SIZE_MAX, SOUND, 0, 0};
    for (size_t at = 0;;) {
        Token token = next_token(text, size, at);
        if (!evaluated) item = token.start;
        if (token.kind == END_OF_TEXT) {
            if ((size > piece || !PyList_Size(pieces)) && append_piece(pieces, piece, size, SOUND, piece, 0)) goto failed;
            break;
        }
        if (!evaluated && average && item > piece && item - piece >= (size_t)smallest &&
            ((previous & (uint32_t)(average - 1)) < length || item - piece >= (size_t)largest)) {
            if (append_piece(pieces, piece, item, SOUND, piece, 0)) goto failed;
            piece = item;
        }
        size_t where = token.start, missing = 0;
        int damage = token.kind == CLOSE             ? STRAY_PARENTHESIS
                     : token.kind == UNCLOSED_STRING ? UNCLOSED_QUOTE
                     : token.kind == NUL_BYTE        ? BAD_NUL
                                                     : SOUND;
        size_t end = token.end;
        if (token.kind == OPEN) {
            while (opens.items[open].start < token.start) open++;
            if (opens.items[open].close != SIZE_MAX) {
                for (size_t depth = 1; depth;) {
                    Token inner = next_token(text, size, end);
                    if (inner.kind == UNCLOSED_STRING) {
                        damage = UNCLOSED_QUOTE;
                        where = inner.start;
                    } else if (inner.kind == NUL_BYTE && !damage) {
                        damage = BAD_NUL;
                        where = inner.start;
                    }
                    depth += inner.kind == OPEN;
                    depth -= inner.kind == CLOSE;
                    end = inner.end;
                }
            } else {
                size_t next = open + 1;
                while (next < opens.count && !opens.items[next].line_start) next++;
                end = next < opens.count ? opens.items[next].start : size;
                if (end < size && text[end - 1] == '!') end--;
                for (size_t inner = open; inner < next; inner++) {
                    if (opens.items[inner].close < end) continue;
                    where = opens.items[inner].start;
                    missing++;
                }
                damage = UNCLOSED_PARENTHESIS;
            }
        }
        if (damage) {
            if (item > piece && append_piece(pieces, piece, item, SOUND, piece, 0)) goto failed;
            /* A text may be broken at every byte, and a value for each would take a hundred times as much. */
            if (average && item == run.end && damage == run.damage && end - run.start <= (size_t)smallest) {
                if (PyList_SetSlice(pieces, PyList_Size(pieces) - 1, PyList_Size(pieces), NULL)) goto failed;
            } else {
                run = (Run){item, 0, damage, where, missing};
            }
            run.end = end;
            if (append_piece(pieces, run.start, run.end, damage, run.where, run.missing)) goto failed;
            piece = end;
            evaluated = 0;
        } else {
            evaluated = token.kind == WORD && end - token.start == 1 && text[token.start] == '!';
        }
        previous = 2166136261u;
        for (size_t i = token.start; i < end && i - token.start < 256; i++) previous = (previous ^ text[i]) * 16777619u;
        previous ^= previous >> 15;
        length = end - token.start; /* long atoms are cut after more often: pieces come out alike in bytes */
        at = end;
    }
    PyMem_Free(opens.items);
    PyBuffer_Release(&source);
    return pieces;
failed:
    PyMem_Free(opens.items);
    PyBuffer_Release(&source);
    Py_XDECREF(pieces);
    return NULL;
}
