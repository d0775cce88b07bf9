#include "src/cli/data_kind.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "perceptron/error.hpp"

namespace perceptron::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// SplitMix64: the same numbers with every compiler and library.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t bits() {
    std::uint64_t value = state_ += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
  }
  /// In (−1, 1), never 0.
  double real() { return (static_cast<double>(bits() >> 12) + 0.5) * 0x1p-51 - 1; }
  /// In −most … most.
  int whole(int most) { return static_cast<int>(bits() % static_cast<std::uint64_t>(2 * most + 1)) - most; }

 private:
  std::uint64_t state_;
};

/// One element's place: in x a row and an input, in W an output and an input, in b an output.
struct Place {
  std::int64_t group, row, column;
};

template <class Value>
void fill(const MatrixView& view, Value&& value) {
  visit_dtype(view.dtype, [&]<class T>(T) {
    for (std::int64_t group = 0; group < view.groups; ++group) {
      for (std::int64_t row = 0; row < view.rows; ++row) {
        auto* to = static_cast<T*>(view.element(group, row));
        for (std::int64_t column = 0; column < view.columns; ++column) {
          to[column] = static_cast<T>(static_cast<double>(value(Place{group, row, column})));
        }
      }
    }
  });
}

/// Exponent of the smallest normal number.
int lowest_exponent(DType dtype) { return 2 - (1 << (traits(dtype).exponent_bits - 1)); }

/// What each kind puts where; x(), weight() and bias() are called in the order of memory.
class Filling {
 public:
  Filling(const Problem& problem, DataKind kind, std::uint64_t seed)
      : problem_(problem),
        kind_(kind),
        random_(seed),
        weight_scale_(1 / std::sqrt(static_cast<double>(problem.inputs))) {}

  double x(const Place& at) {
    switch (kind_) {
      case DataKind::integers: return random_.whole(3);
      case DataKind::one_hot: return at.column == (7 * at.row + at.group) % problem_.inputs ? 1 : 0;
      case DataKind::cancelling: return paired(at.column, [&] { return random_.real(); }) * nudge(at.column);
      case DataKind::positive: return std::fabs(random_.real());
      case DataKind::wide:
        if (lifts_row(at)) return at.row % 3 == 0 ? 1 : at.row % 3 == 1 ? -1 : 0;
        return std::ldexp(wide_sign(random_.real()), random_.whole(spread()));
      case DataKind::subnormal: return std::ldexp(random_.real(), x_exponent());
      case DataKind::special: return special_x(at);
      case DataKind::ties: return tied_x(at);
    }
    return 0;
  }

  double weight(const Place& at) {
    switch (kind_) {
      case DataKind::integers: return has_integer_weight(at) ? random_.whole(3) : 0;
      case DataKind::cancelling: {
        const double size = paired(at.column, [&] { return random_.real() * weight_scale_; });
        return at.column % 2 == 0 ? size : -size;
      }
      case DataKind::positive: return std::fabs(random_.real()) * weight_scale_;
      case DataKind::wide:
        if (lifts_row(at)) return at.row % 4 == 1 ? 2 * lift() : lift();
        return std::ldexp(wide_sign(random_.real()) * weight_scale_,
                          random_.whole(spread()) - softmax_shift());
      case DataKind::subnormal:
        return std::ldexp(random_.real() * weight_scale_, 2 + result_exponent() - x_exponent());
      case DataKind::special: return special_weight(at);
      case DataKind::ties: return tied_weight(at);
      case DataKind::one_hot: break;
    }
    return random_.real() * weight_scale_;
  }

  double bias(const Place& at) {
    switch (kind_) {
      case DataKind::integers: return std::abs(random_.whole(7)) * (at.column % 2 == 0 ? 1 : -1);
      case DataKind::cancelling: return random_.real() * 0x1p-10;
      case DataKind::positive: return std::fabs(random_.real());
      case DataKind::subnormal: return std::ldexp(random_.real(), result_exponent());
      case DataKind::special: return at.column % 7 == 3 ? -kInfinity : random_.real();
      case DataKind::ties: return is_carried_by_bias(at.column) ? tie(at.column) - 1 : -0.0;
      default: return random_.real();
    }
  }

 private:
  /// The same number for two neighbours.
  template <class Make>
  double paired(std::int64_t column, Make&& make) {
    if (column % 2 == 0) pair_ = make();
    return pair_;
  }
  double nudge(std::int64_t column) { return column % 2 == 0 ? 1 : 1 + random_.real() * 0x1p-9; }

  int spread() const {
    if (problem_.dtype == DType::f64) return 40;
    return problem_.dtype == DType::f16 ? 4 : 10;
  }

  /// A single term is positive, since many activations of large negative numbers are 0.
  double wide_sign(double value) const { return problem_.inputs == 1 ? std::fabs(value) : value; }

  /// All, but about eight of each output under softmax, whose row would be a single 1 among zeros.
  bool has_integer_weight(const Place& at) const {
    const std::int64_t step = std::max<std::int64_t>(1, problem_.inputs / 8);
    return problem_.activation.kind != ActivationKind::softmax || at.column % step == at.row % step;
  }

