# What runtime.pyx uses of C: the contract with kernels, NumPy's and Python's C functions.

cdef extern from *:
    """
    typedef struct { int32_t site; int32_t pad; int64_t values[6]; } an_error;
    typedef struct an_context {
        void *owner;
        int32_t threads;
        int32_t flags;
        int32_t (*callback)(void *, int32_t, void **, const int64_t *);
        void *(*result)(void *, int32_t, const int64_t *);
        int32_t (*interrupted)(void);
        void *(*borrow)(size_t, int, size_t *);
        void (*give_back)(void *, size_t);
        an_error error;
    } an_context;
    typedef int32_t (*an_entry)(an_context *, void **, const int64_t *, void **);
    typedef void (*an_shapes)(const int64_t *, int64_t *);
    """
    ctypedef struct an_error:
        int32_t site
        int64_t values[6]
    ctypedef struct an_context:
        void *owner
        int32_t threads
        int32_t flags
        int32_t (*callback)(void *, int32_t, void **, const int64_t *) noexcept nogil
        void *(*result)(void *, int32_t, const int64_t *) noexcept nogil
        int32_t (*interrupted)() noexcept nogil
        void *(*borrow)(size_t, int, size_t *) noexcept nogil
        void (*give_back)(void *, size_t) noexcept nogil
        an_error error
    ctypedef int32_t (*an_entry)(an_context *, void **, const int64_t *, void **) noexcept nogil
    ctypedef void (*an_shapes)(const int64_t *, int64_t *) noexcept nogil

cdef extern from *:
    """
    #include "numpy/arrayobject.h"
    #define c_array(a) ((PyArrayObject *)(a))
    #define c_ndim(a) PyArray_NDIM(c_array(a))
    #define c_flags(a) PyArray_FLAGS(c_array(a))
    #define c_data(a) PyArray_DATA(c_array(a))
    #define c_dims(a) ((int64_t *)PyArray_DIMS(c_array(a)))
    #define c_strides(a) ((int64_t *)PyArray_STRIDES(c_array(a)))
    #define c_descr(a) ((PyObject *)PyArray_DESCR(c_array(a)))
    #define c_type_num(a) PyArray_TYPE(c_array(a))
    #define c_isnotswapped(a) PyArray_ISNOTSWAPPED(c_array(a))
    #define new_array(descr, rank, dims, strides, data, flags) PyArray_NewFromDescr( \
        &PyArray_Type, (PyArray_Descr *)(descr), (rank), (npy_intp *)(dims), \
        (npy_intp *)(strides), (data), (flags), NULL)
    #define new_scalar(data, descr) PyArray_Scalar((data), (PyArray_Descr *)(descr), NULL)
    #define set_base(a, base) PyArray_SetBaseObject(c_array(a), (base))
    #define update_flags(a, flags) PyArray_UpdateFlags(c_array(a), (flags))
    """
    PyTypeObject PyArray_Type
    int c_ndim(PyObject *) nogil
    int c_flags(PyObject *) nogil
    void *c_data(PyObject *) nogil
    int64_t *c_dims(PyObject *) nogil
    int64_t *c_strides(PyObject *) nogil
    PyObject *c_descr(PyObject *) nogil
    int c_type_num(PyObject *) nogil
    int c_isnotswapped(PyObject *) nogil
    PyObject *new_array(PyObject *, int, int64_t *, int64_t *, void *, int) except NULL
    PyObject *new_scalar(void *, PyObject *) except NULL
    int set_base(PyObject *, PyObject *) except -1
    void update_flags(PyObject *, int)
    void scalar_bytes "PyArray_ScalarAsCtype"(PyObject *, void *)
    enum:
        NPY_ARRAY_C_CONTIGUOUS
        NPY_ARRAY_F_CONTIGUOUS
        NPY_ARRAY_ALIGNED
        NPY_ARRAY_WRITEABLE

cdef extern from "Python.h":
    PyTypeObject PyFloat_Type, PyLong_Type, PyBool_Type, PyComplex_Type
    double PyFloat_AS_DOUBLE(PyObject *)
    double PyComplex_RealAsDouble(PyObject *)
    double PyComplex_ImagAsDouble(PyObject *)
    long long PyLong_AsLongLongAndOverflow(PyObject *, int *) except? -1
    PyObject *Py_True
    unsigned long Py_TPFLAGS_HAVE_VECTORCALL
    object PyVectorcall_Call(PyObject *, PyObject *, PyObject *)
    int PyErr_CheckSignals() nogil
    PyObject *PyErr_Occurred()
    ctypedef int PyGILState_STATE
    PyGILState_STATE PyGILState_Ensure() nogil
    void PyGILState_Release(PyGILState_STATE) nogil

cdef extern from *:
    """
    /* The type's own tp_call, which subclasses inherit by name, gives way to the faster one; a
       subclass that defines __call__ has another and is left alone. */
    static ternaryfunc an_plain_calls[2]; /* of Dispatcher and of Caller */
    static void an_use_vectorcall(PyTypeObject *type, Py_ssize_t offset) {
        if (offset) {
            type->tp_vectorcall_offset = offset;
            an_plain_calls[an_plain_calls[0] != 0] = type->tp_call;
        }
        if (type->tp_call != an_plain_calls[0] && type->tp_call != an_plain_calls[1]) return;
        type->tp_call = PyVectorcall_Call;
        type->tp_flags |= Py_TPFLAGS_HAVE_VECTORCALL;
        PyType_Modified(type);
    }
    """
    void an_use_vectorcall(PyTypeObject *, Py_ssize_t)

cdef extern from "Python.h":
    ctypedef struct PyTupleObject:
        PyObject **ob_item
