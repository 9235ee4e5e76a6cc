// The lanes that shading and packets are written over: one C function for each operation of one instruction.
//
// LANES_1, LANES_4 or LANES_8 choose another width than 16; the Swift side (RenderCore/Lanes) makes the same choice, and
// the compiler refuses two different ones. One lane is the reference: it needs no vector type at all. The standard
// library's SIMD types would do the same arithmetic, but choose, compare and convert lane by lane, and nothing of theirs
// is fast in debug builds.
#ifndef TESSERA_CVECTOR_LANES_H
#define TESSERA_CVECTOR_LANES_H

#include <stdint.h>

#pragma STDC FP_CONTRACT OFF

#define LANES_INLINE static inline __attribute__((always_inline))

#if defined(LANES_1)
#define LANES_COUNT 1
#elif defined(LANES_4)
#define LANES_COUNT 4
#elif defined(LANES_8)
#define LANES_COUNT 8
#else
#define LANES_COUNT 16
#endif

#if LANES_COUNT == 1
typedef float lanes_float;
typedef int32_t lanes_int;
typedef uint32_t lanes_uint;
// A comparison of scalars gives 1 where one of vectors gives all bits.
#define LANES_MASK(comparison) (-(int32_t)(comparison))
#define LANES_AT(vector, i) (vector)
#define LANES_CONVERT(vector, type) ((type)(vector))
#else
typedef float lanes_float __attribute__((ext_vector_type(LANES_COUNT)));
typedef int32_t lanes_int __attribute__((ext_vector_type(LANES_COUNT)));
typedef uint32_t lanes_uint __attribute__((ext_vector_type(LANES_COUNT)));
#define LANES_MASK(comparison) (comparison)
#define LANES_AT(vector, i) (vector)[i]
#define LANES_CONVERT(vector, type) __builtin_convertvector(vector, type)
#endif

// The same number in every lane.
LANES_INLINE lanes_float lanes_repeat(float x) { return (lanes_float)(x); }
LANES_INLINE lanes_int lanes_repeat_int(int32_t x) { return (lanes_int)(x); }
LANES_INLINE lanes_uint lanes_repeat_uint(uint32_t x) { return (lanes_uint)(x); }

// Arithmetic.
LANES_INLINE lanes_float lanes_add(lanes_float a, lanes_float b) { return a + b; }
LANES_INLINE lanes_float lanes_sub(lanes_float a, lanes_float b) { return a - b; }
LANES_INLINE lanes_float lanes_mul(lanes_float a, lanes_float b) { return a * b; }
LANES_INLINE lanes_float lanes_div(lanes_float a, lanes_float b) { return a / b; }
LANES_INLINE lanes_float lanes_neg(lanes_float a) { return -a; }
LANES_INLINE lanes_float lanes_abs(lanes_float a) { return __builtin_elementwise_abs(a); }
LANES_INLINE lanes_float lanes_sqrt(lanes_float a) { return __builtin_elementwise_sqrt(a); }

// The smaller, the larger; the first where one is not a number.
LANES_INLINE lanes_float lanes_min(lanes_float a, lanes_float b) { return (b < a) ? b : a; }
LANES_INLINE lanes_float lanes_max(lanes_float a, lanes_float b) { return (b > a) ? b : a; }

// Wrapping integer arithmetic and bits.
LANES_INLINE lanes_uint lanes_add_uint(lanes_uint a, lanes_uint b) { return a + b; }
LANES_INLINE lanes_uint lanes_sub_uint(lanes_uint a, lanes_uint b) { return a - b; }
LANES_INLINE lanes_uint lanes_mul_uint(lanes_uint a, lanes_uint b) { return a * b; }
LANES_INLINE lanes_uint lanes_and(lanes_uint a, lanes_uint b) { return a & b; }
LANES_INLINE lanes_uint lanes_or(lanes_uint a, lanes_uint b) { return a | b; }
LANES_INLINE lanes_uint lanes_xor(lanes_uint a, lanes_uint b) { return a ^ b; }
LANES_INLINE lanes_uint lanes_not(lanes_uint a) { return ~a; }
// The count must be a constant below 32: shifts by vectors are slow before AVX2.
LANES_INLINE lanes_uint lanes_shl(lanes_uint a, uint32_t count) { return a << count; }
LANES_INLINE lanes_uint lanes_shr(lanes_uint a, uint32_t count) { return a >> count; }

// Comparisons: all bits of a lane, or none.
LANES_INLINE lanes_int lanes_lt(lanes_float a, lanes_float b) { return LANES_MASK(a < b); }
LANES_INLINE lanes_int lanes_le(lanes_float a, lanes_float b) { return LANES_MASK(a <= b); }
LANES_INLINE lanes_int lanes_eq(lanes_float a, lanes_float b) { return LANES_MASK(a == b); }
LANES_INLINE lanes_int lanes_ne(lanes_float a, lanes_float b) { return LANES_MASK(a != b); }
LANES_INLINE lanes_int lanes_lt_int(lanes_int a, lanes_int b) { return LANES_MASK(a < b); }
LANES_INLINE lanes_int lanes_eq_int(lanes_int a, lanes_int b) { return LANES_MASK(a == b); }
LANES_INLINE lanes_int lanes_lt_uint(lanes_uint a, lanes_uint b) { return LANES_MASK(a < b); }
LANES_INLINE lanes_int lanes_eq_uint(lanes_uint a, lanes_uint b) { return LANES_MASK(a == b); }

