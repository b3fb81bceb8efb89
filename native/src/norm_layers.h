// Layers with a BatchNorm before every step's ReLU.
#pragma once

#include "layer_plan.h"
#include "norm_kernel.h"

namespace smash {

// The BatchNorms of all steps, one each.
struct StepNorms {
  Tensors weights, biases;
  OptionalTensors means, variances;  // running statistics
  Ints trains;                       // whether it normalises by the batch's statistics and updates the running ones
  std::vector<double> momenta, epsilons;

  void check(const LayerPlan& plan, const Tensor& x) const;
  // Whether some statistics are those of the batch.
  bool needs_batch() const;
  bool uses_batch(size_t step) const { return trains[step] != 0 || !means[step].has_value(); }
  // With the running statistics.
  Affine running(size_t step) const;
  std::vector<Affine> running() const;
  // With the batch's, which also move the running ones.
  Affine of_batch(size_t step, const BatchStatistics& batch) const;
};

// Runs all images through one step after the other, because a BatchNorm in training needs all of them: the buffer. BatchNorm and
// ReLU are applied while a convolution reads; their results are never stored.
Tensor run_norm_layers(const Tensor& buffer, const Tensors& weights, const LayerSpecs& specs, const StepNorms& norms);

}  // namespace smash
