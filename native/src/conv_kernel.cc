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

// The output channels of a block cut into pieces of at most kTileVectors vectors, evenly.
struct Piece {
  int64_t first;  // channel in the block
  int vectors;
};

std::vector<Piece> cut_outputs(int64_t outputs) {
  const int64_t vectors = (outputs + kLanes - 1) / kLanes;
  const int64_t count = (vectors + kTileVectors - 1) / kTileVectors;
  std::vector<Piece> pieces;
  int64_t at = 0;
  for (int64_t piece = 0; piece < count; ++piece) {
    const int64_t size = (vectors - at + count - piece - 1) / (count - piece);
    pieces.push_back({at * kLanes, static_cast<int>(size)});
    at += size;
  }
  return pieces;
}

// A product C[i][j] += sum over segments and k of A[i][k] * B[k][j]; j runs over vectors.
struct Operands {
  const float* a;
  const float* b;
  const int64_t* a_segments;  // offsets
  const int64_t* b_segments;
  int64_t segments, length;  // k runs to `length` in every segment
  int64_t a_row, a_step;     // from one i, one k, to the next
  int64_t a_half;            // to the second half of a tile of more than kTileRows rows
  int64_t b_step;
};

// Row `i` of a tile of `kRows`, in elements from its first.
template <int kRows, class AnyOperands>
inline __attribute__((always_inline)) int64_t row_offset(const AnyOperands& o, int i) {
  if constexpr (kRows <= kTileRows) return i * o.a_row;
  return i < kTileRows ? i * o.a_row : o.a_half + (i - kTileRows) * o.a_row;
}

template <int kRows, int kVectors>
inline __attribute__((always_inline)) void multiply(const Operands& o, Vector (&sum)[kRows][kVectors]) {
  for (int64_t segment = 0; segment < o.segments; ++segment) {
    const float* a = o.a + o.a_segments[segment];
    const float* b = o.b + o.b_segments[segment];
    for (int64_t k = 0; k < o.length; ++k) {
      Vector column[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) column[v] = *reinterpret_cast<const Vector*>(b + v * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        const float value = a[row_offset<kRows>(o, i)];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[i][v] += value * column[v];
      }
      a += o.a_step;
      b += o.b_step;
    }
  }
}

#if defined(__AVX512BF16__)

// The same product of halves, k in pairs: b holds a pair for every lane. Of an odd length the last pair's second half of b
// is zero.
struct HalfOperands {
  const Half* a;
  const Half* b;
  const int64_t* a_segments;
  const int64_t* b_segments;
  int64_t segments, pairs, a_row, a_half;
  int64_t b_step;
};

