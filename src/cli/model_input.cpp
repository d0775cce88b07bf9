#include "src/cli/model_input.hpp"

#include <fmt/format.h>

#include "perceptron/error.hpp"

namespace perceptron::cli {

Model load_model(const std::filesystem::path& path, const std::optional<std::string>& activations) {
  return activations ? Model::load(path, parse_activations(*activations)) : Model::load(path);
}

void check_input(const NpyReader& reader, const Model& model, const std::filesystem::path& name,
                 bool may_round) {
  const std::string input = reader.path().string();
  if (reader.columns() != model.inputs()) {
    throw InvalidArgument(fmt::format("{}: rows have {} columns, but {} takes {} inputs", input,
                                      reader.columns(), name.string(), model.inputs()));
  }
  if (reader.groups() != 1 && reader.groups() != model.groups()) {
    throw InvalidArgument(
        fmt::format("{}: {} groups, but {} has {}; expected [rows, inputs] or that many groups", input,
                    reader.groups(), name.string(), model.groups()));
  }
  if (!may_round && !reader.converts_exactly(model.dtype())) {
    throw InvalidArgument(
        fmt::format("{}: {} does not convert to the {} of {} without rounding; "
                    "--convert rounds each value once",
                    input, reader.element_name(), to_string(model.dtype()), name.string()));
  }
}

ConstMatrixView shared_by(std::int64_t groups, const ConstMatrixView& x) {
  return x.groups == groups ? x : x.with_groups(groups, 0);
}

}  // namespace perceptron::cli
