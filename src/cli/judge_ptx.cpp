#include "src/cli/judge_ptx.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <deque>
#include <fstream>
#include <iterator>
#include <optional>
#include <system_error>

#include "perceptron/error.hpp"
#include "perceptron/ptx.hpp"
#include "src/cli/expression.hpp"
#include "src/cli/interrupt.hpp"
#include "src/cli/memory_need.hpp"

namespace perceptron::cli {
namespace {

std::string contents(const std::filesystem::path& path) {
  errno = 0;
  if (std::filesystem::is_directory(path)) throw FileError(path.string() + ": is a directory, expected PTX");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.good() || file.eof()) return text;
  throw FileError(fmt::format("{}: cannot be read: {}", path.string(),
                              std::generic_category().message(errno == 0 ? EIO : errno)));
}

/// At commas outside of braces.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words(1);
  int depth = 0;
  for (const char symbol : text) {
    depth += symbol == '{' ? 1 : symbol == '}' ? -1 : 0;
    if (symbol == ',' && depth == 0) {
      words.emplace_back();
    } else if (symbol != ' ') {
      words.back() += symbol;
    }
  }
  return words;
}

/// "{x,rows:8}": the members of a structure.
bool is_structure(std::string_view word) { return word.starts_with('{') && word.ends_with('}'); }
std::vector<std::string> members_of(std::string_view word) { return split(word.substr(1, word.size() - 2)); }

