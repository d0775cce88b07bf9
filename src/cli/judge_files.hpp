// Outputs made elsewhere: a model, the rows it was given, and what somebody computed from them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "perceptron/validate.hpp"

namespace perceptron::cli {

struct FilesOptions {
  std::filesystem::path model, input, output;
  std::vector<std::filesystem::path> hidden;  ///< What each layer but the last one gave; or none.
  std::optional<std::string> activations;
  std::optional<std::string> output_dtype;  ///< Default: as OUTPUT is stored; bf16 for f32 from a bf16 model.
  bool converts = false;
  Arithmetic arithmetic = Arithmetic::reproducible;
  int threads = 0;
  bool shows_progress = true;
};

/// One verdict on the outputs of the stack; with hidden outputs one of each layer.
std::vector<Verdict> judge_files(const FilesOptions& options);

}  // namespace perceptron::cli
