// The gradient of a convolution's weight: sums over pixels, one copy for every part of the work.
#pragma once

#include <ATen/Parallel.h>

#include <deque>
#include <utility>
#include <vector>

#include "conv_band.h"
#include "conv_winograd.h"

namespace smash {

// A tile of one vector against wider ones: it waits for the reads of single values.
constexpr double kRateOfOneVector = .65;
// A product that is added to sums in memory for few tiles at a time, against one of many pixels.
constexpr double kProductOfSums = 1.35;

// Bytes of tiles that wait for each other. The sums of all products, which are read and written for each such batch, are
// larger than the second-level cache anyway.
constexpr int64_t kPendingBytes = 768 << 10;
// Pixels that all tiles go through before the next: so many stay in the first-level cache. A tile uses a part of every line
// it reads, and from the second level narrow tiles read more than it can give.
constexpr int64_t kPixelsAtATime = kLanes == 8 ? 64 : 1 << 20;

// Sums of the weight gradient, one copy for every part of the work. A tile has rows of inputs and vectors of outputs, laid out
// like packed weights, or rows of outputs and vectors of inputs, whichever fills vectors better: by taps, or by tiles of
// conv_winograd.h.
class WeightGradient {
 public:
  // `slot`: of the tiles that wait in a thread.
  WeightGradient(const ConvShape& shape, int64_t parts, int64_t slot)
      : s_(shape), blocks_(merge_groups(shape.groups, shape.inputs, shape.outputs)), pieces_(cut_outputs(blocks_.outputs)),
        lanes_(whole_vectors(blocks_.outputs)), joined_(has_joined_taps(s_, blocks_) ? s_.kernel[1] : 1),
        parts_(parts), slot_(slot) {
    total_ = blocks_.count * s_.kernel[0] * s_.kernel[1] * blocks_.inputs * lanes_;
    turn();
    use_tiles();
    sums_.take(parts_ * total_);
  }

  // A vector of the last pixel's gradient may reach this many floats beyond its channels.
  bool overreaches() const { return !is_turned() && blocks_.count * lanes_ != s_.outputs; }

  // Before the first `add` of a part.
  void start(int64_t part) {
    std::memset(sums_of(part), 0, total_ * sizeof(float));
    // A convolution that an exception ended has left its own.
    pending().count = 0;
  }

  // `first`: the band's first row in the image.
  void add(int64_t part, const Band& x, const float* dy, int64_t dy_row, int64_t first, int64_t rows) {
#if defined(__AVX512BF16__)
    if (is_in_halves()) return add_halves(part, x, dy, dy_row, first, rows);
#endif
    if (is_winograd_) return add_winograd(part, x, dy, dy_row, rows);
    std::vector<int64_t> x_offsets(rows), dy_offsets(rows);
    for (int64_t row = 0; row < rows; ++row) {
      x_offsets[row] = row * x.row;
      dy_offsets[row] = row * dy_row;
    }
    const int64_t few = std::max<int64_t>(1, kPixelsAtATime / s_.width), most = std::min(s_.width, kPixelsAtATime);
    for (int64_t row = 0; row < rows; row += few) {
      const Pixels pixels{x.row, s_.inputs, joined_, first + row, std::min(few, rows - row)};
      for (int64_t column = 0; column < s_.width; column += most) {
        const float* inputs = x.data + row * x.row + column * s_.inputs;
        const float* gradients = dy + row * dy_row + column * s_.outputs;
        const int64_t width = std::min(most, s_.width - column);
        if (is_turned()) {
          add_turned(sums_of(part), pixels, [&](int64_t block, int64_t output, int64_t offset, const int64_t* vectors, const Span& used) {
            return ScatteredVectors{{{gradients + block * blocks_.outputs + output, inputs + offset + block * blocks_.inputs,
                                      dy_offsets.data() + used.first, x_offsets.data() + used.first, used.last - used.first,
                                      width, s_.inputs}, s_.outputs}, vectors};
          });
        } else {
          add(sums_of(part), pixels, [&](int64_t block, int64_t output, int64_t offset, int64_t input, const Span& used) {
            return ChannelRows{{inputs + offset + block * blocks_.inputs + input, gradients + block * blocks_.outputs + output,
                                x_offsets.data() + used.first, dy_offsets.data() + used.first, used.last - used.first, width,
                                s_.outputs}, s_.inputs};
          });
        }
      }
    }
  }

  // After the last `add` of a part.
  void end(int64_t part) {
    if (pending().count != 0) add_products(part);
  }

