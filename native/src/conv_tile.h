// The register tile that all convolutions are made of: a few rows by a few vectors of sums, compiled once for every size.
// Rows are single values that are repeated over a vector, vectors are read from memory.
#pragma once

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <cstdint>
#include <cstring>
#include <type_traits>

namespace smash {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kTileRows = 8;
#elif defined(__AVX2__)
constexpr int kLanes = 8, kTileRows = 4;
#else
constexpr int kLanes = 4, kTileRows = 4;
#endif
// Vectors of output channels a tile holds: with kTileRows, what fits the registers.
constexpr int kTileVectors = 3;
// Rows of a tile: more than kTileRows where few vectors would be sums that wait for each other, and multipliers idle.
constexpr int tile_rows(int vectors) {
  if (vectors == 1) return 2 * kTileRows;
  return vectors == 2 && kTileRows == 4 ? 6 : kTileRows;
}

// Unaligned: channels start anywhere.
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

using Half = uint16_t;  // the bits of a bfloat16

// A product C[i][j] += sum over segments and k of A[i][k] * B[k][j]; j runs over vectors. An element of a sum is one product of
// floats, or two of halves.
template <class Number>
struct Factors {
  static constexpr int64_t kNumbers = sizeof(float) / sizeof(Number);  // of an element

  const Number* a;
  const Number* b;
  const int64_t* a_segments;  // offsets
  const int64_t* b_segments;
  int64_t segments, length;  // k runs over `length` elements of every segment
  int64_t b_step;            // from one k to the next

  int64_t vector(int v) const { return v * kLanes * kNumbers; }
};

// The rows of a tile are pixels, or planes of pixels; k runs over neighbours.
template <class Number>
struct PixelRows : Factors<Number> {
  int64_t a_row;
  int64_t a_half;  // to the second half of a tile of more than kTileRows rows

  int64_t row(int i) const { return i < kTileRows ? i * a_row : a_half + (i - kTileRows) * a_row; }
  int64_t step() const { return Factors<Number>::kNumbers; }
};

// The rows of a tile are neighbours; k runs over pixels.
struct ChannelRows : Factors<float> {
  int64_t a_step;

  int64_t row(int i) const { return i; }
  int64_t step() const { return a_step; }
};

// The same where the vectors of B are not neighbours.
struct ScatteredVectors : ChannelRows {
  const int64_t* b_vectors;  // offsets

  int64_t vector(int v) const { return b_vectors[v]; }
};

// `kShare` elements of 32 bits, over and over: floats, or pairs of halves.
template <int kShare>
inline __attribute__((always_inline)) Vector repeat(const void* elements) {
#if defined(__AVX512F__)
  if constexpr (kShare == 4) {
    return (Vector)_mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(elements)));
  } else if constexpr (kShare == 2) {
    int64_t both;
    std::memcpy(&both, elements, sizeof(both));
    return (Vector)_mm512_set1_epi64(both);
  } else {
    int32_t one;
    std::memcpy(&one, elements, sizeof(one));
    return (Vector)_mm512_set1_epi32(one);
  }
#elif defined(__AVX2__)
  if constexpr (kShare == 4) {
    return (Vector)_mm256_broadcast_ps(static_cast<const __m128*>(elements));
  } else if constexpr (kShare == 2) {
    return (Vector)_mm256_broadcast_sd(static_cast<const double*>(elements));
  } else {
    return (Vector)_mm256_broadcast_ss(static_cast<const float*>(elements));
  }
#else
  static_assert(kShare == 1);
  return *static_cast<const float*>(elements) - Vector{};
#endif
}

inline __attribute__((always_inline)) Vector multiply_add(const float*, Vector sum, Vector a, Vector b) { return sum + a * b; }

