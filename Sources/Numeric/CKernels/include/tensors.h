// The loops of a graph's operations: gathers, elementwise functions, groups and windows. They allocate
// nothing. Functions of single numbers are computed in double and rounded, so that a processor's version of
// libm hardly ever shows in floats.

#ifndef CKERNELS_TENSORS_H
#define CKERNELS_TENSORS_H

#include <stddef.h>
#include <stdint.h>

/// Runs of indices of equal length, as `IndexMap` of Model has them.
typedef struct {
    /// The first index of each run, or −1; NULL: the map is the identity.
    const int32_t *starts;
    size_t length;
    int ascends;
} ck_index_map;

/// One of an image's two directions under a window.
typedef struct {
    size_t size, kernel, stride, dilation, before, positions;
} ck_axis;

/// The functions of Model's `ElementwiseFunction`, by their raw values.
enum {
    CK_IDENTITY, CK_RELU, CK_LEAKY_RELU, CK_ELU, CK_CELU, CK_SELU, CK_THRESHOLDED_RELU, CK_SIGMOID,
    CK_HARD_SIGMOID, CK_HARD_SWISH, CK_MISH, CK_TANH, CK_SOFTPLUS, CK_SOFTSIGN, CK_GELU, CK_GELU_TANH, CK_ERF,
    CK_EXP, CK_LOG, CK_SQRT, CK_RECIPROCAL, CK_NEGATE, CK_ABS, CK_SIGN, CK_FLOOR, CK_CEIL, CK_ROUND,
    CK_TRUNCATE, CK_NOT, CK_SIN, CK_COS, CK_CLIP,
    CK_ADD = 100, CK_SUBTRACT, CK_MULTIPLY, CK_DIVIDE, CK_POWER, CK_MINIMUM, CK_MAXIMUM, CK_MODULO,
    CK_REMAINDER, CK_PRELU, CK_EQUAL, CK_LESS, CK_GREATER, CK_LESS_OR_EQUAL, CK_GREATER_OR_EQUAL, CK_AND,
    CK_OR, CK_XOR,
    CK_SELECT = 200
};

/// The functions of Model's `GroupFunction`, by their raw values.
enum {
    CK_GROUP_SUM, CK_GROUP_MEAN, CK_GROUP_MAXIMUM, CK_GROUP_MINIMUM, CK_GROUP_PRODUCT, CK_GROUP_SUM_OF_SQUARES,
    CK_GROUP_L1, CK_GROUP_L2, CK_GROUP_LOG_SUM, CK_GROUP_LOG_SUM_EXP,
    CK_GROUP_SOFTMAX = 100, CK_GROUP_LOG_SOFTMAX, CK_GROUP_STANDARDISE
};

#define CK_DECLARE_TENSORS(T, S)                                                                             \
    /* y[r, i] (= or +=) w[i] · x[r · stride + map(i)], or fill where the map has no index. w NULL: 1. */    \
    void ck_gather_##S(                                                                                      \
        const T *x, size_t rows, size_t stride, ck_index_map map, const T *w, T fill, int adds,              \
        size_t count, T *y);                                                                                 \
    /* y[i, j] = x[i, j] for j < columns; x NULL: zeros. */                                                  \
    void ck_copy_columns_##S(                                                                                \
        const T *x, size_t x_stride, size_t rows, size_t columns, T *y, size_t y_stride);                    \
    /* y[r, j] += bias[r % period]. */                                                                       \
    void ck_add_row_bias_##S(T *y, size_t rows, size_t columns, const T *bias, size_t period);               \
    /* y[i] = f(a[i], b[i], c[i]); operands that f does not take are not read. y may be an operand. */       \
    void ck_elementwise_##S(                                                                                 \
        int function, const T *a, const T *b, const T *c, size_t count, double alpha, double beta, T *y);    \
    /* y[i] = ∂f/∂(operand `index`) there. */                                                                \
    void ck_elementwise_partial_##S(                                                                         \
        int function, int index, const T *a, const T *b, const T *c, size_t count, double alpha,             \
        double beta, T *y);                                                                                  \
    /* The function of each group of `length` numbers. y may be x. */                                        \
    void ck_group_##S(int function, const T *x, size_t groups, size_t length, double epsilon, T *y);         \
    /* The numbers of x's groups that the two functions below take. Reductions set p alone; only             \
       CK_GROUP_STANDARDISE sets q. */                                                                       \
    void ck_group_partials_##S(                                                                              \
        int function, const T *x, size_t groups, size_t length, double epsilon, T *p, T *a, T *q);           \
    /* y[r, g] = Σ_j p[g, j] v[r, g, j]. */                                                                  \
    void ck_group_sums_##S(const T *v, size_t rows, size_t groups, size_t length, const T *p, T *y);         \
    /* y[r, g, j] = a (v[r, g, j] − Σ p v − q Σ q v / length), with a, p and q of group g. q NULL: 0. y may  \
       be v. */                                                                                              \
    void ck_group_tangents_##S(                                                                              \
        const T *v, size_t rows, size_t groups, size_t length, const T *p, const T *a, const T *q, T *y);    \
    /* y[plane, w] = Σ_k weights[k] · x[plane, indices[k]] for k of window w, from starts[w] to              \
       starts[w + 1]. */                                                                                     \
    void ck_window_sums_##S(                                                                                 \
        const T *x, size_t planes, size_t plane_size, const int32_t *starts, const int32_t *indices,         \
        const float *weights, size_t windows, T *y);                                                         \
    /* Index in x of each window's first largest number (the first NaN, if there is one); −1: an empty       \
       window. */                                                                                            \
    void ck_window_maxima_##S(                                                                               \
        const T *x, size_t planes, size_t plane_size, const int32_t *starts, const int32_t *indices,         \
        size_t windows, int32_t *where);                                                                     \
    /* columns[(c, ky, kx), (y, x)] = the number of channel c under the window at (y, x), for positions y    \
       in first ..< last; 0 outside the image. Rows of columns begin `stride` apart. */                      \
    void ck_image_columns_##S(                                                                               \
        const T *x, size_t channels, ck_axis vertical, ck_axis horizontal, size_t first, size_t last,        \
        T *columns, size_t stride);

CK_DECLARE_TENSORS(float, f32)
CK_DECLARE_TENSORS(double, f64)

#endif
