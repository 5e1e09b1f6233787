// The loops of convolution, pooling and normalisation. As in ckernels.h, they give the same bits on every
// x86-64 instruction set, sum in a fixed order and allocate nothing.
//
// Images are points × height × width × channels, with channels varying fastest.

#ifndef CKERNELS_LAYERS_H
#define CKERNELS_LAYERS_H

#include <stddef.h>

/// A square window that moves over an image with zeros around it.
typedef struct {
    size_t height, width, channels;
    size_t kernel, stride, padding;
    size_t out_height, out_width;
} ck_window;

/// Adjacent windows that cover an image, whose height and width are whole multiples of theirs.
typedef struct {
    size_t height, width, channels;
    size_t window_height, window_width;
    int is_max;
} ck_pool;

/// Every `stride`-th row and column of an image, with zeros in channels beyond its own.
typedef struct {
    size_t height, width, channels;
    size_t stride, out_channels;
} ck_subsample;

/// `instances` matrices of rows × columns. In each, every group of columns / groups neighbouring columns has
/// its own mean and variance. Batch normalisation has one instance and groups = columns.
typedef struct {
    size_t instances, rows, columns, groups;
} ck_normalisation;

/// Short rows are placed side by side up to this many columns. One part of the scratch memory below has room
/// for max(columns, CK_SIDE_BY_SIDE) numbers.
enum { CK_SIDE_BY_SIDE = 64 };

/// The most columns that `ck_gather_columns` takes at once.
enum { CK_MAX_TAKEN = 2048 };

#define CK_DECLARE_LAYERS(T, S)                                                                              \
    /* columns[p · out + o, (ky, kx, c)] = the image's entry under the window at o; 0 outside the image. */  \
    void ck_window_columns_##S(const T *x, size_t points, ck_window w, T *columns);                          \
    /* dx += the transpose of ck_window_columns, applied to columns. */                                      \
    void ck_add_window_columns_##S(const T *columns, size_t points, ck_window w, T *dx);                     \
    void ck_pool_##S(const T *x, size_t points, ck_pool p, T *y);                                            \
    /* dx += the gradient; the first of equal maxima receives it. */                                         \
    void ck_pool_backward_##S(const T *x, const T *dy, size_t points, ck_pool p, T *dx);                     \
    void ck_subsample_##S(const T *x, size_t points, ck_subsample s, T *y);                                  \
    void ck_subsample_backward_##S(const T *dy, size_t points, ck_subsample s, T *dx);                       \
    /* y = a + b; y may be a. */                                                                             \
    void ck_sum_##S(const T *a, const T *b, size_t count, T *y);                                             \
    /* x[r, j] *= factors[j]. */                                                                             \
    void ck_multiply_columns_##S(T *x, size_t rows, size_t columns, const T *factors);                       \
    /* Mean and variance (divided by n, not n − 1) of each instance's groups. sums: 1 part; patterns: 1. */  \
    void ck_moments_##S(const T *x, ck_normalisation n, T *mean, T *variance, double *sums, T *patterns);    \
    /* y = γ (x − mean) / √(variance + epsilon) + β, γ and β per column. patterns: 3 parts. */               \
    void ck_normalise_##S(                                                                                   \
        const T *x, ck_normalisation n, const T *mean, const T *variance, T epsilon, const T *gamma,         \
        const T *beta, T *y, T *patterns);                                                                   \
    /* g = dy in, dx out, in place; sets dγ and dβ. With is_fixed the moments are constants, otherwise       \
       functions of x. sums: 2 parts; patterns: 5. */                                                        \
    void ck_normalise_backward_##S(                                                                          \
        T *g, const T *x, ck_normalisation n, const T *mean, const T *variance, T epsilon, const T *gamma,   \
        int is_fixed, T *dgamma, T *dbeta, double *sums, T *patterns);                                       \
    /* Takes the next columns of x [rows × columns], or its next rows as columns, `width` at most, and       \
       leaves out those that are all 0. part [order × width] gets them, order being rows, or columns.        \
       Advances *start by those seen, and returns the number taken. width is at most CK_MAX_TAKEN. */        \
    size_t ck_gather_columns_##S(                                                                            \
        const float *x, size_t rows, size_t columns, int takes_rows, size_t *start, T *part, size_t width);

CK_DECLARE_LAYERS(float, f32)
CK_DECLARE_LAYERS(double, f64)

#endif
