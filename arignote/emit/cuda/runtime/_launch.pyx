# cython: language_level=3, boundscheck=False, wraparound=False, embedsignature=True
"""The launcher of `launches.py`, compiled: the driver is called by pointers, without the GIL.

A run fills a copy of the slots, so that threads may run one launcher at once.
"""

from libc.stdint cimport int64_t, intptr_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

ctypedef int (*launch_t)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                         unsigned, void*, void**, void**) noexcept nogil
ctypedef int (*together_t)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                           unsigned, void*, void**) noexcept nogil
ctypedef int (*fill_t)(unsigned long long, unsigned char, size_t, void*) noexcept nogil
ctypedef int (*set_stream_t)(void*, void*) noexcept nogil
ctypedef int (*set_workspace_t)(void*, void*, size_t) noexcept nogil
ctypedef int (*product_t)(void*, int, int, int, int, int, const void*, const void*, int,
                          const void*, int, const void*, void*, int) noexcept nogil

cdef enum:
    ON_STACK = 256  # slots
    PLACES = 128
    TOGETHER = 1  # `Step.how`
    PRODUCT = 2

cdef struct step_t:
    void* function
    unsigned sizes[7]
    uint64_t bytes
    int how
    int first
    int count

cdef struct patch_t:
    int slot
    int word
    int64_t more


cdef class Launcher:
    """Starts the steps of a call.

    pointers: of cuLaunchKernel, cuLaunchCooperativeKernel, cuMemsetD8Async, cublasSetStream_v2 and
    cublasSetWorkspace_v2 of the libraries, which are kept.  rows: function, seven sizes, how, first
    slot, count of arguments.
    """

    cdef object libraries
    cdef launch_t launch
    cdef together_t launch_together
    cdef fill_t fill
    cdef set_stream_t set_stream
    cdef set_workspace_t set_workspace
    cdef step_t* steps
    cdef patch_t* patches
    cdef int64_t* slots
    cdef int n_steps, n_patches, n_slots, n_words

    def __cinit__(self, libraries, pointers, rows, slots, patches):
        self.libraries = libraries
        self.launch = <launch_t><intptr_t>pointers[0]
        self.launch_together = <together_t><intptr_t>pointers[1]
        self.fill = <fill_t><intptr_t>pointers[2]
        self.set_stream = <set_stream_t><intptr_t>pointers[3]
        self.set_workspace = <set_workspace_t><intptr_t>pointers[4]
        self.n_steps, self.n_patches, self.n_slots = len(rows), len(patches), len(slots)
        self.steps = <step_t*>malloc(max(self.n_steps, 1) * sizeof(step_t))
        self.patches = <patch_t*>malloc(max(self.n_patches, 1) * sizeof(patch_t))
        self.slots = <int64_t*>malloc(max(self.n_slots, 1) * sizeof(int64_t))
        if not self.steps or not self.patches or not self.slots:
            raise MemoryError()
        cdef int k, j
        cdef step_t* s
        for k, row in enumerate(rows):
            s = &self.steps[k]
            s.function = <void*><intptr_t>row[0]
            s.bytes = row[2]
            for j in range(7):
                s.sizes[j] = row[1 + j] if row[0] else 0
            if not row[0]:
                s.sizes[0] = row[1]
            s.how, s.first, s.count = row[8], row[9], row[10]
            if s.how == PRODUCT and (not pointers[3] or not pointers[4] or s.count != 5):
                raise ValueError(f"step {k} is a product, and there is no cuBLAS for it")
            if not (0 <= s.first and s.first + max(2 * s.count, 1) <= max(self.n_slots, 1)):
                raise ValueError(f"step {k} has arguments outside of the slots")
        for k, (slot, word, more) in enumerate(patches):
            if not (0 <= slot < self.n_slots and word >= 0):
                raise ValueError(f"patch {k} is outside of the slots")
            self.patches[k].slot, self.patches[k].word, self.patches[k].more = slot, word, more
            self.n_words = max(self.n_words, word + 1)
        for k, value in enumerate(slots):
            self.slots[k] = value

    def __dealloc__(self):
        free(self.steps)
        free(self.patches)
        free(self.slots)

    def run(self, list words, uint64_t stream, int first=0, uint64_t handle=0):
        """Start the steps from the first one on; 0, or (1 + step) << 32 | the library's error.
        handle: of cuBLAS, in this thread."""
        cdef int64_t slots_here[ON_STACK]
        cdef void* places_here[PLACES]
        cdef int64_t* slots = slots_here
        cdef void** places = places_here
        cdef int64_t word
        cdef int k
        if len(words) < self.n_words:
            raise ValueError(f"{len(words)} words; {self.n_words} are needed")
        if self.n_slots > ON_STACK:
            slots = <int64_t*>malloc(self.n_slots * sizeof(int64_t))
            places = <void**>malloc((self.n_slots // 2 + 1) * sizeof(void*))
            if not slots or not places:
                free(slots)
                free(places)
                raise MemoryError()
        try:
            memcpy(slots, self.slots, self.n_slots * sizeof(int64_t))
            for k in range(self.n_patches):
                word = words[self.patches[k].word]
                slots[self.patches[k].slot] = word + self.patches[k].more
            with nogil:
                for k in range(self.n_slots // 2):
                    places[k] = &slots[2 * k]
                word = self.started(slots, places, <void*>stream, first, <void*>handle)
            return word
        finally:
            if self.n_slots > ON_STACK:
                free(slots)
                free(places)

    cdef int64_t started(self, int64_t* slots, void** places, void* stream, int first,
                         void* handle) noexcept nogil:
        cdef int k, code
        cdef step_t* s
        for k in range(first, self.n_steps):
            s = &self.steps[k]
            if s.function == NULL:
                code = self.fill(<unsigned long long>slots[s.first], <unsigned char>s.sizes[0],
                                 s.bytes, stream)
            elif s.how == PRODUCT:
                code = self.product(s, slots + s.first, stream, handle)
            elif s.how == TOGETHER:
                code = self.launch_together(
                    s.function, s.sizes[0], s.sizes[1], s.sizes[2], s.sizes[3], s.sizes[4],
                    s.sizes[5], s.sizes[6], stream, places + s.first // 2)
            else:
                code = self.launch(
                    s.function, s.sizes[0], s.sizes[1], s.sizes[2], s.sizes[3], s.sizes[4],
                    s.sizes[5], s.sizes[6], stream, places + s.first // 2, NULL)
            if code:
                return (<int64_t>(k + 1) << 32) | code
        return 0

    cdef int product(self, step_t* s, int64_t* at, void* stream, void* handle) noexcept nogil:
        """What a stream is set to takes the workspace away: both are set each time."""
        cdef int code = self.set_stream(handle, stream)
        if code == 0:
            code = self.set_workspace(handle, <void*>at[3], <size_t>at[9])
        if code == 0:
            code = (<product_t>s.function)(
                handle, s.sizes[0], s.sizes[1], s.sizes[2], s.sizes[3], s.sizes[4], at + 4,
                <void*>at[0], s.sizes[5], <void*>at[1], s.sizes[6], at + 6, <void*>at[2],
                <int>at[8])
        return code
