/* Runs a grid of CUDA threads as fibers, in an order chosen by a number, and checks what it sees.

   Schedule 0 goes upwards, 1 downwards and depth first, even ones pick at random, odd ones give each
   warp a random fixed priority, so that one warp runs as far ahead as it can: plain random orders
   miss barriers that are missing behind a shuffle.  Blocks of a launch that is not cooperative run
   one after the other, those of a cooperative one together.  The first fault ends the launch. */
#include "cudasim.h"

#undef threadIdx
#undef blockIdx
#undef blockDim
#undef gridDim

#include <stdarg.h>

#include <algorithm>

#include "fibers.h"

enum State { FRESH, READY, RUNNING, AT_BARRIER, AT_COLLECTIVE, DONE };
enum { MOST_STATIC_SHARED = 48 * 1024, ARENA_BYTES = 64 * 1024 };

struct Block;
struct Thread : sim_thread {
    Block* home;
    Fiber* fiber;
    void* identity;
    uint64_t priority;
    int index, line;
    State state;
    // the warp collective it waits at
    unsigned mask;
    int what, argument, width;
    uint64_t value;
};

struct Warp {
    unsigned waiting = 0, alive = 0;
    unsigned epoch = 0;
    char tags[2] = {0, 0};
};

struct Block {
    std::vector<Thread> threads;
    Warp warps[32];
    std::vector<void*> shared;
    char *dynamic = nullptr, *arena = nullptr;
    size_t shared_bytes = 0;
    int alive = 0, at_barrier = 0, line = 0;
    int count = 0, all = 1, any = 0;              // of the barrier that fills
    int last_count = 0, last_all = 1, last_any = 0;  // of the one that was released
    unsigned epoch = 0;
    char tags[2] = {0, 0};  // used in turn: with one, a fast thread's next phase hides a race
};

extern "C" {
sim_thread* sim_current;
dim3 sim_block_dim, sim_grid_dim;
}

static void (*trampoline)(void*, void**);
static void* kernel;
static void** kernel_arguments;
static size_t dynamic_bytes;
static std::vector<Block*> blocks;
static long schedule, unfinished, yields, polls, clock_reads;
static uint64_t random_state;
static char message[512];
[[maybe_unused]] static char launch_tag, end_tag;  // places that ThreadSanitizer orders by

static Thread* current(void) { return (Thread*)sim_current; }

