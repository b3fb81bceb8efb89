#include "conv_kernel.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

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

// Unaligned: channels start anywhere.
typedef float Vector __attribute__((vector_size(kLanes * sizeof(float)), aligned(sizeof(float))));

// Bytes of padded input a task works on: half of a usual second-level cache.
constexpr int64_t kBandBytes = 512 << 10;

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

  float* data() const { return data_.get(); }

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
  int64_t b_step;
};

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
        const float value = a[i * o.a_row];
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[i][v] += value * column[v];
      }
      a += o.a_step;
      b += o.b_step;
    }
  }
}

// Calls body(integral_constant rows) for tiles that cover `count` rows: full tiles, then halves.
template <class Body>
inline void for_tiles(int64_t count, Body body) {
  int64_t at = 0;
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

// Rows [first, last) of the padded image, `pad` zero pixels on either side, ReLU applied if asked.
void pad_rows(const float* image, const ConvShape& s, int64_t first, int64_t last, int64_t pad, bool relu, float* out) {
  const int64_t row = (s.width + 2 * pad) * s.inputs, side = pad * s.inputs, inner = s.width * s.inputs;
  for (int64_t y = first; y < last; ++y, out += row) {
    if (y < 0 || y >= s.height) {
      std::memset(out, 0, row * sizeof(float));
      continue;
    }
    const float* source = image + y * inner;
    std::memset(out, 0, side * sizeof(float));
    float* target = out + side;
    if (relu) {
      // NaN must survive, so that divergence is seen.
      for (int64_t i = 0; i < inner; ++i) target[i] = source[i] < 0.f ? 0.f : source[i];
    } else {
      std::memcpy(target, source, inner * sizeof(float));
    }
    std::memset(target + inner, 0, side * sizeof(float));
  }
}

// How a convolution is cut into tasks: bands of rows of one image.
struct Bands {
  int64_t pad[2];  // height, width
  int64_t rows, count;  // rows of a band, bands of an image
  int64_t row;  // floats of a padded row
  bool direct;  // no padding and no ReLU: the input is read where it lies

  Bands(const ConvShape& s, bool relu) {
    for (int axis = 0; axis < 2; ++axis) pad[axis] = s.dilation[axis] * (s.kernel[axis] - 1) / 2;
    row = (s.width + 2 * pad[1]) * s.inputs;
    direct = pad[0] == 0 && pad[1] == 0 && !relu;
    const int64_t fitting = kBandBytes / static_cast<int64_t>(sizeof(float)) / row - 2 * pad[0];
    rows = std::clamp<int64_t>(fitting, std::min<int64_t>(4, s.height), s.height);
    count = (s.height + rows - 1) / rows;
  }

  size_t floats() const { return static_cast<size_t>((rows + 2 * pad[0]) * row); }
};

// A 1x1 convolution does not care about rows: one long row makes full tiles.
ConvShape flattened(ConvShape s) {
  if (s.kernel[0] == 1 && s.kernel[1] == 1) {
    s.dilation[0] = s.dilation[1] = 1;
    s.width *= s.height;
    s.height = 1;
    // Bands are cut by rows: rows of a size that fits.
    while (s.width % 2 == 0 && s.width * s.inputs * static_cast<int64_t>(sizeof(float)) > kBandBytes / 2) {
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
      float lanes[kLanes];
      std::memcpy(lanes, &sum[v], sizeof(lanes));
      for (int64_t lane = 0; lane < left; ++lane) {
        y[v * kLanes + lane] = mask == nullptr || mask[v * kLanes + lane] > 0.f ? lanes[lane] : 0.f;
      }
    }
  }
}

// Forward and input gradient: they differ in the weights' order and in the mask.
void convolve(const ConvShape& original, const float* x, const ConvWeight& weight, bool transposed, bool relu,
              const float* mask, float* y) {
  const ConvShape s = flattened(original);
  const Blocks blocks = merge_groups(s.groups, s.inputs, s.outputs);
  const std::vector<Piece> pieces = cut_outputs(blocks.outputs);
  const Floats packed = pack(s, blocks, pieces, weight, transposed);
  const Bands bands(s, relu);
  const int64_t taps = s.kernel[0] * s.kernel[1];
  std::vector<int64_t> tap_offsets;
  for (int64_t tap = 0; tap < taps; ++tap) {
    tap_offsets.push_back(tap / s.kernel[1] * s.dilation[0] * bands.row + tap % s.kernel[1] * s.dilation[1] * s.inputs);
  }
  at::parallel_for(0, s.batch * bands.count, 1, [&](int64_t begin, int64_t end) {
    thread_local Floats scratch;
    std::vector<int64_t> weight_offsets(taps);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task % bands.count * bands.rows, last = std::min(s.height, first + bands.rows);
      const float* image = x + task / bands.count * s.height * s.width * s.inputs;
      const float* padded = image + first * s.width * s.inputs;
      if (!bands.direct) {
        float* buffer = scratch.take(bands.floats());
        pad_rows(image, s, first - bands.pad[0], last + bands.pad[0], bands.pad[1], relu, buffer);
        padded = buffer;
      }
      const int64_t outputs_at = (task / bands.count * s.height + first) * s.width * s.outputs;
      const float* weights = packed.data();
      for (int64_t block = 0; block < blocks.count; ++block) {
        for (const Piece& piece : pieces) {
          with_vectors(piece.vectors, [&](auto vectors) {
            constexpr int kVectors = decltype(vectors)::value;
            const int64_t width = kVectors * kLanes, at = block * blocks.outputs + piece.first;
            const int64_t count = std::min(width, blocks.outputs - piece.first);
            for (int64_t tap = 0; tap < taps; ++tap) weight_offsets[tap] = tap * blocks.inputs * width;
            Operands o{nullptr, weights, tap_offsets.data(), weight_offsets.data(), taps, blocks.inputs, s.inputs, 1, width};
            for (int64_t row = 0; row < last - first; ++row) {
              for_tiles(s.width, [&](auto rows, int64_t column) {
                constexpr int kRows = decltype(rows)::value;
                Vector sum[kRows][kVectors] = {};
                o.a = padded + row * bands.row + column * s.inputs + block * blocks.inputs;
                multiply<kRows, kVectors>(o, sum);
                const int64_t target = outputs_at + (row * s.width + column) * s.outputs + at;
                for (int i = 0; i < kRows; ++i) {
                  store<kVectors>(sum[i], y + target + i * s.outputs,
                                  mask == nullptr ? nullptr : mask + target + i * s.outputs, count);
                }
              });
            }
            weights += taps * blocks.inputs * width;
          });
        }
      }
    }
  });
}

}  // namespace

