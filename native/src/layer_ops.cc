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
  Ints reads, writes;  // banks; empty: a tensor between
  int64_t from, to;    // numbers of tensors between
  Ints dilation;
  int64_t groups;
  int64_t occupied;  // banks before this step
  // Found out from the steps before and after it.
  int64_t inputs = 0, maker = -1;  // channels read; the step that has written `from`
  bool is_last_reader = false;     // of `from`

  int64_t outputs() const { return weight.size(0); }
};

// What gradients need of every step, of all images: what it reads from banks, or writes between two steps. The other of
// the two is undefined.
struct Kept {
  Tensors read, made;
};

// Tensors between the steps of one image, by number; one set for every thread.
using Between = std::vector<std::vector<float>>;

// What the steps of one image work on.
struct Image {
  int64_t index;
  float* banks;      // of all images; backward, their gradient
  const Kept* kept;  // may be null: nothing but the banks is left
  Between& between;  // backward, gradients
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
      Step step{weight, take_banks(), take_banks(), take(), take(), {take(), take()}, take(), occupied};
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
    find_last_readers();
  }

  Kept new_kept(const Tensor& buffer) const {
    Kept kept;
    for (const Step& step : steps_) {
      kept.read.push_back(step.reads.empty() ? Tensor() : new_banks(buffer, step.inputs));
      kept.made.push_back(step.writes.empty() ? new_banks(buffer, step.outputs()) : Tensor());
    }
    return kept;
  }

  void run(const Tensor& buffer, const Kept* kept) const {
    const KernelMark mark("layers");
    std::vector<PackedConv> convolutions;
    for (const Step& step : steps_) convolutions.emplace_back(shape_of(step, buffer), conv_weight(step.weight));
    share_work(images_, images_, [&](int64_t begin, int64_t end, int64_t) {
      for (Image image{begin, buffer.data_ptr<float>(), kept, between()}; image.index < end; ++image.index) {
        for (size_t step = 0; step < steps_.size(); ++step) run_step(step, convolutions[step], image);
      }
    });
  }

  // Adds to the gradient of the banks, and returns those of the weights that are wanted. All images pass one layer after
  // the other: sums of all weights at once would be more than a cache holds.
  Tensors run_backward(const Tensor& gradient, const Kept& kept, const std::vector<bool>& wanted) const {
    const KernelMark mark("layersBackward");
    Tensors of_weights(steps_.size());
    for (size_t end = steps_.size(); end > 0;) {
      size_t begin = end - 1;
      while (begin > 0 && steps_[begin].reads.empty()) --begin;
      run_layer_backward(begin, end, gradient, kept, wanted, of_weights);
      end = begin;
    }
    return of_weights;
  }

 private:
  // Of every tensor between the first to add to its gradient, which is the last to read it.
  void find_last_readers() {
    std::vector<bool> is_read(steps_.size(), false);
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      if (step->maker < 0) continue;
      step->is_last_reader = !is_read[step->maker];
      is_read[step->maker] = true;
    }
    for (size_t step = 0; step < steps_.size(); ++step) {
      TORCH_CHECK(is_read[step] || !steps_[step].writes.empty(), "no step reads what step ", step, " has written");
    }
  }

  ConvShape shape_of(const Step& step, const Tensor& like) const {
    return conv_shape(like, step.weight, step.dilation, step.groups, bfloat16_);
  }

  Between& between() const {
    thread_local Between tensors;
    tensors.resize(std::max(tensors.size(), between_));
    for (auto& tensor : tensors) tensor.resize(std::max<size_t>(tensor.size(), floats_));
    return tensors;
  }

  void run_step(size_t index, const PackedConv& convolution, const Image& image) const {
    const Step& step = steps_[index];
    if (step.reads.empty()) {
      return write(index, convolution, image,
                   image.kept == nullptr ? PixelSource{image.between[step.from].data(), Relu::apply, nullptr, image.index}
                                         : PixelSource{image.kept->made[step.maker].data_ptr<float>(), Relu::apply});
    }
    with_gather(read_runs(step.reads, width_), image.banks, stride_, step.inputs, true, [&](const auto& gather) {
      write(index, convolution, image, {image.kept == nullptr ? nullptr : image.kept->read[index].data_ptr<float>(), Relu::none, gather});
    });
  }

  void write(size_t index, const PackedConv& convolution, const Image& image, const PixelSource& x) const {
    const Step& step = steps_[index];
    if (step.writes.empty()) {
      return convolution.run_image(image.index, x,
                                   image.kept == nullptr ? PixelSink{image.between[step.to].data(), nullptr, image.index}
                                                         : PixelSink{image.kept->made[index].data_ptr<float>()});
    }
    const Runs runs = write_runs(step.writes, width_, step.outputs(), step.occupied);
    with_scatter(runs, image.banks, stride_, step.outputs(), [&](const auto& scatter) {
      convolution.run_image(image.index, x, {nullptr, scatter});
    });
  }

  // Steps `begin` to before `end`.
  void run_layer_backward(size_t begin, size_t end, const Tensor& gradient, const Kept& kept, const std::vector<bool>& wanted,
                          Tensors& of_weights) const {
    const int64_t parts = gradient_parts(images_);
    std::vector<ConvGradients> convolutions;
    for (size_t step = begin; step < end; ++step) {
      convolutions.emplace_back(shape_of(steps_[step], gradient), conv_weight(steps_[step].weight), parts, wanted[step],
                                static_cast<int64_t>(step - begin));
    }
    share_work(images_, parts, [&](int64_t first, int64_t last, int64_t part) {
      for (ConvGradients& convolution : convolutions) convolution.start(part);
      for (Image image{first, gradient.data_ptr<float>(), &kept, between()}; image.index < last; ++image.index) {
        for (size_t step = end; step-- > begin;) run_step_backward(step, convolutions[step - begin], part, image);
      }
      for (ConvGradients& convolution : convolutions) convolution.end(part);
    });
    for (size_t step = begin; step < end; ++step) {
      if (!wanted[step]) continue;
      of_weights[step] = at::empty_like(steps_[step].weight);
      convolutions[step - begin].finish(conv_weight(of_weights[step]));
    }
  }

  void run_step_backward(size_t index, ConvGradients& convolution, int64_t part, const Image& image) const {
    const Step& step = steps_[index];
    if (step.writes.empty()) {
      return pass_back(index, convolution, part, image, {image.between[step.to].data(), Relu::none, nullptr, image.index});
    }
    const Runs runs = slice_gradient_runs(step.writes, width_, step.outputs());
    with_gather(runs, image.banks, stride_, step.outputs(), false, [&](const auto& gather) {
      pass_back(index, convolution, part, image, {nullptr, Relu::none, gather});
    });
  }

  void pass_back(size_t index, ConvGradients& convolution, int64_t part, const Image& image, const PixelSource& dy) const {
    const Step& step = steps_[index];
    if (!step.reads.empty()) {
      Runs runs = read_runs(step.reads, width_);
      for (Run& run : runs) run.add = true;
      return with_scatter(runs, image.banks, stride_, step.inputs, [&](const auto& scatter) {
        convolution.run_image(part, image.index, {image.kept->read[index].data_ptr<float>(), Relu::applied}, dy, {nullptr, scatter});
      });
    }
    const PixelSource x{image.kept->made[step.maker].data_ptr<float>(), Relu::apply};
    float* target = image.between[step.from].data();
    if (step.is_last_reader) return convolution.run_image(part, image.index, x, dy, {target, nullptr, image.index});
    const auto add = [&](int64_t first, int64_t count, const float* values) {
      float* to = target + (first - image.index * pixels_) * step.inputs;
      for (int64_t i = 0; i < count * step.inputs; ++i) to[i] += values[i];
    };
    convolution.run_image(part, image.index, x, dy, {nullptr, add});
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
    const Kept kept = layers.new_kept(buffer);
    layers.run(buffer, &kept);
    context->mark_dirty({buffer});
    variable_list saved(weights.begin(), weights.end());
    saved.insert(saved.end(), kept.read.begin(), kept.read.end());
    saved.insert(saved.end(), kept.made.begin(), kept.made.end());
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
    const auto count = static_cast<int64_t>(saved.size()) / 3;
    const auto saved_at = [&](int64_t list) { return Tensors(saved.begin() + list * count, saved.begin() + (list + 1) * count); };
    const Tensors weights = saved_at(0);
    const Kept kept{saved_at(1), saved_at(2)};
    const Layers layers(buffer, weights, context->saved_data["specs"].toIntVector(), context->saved_data["width"].toInt(),
                        context->saved_data["occupied"].toInt(), context->saved_data["bfloat16"].toBool());
    std::vector<bool> wanted;
    for (int64_t step = 0; step < count; ++step) wanted.push_back(context->needs_input_grad(1 + step));
    variable_list result = layers.run_backward(buffer, kept, wanted);
    result.insert(result.begin(), buffer);
    // Specs, width, occupied and bfloat16 have no gradient.
    result.resize(result.size() + 4);
    return result;
  }
};

}  // namespace

void add_layer_ops(OpTable& table) {
  add_op(table, "runLayers", "buffer weights specs width occupied bfloat16",
         +[](Tensor buffer, Tensors weights, Ints specs, int64_t width, int64_t occupied, bool bfloat16) -> Tensor {
    TORCH_CHECK(buffer.is_contiguous(at::MemoryFormat::ChannelsLast), "a bank buffer is channels-last");
    if (c10::GradMode::is_enabled()) return RunLayers::apply(buffer, at::TensorList(weights), specs, width, occupied, bfloat16);
    Layers(buffer, weights, specs, width, occupied, bfloat16).run(buffer, nullptr);
    return buffer;
  });
}

}  // namespace smash