template <int kRows, int kVectors>
inline __attribute__((always_inline)) void multiply(const HalfOperands& o, Vector (&sum)[kRows][kVectors]) {
  __m512 total[kRows][kVectors];
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) total[i][v] = _mm512_setzero_ps();
  }
  for (int64_t segment = 0; segment < o.segments; ++segment) {
    const Half* a = o.a + o.a_segments[segment];
    const Half* b = o.b + o.b_segments[segment];
    for (int64_t pair = 0; pair < o.pairs; ++pair) {
      __m512i column[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) column[v] = _mm512_loadu_si512(b + v * 2 * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < kRows; ++i) {
        int32_t value;
        std::memcpy(&value, a + row_offset<kRows>(o, i), sizeof(value));
        const __m512i both = _mm512_set1_epi32(value);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) total[i][v] = _mm512_dpbf16_ps(total[i][v], (__m512bh)both, (__m512bh)column[v]);
      }
      a += 2;
      b += o.b_step;
    }
  }
  for (int i = 0; i < kRows; ++i) {
    for (int v = 0; v < kVectors; ++v) sum[i][v] = (Vector)total[i][v];
  }
}

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
      if (source.gather) {
        source.gather((origin + y) * s.width, s.width, target);
      } else {
        std::memcpy(target, source.dense + (origin + y) * inner, inner * sizeof(float));
      }
      if (source.relu == Relu::apply) {
        // NaN must survive, so that divergence is seen.
        for (int64_t i = 0; i < inner; ++i) target[i] = target[i] < 0.f ? 0.f : target[i];
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

// Weights in the order in which a tile reads them: [block, piece][tap, input, vector lane], absent outputs zero.
Floats pack(const ConvShape& s, const Blocks& blocks, const std::vector<Piece>& pieces, const ConvWeight& weight,
            bool transposed) {
  const int64_t taps = s.kernel[0] * s.kernel[1];
  const int64_t lanes = (pieces.back().first + pieces.back().vectors * kLanes);
  Floats packed;
  const int64_t group_inputs = blocks.inputs / blocks.groups, group_outputs = blocks.outputs / blocks.groups;
  float* out = packed.take_zeros(blocks.count * taps * blocks.inputs * lanes);
  for (int64_t block = 0; block < blocks.count; ++block) {
    for (const Piece& piece : pieces) {
      const int64_t width = piece.vectors * kLanes, count = std::min(width, blocks.outputs - piece.first);
      for (int64_t tap = 0; tap < taps; ++tap) {
        // The input gradient is the convolution with taps in reverse and inputs and outputs exchanged.
        const int64_t at = transposed ? taps - 1 - tap : tap;
        const float* base = weight.data + at / s.kernel[1] * weight.strides[2] + at % s.kernel[1] * weight.strides[3];
        for (int64_t input = 0; input < blocks.inputs; ++input, out += width) {
          const int64_t group = input / group_inputs, first = group * group_outputs, last = first + group_outputs;
          for (int64_t lane = std::max<int64_t>(0, first - piece.first); lane < std::min(count, last - piece.first); ++lane) {
            // Channel numbers within the group and over all groups.
            const int64_t inner_input = input - group * group_inputs, output = piece.first + lane;
            const int64_t inner_output = output - first;
            const int64_t all_input = block * blocks.inputs + input, all_output = block * blocks.outputs + output;
            out[lane] = transposed ? base[all_input * weight.strides[0] + inner_output * weight.strides[1]]
                                   : base[all_output * weight.strides[0] + inner_input * weight.strides[1]];
          }
        }
      }
    }
  }
  return packed;
}

#if defined(__AVX512BF16__)

// What `pack` gave, as pairs of inputs: [block, piece][tap, pair, vector lane, 2].
Floats pack_halves(const Floats& packed, const Blocks& blocks, const std::vector<Piece>& pieces, int64_t taps) {
  const int64_t lanes = pieces.back().first + pieces.back().vectors * kLanes, pairs = (blocks.inputs + 1) / 2;
  Floats halves, row;
  Half* out = halves.take_halves(2 * blocks.count * taps * pairs * lanes);
  const float* in = packed.data();
  for (int64_t block = 0; block < blocks.count; ++block) {
    for (const Piece& piece : pieces) {
      const int64_t width = piece.vectors * kLanes;
      float* both = row.take(2 * width);
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t pair = 0; pair < pairs; ++pair, out += 2 * width) {
          const bool is_single = 2 * pair + 1 == blocks.inputs;
          for (int64_t lane = 0; lane < width; ++lane) {
            both[2 * lane] = in[lane];
            both[2 * lane + 1] = is_single ? 0.f : in[width + lane];
          }
          in += is_single ? width : 2 * width;
          to_halves(both, 2 * width, out);
        }
      }
    }
  }
  return halves;
}