/* ---- the order ------------------------------------------------------------------------------------ */
static uint64_t random_number(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

struct Ring {  // a queue that can be taken from anywhere, and allocates nothing while fibers run
    std::vector<Thread*> slots;
    size_t head = 0, size = 0;
    void reset(size_t capacity) {
        if (slots.size() < capacity) slots.resize(capacity);
        head = size = 0;
    }
    Thread*& at(size_t i) {
        i += head;
        return slots[i < slots.size() ? i : i - slots.size()];
    }
    void push_back(Thread* t) { at(size++) = t; }
    void push_front(Thread* t) {
        head = head ? head - 1 : slots.size() - 1;
        size++;
        slots[head] = t;
    }
    Thread* pop_back() { return at(--size); }
    Thread* pop_front() {
        Thread* t = slots[head];
        if (++head == slots.size()) head = 0;
        size--;
        return t;
    }
};

static Ring ring;
static std::vector<Thread*> heap;

static bool by_priority(void) { return schedule > 1 && (schedule & 1); }
static bool lower(Thread* a, Thread* b) { return a->priority < b->priority; }

static void enqueue(Thread* t, bool yielded = false) {
    if (by_priority()) {
        if (yielded) t->priority >>= 1;
        heap.push_back(t);
        std::push_heap(heap.begin(), heap.end(), lower);
    } else if (yielded && schedule == 1) ring.push_front(t);
    else ring.push_back(t);
}

static Thread* next_thread(void) {
    if (by_priority()) {
        if (heap.empty()) return nullptr;
        std::pop_heap(heap.begin(), heap.end(), lower);
        Thread* t = heap.back();
        heap.pop_back();
        return t;
    }
    if (!ring.size) return nullptr;
    if (schedule == 0) return ring.pop_front();
    if (schedule == 1) return ring.pop_back();
    Thread*& chosen = ring.at(random_number() % ring.size);
    std::swap(chosen, ring.at(ring.size - 1));
    return ring.pop_back();
}

static void make_ready(Thread* t) {
    t->state = READY;
    enqueue(t);
}

/* ---- faults ----------------------------------------------------------------------------------------- */
extern "C" void sim_fail(const char* format, ...) {
    if (!message[0]) {
        va_list rest;
        va_start(rest, format);
        vsnprintf(message, sizeof message, format, rest);
        va_end(rest);
    }
    TSAN_RELEASE(&end_tag);
    fiber_switch(&main_fiber);  // the kernel's stacks are left as they are
    __builtin_unreachable();
}

static void deadlock(void) {
    int barrier = 0, collective = 0;
    Thread* one = nullptr;
    for (Block* b : blocks)
        for (Thread& t : b->threads) {
            if (t.state == AT_BARRIER) barrier++;
            if (t.state == AT_COLLECTIVE) collective++;
            if (t.state == AT_COLLECTIVE || (t.state == AT_BARRIER && !one)) one = &t;
        }
    sim_fail("deadlock: %d threads wait at __syncthreads and %d at a warp collective; one is thread "
             "%d of block (%u,%u,%u), at line %d", barrier, collective, one->index, one->block.x,
             one->block.y, one->block.z, one->line);
}

/* ---- fibers that run threads ------------------------------------------------------------------------ */
static void thread_exit(Thread* t);
static void resume(Thread* t);

static void fiber_main(void) {
    fiber_arrived(current()->fiber, left_fiber);
    for (;;) {
        Thread* t = current();
        t->state = RUNNING;
        t->fiber = running_fiber;
        TSAN_ACQUIRE(&launch_tag);
        trampoline(kernel, kernel_arguments);
        TSAN_RELEASE(&end_tag);
        thread_exit(t);
        Thread* next = next_thread();
        if (!next && unfinished) deadlock();
#if !defined(SIM_THREAD)  // there, neither stacks nor identities are used twice in a launch
        if (next && next->state == FRESH) {
            sim_current = next;  // on the same stack: kernels that never block never switch
            continue;
        }
        free_fibers.push_back(running_fiber);
#endif
        if (next) resume(next);
        else fiber_switch(&main_fiber);
    }
}

/* Runs a thread that is in no queue, in place of the one that runs now. */
static void resume(Thread* t) {
    if (t->state == FRESH) {
        t->fiber = fiber_take();
        t->fiber->identity = t->identity;
        fiber_prepare(t->fiber, fiber_main);
    } else t->state = RUNNING;
    sim_current = t;
    fiber_switch(t->fiber);
}

/* The running thread waits; something has noted what for, and will put it back into the queue. */
static void block_self(Thread* me) {
    Thread* next = next_thread();
    if (!next) deadlock();
    if (next != me) resume(next);
    sim_current = me;
    me->state = RUNNING;
}

extern "C" void sim_yield(void) {
    if (++yields > 2000000) sim_fail("livelock: a loop that waits for other threads never ends");
    Thread* t = current();
    t->state = READY;
    enqueue(t, true);
    block_self(t);
}

/* A loop that polls without __nanosleep must let others run too. */
extern "C" void sim_polled(void) {
    if (++polls % 256 == 0) sim_yield();
}

extern "C" long long sim_clock(void) { return ++clock_reads; }

/* ---- barriers ---------------------------------------------------------------------------------------- */
static void release_barrier(Block* b) {
    b->last_count = b->count, b->last_all = b->all, b->last_any = b->any;
    b->at_barrier = b->count = b->any = 0;
    b->all = 1;
    b->epoch++;
    yields = 0;
    for (Thread& t : b->threads)
        if (t.state == AT_BARRIER) make_ready(&t);
}

extern "C" void sim_syncthreads(int line, int predicate, int* count, int* all, int* any) {
    Thread* t = current();
    Block* b = t->home;
    if (b->at_barrier && b->line != line)
        sim_fail("divergent barrier: block (%u,%u,%u) has threads at line %d and at line %d",
                 t->block.x, t->block.y, t->block.z, b->line, line);
    if (b->alive != (int)b->threads.size())
        sim_fail("divergent barrier: block (%u,%u,%u) reached __syncthreads at line %d after %d of "
                 "its threads had ended", t->block.x, t->block.y, t->block.z, line,
                 (int)b->threads.size() - b->alive);
    b->line = t->line = line;
    b->count += !!predicate, b->all &= !!predicate, b->any |= !!predicate;
    b->at_barrier++;
    t->state = AT_BARRIER;
    char* tag = &b->tags[b->epoch & 1];
    TSAN_RELEASE(tag);
    if (b->at_barrier == b->alive) release_barrier(b);
    block_self(t);
    TSAN_ACQUIRE(tag);
    (void)tag;
    if (count) *count = b->last_count;
    if (all) *all = b->last_all;
    if (any) *any = b->last_any;
}

/* ---- warp collectives ----------------------------------------------------------------------------- */
static int64_t combined(int what, int64_t a, int64_t b) {
    switch (what) {
        case SIM_ADD: return a + b;
        case SIM_MIN: return a < b ? a : b;
        case SIM_MAX: return a > b ? a : b;
        case SIM_AND: return a & b;
        case SIM_OR: return a | b;
        default: return a ^ b;
    }
}

/* The lane that a shuffle reads, the own one where the source lies outside of the segment. */
static int source_of(const Thread& t, int lane) {
    int first = lane / t.width * t.width, last = first + t.width, source = lane;
    switch (t.what) {
        case SIM_SHFL: source = first + (t.argument & (t.width - 1)); break;
        case SIM_UP: source = lane - t.argument; break;
        case SIM_DOWN: source = lane + t.argument; break;
        case SIM_XOR: source = lane ^ t.argument; break;
    }
    return source < first || source >= last ? lane : source;
}

/* All lanes of one mask have arrived: give each its value. */
static void complete(Thread* first, unsigned present) {
    uint64_t values[32] = {0};
    unsigned ballot = 0;
    int64_t total = 0;
    bool started = false;
    int what = first[__builtin_ctz(present)].what;
    for (int lane = 0; lane < 32; lane++) {
        if (!(present >> lane & 1)) continue;
        values[lane] = first[lane].value;
        if (values[lane]) ballot |= 1u << lane;
        int64_t v = (int64_t)values[lane];
        total = started ? combined(what, total, v) : v;
        started = true;
    }
    for (int lane = 0; lane < 32; lane++) {
        if (!(present >> lane & 1)) continue;
        Thread& t = first[lane];
        if (what <= SIM_XOR) {
            int source = source_of(t, lane);
            t.value = present >> source & 1 ? values[source] : ~(uint64_t)0;  // a NaN
        } else t.value = what == SIM_BALLOT ? ballot : (uint64_t)total;
        make_ready(&t);
    }
}

/* Completes what can be: on arrival only the caller's group, after an exit any. */
static void try_collectives(Block* b, int w, Thread* arrived) {
    Warp& warp = b->warps[w];
    Thread* first = &b->threads[w * 32];
    unsigned candidates = arrived ? 1u << (arrived->index & 31) : warp.waiting;
    for (; candidates; candidates &= candidates - 1) {
        int lane = __builtin_ctz(candidates);
        if (!(warp.waiting >> lane & 1)) continue;
        Thread& t = first[lane];
        unsigned present = t.mask & warp.alive;
        if ((warp.waiting & present) != present) continue;
        bool same = true;
        for (unsigned left = present; left; left &= left - 1) {
            const Thread& other = first[__builtin_ctz(left)];
            same = same && other.mask == t.mask && other.what == t.what;
        }
        if (!same && arrived)
            sim_fail("warp collective at line %d: the lanes of mask %08x are at different ones",
                     t.line, t.mask);
        if (!same) continue;
        warp.waiting &= ~present;
        warp.epoch++;
        complete(first, present);
    }
}

extern "C" uint64_t sim_warp(int what, unsigned mask, uint64_t value, int argument, int width,
                             int line) {
    Thread* t = current();
    int lane = t->index & 31, w = t->index / 32;
    Warp& warp = t->home->warps[w];
    if (!(mask >> lane & 1))
        sim_fail("warp collective at line %d: lane %d calls it, but is not in mask %08x", line, lane,
                 mask);
    t->what = what, t->mask = mask, t->value = value;
    t->argument = argument, t->width = width, t->line = line;
    t->state = AT_COLLECTIVE;
    warp.waiting |= 1u << lane;
    // only __syncwarp orders memory; shuffles do not
    char* tag = &warp.tags[warp.epoch & 1];
    if (what == SIM_SYNCWARP) TSAN_RELEASE(tag);
    try_collectives(t->home, w, t);
    block_self(t);
    if (what == SIM_SYNCWARP) TSAN_ACQUIRE(tag);
    (void)tag;
    return t->value;
}

static void thread_exit(Thread* t) {
    Block* b = t->home;
    t->state = DONE;
    unfinished--;
    b->alive--;
    yields = 0;
    if (b->at_barrier)
        sim_fail("divergent barrier: thread %d of block (%u,%u,%u) ended while others wait at "
                 "__syncthreads at line %d", t->index, t->block.x, t->block.y, t->block.z, b->line);
    Warp& warp = b->warps[t->index / 32];
    warp.alive &= ~(1u << (t->index & 31));
    if (warp.waiting) try_collectives(b, t->index / 32, nullptr);
}

/* ---- shared memory: one heap block an array, so that AddressSanitizer sees their ends ------------- */
static void* poisoned(size_t bytes) {
    void* p = nullptr;
    if (posix_memalign(&p, 128, bytes ? bytes : 1)) abort();
    memset(p, 0xff, bytes);  // read before it is written, it is NaN
    return p;
}

extern "C" void* sim_shared(int number, size_t bytes) {
    Block* b = current()->home;
    if ((int)b->shared.size() <= number) b->shared.resize(number + 1, nullptr);
    if (b->shared[number]) return b->shared[number];
    size_t start = (b->shared_bytes + 15) / 16 * 16;
    b->shared_bytes = start + bytes;
    if (b->shared_bytes > MOST_STATIC_SHARED)
        sim_fail("%zu bytes of static shared memory; 49152 are the limit", b->shared_bytes);
#if defined(SIM_THREAD)  // the sanitizer takes an allocation inside a kernel for a race
    return b->shared[number] = b->arena + start;
#else
    return b->shared[number] = poisoned(bytes);
#endif
}

extern "C" void* sim_dynamic_shared(void) { return current()->home->dynamic; }

/* ---- launches --------------------------------------------------------------------------------------- */
static Block* new_block(dim3 size, uint3 place) {
    Block* b = new Block();
    int n = size.x * size.y * size.z;
    b->shared.reserve(64);
    b->threads.resize(n);
    b->alive = n;
#if defined(SIM_THREAD)
    b->arena = (char*)poisoned(ARENA_BYTES);
#endif
    if (dynamic_bytes) b->dynamic = (char*)poisoned(dynamic_bytes);
    for (int i = 0; i < n; i++) {
        Thread& t = b->threads[i];
        t.index = i, t.home = b, t.block = place, t.state = FRESH;
        t.thread = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
#if defined(SIM_THREAD)  // made by the launching thread: no order between CUDA threads
        t.identity = __tsan_create_fiber(0);
#endif
        b->warps[i / 32].alive |= 1u << (i & 31);
    }
    return b;
}

static void free_blocks(void) {
    for (Block* b : blocks) {
#if defined(SIM_THREAD)
        for (Thread& t : b->threads) __tsan_destroy_fiber(t.identity);
        free(b->arena);
#else
        for (void* p : b->shared) free(p);
#endif
        free(b->dynamic);
        delete b;
    }
    blocks.clear();
}

static void add_block(Block* b) {
    blocks.push_back(b);
    unfinished += b->threads.size();
    uint64_t of_warp = 0;
    for (Thread& t : b->threads) {
        if (t.index % 32 == 0) of_warp = random_number() >> 1 & ~(uint64_t)0xffffffff;
        t.priority = of_warp | random_number() >> 32;
        enqueue(&t);
    }
}

/* Runs every thread that is in the queue to its end. */
static void run_queue(void) {
    Thread* first = next_thread();
    if (!first) return;
    TSAN_RELEASE(&launch_tag);
    running_fiber = &main_fiber;
    resume(first);
    TSAN_ACQUIRE(&end_tag);
}

static std::vector<long> block_order(long n) {
    std::vector<long> order(n);
    for (long i = 0; i < n; i++) order[i] = schedule == 1 ? n - 1 - i : i;
    if (schedule > 1)
        for (long i = n - 1; i > 0; i--) std::swap(order[i], order[random_number() % (i + 1)]);
    return order;
}

static void start_launch(long threads_at_once, long grid_blocks) {
    random_state = 0x9E3779B97F4A7C15ull ^ (uint64_t)schedule * 0x2545F4914F6CDD1Dull;
    if (!random_state) random_state = 1;
    message[0] = 0;
    yields = polls = clock_reads = switch_count = unfinished = 0;
    ring.reset(threads_at_once + 1);
    heap.clear();
    heap.reserve(threads_at_once);
    all_fibers.reserve(1 << 17);
    free_fibers.reserve(1 << 17);
    blocks.reserve(grid_blocks);
#if defined(SIM_THREAD)
    main_fiber.identity = __tsan_get_current_fiber();
#endif
}

static int launch(sim_function* f, dim3 grid, dim3 size, size_t dynamic, void** arguments,
                  bool together) {
    long n = (long)grid.x * grid.y * grid.z;
    trampoline = f->trampoline, kernel = f->function, kernel_arguments = arguments;
    sim_grid_dim = grid, sim_block_dim = size, dynamic_bytes = dynamic;
    start_launch((long)size.x * size.y * size.z * (together ? n : 1), n);
    for (long i : block_order(n)) {
        if (message[0]) break;
        uint3 place = {(unsigned)(i % grid.x), (unsigned)(i / grid.x % grid.y),
                       (unsigned)(i / ((long)grid.x * grid.y))};
        add_block(new_block(size, place));
        if (together) continue;
        run_queue();
#if !defined(SIM_THREAD)
        free_blocks();
#endif
    }
    if (together) run_queue();
    free_fibers.assign(all_fibers.begin(), all_fibers.end());  // those of a failed launch too
    free_blocks();
    return message[0] ? 719 /* CUDA_ERROR_LAUNCH_FAILED */ : 0;
}

SIM_EXPORT const char* sim_message(void) { return message; }
SIM_EXPORT long sim_switches(void) { return switch_count; }
SIM_EXPORT void sim_schedule(long number) { schedule = number; }

/* These two take what cuLaunchKernel and cuLaunchCooperativeKernel take. */
SIM_EXPORT int sim_launch(sim_function* f, unsigned gx, unsigned gy, unsigned gz, unsigned bx,
                          unsigned by, unsigned bz, unsigned shared, void*, void** arguments,
                          void**) {
    return launch(f, dim3(gx, gy, gz), dim3(bx, by, bz), shared, arguments, false);
}
SIM_EXPORT int sim_launch_cooperative(sim_function* f, unsigned gx, unsigned gy, unsigned gz,
                                      unsigned bx, unsigned by, unsigned bz, unsigned shared,
                                      void*, void** arguments) {
    return launch(f, dim3(gx, gy, gz), dim3(bx, by, bz), shared, arguments, true);
}
