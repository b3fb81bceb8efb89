#include "conv_kernel.h"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

#include "conv_band.h"
#include "conv_weight_gradient.h"
#include "conv_winograd.h"
#include "kernel_mark.h"
#include "share_work.h"

namespace smash {
namespace {

// Parts of the work of a weight gradient, each with sums of its own, for every thread: enough to share them out where
// threads are not equally fast, few enough that adding their sums up costs nothing.
constexpr int64_t kGradientParts = 5;
// Bytes of tiles, as they are before and after their products, that the second-level cache holds.
constexpr int64_t kTileBytes = 256 << 10;
// Multiplications an output needs at least for several lanes to pay.
constexpr int64_t kLeastToShare = 24;

// Lanes an output has in the product: one, or several, each of which sums its own share of the inputs. Few outputs then
// fill vectors, and one read of neighbouring inputs serves several multiplications: a tile of one vector is bound by
// the reads of single inputs, at two thirds of the rate of two vectors.
int64_t lanes_of_output(const ConvShape& s, const Blocks& blocks, int64_t factors) {
  const int64_t inputs = blocks.inputs / factors;
  // Adding the lanes up at the end has to pay.
  if (kLanes < 8 || blocks.inputs % factors != 0 || s.kernel[0] * s.kernel[1] * inputs < kLeastToShare) return 1;
  const auto vectors = [&](int64_t share) { return vectors_of(blocks.outputs * share); };
  if (inputs % 4 == 0 && vectors(4) <= 2) return 4;
  return inputs % 2 == 0 && (vectors(1) == 1 || vectors(2) < 2 * vectors(1)) ? 2 : 1;
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

// A convolution of one band with packed weights. The input gradient is one too, with its taps in reverse.
class BandConvolution {
 public:
  BandConvolution(const ConvShape& shape, const ConvWeight& weight, bool transposed)
      : s_(shape), blocks_(merge_groups(shape.groups, shape.inputs, shape.outputs)), is_winograd_(suits_tiles()),
        packing_(packing_of(is_winograd_ || !rounds_factors(shape) ? 1 : 2)),
        pieces_(cut_outputs(blocks_.outputs, packing_.share)),
        packed_(pack(shape, blocks_, pieces_, packing_, weight, transposed)) {
    if (!is_winograd_) return;
    std::vector<int64_t> lengths;
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) lengths.push_back(length_of_tap(piece));
    }
    packed_ = transform_weights(packed_.data(), lengths);
  }

  // `first`: the band's first row in the image. `mask` (may be null): the result is zero where it is not positive; its
  // rows are `mask_row` floats apart.
  void run(const Band& band, int64_t first, int64_t rows, const float* mask, int64_t mask_row, float* y) const {
#if defined(__AVX512BF16__)
    if (packing_.factors == 2) {
      thread_local Floats scratch;
      const int64_t count = (rows + s_.dilation[0] * (s_.kernel[0] - 1)) * band.row;
      // Of an odd number of inputs the last pair reaches one number further. Its weight is zero, but zero times what is not
      // a number is not zero.
      Half* halves = scratch.take_halves(count + 1);
      to_halves(band.data, count, halves);
      halves[count] = 0;
      return run(halves, packed_.halves(), band.row, first, rows, mask, mask_row, y);
    }
#endif
    if (is_winograd_) return run_winograd(band, rows, mask, mask_row, y);
    run(band.data, static_cast<const float*>(packed_.data()), band.row, first, rows, mask, mask_row, y);
  }

 private:
  Packing packing_of(int64_t factors) const { return {lanes_of_output(s_, blocks_, factors), factors}; }

  // Tiles are of floats, taps of what is asked for.
  bool suits_tiles() const {
    const Packing packing = packing_of(1);
    int64_t vectors = 0;
    for (const Piece& piece : cut_outputs(blocks_.outputs, packing.share)) vectors += piece.vectors;
    const double stores = 6. * static_cast<double>(blocks_.count * vectors);
    const double multiply = stores / 12 * static_cast<double>(packing.depth(blocks_.inputs) / packing.share);
    return suits_winograd(s_, rounds_factors(s_) ? multiply / kRateOfHalves : multiply, multiply + stores);
  }

  int64_t length_of_tap(const Piece& piece) const {
    return packing_.depth(blocks_.inputs) / packing_.share * piece.vectors * kLanes;
  }

