#include "norm_layers.h"

#include <torch/csrc/autograd/custom_function.h>

#include "kernel_mark.h"
#include "share_work.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// Gradients of every step's parameters.
struct Gradients {
  Tensors weights, norm_weights, norm_biases;
};

class NormLayers {
 public:
  explicit NormLayers(LayerPlan plan) : plan_(std::move(plan)), count_(plan_.steps.size()) {}

  // `keeps`: all that gradients need is left in `kept`. Returns what the BatchNorm of every step came to.
  std::vector<Affine> run(const Tensor& buffer, const StepNorms& norms, Kept& kept, bool keeps) const {
    const KernelMark mark("normLayers");
    kept = {Tensors(count_), Tensors(count_)};
    std::vector<Affine> affines;
    // Of what every step reads from banks, or writes between; like `kept`.
    std::vector<std::unique_ptr<Moments>> of_read(count_), of_made(count_);
    const auto start_read = [&](size_t index) {
      if (index == count_ || !reads_banks(index)) return;
      kept.read[index] = new_banks(buffer, step(index).inputs);
      of_read[index] = std::make_unique<Moments>(plan_.images, step(index).inputs, plan_.pixels);
    };
    // Gathers what a step reads from banks, while the step before has an image in the cache.
    const auto read = [&](size_t index, int64_t image) {
      if (index == count_ || !reads_banks(index)) return;
      plan_.with_read(step(index), buffer.data_ptr<float>(), false, [&](const auto& gather) {
        gather(image * plan_.pixels, plan_.pixels, at_image(kept.read[index], image));
      });
      if (norms.uses_batch(index)) of_read[index]->add(image, kept.read[index].data_ptr<float>());
    };
    start_read(0);
    for_images([&](int64_t image) { read(0, image); });
    for (size_t index = 0; index < count_; ++index) {
      const Moments* moments = reads_banks(index) ? of_read[index].get() : of_made[step(index).maker].get();
      affines.push_back(norms.uses_batch(index) ? norms.of_batch(index, moments->finish()) : norms.running(index));
      const bool writes_banks = !step(index).writes.empty();
      if (!writes_banks) {
        kept.made[index] = new_banks(buffer, step(index).outputs());
        of_made[index] = std::make_unique<Moments>(plan_.images, step(index).outputs(), plan_.pixels);
      }
      start_read(index + 1);
      const PackedConv convolution(plan_.shape_of(step(index), buffer), conv_weight(step(index).weight));
      const Activated x(affines[index], input_of(index, kept));
      for_images([&](int64_t image) {
        if (writes_banks) {
          plan_.with_write(step(index), buffer.data_ptr<float>(), [&](const auto& scatter) {
            convolution.run_image(image, x.source(Relu::none), {nullptr, scatter});
          });
        } else {
          convolution.run_image(image, x.source(Relu::none), {kept.made[index].data_ptr<float>()});
          of_made[index]->add(image, kept.made[index].data_ptr<float>());
        }
        read(index + 1, image);
      });
      if (keeps) continue;
      kept.read[index] = Tensor();
      if (step(index).is_last_reader) kept.made[step(index).maker] = Tensor();
    }
    return affines;
  }

