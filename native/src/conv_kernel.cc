#include "conv_kernel.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "kernel_mark.h"
#include "share_work.h"

namespace smash {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kTileRows = 8;
#elif defined(__AVX__)
constexpr int kLanes = 8, kTileRows = 4;
#else
constexpr int kLanes = 4, kTileRows = 4;
#endif
// Vectors of output channels a tile holds: with kTileRows, what fits the registers.
constexpr int kTileVectors = 3;
// A tile of one vector has twice the rows: sums that wait for each other would leave the multipliers idle.
constexpr int tile_rows(int vectors) { return vectors == 1 ? 2 * kTileRows : kTileRows; }

// Unaligned: channels start anywhere.
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

// Bytes of each operand a task works on: with two or three of them, a usual second-level cache.
constexpr int64_t kBandBytes = 256 << 10;
constexpr int64_t kMostTaps = kMostKernel * kMostKernel;
// Parts of the work of a weight gradient, each with sums of its own, for every thread: enough to share them out where
// threads are not equally fast, few enough that adding their sums up costs nothing.
constexpr int64_t kGradientParts = 5;
// A tile of one vector against wider ones: it waits for the reads of single values.
constexpr double kRateOfOneVector = .65;
// Multiplications an output needs at least for several lanes to pay.
constexpr int64_t kLeastToShare = 24;

using Half = uint16_t;  // the bits of a bfloat16

// Floats on a cache line's boundary: a vector that straddles two lines costs twice. Readable a tile beyond their end.
class Floats {
 public:
  // At least `count` of them, with any content; what was there before may be gone.
  float* take(size_t count) {
    if (count > size_) {
      data_.reset(static_cast<float*>(::operator new((count + kLanes * kTileVectors) * sizeof(float), kLine)));
      size_ = count;
    }
    return data_.get();
  }

  float* take_zeros(size_t count) {
    std::memset(take(count), 0, count * sizeof(float));
    return data_.get();
  }

  // The same memory for `count` halves.
  Half* take_halves(size_t count) { return reinterpret_cast<Half*>(take((count + 1) / 2)); }