  // In the order of the parts, so that the sum is the same every time.
  void finish(const ConvWeight& dw) const {
    float* sum = sums_of(0);
    at::parallel_for(0, total_, 1 << 13, [&](int64_t begin, int64_t end) {
      for (int64_t part = 1; part < parts_; ++part) {
        const float* more = sums_of(part);
        for (int64_t i = begin; i < end; ++i) sum[i] += more[i];
      }
    });
    if (is_turned()) {
      unpack_turned(sum, dw);
    } else if (is_winograd_) {
      Floats taps;
      float* out = taps.take(total_ / kProducts * 9);
      for (int64_t block = 0; block < blocks_.count; ++block) {
        for (const Piece& piece : pieces_) {
          const int64_t length = product_rows() * piece.vectors * kLanes;
          transform_sums(sum, length, out);
          sum += kProducts * length;
          out += 9 * length;
        }
      }
      unpack(taps.data(), dw);
    } else {
      unpack(sum, dw);
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

  bool is_turned() const { return !chunks_.empty(); }

  // Inputs and outputs are counted within the block; what lies between its groups is no weight.
  int64_t group_inputs() const { return blocks_.inputs / blocks_.groups; }
  int64_t group_outputs() const { return blocks_.outputs / blocks_.groups; }

  // Sums [block, piece][tap][row, vector lane].
  void unpack(const float* sum, const ConvWeight& dw) const {
    const int64_t rows = product_rows(), group_rows = rows / blocks_.groups;
    const int64_t group_lanes = has_input_vectors_ ? group_inputs() : group_outputs();
    const int64_t row_stride = dw.strides[has_input_vectors_ ? 0 : 1], lane_stride = dw.strides[has_input_vectors_ ? 1 : 0];
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        const int64_t width = piece.vectors * kLanes;
        for (int64_t tap = 0; tap < s_.kernel[0] * s_.kernel[1]; ++tap) {
          float* taps = dw.data + block * blocks_.outputs * dw.strides[0] + tap / s_.kernel[1] * dw.strides[2] +
                        tap % s_.kernel[1] * dw.strides[3];
          for (int64_t row = 0; row < rows; ++row, sum += width) {
            const int64_t group = row / group_rows;
            const int64_t first = std::max(piece.first, group * group_lanes);
            const int64_t last = std::min(piece.first + width, (group + 1) * group_lanes);
            // Inputs are counted within their group.
            float* to = taps + row * row_stride - group * group_inputs() * dw.strides[1];
            for (int64_t lane = first; lane < last; ++lane) to[lane * lane_stride] = sum[lane - piece.first];
          }
        }
      }
    }
  }

  void unpack_turned(const float* sum, const ConvWeight& dw) const {
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (int64_t row = 0; row < s_.kernel[0]; ++row) {
        for (const Piece& piece : chunk_pieces_) {
          for (int64_t output = 0; output < blocks_.outputs; ++output) {
            const int64_t first = output / group_outputs() * group_inputs(), last = first + group_inputs();
            float* to = dw.data + (block * blocks_.outputs + output) * dw.strides[0] + row * dw.strides[2] - first * dw.strides[1];
            for (int v = 0; v < piece.vectors; ++v, sum += kLanes) {
              const Chunk& chunk = chunks_[piece.first / kLanes + v];
              int64_t input = chunk.first % blocks_.inputs, column = chunk.first / blocks_.inputs;
              for (int64_t lane = 0; lane < chunk.count; ++lane) {
                if (input >= first && input < last) to[input * dw.strides[1] + column * dw.strides[3]] = sum[lane];
                if (++input < blocks_.inputs) continue;
                input = 0;
                ++column;
              }
            }
          }
        }
      }
    }
  }

  // Turning the pixels around to make pairs of them only pays where they are used many times; and few outputs go faster
  // as rows of floats.
  bool is_in_halves() const { return !is_winograd_ && rounds_factors(s_) && s_.kernel[0] * s_.kernel[1] > 1 && blocks_.outputs > kLanes; }

