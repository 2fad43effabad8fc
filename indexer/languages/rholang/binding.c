/* The extension module: the tree-sitter grammar of Rholang. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct TSLanguage TSLanguage;
const TSLanguage *tree_sitter_rholang(void);

static PyObject *language(PyObject *module, PyObject *unused) {
    return PyCapsule_New((void *)tree_sitter_rholang(), "tree_sitter.Language", NULL);
}

static PyMethodDef methods[] = {
    {"language", language, METH_NOARGS, "The grammar, for tree_sitter.Language."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_binding", "tree-sitter-rholang.", 0, methods, NULL, NULL, NULL, NULL,
};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__binding(void) { return PyModuleDef_Init(&definition); }
