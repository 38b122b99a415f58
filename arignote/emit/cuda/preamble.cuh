// Index arithmetic, reductions by teams of threads, barriers of a grid, reports of failed checks.
// The only hand-written device code beside the scalar functions (emit/preamble): patterns that need
// fences stand here and nowhere else.  A team is a warp, a block or the whole grid.
#if defined(AN_WIDE)
typedef an_i8 an_ix;
typedef an_u8 an_ux;
#else
typedef an_i4 an_ix;
typedef an_u4 an_ux;
#endif
#if !defined(INT64_MIN)
#define INT64_MIN (-9223372036854775807LL - 1)
#endif
#define AN_DEVICE static __device__ __forceinline__

// Neighbouring elements that are loaded and stored at once.
template <class T, int N> struct alignas(sizeof(T) * N) an_vector { T at[N]; };

// A value of any size, word by word.
template <class T> AN_DEVICE T an_shuffle_xor(T v, int distance) {
    unsigned words[(sizeof(T) + 3) / 4] = {};
    memcpy(words, &v, sizeof(T));
    for (int k = 0; k < (int)((sizeof(T) + 3) / 4); k++)
        words[k] = __shfl_xor_sync(0xffffffffu, words[k], distance);
    memcpy(&v, words, sizeof(T));
    return v;
}

// Every lane gets the result.
template <class T, class F> AN_DEVICE T an_warp_reduce(T v, F join) {
    for (int d = 16; d; d >>= 1) v = join(v, an_shuffle_xor(v, d));
    return v;
}

// Every thread gets the result, joined in the same order.  slots: 32 of them, shared.
template <class T, class F> AN_DEVICE T an_block_reduce(T v, F join, T* slots) {
    const int count = (blockDim.x + 31) >> 5;
    v = an_warp_reduce(v, join);
    if (count == 1) return v;
    __syncthreads();
    if ((threadIdx.x & 31) == 0) slots[threadIdx.x >> 5] = v;
    __syncthreads();
    v = slots[0];
    for (int k = 1; k < count; k++) v = join(v, slots[k]);
    return v;
}

// All blocks have come this far.  words: arrivals and generation, both 0 at first; the launch must
// be cooperative.  A spin of more than about 2^31 clocks means that it was not: trap.
AN_DEVICE void an_grid_sync(an_u4* words) {
    __syncthreads();
    if (gridDim.x > 1 && threadIdx.x == 0) {
        const unsigned generation =
            __nv_atomic_load_n(words + 1, __NV_ATOMIC_RELAXED, __NV_THREAD_SCOPE_DEVICE);
        if (__nv_atomic_fetch_add(words, 1u, __NV_ATOMIC_ACQ_REL, __NV_THREAD_SCOPE_DEVICE) == gridDim.x - 1) {
            __nv_atomic_store_n(words, 0u, __NV_ATOMIC_RELAXED, __NV_THREAD_SCOPE_DEVICE);
            __nv_atomic_fetch_add(words + 1, 1u, __NV_ATOMIC_RELEASE, __NV_THREAD_SCOPE_DEVICE);
        } else {
            while (__nv_atomic_load_n(words + 1, __NV_ATOMIC_ACQUIRE, __NV_THREAD_SCOPE_DEVICE) == generation)
                __nanosleep(32);
        }
    }
    __syncthreads();
}

// Is this the last block that comes here?  What the others wrote before is visible to it.
AN_DEVICE bool an_last_block(an_u4* ticket, an_u4* shared) {
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) *shared = atomicAdd(ticket, 1u) == gridDim.x - 1;
    __syncthreads();
    const bool last = *shared != 0;
    if (last && threadIdx.x == 0) *ticket = 0;
    if (last) __threadfence();
    return last;
}

// An element that another block wrote in this launch: not from the first cache.
template <class T> AN_DEVICE T an_load_shared(const T* p) {
    T v;
    if (sizeof(T) % 4) {
        for (int k = 0; k < (int)sizeof(T); k++) ((unsigned char*)&v)[k] = ((const volatile unsigned char*)p)[k];
    } else {
        for (int k = 0; k < (int)(sizeof(T) / 4); k++) ((unsigned*)&v)[k] = __ldcg((const unsigned*)p + k);
    }
    return v;
}

// The parts of all blocks, joined in one order by every block that asks.
template <class T, class F>
AN_DEVICE T an_parts_reduce(F join, T identity, T* slots, const T* parts) {
    T v = identity;
    for (unsigned k = threadIdx.x; k < gridDim.x; k += blockDim.x) v = join(v, an_load_shared(parts + k));
    return an_block_reduce(v, join, slots);
}

// The value of all blocks, in every thread; parts: one a block.
template <class T, class F>
AN_DEVICE T an_grid_reduce(T v, F join, T identity, T* slots, T* parts, an_u4* words) {
    v = an_block_reduce(v, join, slots);
    if (gridDim.x == 1) return v;
    if (threadIdx.x == 0) parts[blockIdx.x] = v;
    an_grid_sync(words);
    v = an_parts_reduce(join, identity, slots, parts);
    an_grid_sync(words);
    return v;
}

// The first failed check of a call stays: its site and up to six values.
AN_DEVICE void an_fail(an_i8* error, int site, an_i8 a, an_i8 b, an_i8 c, an_i8 d, an_i8 e, an_i8 f) {
    if (atomicCAS((unsigned long long*)error, 0ull, (unsigned long long)(site + 1)) == 0ull) {
        error[1] = a;
        error[2] = b;
        error[3] = c;
        error[4] = d;
        error[5] = e;
        error[6] = f;
    }
}

AN_DEVICE an_i8 an_bits(an_f8 x) {
    an_i8 i;
    memcpy(&i, &x, 8);
    return i;
}

AN_DEVICE void an_atomic_add(an_f4* p, an_f4 v) { atomicAdd(p, v); }
AN_DEVICE void an_atomic_add(an_f8* p, an_f8 v) { atomicAdd(p, v); }
AN_DEVICE void an_atomic_add(an_i4* p, an_i4 v) { atomicAdd(p, v); }
AN_DEVICE void an_atomic_add(an_u4* p, an_u4 v) { atomicAdd(p, v); }
AN_DEVICE void an_atomic_add(an_i8* p, an_i8 v) {
    atomicAdd((unsigned long long*)p, (unsigned long long)v);
}
AN_DEVICE void an_atomic_add(an_u8* p, an_u8 v) {
    atomicAdd((unsigned long long*)p, (unsigned long long)v);
}
AN_DEVICE void an_atomic_maximum(an_i4* p, an_i4 v) { atomicMax(p, v); }
AN_DEVICE void an_atomic_maximum(an_u4* p, an_u4 v) { atomicMax(p, v); }
AN_DEVICE void an_atomic_maximum(an_i8* p, an_i8 v) { atomicMax((long long*)p, (long long)v); }
AN_DEVICE void an_atomic_maximum(an_u8* p, an_u8 v) {
    atomicMax((unsigned long long*)p, (unsigned long long)v);
}
AN_DEVICE void an_atomic_minimum(an_i4* p, an_i4 v) { atomicMin(p, v); }
AN_DEVICE void an_atomic_minimum(an_u4* p, an_u4 v) { atomicMin(p, v); }
AN_DEVICE void an_atomic_minimum(an_i8* p, an_i8 v) { atomicMin((long long*)p, (long long)v); }
AN_DEVICE void an_atomic_minimum(an_u8* p, an_u8 v) {
    atomicMin((unsigned long long*)p, (unsigned long long)v);
}
