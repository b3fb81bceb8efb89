// What BatchNorm and the ReLU after it compute over pixels of `channels` floats.
//
// Sums are kept image by image and added up in the order of the images, so that it does not matter which thread had which
// image. Within some tens of pixels they are float, beyond that double.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "chunk.h"
#include "op_table.h"

namespace smash {

constexpr int64_t kPixelsInFloat = 64;

inline Tensor float_tensor(const std::vector<double>& values) {
  const Tensor result = at::empty({static_cast<int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), result.data_ptr<float>());
  return result;
}

// Calls body(chunk) with the largest chunk that divides `channels`.
template <class Body>
void with_chunk_of(int64_t channels, Body body) {
  with_chunk(std::gcd(channels, kMostChunk), body);
}

// Adds two sums of every channel over an image's pixels to `first` and `second`. body(Chunk, channel, pixel, a, b) adds a pixel's
// share of a chunk that begins with `channel` to the vectors `a` and `b`.
template <class Body>
void sum_pixels(int64_t channels, int64_t pixels, double* first, double* second, Body body) {
  with_chunk_of(channels, [&](auto chunk) {
    using Lanes = Chunk<decltype(chunk)::value>;
    for (int64_t begin = 0; begin < pixels; begin += kPixelsInFloat) {
      const int64_t end = std::min(pixels, begin + kPixelsInFloat);
      for (int64_t channel = 0; channel < channels; channel += chunk) {
        typename Lanes::Vector a{}, b{};
        for (int64_t pixel = begin; pixel < end; ++pixel) body(Lanes(), channel, pixel * channels + channel, a, b);
        for (int64_t lane = 0; lane < chunk; ++lane) {
          first[channel + lane] += static_cast<double>(a[lane]);
          second[channel + lane] += static_cast<double>(b[lane]);
        }
      }
    }
  });
}

// Mean and biased variance of a batch of `count` values a channel.
struct BatchStatistics {
  std::vector<double> mean, variance;
  int64_t count;

  // Pulls running statistics towards these.
  void update(const Tensor& running_mean, const Tensor& running_variance, double momentum) const {
    const double values = static_cast<double>(count), unbiased = values / std::max(1., values - 1);
    // Outside the version count, as libtorch's own BatchNorm does it: layers may share running statistics, and no gradient
    // depends on them while the batch's are used.
    auto means = running_mean.accessor<float, 1>(), variances = running_variance.accessor<float, 1>();
    const auto pull = [&](float& value, double towards) {
      value = static_cast<float>(static_cast<double>(value) + momentum * (towards - static_cast<double>(value)));
    };
    for (int64_t c = 0; c < means.size(0); ++c) {
      pull(means[c], mean[c]);
      pull(variances[c], variance[c] * unbiased);
    }
  }
};

// Mean and biased variance of every channel over all images of `pixels` pixels each.
class Moments {
 public:
  Moments(int64_t images, int64_t channels, int64_t pixels)
      : images_(images), channels_(channels), pixels_(pixels), means_(images * channels), squares_(images * channels) {}

  // Image `image` of x [images, pixels, channels].
  void add(int64_t image, const float* x) {
    double *means = means_.data() + image * channels_, *squares = squares_.data() + image * channels_;
    // Shifted by the first pixel, so that a mean far from zero does not cancel the variance.
    const float* origin = x + image * pixels_ * channels_;
    std::fill(means, means + channels_, 0.);
    std::fill(squares, squares + channels_, 0.);
    sum_pixels(channels_, pixels_, means, squares, [&](auto lanes, int64_t channel, int64_t at, auto& sum, auto& square) {
      const auto value = lanes.load(origin + at) - lanes.load(origin + channel);
      sum += value;
      square += value * value;
    });
    const double count = static_cast<double>(pixels_);
    for (int64_t c = 0; c < channels_; ++c) {
      const double shifted = means[c] / count;
      means[c] = static_cast<double>(origin[c]) + shifted;
      squares[c] = std::max(0., squares[c] - count * shifted * shifted);
    }
  }

  // After all images: of their means and of what lies within and between them.
  BatchStatistics finish() const {
    BatchStatistics result{std::vector<double>(channels_), std::vector<double>(channels_), images_ * pixels_};
    const double images = static_cast<double>(images_), count = static_cast<double>(pixels_);
    for (int64_t i = 0; i < images_ * channels_; ++i) result.mean[i % channels_] += means_[i] / images;
    for (int64_t i = 0; i < images_ * channels_; ++i) {
      const double apart = means_[i] - result.mean[i % channels_];
      result.variance[i % channels_] += (squares_[i] / count + apart * apart) / images;
    }
    return result;
  }

 private:
  int64_t images_, channels_, pixels_;
  std::vector<double> means_, squares_;  // of every image; squares of what its mean leaves
};

// What a BatchNorm with certain statistics does to a pixel: x * scale + shift. Rows of one tensor [4, channels], which a graph
// can keep.
class Affine {
 public:
  explicit Affine(Tensor rows) : rows_(std::move(rows)) {}
  Affine(const Tensor& weight, const Tensor& bias, const Tensor& mean, const Tensor& variance, double epsilon)
      : rows_(at::empty({4, weight.size(0)}, weight.options())) {
    const auto weights = weight.accessor<float, 1>(), biases = bias.accessor<float, 1>(), means = mean.accessor<float, 1>(),
               variances = variance.accessor<float, 1>();
    auto rows = rows_.accessor<float, 2>();
    for (int64_t c = 0; c < rows.size(1); ++c) {
      const float deviation = std::sqrt(variances[c] + static_cast<float>(epsilon)), scale = weights[c] / deviation;
      rows[0][c] = means[c];
      rows[1][c] = deviation;
      rows[2][c] = scale;
      rows[3][c] = biases[c] - means[c] * scale;
    }
  }

