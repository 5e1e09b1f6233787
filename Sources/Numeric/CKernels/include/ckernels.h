// CKernels: the hot elementwise loops, in C because Swift does not vectorise them (square roots,
// polynomials, sums).
//
// Every function gives the same bits on every x86-64 instruction set: no contraction into fused
// multiply-adds, sums in a fixed order over fixed lanes, and, in the float versions, exp, log and tanh by our
// own polynomials. The double versions call libm; they serve the gradient checks. Matrices are row-major and
// contiguous. Nothing here allocates. Pointers may not overlap unless the comment says "in place".

#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "pairs.h"

#define CK_DECLARE(T, S)                                                                                     \
    /* h = φ(h + bias), in place; h is rows × columns. φ by its number in activations.inc. */                \
    void ck_bias_activation_##S(T *h, const T *bias, size_t rows, size_t columns, int activation);           \
    /* h = φ(h), in place. */                                                                                \
    void ck_activation_##S(T *h, size_t count, int activation);                                              \
    /* g *= φ'(p), in place in g. φ' is read from φ(p), but GELU's and SiLU's from p. */                     \
    void ck_activation_backward_##S(T *g, const T *from, size_t count, int activation);                      \
    /* out[j] = Σ_i g[i, j]. */                                                                              \
    void ck_column_sums_##S(const T *g, size_t rows, size_t columns, T *out);                                \
    /* Logits in, scale · (softmax − onehot) out, in place. Returns Σ −log p(label); adds to *correct the    \
       number of rows whose first largest logit is at the label. */                                          \
    double ck_cross_entropy_##S(                                                                             \
        T *logits, const int32_t *labels, size_t rows, size_t columns, T scale, int64_t *correct);           \
    /* z in, scale · d/dz out, in place. Returns Σ ln(1 + e^−yz), y = 1 for label 1, −1 for label 0; adds    \
       to *correct the number of z with the sign of y. */                                                    \
    double ck_logistic_##S(T *z, const int32_t *labels, size_t count, T scale, int64_t *correct);            \
    /* x[r, j] becomes 0 where noise[r · stride + j] < threshold, else scale times itself. */                \
    void ck_drop_##S(                                                                                        \
        T *x, const T *noise, size_t stride, size_t rows, size_t columns, T threshold, T scale);             \
    /* p += softmax(logits), row by row; logits are overwritten. */                                          \
    void ck_softmax_add_##S(T *logits, T *p, size_t rows, size_t columns);                                   \
    /* x = softmax(scale · x), row by row, in place. */                                                      \
    void ck_softmax_##S(T *x, size_t rows, size_t columns, T scale);                                         \
    /* g = scale · p ⊙ (g − Σ p g), row by row, in place. */                                                 \
    void ck_softmax_backward_##S(T *g, const T *p, size_t rows, size_t columns, T scale);                    \
    /* y in, 2 · scale · (y − t) out, in place. Returns Σ (y − t)². */                                       \
    double ck_squared_error_##S(T *y, const T *t, size_t count, T scale);                                    \
    /* Mean y in, scale · d/dy out, in place; dv[j] = scale · Σ_i d/dlogvar_j. Returns Σ of                  \
       ½ (ln 2π + v + (t − y)² e^−v), added one after another if in_order, else several at once. */          \
    double ck_gaussian_nll_##S(                                                                              \
        T *y, const T *t, const T *logvar, T *dv, size_t rows, size_t columns, T scale, int in_order);       \
    /* head is rows × 2k: μ then s. sigma = softplus(s + shift), z = μ + sigma · noise (rows × k each).      \
       Returns Σ KL(N(μ, σ²) ‖ N(0, 1)), correct even if σ² underflows. */                                   \
    double ck_reparameterise_##S(                                                                            \
        const T *head, const T *noise, T shift, T *sigma, T *z, size_t rows, size_t k);                      \
    /* Sets dhead, given dz (the loss's gradient in z) and kl_scale · dKL. */                                \
    void ck_reparameterise_backward_##S(                                                                     \
        const T *head, const T *noise, const T *sigma, const T *dz, T shift, T kl_scale, T *dhead,           \
        size_t rows, size_t k);                                                                              \
    /* One Adam step (Kingma & Ba 2015) with g + decay · w as gradient; rate and epsilon include the         \
       bias corrections: w −= rate · m / (√v + epsilon). The shares are 1 − β₁ and 1 − β₂, subtracted        \
       in double, because floats lose their digits. */                                                       \
    void ck_adam_##S(                                                                                        \
        T *w, const T *g, T *m, T *v, size_t count, T rate, T share1, T share2, T epsilon, T decay);         \
    /* v = (1 − loss) · v + g + decay · w; w −= rate · v. */                                                 \
    void ck_sgd_##S(T *w, const T *g, T *v, size_t count, T rate, T loss, T decay);                          \
    /* w −= share · w. */                                                                                    \
    void ck_shrink_##S(T *w, size_t count, T share);                                                         \
    /* average += share · (w − average). */                                                                  \
    void ck_average_##S(T *average, const T *w, size_t count, T share);                                      \
    /* out[i, :] = scale · bytes[indices[i], :] + offset. */                                                 \
    void ck_gather_bytes_##S(                                                                                \
        const uint8_t *bytes, const uint32_t *indices, size_t rows, size_t columns, T scale, T offset,       \
        T *out);

CK_DECLARE(float, f32)
CK_DECLARE(double, f64)

/// Philox 4×32-10 (Salmon et al. 2011) with this key, 4 words per block, into out[0 ..< count]: word j is
/// word j % 4 of block first + j / 4. Words 0 and 1 of a block's counter are its number, words 2 and 3 the
/// stream, low word first.
void ck_philox(uint64_t key, uint64_t stream, uint64_t first, uint32_t *out, size_t count);

/// One Philox block for any counter and key, to test against the published known answers.
void ck_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/// Standard normal variates by Box and Muller from the same words: values 2i, 2i+1 from words 2i, 2i+1.
void ck_normals(uint64_t key, uint64_t stream, uint64_t first, float *out, size_t count);

/// Makes this thread treat subnormal numbers as zero. Adam's moments of dead units become subnormal, and each
/// such operand costs a hundred cycles: an epoch takes twice as long. Returns the state to restore.
uint64_t ck_flush_subnormals(void);
/// Restores the state that `ck_flush_subnormals` returned.
void ck_restore_subnormals(uint64_t before);

#endif