  void run_winograd(const Band& band, int64_t rows, const float* mask, int64_t mask_row, float* y) const {
    thread_local Floats input_scratch, product_scratch;
    thread_local std::vector<WinogradTile> tiles;
    list_tiles(s_, band, rows, tiles);
    const int64_t most = tiles_at_a_time(s_, kTileBytes);
    const TilePlanes inputs(most, s_.inputs), products(most, whole_vectors(s_.outputs));
    float *from = inputs.take(input_scratch), *to = products.take(product_scratch);
    const int64_t right = s_.dilation[1] * s_.outputs;
    const int64_t down = s_.dilation[0] * s_.width * s_.outputs, mask_down = s_.dilation[0] * mask_row;
    for (size_t begin = 0; begin < tiles.size(); begin += most) {
      const int64_t count = std::min<int64_t>(most, tiles.size() - begin);
      for (int64_t i = 0; i < count; ++i) {
        transform_tile(band.data, tiles[begin + i], s_.inputs, from + i * s_.inputs, inputs.size);
      }
      multiply_tiles(inputs, from, count, products, to);
      for (int64_t i = 0; i < count; ++i) {
        const WinogradTile& tile = tiles[begin + i];
        for (int64_t output = 0; output < s_.outputs; output += kLanes) {
          float* target = y + (tile.y * s_.width + tile.x) * s_.outputs + output;
          const float* gate = mask == nullptr ? nullptr : mask + tile.y * mask_row + tile.x * s_.outputs + output;
          transform_products(to + i * products.channels + output, products.size, [&](int64_t row, int64_t column, Vector value) {
            if (row >= tile.height || column >= tile.width) return;
            store<1>({value}, target + row * down + column * right,
                     gate == nullptr ? nullptr : gate + row * mask_down + column * right, s_.outputs - output);
          });
        }
      }
    }
  }

  void multiply_tiles(const TilePlanes& inputs, const float* from, int64_t tiles, const TilePlanes& products, float* to) const {
    constexpr int64_t none = 0;
    const float* weights = packed_.data();
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        with_tile(piece.vectors, packing_.share, [&](auto vectors, auto share) {
          constexpr int kVectors = decltype(vectors)::value, kShare = decltype(share)::value;
          constexpr int64_t width = kVectors * kLanes;
          const int64_t at = block * blocks_.outputs + piece.first;
          const int64_t count = std::min(width / kShare, blocks_.outputs - piece.first);
          PixelRows<float> factors{};
          factors.a_segments = factors.b_segments = &none;
          factors.segments = 1;
          factors.length = blocks_.inputs;
          factors.b_step = width;
          factors.a_row = s_.inputs;
          factors.a_half = kTileRows * s_.inputs;
          for (int product = 0; product < kProducts; ++product, weights += length_of_tap(piece)) {
            factors.b = weights;
            for_tiles<kVectors>(tiles, [&](auto rows, int64_t tile) {
              factors.a = from + product * inputs.size + tile * s_.inputs + block * blocks_.inputs;
              convolve_tile<decltype(rows)::value, kVectors, kShare>(
                  factors, {to + product * products.size + tile * products.channels + at, nullptr, products.channels,
                            kTileRows * products.channels, 0, count});
            });
          }
        });
      }
    }
  }

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
            if (kMost == 2 * kTileRows && s_.width < kMost && s_.width >= kTileRows && row + 1 < rows) {
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
  bool is_winograd_;
  Packing packing_;
  std::vector<Piece> pieces_;
  Floats packed_;
};

// Both gradients of one band after the other.
struct BandGradients {
  ConvShape s;
  BandConvolution convolution;
  Bands bands;
  WeightGradient gradient;
  bool wants_dw;

  BandGradients(const ConvShape& shape, const ConvWeight& weight, int64_t parts, bool wants_dw, int64_t slot)
      : s(flattened(shape)), convolution(reversed(s), weight, true), bands(s, std::max(s.inputs, s.outputs)),
        gradient(s, parts, slot), wants_dw(wants_dw) {}

  static ConvShape reversed(ConvShape s) {
    std::swap(s.inputs, s.outputs);
    return s;
  }

  void start(int64_t part) {
    if (wants_dw) gradient.start(part);
  }

  void end(int64_t part) {
    if (wants_dw) gradient.end(part);
  }

  void finish(const ConvWeight& dw) const {
    if (wants_dw) gradient.finish(dw);
  }

