// A driver that is not there: what runtime/driver.py calls, on host memory, with launches that the
// emulation executes.  It counts what it is asked for, and can be told to refuse.
#include <complex>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <vector>

#define EXPORT extern "C" __attribute__((visibility("default")))
typedef int (*launch_t)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                        void*, void**, void**);
typedef int (*together_t)(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                          void*, void**);
struct Function { void* kernel; launch_t launch; together_t together; int params; };
struct Node {
    Function* f; unsigned size[7]; int together; std::vector<char> args;
    unsigned long long at; unsigned char byte; size_t bytes;
    std::function<void()> product;
};
struct Stream { bool captures; std::vector<Node>* nodes; };

// launches, cooperative launches, memsets, graphs launched, made, attributes, products
static long counts[7];
static int refuse_code, refuse_times, refuse_kind, resident_blocks = 1;
static Stream streams[16];
static int n_streams;
static int executes = 1;
static std::mutex running;  // the emulation runs one launch at a time

EXPORT long standin_count(int k) { return counts[k]; }
EXPORT void standin_reset(int run) { memset(counts, 0, sizeof counts); refuse_times = 0; executes = run; }
// kind: 0 launches, 1 cooperative ones, 3 graphs, 4 captures
EXPORT void standin_refuse(int kind, int code, int times) {
    refuse_kind = kind; refuse_code = code; refuse_times = times;
}
static int refused(int kind) {
    if (refuse_times > 0 && kind == refuse_kind) { refuse_times--; return refuse_code; }
    return 0;
}
static Stream* stream_of(void* s) {
    for (int k = 0; k < n_streams; k++)
        if (s == &streams[k]) return &streams[k];
    return nullptr;
}
static int go(const Node& n) {
    if (n.product) { if (executes) n.product(); return 0; }
    if (!n.f) { memset((void*)n.at, n.byte, n.bytes); return 0; }
    void* places[256];
    for (int k = 0; k < n.f->params; k++) places[k] = (void*)(n.args.data() + 16 * k);
    const unsigned* s = n.size;
    if (!executes) return 0;
    std::lock_guard<std::mutex> alone(running);
    if (n.together)
        return n.f->together(n.f->kernel, s[0], s[1], s[2], s[3], s[4], s[5], s[6], nullptr, places);
    return n.f->launch(n.f->kernel, s[0], s[1], s[2], s[3], s[4], s[5], s[6], nullptr, places, nullptr);
}
static int add(Node n, void* stream) {
    Stream* s = stream_of(stream);
    if (s && s->captures) { s->nodes->push_back(n); return 0; }
    return go(n);
}
static Node node(Function* f, const unsigned (&size)[7], void** args, int together) {
    Node n{f, {}, together, std::vector<char>(16 * (size_t)f->params), 0, 0, 0, nullptr};
    memcpy(n.size, size, sizeof size);
    for (int k = 0; k < f->params; k++) memcpy(n.args.data() + 16 * k, args[k], 16);
    return n;
}
EXPORT int cuLaunchKernel(Function* f, unsigned a, unsigned b, unsigned c, unsigned d, unsigned e,
                          unsigned g, unsigned shared, void* stream, void** args, void** extra) {
    counts[0]++;
    if (int code = refused(0)) return code;
    if (extra || !a || !b || !c || b > 65535 || c > 65535 || a > 2147483647u) return 1;
    if ((size_t)d * e * g > 1024 || shared > 227 * 1024) return 1;
    return add(node(f, {a, b, c, d, e, g, shared}, args, 0), stream);
}
EXPORT int cuLaunchCooperativeKernel(Function* f, unsigned a, unsigned b, unsigned c, unsigned d,
                                     unsigned e, unsigned g, unsigned shared, void* stream,
                                     void** args) {
    counts[1]++;
    if (int code = refused(1)) return code;
    if ((int)(a * b * c) > 4 * resident_blocks * (2048 / (int)(d * e * g))) return 720;
    return add(node(f, {a, b, c, d, e, g, shared}, args, 1), stream);
}
EXPORT int cuMemsetD8Async(unsigned long long at, unsigned char byte, size_t bytes, void* stream) {
    counts[2]++;
    return add(Node{nullptr, {}, 0, {}, at, byte, bytes, nullptr}, stream);
}
EXPORT int cuFuncSetAttribute(Function*, int attribute, int value) {
    counts[5]++;
    return attribute == 8 && value <= 227 * 1024 ? 0 : 1;
}
EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* n, Function*, int threads, size_t) {
    *n = threads > 0 ? resident_blocks : 0;
    return 0;
}
EXPORT int cuGetErrorName(int code, const char** out) {
    *out = code == 701 ? "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES" : "CUDA_ERROR";
    return 0;
}
EXPORT int cuGetErrorString(int, const char** out) { *out = "what it means"; return 0; }
EXPORT int cuStreamCreate(void** out, unsigned flags) {
    if (n_streams == 16) n_streams = 0;
    streams[n_streams] = {false, nullptr};
    *out = &streams[n_streams++];
    return flags == 1 ? 0 : 1;
}
EXPORT int cuStreamDestroy_v2(void* s) { return stream_of(s) ? 0 : 400; }
EXPORT int cuStreamBeginCapture_v2(void* s, int mode) {
    if (int code = refused(4)) return code;
    Stream* stream = stream_of(s);
    if (!stream || mode != 2) return 1;
    stream->captures = true;
    stream->nodes = new std::vector<Node>;
    return 0;
}
EXPORT int cuStreamEndCapture(void* s, void** graph) {
    Stream* stream = stream_of(s);
    if (!stream || !stream->captures) return 400;
    stream->captures = false;
    *graph = stream->nodes;
    return 0;
}
EXPORT int cuGraphInstantiateWithFlags(void** made, void* graph, unsigned long long) {
    counts[4]++;
    *made = new std::vector<Node>(*(std::vector<Node>*)graph);
    return 0;
}
EXPORT int cuGraphLaunch(void* graph, void*) {
    counts[3]++;
    if (int code = refused(3)) return code;
    for (const Node& n : *(std::vector<Node>*)graph)
        if (int code = go(n)) return code;
    return 0;
}
EXPORT int cuGraphDestroy(void* graph) { delete (std::vector<Node>*)graph; return 0; }
EXPORT int cuGraphExecDestroy(void* graph) { delete (std::vector<Node>*)graph; return 0; }