#if defined(__AVX512BF16__)
inline __attribute__((always_inline)) Vector multiply_add(const Half*, Vector sum, Vector a, Vector b) {
  return (Vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#endif

// A vector that stays in its register. With 16 of them the compiler would rather read it again for every product, and reads
// would take longer than products.
inline __attribute__((always_inline)) Vector kept(Vector value) {
#if defined(__AVX2__)
  asm("" : "+v"(value));
#endif
  return value;
}

// With `kShare` lanes an output, b holds that many k for each, and those of a are neighbours.
template <int kRows, int kVectors, int kShare, class AnyFactors>
inline __attribute__((always_inline)) void multiply(const AnyFactors& f, Vector (&sum)[kRows][kVectors]) {
  int64_t vectors[kVectors];
  for (int v = 0; v < kVectors; ++v) vectors[v] = f.vector(v);
  for (int64_t segment = 0; segment < f.segments; ++segment) {
    auto a = f.a + f.a_segments[segment], b = f.b + f.b_segments[segment];
    for (int64_t k = 0; k < f.length; k += kShare) {
      Vector column[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) column[v] = kept(*reinterpret_cast<const Vector*>(b + vectors[v]));
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        const Vector value = repeat<kShare>(a + f.row(i));
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[i][v] = multiply_add(a, sum[i][v], value, column[v]);
      }
      a += kShare * f.step();
      b += f.b_step;
    }
  }
}

#if defined(__AVX512BF16__)

// Rounds `count` floats; `to` may be written a vector beyond its end.
inline void to_halves(const float* from, int64_t count, Half* to) {
  for (int64_t at = 0; at < count; at += 2 * kLanes) {
    const uint32_t left = count - at >= 2 * kLanes ? ~0u : (1u << (count - at)) - 1;
    const __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left), from + at);
    const __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(left >> kLanes), from + at + kLanes);
    _mm512_storeu_si512(to + at, (__m512i)_mm512_cvtne2ps_pbh(high, low));
  }
}

// Rounds `count` values of two pixels to pairs; of the second, zeros if it is null. `to` as above.
inline void pair_halves(const float* one, const float* other, int64_t count, Half* to) {
  for (int64_t at = 0; at < count; at += kLanes) {
    const __mmask16 mask = count - at >= kLanes ? 0xffff : static_cast<__mmask16>((1u << (count - at)) - 1);
    const auto halves = [&](const float* from) {
      return _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from + at)));
    };
    __m512i both = halves(one);
    if (other != nullptr) both = _mm512_or_si512(both, _mm512_slli_epi32(halves(other), 16));
    _mm512_storeu_si512(to + 2 * at, both);
  }
}

#endif

// One value an output, from `kShare` neighbouring lanes each.
template <int kShare, int kVectors, int kOutputs>
inline __attribute__((always_inline)) void add_lanes(const Vector (&sum)[kVectors], Vector (&total)[kOutputs]) {
  if constexpr (kShare == 1) {
    for (int v = 0; v < kVectors; ++v) total[v] = sum[v];
  } else {
#if defined(__AVX512F__)
    const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    Vector half[(kVectors + 1) / 2];
    for (int v = 0; v < kVectors; v += 2) {
      const __m512 low = (__m512)sum[v], high = v + 1 < kVectors ? (__m512)sum[v + 1] : _mm512_setzero_ps();
      half[v / 2] = (Vector)_mm512_permutex2var_ps(low, even, high) + (Vector)_mm512_permutex2var_ps(low, odd, high);
    }
    add_lanes<kShare / 2>(half, total);
#elif defined(__AVX2__)
    Vector half[(kVectors + 1) / 2];
    for (int v = 0; v < kVectors; v += 2) {
      const __m256 low = (__m256)sum[v], high = v + 1 < kVectors ? (__m256)sum[v + 1] : _mm256_setzero_ps();
      // Neighbours are added within halves of a vector, whose quarters are then put in order.
      const __m256d added = _mm256_castps_pd(_mm256_hadd_ps(low, high));
      half[v / 2] = (Vector)_mm256_castpd_ps(_mm256_permute4x64_pd(added, _MM_SHUFFLE(3, 1, 2, 0)));
    }
    add_lanes<kShare / 2>(half, total);
#endif
  }
}

// Adds a product to out [row, vector lane]. Like `convolve_tile` a function of its own: inlined among others, its loop runs out of
// registers and takes vectors and addresses from the stack, at two thirds of the speed. For the same reason every loop over
// sums is unrolled: an index known only later keeps them in memory.
template <int kRows, int kVectors, class AnyFactors>
__attribute__((noinline)) void add_product(const AnyFactors& factors, float* out) {
  Vector sum[kRows][kVectors] = {};
  multiply<kRows, kVectors, 1>(factors, sum);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) *reinterpret_cast<Vector*>(out + (i * kVectors + v) * kLanes) += sum[i][v];
  }
}

