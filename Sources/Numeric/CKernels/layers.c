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

CK_CLONES static size_t gather_rows(
    const float *restrict x, size_t rows, size_t columns, double *restrict part, size_t width) {
    size_t taken = 0;
    for (size_t r = 0; r < rows; r++, x += columns) {
        int is_zero = 1;
        for (size_t j = 0; j < columns; j++) is_zero &= x[j] == 0;
        if (is_zero) continue;
        for (size_t j = 0; j < columns; j++) part[j * width + taken] = x[j];
        taken++;
    }
    return taken;
}

CK_CLONES static size_t gather_columns(
    const float *restrict x, size_t rows, size_t stride, size_t columns, double *restrict part, size_t width) {
    unsigned char is_used[CK_MAX_TAKEN] = {0};
    for (size_t r = 0; r < rows; r++) {
        for (size_t j = 0; j < columns; j++) is_used[j] |= x[r * stride + j] != 0;
    }
    size_t used[CK_MAX_TAKEN], taken = 0;
    for (size_t j = 0; j < columns; j++) {
        if (is_used[j]) used[taken++] = j;
    }
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * stride;
        double *to = part + r * width;
        if (taken == columns) {
            for (size_t j = 0; j < columns; j++) to[j] = row[j];
        } else {
            for (size_t j = 0; j < taken; j++) to[j] = row[used[j]];
        }
    }
    return taken;
}

size_t ck_gather_columns(
    const float *x, size_t rows, size_t columns, int takes_rows, size_t *start, double *part, size_t width) {
    size_t end = takes_rows ? rows : columns;
    size_t count = end - *start < width ? end - *start : width;
    size_t first = *start;
    *start += count;
    return takes_rows ? gather_rows(x + first * columns, count, columns, part, width)
                      : gather_columns(x + first, rows, columns, count, part, width);
}
