// Optimizer steps over all parameters in one call. On the CPU each parameter is one fused pass; elsewhere the same
// update is made of ATen's ops over lists, which on a GPU take few launches for all parameters. A parameter without a
// gradient (not used by this step's architecture) is left alone.

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
    if (other.scalar_type() != at::kFloat || other.sizes() != parameter.sizes() || other.strides() != parameter.strides()) return false;
  }
  return true;
}

// Every parameter has its own state, used or not.
void check_state(const Tensors& parameters, size_t states) {
  TORCH_CHECK(states == parameters.size(), parameters.size(), " parameters need as many states, got ", states);
}

// Scalars, one a tensor.
using Scalars = std::vector<at::Scalar>;

struct Adam {
  double rate, beta1, beta2, epsilon, decay;
  bool decoupled;

  double correction1(int64_t step) const { return 1 - std::pow(beta1, step); }
  double correction2(int64_t step) const { return 1 - std::pow(beta2, step); }

  // Any device, type and layout.
  void update_listed(const Tensors& parameters, Tensors gradients, const Tensors& means, const Tensors& squares, const Ints& steps) const {
    if (parameters.empty()) return;
    Scalars corrections, rates;
    for (const int64_t step : steps) {
      corrections.emplace_back(correction2(step));
      rates.emplace_back(-rate / correction1(step));
    }
    if (decay != 0 && !decoupled) gradients = at::_foreach_add(gradients, parameters, decay);
    if (decoupled) at::_foreach_mul_(parameters, 1 - rate * decay);
    at::_foreach_mul_(means, beta1);
    at::_foreach_add_(means, gradients, 1 - beta1);
    at::_foreach_mul_(squares, beta2);
    at::_foreach_addcmul_(squares, gradients, gradients, 1 - beta2);
    const Tensors divisors = at::_foreach_div(squares, corrections);
    at::_foreach_sqrt_(divisors);
    at::_foreach_add_(divisors, epsilon);
    at::_foreach_addcdiv_(parameters, means, divisors, rates);
  }

  void update_fused(Tensor& parameter, const Tensor& gradient, Tensor& mean, Tensor& square, int64_t steps) const {
    float* p = parameter.data_ptr<float>();
    const KernelMark mark("adam");
    const float* g = gradient.data_ptr<float>();
    float* m = mean.data_ptr<float>();
    float* v = square.data_ptr<float>();
    const float b1 = beta1, b2 = beta2, c1 = 1 - beta1, c2 = 1 - beta2, eps = epsilon;
    const float step = rate / correction1(steps), scale = 1 / correction2(steps);
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

  // Any device, type and layout.
  void update_listed(const Tensors& parameters, Tensors gradients, const Tensors& velocities) const {
    if (parameters.empty()) return;
    if (decay != 0) gradients = at::_foreach_add(gradients, parameters, decay);
    at::_foreach_mul_(velocities, momentum);
    at::_foreach_add_(velocities, gradients);
    if (!nesterov) return at::_foreach_add_(parameters, velocities, -rate);
    at::_foreach_add_(parameters, gradients, -rate);
    at::_foreach_add_(parameters, velocities, -rate * momentum);
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
         +[](Tensors parameters, Tensors means, Tensors squares, Tensor steps, double rate, double beta1, double beta2,
             double epsilon, double decay, bool decoupled) {
    TORCH_CHECK(steps.device().is_cpu() && steps.scalar_type() == at::kLong && steps.numel() == static_cast<int64_t>(parameters.size()),
                "steps taken are counted on the CPU, one int64 a parameter, got ", steps.sizes());
    check_state(parameters, means.size());
    check_state(parameters, squares.size());
    int64_t* taken = steps.data_ptr<int64_t>();
    const c10::NoGradGuard guard;
    const Adam adam{rate, beta1, beta2, epsilon, decay, decoupled};
    Tensors own, own_gradients, own_means, own_squares;
    Ints own_steps;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Tensor gradient = parameters[i].grad();
      if (!gradient.defined()) continue;
      const int64_t step = ++taken[i];
      if (fusible(parameters[i], {gradient, means[i], squares[i]})) {
        adam.update_fused(parameters[i], gradient, means[i], squares[i], step);
        continue;
      }
      own.push_back(parameters[i]);
      own_gradients.push_back(gradient);
      own_means.push_back(means[i]);
      own_squares.push_back(squares[i]);
      own_steps.push_back(step);
    }
    adam.update_listed(own, own_gradients, own_means, own_squares, own_steps);
  });
  add_op(table, "sgdStep", "parameters velocities rate momentum decay nesterov",
         +[](Tensors parameters, Tensors velocities, double rate, double momentum, double decay, bool nesterov) {
    const c10::NoGradGuard guard;
    const Sgd sgd{rate, momentum, decay, nesterov};
    check_state(parameters, velocities.size());
    Tensors own, own_gradients, own_velocities;
    for (size_t i = 0; i < parameters.size(); ++i) {
      const Tensor gradient = parameters[i].grad();
      if (!gradient.defined()) continue;
      if (fusible(parameters[i], {gradient, velocities[i]})) {
        sgd.update_fused(parameters[i], gradient, velocities[i]);
        continue;
      }
      own.push_back(parameters[i]);
      own_gradients.push_back(gradient);
      own_velocities.push_back(velocities[i]);
    }
    sgd.update_listed(own, own_gradients, own_velocities);
  });
}

}  // namespace smash
