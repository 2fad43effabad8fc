/* What the files of this extension module share. */
#ifndef METTA_BINDING_H
#define METTA_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

PyObject *metta_cut(PyObject *module, PyObject *args);
PyObject *metta_columns(PyObject *module, PyObject *args);
PyObject *metta_intern(PyObject *module, PyObject *args);
PyObject *metta_text(PyObject *module, PyObject *args);
PyObject *metta_classify(PyObject *module, PyObject *args);

/* Codes of the node kinds, in the order of grammar.KINDS. */
enum { SOURCE_FILE, EXPRESSION, EVALUATION, SYMBOL, VARIABLE_NODE, STRING_NODE, NUMBER, COMMENT, ERROR_NODE, MISSING_NODE };

#endif