  float* data() const { return data_.get(); }
  const Half* halves() const { return reinterpret_cast<const Half*>(data_.get()); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(float* data) const { ::operator delete(data, kLine); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_ = 0;
};

// Groups merged so that their outputs fill a vector: off-diagonal weights are zero, and no instruction is added, since
// a vector of one group's few outputs would cost the same.
struct Blocks {
  int64_t count, groups, inputs, outputs;  // `groups`, `inputs`, `outputs` of one block
};

Blocks merge_groups(int64_t groups, int64_t inputs, int64_t outputs) {
  int64_t merged = 1;
  for (int64_t next = 1; next <= groups; ++next) {
    if (groups % next != 0) continue;
    merged = next;
    if (next * (outputs / groups) >= kLanes) break;
  }
  return {groups / merged, merged, inputs / groups * merged, outputs / groups * merged};
}

// The output channels of a block cut into pieces of at most kTileVectors vectors, evenly. A channel has `share` lanes.
struct Piece {
  int64_t first;  // channel in the block
  int vectors;
};

std::vector<Piece> cut_outputs(int64_t outputs, int64_t share = 1) {
  const int64_t vectors = (outputs * share + kLanes - 1) / kLanes;
  const int64_t count = (vectors + kTileVectors - 1) / kTileVectors;
  std::vector<Piece> pieces;
  int64_t at = 0;
  for (int64_t piece = 0; piece < count; ++piece) {
    const int64_t size = (vectors - at + count - piece - 1) / (count - piece);
    pieces.push_back({at * kLanes / share, static_cast<int>(size)});
    at += size;
  }
  return pieces;
}

// Whether this processor multiplies halves, and is asked to.
bool rounds_factors(const ConvShape& s) {
#if defined(__AVX512BF16__)
  return s.bfloat16;
#else
  return false;
#endif
}

// Lanes an output has in the product: one, or several, each of which sums its own share of the inputs. Few outputs then
// fill vectors, and one read of neighbouring inputs serves several multiplications: a tile of one vector is bound by
// the reads of single inputs, at two thirds of the rate of two vectors.
int64_t lanes_of_output(const ConvShape& s, const Blocks& blocks) {
  const int64_t factors = rounds_factors(s) ? 2 : 1, inputs = blocks.inputs / factors;
  // Adding the lanes up at the end has to pay.
  if (kLanes < 16 || blocks.inputs % factors != 0 || s.kernel[0] * s.kernel[1] * inputs < kLeastToShare) return 1;
  const auto vectors = [&](int64_t share) { return (blocks.outputs * share + kLanes - 1) / kLanes; };
  if (inputs % 4 == 0 && vectors(4) <= 2) return 4;
  return inputs % 2 == 0 && (vectors(1) == 1 || vectors(2) < 2 * vectors(1)) ? 2 : 1;
}

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
#else
  static_assert(kShare == 1);
  Vector all;
  for (int lane = 0; lane < kLanes; ++lane) all[lane] = *static_cast<const float*>(elements);
  return all;
#endif
}

inline __attribute__((always_inline)) Vector multiply_add(const float*, Vector sum, Vector a, Vector b) { return sum + a * b; }

#if defined(__AVX512BF16__)
inline __attribute__((always_inline)) Vector multiply_add(const Half*, Vector sum, Vector a, Vector b) {
  return (Vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
}
#endif

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
      for (int v = 0; v < kVectors; ++v) column[v] = *reinterpret_cast<const Vector*>(b + vectors[v]);
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
#endif
  }
}

// Adds a product to out [row, vector lane]. Like `convolve_tile` a function of its own: inlined among others, its loop runs out of
// registers and takes vectors and addresses from the stack, at two thirds of the speed.
template <int kRows, int kVectors, class AnyFactors>
__attribute__((noinline)) void add_product(const AnyFactors& factors, float* out) {
  Vector sum[kRows][kVectors] = {};
  multiply<kRows, kVectors, 1>(factors, sum);
  for (int i = 0; i < kRows; ++i) {
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

// The same with the lanes of an output: more than one only where vectors have 16.
template <class Body>
inline void with_tile(int vectors, int64_t share, Body body) {
  with_vectors(vectors, [&](auto count) {
    if constexpr (kLanes == 16) {
      if (share == 4) return body(count, std::integral_constant<int, 4>());
      if (share == 2) return body(count, std::integral_constant<int, 2>());
    }
    body(count, std::integral_constant<int, 1>());
  });
}

// How an image is cut into bands of rows, each one task, and how the rows of one input lie in memory.
struct Bands {
  int64_t rows, count;  // rows of a band, bands of an image
  int64_t pad[2];       // height, width

  Bands(const ConvShape& s, int64_t channels) {
    for (int axis = 0; axis < 2; ++axis) pad[axis] = s.dilation[axis] * (s.kernel[axis] - 1) / 2;
    const int64_t row = (s.width + 2 * pad[1]) * channels * static_cast<int64_t>(sizeof(float));
    rows = std::clamp<int64_t>(kBandBytes / row - 2 * pad[0], std::min<int64_t>(4, s.height), s.height);
    count = (s.height + rows - 1) / rows;
    rows = (s.height + count - 1) / count;
  }
};

// The rows of one band, zero pixels around them, ReLU applied. Read where they lie if nothing has to be done to them.
struct Band {
  const float* data;
  int64_t row;  // floats from one row to the next

  Band(const ConvShape& s, const Bands& bands, int64_t channels, const PixelSource& source, int64_t image, int64_t first,
       int64_t last, Floats& scratch) {
    const int64_t* pad = bands.pad;
    const int64_t inner = s.width * channels, side = pad[1] * channels, origin = image * s.height;
    if (pad[0] == 0 && pad[1] == 0 && source.relu != Relu::apply && source.dense != nullptr) {
      float* direct = source.dense + (origin + first) * inner;
      if (source.gather) source.gather((origin + first) * s.width, (last - first) * s.width, direct);
      data = direct;
      row = inner;
      return;
    }
    row = inner + 2 * side;
    float* out = scratch.take((bands.rows + 2 * pad[0]) * row);
    data = out;
    for (int64_t y = first - pad[0]; y < last + pad[0]; ++y, out += row) {
      if (y < 0 || y >= s.height) {
        std::memset(out, 0, row * sizeof(float));
        continue;
      }
      std::memset(out, 0, side * sizeof(float));
      float* target = out + side;
      if (source.gather) source.gather((origin + y) * s.width, s.width, target);
      const float* from = source.gather ? target : source.dense + (origin + y) * inner;
      if (source.relu == Relu::apply) {
        // NaN must survive, so that divergence is seen.
        for (int64_t i = 0; i < inner; ++i) target[i] = from[i] < 0.f ? 0.f : from[i];
      } else if (from != target) {
        std::memcpy(target, from, inner * sizeof(float));
      }
      std::memset(target + inner, 0, side * sizeof(float));
    }
  }

  // The first pixel of the band itself, without what surrounds it.
  const float* inside(const Bands& bands, int64_t channels) const {
    return data + bands.pad[0] * row + bands.pad[1] * channels;
  }
};

// A 1x1 convolution does not care about rows: long ones make full tiles.
ConvShape flattened(ConvShape s) {
  if (s.kernel[0] == 1 && s.kernel[1] == 1) {
    s.dilation[0] = s.dilation[1] = 1;
    s.width *= s.height;
    s.height = 1;
    const int64_t channels = std::max(s.inputs, s.outputs);
    while (s.width % 2 == 0 && s.width * channels * static_cast<int64_t>(sizeof(float)) > kBandBytes / 2) {
      s.width /= 2;
      s.height *= 2;
    }
  }
  return s;
}

// How packed weights lie: [block, piece][tap, step, output, share, factor]. A step is what one turn of a tile's loop takes
// up: `share` products an output of one factor, or of two that are rounded to halves.
struct Packing {
  int64_t share, factors;

  // Inputs of a tap with the zeros that fill its last step.
  int64_t depth(int64_t inputs) const { return (inputs + share * factors - 1) / (share * factors) * share * factors; }
};

// Absent outputs are zero.
Floats pack(const ConvShape& s, const Blocks& blocks, const std::vector<Piece>& pieces, const Packing& packing,
            const ConvWeight& weight, bool transposed) {
  const auto [share, factors] = packing;
  const int64_t taps = s.kernel[0] * s.kernel[1], step_inputs = share * factors, depth = packing.depth(blocks.inputs);
  int64_t vectors = 0;
  for (const Piece& piece : pieces) vectors += piece.vectors;
  Floats packed;
  const int64_t group_inputs = blocks.inputs / blocks.groups, group_outputs = blocks.outputs / blocks.groups;
  float* out = packed.take_zeros(blocks.count * taps * depth / share * vectors * kLanes);
  for (int64_t block = 0; block < blocks.count; ++block) {
    for (const Piece& piece : pieces) {
      const int64_t width = piece.vectors * kLanes, count = std::min(width / share, blocks.outputs - piece.first);
      for (int64_t tap = 0; tap < taps; ++tap, out += depth / share * width) {
        // The input gradient is the convolution with taps in reverse and inputs and outputs exchanged.
        const int64_t at = transposed ? taps - 1 - tap : tap;
        const float* base = weight.data + at / s.kernel[1] * weight.strides[2] + at % s.kernel[1] * weight.strides[3];
        for (int64_t input = 0; input < blocks.inputs; ++input) {
          const int64_t group = input / group_inputs, first = group * group_outputs, last = first + group_outputs;
          float* to = out + input / step_inputs * width * factors + input % step_inputs;
          for (int64_t lane = std::max<int64_t>(0, first - piece.first); lane < std::min(count, last - piece.first); ++lane) {
            // Channel numbers within the group and over all groups.
            const int64_t inner_input = input - group * group_inputs, output = piece.first + lane;
            const int64_t inner_output = output - first;
            const int64_t all_input = block * blocks.inputs + input, all_output = block * blocks.outputs + output;
            to[lane * step_inputs] = transposed ? base[all_input * weight.strides[0] + inner_output * weight.strides[1]]
                                                : base[all_output * weight.strides[0] + inner_input * weight.strides[1]];
          }
        }
      }
    }
  }
  if (factors == 1) return packed;
#if defined(__AVX512BF16__)
  Floats halves;
  const int64_t count = out - packed.data();
  to_halves(packed.data(), count, halves.take_halves(count));
  return halves;
#else
  return packed;
#endif
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

// Rows of a kernel (or of a band) from `first` to before `last`.
struct Span {
  int64_t first, last;
};

// The rows of the kernel that reach pixels of the image from image rows `y` to `y + rows - 1`: what lies outside is zero.
Span kernel_rows(const ConvShape& s, int64_t y, int64_t rows = 1) {
  const int64_t step = s.dilation[0], pad = step * (s.kernel[0] - 1) / 2;
  const int64_t above = pad - (y + rows - 1), below = s.height - 1 + pad - y;
  return {above <= 0 ? 0 : (above + step - 1) / step, std::min(s.kernel[0], below / step + 1)};
}

// Of `rows` rows of a band that begins at image row `y`, those from which row `tap` of the kernel reaches the image.
Span rows_reached(const ConvShape& s, int64_t tap, int64_t y, int64_t rows) {
  const int64_t shift = s.dilation[0] * (tap - (s.kernel[0] - 1) / 2);
  return {std::max<int64_t>(0, -shift - y), std::min(rows, s.height - shift - y)};
}

// Taps of a row of the kernel that are neighbours in memory are one: longer loops, fuller tiles.
bool has_joined_taps(const ConvShape& s, const Blocks& blocks) { return s.dilation[1] == 1 && blocks.count == 1; }

// A convolution of one band with packed weights. The input gradient is one too, with its taps in reverse.
class BandConvolution {
 public:
  BandConvolution(const ConvShape& shape, const ConvWeight& weight, bool transposed)
      : s_(shape), blocks_(merge_groups(shape.groups, shape.inputs, shape.outputs)),
        packing_{lanes_of_output(shape, blocks_), rounds_factors(shape) ? 2 : 1},
        pieces_(cut_outputs(blocks_.outputs, packing_.share)),
        packed_(pack(shape, blocks_, pieces_, packing_, weight, transposed)) {}

  // `first`: the band's first row in the image. `mask` (may be null): the result is zero where it is not positive; its
  // rows are `mask_row` floats apart.
  void run(const Band& band, int64_t first, int64_t rows, const float* mask, int64_t mask_row, float* y) const {
#if defined(__AVX512BF16__)
    if (packing_.factors == 2) {
      thread_local Floats scratch;
      const int64_t count = (rows + s_.dilation[0] * (s_.kernel[0] - 1)) * band.row;
      Half* halves = scratch.take_halves(count);
      to_halves(band.data, count, halves);
      return run(halves, packed_.halves(), band.row, first, rows, mask, mask_row, y);
    }
#endif
    run(band.data, static_cast<const float*>(packed_.data()), band.row, first, rows, mask, mask_row, y);
  }

 private:
  template <class Number>
  void run(const Number* data, const Number* weights, int64_t data_row, int64_t first, int64_t rows, const float* mask,
           int64_t mask_row, float* y) const {
    constexpr int64_t kNumbers = Factors<Number>::kNumbers;
    const int64_t depth = packing_.depth(blocks_.inputs);
    const int64_t joined = has_joined_taps(s_, blocks_) && depth == blocks_.inputs ? s_.kernel[1] : 1;
    // Segments of a row of the kernel.
    const int64_t across = s_.kernel[1] / joined, segments = s_.kernel[0] * across, length = joined * blocks_.inputs;
    int64_t tap_offsets[kMostTaps], weight_offsets[kMostTaps];
    for (int64_t tap = 0; tap < segments; ++tap) {
      tap_offsets[tap] = tap / across * s_.dilation[0] * data_row + tap % across * s_.dilation[1] * s_.inputs;
    }
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        with_tile(piece.vectors, packing_.share, [&](auto vectors, auto share) {
          constexpr int kVectors = decltype(vectors)::value, kShare = decltype(share)::value;
          constexpr int64_t width = kVectors * kLanes;
          const int64_t at = block * blocks_.outputs + piece.first;
          const int64_t count = std::min(width / kShare, blocks_.outputs - piece.first);
          for (int64_t tap = 0; tap < segments; ++tap) weight_offsets[tap] = tap * joined * depth / kShare * width;
          PixelRows<Number> factors{};
          factors.b = weights;
          factors.length = (length + kNumbers - 1) / kNumbers;
          factors.b_step = width * kNumbers;
          factors.a_row = s_.inputs;
          // The second half of a tile goes on in its row, or is the row below.
          const auto tile_at = [&](auto tile, int64_t row, int64_t column, bool below) {
            factors.a = data + row * data_row + column * s_.inputs + block * blocks_.inputs;
            factors.a_half = below ? data_row : kTileRows * s_.inputs;
            convolve_tile<decltype(tile)::value, kVectors, kShare>(
                factors, {y + (row * s_.width + column) * s_.outputs + at,
                          mask == nullptr ? nullptr : mask + row * mask_row + column * s_.outputs + at, s_.outputs,
                          (below ? s_.width : kTileRows) * s_.outputs, below ? mask_row : kTileRows * s_.outputs, count});
          };
          const auto span = [&](int64_t row, int64_t many) {
            const Span used = kernel_rows(s_, first + row, many);
            factors.a_segments = tap_offsets + used.first * across;
            factors.b_segments = weight_offsets + used.first * across;
            factors.segments = (used.last - used.first) * across;
          };
          constexpr int kMost = tile_rows(kVectors);
          for (int64_t row = 0; row < rows; ++row) {
            int64_t done = 0;
            // Rows too short for a tile of one vector are taken two at a time.
            if (kMost > kTileRows && s_.width < kMost && s_.width >= kTileRows && row + 1 < rows) {
              span(row, 2);
              for (; done + kTileRows <= s_.width; done += kTileRows) {
                tile_at(std::integral_constant<int, kMost>(), row, done, true);
              }
              if (done == s_.width) {
                ++row;
                continue;
              }
              for (int64_t below = 1; below >= 0; --below) {
                span(row + below, 1);
                for_tiles<kVectors>(s_.width - done, [&](auto tile, int64_t column) {
                  tile_at(tile, row + below, done + column, false);
                });
              }
              ++row;
              continue;
            }
            span(row, 1);
            for_tiles<kVectors>(s_.width, [&](auto tile, int64_t column) {
              tile_at(tile, row, column, false);
            });
          }
          weights += s_.kernel[0] * s_.kernel[1] * depth / kShare * width;
        });
      }
    }
  }

  ConvShape s_;
  Blocks blocks_;
  Packing packing_;
  std::vector<Piece> pieces_;
  Floats packed_;
};

// Sums of the weight gradient, one copy for every part of the work. A tile has rows of inputs and vectors of outputs, laid out
// like packed weights, or rows of outputs and vectors of inputs, whichever fills vectors better.
class WeightGradient {
 public:
  WeightGradient(const ConvShape& shape, int64_t parts)
      : s_(shape), blocks_(merge_groups(shape.groups, shape.inputs, shape.outputs)), pieces_(cut_outputs(blocks_.outputs)),
        lanes_(pieces_.back().first + pieces_.back().vectors * kLanes), joined_(has_joined_taps(s_, blocks_) ? s_.kernel[1] : 1),
        parts_(parts) {
    total_ = blocks_.count * s_.kernel[0] * s_.kernel[1] * blocks_.inputs * lanes_;
    turn();
    sums_.take(parts_ * total_);
  }

  // A vector of the last pixel's gradient may reach this many floats beyond its channels.
  bool overreaches() const { return chunks_.empty() && blocks_.count * lanes_ != s_.outputs; }

  // Before the first `add` of a part.
  void start(int64_t part) { std::memset(sums_of(part), 0, total_ * sizeof(float)); }

  // `first`: the band's first row in the image.
  void add(int64_t part, const Band& x, const float* dy, int64_t dy_row, int64_t first, int64_t rows) {
#if defined(__AVX512BF16__)
    if (is_in_halves()) return add_halves(part, x, dy, dy_row, first, rows);
#endif
    std::vector<int64_t> x_offsets(rows), dy_offsets(rows);
    for (int64_t row = 0; row < rows; ++row) {
      x_offsets[row] = row * x.row;
      dy_offsets[row] = row * dy_row;
    }
    if (!chunks_.empty()) {
      return add_turned(sums_of(part), {x.row, s_.inputs, joined_, first, rows}, [&](int64_t block, int64_t output, int64_t offset, const int64_t* vectors, const Span& used) {
        return ScatteredVectors{{{dy + block * blocks_.outputs + output, x.data + offset + block * blocks_.inputs,
                                  dy_offsets.data() + used.first, x_offsets.data() + used.first, used.last - used.first,
                                  s_.width, s_.inputs}, s_.outputs}, vectors};
      });
    }
    add(sums_of(part), {x.row, s_.inputs, joined_, first, rows}, [&](int64_t block, int64_t output, int64_t offset, int64_t input, const Span& used) {
      return ChannelRows{{x.data + offset + block * blocks_.inputs + input, dy + block * blocks_.outputs + output,
                          x_offsets.data() + used.first, dy_offsets.data() + used.first, used.last - used.first, s_.width,
                          s_.outputs}, s_.inputs};
    });
  }

  // In the order of the parts, so that the sum is the same every time.
  void finish(const ConvWeight& dw) const {
    float* source = sums_of(0);
    for (int64_t part = 1; part < parts_; ++part) {
      const float* more = sums_of(part);
      for (int64_t i = 0; i < total_; ++i) source[i] += more[i];
    }
    const int64_t group_inputs = blocks_.inputs / blocks_.groups, group_outputs = blocks_.outputs / blocks_.groups;
    // Of a block; what lies between groups is no weight.
    const auto put = [&](int64_t block, int64_t tap, int64_t output, int64_t input, float value) {
      const int64_t group = input / group_inputs;
      if (output / group_outputs != group) return;
      dw.data[tap / s_.kernel[1] * dw.strides[2] + tap % s_.kernel[1] * dw.strides[3] +
              (block * blocks_.outputs + output) * dw.strides[0] + (input - group * group_inputs) * dw.strides[1]] = value;
    };
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (int64_t row = 0; row < s_.kernel[0] && !chunks_.empty(); ++row) {
        for (const Piece& piece : chunk_pieces_) {
          for (int64_t output = 0; output < blocks_.outputs; ++output, source += piece.vectors * kLanes) {
            for (int v = 0; v < piece.vectors; ++v) {
              const Chunk& chunk = chunks_[piece.first / kLanes + v];
              for (int64_t lane = 0; lane < chunk.count; ++lane) {
                const int64_t at = chunk.first + lane;
                put(block, row * s_.kernel[1] + at / blocks_.inputs, output, at % blocks_.inputs, source[v * kLanes + lane]);
              }
            }
          }
        }
      }
      for (const Piece& piece : pieces_) {
        if (!chunks_.empty()) break;
        const int64_t width = piece.vectors * kLanes, count = std::min(width, blocks_.outputs - piece.first);
        for (int64_t tap = 0; tap < s_.kernel[0] * s_.kernel[1]; ++tap) {
          for (int64_t input = 0; input < blocks_.inputs; ++input, source += width) {
            for (int64_t lane = 0; lane < count; ++lane) put(block, tap, piece.first + lane, input, source[lane]);
          }
        }
      }
    }
  }

 private:
  // Neighbouring inputs that share a vector: of one tap, or of a row of taps that are one.
  struct Chunk {
    int64_t first;   // counted over the taps of a row
    int64_t offset;  // in x, from the row of taps
    int64_t count;
  };

  float* sums_of(int64_t part) const { return sums_.data() + part * total_; }

  // Turning the pixels around to make pairs of them only pays where they are used many times; and few outputs go faster
  // as rows of floats.
  bool is_in_halves() const { return rounds_factors(s_) && s_.kernel[0] * s_.kernel[1] > 1 && blocks_.outputs > kLanes; }

  // Finds the vectors of inputs, if they are better filled than those of outputs.
  void turn() {
    // Dense memory of somebody else, which only a 1x1 convolution reads, ends with the last input.
    if (is_in_halves() || (s_.kernel[0] * s_.kernel[1] == 1 && s_.inputs % kLanes != 0)) return;
    const int64_t length = joined_ * blocks_.inputs;
    std::vector<Chunk> chunks;
    for (int64_t tap = 0; tap < s_.kernel[1]; tap += joined_) {
      for (int64_t at = 0; at < length; at += kLanes) {
        chunks.push_back({tap * blocks_.inputs + at, tap * s_.dilation[1] * s_.inputs + at, std::min<int64_t>(kLanes, length - at)});
      }
    }
    const int64_t vectors = static_cast<int64_t>(chunks.size());
    const auto rate = [](int64_t used, int64_t vectors) {
      return static_cast<double>(used) / static_cast<double>(vectors * kLanes) * (vectors == 1 ? kRateOfOneVector : 1.);
    };
    if (rate(s_.kernel[1] * blocks_.inputs, vectors) <= rate(blocks_.outputs, lanes_ / kLanes)) return;
    chunk_pieces_ = cut_outputs(vectors * kLanes);
    total_ = blocks_.count * s_.kernel[0] * blocks_.outputs * vectors * kLanes;
    chunks_ = std::move(chunks);
  }

  // What is added up: elements of x from one row, one pixel, to the next; taps that are one; rows of the image.
  struct Pixels {
    int64_t x_row, x_pixel, joined, first, rows;
  };

  // `operands(block, first output, offset of a row of taps in x, vectors from there, rows of the band)`.
  template <class Make>
  void add_turned(float* target, const Pixels& pixels, Make operands) {
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (int64_t tap = 0; tap < s_.kernel[0]; ++tap) {
        const Span used = rows_reached(s_, tap, pixels.first, pixels.rows);
        for (const Piece& piece : chunk_pieces_) {
          with_vectors(piece.vectors, [&](auto vectors) {
            constexpr int kVectors = decltype(vectors)::value;
            constexpr int64_t width = kVectors * kLanes;
            int64_t offsets[kVectors];
            for (int v = 0; v < kVectors; ++v) offsets[v] = chunks_[piece.first / kLanes + v].offset;
            if (used.first < used.last) {
              add_tiles<kVectors>(blocks_.outputs, target, [&](int64_t output) {
                return operands(block, output, tap * s_.dilation[0] * pixels.x_row, offsets, used);
              });
            }
            target += blocks_.outputs * width;
          });
        }
      }
    }
  }

