// The layers of a block: ReLUs and convolutions, image by image, so that an image's banks, and what lies between two
// convolutions, stay in the cache of one core. One convolution after the other, they would pass through memory at each.

#include <torch/csrc/autograd/custom_function.h>

#include "kernel_mark.h"
#include "layer_plan.h"
#include "norm_kernel.h"
#include "norm_layers.h"
#include "share_work.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

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
  // `affines`: of the BatchNorm of every step, or none.
  explicit Layers(LayerPlan plan, std::vector<Affine> affines = {}) : plan_(std::move(plan)), affines_(std::move(affines)) {
    for (const Step& step : plan_.steps) {
      if (step.writes.empty()) floats_ = std::max(floats_, step.outputs() * plan_.pixels);
    }
  }

  Kept new_kept(const Tensor& buffer) const {
    Kept kept;
    for (const Step& step : plan_.steps) {
      kept.read.push_back(step.reads.empty() ? Tensor() : new_banks(buffer, step.inputs));
      kept.made.push_back(step.writes.empty() ? new_banks(buffer, step.outputs()) : Tensor());
    }
    return kept;
  }

  // `kept` is not for layers with BatchNorms.
  void run(const Tensor& buffer, const Kept* kept) const {
    const KernelMark mark("layers");
    std::vector<PackedConv> convolutions;
    for (const Step& step : plan_.steps) convolutions.emplace_back(plan_.shape_of(step, buffer), conv_weight(step.weight));
    share_work(plan_.images, plan_.images, [&](int64_t begin, int64_t end, int64_t) {
      for (Image image{begin, buffer.data_ptr<float>(), kept, between()}; image.index < end; ++image.index) {
        for (size_t step = 0; step < convolutions.size(); ++step) run_step(step, convolutions[step], image);
      }
    });
  }

  // Adds to the gradient of the banks, and returns those of the weights that are wanted. All images pass one layer after
  // the other: sums of all weights at once would be more than a cache holds.
  Tensors run_backward(const Tensor& gradient, const Kept& kept, const std::vector<bool>& wanted) const {
    const KernelMark mark("layersBackward");
    Tensors of_weights(plan_.steps.size());
    for (size_t end = plan_.steps.size(); end > 0;) {
      size_t begin = end - 1;
      while (begin > 0 && plan_.steps[begin].reads.empty()) --begin;
      run_layer_backward(begin, end, gradient, kept, wanted, of_weights);
      end = begin;
    }
    return of_weights;
  }

 private:
  Between& between() const {
    thread_local Between tensors;
    tensors.resize(std::max(tensors.size(), plan_.between));
    for (auto& tensor : tensors) tensor.resize(std::max<size_t>(tensor.size(), floats_));
    return tensors;
  }

  void run_step(size_t index, const PackedConv& convolution, const Image& image) const {
    const Step& step = plan_.steps[index];
    const Affine* affine = affines_.empty() ? nullptr : &affines_[index];
    if (!step.reads.empty()) {
      return plan_.with_read(step, image.banks, affine == nullptr, [&](const auto& gather) {
        if (affine != nullptr) {
          const auto activate = [&](int64_t first, int64_t count, float* out) {
            gather(first, count, out);
            affine->activate(count, out, out);
          };
          return write(index, convolution, image, {nullptr, Relu::none, activate});
        }
        float* dense = image.kept == nullptr ? nullptr : image.kept->read[index].data_ptr<float>();
        write(index, convolution, image, {dense, Relu::none, gather});
      });
    }
    float* between = image.between[step.from].data();
    if (affine != nullptr) {
      return write(index, convolution, image, {nullptr, Relu::none, [&](int64_t first, int64_t count, float* out) {
        affine->activate(count, between + (first - image.index * plan_.pixels) * step.inputs, out);
      }});
    }
    write(index, convolution, image,
          image.kept == nullptr ? PixelSource{between, Relu::apply, nullptr, image.index}
                                : PixelSource{image.kept->made[step.maker].data_ptr<float>(), Relu::apply});
  }

  void write(size_t index, const PackedConv& convolution, const Image& image, const PixelSource& x) const {
    const Step& step = plan_.steps[index];
    if (step.writes.empty()) {
      return convolution.run_image(image.index, x,
                                   image.kept == nullptr ? PixelSink{image.between[step.to].data(), nullptr, image.index}
                                                         : PixelSink{image.kept->made[index].data_ptr<float>()});
    }
    plan_.with_write(step, image.banks, [&](const auto& scatter) { convolution.run_image(image.index, x, {nullptr, scatter}); });
  }

  // Steps `begin` to before `end`.
  void run_layer_backward(size_t begin, size_t end, const Tensor& gradient, const Kept& kept, const std::vector<bool>& wanted,
                          Tensors& of_weights) const {
    const int64_t parts = gradient_parts(plan_.images);
    std::vector<ConvGradients> convolutions;
    for (size_t step = begin; step < end; ++step) {
      convolutions.emplace_back(plan_.shape_of(plan_.steps[step], gradient), conv_weight(plan_.steps[step].weight), parts, wanted[step],
                                static_cast<int64_t>(step - begin));
    }
    share_work(plan_.images, parts, [&](int64_t first, int64_t last, int64_t part) {
      for (ConvGradients& convolution : convolutions) convolution.start(part);
      for (Image image{first, gradient.data_ptr<float>(), &kept, between()}; image.index < last; ++image.index) {
        for (size_t step = end; step-- > begin;) run_step_backward(step, convolutions[step - begin], part, image);
      }
      for (ConvGradients& convolution : convolutions) convolution.end(part);
    });
    for (size_t step = begin; step < end; ++step) {
      if (!wanted[step]) continue;
      of_weights[step] = at::empty_like(plan_.steps[step].weight);
      convolutions[step - begin].finish(conv_weight(of_weights[step]));
    }
  }

  void run_step_backward(size_t index, ConvGradients& convolution, int64_t part, const Image& image) const {
    const Step& step = plan_.steps[index];
    if (step.writes.empty()) {
      return pass_back(index, convolution, part, image, {image.between[step.to].data(), Relu::none, nullptr, image.index});
    }
    plan_.with_write_backward(step, image.banks, [&](const auto& gather) {
      pass_back(index, convolution, part, image, {nullptr, Relu::none, gather});
    });
  }

  void pass_back(size_t index, ConvGradients& convolution, int64_t part, const Image& image, const PixelSource& dy) const {
    const Step& step = plan_.steps[index];
    if (!step.reads.empty()) {
      return plan_.with_read_backward(step, image.banks, [&](const auto& scatter) {
        convolution.run_image(part, image.index, {image.kept->read[index].data_ptr<float>(), Relu::applied}, dy, {nullptr, scatter});
      });
    }
    const PixelSource x{image.kept->made[step.maker].data_ptr<float>(), Relu::apply};
    float* target = image.between[step.from].data();
    if (step.is_last_reader) return convolution.run_image(part, image.index, x, dy, {target, nullptr, image.index});
    const auto add = [&](int64_t first, int64_t count, const float* values) {
      float* to = target + (first - image.index * plan_.pixels) * step.inputs;
      for (int64_t i = 0; i < count * step.inputs; ++i) to[i] += values[i];
    };
    convolution.run_image(part, image.index, x, dy, {nullptr, add});
  }

  LayerPlan plan_;
  std::vector<Affine> affines_;
  int64_t floats_ = 0;  // of an image's largest tensor between
};