  // Adds to the gradient of the banks. `of_batch`: of every step whether its statistics were the batch's.
  Gradients run_backward(const Tensor& gradient, const Kept& kept, const std::vector<Affine>& affines, const Ints& of_batch,
                         const std::vector<bool>& wanted) const {
    const KernelMark mark("normLayersBackward");
    Gradients result{Tensors(count_), Tensors(count_), Tensors(count_)};
    // Of every step: the gradient where its ReLU was open, and what the BatchNorm makes of it.
    Tensors open(count_);
    std::vector<NormGradient> norms;
    for (size_t index = 0; index < count_; ++index) norms.emplace_back(plan_.images, plan_.pixels, affines[index]);
    // Adds the gradient of what a step has read to that of its banks.
    const auto add_to_banks = [&](size_t index, int64_t image) {
      if (index == count_ || !reads_banks(index)) return;
      thread_local std::vector<float> dx;
      dx.resize(std::max<size_t>(dx.size(), plan_.pixels * step(index).inputs));
      norms[index].write(plan_.pixels, at_image(open[index], image), at_image(kept.read[index], image), dx.data(), false);
      plan_.with_read_backward(step(index), gradient.data_ptr<float>(),
                               [&](const auto& scatter) { scatter(image * plan_.pixels, plan_.pixels, dx.data()); });
    };
    const int64_t parts = gradient_parts(plan_.images);
    for (size_t index = count_; index-- > 0;) {
      const Tensor& input = input_of(index, kept);
      open[index] = new_banks(gradient, step(index).inputs);
      ConvGradients convolution(plan_.shape_of(step(index), gradient), conv_weight(step(index).weight), parts, wanted[index], 0);
      const Activated x(affines[index], input);
      const auto run_image = [&](int64_t part, int64_t image, const PixelSource& dy) {
        convolution.run_image(part, image, x.source(Relu::applied), dy, {open[index].data_ptr<float>()});
        norms[index].add(image, open[index].data_ptr<float>(), input.data_ptr<float>());
      };
      // The gradient of a tensor between is made while it is read, of what all of its readers have left.
      const auto sum_readers = [&](int64_t first, int64_t pixels, float* dy) {
        bool adds = false;
        for (size_t reader = index + 1; reader < count_; ++reader) {
          if (step(reader).maker != static_cast<int64_t>(index)) continue;
          const int64_t at = first * step(index).outputs();
          norms[reader].write(pixels, open[reader].data_ptr<float>() + at, kept.made[index].data_ptr<float>() + at, dy, adds);
          adds = true;
        }
      };
      share_work(plan_.images, parts, [&](int64_t begin, int64_t end, int64_t part) {
        convolution.start(part);
        for (int64_t image = begin; image < end; ++image) {
          add_to_banks(index + 1, image);
          if (step(index).writes.empty()) {
            run_image(part, image, {nullptr, Relu::none, sum_readers});
          } else {
            plan_.with_write_backward(step(index), gradient.data_ptr<float>(),
                                      [&](const auto& gather) { run_image(part, image, {nullptr, Relu::none, gather}); });
          }
        }
        convolution.end(part);
      });
      norms[index].finish(of_batch[index] != 0);
      result.norm_weights[index] = norms[index].of_weight();
      result.norm_biases[index] = norms[index].of_bias();
      if (wanted[index]) {
        result.weights[index] = at::empty_like(step(index).weight);
        convolution.finish(conv_weight(result.weights[index]));
      }
      for (size_t reader = index + 1; reader < count_; ++reader) {
        if (reads_banks(reader) || step(reader).maker == static_cast<int64_t>(index)) open[reader] = Tensor();
      }
    }
    for_images([&](int64_t image) { add_to_banks(0, image); });
    return result;
  }

 private:
  // What a convolution reads: BatchNorm and ReLU of x.
  class Activated {
   public:
    Activated(const Affine& affine, const Tensor& x) : affine_(affine), x_(x.data_ptr<float>()) {}

    PixelSource source(Relu relu) const {
      return {nullptr, relu, [this](int64_t first, int64_t pixels, float* out) {
        affine_.activate(pixels, x_ + first * affine_.channels(), out);
      }};
    }

   private:
    const Affine& affine_;
    const float* x_;
  };

  const Step& step(size_t index) const { return plan_.steps[index]; }
  bool reads_banks(size_t index) const { return !step(index).reads.empty(); }

  // What a step's BatchNorm reads.
  const Tensor& input_of(size_t index, const Kept& kept) const {
    return reads_banks(index) ? kept.read[index] : kept.made[step(index).maker];
  }

  float* at_image(const Tensor& x, int64_t image) const { return x.data_ptr<float>() + image * plan_.pixels * x.size(1); }

