// Everything that is checked about views before any work; each check throws InvalidArgument or Unsupported.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "perceptron/layer.hpp"
#include "perceptron/problem.hpp"
#include "perceptron/view.hpp"
#include "src/engine/device.hpp"

namespace perceptron::engine {

void check_dtype(DType dtype, const char* name);
/// Sizes, dtypes, activation and arithmetic, of a problem that nobody parsed.
void check_problem(const Problem& problem);
/// Not null (unless without rows), stride ≥ columns, groups ≥ 1, sizes that 63 bits hold. `name` leads the
/// message.
void check_view(const ConstMatrixView& view, const char* name);
/// Options::threads and the like.
void check_threads(int threads);
/// One layer by itself.
void check_layer(const Layer& layer, const std::string& name);
/// The layers of a stack against each other.
void check_stack(const std::vector<Layer>& layers);
/// x and y of a call against the first and last layer, and against each other.
void check_call(const ConstMatrixView& x, const Layer& first, const ConstMatrixView& y, const Layer& last);

/// Unsupported where the device cannot read memory of that place.
void check_place(const ConstMatrixView& view, std::string_view name, const Device& device);
void check_places(const Layer& layer, const std::string& name, const Device& device);
/// For what copies weights into host memory.
void check_on_host(const Layer& layer, const std::string& name);
/// For what reads elements itself.
void check_on_host(const ConstMatrixView& view, const char* name);
/// For what takes device memory only.
void check_on_device(const ConstMatrixView& view, const char* name);

}  // namespace perceptron::engine
