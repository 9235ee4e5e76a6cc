// Vector operations that the Swift standard library cannot express in one instruction.
//
// Everything here is exact: comparisons, selections and bit moves. Arithmetic stays in Swift, which never contracts a
// multiplication and an addition; the pragma keeps later additions to this file from doing so.
// ext_vector_type works for SSE2, AVX2, AVX-512, NEON and WebAssembly alike.
#ifndef TESSERA_CVECTOR_H
#define TESSERA_CVECTOR_H

#include "CVectorLanes.h"

#include <stdint.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#pragma STDC FP_CONTRACT OFF

#define CVECTOR_INLINE static inline __attribute__((always_inline))

typedef float cvector_f4 __attribute__((ext_vector_type(4)));
typedef float cvector_f8 __attribute__((ext_vector_type(8)));
typedef double cvector_d8 __attribute__((ext_vector_type(8)));
typedef int32_t cvector_i4 __attribute__((ext_vector_type(4)));
typedef int32_t cvector_i8 __attribute__((ext_vector_type(8)));

/// Asks for huge pages, where a system has them to give, for memory that rays wander through: a hierarchy of 64 MB takes
/// 16,384 small pages, more than a processor keeps addresses of.
CVECTOR_INLINE void cvector_prefer_huge_pages(void *memory, intptr_t byte_count) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  (void)madvise(memory, (size_t)byte_count, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)byte_count;
#endif
}

/// The same for the whole huge pages within memory of any alignment.
CVECTOR_INLINE void cvector_prefer_huge_pages_within(void *memory, intptr_t byte_count) {
  const uintptr_t page = (uintptr_t)2 << 20;
  uintptr_t first = ((uintptr_t)memory + page - 1) & ~(page - 1);
  uintptr_t last = ((uintptr_t)memory + (uintptr_t)byte_count) & ~(page - 1);
  if (last > first) cvector_prefer_huge_pages((void *)first, (intptr_t)(last - first));
}

/// Gives whole pages within memory back to the system before the memory is freed; what was in it is lost.
CVECTOR_INLINE void cvector_release_pages_within(void *memory, intptr_t byte_count) {
#if defined(__linux__) && defined(MADV_DONTNEED)
  // Larger pages than these are cut.
  const uintptr_t page = 4096;
  uintptr_t first = ((uintptr_t)memory + page - 1) & ~(page - 1);
  uintptr_t last = ((uintptr_t)memory + (uintptr_t)byte_count) & ~(page - 1);
  if (last > first) (void)madvise((void *)first, (size_t)(last - first), MADV_DONTNEED);
#else
  (void)memory;
  (void)byte_count;
#endif
}

