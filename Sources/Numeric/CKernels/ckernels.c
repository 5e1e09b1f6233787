#include "ckernels.h"

#include <math.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#pragma STDC FP_CONTRACT OFF

// One version of each function per x86-64 level, chosen when the program is loaded. (The thread sanitizer
// crashes on that choice.)
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define CK_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_CLONES
#endif

// A loop copies short rows faster than calls of memcpy, into which compilers turn such loops.
#if __has_attribute(no_builtin)
#define COPIES_IN_LOOPS __attribute__((no_builtin("memcpy", "memmove")))
#else
#define COPIES_IN_LOOPS
#endif

#define INLINE static inline __attribute__((always_inline))
#define LANES 8
// Number of columns that are summed at once.
#define VECTOR 16
// Numbers in a tile: networks' rows may be shorter than a vector, so loops go over tiles of whole rows.
#define TILE 512
#define LN_TWO_PI 1.8378770664093454836
#define ROOT_HALF 0.70710678118654752440
// 1 / √(2 π), and 2 √(2 / π).
#define NORMAL_PEAK 0.39894228040143267794
#define GELU_TANH_FACTOR 1.59576912160573071176
// For p below this, softplus p is e^p (1 − e^p / 2) to the last digit of a double, and its logarithm is
// p − e^p / 2.
#define SMALL_SOFTPLUS -18

// Activations by `code` in Activation.swift; 0 is φ(p) = p.
enum {
    RELU_CODE = 1, TANH_CODE, GELU_CODE, GELU_TANH_CODE, SILU_CODE, SIGMOID_CODE, LEAKY_RELU_CODE, ELU_CODE,
    SOFTPLUS_CODE
};

// Number of rows in a tile: a multiple of 16 if it fits, because 16 rows of any length fill whole vectors; at
// least one.
INLINE size_t rows_of_tile(size_t columns) {
    size_t rows = columns == 0 ? TILE : TILE / columns;
    return rows >= 16 ? rows & ~(size_t)15 : rows > 0 ? rows : 1;
}