  const Tensor& rows() const { return rows_; }
  int64_t channels() const { return rows_.size(1); }
  const float* mean() const { return row(0); }
  const float* deviation() const { return row(1); }
  const float* scale() const { return row(2); }
  const float* shift() const { return row(3); }

  // y = relu(x * scale + shift); may be in place.
  void activate(int64_t pixels, const float* x, float* y) const {
    const float *a = scale(), *b = shift();
    for_chunks(pixels, [&](auto lanes, int64_t channel, int64_t at) {
      const auto value = lanes.load(x + at) * lanes.load(a + channel) + lanes.load(b + channel);
      // NaN must survive, so that divergence is seen.
      lanes.store(value < 0.f ? decltype(value){} : value, y + at);
    });
  }

  // Calls body(Chunk, channel, at): every chunk of every pixel, `at` counted over all pixels.
  template <class Body>
  void for_chunks(int64_t pixels, Body body) const {
    const int64_t count = channels();
    with_chunk_of(count, [&](auto chunk) {
      for (int64_t at = 0; at < pixels * count;) {
        for (int64_t channel = 0; channel < count; channel += chunk, at += chunk) body(Chunk<decltype(chunk)::value>(), channel, at);
      }
    });
  }

 private:
  const float* row(int64_t index) const { return rows_.data_ptr<float>() + index * channels(); }

  Tensor rows_;
};

// The gradient of what a BatchNorm reads, from `open`: the gradient after it, zero where its ReLU closed.
class NormGradient {
 public:
  NormGradient(int64_t images, int64_t pixels, const Affine& affine)
      : images_(images), pixels_(pixels), affine_(affine), sums_(images * affine.channels()), products_(sums_.size()) {}

  // Sums over image `image` of open and of open * (x - mean), both [images, pixels, channels].
  void add(int64_t image, const float* open, const float* x) {
    const int64_t channels = affine_.channels(), first = image * pixels_ * channels;
    double *sums = sums_.data() + image * channels, *products = products_.data() + image * channels;
    const float* mean = affine_.mean();
    sum_pixels(channels, pixels_, sums, products, [&](auto lanes, int64_t channel, int64_t at, auto& sum, auto& product) {
      const auto value = lanes.load(open + first + at);
      sum += value;
      product += value * (lanes.load(x + first + at) - lanes.load(mean + channel));
    });
  }

  // After all images. `batch`: mean and variance are the batch's own, and depend on x as well.
  void finish(bool batch) {
    const int64_t channels = affine_.channels();
    weight_.assign(channels, 0.);
    bias_.assign(channels, 0.);
    for (size_t i = 0; i < sums_.size(); ++i) {
      bias_[i % channels] += sums_[i];
      weight_[i % channels] += products_[i];
    }
    centre_.assign(channels, 0.f);
    slope_.assign(channels, 0.f);
    const double count = static_cast<double>(images_ * pixels_);
    for (int64_t c = 0; c < channels; ++c) {
      const double deviation = affine_.deviation()[c];
      weight_[c] /= deviation;
      if (!batch) continue;
      centre_[c] = static_cast<float>(bias_[c] / count);
      slope_[c] = static_cast<float>(weight_[c] / (count * deviation));
    }
  }

  // Gradients of weight and bias.
  Tensor of_weight() const { return float_tensor(weight_); }
  Tensor of_bias() const { return float_tensor(bias_); }

  // dx (+)= gradient of `pixels` pixels.
  void write(int64_t pixels, const float* open, const float* x, float* dx, bool adds) const {
    const float *scale = affine_.scale(), *mean = affine_.mean(), *centre = centre_.data(), *slope = slope_.data();
    affine_.for_chunks(pixels, [&](auto lanes, int64_t channel, int64_t at) {
      const auto apart = lanes.load(x + at) - lanes.load(mean + channel);
      const auto value = lanes.load(scale + channel) *
                         (lanes.load(open + at) - lanes.load(centre + channel) - lanes.load(slope + channel) * apart);
      lanes.store(adds ? lanes.load(dx + at) + value : value, dx + at);
    });
  }

 private:
  int64_t images_, pixels_;
  Affine affine_;
  std::vector<double> sums_, products_;  // of every image
  std::vector<double> weight_, bias_;
  std::vector<float> centre_, slope_;
};

// A vector of a BatchNorm of `channels` channels, by its name. Other types of x have rules of libtorch's own.
inline void check_vector(const char* name, const Tensor& vector, const Tensor& x, int64_t channels) {
  TORCH_CHECK(vector.dim() == 1 && vector.size(0) == channels, name, " must have a value for each of ", channels,
              " channels of x ", x.sizes(), ", got ", vector.sizes());
  TORCH_CHECK(x.scalar_type() != at::kFloat || vector.scalar_type() == at::kFloat, name, " must be float32, as x is, got ",
              vector.scalar_type());
  TORCH_CHECK(vector.device() == x.device(), name, " must be on the device of x, ", x.device(), ", got ", vector.device());
}

// A BatchNorm's four vectors, of `channels` channels of x.
inline void check_norm(const Tensor& weight, const Tensor& bias, const OptionalTensor& mean, const OptionalTensor& variance,
                       const Tensor& x, int64_t channels) {
  check_vector("weight", weight, x, channels);
  check_vector("bias", bias, x, channels);
  TORCH_CHECK(mean.has_value() == variance.has_value(), "running mean and variance must be given together, got ",
              mean.has_value() ? "a mean" : "a variance", " alone");
  if (!mean.has_value()) return;
  check_vector("running mean", *mean, x, channels);
  check_vector("running variance", *variance, x, channels);
}

}  // namespace smash