  // Adds the product of every tile of `count` rows to `target` [count, vector lane]; `operands(first row)`.
  template <int kVectors, class Make>
  void add_tiles(int64_t count, float* target, Make operands) {
    constexpr int64_t width = kVectors * kLanes;
    for_tiles<kVectors>(count, [&](auto tile, int64_t at) {
      add_product<decltype(tile)::value, kVectors>(operands(at), target + at * width);
    });
  }

  // `operands(block, first output, offset of a tap in x, first input, rows of the band)`.
  template <class Make>
  void add(float* target, const Pixels& pixels, Make operands) {
    const int64_t across = s_.kernel[1] / pixels.joined, length = pixels.joined * blocks_.inputs;
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        with_vectors(piece.vectors, [&](auto vectors) {
          constexpr int kVectors = decltype(vectors)::value;
          constexpr int64_t width = kVectors * kLanes;
          for (int64_t tap = 0; tap < s_.kernel[0] * across; ++tap) {
            const Span used = rows_reached(s_, tap / across, pixels.first, pixels.rows);
            if (used.first >= used.last) continue;
            const int64_t offset =
                tap / across * s_.dilation[0] * pixels.x_row + tap % across * s_.dilation[1] * pixels.x_pixel;
            add_tiles<kVectors>(length, target + tap * length * width, [&](int64_t input) {
              return operands(block, piece.first, offset, input, used);
            });
          }
          target += s_.kernel[0] * s_.kernel[1] * blocks_.inputs * width;
        });
      }
    }
  }

