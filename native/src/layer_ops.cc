// The layers of a block: ReLUs and convolutions, image by image, so that an image's banks, and what lies between two
// convolutions, stay in the cache of one core. One convolution after the other, they would pass through memory at each.

#include <torch/csrc/autograd/custom_function.h>

#include "bank_kernel.h"
#include "conv_tensors.h"
#include "kernel_mark.h"
#include "share_work.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// ReLU and a convolution, from banks or a tensor between to banks or another.
struct Step {
  Tensor weight;
  Ints dilation;
  int64_t groups;
  Ints reads, writes;  // banks; empty: a tensor between
  int64_t from, to;    // numbers of tensors between
  int64_t occupied;    // banks before this step
  int64_t inputs = 0, maker = -1;  // channels read; the step that wrote `from`
  bool is_last_reader = false;     // of `from`

  int64_t outputs() const { return weight.size(0); }
};

class Layers {
 public:
  // `specs`: of every step {banks read, count first; banks written, likewise; tensor read, tensor written; dilation 2; groups}.
  Layers(const Tensor& buffer, at::TensorList weights, const Ints& specs, int64_t width, int64_t occupied, bool bfloat16)
      : images_(buffer.size(0)), pixels_(buffer.size(2) * buffer.size(3)), stride_(buffer.size(1)), width_(width), bfloat16_(bfloat16) {
    Ints makers;  // of every tensor between
    size_t at = 0;
    const auto take = [&] { return specs.at(at++); };
    const auto take_banks = [&] {
      Ints banks(take());
      for (int64_t& bank : banks) bank = take();
      return banks;
    };
    for (const Tensor& weight : weights) {
      Step step{weight, {}, 1, take_banks(), take_banks(), take(), take(), occupied};
      step.dilation = {take(), take()};
      step.groups = take();
      TORCH_CHECK(step.from >= 0 && step.to >= 0, "tensors between are counted from 0, got ", step.from, " and ", step.to);
      if (static_cast<int64_t>(makers.size()) <= std::max(step.from, step.to)) makers.resize(std::max(step.from, step.to) + 1, -1);
      if (step.reads.empty()) {
        step.maker = makers[step.from];
        step.inputs = step.maker < 0 ? 0 : steps_[step.maker].outputs();
      } else {
        step.inputs = static_cast<int64_t>(step.reads.size()) * width;
      }
      check_conv(buffer, step.inputs, weight, step.dilation, step.groups);
      TORCH_CHECK(has_conv_kernel(buffer, weight), "no kernel for a weight ", weight.sizes(), " of ", weight.scalar_type());
      if (!step.reads.empty()) check_banks(buffer, step.reads, width);
      if (step.writes.empty()) {
        makers[step.to] = static_cast<int64_t>(steps_.size());
        floats_ = std::max(floats_, step.outputs() * pixels_);
      } else {
        check_banks(buffer, step.writes, width);
        check_value(buffer, {images_, step.outputs(), buffer.size(2), buffer.size(3)}, step.writes, width, occupied);
        occupied = std::max(occupied, step.writes.back() + 1);
      }
      steps_.push_back(step);
    }
    TORCH_CHECK(at == specs.size(), "specs of ", weights.size(), " steps end at ", at, ", got ", specs.size());
    between_ = makers.size();
    std::vector<bool> is_read(steps_.size(), false);
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (step->maker >= 0) step->is_last_reader = !is_read[step->maker];
      if (step->maker >= 0) is_read[step->maker] = true;
    }
    for (size_t step = 0; step < steps_.size(); ++step) {
      TORCH_CHECK(is_read[step] || !steps_[step].writes.empty(), "no step reads what step ", step, " has written");
    }
  }

  size_t count() const { return steps_.size(); }

  // What every step reads from banks, or writes between two, to keep for the gradients; of the others an undefined tensor.
  Tensors new_kept(const Tensor& buffer) const {
    Tensors kept;
    for (const Step& step : steps_) {
      kept.push_back(!step.reads.empty() ? new_banks(buffer, step.inputs) : Tensor());
      kept.push_back(step.writes.empty() ? new_banks(buffer, step.outputs()) : Tensor());
    }
    return kept;
  }

  // Without `kept` nothing but the banks is left.
  void run(const Tensor& buffer, const Tensors& kept) const {
    const KernelMark mark("layers");
    std::vector<PackedConv> convolutions;
    for (const Step& step : steps_) convolutions.emplace_back(shape_of(step, buffer), conv_weight(step.weight));
    share_work(images_, images_, [&](int64_t begin, int64_t end, int64_t) {
      std::vector<std::vector<float>>& between = scratch();
      for (int64_t image = begin; image < end; ++image) {
        for (size_t step = 0; step < steps_.size(); ++step) {
          run_step(step, convolutions[step], image, buffer.data_ptr<float>(), kept, between);
        }
      }
    });
  }

  // Adds to the gradient of the banks, and returns those of the weights. A layer's images come one after the other, and the
  // layers too: sums of all weights at once would be more than a cache holds.
  Tensors run_backward(const Tensor& gradient, const Tensors& kept, const std::vector<bool>& wanted) const {
    const KernelMark mark("layersBackward");
    Tensors of_weights(steps_.size());
    for (size_t end = steps_.size(); end > 0;) {
      size_t begin = end - 1;
      while (begin > 0 && steps_[begin].reads.empty()) --begin;
      run_backward(begin, end, gradient, kept, wanted, of_weights);
      end = begin;
    }
    return of_weights;
  }

 private:
  ConvShape shape_of(const Step& step, const Tensor& like) const {
    return conv_shape(like, step.weight, step.dilation, step.groups, bfloat16_);
  }

  // Of one image, by number.
  std::vector<std::vector<float>>& scratch() const {
    thread_local std::vector<std::vector<float>> between;
    between.resize(std::max(between.size(), between_));
    // A kernel may read a vector beyond them.
    for (auto& tensor : between) tensor.resize(std::max<size_t>(tensor.size(), floats_));
    return between;
  }

  void run_step(size_t index, const PackedConv& convolution, int64_t image, float* data, const Tensors& kept,
                std::vector<std::vector<float>>& between) const {
    const Step& step = steps_[index];
    if (step.reads.empty()) {
      const PixelSource x = kept.empty() ? PixelSource{between[step.from].data(), Relu::apply, nullptr, image}
                                         : PixelSource{kept[2 * step.maker + 1].data_ptr<float>(), Relu::apply};
      return write(index, convolution, image, x, data, kept, between);
    }
    with_chunks(read_runs(step.reads, width_), [&](auto chunk, const Runs& chunks) {
      const auto gather = [&](int64_t first, int64_t count, float* out) {
        gather_pixels<float, decltype(chunk)::value>(data + first * stride_, stride_, out, step.inputs, count, chunks, true);
      };
      float* read = kept.empty() ? nullptr : kept[2 * index].data_ptr<float>();
      write(index, convolution, image, {read, Relu::none, gather}, data, kept, between);
    });
  }

  void write(size_t index, const PackedConv& convolution, int64_t image, const PixelSource& x, float* data, const Tensors& kept,
             std::vector<std::vector<float>>& between) const {
    const Step& step = steps_[index];
    if (step.writes.empty()) {
      return convolution.run_image(image, x, kept.empty() ? PixelSink{between[step.to].data(), nullptr, image}
                                                          : PixelSink{kept[2 * index + 1].data_ptr<float>()});
    }
    with_chunks(write_runs(step.writes, width_, step.outputs(), step.occupied), [&](auto chunk, const Runs& chunks) {
      const auto scatter = [&](int64_t first, int64_t count, const float* values) {
        scatter_pixels<float, decltype(chunk)::value, false>(data + first * stride_, stride_, values, nullptr, step.outputs(),
                                                             count, chunks);
      };
      convolution.run_image(image, x, {nullptr, scatter});
    });
  }

  // Steps `begin` to before `end`: one layer.
  void run_backward(size_t begin, size_t end, const Tensor& gradient, const Tensors& kept, const std::vector<bool>& wanted,
                    Tensors& of_weights) const {
    const int64_t parts = gradient_parts(images_);
    std::vector<ConvGradients> convolutions;
    for (size_t step = begin; step < end; ++step) {
      convolutions.emplace_back(shape_of(steps_[step], gradient), conv_weight(steps_[step].weight), parts, wanted[step],
                                static_cast<int64_t>(step - begin));
    }
    share_work(images_, parts, [&](int64_t first, int64_t last, int64_t part) {
      std::vector<std::vector<float>>& between = scratch();
      for (ConvGradients& convolution : convolutions) convolution.start(part);
      for (int64_t image = first; image < last; ++image) {
        for (size_t step = end; step-- > begin;) {
          run_step_backward(step, convolutions[step - begin], part, image, gradient.data_ptr<float>(), kept, between);
        }
      }
      for (ConvGradients& convolution : convolutions) convolution.end(part);
    });
    for (size_t step = begin; step < end; ++step) {
      if (!wanted[step]) continue;
      of_weights[step] = at::empty_like(steps_[step].weight);
      convolutions[step - begin].finish(conv_weight(of_weights[step]));
    }
  }

  void run_step_backward(size_t index, ConvGradients& convolution, int64_t part, int64_t image, float* data, const Tensors& kept,
                         std::vector<std::vector<float>>& between) const {
    const Step& step = steps_[index];
    if (step.writes.empty()) {
      return pass_back(index, convolution, part, image, {between[step.to].data(), Relu::none, nullptr, image}, data, kept, between);
    }
    with_chunks(slice_gradient_runs(step.writes, width_, step.outputs()), [&](auto chunk, const Runs& chunks) {
      const auto gather = [&](int64_t first, int64_t count, float* out) {
        gather_pixels<float, decltype(chunk)::value>(data + first * stride_, stride_, out, step.outputs(), count, chunks, false);
      };
      pass_back(index, convolution, part, image, {nullptr, Relu::none, gather}, data, kept, between);
    });
  }

  void pass_back(size_t index, ConvGradients& convolution, int64_t part, int64_t image, const PixelSource& dy, float* data,
                 const Tensors& kept, std::vector<std::vector<float>>& between) const {
    const Step& step = steps_[index];
    if (!step.reads.empty()) {
      Runs runs = read_runs(step.reads, width_);
      for (Run& run : runs) run.add = true;
      return with_chunks(runs, [&](auto chunk, const Runs& chunks) {
        const auto scatter = [&](int64_t first, int64_t count, const float* values) {
          scatter_pixels<float, decltype(chunk)::value, false>(data + first * stride_, stride_, values, nullptr, step.inputs, count,
                                                               chunks);
        };
        convolution.run_image(part, image, {kept[2 * index].data_ptr<float>(), Relu::applied}, dy, {nullptr, scatter});
      });
    }
    const PixelSource x{kept[2 * step.maker + 1].data_ptr<float>(), Relu::apply};
    float* target = between[step.from].data();
    if (step.is_last_reader) return convolution.run_image(part, image, x, dy, {target, nullptr, image});
    convolution.run_image(part, image, x, dy, {nullptr, [&](int64_t first, int64_t count, const float* values) {
      float* to = target + (first - image * pixels_) * step.inputs;
      for (int64_t i = 0; i < count * step.inputs; ++i) to[i] += values[i];
    }});
  }

  int64_t images_, pixels_, stride_, width_;
  bool bfloat16_;
  int64_t floats_ = 0;  // of an image's largest tensor between
  size_t between_ = 0;
  std::vector<Step> steps_;
};

