// BatchNorm, ReLU and an average pool as one graph node (SMASH appendix: transitions and head). Done one after the other
// they pass over a block's widest tensor ten times; here the normalised values are never stored.

#include <torch/csrc/autograd/custom_function.h>

#include "kernel_mark.h"
#include "norm_kernel.h"
#include "share_work.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// x [batch, height, width, channels]; pooled over windows of `window` x `window` pixels.
struct Layout {
  int64_t batch, height, width, channels, window_height, window_width;
  int64_t out_height() const { return height / window_height; }
  int64_t out_width() const { return width / window_width; }
  int64_t pixels() const { return batch * height * width; }
};

Layout layout_of(const Tensor& x, int64_t window) {
  const int64_t height = x.size(2), width = x.size(3);
  return {x.size(0), height, width, x.size(1), window == 0 ? height : window, window == 0 ? width : window};
}

// Parts of a loop over rows for every thread.
constexpr int64_t kParts = 8;

template <class Body>
void share_rows(int64_t count, Body body) {
  share_work(count, std::min(count, kParts * at::get_num_threads()), body);
}

// Sums of `body(row, sums)` over the rows [0, count), every part its own, added in the order of the parts.
template <class Body>
void reduce_rows(int64_t count, int64_t sums, double* total, Body body) {
  std::vector<std::vector<double>> partial(kParts * at::get_num_threads(), std::vector<double>(sums, 0.));
  share_rows(count, [&](int64_t begin, int64_t end, int64_t part) {
    std::vector<float> row(sums);
    for (int64_t at = begin; at < end; ++at) {
      std::fill(row.begin(), row.end(), 0.f);
      body(at, row.data());
      for (int64_t i = 0; i < sums; ++i) partial[part][i] += row[i];
    }
  });
  std::fill(total, total + sums, 0.);
  for (const std::vector<double>& part : partial) {
    for (int64_t i = 0; i < sums; ++i) total[i] += part[i];
  }
}

// The compiler vectorises loops over channels only where it is told that nothing overlaps.
inline void add_activated(int64_t channels, const float* __restrict x, const float* __restrict scale,
                          const float* __restrict shift, float* __restrict sums) {
  for (int64_t c = 0; c < channels; ++c) {
    const float value = x[c] * scale[c] + shift[c];
    // NaN must survive, so that divergence is seen.
    sums[c] += value < 0.f ? 0.f : value;
  }
}

// What the gradient of one pixel is made of, a value a channel: x, the upstream gradient, scale, shift and mean.
struct Pixel {
  const float *x, *upstream, *scale, *shift, *mean;
};

inline void add_products(int64_t channels, const Pixel& pixel, float* __restrict sums, float* __restrict products) {
  const float *__restrict x = pixel.x, *__restrict upstream = pixel.upstream, *__restrict a = pixel.scale,
              *__restrict b = pixel.shift, *__restrict mean = pixel.mean;
  for (int64_t c = 0; c < channels; ++c) {
    const float gradient = upstream[c];
    const float open = x[c] * a[c] + b[c] > 0.f ? gradient : 0.f;
    sums[c] += open;
    products[c] += open * (x[c] - mean[c]);
  }
}

inline void write_gradient(int64_t channels, const Pixel& pixel, float share, const float* __restrict centre,
                           const float* __restrict slope, float* __restrict out) {
  const float *__restrict x = pixel.x, *__restrict upstream = pixel.upstream, *__restrict a = pixel.scale,
              *__restrict b = pixel.shift, *__restrict mean = pixel.mean;
  for (int64_t c = 0; c < channels; ++c) {
    const float gradient = upstream[c] * share;
    const float open = x[c] * a[c] + b[c] > 0.f ? gradient : 0.f;
    out[c] = a[c] * (open - centre[c] - slope[c] * (x[c] - mean[c]));
  }
}