INLINE double sum_lanes(const double lanes[LANES]) {
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

// lanes[e % LANES] += terms[e].
INLINE void add_numbers_to_lanes(const double *terms, size_t count, double sums[LANES]) {
    double lanes[LANES];
    for (size_t l = 0; l < LANES; l++) lanes[l] = sums[l];
    size_t e = 0;
    for (; e + LANES <= count; e += LANES) {
        for (size_t l = 0; l < LANES; l++) lanes[l] += terms[e + l];
    }
    for (; e < count; e++) lanes[e % LANES] += terms[e];
    for (size_t l = 0; l < LANES; l++) sums[l] = lanes[l];
}

INLINE float bits_to_float(int32_t bits) {
    union { int32_t i; float f; } u = {.i = bits};
    return u.f;
}

INLINE int32_t float_to_bits(float x) {
    union { float f; int32_t i; } u = {.f = x};
    return u.i;
}

// e^r − 1 for |r| ≤ ½ ln 2, with the polynomial of Cephes' expf.
INLINE float exp_rest_f32(float r) {
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return p * r * r + r;
}

// e^x = 2^n e^r, |r| ≤ ½ ln 2: returns r for x in [−87, 88].
INLINE float exp_reduced_f32(float x, float *n) {
    *n = __builtin_elementwise_floor(x * 1.44269504088896341f + 0.5f);
    float r = x - *n * 0.693359375f;
    return r + *n * 2.12194440e-4f;
}

INLINE float exp_scaled_f32(float n, float r) {
    // A NaN has no integer value: keep the conversion defined.
    int32_t exponent = (int32_t)(n == n ? n : 0.0f);
    return (exp_rest_f32(r) + 1.0f) * bits_to_float((exponent + 127) << 23);
}

// Relative error below 2 ulp on [−87, 88], clamped outside. NaN stays NaN, so that divergence is seen.
INLINE float exp_f32(float x) {
    float y = x > 88.0f ? 88.0f : x;
    y = y < -87.0f ? -87.0f : y;
    float n;
    float r = exp_reduced_f32(y, &n);
    return exp_scaled_f32(n, r);
}

INLINE float expm1_f32(float x) {
    float a = x < 0 ? -x : x;
    return a < 0.3466f ? exp_rest_f32(x) : exp_f32(x) - 1.0f;
}

// The normal distribution's function and its density at |x| ≤ 14. Beyond |x| lies e^(−x²/2) times a polynomial in
// 1 / (1 + 0.35 |x|), fitted to a relative error of 4e-7.
INLINE void normal_f32(float x, float *below, float *density) {
    float a = x < 0 ? -x : x;
    // The square of the first half of a's digits is exact.
    float first = bits_to_float(float_to_bits(a) & ~0xfff);
    float y = -0.5f * first * first;
    float n;
    float r = exp_reduced_f32(y < -87.0f ? -87.0f : y, &n);
    float e = exp_scaled_f32(n, r - 0.5f * ((a - first) * (a + first)));
    float t = 1.0f / (1.0f + 0.35f * a);
    float p = -2.9145939410e-02f;
    p = p * t + 1.4397174153e-01f;
    p = p * t - 2.5571434340e-01f;
    p = p * t + 1.5917426089e-01f;
    p = p * t - 2.3109903795e-02f;
    p = p * t + 1.0550803301e-01f;
    p = p * t + 1.1983286030e-01f;
    p = p * t + 1.3986187069e-01f;
    p = p * t + 1.3962140424e-01f;
    float beyond = p * t * e;
    *below = x < 0 ? beyond : 1.0f - beyond;
    *density = (float)NORMAL_PEAK * e;
}

INLINE void normal_f64(double x, double *below, double *density) {
    *below = 0.5 * erfc(-x * ROOT_HALF);
    *density = NORMAL_PEAK * exp(-0.5 * x * x);
}

// ln x for positive normal x, with the polynomial of Cephes' logf; NaN and infinity are returned unchanged.
INLINE float log_f32(float x) {
    int32_t bits = float_to_bits(x);
    int32_t exponent = (bits >> 23) - 126;
    float m = bits_to_float((bits & 0x007fffff) | 0x3f000000);
    int small = m < 0.707106781186547524f;
    exponent -= small;
    m = (small ? m + m : m) - 1.0f;
    float z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    float e = (float)exponent;
    float y = m * z * p + e * -2.12194440e-4f - 0.5f * z;
    float result = m + y + e * 0.693359375f;
    return x < __builtin_inff() ? result : x;
}

INLINE float log1p_f32(float t) {
    float u = 1.0f + t;
    // The second term restores what rounding took from u.
    return log_f32(u) + (t - (u - 1.0f)) / u;
}

INLINE float tanh_f32(float x) {
    float a = x < 0 ? -x : x;
    float e = exp_f32(-2.0f * a);
    float large = (1.0f - e) / (1.0f + e);
    large = x < 0 ? -large : large;
    float z = x * x;
    float p = -5.70498872745e-3f;
    p = p * z + 2.06390887954e-2f;
    p = p * z - 5.37397155531e-2f;
    p = p * z + 1.33314422036e-1f;
    p = p * z - 3.33332819422e-1f;
    float little = p * z * x + x;
    return a < 0.625f ? little : large;
}

INLINE float softplus_f32(float x) {
    float a = x < 0 ? -x : x;
    return (x > 0 ? x : 0) + (x == x ? log1p_f32(exp_f32(-a)) : x);
}

INLINE double softplus_f64(double x) { return (x > 0 ? x : 0) + log1p(exp(-fabs(x))); }

#define T float
#define NAME(stem) stem##_f32
#define EXP exp_f32
#define LOG log_f32
#define TANH tanh_f32
#define SOFTPLUS softplus_f32
#define SQRT __builtin_elementwise_sqrt
#define EXPM1 expm1_f32
// Below these numbers σ(p), Φ(p) and σ(2u) of a Gelu by tanh are less than the least normal number.
#define LEAST_SIGMOID -87
#define LEAST_GELU -13
#define LEAST_GELU_TANH -10
#include "activations.inc"
#include "kernels.inc"
#undef T
#undef NAME
#undef EXP
#undef LOG
#undef TANH
#undef SOFTPLUS
#undef EXPM1
#undef LEAST_SIGMOID
#undef LEAST_GELU
#undef LEAST_GELU_TANH

#define T double
#define NAME(stem) stem##_f64
#define EXP exp
#define LOG log
#define TANH tanh
#define SOFTPLUS softplus_f64
#define EXPM1 expm1
#define LEAST_SIGMOID -700
#define LEAST_GELU -38
#define LEAST_GELU_TANH -21
#include "activations.inc"
#include "kernels.inc"

// Philox 4×32-10, ten rounds.
INLINE void philox(uint32_t c[4], uint32_t k0, uint32_t k1) {
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c[0];
        uint64_t p1 = (uint64_t)0xCD9E8D57u * c[2];
        uint32_t next0 = (uint32_t)(p1 >> 32) ^ c[1] ^ k0;
        uint32_t next2 = (uint32_t)(p0 >> 32) ^ c[3] ^ k1;
        c[1] = (uint32_t)p1;
        c[3] = (uint32_t)p0;
        c[0] = next0;
        c[2] = next2;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

void ck_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    for (int i = 0; i < 4; i++) out[i] = counter[i];
    philox(out, key[0], key[1]);
}

// Number of blocks computed at a time, lane by lane, so that the rounds vectorise: two of the longest
// vectors, whose rounds need not wait for each other.
enum { BLOCKS = 32 };

INLINE void philox_blocks(uint64_t key, uint64_t stream, uint64_t first, uint32_t words[4][BLOCKS]) {
    uint32_t c0[BLOCKS], c1[BLOCKS], c2[BLOCKS], c3[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        c0[i] = (uint32_t)(first + (uint64_t)i);
        c1[i] = (uint32_t)((first + (uint64_t)i) >> 32);
        c2[i] = (uint32_t)stream;
        c3[i] = (uint32_t)(stream >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            uint64_t p0 = (uint64_t)0xD2511F53u * c0[i];
            uint64_t p1 = (uint64_t)0xCD9E8D57u * c2[i];
            c0[i] = (uint32_t)(p1 >> 32) ^ c1[i] ^ k0;
            c2[i] = (uint32_t)(p0 >> 32) ^ c3[i] ^ k1;
            c1[i] = (uint32_t)p1;
            c3[i] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < BLOCKS; i++) {
        words[0][i] = c0[i];
        words[1][i] = c1[i];
        words[2][i] = c2[i];
        words[3][i] = c3[i];
    }
}

CK_CLONES void ck_philox(uint64_t key, uint64_t stream, uint64_t first, uint32_t *out, size_t count) {
    uint32_t words[4][BLOCKS];
    for (size_t done = 0; done < count; done += 4 * BLOCKS) {
        philox_blocks(key, stream, first + done / 4, words);
        size_t part = count - done < 4 * BLOCKS ? count - done : 4 * BLOCKS;
        for (size_t j = 0; j < part; j++) out[done + j] = words[j % 4][j / 4];
    }
}

// cos and sin of 2πt for t in [0, 1): rounding finds the quadrant, then Cephes' polynomials apply on
// [−π/4, π/4].
INLINE void cos_sin_turns(float t, float *cosine, float *sine) {
    float quadrant = __builtin_elementwise_floor(t * 4.0f + 0.5f);
    float r = (t - quadrant * 0.25f) * 6.283185307179586f;
    int32_t q = (int32_t)quadrant & 3;
    float z = r * r;
    float s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * r + r;
    float c = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z
        - 0.5f * z + 1.0f;
    float swapped_c = q & 1 ? s : c;
    float swapped_s = q & 1 ? c : s;
    *cosine = q == 1 || q == 2 ? -swapped_c : swapped_c;
    *sine = q >= 2 ? -swapped_s : swapped_s;
}

// Turns words into normal variates, lane by lane: (words 0, 1) and (words 2, 3) of each block by
// Box and Muller.
INLINE void normal_blocks(uint32_t words[4][BLOCKS], float values[4][BLOCKS]) {
    for (int pair = 0; pair < 4; pair += 2) {
        for (int i = 0; i < BLOCKS; i++) {
            // 24 bits each; the radius is drawn from (0, 1], so that its logarithm is finite.
            float u = ((float)(int32_t)(words[pair][i] >> 8) + 1.0f) * 0x1p-24f;
            float turn = (float)(int32_t)(words[pair + 1][i] >> 8) * 0x1p-24f;
            float radius = __builtin_elementwise_sqrt(-2.0f * log_f32(u));
            float c, s;
            cos_sin_turns(turn, &c, &s);
            values[pair][i] = radius * c;
            values[pair + 1][i] = radius * s;
        }
    }
}

CK_CLONES void ck_normals(uint64_t key, uint64_t stream, uint64_t first, float *out, size_t count) {
    uint32_t words[4][BLOCKS];
    float values[4][BLOCKS];
    size_t done = 0;
    for (; done + 4 * BLOCKS <= count; done += 4 * BLOCKS) {
        philox_blocks(key, stream, first + done / 4, words);
        normal_blocks(words, values);
        for (int i = 0; i < BLOCKS; i++) {
            for (int lane = 0; lane < 4; lane++) out[done + 4 * (size_t)i + (size_t)lane] = values[lane][i];
        }
    }
    if (done == count) return;
    philox_blocks(key, stream, first + done / 4, words);
    normal_blocks(words, values);
    for (size_t j = 0; done + j < count; j++) out[done + j] = values[j % 4][j / 4];
}

uint64_t ck_flush_subnormals(void) {
    uint64_t before = 0;
#if defined(__x86_64__)
    before = _mm_getcsr();
    _mm_setcsr((unsigned)before | 0x8040);  // flush to zero, subnormals are zero
#elif defined(__aarch64__)
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(before | (1u << 24)));
#endif
    return before;
}

void ck_restore_subnormals(uint64_t before) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#endif
}
