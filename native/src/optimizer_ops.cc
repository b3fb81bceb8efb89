// Optimizer steps over all parameters in one call. On the CPU each parameter is one fused pass; elsewhere the same
// update is made of ATen ops. A parameter without a gradient (not used by this step's architecture) is left alone.

#include <ATen/Parallel.h>

#include <cmath>

#include "kernel_mark.h"
#include "op_table.h"

namespace smash {
namespace {

constexpr int64_t kGrain = 16384;

bool fusible(const Tensor& parameter, std::initializer_list<Tensor> others) {
  if (!parameter.device().is_cpu() || parameter.scalar_type() != at::kFloat) return false;
  if (!parameter.is_non_overlapping_and_dense()) return false;
  for (const Tensor& other : others) {
    if (other.scalar_type() != at::kFloat || other.strides() != parameter.strides()) return false;
  }
  return true;
}

struct Adam {
  double rate, beta1, beta2, epsilon, decay;
  bool decoupled;
  double correction1, correction2;  // 1 - beta^step

  void update(Tensor& parameter, const Tensor& gradient, Tensor& mean, Tensor& square) const {
    if (fusible(parameter, {gradient, mean, square})) return update_fused(parameter, gradient, mean, square);
    Tensor g = decay != 0 && !decoupled ? gradient + parameter * decay : gradient;
    if (decoupled) parameter.mul_(1 - rate * decay);
    mean.mul_(beta1).add_(g, 1 - beta1);
    square.mul_(beta2).addcmul_(g, g, 1 - beta2);
    parameter.addcdiv_(mean, (square / correction2).sqrt_().add_(epsilon), -rate / correction1);
  }

  void update_fused(Tensor& parameter, const Tensor& gradient, Tensor& mean, Tensor& square) const {
    float* p = parameter.data_ptr<float>();
    const KernelMark mark("adam");
    const float* g = gradient.data_ptr<float>();
    float* m = mean.data_ptr<float>();
    float* v = square.data_ptr<float>();
    const float b1 = beta1, b2 = beta2, c1 = 1 - beta1, c2 = 1 - beta2, eps = epsilon;
    const float step = rate / correction1, scale = 1 / correction2;
    const float coupled = decoupled ? 0 : decay, shrink = decoupled ? 1 - rate * decay : 1;
    at::parallel_for(0, parameter.numel(), kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float gradient_i = g[i] + coupled * p[i];
        m[i] = b1 * m[i] + c1 * gradient_i;
        v[i] = b2 * v[i] + c2 * gradient_i * gradient_i;
        p[i] = shrink * p[i] - step * m[i] / (std::sqrt(v[i] * scale) + eps);
      }
    });
  }
};

struct Sgd {
  double rate, momentum, decay;
  bool nesterov;

  void update(Tensor& parameter, const Tensor& gradient, Tensor& velocity) const {
    if (fusible(parameter, {gradient, velocity})) return update_fused(parameter, gradient, velocity);
    const Tensor g = decay != 0 ? gradient + parameter * decay : gradient;
    velocity.mul_(momentum).add_(g);
    parameter.add_(nesterov ? g + velocity * momentum : velocity, -rate);
  }

  void update_fused(Tensor& parameter, const Tensor& gradient, Tensor& velocity) const {
    float* p = parameter.data_ptr<float>();
    const KernelMark mark("sgd");
    const float* g = gradient.data_ptr<float>();
    float* v = velocity.data_ptr<float>();
    const float lr = rate, mu = momentum, wd = decay, direct = nesterov ? 1 : 0, follow = nesterov ? momentum : 1;
    at::parallel_for(0, parameter.numel(), kGrain, [=](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float gradient_i = g[i] + wd * p[i];
        v[i] = mu * v[i] + gradient_i;
        p[i] -= lr * (direct * gradient_i + follow * v[i]);
      }
    });
  }
};

}  // namespace

void add_optimizer_ops(OpTable& table) {
  add_op(table, "adamStep", "parameters means squares steps rate beta1 beta2 epsilon decay decoupled",
         +[](Tensors parameters, Tensors means, Tensors squares, Ints steps, double rate, double beta1, double beta2,
             double epsilon, double decay, bool decoupled) -> Ints {
    const at::NoGradGuard guard;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Tensor gradient = parameters[i].grad();
      if (!gradient.defined()) continue;
      ++steps[i];
      const Adam adam{rate, beta1, beta2, epsilon, decay, decoupled, 1 - std::pow(beta1, steps[i]), 1 - std::pow(beta2, steps[i])};
      adam.update(parameters[i], gradient, means[i], squares[i]);
    }
    return steps;
  });
  add_op(table, "sgdStep", "parameters velocities rate momentum decay nesterov",
         +[](Tensors parameters, Tensors velocities, double rate, double momentum, double decay, bool nesterov) {
    const at::NoGradGuard guard;
    const Sgd sgd{rate, momentum, decay, nesterov};
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Tensor gradient = parameters[i].grad();
      if (gradient.defined()) sgd.update(parameters[i], gradient, velocities[i]);
    }
  });
}

}  // namespace smash