#if defined(__AVX512BF16__)
  // Sums over pairs of neighbouring pixels: x turned around to [input, pixel], dy to [row, pair, output, 2].
  void add_halves(int64_t part, const Band& x, const float* dy, int64_t dy_row, int64_t first, int64_t rows) {
    thread_local Floats flat_scratch, turned_scratch, pairs_scratch;
    const int64_t row = x.row / s_.inputs, pixels = row * (rows + s_.dilation[0] * (s_.kernel[0] - 1));
    Half* flat = flat_scratch.take_halves(pixels * s_.inputs);
    to_halves(x.data, pixels * s_.inputs, flat);
    // Of an odd row the last pair reaches one pixel further; its gradient is zero.
    const int64_t plane = pixels + 2;
    Half* turned = turned_scratch.take_halves(plane * s_.inputs);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      for (int64_t input = 0; input < s_.inputs; ++input) turned[input * plane + pixel] = flat[pixel * s_.inputs + input];
    }
    for (int64_t input = 0; input < s_.inputs; ++input) turned[input * plane + pixels] = 0;
    const int64_t pairs = (s_.width + 1) / 2, step = 2 * s_.outputs;
    Half* paired = pairs_scratch.take_halves(rows * pairs * step);
    for (int64_t y = 0; y < rows; ++y) {
      for (int64_t pair = 0; pair < pairs; ++pair) {
        const float* first = dy + y * dy_row + pair * step;
        pair_halves(first, 2 * pair + 1 < s_.width ? first + s_.outputs : nullptr, s_.outputs, paired + (y * pairs + pair) * step);
      }
    }
    std::vector<int64_t> x_offsets(rows), dy_offsets(rows);
    for (int64_t y = 0; y < rows; ++y) {
      x_offsets[y] = y * row;
      dy_offsets[y] = y * pairs * step;
    }
    add(sums_of(part), {row, 1, 1, first, rows}, [&](int64_t block, int64_t output, int64_t offset, int64_t input, const Span& used) {
      return PixelRows<Half>{{turned + (block * blocks_.inputs + input) * plane + offset,
                              paired + 2 * (block * blocks_.outputs + output), x_offsets.data() + used.first,
                              dy_offsets.data() + used.first, used.last - used.first, pairs, step}, plane, kTileRows * plane};
    });
  }
