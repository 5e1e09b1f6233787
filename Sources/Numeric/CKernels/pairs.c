#include "pairs.h"

#include <string.h>

#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
#define LANES 8

// e^-x for 0 <= x <= 46: 2^n e^r, r in [-ln 2 / 2, ln 2 / 2], e^r by its Taylor series to the 13th power.
static inline __attribute__((always_inline)) double exp_minus(double x) {
    const double shift = 0x1.8p52;
    double t = -x * 0x1.71547652b82fep0 + shift;
    double n = t - shift;
    double r = (-x - n * 0x1.62e42fefa0000p-1) - n * 0x1.cf79abc9e3b3ap-40;
    double p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * r + 1;
    p = p * r + 1;
    uint64_t bits, power;
    memcpy(&bits, &p, 8);
    // The low bits of t's significand hold n.
    memcpy(&power, &t, 8);
    bits += power << 52;
    memcpy(&p, &bits, 8);
    return p;
}

static inline __attribute__((always_inline)) double share(
    double product, double other, double square, double scale) {
    double distance = square + other - 2 * product;
    double e = (distance > 0 ? distance : 0) * scale;
    double value = exp_minus(e < 46 ? e : 46);
    return e <= 46 ? value : 0;
}

CLONES void ck_pair_shares(
    const double *restrict products, const double *restrict squares, double square, double scale,
    size_t count, double *restrict near, double *restrict far, double sums[2]) {
    double nears[LANES] = {0}, fars[LANES] = {0};
    size_t whole = count / LANES * LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) {
            double value = share(products[j + lane], squares[j + lane], square, scale);
            double fourth = (value * value) * (value * value);
            near[j + lane] += value;
            far[j + lane] += fourth;
            nears[lane] += value;
            fars[lane] += fourth;
        }
    }
    for (size_t j = whole; j < count; j++) {
        double value = share(products[j], squares[j], square, scale);
        double fourth = (value * value) * (value * value);
        near[j] += value;
        far[j] += fourth;
        nears[j - whole] += value;
        fars[j - whole] += fourth;
    }
    for (size_t lane = 0; lane < LANES; lane++) {
        sums[0] += nears[lane];
        sums[1] += fars[lane];
    }
}

static inline void insert(double distance, int64_t index, double best[4], int64_t nearest[4]) {
    if (!(distance < best[3])) return;
    int slot = 3;
    for (; slot > 0 && distance < best[slot - 1]; slot--) {
        best[slot] = best[slot - 1];
        nearest[slot] = nearest[slot - 1];
    }
    best[slot] = distance;
    nearest[slot] = index;
}

CLONES void ck_nearest(
    const double *restrict products, const double *restrict squares, size_t count, size_t skip, int64_t first,
    double best[4], int64_t nearest[4]) {
    size_t whole = count / LANES * LANES;
    for (size_t j = 0; j < whole; j += LANES) {
        double limit = best[3];
        int closer = 0;
        for (size_t lane = 0; lane < LANES; lane++) {
            closer |= squares[j + lane] - 2 * products[j + lane] < limit;
        }
        if (!closer) continue;
        for (size_t k = j; k < j + LANES; k++) {
            if (k != skip) insert(squares[k] - 2 * products[k], first + (int64_t)k, best, nearest);
        }
    }
    for (size_t k = whole; k < count; k++) {
        if (k != skip) insert(squares[k] - 2 * products[k], first + (int64_t)k, best, nearest);
    }
}