  // Finds the vectors of inputs, if they are better filled than those of outputs.
  void turn() {
    // Dense memory of somebody else, which only a 1x1 convolution reads, ends with the last block's last input.
    if (is_in_halves() || (s_.kernel[0] * s_.kernel[1] == 1 && blocks_.inputs % kLanes != 0)) return;
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

  // Decides for the tiles of conv_winograd.h, and which of their factors are vectors, by the vectors of products.
  void use_tiles() {
    const auto cycles = [](int64_t rows, int64_t vectors) {
      return static_cast<double>(rows * vectors) / 2 / (vectors == 1 ? kRateOfOneVector : 1.);
    };
    const auto blocks = static_cast<double>(blocks_.count);
    const double by_outputs = blocks * cycles(blocks_.inputs, vectors_of(blocks_.outputs));
    const double by_inputs = blocks * cycles(blocks_.outputs, vectors_of(blocks_.inputs));
    const double taps = !is_turned() ? by_outputs
                                     : blocks * cycles(blocks_.outputs, static_cast<int64_t>(chunks_.size())) / static_cast<double>(s_.kernel[1]);
    is_winograd_ = suits_winograd(s_, is_in_halves() ? taps / kRateOfHalves : taps, kProductOfSums * std::min(by_inputs, by_outputs));
    if (!is_winograd_) return;
    chunks_.clear();
    has_input_vectors_ = by_inputs < by_outputs;
    const int64_t channels = has_input_vectors_ ? blocks_.inputs : blocks_.outputs;
    pieces_ = cut_outputs(channels);
    total_ = blocks_.count * kProducts * product_rows() * whole_vectors(channels);
  }

  // Of a product of tiles: the channels that are repeated over vectors of the others.
  int64_t product_rows() const { return has_input_vectors_ ? blocks_.outputs : blocks_.inputs; }

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

  // Tiles whose products are not added yet. An image has few, and sums are read and written for every batch of them.
  struct PendingTiles {
    Floats inputs, gradients;
    int64_t count = 0;
  };

  PendingTiles& pending() const {
    thread_local std::deque<PendingTiles> slots;
    while (static_cast<int64_t>(slots.size()) <= slot_) slots.emplace_back();
    return slots[slot_];
  }

  void add_winograd(int64_t part, const Band& x, const float* dy, int64_t dy_row, int64_t rows) {
    thread_local std::vector<WinogradTile> tiles;
    list_tiles(s_, x, rows, tiles);
    const TilePlanes inputs = input_planes(), gradients = gradient_planes();
    PendingTiles& waiting = pending();
    float *a = inputs.take(waiting.inputs), *b = gradients.take(waiting.gradients);
    for (const WinogradTile& tile : tiles) {
      const int64_t at = waiting.count++;
      transform_tile(x.data, tile, s_.inputs, a + at * inputs.channels, inputs.size);
      transform_gradients(s_, dy, dy_row, tile, b + at * gradients.channels, gradients.size);
      if (waiting.count == inputs.tiles) add_products(part);
    }
  }

  TilePlanes input_planes() const {
    return {tiles_at_a_time(s_, kPendingBytes), s_.inputs};
  }

  TilePlanes gradient_planes() const {
    return {tiles_at_a_time(s_, kPendingBytes), whole_vectors(s_.outputs)};
  }

  // Every pending tile's inputs times its outputs' gradients, product by product.
  void add_products(int64_t part) {
    constexpr int64_t none = 0;
    const TilePlanes inputs = input_planes(), gradients = gradient_planes();
    PendingTiles& waiting = pending();
    const int64_t count = std::exchange(waiting.count, 0);
    float* target = sums_of(part);
    for (int64_t block = 0; block < blocks_.count; ++block) {
      for (const Piece& piece : pieces_) {
        with_vectors(piece.vectors, [&](auto vectors) {
          constexpr int kVectors = decltype(vectors)::value;
          for (int product = 0; product < kProducts; ++product, target += product_rows() * kVectors * kLanes) {
            const float* of_rows = waiting.inputs.data() + product * inputs.size + block * blocks_.inputs;
            const float* of_vectors = waiting.gradients.data() + product * gradients.size + block * blocks_.outputs;
            int64_t row_step = inputs.channels, vector_step = gradients.channels;
            if (has_input_vectors_) {
              std::swap(of_rows, of_vectors);
              std::swap(row_step, vector_step);
            }
            add_tiles<kVectors>(product_rows(), target, [&](int64_t row) {
              return ChannelRows{{of_rows + row, of_vectors + piece.first, &none, &none, 1, count, vector_step}, row_step};
            });
          }
        });
      }
    }
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
  int64_t lanes_, joined_, total_, parts_, slot_;
  // Of a turned sum, for every row of taps; otherwise none.
  std::vector<Chunk> chunks_;
  std::vector<Piece> chunk_pieces_;
  Floats sums_;
  bool is_winograd_ = false, has_input_vectors_ = false;
};

}  // namespace smash
