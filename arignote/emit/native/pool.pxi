# Memory kept between calls, scratch and freed results: a fresh page costs more than what most kernels write into it.
#
# Blocks are process-wide, taken and given back without the GIL.  Whoever finds the table in use by
# another thread goes to malloc and free, so nothing waits (and a forked child cannot hang).

cdef extern from *:
    """
    #define AN_SMALL 65536 /* malloc recycles these itself */
    #define AN_HUGE (1 << 22)
    #define AN_LENT (1 << 26) /* what the system would miss */
    #define AN_BLOCKS 64
    typedef struct { void *p; size_t n; uint64_t age; } an_block;
    static an_block an_kept[AN_BLOCKS];
    static size_t an_held, an_bound;
    static uint64_t an_clock;
    #if defined(__GNUC__) || defined(__clang__)
    static char an_busy;
    #define AN_ENTER() (!__atomic_test_and_set(&an_busy, __ATOMIC_ACQUIRE))
    #define AN_LEAVE() __atomic_clear(&an_busy, __ATOMIC_RELEASE)
    #else
    #define AN_ENTER() 0
    #define AN_LEAVE()
    #endif

    #if defined(__linux__)
    #include <sys/mman.h>
    /* Pages of 2 MiB cost a fault and a place in the TLB for 512 small ones; NumPy asks, too. */
    static void an_huge_pages(void *p, size_t bytes) {
        const uintptr_t page = 4096, first = ((uintptr_t)p + page - 1) & ~(page - 1);
        madvise((void *)first, bytes - (first - (uintptr_t)p), MADV_HUGEPAGE);
    }
    /* The system may take these pages while nobody uses the block, and does when it runs short. */
    static void an_lend_pages(void *p, size_t bytes) {
    #if defined(MADV_FREE)
        const uintptr_t page = 1 << 21, first = ((uintptr_t)p + page - 1) & ~(page - 1);
        const uintptr_t last = ((uintptr_t)p + bytes) & ~(page - 1);
        if (last > first) madvise((void *)first, last - first, MADV_FREE);
    #endif
    }
    #else
    static void an_huge_pages(void *p, size_t bytes) {}
    static void an_lend_pages(void *p, size_t bytes) {}
    #endif

    /* To AddressSanitizer kept memory, and what is beyond the bytes asked for, is out of bounds. */
    #if defined(__SANITIZE_ADDRESS__)
    #include <sanitizer/asan_interface.h>
    #define AN_HIDE(p, n) ASAN_POISON_MEMORY_REGION(p, n)
    #define AN_SHOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
    #else
    #define AN_HIDE(p, n)
    #define AN_SHOW(p, n)
    #endif

    static void *an_forget(an_block *b) {
        void *p = b->p;
        an_held -= b->n;
        b->p = NULL;
        return p;
    }

    /* A block of at least `bytes`, of `got`; zeroed where `zero`.  NULL: there is no memory. */
    static void *an_borrow(size_t bytes, int zero, size_t *got) {
        if (bytes >= AN_SMALL && AN_ENTER()) {
            an_block *best = NULL;
            for (int k = 0; k < AN_BLOCKS; k++) {
                an_block *b = an_kept + k;
                if (b->p && b->n >= bytes && b->n / 2 <= bytes && (!best || b->n < best->n))
                    best = b;
            }
            void *p = NULL;
            if (best) { *got = best->n; p = an_forget(best); }
            AN_LEAVE();
            if (p) {
                AN_SHOW(p, bytes);
                return zero ? memset(p, 0, bytes) : p;
            }
        }
        *got = bytes;
        void *fresh = zero ? calloc(bytes, 1) : malloc(bytes);
        if (fresh && bytes >= AN_HUGE) an_huge_pages(fresh, bytes);
        return fresh;
    }

    /* Keeps a block for later calls; beyond the bound those that were not used for longest go. */
    static void an_give_back(void *p, size_t n) {
        if (n < AN_SMALL || n > an_bound || !AN_ENTER()) { free(p); return; }
        for (;;) {
            an_block *room = NULL, *oldest = NULL;
            for (int k = 0; k < AN_BLOCKS; k++) {
                an_block *b = an_kept + k;
                if (!b->p) room = b;
                else if (!oldest || b->age < oldest->age) oldest = b;
            }
            if (room && an_held + n <= an_bound) {
                AN_HIDE(p, n);
                if (n >= AN_LENT) an_lend_pages(p, n);
                room->p = p; room->n = n; room->age = ++an_clock;
                an_held += n;
                break;
            }
            if (!oldest) { free(p); break; } /* the bound has become smaller meanwhile */
            free(an_forget(oldest));
        }
        AN_LEAVE();
    }

    /* Sets how many bytes may be kept, and frees what is beyond. */
    static void an_bind(size_t bound) {
        an_bound = bound;
        if (!AN_ENTER()) return;
        for (int k = 0; k < AN_BLOCKS; k++)
            if (an_kept[k].p && an_held > bound) free(an_forget(an_kept + k));
        AN_LEAVE();
    }
    """
    void *an_borrow(size_t bytes, int zero, size_t *got) noexcept nogil
    void an_give_back(void *p, size_t n) noexcept nogil
    void an_bind(size_t bound) noexcept nogil
    size_t an_held


def set_scratch_bound(size_t bound):
    """Keep up to `bound` bytes of memory between calls."""
    an_bind(bound)


def scratch_held():
    """Bytes of memory kept now."""
    return an_held