// Masks.
LANES_INLINE lanes_int lanes_mask_and(lanes_int a, lanes_int b) { return a & b; }
LANES_INLINE lanes_int lanes_mask_or(lanes_int a, lanes_int b) { return a | b; }
LANES_INLINE lanes_int lanes_mask_xor(lanes_int a, lanes_int b) { return a ^ b; }
LANES_INLINE lanes_int lanes_mask_not(lanes_int a) { return ~a; }

// `a` where the mask is set, `b` elsewhere.
LANES_INLINE lanes_float lanes_select(lanes_int m, lanes_float a, lanes_float b) { return m ? a : b; }
LANES_INLINE lanes_uint lanes_select_uint(lanes_int m, lanes_uint a, lanes_uint b) { return m ? a : b; }
LANES_INLINE lanes_int lanes_select_int(lanes_int m, lanes_int a, lanes_int b) { return m ? a : b; }

// Bit i is set when lane i of the mask is.
LANES_INLINE uint32_t lanes_bits(lanes_int mask) {
#if LANES_COUNT == 1
  return mask < 0;
#else
  typedef _Bool lanes_bool __attribute__((ext_vector_type(LANES_COUNT)));
  union {
    lanes_bool lanes;
    uint16_t bits;
  } result;
  result.bits = 0;
  result.lanes = __builtin_convertvector(mask < 0, lanes_bool);
  return result.bits & ((1u << LANES_COUNT) - 1u);
#endif
}

// The mask whose lane i is set when bit i is.
LANES_INLINE lanes_int lanes_from_bits(uint32_t bits) {
#if LANES_COUNT == 1
  return -(int32_t)(bits & 1u);
#else
  lanes_uint one;
  for (int i = 0; i < LANES_COUNT; i++) one[i] = 1u << i;
  return ((lanes_uint)(bits) & one) != 0;
#endif
}

// 0, 1, 2 and so on.
LANES_INLINE lanes_uint lanes_numbers(void) {
#if LANES_COUNT == 1
  return 0;
#else
  lanes_uint result;
  for (int i = 0; i < LANES_COUNT; i++) result[i] = (uint32_t)i;
  return result;
#endif
}

// Conversions. To integers towards zero; the number must fit.
LANES_INLINE lanes_int lanes_to_int(lanes_float a) { return LANES_CONVERT(a, lanes_int); }
LANES_INLINE lanes_float lanes_from_int(lanes_int a) { return LANES_CONVERT(a, lanes_float); }

// The same bits as another type.
#if LANES_COUNT == 1
LANES_INLINE lanes_uint lanes_float_bits(lanes_float a) {
  union {
    float f;
    uint32_t u;
  } x;
  x.f = a;
  return x.u;
}
LANES_INLINE lanes_float lanes_bits_float(lanes_uint a) {
  union {
    float f;
    uint32_t u;
  } x;
  x.u = a;
  return x.f;
}
#else
LANES_INLINE lanes_uint lanes_float_bits(lanes_float a) { return (lanes_uint)a; }
LANES_INLINE lanes_float lanes_bits_float(lanes_uint a) { return (lanes_float)a; }
#endif
LANES_INLINE lanes_uint lanes_int_bits(lanes_int a) { return (lanes_uint)a; }
LANES_INLINE lanes_int lanes_bits_int(lanes_uint a) { return (lanes_int)a; }

// One lane.
LANES_INLINE float lanes_get(lanes_float a, intptr_t i) { return LANES_AT(a, i); }
LANES_INLINE uint32_t lanes_get_uint(lanes_uint a, intptr_t i) { return LANES_AT(a, i); }
LANES_INLINE lanes_float lanes_set(lanes_float a, intptr_t i, float x) {
  LANES_AT(a, i) = x;
  return a;
}
LANES_INLINE lanes_uint lanes_set_uint(lanes_uint a, intptr_t i, uint32_t x) {
  LANES_AT(a, i) = x;
  return a;
}

// The least and the greatest number of all lanes, none of which is not a number.
#if LANES_COUNT == 1
LANES_INLINE float lanes_least(lanes_float a) { return a; }
LANES_INLINE float lanes_greatest(lanes_float a) { return a; }
#else
// Halves until four are left, which the compiler orders as a tree.
#if LANES_COUNT == 16
#define LANES_HALVES(name)                                                                                             \
  typedef float lanes_float8 __attribute__((ext_vector_type(8)));                                                      \
  lanes_float8 half = LANES_PICK(name, a.lo, a.hi);                                                                    \
  lanes_float4 x = LANES_PICK(name, half.lo, half.hi)
