#include "layers.h"

#pragma STDC FP_CONTRACT OFF

// The same choice as in ckernels.c.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif
#define INLINE static inline __attribute__((always_inline))
// Number of columns that are summed at once, and of rows that are summed before the sum is added to a double.
#define CHUNK 32
#define STRIP 64

// Number of rows that can be treated as one, so that loops over columns are long enough for vectors. 1 for a
// matrix without rows.
INLINE size_t rows_side_by_side(size_t rows, size_t columns) {
    size_t fold = 1;
    while (fold * 2 <= rows && columns * fold * 2 <= CK_SIDE_BY_SIDE && rows % (fold * 2) == 0) fold *= 2;
    return fold;
}

#define T float
#define NAME(stem) stem##_f32
#define SQRT __builtin_elementwise_sqrt
#include "layers.inc"
#undef T
#undef NAME

#define T double
#define NAME(stem) stem##_f64
#include "layers.inc"
