/* The threads that share loops, one team for the process.

   A job is a function that is called once for each rank below its size; whoever is free claims the
   next rank.  So the caller never waits for a thread that has not started: it does the work itself
   where the others come late, and waits only for ranks that are being run.  Loops inside a job are
   claimed alike, from one counter.  libgomp's teams meet at barriers: where a thread had to be woken
   (50 to 100 µs on a virtual machine) or its core was taken, a call took as long as that.

   Emitted code reaches it through the functions that its compiler calls for OpenMP (cython/team.py).
   One job runs at a time: a caller who finds the team busy, or is in it, works alone.  Idle threads
   spin for a while before they sleep.  */

#include <stdint.h>

typedef void (*an_job_body)(void *);
/* What emitted modules get.  The same stands in cython/team.py. */
typedef struct {
    void (*parallel)(an_job_body body, void *data, unsigned size);
    int (*loop_start)(long start, long end, long step, long chunk, long *first, long *last);
    int (*loop_next)(long *first, long *last);
    int (*rank)(void);
    int (*size)(void);
    int (*pays)(double work);
    void (*loop_set)(long start, long end, long step, long chunk);
} an_team_functions;

#ifndef _WIN32
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#define AN_MOST_HELPERS 127
#define AN_LONG_NS 200000 /* longer than it takes to wake a thread */
#define AN_OPEN ((uint64_t)1 << 16)
#define AN_GENERATION ((uint64_t)1 << 17)
#define AN_ACTIVE (AN_OPEN - 1)

typedef struct {
    an_job_body body;
    void *data;
    unsigned size, next_rank;
    long claimed, from_end; /* chunks: all of them, those of helpers */
} an_job;
typedef struct {
    an_job *job;
    int rank;
    int helps;
    long start, end, step, chunk, chunks, own;
} an_place;