#endif

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
        pieces_(cut_outputs(blocks_.outputs)), packed_(pack(shape, blocks_, pieces_, weight, transposed)) {
#if defined(__AVX512BF16__)
    if (s_.bfloat16) packed_ = pack_halves(packed_, blocks_, pieces_, s_.kernel[0] * s_.kernel[1]);
#endif
  }

  // `first`: the band's first row in the image. `mask` (may be null): the result is zero where it is not positive; its
  // rows are `mask_row` floats apart.
  void run(const Band& band, int64_t first, int64_t rows, const float* mask, int64_t mask_row, float* y) const {
#if defined(__AVX512BF16__)
    if (s_.bfloat16) {
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
  // Element: float, or Half with weights in pairs.
  template <class Element>
  void run(const Element* data, const Element* weights, int64_t data_row, int64_t first, int64_t rows, const float* mask,
           int64_t mask_row, float* y) const {
    constexpr bool kIsHalf = std::is_same_v<Element, Half>;
    // Elements of a lane over all inputs of a tap.
    const int64_t depth = kIsHalf ? (blocks_.inputs + 1) / 2 * 2 : blocks_.inputs;
    const int64_t joined = has_joined_taps(s_, blocks_) && depth == blocks_.inputs ? s_.kernel[1] : 1;
    // Segments of a row of the kernel.
    const int64_t across = s_.kernel[1] / joined, segments = s_.kernel[0] * across, length = joined * blocks_.inputs;
    int64_t tap_offsets[kMostTaps], weight_offsets[kMostTaps];
    for (int64_t tap = 0; tap < segments; ++tap) {
      tap_offsets[tap] = tap / across * s_.dilation[0] * data_row + tap % across * s_.dilation[1] * s_.inputs;
    }
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        with_vectors(piece.vectors, [&](auto vectors) {
          constexpr int kVectors = decltype(vectors)::value;
          constexpr int64_t width = kVectors * kLanes;
          const int64_t at = block * blocks_.outputs + piece.first, count = std::min(width, blocks_.outputs - piece.first);
          for (int64_t tap = 0; tap < segments; ++tap) weight_offsets[tap] = tap * joined * depth * width;
          auto o = operands(weights, length, width);
          const auto tile_at = [&](auto tile, int64_t row, int64_t column, int64_t half, int64_t half_pixels) {
            constexpr int kRows = decltype(tile)::value;
            Vector sum[kRows][kVectors] = {};
            o.a = data + row * data_row + column * s_.inputs + block * blocks_.inputs;
            o.a_half = half;
            multiply<kRows, kVectors>(o, sum);
            const int64_t second = kRows > kTileRows ? half_pixels - kTileRows : 0;
            for (int i = 0; i < kRows; ++i) {
              const int64_t pixel = row * s_.width + column + i + (i < kTileRows ? 0 : second);
              const int64_t gate = pixel / s_.width * mask_row + pixel % s_.width * s_.outputs + at;
              store<kVectors>(sum[i], y + pixel * s_.outputs + at, mask == nullptr ? nullptr : mask + gate, count);
            }
          };
          const auto span = [&](int64_t row, int64_t many) {
            const Span used = kernel_rows(s_, first + row, many);
            o.a_segments = tap_offsets + used.first * across;
            o.b_segments = weight_offsets + used.first * across;
            o.segments = (used.last - used.first) * across;
          };
          constexpr int kMost = tile_rows(kVectors);
          for (int64_t row = 0; row < rows; ++row) {
            int64_t done = 0;
            // Rows too short for a tile of one vector are taken two at a time.
            if (kMost > kTileRows && s_.width < kMost && s_.width >= kTileRows && row + 1 < rows) {
              span(row, 2);
              for (; done + kTileRows <= s_.width; done += kTileRows) {
                tile_at(std::integral_constant<int, kMost>(), row, done, data_row, s_.width);
              }
              if (done == s_.width) {
                ++row;
                continue;
              }
              for (int64_t below = 1; below >= 0; --below) {
                span(row + below, 1);
                for_tiles<kVectors>(s_.width - done, [&](auto tile, int64_t column) {
                  tile_at(tile, row + below, done + column, kTileRows * s_.inputs, kTileRows);
                });
              }
              ++row;
              continue;
            }
            span(row, 1);
            for_tiles<kVectors>(s_.width, [&](auto tile, int64_t column) {
              tile_at(tile, row, column, kTileRows * s_.inputs, kTileRows);
            });
          }
          weights += s_.kernel[0] * s_.kernel[1] * depth * width;
        });
      }
    }
  }

  Operands operands(const float* weights, int64_t length, int64_t width) const {
    return {nullptr, weights, nullptr, nullptr, 0, length, s_.inputs, 1, 0, width};
  }

#if defined(__AVX512BF16__)
  HalfOperands operands(const Half* weights, int64_t length, int64_t width) const {
    return {nullptr, weights, nullptr, nullptr, 0, (length + 1) / 2, s_.inputs, 0, 2 * width};
  }
#endif

  ConvShape s_;
  Blocks blocks_;
  std::vector<Piece> pieces_;
  Floats packed_;
};

// Sums of the weight gradient, laid out like packed weights, one copy for every part of the work.
class WeightGradient {
 public:
  WeightGradient(const ConvShape& shape, int64_t parts)
      : s_(shape), blocks_(merge_groups(shape.groups, shape.inputs, shape.outputs)), pieces_(cut_outputs(blocks_.outputs)),
        lanes_(pieces_.back().first + pieces_.back().vectors * kLanes),
        total_(blocks_.count * s_.kernel[0] * s_.kernel[1] * blocks_.inputs * lanes_), parts_(parts) {
    sums_.take(parts_ * total_);
  }

  // A vector of the last pixel's gradient may reach this many floats beyond its channels.
  bool overreaches() const { return blocks_.count * lanes_ != s_.outputs; }