struct RunLayers : Function<RunLayers> {
  static Tensor forward(AutogradContext* context, Tensor buffer, at::TensorList weights, Ints specs, int64_t width, int64_t occupied,
                        bool bfloat16) {
    const Layers layers(buffer, weights, specs, width, occupied, bfloat16);
    const Tensors kept = layers.new_kept(buffer);
    layers.run(buffer, kept);
    context->mark_dirty({buffer});
    variable_list saved(weights.begin(), weights.end());
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(saved);
    context->saved_data["specs"] = specs;
    context->saved_data["width"] = width;
    context->saved_data["occupied"] = occupied;
    context->saved_data["bfloat16"] = bfloat16;
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor buffer = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const variable_list saved = context->get_saved_variables();
    const size_t count = saved.size() / 3;
    const Tensors weights(saved.begin(), saved.begin() + count), kept(saved.begin() + count, saved.end());
    const Layers layers(buffer, weights, context->saved_data["specs"].toIntVector(), context->saved_data["width"].toInt(),
                        context->saved_data["occupied"].toInt(), context->saved_data["bfloat16"].toBool());
    std::vector<bool> wanted;
    for (size_t step = 0; step < count; ++step) wanted.push_back(context->needs_input_grad(1 + step));
    variable_list result{buffer};
    for (Tensor& gradient : layers.run_backward(buffer, kept, wanted)) result.push_back(gradient);
    result.resize(1 + count + 4);
    return result;
  }
};

}  // namespace

void add_layer_ops(OpTable& table) {
  add_op(table, "runLayers", "buffer weights specs width occupied bfloat16",
         +[](Tensor buffer, Tensors weights, Ints specs, int64_t width, int64_t occupied, bool bfloat16) -> Tensor {
    TORCH_CHECK(buffer.is_contiguous(at::MemoryFormat::ChannelsLast), "a bank buffer is channels-last");
    if (c10::GradMode::is_enabled()) return RunLayers::apply(buffer, at::TensorList(weights), specs, width, occupied, bfloat16);
    Layers(buffer, weights, specs, width, occupied, bfloat16).run(buffer, {});
    return buffer;
  });
}

}  // namespace smash