#endif

  ConvShape s_;
  Blocks blocks_;
  std::vector<Piece> pieces_;
  int64_t lanes_, joined_, total_, parts_;
  // Of a turned sum, for every row of taps; otherwise none.
  std::vector<Chunk> chunks_;
  std::vector<Piece> chunk_pieces_;
  Floats sums_;
};

// Calls body(image, first row, last row) for the bands [begin, end) of all images.
template <class Body>
void for_bands(const ConvShape& s, const Bands& bands, int64_t begin, int64_t end, Body body) {
  for (int64_t band = begin; band < end; ++band) {
    const int64_t first = band % bands.count * bands.rows;
    body(band / bands.count, first, std::min(s.height, first + bands.rows));
  }
}

// Lends `write` the place of a band's results: in the sink's memory, or in scratch that is then handed on.
template <class Write>
void emit(const PixelSink& sink, int64_t first, int64_t count, int64_t channels, Floats& scratch, Write write) {
  float* target = sink.scatter ? scratch.take(count * channels) : sink.dense + first * channels;
  write(target);
  if (sink.scatter) sink.scatter(first, count, target);
}

}  // namespace

struct PackedConv::Packed {
  ConvShape s;
  BandConvolution convolution;
  Bands bands;

  Packed(const ConvShape& shape, const ConvWeight& weight)
      : s(flattened(shape)), convolution(s, weight, false), bands(s, std::max(s.inputs, s.outputs)) {}