  void run(int64_t part, int64_t image, const Span& span, const PixelSource& x, const PixelSource& dy, const PixelSink& dx) {
    thread_local Floats input, output, incoming, copy;
    const Band x_band(s, bands, s.inputs, x, image, span.first, span.last, input);
    const Band dy_band(s, bands, s.outputs, dy, image, span.first, span.last, incoming);
    const int64_t rows = span.last - span.first;
    if (wants_dw) {
      const float* values = dy_band.inside(bands, s.outputs);
      // Dense memory of somebody else ends with the last pixel.
      if (gradient.overreaches() && values != incoming.data() && dy_band.row == s.width * s.outputs) {
        float* safe = copy.take(rows * dy_band.row);
        std::memcpy(safe, values, rows * dy_band.row * sizeof(float));
        values = safe;
      }
      gradient.add(part, x_band, values, dy_band.row, span.first, rows);
    }
    if (dx.dense == nullptr && !dx.scatter) return;
    const float* mask = x.relu != Relu::none ? x_band.inside(bands, s.inputs) : nullptr;
    emit(dx, s, image, span, s.inputs, output,
         [&](float* target) { convolution.run(dy_band, span.first, rows, mask, x_band.row, target); });
  }
};

}  // namespace

struct PackedConv::Packed {
  ConvShape s;
  BandConvolution convolution;
  Bands bands;

  Packed(const ConvShape& shape, const ConvWeight& weight)
      : s(flattened(shape)), convolution(s, weight, false), bands(s, std::max(s.inputs, s.outputs)) {}

  void run(int64_t image, const Span& rows, const PixelSource& x, const PixelSink& y) const {
    thread_local Floats input, output;
    const Band band(s, bands, s.inputs, x, image, rows.first, rows.last, input);
    emit(y, s, image, rows, s.outputs, output,
         [&](float* target) { convolution.run(band, rows.first, rows.last - rows.first, nullptr, 0, target); });
  }
};

PackedConv::PackedConv(const ConvShape& shape, const ConvWeight& weight) : packed_(std::make_unique<Packed>(shape, weight)) {}
PackedConv::PackedConv(PackedConv&&) noexcept = default;
PackedConv::~PackedConv() = default;

void PackedConv::run_image(int64_t image, const PixelSource& x, const PixelSink& y) const {
  for_bands(packed_->s, packed_->bands, image * packed_->bands.count, (image + 1) * packed_->bands.count,
            [&](int64_t, const Span& rows) { packed_->run(image, rows, x, y); });
}

void PackedConv::run(const PixelSource& x, const PixelSink& y) const {
  const int64_t count = packed_->s.batch * packed_->bands.count;
  share_work(count, count, [&](int64_t begin, int64_t end, int64_t) {
    for_bands(packed_->s, packed_->bands, begin, end,
              [&](int64_t image, const Span& rows) { packed_->run(image, rows, x, y); });
  });
}

void conv_forward(const ConvShape& shape, const PixelSource& x, const ConvWeight& weight, const PixelSink& y) {
  const KernelMark mark("convForward");
  PackedConv(shape, weight).run(x, y);
}

int64_t gradient_parts(int64_t tasks) { return std::min(tasks, kGradientParts * at::get_num_threads()); }

struct ConvGradients::Packed : BandGradients {
  using BandGradients::BandGradients;
};

ConvGradients::ConvGradients(const ConvShape& shape, const ConvWeight& weight, int64_t parts, bool wants_dw, int64_t slot)
    : packed_(std::make_unique<Packed>(shape, weight, parts, wants_dw, slot)) {}
ConvGradients::ConvGradients(ConvGradients&&) noexcept = default;
ConvGradients::~ConvGradients() = default;

void ConvGradients::start(int64_t part) { packed_->start(part); }

void ConvGradients::end(int64_t part) { packed_->end(part); }

void ConvGradients::run_image(int64_t part, int64_t image, const PixelSource& x, const PixelSource& dy, const PixelSink& dx) {
  for_bands(packed_->s, packed_->bands, image * packed_->bands.count, (image + 1) * packed_->bands.count,
            [&](int64_t, const Span& rows) { packed_->run(part, image, rows, x, dy, dx); });
}

void ConvGradients::finish(const ConvWeight& dw) const { packed_->finish(dw); }

void conv_backward(const ConvShape& shape, const PixelSource& x, const PixelSource& dy, const ConvWeight& weight,
                   const PixelSink& dx, const ConvWeight& dw) {
  const KernelMark mark("convBackward");
  const ConvShape s = flattened(shape);
  const Bands bands(s, std::max(s.inputs, s.outputs));
  const int64_t count = s.batch * bands.count, parts = gradient_parts(count);
  BandGradients gradients(shape, weight, parts, dw.data != nullptr, 0);
  share_work(count, parts, [&](int64_t begin, int64_t end, int64_t part) {
    gradients.start(part);
    for_bands(s, bands, begin, end,
              [&](int64_t image, const Span& rows) { gradients.run(part, image, rows, x, dy, dx); });
    gradients.end(part);
  });
  gradients.finish(dw);
}

}  // namespace smash