// Calls body(integral_constant rows) for tiles that cover `count` rows: full tiles, then halves.
template <int kVectors, class Body>
inline void for_tiles(int64_t count, Body body) {
  int64_t at = 0;
  if constexpr (constexpr int kMost = tile_rows(kVectors); kMost > kTileRows) {
    for (; at + kMost <= count; at += kMost) body(std::integral_constant<int, kMost>(), at);
  }
  for (; at + kTileRows <= count; at += kTileRows) body(std::integral_constant<int, kTileRows>(), at);
  if constexpr (kTileRows > 4) {
    if (at + 4 <= count) { body(std::integral_constant<int, 4>(), at); at += 4; }
  }
  if (at + 2 <= count) { body(std::integral_constant<int, 2>(), at); at += 2; }
  if (at < count) body(std::integral_constant<int, 1>(), at);
}

template <class Body>
inline void with_vectors(int vectors, Body body) {
  switch (vectors) {
    case 1: return body(std::integral_constant<int, 1>());
    case 2: return body(std::integral_constant<int, 2>());
    default: return body(std::integral_constant<int, 3>());
  }
}

// The same with the lanes of an output: more than one only where there is an instruction that repeats several numbers.
template <class Body>
inline void with_tile(int vectors, int64_t share, Body body) {
  with_vectors(vectors, [&](auto count) {
    if constexpr (kLanes >= 8) {
      if (share == 4) return body(count, std::integral_constant<int, 4>());
      if (share == 2) return body(count, std::integral_constant<int, 2>());
    }
    body(count, std::integral_constant<int, 1>());
  });
}

template <int kVectors>
inline void store(const Vector (&sum)[kVectors], float* y, const float* mask, int64_t count) {
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const int64_t left = count - v * kLanes;
    if (left >= kLanes) {
      Vector value = sum[v];
      if (mask != nullptr) {
        const Vector gate = *reinterpret_cast<const Vector*>(mask + v * kLanes);
        value = gate > 0.f ? value : Vector{};
      }
      *reinterpret_cast<Vector*>(y + v * kLanes) = value;
    } else {
#if defined(__AVX512F__)
      const __mmask16 some = left <= 0 ? 0 : static_cast<__mmask16>((1u << left) - 1);
      const __m512 gate = mask == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(some, mask + v * kLanes);
      const __mmask16 open = mask == nullptr ? some : _mm512_mask_cmp_ps_mask(some, gate, _mm512_setzero_ps(), _CMP_GT_OQ);
      _mm512_mask_storeu_ps(y + v * kLanes, some, _mm512_maskz_mov_ps(open, (__m512)sum[v]));
#elif defined(__AVX2__)
      const __m256 lane = _mm256_set_ps(7, 6, 5, 4, 3, 2, 1, 0);
      const __m256 some = _mm256_cmp_ps(lane, _mm256_set1_ps(static_cast<float>(left)), _CMP_LT_OQ);
      __m256 open = some;
      if (mask != nullptr) {
        const __m256 gate = _mm256_maskload_ps(mask + v * kLanes, _mm256_castps_si256(some));
        open = _mm256_cmp_ps(gate, _mm256_setzero_ps(), _CMP_GT_OQ);
      }
      _mm256_maskstore_ps(y + v * kLanes, _mm256_castps_si256(some), _mm256_and_ps((__m256)sum[v], open));
#else
      float lanes[kLanes];
      std::memcpy(lanes, &sum[v], sizeof(lanes));
      for (int64_t lane = 0; lane < left; ++lane) {
        y[v * kLanes + lane] = mask == nullptr || mask[v * kLanes + lane] > 0.f ? lanes[lane] : 0.f;
      }
#endif
    }
  }
}

// Where the pixels of a tile go. `mask` may be null: a result is zero where it is not positive.
struct TileOutput {
  float* y;
  const float* mask;
  int64_t pixel;              // floats from one pixel to the next, of both
  int64_t y_half, mask_half;  // to the second half of a tile of more than kTileRows rows
  int64_t count;              // channels
};

template <int kRows, int kVectors, int kShare, class Number>
__attribute__((noinline)) void convolve_tile(const PixelRows<Number>& factors, const TileOutput& out) {
  Vector sum[kRows][kVectors] = {};
  multiply<kRows, kVectors, kShare>(factors, sum);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; ++i) {
    Vector total[(kVectors + kShare - 1) / kShare];
    add_lanes<kShare>(sum[i], total);
    const int64_t at = i % kTileRows * out.pixel;
    const bool second = i >= kTileRows;
    const float* mask = out.mask == nullptr ? nullptr : out.mask + at + (second ? out.mask_half : 0);
    store(total, out.y + at + (second ? out.y_half : 0), mask, out.count);
  }
}

}  // namespace smash