void conv_forward(const ConvShape& shape, const float* x, const ConvWeight& weight, bool relu, float* y) {
  convolve(shape, x, weight, false, relu, nullptr, y);
}

void conv_input_gradient(const ConvShape& shape, const float* dy, const ConvWeight& weight, const float* mask, float* dx) {
  ConvShape reversed = shape;
  std::swap(reversed.inputs, reversed.outputs);
  convolve(reversed, dy, weight, true, false, mask, dx);
}

void conv_weight_gradient(const ConvShape& original, const float* x, const float* dy, bool relu, const ConvWeight& dw) {
  const ConvShape s = flattened(original);
  const Blocks blocks = merge_groups(s.groups, s.inputs, s.outputs);
  const std::vector<Piece> pieces = cut_outputs(blocks.outputs);
  const Bands bands(s, relu);
  const int64_t taps = s.kernel[0] * s.kernel[1];
  const int64_t lanes = pieces.back().first + pieces.back().vectors * kLanes;
  const int64_t per_block = taps * blocks.inputs * lanes, total = blocks.count * per_block;
  // The last pixel's vectors reach beyond its channels: harmless but at the very end of the buffer.
  const bool copies = blocks.count * lanes != s.outputs;
  const int64_t threads = at::get_num_threads();
  std::vector<Floats> partial(threads);
  at::parallel_for(0, s.batch * bands.count, 1, [&](int64_t begin, int64_t end) {
    thread_local Floats input_scratch, gradient_scratch;
    float* sums = partial[at::get_thread_num()].take_zeros(total);
    std::vector<int64_t> input_offsets(bands.rows), gradient_offsets(bands.rows);
    for (int64_t row = 0; row < bands.rows; ++row) {
      input_offsets[row] = row * bands.row;
      gradient_offsets[row] = row * s.width * s.outputs;
    }
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task % bands.count * bands.rows, last = std::min(s.height, first + bands.rows);
      const float* image = x + task / bands.count * s.height * s.width * s.inputs;
      const float* padded = image + first * s.width * s.inputs;
      if (!bands.direct) {
        float* buffer = input_scratch.take(bands.floats());
        pad_rows(image, s, first - bands.pad[0], last + bands.pad[0], bands.pad[1], relu, buffer);
        padded = buffer;
      }
      const float* gradient = dy + (task / bands.count * s.height + first) * s.width * s.outputs;
      if (copies) {
        const size_t count = (last - first) * s.width * s.outputs;
        float* buffer = gradient_scratch.take(bands.rows * s.width * s.outputs);
        std::memcpy(buffer, gradient, count * sizeof(float));
        gradient = buffer;
      }
      float* target = sums;
      for (int64_t block = 0; block < blocks.count; ++block) {
        for (const Piece& piece : pieces) {
          with_vectors(piece.vectors, [&](auto vectors) {
            constexpr int kVectors = decltype(vectors)::value;
            constexpr int64_t width = kVectors * kLanes;
            Operands o{nullptr, gradient + block * blocks.outputs + piece.first, input_offsets.data(),
                       gradient_offsets.data(), last - first, s.width, 1, s.inputs, s.outputs};
            for (int64_t tap = 0; tap < taps; ++tap) {
              const int64_t offset = tap / s.kernel[1] * s.dilation[0] * bands.row + tap % s.kernel[1] * s.dilation[1] * s.inputs;
              for_tiles(blocks.inputs, [&](auto rows, int64_t input) {
                constexpr int kRows = decltype(rows)::value;
                Vector sum[kRows][kVectors] = {};
                o.a = padded + offset + block * blocks.inputs + input;
                multiply<kRows, kVectors>(o, sum);
                float* out = target + (tap * blocks.inputs + input) * width;
                for (int i = 0; i < kRows; ++i) {
                  for (int v = 0; v < kVectors; ++v) *reinterpret_cast<Vector*>(out + i * width + v * kLanes) += sum[i][v];
                }
              });
            }
            target += taps * blocks.inputs * width;
          });
        }
      }
    }
  });
  // In the order of the threads, so that the sum is the same every time.
  Floats sum;
  sum.take_zeros(total);
  for (const Floats& part : partial) {
    if (part.data() == nullptr) continue;
    for (int64_t i = 0; i < total; ++i) sum.data()[i] += part.data()[i];
  }
  const int64_t group_inputs = blocks.inputs / blocks.groups, group_outputs = blocks.outputs / blocks.groups;
  const float* source = sum.data();
  for (int64_t block = 0; block < blocks.count; ++block) {
    for (const Piece& piece : pieces) {
      const int64_t width = piece.vectors * kLanes, count = std::min(width, blocks.outputs - piece.first);
      for (int64_t tap = 0; tap < taps; ++tap) {
        float* base = dw.data + tap / s.kernel[1] * dw.strides[2] + tap % s.kernel[1] * dw.strides[3];
        for (int64_t input = 0; input < blocks.inputs; ++input, source += width) {
          const int64_t group = input / group_inputs, low = group * group_outputs, high = low + group_outputs;
          for (int64_t lane = std::max<int64_t>(0, low - piece.first); lane < std::min(count, high - piece.first); ++lane) {
            base[(block * blocks.outputs + piece.first + lane) * dw.strides[0] + (input - group * group_inputs) * dw.strides[1]] =
                source[lane];
          }
        }
      }
    }
  }
}

}  // namespace smash
