/* Stacks to switch between, and what the sanitizers must be told at each switch.

   AddressSanitizer has to know the bounds of the stack in use; ThreadSanitizer takes each CUDA
   thread for a thread of its own, so that it reports races between them although one CPU thread
   runs them all.  This file and runtime.cpp are never instrumented themselves. */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <vector>

#if defined(SIM_ADDRESS)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
enum { STACK_BYTES = 256 * 1024 };
#elif defined(SIM_THREAD)
extern "C" {
void* __tsan_get_current_fiber(void);
void* __tsan_create_fiber(unsigned);
void __tsan_destroy_fiber(void*);
void __tsan_switch_to_fiber(void*, unsigned);
void __tsan_acquire(void*);
void __tsan_release(void*);
}
enum { STACK_BYTES = 128 * 1024 };
#else
enum { STACK_BYTES = 64 * 1024 };
#endif

#if defined(SIM_THREAD)
#define TSAN_ACQUIRE(tag) __tsan_acquire(tag)
#define TSAN_RELEASE(tag) __tsan_release(tag)
#else
#define TSAN_ACQUIRE(tag) ((void)0)
#define TSAN_RELEASE(tag) ((void)0)
#endif

struct Fiber {
    void* saved = nullptr;         // the stack pointer while it does not run
    char* stack = nullptr;         // lowest byte
    size_t bytes = STACK_BYTES;
    void* identity = nullptr;      // ThreadSanitizer's
    void* fake_stack = nullptr;    // AddressSanitizer's
    int colour = 0;                // offset of the first frame: stacks that all start at the same
                                   // place of a page would share few lines of the cache
    void* context = nullptr;       // where there is no assembly below
};

#if defined(__x86_64__)
/* Saves the registers that a called function must keep, and takes up another stack. */
extern "C" void sim_switch_stack(void** saved, void* load);
__asm__(R"(
.text
.type sim_switch_stack,@function
sim_switch_stack:
 pushq %rbp
 pushq %rbx
 pushq %r12
 pushq %r13
 pushq %r14
 pushq %r15
 movq %rsp,(%rdi)
 movq %rsi,%rsp
 popq %r15
 popq %r14
 popq %r13
 popq %r12
 popq %rbx
 popq %rbp
 ret
.size sim_switch_stack,.-sim_switch_stack
)");

static void fiber_prepare(Fiber* f, void (*entry)(void)) {
    void** top = (void**)(((uintptr_t)f->stack + STACK_BYTES - 64 - f->colour) & ~(uintptr_t)15);
    *--top = nullptr;  // where entry would return to, which it never does
    *--top = (void*)entry;
    for (int i = 0; i < 6; i++) *--top = nullptr;
    f->saved = top;
}

static void stack_switch(Fiber* from, Fiber* to) { sim_switch_stack(&from->saved, to->saved); }

#else
#include <ucontext.h>

static void fiber_prepare(Fiber* f, void (*entry)(void)) {
    if (!f->context) f->context = new ucontext_t;
    ucontext_t* c = (ucontext_t*)f->context;
    getcontext(c);
    c->uc_stack.ss_sp = f->stack;
    c->uc_stack.ss_size = STACK_BYTES;
    c->uc_link = nullptr;
    makecontext(c, entry, 0);
}

static void stack_switch(Fiber* from, Fiber* to) {
    if (!from->context) from->context = new ucontext_t;
    swapcontext((ucontext_t*)from->context, (ucontext_t*)to->context);
}
#endif

static std::vector<Fiber*> all_fibers, free_fibers;
static Fiber main_fiber;
static Fiber* running_fiber = &main_fiber;
static long switch_count;

static Fiber* fiber_take(void) {
    if (!free_fibers.empty()) {
        Fiber* f = free_fibers.back();
        free_fibers.pop_back();
        return f;
    }
    Fiber* f = new Fiber();
    f->stack = (char*)mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (f->stack == MAP_FAILED) abort();
    f->colour = (int)(all_fibers.size() * 832 % 16384);
    all_fibers.push_back(f);
    return f;
}

/* The first thing a fiber does, and what every fiber does when it comes back. */
static void fiber_arrived(Fiber* self, Fiber* came_from) {
    running_fiber = self;
#if defined(SIM_ADDRESS)
    const void* bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &bytes);
    if (came_from == &main_fiber) main_fiber.stack = (char*)bottom, main_fiber.bytes = bytes;
#else
    (void)came_from;
#endif
}

static Fiber* left_fiber;

static void fiber_switch(Fiber* to) {
    Fiber* self = running_fiber;
    switch_count++;
    left_fiber = self;
#if defined(SIM_ADDRESS)
    __sanitizer_start_switch_fiber(&self->fake_stack, to->stack, to->bytes);
#elif defined(SIM_THREAD)
    __tsan_switch_to_fiber(to->identity, 1 /* which orders no memory */);
#endif
    stack_switch(self, to);
    fiber_arrived(self, left_fiber);
}