  // Rows `first` to `last` of an image of x, to one of y.
  void run(int64_t from, int64_t to, int64_t first, int64_t last, const PixelSource& x, const PixelSink& y) const {
    thread_local Floats input, output;
    const Band band(s, bands, s.inputs, x, from, first, last, input);
    emit(y, (to * s.height + first) * s.width, (last - first) * s.width, s.outputs, output,
         [&](float* target) { convolution.run(band, first, last - first, nullptr, 0, target); });
  }
};

PackedConv::PackedConv(const ConvShape& shape, const ConvWeight& weight) : packed_(std::make_unique<Packed>(shape, weight)) {}
PackedConv::PackedConv(PackedConv&&) noexcept = default;
PackedConv::~PackedConv() = default;

void PackedConv::run_image(int64_t from, const PixelSource& x, int64_t to, const PixelSink& y) const {
  for_bands(packed_->s, packed_->bands, 0, packed_->bands.count,
            [&](int64_t, int64_t first, int64_t last) { packed_->run(from, to, first, last, x, y); });
}

void PackedConv::run(const PixelSource& x, const PixelSink& y) const {
  const int64_t count = packed_->s.batch * packed_->bands.count;
  share_work(count, count, [&](int64_t begin, int64_t end, int64_t) {
    for_bands(packed_->s, packed_->bands, begin, end,
              [&](int64_t image, int64_t first, int64_t last) { packed_->run(image, image, first, last, x, y); });
  });
}