  template <class Body>
  void for_images(Body body) const {
    share_work(plan_.images, plan_.images, [&](int64_t begin, int64_t end, int64_t) {
      for (int64_t image = begin; image < end; ++image) body(image);
    });
  }

  LayerPlan plan_;
  size_t count_;
};

struct RunNormLayers : Function<RunNormLayers> {
  // `parameters`: weights of all steps, then weights of their BatchNorms, then biases.
  static Tensor forward(AutogradContext* context, Tensor buffer, at::TensorList parameters, LayerSpecs specs, StepNorms norms) {
    const at::TensorList weights = parameters.slice(0, parameters.size() / 3);
    Kept kept;
    const std::vector<Affine> affines = NormLayers({buffer, weights, specs}).run(buffer, norms, kept, true);
    context->mark_dirty({buffer});
    Tensors rows;
    Ints of_batch;
    for (size_t step = 0; step < affines.size(); ++step) {
      rows.push_back(affines[step].rows());
      of_batch.push_back(norms.uses_batch(step));
    }
    save_lists(context, {weights, kept.read, kept.made, rows});
    context->saved_data["ofBatch"] = of_batch;
    specs.save(context);
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Tensor buffer = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const std::vector<Tensors> saved = saved_lists(context, 4);
    const std::vector<Affine> affines(saved[3].begin(), saved[3].end());
    const NormLayers layers({buffer, saved[0], LayerSpecs::saved(context)});
    const Gradients found = layers.run_backward(buffer, {saved[1], saved[2]}, affines, context->saved_data["ofBatch"].toIntVector(),
                                                wanted_weights(context, affines.size()));
    variable_list result{buffer};
    for (const Tensors* list : {&found.weights, &found.norm_weights, &found.norm_biases}) {
      result.insert(result.end(), list->begin(), list->end());
    }
    result.resize(result.size() + 2);  // specs, norms
    return result;
  }
};

}  // namespace

void StepNorms::check(const LayerPlan& plan, const Tensor& x) const {
  const size_t count = plan.steps.size();
  for (const size_t size : {weights.size(), biases.size(), means.size(), variances.size(), trains.size(), momenta.size(),
                            epsilons.size()}) {
    TORCH_CHECK(size == count, "each of ", count, " steps has a BatchNorm, or none has, got ", size);
  }
  for (size_t step = 0; step < count; ++step) {
    check_norm(weights[step], biases[step], means[step], variances[step], x, plan.steps[step].inputs);
  }
}

bool StepNorms::needs_batch() const {
  for (size_t step = 0; step < means.size(); ++step) {
    if (uses_batch(step)) return true;
  }
  return false;
}

Affine StepNorms::running(size_t step) const { return {weights[step], biases[step], *means[step], *variances[step], epsilons[step]}; }

std::vector<Affine> StepNorms::running() const {
  std::vector<Affine> affines;
  for (size_t step = 0; step < means.size(); ++step) affines.push_back(running(step));
  return affines;
}

Affine StepNorms::of_batch(size_t step, const BatchStatistics& batch) const {
  if (trains[step] != 0 && means[step].has_value()) batch.update(*means[step], *variances[step], momenta[step]);
  return {weights[step], biases[step], float_tensor(batch.mean), float_tensor(batch.variance), epsilons[step]};
}

Tensor run_norm_layers(const Tensor& buffer, const Tensors& weights, const LayerSpecs& specs, const StepNorms& norms) {
  if (!c10::GradMode::is_enabled()) {
    Kept kept;
    NormLayers({buffer, weights, specs}).run(buffer, norms, kept, false);
    return buffer;
  }
  Tensors parameters = weights;
  parameters.insert(parameters.end(), norms.weights.begin(), norms.weights.end());
  parameters.insert(parameters.end(), norms.biases.begin(), norms.biases.end());
  return RunNormLayers::apply(buffer, at::TensorList(parameters), specs, norms);
}

}  // namespace smash