  // Before the first `add` of a part.
  void start(int64_t part) { std::memset(sums_of(part), 0, total_ * sizeof(float)); }

  // `first`: the band's first row in the image.
  void add(int64_t part, const Band& x, const float* dy, int64_t dy_row, int64_t first, int64_t rows) {
#if defined(__AVX512BF16__)
    // Turning the pixels around to make pairs of them only pays where they are used many times.
    if (s_.bfloat16 && s_.kernel[0] * s_.kernel[1] > 1) return add_halves(part, x, dy, dy_row, first, rows);
#endif
    std::vector<int64_t> x_offsets(rows), dy_offsets(rows);
    for (int64_t row = 0; row < rows; ++row) {
      x_offsets[row] = row * x.row;
      dy_offsets[row] = row * dy_row;
    }
    const int64_t joined = has_joined_taps(s_, blocks_) ? s_.kernel[1] : 1;
    add(sums_of(part), {x.row, s_.inputs, joined, first, rows}, [&](int64_t block, int64_t output, int64_t offset, int64_t input, const Span& used) {
      return Operands{x.data + offset + block * blocks_.inputs + input, dy + block * blocks_.outputs + output,
                      x_offsets.data() + used.first, dy_offsets.data() + used.first, used.last - used.first, s_.width, 1,
                      s_.inputs, kTileRows, s_.outputs};
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
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        const int64_t width = piece.vectors * kLanes, count = std::min(width, blocks_.outputs - piece.first);
        for (int64_t tap = 0; tap < s_.kernel[0] * s_.kernel[1]; ++tap) {
          float* base = dw.data + tap / s_.kernel[1] * dw.strides[2] + tap % s_.kernel[1] * dw.strides[3];
          for (int64_t input = 0; input < blocks_.inputs; ++input, source += width) {
            const int64_t group = input / group_inputs, low = group * group_outputs, high = low + group_outputs;
            const int64_t end = std::min(count, high - piece.first);
            for (int64_t lane = std::max<int64_t>(0, low - piece.first); lane < end; ++lane) {
              base[(block * blocks_.outputs + piece.first + lane) * dw.strides[0] + (input - group * group_inputs) * dw.strides[1]] =
                  source[lane];
            }
          }
        }
      }
    }
  }

 private:
  float* sums_of(int64_t part) const { return sums_.data() + part * total_; }

  // What is added up: elements of x from one row, one pixel, to the next; taps that are one; rows of the image.
  struct Pixels {
    int64_t x_row, x_pixel, joined, first, rows;
  };

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
            for_tiles<kVectors>(length, [&](auto tile, int64_t input) {
              constexpr int kRows = decltype(tile)::value;
              Vector sum[kRows][kVectors] = {};
              multiply<kRows, kVectors>(operands(block, piece.first, offset, input, used), sum);
              float* out = target + (tap * length + input) * width;
              for (int i = 0; i < kRows; ++i) {
                for (int v = 0; v < kVectors; ++v) *reinterpret_cast<Vector*>(out + i * width + v * kLanes) += sum[i][v];
              }
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
      return HalfOperands{turned + (block * blocks_.inputs + input) * plane + offset,
                          paired + 2 * (block * blocks_.outputs + output), x_offsets.data() + used.first,
                          dy_offsets.data() + used.first, used.last - used.first, pairs, plane, kTileRows * plane, step};
    });
  }
#endif

  ConvShape s_;
  Blocks blocks_;
  std::vector<Piece> pieces_;
  int64_t lanes_, total_, parts_;
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

void conv_forward(const ConvShape& shape, const PixelSource& x, const ConvWeight& weight, const PixelSink& y) {
  const KernelMark mark("convForward");
  const ConvShape s = flattened(shape);
  const BandConvolution convolution(s, weight, false);
  const Bands bands(s, std::max(s.inputs, s.outputs));
  const int64_t count = s.batch * bands.count;
  share_work(count, count, [&](int64_t begin, int64_t end, int64_t) {
    thread_local Floats input, output;
    for_bands(s, bands, begin, end, [&](int64_t image, int64_t first, int64_t last) {
      const Band band(s, bands, s.inputs, x, image, first, last, input);
      emit(y, (image * s.height + first) * s.width, (last - first) * s.width, s.outputs, output,
           [&](float* target) { convolution.run(band, first, last - first, nullptr, 0, target); });
    });
  });
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
