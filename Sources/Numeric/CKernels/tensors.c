#include "tensors.h"

#include <math.h>

#pragma STDC FP_CONTRACT OFF

// The same choices as in ckernels.c.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif
#if __has_attribute(no_builtin)
#define COPIES_IN_LOOPS __attribute__((no_builtin("memcpy", "memmove", "memset")))
#else
#define COPIES_IN_LOOPS
#endif
#define INLINE static inline __attribute__((always_inline))
#define LANES 16
// Number of numbers that are summed before the sum is added to a double.
#define CHUNK 1024
// Number of numbers that are widened to doubles at once.
#define TILE 256

#define ROOT_HALF 0.70710678118654752440
// √(2 / π) and 1 / √(2 π).
#define ROOT_TWO_OVER_PI 0.79788456080286535588
#define NORMAL_PEAK 0.39894228040143267794
#define TWO_OVER_ROOT_PI 1.12837916709551257390

static double sigmoid(double x) {
    double e = exp(-fabs(x));
    return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

static double softplus(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))) + (x == x ? 0 : x); }

// −1, 0, 1, or NaN.
static double sign_of(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

// The remainder with the sign of the divisor.
static double modulo(double a, double b) {
    double r = fmod(a, b);
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

// tanh's argument in the approximation of a Gelu.
static double gelu_argument(double x) { return ROOT_TWO_OVER_PI * (x + 0.044715 * x * x * x); }

#define CASE(code, value)                                                                                    \
    case code:                                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                 \
            double x = a[i];                                                                                 \
            (void)x;                                                                                         \
            y[i] = (value);                                                                                  \
        }                                                                                                    \
        break;

// NaN passes through every comparison.
static void elementwise(
    int function, const double *a, const double *b, const double *c, size_t count, double alpha, double beta,
    double *y) {
    switch (function) {
        CASE(CK_IDENTITY, x)
        CASE(CK_RELU, x < 0 ? 0 : x)
        CASE(CK_LEAKY_RELU, x < 0 ? alpha * x : x)
        CASE(CK_ELU, x < 0 ? alpha * expm1(x) : x)
        CASE(CK_CELU, x < 0 ? alpha * expm1(x / alpha) : x)
        CASE(CK_SELU, x <= 0 ? beta * alpha * expm1(x) : beta * x)
        CASE(CK_THRESHOLDED_RELU, x <= alpha ? 0 : x)
        CASE(CK_SIGMOID, sigmoid(x))
        CASE(CK_HARD_SIGMOID, alpha * x + beta < 0 ? 0 : alpha * x + beta > 1 ? 1 : alpha * x + beta)
        CASE(CK_HARD_SWISH, x * (x / 6 + 0.5 < 0 ? 0 : x / 6 + 0.5 > 1 ? 1 : x / 6 + 0.5))
        CASE(CK_MISH, x * tanh(softplus(x)))
        CASE(CK_TANH, tanh(x))
        CASE(CK_SOFTPLUS, softplus(x))
        CASE(CK_SOFTSIGN, x / (1 + fabs(x)))
        CASE(CK_GELU, 0.5 * x * erfc(-x * ROOT_HALF))
        CASE(CK_GELU_TANH, 0.5 * x * (1 + tanh(gelu_argument(x))))
        CASE(CK_ERF, erf(x))
        CASE(CK_EXP, exp(x))
        CASE(CK_LOG, log(x))
        CASE(CK_SQRT, sqrt(x))
        CASE(CK_RECIPROCAL, 1 / x)
        CASE(CK_NEGATE, -x)
        CASE(CK_ABS, fabs(x))
        CASE(CK_SIGN, sign_of(x))
        CASE(CK_FLOOR, floor(x))
        CASE(CK_CEIL, ceil(x))
        CASE(CK_ROUND, __builtin_roundeven(x))
        CASE(CK_TRUNCATE, trunc(x))
        CASE(CK_NOT, x == 0)
        CASE(CK_SIN, sin(x))
        CASE(CK_COS, cos(x))
        CASE(CK_CLIP, (x < alpha ? alpha : x) > beta ? beta : x < alpha ? alpha : x)
        CASE(CK_ADD, x + b[i])
        CASE(CK_SUBTRACT, x - b[i])
        CASE(CK_MULTIPLY, x * b[i])
        CASE(CK_DIVIDE, x / b[i])
        CASE(CK_POWER, pow(x, b[i]))
        CASE(CK_MINIMUM, x <= b[i] || x != x ? x : b[i])
        CASE(CK_MAXIMUM, x >= b[i] || x != x ? x : b[i])
        CASE(CK_MODULO, modulo(x, b[i]))
        CASE(CK_REMAINDER, fmod(x, b[i]))
        CASE(CK_PRELU, x < 0 ? x * b[i] : x)
        CASE(CK_EQUAL, x == b[i])
        CASE(CK_LESS, x < b[i])
        CASE(CK_GREATER, x > b[i])
        CASE(CK_LESS_OR_EQUAL, x <= b[i])
        CASE(CK_GREATER_OR_EQUAL, x >= b[i])
        CASE(CK_AND, x != 0 && b[i] != 0)
        CASE(CK_OR, x != 0 || b[i] != 0)
        CASE(CK_XOR, (x != 0) != (b[i] != 0))
        CASE(CK_SELECT, x != 0 ? b[i] : c[i])
    }
}

static double mish_slope(double x) {
    double t = tanh(softplus(x));
    return t + x * sigmoid(x) * (1 - t * t);
}

static double gelu_tanh_slope(double x) {
    double t = tanh(gelu_argument(x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * ROOT_TWO_OVER_PI * (1 + 3 * 0.044715 * x * x);
}

// PyTorch's conventions where there is no derivative: 0 for |x| and ReLU at 0, the side of the slope α for the
// other kinds of ReLU. Steps have slope 0.
static void slope(int function, const double *a, size_t count, double alpha, double beta, double *y) {
    switch (function) {
        CASE(CK_IDENTITY, 1)
        CASE(CK_RELU, x > 0)
        CASE(CK_LEAKY_RELU, x > 0 ? 1 : alpha)
        CASE(CK_ELU, x > 0 ? 1 : alpha * exp(x))
        CASE(CK_CELU, x > 0 ? 1 : exp(x / alpha))
        CASE(CK_SELU, x > 0 ? beta : beta * alpha * exp(x))
        CASE(CK_THRESHOLDED_RELU, x > alpha)
        CASE(CK_SIGMOID, sigmoid(x) * sigmoid(-x))
        CASE(CK_HARD_SIGMOID, alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0)
        CASE(CK_HARD_SWISH, x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1)
        CASE(CK_MISH, mish_slope(x))
        CASE(CK_TANH, 1 - tanh(x) * tanh(x))
        CASE(CK_SOFTPLUS, sigmoid(x))
        CASE(CK_SOFTSIGN, 1 / ((1 + fabs(x)) * (1 + fabs(x))))
        CASE(CK_GELU, 0.5 * erfc(-x * ROOT_HALF) + x * NORMAL_PEAK * exp(-0.5 * x * x))
        CASE(CK_GELU_TANH, gelu_tanh_slope(x))
        CASE(CK_ERF, TWO_OVER_ROOT_PI * exp(-x * x))
        CASE(CK_EXP, exp(x))
        CASE(CK_LOG, 1 / x)
        CASE(CK_SQRT, 0.5 / sqrt(x))
        CASE(CK_RECIPROCAL, -1 / (x * x))
        CASE(CK_NEGATE, -1)
        CASE(CK_ABS, sign_of(x))
        CASE(CK_SIN, cos(x))
        CASE(CK_COS, -sin(x))
        CASE(CK_CLIP, x >= alpha && x <= beta)
    default:
        for (size_t i = 0; i < count; i++) y[i] = 0;
    }
}

// ∂f/∂a of functions of two numbers, and ∂f/∂b. Of two equal numbers each has half of a minimum's or maximum's
// derivative, as in torch.minimum.
static void first_partial(int function, const double *a, const double *b, size_t count, double *y) {
    switch (function) {
        CASE(CK_ADD, 1)
        CASE(CK_SUBTRACT, 1)
        CASE(CK_MULTIPLY, b[i])
        CASE(CK_DIVIDE, 1 / b[i])
        CASE(CK_POWER, b[i] == 0 ? 0 : b[i] * pow(x, b[i] - 1))
        CASE(CK_MINIMUM, x < b[i] ? 1 : x == b[i] ? 0.5 : 0)
        CASE(CK_MAXIMUM, x > b[i] ? 1 : x == b[i] ? 0.5 : 0)
        CASE(CK_MODULO, 1)
        CASE(CK_REMAINDER, 1)
        CASE(CK_PRELU, x > 0 ? 1 : b[i])
    default:
        for (size_t i = 0; i < count; i++) y[i] = 0;
    }
}

static void second_partial(int function, const double *a, const double *b, size_t count, double *y) {
    switch (function) {
        CASE(CK_ADD, 1)
        CASE(CK_SUBTRACT, -1)
        CASE(CK_MULTIPLY, x)
        CASE(CK_DIVIDE, -x / (b[i] * b[i]))
        CASE(CK_POWER, x == 0 && b[i] >= 0 ? 0 : pow(x, b[i]) * log(x))
        CASE(CK_MINIMUM, x > b[i] ? 1 : x == b[i] ? 0.5 : 0)
        CASE(CK_MAXIMUM, x < b[i] ? 1 : x == b[i] ? 0.5 : 0)
        CASE(CK_MODULO, -floor(x / b[i]))
        CASE(CK_REMAINDER, -trunc(x / b[i]))
        CASE(CK_PRELU, x > 0 ? 0 : x)
    default:
        for (size_t i = 0; i < count; i++) y[i] = 0;
    }
}

static void partial(
    int function, int index, const double *a, const double *b, size_t count, double alpha, double beta,
    double *y) {
    if (function == CK_SELECT) {
        for (size_t i = 0; i < count; i++) y[i] = index == 1 ? a[i] != 0 : index == 2 ? a[i] == 0 : 0;
    } else if (function < CK_ADD) {
        slope(function, a, count, alpha, beta, y);
    } else if (index == 0) {
        first_partial(function, a, b, count, y);
    } else {
        second_partial(function, a, b, count, y);
    }
}

INLINE int operands_of(int function) { return function < CK_ADD ? 1 : function < CK_SELECT ? 2 : 3; }

#define T float
#define NAME(stem) stem##_f32
#include "tensors.inc"
#undef T
#undef NAME

#define T double
#define NAME(stem) stem##_f64
#include "tensors.inc"
