// A model file and the rows of a file that fits it: what `run` and `validate` begin with.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "perceptron/model.hpp"
#include "perceptron/npy.hpp"

namespace perceptron::cli {

/// `activations` as "relu,softmax", instead of the file's.
Model load_model(const std::filesystem::path& path, const std::optional<std::string>& activations);

/// Throws InvalidArgument where the rows are no inputs of the model: columns, groups, or, unless they may be
/// rounded, values that its dtype does not hold. `name` is the model's in messages.
void check_input(const NpyReader& reader, const Model& model, const std::filesystem::path& name,
                 bool may_round);

/// Rows of one group for a model with several: shared by all.
ConstMatrixView shared_by(std::int64_t groups, const ConstMatrixView& x);

}  // namespace perceptron::cli
