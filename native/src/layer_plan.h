// The layers of a block as steps: ReLUs (after a BatchNorm, or not) and convolutions.
#pragma once

#include <torch/csrc/autograd/custom_function.h>

#include <initializer_list>

#include "bank_kernel.h"
#include "conv_tensors.h"

namespace smash {

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

// Steps as they come from outside.
struct LayerSpecs {
  // Of every step {banks read, count first; banks written, likewise; tensor read, tensor written; dilation 2; groups}.
  Ints steps;
  int64_t width, occupied;  // channels of a bank; banks before the first step
  bool bfloat16;

  void save(torch::autograd::AutogradContext* context) const {
    context->saved_data["steps"] = steps;
    context->saved_data["width"] = width;
    context->saved_data["occupied"] = occupied;
    context->saved_data["bfloat16"] = bfloat16;
  }
  static LayerSpecs saved(torch::autograd::AutogradContext* context) {
    auto& data = context->saved_data;
    return {data["steps"].toIntVector(), data["width"].toInt(), data["occupied"].toInt(), data["bfloat16"].toBool()};
  }
};

struct LayerPlan {
  LayerPlan(const Tensor& buffer, at::TensorList weights, const LayerSpecs& specs)
      : images(buffer.size(0)), pixels(buffer.size(2) * buffer.size(3)), stride(buffer.size(1)), width(specs.width),
        bfloat16(specs.bfloat16) {
    TORCH_CHECK(buffer.is_contiguous(at::MemoryFormat::ChannelsLast), "a bank buffer is channels-last");
    int64_t occupied = specs.occupied;
    Ints makers;  // of every tensor between
    int64_t last_read = 0;
    size_t at = 0;
    const auto take = [&] { return specs.steps.at(at++); };
    const auto take_banks = [&] {
      Ints banks(take());
      for (int64_t& bank : banks) bank = take();
      return banks;
    };
    for (const Tensor& weight : weights) {
      Step step{weight, take_banks(), take_banks(), take(), take(), {take(), take()}, take(), occupied};
      // What is read of banks is kept as it was, and only a 1x1 convolution reads just the pixels it writes.
      TORCH_CHECK(step.reads.empty() || (weight.size(2) == 1 && weight.size(3) == 1),
                  "only 1x1 convolutions read banks, got ", weight.sizes());
      TORCH_CHECK(!step.reads.empty() || !step.writes.empty() || step.from != step.to,
                  "a tensor between cannot be written while it is read, got ", step.from);
      TORCH_CHECK(step.from >= 0 && step.to >= 0, "tensors between are counted from 0, got ", step.from, " and ", step.to);
      if (static_cast<int64_t>(makers.size()) <= std::max(step.from, step.to)) makers.resize(std::max(step.from, step.to) + 1, -1);
      if (step.reads.empty()) {
        step.maker = makers[step.from];
        // Gradients flow through the steps since banks were last read, image by image.
        TORCH_CHECK(step.maker >= last_read, "no tensor ", step.from, " since banks were read");
        step.inputs = steps[step.maker].outputs();
      } else {
        step.inputs = static_cast<int64_t>(step.reads.size()) * width;
        last_read = static_cast<int64_t>(steps.size());
      }
      check_conv(buffer, step.inputs, weight, step.dilation, step.groups);
      TORCH_CHECK(has_conv_kernel(buffer, weight), "no kernel for a weight ", weight.sizes(), " of ", weight.scalar_type());
      if (!step.reads.empty()) {
        check_banks(buffer, step.reads, width);
        TORCH_CHECK(step.reads.back() < occupied, "bank ", step.reads.back(), " has not been written");
      }
      if (step.writes.empty()) {
        makers[step.to] = static_cast<int64_t>(steps.size());
      } else {
        check_banks(buffer, step.writes, width);
        check_value(buffer, {images, step.outputs(), buffer.size(2), buffer.size(3)}, step.writes, width, occupied);
        occupied = std::max(occupied, step.writes.back() + 1);
      }
      steps.push_back(step);
    }
    TORCH_CHECK(at == specs.steps.size(), "specs of ", weights.size(), " steps end at ", at, ", got ", specs.steps.size());
    between = makers.size();
    find_last_readers();
  }

  ConvShape shape_of(const Step& step, const Tensor& like) const {
    return conv_shape(like, step.weight, step.dilation, step.groups, bfloat16);
  }

  // Calls body(gather) or body(scatter) for the banks a step reads or writes; see bank_kernel.h.
  template <class Body>
  void with_read(const Step& step, const float* banks, bool relu, Body body) const {
    with_gather(read_runs(step.reads, width), banks, stride, step.inputs, relu, body);
  }
  template <class Body>
  void with_write(const Step& step, float* banks, Body body) const {
    with_scatter(write_runs(step.writes, width, step.outputs(), step.occupied), banks, stride, step.outputs(), body);
  }
  // The same with the banks' gradients: that of what is written, and adding to that of what is read.
  template <class Body>
  void with_write_backward(const Step& step, const float* gradient, Body body) const {
    with_gather(slice_gradient_runs(step.writes, width, step.outputs()), gradient, stride, step.outputs(), false, body);
  }
  template <class Body>
  void with_read_backward(const Step& step, float* gradient, Body body) const {
    Runs runs = read_runs(step.reads, width);
    for (Run& run : runs) run.add = true;
    with_scatter(runs, gradient, stride, step.inputs, body);
  }

  int64_t images, pixels, stride, width;
  bool bfloat16;
  size_t between;  // tensors
  std::vector<Step> steps;

 private:
  // Of every tensor between the first to add to its gradient, which is the last to read it.
  void find_last_readers() {
    std::vector<bool> is_read(steps.size(), false);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (step->maker < 0) continue;
      step->is_last_reader = !is_read[step->maker];
      is_read[step->maker] = true;
    }
    for (size_t step = 0; step < steps.size(); ++step) {
      TORCH_CHECK(is_read[step] || !steps[step].writes.empty(), "no step reads what step ", step, " has written");
    }
  }
};

// Keeps lists of one tensor a step for the gradient.
inline void save_lists(torch::autograd::AutogradContext* context, std::initializer_list<at::TensorList> lists) {
  torch::autograd::variable_list saved;
  for (const at::TensorList list : lists) saved.insert(saved.end(), list.begin(), list.end());
  context->save_for_backward(saved);
}

inline std::vector<Tensors> saved_lists(torch::autograd::AutogradContext* context, int64_t count) {
  const torch::autograd::variable_list saved = context->get_saved_variables();
  const auto steps = static_cast<int64_t>(saved.size()) / count;
  std::vector<Tensors> lists;
  for (auto list = saved.begin(); list != saved.end(); list += steps) lists.emplace_back(list, list + steps);
  return lists;
}

// Whether the gradients of the weights of so many steps, which follow the banks, are wanted.
inline std::vector<bool> wanted_weights(torch::autograd::AutogradContext* context, size_t steps) {
  std::vector<bool> wanted;
  for (size_t step = 0; step < steps; ++step) wanted.push_back(context->needs_input_grad(1 + step));
  return wanted;
}

// What gradients need of every step, of all images: what it reads from banks, or writes between two steps. The other of
// the two is undefined.
struct Kept {
  Tensors read, made;
};

}  // namespace smash
