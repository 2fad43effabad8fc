/* The extension module: the tree-sitter grammar, the cutter, the reader of tokens and the walks over a tree's columns. */
#include "binding.h"

typedef struct TSLanguage TSLanguage;
const TSLanguage *tree_sitter_metta(void);

static PyObject *language(PyObject *module, PyObject *unused) {
    return PyCapsule_New((void *)tree_sitter_metta(), "tree_sitter.Language", NULL);
}

static PyMethodDef methods[] = {
    {"language", language, METH_NOARGS, "The grammar, for tree_sitter.Language."},
    {"cut", metta_cut, METH_VARARGS, "Pieces (start, end, broken) of a text, cut at top-level atoms."},
    {"columns", metta_columns, METH_VARARGS, "Columns of the tree of a text without errors; None if it is none."},
    {"intern", metta_intern, METH_VARARGS, "Distinct words and variables of a tree, and the number of each at its row."},
    {"text", metta_text, METH_VARARGS, "A node as written, white space folded, without comments."},
    {"classify", metta_classify, METH_VARARGS, "What each word and variable of a tree is there for, and what its forms say."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_binding", "tree-sitter-metta and what reads its trees.", 0, methods,
    NULL, NULL, NULL, NULL,
};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__binding(void) { return PyModuleDef_Init(&definition); }