struct RunLayers : Function<RunLayers> {
  static Tensor forward(AutogradContext* context, Tensor buffer, at::TensorList weights, LayerSpecs specs) {
    const Layers layers({buffer, weights, specs});
    const Kept kept = layers.new_kept(buffer);
    layers.run(buffer, &kept);
    context->mark_dirty({buffer});
    save_lists(context, {weights, kept.read, kept.made});
    specs.save(context);
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor buffer = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const std::vector<Tensors> saved = saved_lists(context, 3);
    const Layers layers({buffer, saved[0], LayerSpecs::saved(context)});
    variable_list result = layers.run_backward(buffer, {saved[1], saved[2]}, wanted_weights(context, saved[0].size()));
    result.insert(result.begin(), buffer);
    result.emplace_back();  // specs
    return result;
  }
};

}  // namespace

void add_layer_ops(OpTable& table) {
  add_op(table, "runLayers", "buffer weights steps width occupied bfloat16",
         +[](Tensor buffer, Tensors weights, Ints steps, int64_t width, int64_t occupied, bool bfloat16) -> Tensor {
    const LayerSpecs specs{steps, width, occupied, bfloat16};
    if (c10::GradMode::is_enabled()) return RunLayers::apply(buffer, at::TensorList(weights), specs);
    Layers({buffer, weights, specs}).run(buffer, nullptr);
    return buffer;
  });
  // With a BatchNorm before every step's ReLU.
  add_op(table, "runNormLayers",
         "buffer weights normWeights normBiases means variances trains momenta epsilons steps width occupied bfloat16",
         +[](Tensor buffer, Tensors weights, Tensors norm_weights, Tensors norm_biases, OptionalTensors means, OptionalTensors variances,
             Ints trains, std::vector<double> momenta, std::vector<double> epsilons, Ints steps, int64_t width, int64_t occupied,
             bool bfloat16) -> Tensor {
    const LayerSpecs specs{steps, width, occupied, bfloat16};
    const StepNorms norms{norm_weights, norm_biases, means, variances, trains, momenta, epsilons};
    LayerPlan plan(buffer, weights, specs);
    norms.check(plan, buffer);
    if (norms.needs_batch() || c10::GradMode::is_enabled()) return run_norm_layers(buffer, weights, specs, norms);
    Layers(std::move(plan), norms.running()).run(buffer, nullptr);
    return buffer;
  });
}

}  // namespace smash
