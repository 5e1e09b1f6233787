#include "cbenchmark.h"

#include <errno.h>
#include <stdatomic.h>

#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
// These replace glibc's functions in the whole program and its libraries: they count, then call glibc's by
// other names.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static atomic_size_t allocations;

static void count(void) { atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed); }

void *malloc(size_t size) {
    count();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count();
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count();
    return __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    count();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    count();
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

size_t bench_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }
#else
size_t bench_allocations(void) { return 0; }
#endif

#if defined(__x86_64__)
// Twelve chains: two units with a latency of four cycles need eight. Assembly, so that no compiler removes
// work without a result.
#define CHAINS 12
#define TWELVE(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11)

// Zeroes the whole register, the upper half of zmm included.
#define ZERO(i) "vxorps %%ymm" #i ", %%ymm" #i ", %%ymm" #i "\n\t"
#define WIDE_STEP(i) "vfmadd213ps %%zmm13, %%zmm12, %%zmm" #i "\n\t"
__attribute__((target("avx512f"))) static void wide(size_t rounds) {
    __asm__ volatile(TWELVE(ZERO) ZERO(12) ZERO(13)
                     "1:\n\t" TWELVE(WIDE_STEP) "dec %0\n\t"
                     "jnz 1b\n\t"
                     : "+r"(rounds)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                       "xmm10", "xmm11", "xmm12", "xmm13");
}

#define NARROW_STEP(i) "vfmadd213ps %%ymm13, %%ymm12, %%ymm" #i "\n\t"
__attribute__((target("avx2,fma"))) static void narrow(size_t rounds) {
    __asm__ volatile(TWELVE(ZERO) ZERO(12) ZERO(13)
                     "1:\n\t" TWELVE(NARROW_STEP) "dec %0\n\t"
                     "jnz 1b\n\t"
                     : "+r"(rounds)
                     :
                     : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",
                       "xmm10", "xmm11", "xmm12", "xmm13");
}

double bench_multiply_adds(size_t rounds) {
    if (rounds == 0) return 0;
    if (__builtin_cpu_supports("avx512f")) {
        wide(rounds);
        return 2.0 * CHAINS * 16 * (double)rounds;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        narrow(rounds);
        return 2.0 * CHAINS * 8 * (double)rounds;
    }
    return 0;
}
#else
double bench_multiply_adds(size_t rounds) {
    (void)rounds;
    return 0;
}
#endif