  /// The last input moves the z of whole rows of softmax up or down, so far that their exponentials overflow
  /// or vanish, and so does that of a difference to any but the row's largest.
  bool lifts_row(const Place& at) const {
    return problem_.activation.kind == ActivationKind::softmax && at.column == problem_.inputs - 1;
  }
  double lift() const { return problem_.dtype == DType::f64 ? 1024 : 160; }

  /// Makes z of a row of softmax small but for that, since its result would be a single 1 among zeros.
  int softmax_shift() const {
    return problem_.activation.kind == ActivationKind::softmax ? 2 * spread() - 4 : 0;
  }

  /// Results lie around 2 to this power: below the normal range of accumulator and output.
  int result_exponent() const {
    const int lowest =
        std::max(lowest_exponent(accumulator_of(problem_.dtype)), lowest_exponent(problem_.output_dtype));
    return problem_.dtype == DType::f16 ? std::max(lowest - 3, -17) : lowest - 3;
  }
  /// Subnormal numbers of f16; elsewhere half of what the product needs.
  int x_exponent() const { return problem_.dtype == DType::f16 ? -18 : result_exponent() / 2; }

  double special_x(const Place& at) {
    const double ordinary = random_.real();
    const double largest = std::ldexp(1.0, -lowest_exponent(problem_.dtype));
    const bool is_first = at.column == at.row % problem_.inputs;
    const bool is_second = at.column == (at.row + 3) % problem_.inputs;
    const auto planted = [&](double first, double second) {
      if (is_first) return first;
      return is_second ? second : ordinary;
    };
    switch (at.row % 6) {
      case 1: return planted(kNan, ordinary);
      case 2: return planted(kInfinity, ordinary);
      case 3: return planted(-kInfinity, ordinary);
      case 4: return planted(kInfinity, -kInfinity);
      case 5: return planted(largest, largest);
      default: return ordinary;
    }
  }
  double special_weight(const Place& at) {
    const double ordinary = random_.real();
    const bool is_chosen = at.column == at.row % problem_.inputs;
    if (is_chosen && at.row % 11 == 5) return kNan;
    if (is_chosen && at.row % 13 == 7) return kInfinity;
    return ordinary;
  }

  /// All inputs but the last cancel in pairs, exactly; the last one carries z, or the bias does.
  static double tie(std::int64_t output) { return output % 3 == 0 ? 0.125 : output % 3 == 1 ? 0.0 : -0.125; }
  bool is_carried_by_bias(std::int64_t output) const { return problem_.has_bias && output % 2 == 1; }
  bool has_partner(std::int64_t input) const { return (input | 1) < problem_.inputs - 1; }
  double tied_x(const Place& at) {
    if (at.column == problem_.inputs - 1) return 1;
    const double value = paired(at.column, [&] { return random_.whole(8); });
    return has_partner(at.column) ? value : 0;
  }
  double tied_weight(const Place& at) {
    if (at.column == problem_.inputs - 1) return is_carried_by_bias(at.row) ? 1 : tie(at.row);
    const double value = paired(at.column, [&] { return random_.whole(8); });
    return at.column % 2 == 0 ? value : -value;
  }

  const Problem& problem_;
  DataKind kind_;
  Random random_;
  double weight_scale_;
  double pair_ = 0;
};

}  // namespace

DataKind parse_data_kind(std::string_view name) {
  const auto found = std::ranges::find(kDataKinds, name);
  if (found == kDataKinds.end()) {
    throw InvalidArgument(
        fmt::format("unknown kind of data \"{}\"; expected one of: {}", name, fmt::join(kDataKinds, ", ")));
  }
  return static_cast<DataKind>(found - kDataKinds.begin());
}

Operands::Operands(const Problem& problem, DataKind kind, std::uint64_t seed)
    : problem_(problem),
      x_(problem.dtype, problem.rows, problem.inputs, problem.shared_x ? 1 : problem.groups),
      weight_(problem.dtype, problem.outputs, problem.inputs, problem.groups) {
  Filling filling(problem_, kind, seed);
  fill(x_, [&](const Place& at) { return filling.x(at); });
  fill(weight_, [&](const Place& at) { return filling.weight(at); });
  if (!problem.has_bias) return;
  bias_ = Matrix(problem.dtype, 1, problem.outputs, problem.groups);
  fill(bias_, [&](const Place& at) { return filling.bias(at); });
}

ConstMatrixView Operands::x() const {
  return problem_.shared_x ? x_.view().with_groups(problem_.groups, 0) : x_.view();
}

Layer Operands::layer() const {
  return {weight_, bias_.empty() ? ConstMatrixView() : bias_.view(), problem_.activation};
}

Matrix Operands::make_output() const {
  return {problem_.output_dtype, problem_.rows, problem_.outputs, problem_.groups};
}

}  // namespace perceptron::cli
