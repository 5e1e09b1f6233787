// Loops over pairs of points, given as scalar products: the work of kernel densities and nearest neighbours
// besides the products. They give the same bits on every x86-64 instruction set, as in ckernels.h.

#ifndef PAIRS_H
#define PAIRS_H

#include <stddef.h>
#include <stdint.h>

/// With e = scale · max(0, square + squares[j] − 2 products[j]) for each j: adds e^−e, or 0 if e > 46, to
/// near[j] and sums[0], and its fourth power to far[j] and sums[1]. Relative error of e^−e below 4e-16.
void ck_pair_shares(
    const double *products, const double *squares, double square, double scale, size_t count, double *near,
    double *far, double sums[2]);

/// Keeps the four smallest of squares[j] − 2 products[j] in best, smallest first and the first of equal ones
/// first, and the matching first + j in nearest. Skips j = skip; skips none if skip ≥ count.
void ck_nearest(
    const double *products, const double *squares, size_t count, size_t skip, int64_t first, double best[4],
    int64_t nearest[4]);

#endif