void conv_forward(const ConvShape& shape, const PixelSource& x, const ConvWeight& weight, const PixelSink& y) {
  const KernelMark mark("convForward");
  PackedConv(shape, weight).run(x, y);
}

void conv_backward(const ConvShape& shape, const PixelSource& x, const PixelSource& dy, const ConvWeight& weight,
                   const PixelSink& dx, const ConvWeight& dw) {
  const KernelMark mark("convBackward");
  const ConvShape s = flattened(shape);
  ConvShape reversed = s;
  std::swap(reversed.inputs, reversed.outputs);
  const bool wants_dx = dx.dense != nullptr || dx.scatter;
  const BandConvolution convolution(reversed, weight, true);
  const Bands bands(s, std::max(s.inputs, s.outputs));
  const int64_t count = s.batch * bands.count, parts = std::min(count, kGradientParts * at::get_num_threads());
  WeightGradient gradient(s, parts);
  share_work(count, parts, [&](int64_t begin, int64_t end, int64_t part) {
    thread_local Floats input, output, incoming, copy;
    if (dw.data != nullptr) gradient.start(part);
    for_bands(s, bands, begin, end, [&](int64_t image, int64_t first, int64_t last) {
      const Band x_band(s, bands, s.inputs, x, image, first, last, input);
      const Band dy_band(s, bands, s.outputs, dy, image, first, last, incoming);
      const int64_t rows = last - first;
      if (dw.data != nullptr) {
        const float* values = dy_band.inside(bands, s.outputs);
        // Dense memory of somebody else ends with the last pixel.
        if (gradient.overreaches() && values != incoming.data() && dy_band.row == s.width * s.outputs) {
          float* safe = copy.take(rows * dy_band.row);
          std::memcpy(safe, values, rows * dy_band.row * sizeof(float));
          values = safe;
        }
        gradient.add(part, x_band, values, dy_band.row, first, rows);
      }
      if (!wants_dx) return;
      const float* mask = x.relu != Relu::none ? x_band.inside(bands, s.inputs) : nullptr;
      emit(dx, (image * s.height + first) * s.width, rows * s.width, s.inputs, output,
           [&](float* target) { convolution.run(dy_band, first, rows, mask, x_band.row, target); });
    });
  });
  if (dw.data != nullptr) gradient.finish(dw);
}

}  // namespace smash
