/* OpenMP by POSIX threads, as much of it as emitted code uses, for ThreadSanitizer: it cannot see
   into libgomp, and would take what its barriers order for races.  Every parallel region starts its
   threads and waits for them. */

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct {
    int size;
    pthread_barrier_t barrier;
    pthread_mutex_t mutex;
    long next, end, step, chunk;
    int started;
} team;
typedef struct {
    void (*function)(void *);
    void *data;
    team *of;
    int rank;
} member;

static __thread member *me;

static void *work(void *given) {
    me = given;
    me->function(me->data);
    me = NULL;
    return NULL;
}

void GOMP_parallel(void (*function)(void *), void *data, unsigned wanted, unsigned flags) {
    int size = me || wanted == 1 ? 1 : wanted ? (int)wanted : 4;
    team t = {.size = size};
    member *members = calloc(size, sizeof *members), *before = me;
    pthread_t *threads = calloc(size, sizeof *threads);
    (void)flags;
    pthread_barrier_init(&t.barrier, NULL, size);
    pthread_mutex_init(&t.mutex, NULL);
    for (int k = 0; k < size; k++) members[k] = (member){function, data, &t, k};
    for (int k = 1; k < size; k++) pthread_create(threads + k, NULL, work, members + k);
    work(members);
    for (int k = 1; k < size; k++) pthread_join(threads[k], NULL);
    me = before;
    pthread_barrier_destroy(&t.barrier);
    pthread_mutex_destroy(&t.mutex);
    free(members);
    free(threads);
}

int omp_get_thread_num(void) { return me ? me->rank : 0; }
int omp_get_num_threads(void) { return me ? me->of->size : 1; }
int omp_get_max_threads(void) { return 4; }
int omp_in_parallel(void) { return me && me->of->size > 1; }

void GOMP_barrier(void) {
    if (me) pthread_barrier_wait(&me->of->barrier);
}

/* One loop of a region at a time: those that use them have a region of their own. */
bool GOMP_loop_nonmonotonic_dynamic_next(long *first, long *last) {
    team *t = me->of;
    pthread_mutex_lock(&t->mutex);
    const bool left = t->step > 0 ? t->next < t->end : t->next > t->end;
    *first = t->next;
    t->next += t->chunk * t->step;
    *last = (t->step > 0 ? t->next > t->end : t->next < t->end) ? t->end : t->next;
    pthread_mutex_unlock(&t->mutex);
    return left;
}

bool GOMP_loop_nonmonotonic_dynamic_start(long start, long end, long step, long chunk, long *first,
                                          long *last) {
    team *t = me->of;
    pthread_mutex_lock(&t->mutex);
    if (!t->started) {
        t->next = start, t->end = end, t->step = step, t->chunk = chunk;
        t->started = 1;
    }
    pthread_mutex_unlock(&t->mutex);
    return GOMP_loop_nonmonotonic_dynamic_next(first, last);
}

void GOMP_loop_end_nowait(void) {}
void GOMP_loop_end(void) { GOMP_barrier(); }
