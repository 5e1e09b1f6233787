// What benchmarks count that Swift cannot: calls of malloc, and the fused multiply-adds that the core can do.

#ifndef CBENCHMARK_H
#define CBENCHMARK_H

#include <stddef.h>

/// How often this process has asked for memory so far: malloc, calloc, realloc, aligned_alloc, posix_memalign. Always 0
/// under a sanitizer, which has allocators of its own.
size_t bench_allocations(void);

/// Performs `rounds` of independent fused multiply-adds of floats in registers, as wide as the CPU has them, and returns
/// how many operations they were, a multiplication and an addition being two; 0 where the CPU has none that are known here.
double bench_multiply_adds(size_t rounds);

#endif