#elif LANES_COUNT == 8
#define LANES_HALVES(name) lanes_float4 x = LANES_PICK(name, a.lo, a.hi)
#else
#define LANES_HALVES(name) lanes_float4 x = a
#endif
#define LANES_PICK(comparison, a, b) (((b)comparison(a)) ? (b) : (a))
typedef float lanes_float4 __attribute__((ext_vector_type(4)));
LANES_INLINE float lanes_least(lanes_float a) {
  LANES_HALVES(<);
  float low = LANES_PICK(<, x[0], x[1]);
  float high = LANES_PICK(<, x[2], x[3]);
  return LANES_PICK(<, low, high);
}
LANES_INLINE float lanes_greatest(lanes_float a) {
  LANES_HALVES(>);
  float low = LANES_PICK(>, x[0], x[1]);
  float high = LANES_PICK(>, x[2], x[3]);
  return LANES_PICK(>, low, high);
}
#endif

// Neighbouring numbers, aligned to their size in all.
LANES_INLINE lanes_float lanes_load(const void *from) { return *(const lanes_float *)from; }
LANES_INLINE lanes_uint lanes_load_uint(const void *from) { return *(const lanes_uint *)from; }
LANES_INLINE void lanes_store(void *to, lanes_float a) { *(lanes_float *)to = a; }
LANES_INLINE void lanes_store_uint(void *to, lanes_uint a) { *(lanes_uint *)to = a; }

// The numbers at `base[index]`; every index must be valid. Written out by the compiler as loads and inserts, which beats
// both a pass through memory and the processor's own gather.
LANES_INLINE lanes_float lanes_gather(const float *base, lanes_uint index) {
  lanes_float result;
  for (int i = 0; i < LANES_COUNT; i++) LANES_AT(result, i) = base[LANES_AT(index, i)];
  return result;
}
// Reading four neighbouring numbers a lane takes one load a lane and a few shuffles, where four gathers take four times as
// many loads; with one lane there is nothing to shuffle.
#if LANES_COUNT > 1
typedef float lanes_quad __attribute__((ext_vector_type(4)));
LANES_INLINE lanes_quad lanes_load_quad(const float *base, uint32_t index) {
  lanes_quad quad;
  __builtin_memcpy(&quad, base + 4 * (intptr_t)index, sizeof quad);
  return quad;
}
// Slot k, four neighbouring lanes, becomes what lies at `base[4 * index]` for lane 4 k + `first`.
LANES_INLINE lanes_float lanes_load_slots(const float *base, lanes_uint index, intptr_t first) {
  lanes_quad a = lanes_load_quad(base, index[first]);
#if LANES_COUNT == 4
  return a;
#else
  lanes_quad b = lanes_load_quad(base, index[first + 4]);
#if LANES_COUNT == 8
  return __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
#else
  typedef float half __attribute__((ext_vector_type(8)));
  lanes_quad c = lanes_load_quad(base, index[first + 8]);
  lanes_quad d = lanes_load_quad(base, index[first + 12]);
  half low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
  half high = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
  return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
#endif
}
// The same choice of four within each slot; numbers from LANES_COUNT on are the second vector's.
#if LANES_COUNT == 16
#define LANES_IN_SLOTS(x, y, a, b, c, d)                                                                               \
  __builtin_shufflevector(x, y, a, b, c, d, a + 4, b + 4, c + 4, d + 4, a + 8, b + 8, c + 8, d + 8, a + 12, b + 12,    \
                          c + 12, d + 12)
#elif LANES_COUNT == 8
#define LANES_IN_SLOTS(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d, a + 4, b + 4, c + 4, d + 4)
#else
#define LANES_IN_SLOTS(x, y, a, b, c, d) __builtin_shufflevector(x, y, a, b, c, d)
#endif
// a0 b0 a1 b1; a2 b2 a3 b3; a0 a1 b0 b1; a2 a3 b2 b3.
LANES_INLINE lanes_float lanes_mingle_low(lanes_float a, lanes_float b) {
  return LANES_IN_SLOTS(a, b, 0, LANES_COUNT, 1, LANES_COUNT + 1);
}
LANES_INLINE lanes_float lanes_mingle_high(lanes_float a, lanes_float b) {
  return LANES_IN_SLOTS(a, b, 2, LANES_COUNT + 2, 3, LANES_COUNT + 3);
}
LANES_INLINE lanes_float lanes_join_low(lanes_float a, lanes_float b) {
  return LANES_IN_SLOTS(a, b, 0, 1, LANES_COUNT, LANES_COUNT + 1);
}
LANES_INLINE lanes_float lanes_join_high(lanes_float a, lanes_float b) {
  return LANES_IN_SLOTS(a, b, 2, 3, LANES_COUNT + 2, LANES_COUNT + 3);
}
#endif
LANES_INLINE lanes_uint lanes_gather_uint(const uint32_t *base, lanes_uint index) {
  lanes_uint result;
  for (int i = 0; i < LANES_COUNT; i++) LANES_AT(result, i) = base[LANES_AT(index, i)];
  return result;
}

#endif