// ---- cuBLAS: a handle has a stream and, since that was set, a workspace ---------------------------
struct Blas { void* stream; void* room; size_t bytes; };
static Blas blas;
EXPORT void* standin_blas() { return &blas; }
EXPORT int cublasSetStream_v2(Blas* h, void* stream) { *h = {stream, nullptr, 0}; return h == &blas ? 0 : 1; }
EXPORT int cublasSetWorkspace_v2(Blas* h, void* room, size_t bytes) {
    h->room = room; h->bytes = bytes;
    return (size_t)room % 256 ? 7 : 0;
}
template <class T>
static int product(Blas* h, int ta, int tb, int m, int n, int k, const T* alpha, const T* a, int lda,
                   const T* b, int ldb, const T* beta, T* c, int ldc) {
    counts[6]++;
    if (int code = refused(6)) return code;
    if (h != &blas) return 1;  // not initialized
    if (lda < (ta ? k : m) || ldb < (tb ? n : k) || ldc < m || (size_t)alpha % sizeof(T)) return 7;
    if (Stream* s = stream_of(h->stream); s && s->captures && !h->bytes) return 14;
    T scale = *alpha, keep = *beta;
    Node made{};
    made.product = [=] {
        for (int j = 0; j < n; j++)
            for (int i = 0; i < m; i++) {
                T sum = 0;
                for (long p = 0; p < k; p++)
                    sum += (ta ? a[p + (long)i * lda] : a[i + p * lda]) *
                           (tb ? b[j + p * ldb] : b[p + (long)j * ldb]);
                T& out = c[i + (long)j * ldc];
                out = keep == T(0) ? scale * sum : scale * sum + keep * out;
            }
    };
    return add(made, h->stream);
}
#define GEMM(name, T) EXPORT int name(Blas* h, int ta, int tb, int m, int n, int k, const T* alpha, \
    const T* a, int lda, const T* b, int ldb, const T* beta, T* c, int ldc) {                       \
    return product<T>(h, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc); }
GEMM(cublasSgemm_v2, float)
GEMM(cublasDgemm_v2, double)
GEMM(cublasCgemm_v2, std::complex<float>)
GEMM(cublasZgemm_v2, std::complex<double>)