struct NormReluPool : Function<NormReluPool> {
  // `scale`, `shift`: what normalisation comes to, a value a channel; see `apply` below.
  static Tensor forward(AutogradContext* context, Tensor x, Tensor weight, Tensor bias, Tensor mean, Tensor deviation,
                        int64_t window, bool batch_statistics) {
    const Layout l = layout_of(x, window);
    const Tensor scale = weight / deviation, shift = bias - mean * scale;
    Tensor y = at::empty({l.batch, l.channels, l.out_height(), l.out_width()}, x.options(), at::MemoryFormat::ChannelsLast);
    const float *values = x.data_ptr<float>(), *a = scale.data_ptr<float>(), *b = shift.data_ptr<float>();
    float* result = y.data_ptr<float>();
    const float share = 1.f / static_cast<float>(l.window_height * l.window_width);
    const KernelMark mark("normReluPool");
    share_rows(l.batch * l.out_height(), [&](int64_t begin, int64_t end, int64_t) {
      for (int64_t row = begin; row < end; ++row) {
        float* out = result + row * l.out_width() * l.channels;
        std::fill(out, out + l.out_width() * l.channels, 0.f);
        for (int64_t line = 0; line < l.window_height; ++line) {
          const float* pixel = values + (row / l.out_height() * l.height + row % l.out_height() * l.window_height + line) *
                                            l.width * l.channels;
          for (int64_t column = 0; column < l.out_width() * l.window_width; ++column, pixel += l.channels) {
            add_activated(l.channels, pixel, a, b, out + column / l.window_width * l.channels);
          }
        }
        for (int64_t i = 0; i < l.out_width() * l.channels; ++i) out[i] *= share;
      }
    });
    context->save_for_backward({x, weight, mean, deviation, scale, shift});
    context->saved_data["window"] = window;
    context->saved_data["batchStatistics"] = batch_statistics;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const variable_list saved = context->get_saved_variables();
    const Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &deviation = saved[3];
    const Layout l = layout_of(x, context->saved_data["window"].toInt());
    const Tensor dy = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const float *values = x.data_ptr<float>(), *upstream = dy.data_ptr<float>();
    const float *a = saved[4].data_ptr<float>(), *b = saved[5].data_ptr<float>(), *m = mean.data_ptr<float>();
    const float share = 1.f / static_cast<float>(l.window_height * l.window_width);
    // The row of dy that a row of x was pooled into; null where the pool leaves a rest.
    const auto upstream_row = [&](int64_t row) -> const float* {
      const int64_t pooled = row % l.height / l.window_height;
      if (pooled >= l.out_height()) return nullptr;
      return upstream + (row / l.height * l.out_height() + pooled) * l.out_width() * l.channels;
    };
    const KernelMark mark("normReluPoolBackward");
    // Sums over pixels of g and of g * (x - mean), g the gradient after the ReLU.
    std::vector<double> sums(2 * l.channels);
    reduce_rows(l.batch * l.height, 2 * l.channels, sums.data(), [&](int64_t row, float* own) {
      const float* gradient = upstream_row(row);
      if (gradient == nullptr) return;
      const float* pixel = values + row * l.width * l.channels;
      float* products = own + l.channels;
      for (int64_t column = 0; column < l.out_width() * l.window_width; ++column, pixel += l.channels) {
        add_products(l.channels, {pixel, gradient + column / l.window_width * l.channels, a, b, m}, own, products);
      }
    });
    Tensor dw = at::empty_like(weight), db = at::empty_like(weight);
    Tensor centre = at::empty_like(weight), slope = at::empty_like(weight);
    const bool batch = context->saved_data["batchStatistics"].toBool();
    const double count = static_cast<double>(l.pixels());
    for (int64_t c = 0; c < l.channels; ++c) {
      const double d = deviation.data_ptr<float>()[c], g = sums[c] * share, product = sums[l.channels + c] * share;
      dw.data_ptr<float>()[c] = static_cast<float>(product / d);
      db.data_ptr<float>()[c] = static_cast<float>(g);
      // With the batch's own statistics, mean and variance depend on x as well.
      centre.data_ptr<float>()[c] = batch ? static_cast<float>(g / count) : 0.f;
      slope.data_ptr<float>()[c] = batch ? static_cast<float>(product / (count * d * d)) : 0.f;
    }
    Tensor dx;
    if (context->needs_input_grad(0)) {
      dx = at::empty_like(x, at::MemoryFormat::ChannelsLast);
      float* result = dx.data_ptr<float>();
      const float *centres = centre.data_ptr<float>(), *slopes = slope.data_ptr<float>();
      const std::vector<float> nothing(l.channels, 0.f);
      share_rows(l.batch * l.height, [&](int64_t begin, int64_t end, int64_t) {
        for (int64_t row = begin; row < end; ++row) {
          const float* gradient = upstream_row(row);
          const float* pixel = values + row * l.width * l.channels;
          float* out = result + row * l.width * l.channels;
          for (int64_t column = 0; column < l.width; ++column, pixel += l.channels, out += l.channels) {
            const bool pooled = gradient != nullptr && column < l.out_width() * l.window_width;
            const float* g = pooled ? gradient + column / l.window_width * l.channels : nothing.data();
            write_gradient(l.channels, {pixel, g, a, b, m}, share, centres, slopes, out);
          }
        }
      });
    }
    return {dx, dw, db, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

// Any device, type and layout.
Tensor composed(const Tensor& x, const Tensor& weight, const Tensor& bias, const OptionalTensor& mean,
                const OptionalTensor& variance, bool training, double momentum, double epsilon, int64_t window) {
  const Tensor y = at::relu(at::batch_norm(x, weight, bias, mean, variance, training || !mean.has_value(), momentum, epsilon,
                                           at::globalContext().userEnabledCuDNN()));
  return window == 0 ? at::mean(y, {2, 3}, true) : at::avg_pool2d(y, {window, window}, {window, window});
}

}  // namespace

void add_norm_ops(OpTable& table) {
  // `window` 0 pools over the whole image.
  add_op(table, "normReluPool2d", "x weight bias mean variance training momentum epsilon window",
         +[](Tensor input, Tensor weight, Tensor bias, OptionalTensor mean, OptionalTensor variance, bool training,
             double momentum, double epsilon, int64_t window) -> Tensor {
    TORCH_CHECK(input.dim() == 4, "x must have 4 dimensions, got ", input.sizes());
    const Layout l = layout_of(input, window);
    check_norm(weight, bias, mean, variance, input, l.channels);
    TORCH_CHECK(window >= 0 && window <= l.height && window <= l.width, "a pool of ", window, " does not fit ", input.sizes());
    // An empty batch has no first pixel to shift by and no statistics; libtorch leaves the running ones alone.
    if (!input.device().is_cpu() || input.scalar_type() != at::kFloat || input.numel() == 0) {
      return composed(input, weight, bias, mean, variance, training, momentum, epsilon, window);
    }
    const Tensor x = input.contiguous(at::MemoryFormat::ChannelsLast);
    Tensor used_mean, used_variance;
    const bool batch = training || !mean.has_value();
    if (batch) {
      Moments moments(l.batch, l.channels, l.height * l.width);
      {
        const KernelMark mark("moments");
        share_work(l.batch, l.batch, [&](int64_t begin, int64_t end, int64_t) {
          for (int64_t image = begin; image < end; ++image) moments.add(image, x.data_ptr<float>());
        });
      }
      const BatchStatistics statistics = moments.finish();
      used_mean = float_tensor(statistics.mean);
      used_variance = float_tensor(statistics.variance);
      if (training && mean.has_value()) statistics.update(*mean, *variance, momentum);
    } else {
      used_mean = mean->contiguous();
      used_variance = *variance;
    }
    return NormReluPool::apply(x, weight.contiguous(), bias.contiguous(), used_mean, at::sqrt(used_variance + epsilon), window, batch);
  });
}

}  // namespace smash