/// A number with a point or an exponent, "0.25" or "1e-3".
std::optional<double> decimal(const std::string& word) {
  if (word.find_first_of(".eE") == std::string::npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// What arguments and sizes may name.
Names names_of(const Problem& problem) {
  return {{"rows", problem.rows},
          {"inputs", problem.inputs},
          {"outputs", problem.outputs},
          {"groups", problem.groups},
          {"x_stride", problem.inputs},
          {"w_stride", problem.inputs},
          {"wt_stride", problem.outputs},
          {"y_stride", problem.outputs},
          {"x_group_stride", problem.shared_x ? 0 : problem.rows * problem.inputs},
          {"w_group_stride", problem.outputs * problem.inputs},
          {"b_group_stride", problem.outputs},
          {"y_group_stride", problem.rows * problem.outputs}};
}

/// Its value; messages begin with the option.
std::int64_t evaluate_of(const char* option, const std::string& text, const Names& names) {
  try {
    return evaluate(text, names);
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(fmt::format("{}: {}", option, error.what()));
  }
}

std::array<std::int64_t, 3> extents(const std::string& text, const char* option, const Names& names) {
  const std::vector<std::string> words = split(text);
  if (words.size() > 3) {
    throw InvalidArgument(fmt::format("{} {}: {} sizes, expected at most x,y,z", option, text, words.size()));
  }
  std::array<std::int64_t, 3> sizes{1, 1, 1};
  for (std::size_t index = 0; index < words.size(); ++index)
    sizes[index] = evaluate_of(option, words[index], names);
  return sizes;
}

std::span<const std::byte> bytes_of(const ConstMatrixView& view) {
  const std::int64_t groups = view.group_stride == 0 ? 1 : view.groups;
  return {static_cast<const std::byte*>(view.data),
          static_cast<std::size_t>(groups * view.rows * view.columns) * size_of(view.dtype)};
}

/// W with inputs as rows.
Matrix transposed(const ConstMatrixView& weight) {
  Matrix result(weight.dtype, weight.columns, weight.rows, weight.groups);
  visit_dtype(weight.dtype, [&]<class T>(T) {
    for (std::int64_t group = 0; group < weight.groups; ++group) {
      for (std::int64_t output = 0; output < weight.rows; ++output) {
        const auto* from = static_cast<const T*>(weight.element(group, output));
        for (std::int64_t input = 0; input < weight.columns; ++input) {
          static_cast<T*>(result.view().element(group, input))[output] = from[input];
        }
      }
    }
  });
  return result;
}

/// One run's operands, as arguments point to them.
class Arguments {
 public:
  Arguments(const Problem& problem, DataKind kind, std::uint64_t seed)
      : operands_(problem, kind, seed),
        transposed_(transposed(operands_.layer().weight)),
        y_(operands_.make_output()),
        names_(names_of(problem)) {}

  PtxArgument of(const std::string& word) {
    if (is_structure(word)) return structure(word);
    return std::visit([](auto value) { return PtxArgument(std::move(value)); }, value_of(word));
  }
  const Operands& operands() const { return operands_; }
  ConstMatrixView y() const { return y_.view(); }

 private:
  static constexpr std::int64_t kMostWorkspace = std::int64_t{1} << 30;

  /// Numbers have four bytes, or as many as stand behind a colon.
  PtxStructure structure(const std::string& word) {
    PtxStructure made;
    for (const std::string& member : members_of(word)) {
      const std::size_t colon = std::min(member.find(':'), member.size());
      PtxMember& added = made.members.emplace_back(PtxMember{value_of(member.substr(0, colon))});
      if (colon < member.size())
        added.bytes = static_cast<std::size_t>(evaluate_of("--args", member.substr(colon + 1), names_));
    }
    return made;
  }
  PtxValue value_of(const std::string& word) {
    const Layer layer = operands_.layer();
    if (word == "x") return PtxInput{word, bytes_of(operands_.x())};
    if (word == "w") return PtxInput{word, bytes_of(layer.weight)};
    if (word == "wt") return PtxInput{word, bytes_of(std::as_const(transposed_).view())};
    const std::span<std::byte> y{static_cast<std::byte*>(y_.data()), y_.size_bytes()};
    if (word == "y") return PtxOutput{word, y};
    if (word == "y=0") {
      std::ranges::fill(y, std::byte{0});
      return PtxBuffer{"y", y};
    }
    if (word.starts_with("zeros")) return zeros(word);
    if (word == "a") return layer.activation.parameter;
    if (const auto number = decimal(word)) return *number;
    if (word != "b") return formula(word);
    if (layer.has_bias()) return PtxInput{word, bytes_of(layer.bias)};
    throw InvalidArgument(
        fmt::format("--args: b, but the problem {} has no bias", to_string(operands_.problem())));
  }
  /// "zeros(4*outputs)": a workspace.
  PtxValue zeros(const std::string& word) {
    const std::int64_t bytes = evaluate_of("--args", word.substr(std::string_view("zeros").size()), names_);
    if (bytes < 0 || bytes > kMostWorkspace) {
      throw InvalidArgument(fmt::format("--args: {} is {} bytes, expected 0 to 2^30", word, bytes));
    }
    return PtxBuffer{word, workspaces_.emplace_back(static_cast<std::size_t>(bytes))};
  }
  std::int64_t formula(const std::string& word) const {
    try {
      return evaluate_of("--args", word, names_);
    } catch (const InvalidArgument& error) {
      throw InvalidArgument(
          fmt::format("{}; and, alone, x, w, wt (W with inputs as rows), b and y for memory, y=0 for y "
                      "with zeros at first, zeros(BYTES) for a workspace, a for the activation's parameter, "
                      "real numbers as 0.25, and {{x,rows,inputs:8}} for a structure",
                      error.what()));
    }
  }

  Operands operands_;
  Matrix transposed_, y_;
  std::deque<std::vector<std::byte>> workspaces_;
  Names names_;
};

std::string gap_text(const PtxGap& gap, const Problem& problem) {
  const auto size = static_cast<std::int64_t>(size_of(problem.output_dtype));
  const std::int64_t element = static_cast<std::int64_t>(gap.first_byte) / size;
  return fmt::format("the kernel left {} bytes of y unwritten, the first in group {}, row {}, column {}",
                     gap.bytes, element / problem.outputs / problem.rows,
                     element / problem.outputs % problem.rows, element % problem.outputs);
}

void judge(PtxResult& result, const Arguments& arguments, const PtxOptions& options) {
  const auto verdict_by = [&](Arithmetic arithmetic) {
    return validate(arguments.operands().x(), arguments.operands().layer(), arguments.y(),
                    ValidateOptions(arithmetic, options.threads));
  };
  result.bits = verdict_by(Arithmetic::reproducible);
  result.interval = verdict_by(Arithmetic::tensor);
  result.status = status_of(options.arithmetic == Arithmetic::tensor ? *result.interval : *result.bits);
}

PtxResult run(const PtxKernel& kernel, const PtxOptions& options, DataKind kind) {
  PtxResult result;
  result.kind = kind;
  Arguments arguments(options.problem, kind, options.seed);
  const Names names = names_of(options.problem);
  PtxLaunch launch;
  launch.grid = extents(options.grid, "--grid", names);
  launch.block = extents(options.block, "--block", names);
  launch.shared_bytes = evaluate_of("--shared", options.shared, names);
  launch.seed = options.seed + static_cast<std::uint64_t>(kind);  // Each kind sees another schedule.
  launch.threads = options.threads;
  launch.allows_same_value_stores = options.allows_same_value_stores;
  launch.instruction_budget = options.budget;
  launch.print = [](std::string_view text) { fmt::print(stderr, "{}", text); };
  launch.poll = stop_if_interrupted;
  for (const std::string& word : split(options.arguments)) launch.arguments.push_back(arguments.of(word));
  try {
    const PtxReport report = kernel.run(launch);
    if (!report.gaps.empty()) result.fault = gap_text(report.gaps.front(), options.problem);
  } catch (const KernelError& fault) {
    result.fault = fault.what();
  }
  if (result.fault.empty()) {
    judge(result, arguments, options);
  } else {
    result.status = Status::failed;
  }
  return result;
}

/// The one pointer whose memory is judged.
void require_output(const PtxOptions& options) {
  std::ptrdiff_t outputs = 0;
  for (const std::string& word : split(options.arguments)) {
    for (const std::string& member : is_structure(word) ? members_of(word) : std::vector{word})
      outputs += member == "y" || member == "y=0" ? 1 : 0;
  }
  if (std::ranges::count(options.arguments, '{') != std::ranges::count(options.arguments, '}')) {
    throw InvalidArgument(fmt::format("--args {}: a structure needs {{ and }}", options.arguments));
  }
  if (outputs == 1) return;
  throw InvalidArgument(
      fmt::format("--args {}: expected y once, the memory that the kernel writes", options.arguments));
}

/// Where the text is something else altogether, the message says what it may be.
PtxKernel kernel_of(const std::string& text, const PtxOptions& options) {
  const bool is_by_bits = options.arithmetic == Arithmetic::reproducible;
  try {
    return PtxKernel(text, options.file.filename().string(), options.entry,
                     is_by_bits ? PtxRounding::nearest_unless_stated : PtxRounding::approximate);
  } catch (const InvalidArgument& error) {
    if (text.find(".version") != std::string::npos) throw;
    const bool is_elf = text.substr(1, 3) == "ELF";
    throw InvalidArgument(fmt::format("{}; {} is {}: nvcc -ptx -lineinfo makes PTX of CUDA C++", error.what(),
                                      options.file.string(), is_elf ? "machine code (ELF)" : "no PTX"));
  }
}

}  // namespace

std::vector<PtxResult> judge_ptx(const PtxOptions& options) {
  // On the machine every byte has a mark, and every element a record of who touched it.
  refuse_oversize(options.problem, {4, 6, 12});
  require_output(options);
  const std::string text = contents(options.file);
  if (text.empty()) throw InvalidArgument(options.file.string() + ": is empty, expected PTX");
  const PtxKernel kernel = kernel_of(text, options);
  std::vector<PtxResult> results;
  for (const DataKind kind : options.kinds) {
    stop_if_interrupted();
    results.push_back(run(kernel, options, kind));
    if (!results.back().fault.empty()) break;
  }
  return results;
}

}  // namespace perceptron::cli
