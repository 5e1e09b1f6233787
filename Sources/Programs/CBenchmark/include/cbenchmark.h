// CBenchmark: what benchmarks count that Swift cannot: calls of malloc, and the fused multiply-adds that a
// core can do.

#ifndef CBENCHMARK_H
#define CBENCHMARK_H

#include <stddef.h>

/// Number of this process's requests for memory so far: malloc, calloc, realloc, aligned_alloc,
/// posix_memalign. Always 0 under a sanitizer, which has its own allocators.
size_t bench_allocations(void);

/// Performs `rounds` of independent fused multiply-adds of floats in registers, at the CPU's full vector
/// width. Returns the number of operations, a multiplication and an addition counting as two; 0 if the CPU
/// has none that are known here.
double bench_multiply_adds(size_t rounds);

#endif