static struct {
    /* generation of the job, whether it is open, how many helpers are in it: changed as one word,
       so that a helper cannot enter a job that has ended */
    uint64_t state;
    an_job job;
    int busy, helpers, spinning, sleeping, waiting, prepared;
    int places; /* helpers that the job has work for */
    int64_t spin_ns, wanted_at, alone_until;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
} an_team = {.spin_ns = 200000, .mutex = PTHREAD_MUTEX_INITIALIZER,
             .work = PTHREAD_COND_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
static __thread an_place *an_here;

#define an_get(p) __atomic_load_n(&(p), __ATOMIC_SEQ_CST)
#define an_put(p, v) __atomic_store_n(&(p), (v), __ATOMIC_SEQ_CST)
#define an_add(p, v) __atomic_fetch_add(&(p), (v), __ATOMIC_SEQ_CST)

static inline void an_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t an_ticks(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* The ranks that are left, one after the other. */
static void an_work_on(an_job *job, int helps) {
    an_place here = {.job = job, .helps = helps}, *before = an_here;
    unsigned rank;
    an_here = &here;
    while ((rank = __atomic_fetch_add(&job->next_rank, 1, __ATOMIC_RELAXED)) < job->size) {
        here.rank = (int)rank;
        job->body(job->data);
    }
    an_here = before;
}

static int an_entered(uint64_t seen) {
    uint64_t s = an_get(an_team.state);
    while ((s & AN_OPEN) && s / AN_GENERATION != seen
           && (s & AN_ACTIVE) < (uint64_t)an_get(an_team.places))
        if (__atomic_compare_exchange_n(&an_team.state, &s, s + 1, 0, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return 1;
    return 0;
}

static void an_leave(void) {
    const uint64_t s = __atomic_sub_fetch(&an_team.state, 1, __ATOMIC_SEQ_CST);
    if (!(s & (AN_OPEN | AN_ACTIVE)) && an_get(an_team.waiting)) {
        pthread_mutex_lock(&an_team.mutex);
        pthread_cond_broadcast(&an_team.done);
        pthread_mutex_unlock(&an_team.mutex);
    }
}

static int an_news(uint64_t seen) {
    const uint64_t s = an_get(an_team.state);
    return (s & AN_OPEN) && s / AN_GENERATION != seen;
}

/* Waits until there is a job with another number than `seen`: spins, then sleeps. */
static void an_idle(uint64_t seen) {
    const int64_t until = an_ticks() + an_get(an_team.spin_ns);
    an_add(an_team.spinning, 1);
    for (int k = 1; !an_news(seen); k++) {
        an_pause();
        if (k % 32 == 0 && an_ticks() > until) break;
    }
    an_add(an_team.spinning, -1);
    if (an_news(seen)) return;
    pthread_mutex_lock(&an_team.mutex);
    an_add(an_team.sleeping, 1);
    if (!an_news(seen)) pthread_cond_wait(&an_team.work, &an_team.mutex);
    an_add(an_team.sleeping, -1);
    pthread_mutex_unlock(&an_team.mutex);
}

/* Helpers wait for a core that is free: one that took the caller's would gain nothing. */
static void an_give_way(void) {
#if defined(__linux__) && defined(SCHED_BATCH)
    struct sched_param how;
    int policy;
    if (pthread_getschedparam(pthread_self(), &policy, &how) == 0 && policy == SCHED_OTHER)
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &how);
#endif
}

static void *an_helper(void *nothing) {
    uint64_t seen = 0;
    an_give_way();
    for (;;) {
        an_idle(seen);
        if (an_entered(seen)) {
            seen = an_get(an_team.state) / AN_GENERATION;
            an_work_on(&an_team.job, 1);
            an_leave();
        } else {
            seen = an_get(an_team.state) / AN_GENERATION;
        }
    }
    return nothing;
}

/* A child of fork has the calling thread alone. */
static void an_alone_after_fork(void) {
    pthread_mutex_init(&an_team.mutex, 0);
    pthread_cond_init(&an_team.work, 0);
    pthread_cond_init(&an_team.done, 0);
    an_team.state &= ~(AN_OPEN | AN_ACTIVE);
    an_team.busy = an_team.helpers = an_team.spinning = an_team.sleeping = an_team.waiting = 0;
}

/* Starts helpers until there are so many; signals stay with the threads that Python knows. */
static void an_hire(int wanted) {
    if (!an_team.prepared) {
        an_team.prepared = 1;
        pthread_atfork(0, 0, an_alone_after_fork);
    }
    if (wanted > AN_MOST_HELPERS) wanted = AN_MOST_HELPERS;
    if (an_team.helpers >= wanted) return;
    sigset_t all, before;
    pthread_attr_t detached;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    while (an_team.helpers < wanted) {
        pthread_t thread;
        if (pthread_create(&thread, &detached, an_helper, 0) != 0) break;
        an_team.helpers++;
    }
    pthread_attr_destroy(&detached);
    pthread_sigmask(SIG_SETMASK, &before, 0);
}

static void an_call_helpers(int wanted) {
    if (!an_get(an_team.sleeping)) return;
    pthread_mutex_lock(&an_team.mutex);
    for (int k = an_get(an_team.spinning); k < wanted; k++) pthread_cond_signal(&an_team.work);
    pthread_mutex_unlock(&an_team.mutex);
}

/* After work that took `waited` longer because a helper had lost its core: nothing is shared for
   twice as long, for twice as long again each time that this comes back at once, up to 32 times.
   So cores that stay taken cost 3 %, and one that another process used once is soon used again. */
static void an_stay_alone(int64_t now, int64_t waited) {
    static int64_t since, until, doublings;
    doublings = now - until < until - since ? doublings + (doublings < 5) : 1;
    since = now;
    until = now + (waited << doublings);
    __atomic_store_n(&an_team.alone_until, until, __ATOMIC_RELAXED);
}

/* Nobody enters any more; returns when those who are in have left. */
static void an_close(int64_t started) {
    __atomic_and_fetch(&an_team.state, ~AN_OPEN, __ATOMIC_SEQ_CST);
    for (int k = 0; k < 2000; k++) {
        if (!(an_get(an_team.state) & AN_ACTIVE)) return;
        an_pause();
    }
    const int64_t from = an_ticks();
    pthread_mutex_lock(&an_team.mutex);
    an_put(an_team.waiting, 1);
    while (an_get(an_team.state) & AN_ACTIVE) pthread_cond_wait(&an_team.done, &an_team.mutex);
    an_put(an_team.waiting, 0);
    pthread_mutex_unlock(&an_team.mutex);
    const int64_t now = an_ticks(), waited = now - from;
    if (waited > AN_LONG_NS && waited > (now - started) / 4)
        an_stay_alone(now, waited);
}

static void an_parallel(an_job_body body, void *data, unsigned size) {
    if (size < 2 || an_here || __atomic_exchange_n(&an_team.busy, 1, __ATOMIC_SEQ_CST)) {
        an_job own = {body, data, size ? size : 1, 0, 0, 0};
        an_work_on(&own, 0);
        return;
    }
    const int64_t started = an_ticks();
    an_hire((int)size - 1);
    an_team.job = (an_job){body, data, size, 0, 0, 0};
    an_put(an_team.places, (int)size - 1);
    an_put(an_team.state, (an_get(an_team.state) / AN_GENERATION + 1) * AN_GENERATION | AN_OPEN);
    an_call_helpers((int)size - 1);
    an_work_on(&an_team.job, 0);
    an_close(started);
    an_put(an_team.busy, 0);
}

/* A loop whose steps are claimed in chunks.  A job has one at most, and every rank says the same.
   The caller takes them from the start and helpers from the end, so that calls that follow each
   other find much of their data in the cache of the same core. */
static int an_loop_next(long *first, long *last) {
    an_place *here = an_here;
    an_job *job = here->job;
    if (__atomic_fetch_add(&job->claimed, 1, __ATOMIC_RELAXED) >= here->chunks) return 0;
    const long at = here->helps
        ? here->chunks - 1 - __atomic_fetch_add(&job->from_end, 1, __ATOMIC_RELAXED)
        : here->own++;
    const long by = here->chunk * here->step;
    *first = here->start + at * by;
    *last = at == here->chunks - 1 ? here->end : *first + by;
    return 1;
}

static void an_loop_set(long start, long end, long step, long chunk) {
    an_place *here = an_here;
    const long steps = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
    here->start = start, here->end = end, here->step = step, here->chunk = chunk;
    here->chunks = steps > 0 ? (steps + chunk - 1) / chunk : 0;
}

static int an_loop_start(long start, long end, long step, long chunk, long *first, long *last) {
    an_loop_set(start, end, step, chunk);
    return an_loop_next(first, last);
}

static int an_rank(void) { return an_here ? an_here->rank : 0; }
static int an_size(void) { return an_here ? (int)an_here->job->size : 1; }

/* Is a job that takes one thread `work` nanoseconds worth sharing?  Helpers that spin come at once;
   those that sleep are woken for long jobs, and for short ones that follow each other closely. */
static int an_pays(double work) {
    if (an_here || __atomic_load_n(&an_team.busy, __ATOMIC_RELAXED)) return 0;
    const int64_t now = an_ticks();
    if (now < __atomic_load_n(&an_team.alone_until, __ATOMIC_RELAXED)) return 0;
    if (work > AN_LONG_NS || an_get(an_team.spinning)) return 1;
    const int64_t before = __atomic_exchange_n(&an_team.wanted_at, now, __ATOMIC_RELAXED);
    return now - before < (int64_t)work + AN_LONG_NS / 4;
}

static const an_team_functions an_team_table = {
    an_parallel, an_loop_start, an_loop_next, an_rank, an_size, an_pays, an_loop_set,
};
#define an_team_address() ((size_t)&an_team_table)
static void an_set_spin(double us) { an_put(an_team.spin_ns, (int64_t)(us * 1000)); }
#else
#define an_team_address() ((size_t)0)
static void an_set_spin(double us) { (void)us; }
#endif