#if defined(__linux__)
/// Memory of its own pages, zero, which goes back to the system as soon as it is freed; NULL where there is none left.
CVECTOR_INLINE void *cvector_map_memory(intptr_t byte_count) {
  void *memory = mmap(0, (size_t)byte_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? 0 : memory;
}

/// Frees what the function above gave, of the same size.
CVECTOR_INLINE void cvector_unmap_memory(void *memory, intptr_t byte_count) {
  (void)munmap(memory, (size_t)byte_count);
}
#endif

/// Begins to load what will be read soon; any address will do.
CVECTOR_INLINE void cvector_prefetch(const void *memory) { __builtin_prefetch(memory); }

/// The smaller lane of two; the first when a lane is not a number.
CVECTOR_INLINE cvector_f4 cvector_min4(cvector_f4 a, cvector_f4 b) { return (b < a) ? b : a; }
CVECTOR_INLINE cvector_f8 cvector_min8(cvector_f8 a, cvector_f8 b) { return (b < a) ? b : a; }

/// The larger lane of two; the first when a lane is not a number.
CVECTOR_INLINE cvector_f4 cvector_max4(cvector_f4 a, cvector_f4 b) { return (b > a) ? b : a; }
CVECTOR_INLINE cvector_f8 cvector_max8(cvector_f8 a, cvector_f8 b) { return (b > a) ? b : a; }

/// Lane by lane: `x` where `a` is less than `b`, else `y`.
CVECTOR_INLINE cvector_f8 cvector_select_lt8(cvector_f8 a, cvector_f8 b, cvector_f8 x, cvector_f8 y) {
  return (a < b) ? x : y;
}

/// Each lane with all lanes before it, in a fixed order: neighbours first, then pairs, then fours.
CVECTOR_INLINE cvector_d8 cvector_prefix_sums8(cvector_f8 numbers) {
  const cvector_d8 zero = 0;
  cvector_d8 a = __builtin_convertvector(numbers, cvector_d8);
  cvector_d8 b = a + __builtin_shufflevector(zero, a, 0, 8, 9, 10, 11, 12, 13, 14);
  cvector_d8 c = b + __builtin_shufflevector(zero, b, 0, 1, 8, 9, 10, 11, 12, 13);
  return c + __builtin_shufflevector(zero, c, 0, 1, 2, 3, 8, 9, 10, 11);
}

/// How many lanes are at most `x`.
CVECTOR_INLINE intptr_t cvector_count_le8(cvector_d8 a, double x) {
  typedef _Bool b8 __attribute__((ext_vector_type(8)));
  union {
    b8 lanes;
    uint8_t bits;
  } mask;
  mask.lanes = __builtin_convertvector(a <= (cvector_d8)(x), b8);
  return __builtin_popcount(mask.bits);
}

/// `a` made smaller or larger by `b` when the condition holds, without a branch.
CVECTOR_INLINE cvector_f4 cvector_min_if4(_Bool condition, cvector_f4 a, cvector_f4 b) {
  cvector_i4 mask = (cvector_i4)(-(int32_t)condition);
  return (mask & (b < a)) ? b : a;
}
CVECTOR_INLINE cvector_f4 cvector_max_if4(_Bool condition, cvector_f4 a, cvector_f4 b) {
  cvector_i4 mask = (cvector_i4)(-(int32_t)condition);
  return (mask & (b > a)) ? b : a;
}

/// Numbers from zero to `last`, rounded down to integers; others are moved into that range before.
CVECTOR_INLINE cvector_i4 cvector_bins4(cvector_f4 a, cvector_f4 last) {
  cvector_f4 low = (a > 0) ? a : (cvector_f4)(0);
  return __builtin_convertvector((low < last) ? low : last, cvector_i4);
}

/// Bit i is set when lane i of `a` is at most that of `b`.
CVECTOR_INLINE uint32_t cvector_mask_le8(cvector_f8 a, cvector_f8 b) {
  typedef _Bool b8 __attribute__((ext_vector_type(8)));
  union {
    b8 lanes;
    uint8_t bits;
  } mask;
  mask.lanes = __builtin_convertvector(a <= b, b8);
  return mask.bits;
}

/// All bits of a lane, or none.
CVECTOR_INLINE cvector_i4 cvector_eq4(cvector_f4 a, cvector_f4 b) { return a == b; }
CVECTOR_INLINE cvector_i4 cvector_le4(cvector_f4 a, cvector_f4 b) { return a <= b; }
CVECTOR_INLINE cvector_i4 cvector_and4(cvector_i4 a, cvector_i4 b) { return a & b; }
CVECTOR_INLINE cvector_i4 cvector_or4(cvector_i4 a, cvector_i4 b) { return a | b; }

/// Bit i is set when lane i of `mask` is negative.
CVECTOR_INLINE uint32_t cvector_mask4(cvector_i4 mask) {
  typedef _Bool b4 __attribute__((ext_vector_type(4)));
  union {
    b4 lanes;
    uint8_t bits;
  } result;
  result.bits = 0;
  result.lanes = __builtin_convertvector(mask < 0, b4);
  return result.bits & 15u;
}

/// x, y or z for axis 0, 1 or 2, without branches.
CVECTOR_INLINE float cvector_component(float x, float y, float z, intptr_t axis) {
  return axis == 0 ? x : (axis == 1 ? y : z);
}

/// The smaller of two; the first when one is not a number.
CVECTOR_INLINE float cvector_min(float a, float b) { return (b < a) ? b : a; }

/// The larger of two; the first when one is not a number.
CVECTOR_INLINE float cvector_max(float a, float b) { return (b > a) ? b : a; }

#endif
