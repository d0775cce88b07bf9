#include "src/cli/invariance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <utility>

namespace perceptron::cli {
namespace {

template <class T>
bool has_same_bits(T a, T b) {
  const auto wide_a = static_cast<double>(a), wide_b = static_cast<double>(b);
  if (std::isnan(wide_a) || std::isnan(wide_b)) return std::isnan(wide_a) && std::isnan(wide_b);
  return wide_a == wide_b && std::signbit(wide_a) == std::signbit(wide_b);
}

/// Row `first` of the whole and on against all rows of the part: where they first differ.
std::optional<std::string> difference(const ConstMatrixView& whole, std::int64_t first,
                                      const ConstMatrixView& part) {
  return visit_dtype(part.dtype, [&]<class T>(T) -> std::optional<std::string> {
    for (std::int64_t group = 0; group < part.groups; ++group) {
      for (std::int64_t row = 0; row < part.rows; ++row) {
        const auto* expected = static_cast<const T*>(whole.element(group, first + row));
        const auto* found = static_cast<const T*>(part.element(group, row));
        for (std::int64_t column = 0; column < part.columns; ++column) {
          if (has_same_bits(expected[column], found[column])) continue;
          return fmt::format("group {}, row {}, column {}: {} instead of {}", group, first + row, column,
                             static_cast<double>(found[column]), static_cast<double>(expected[column]));
        }
      }
    }
    return std::nullopt;
  });
}

/// A view over memory of its own with room between rows and groups, off its alignment, filled with ones: any
/// stray store shows.
class Spread {
 public:
  Spread(const ConstMatrixView& shape, std::int64_t padding)
      : stride_(shape.columns + padding), group_stride_(shape.rows * stride_), size_(size_of(shape.dtype)) {
    const std::int64_t elements = shape.groups * group_stride_ + 2 * kGuard + 1;
    bytes_.assign(static_cast<std::size_t>(elements) * size_, std::byte{0xFF});
    view_ = MatrixView(bytes_.data() + (kGuard + 1) * size_, shape.dtype, shape.rows, shape.columns);
    view_ = view_.with_stride(stride_).with_groups(shape.groups, group_stride_);
  }
  const MatrixView& view() const { return view_; }

  void copy_from(const ConstMatrixView& source) {
    for (std::int64_t index = 0; index < source.groups * source.rows; ++index) {
      const std::int64_t group = index / source.rows, row = index % source.rows;
      std::memcpy(view_.element(group, row), source.element(group, row), row_bytes());
    }
  }
  /// Fills the rows with ones; what is left of the memory must be ones too.
  bool is_clean_around() {
    for (std::int64_t index = 0; index < view_.groups * view_.rows; ++index) {
      std::memset(view_.element(index / view_.rows, index % view_.rows), 0xFF, row_bytes());
    }
    return std::ranges::all_of(bytes_, [](std::byte byte) { return byte == std::byte{0xFF}; });
  }

 private:
  static constexpr std::int64_t kGuard = 64;

  std::size_t row_bytes() const { return static_cast<std::size_t>(view_.columns) * size_; }

  std::int64_t stride_, group_stride_;
  std::size_t size_;
  std::vector<std::byte> bytes_;
  MatrixView view_;
};

/// Rows in the opposite order; one group where all share it.
Matrix reversed(const ConstMatrixView& source) {
  const std::int64_t groups = source.group_stride == 0 ? 1 : source.groups;
  Matrix result(source.dtype, source.rows, source.columns, groups);
  const std::size_t bytes = static_cast<std::size_t>(source.columns) * size_of(source.dtype);
  for (std::int64_t index = 0; index < groups * source.rows; ++index) {
    const std::int64_t group = index / source.rows, row = index % source.rows;
    std::memcpy(result.view().element(group, row), source.element(group, source.rows - 1 - row), bytes);
  }
  return result;
}

class Comparison {
 public:
  Comparison(const Operands& operands, const ConstMatrixView& y, const Options& options)
      : operands_(operands), y_(y), options_(options), model_({operands.layer()}), engine_(model_, options) {}

  std::vector<std::string> run() {
    const std::int64_t rows = y_.rows;
    for (const std::int64_t row : {std::int64_t{0}, rows / 2, rows - 1}) run_part("a row alone", row, 1);
    run_part("fewer rows", 0, rows / 3);
    run_part("fewer rows", rows / 3, rows - rows / 3);
    check_permuted_rows();
    check_spread_views();
    check_other_threads();
    check_chunks();
    return std::move(broken_);
  }

 private:
  void note(const char* way, const std::optional<std::string>& what) {
    if (what) broken_.push_back(fmt::format("{}: other bits at {}", way, *what));
  }

  Matrix output(std::int64_t rows) const { return {y_.dtype, rows, y_.columns, y_.groups}; }

  void run_part(const char* way, std::int64_t first, std::int64_t rows) {
    if (rows <= 0 || rows == y_.rows) return;
    Matrix part = output(rows);
    engine_.run(operands_.x().row_range(first, rows), part);
    note(way, difference(y_, first, part.view()));
  }

  void check_permuted_rows() {
    if (y_.rows < 2) return;
    const ConstMatrixView x = operands_.x();
    const Matrix turned = reversed(x);
    Matrix y = output(y_.rows);
    engine_.run(turned.groups() == y_.groups ? turned.view() : turned.view().with_groups(y_.groups, 0), y);
    note("rows permuted", difference(y_, 0, reversed(std::as_const(y).view()).view()));
  }

  void check_spread_views() {
    ConstMatrixView x = operands_.x();
    const bool is_shared = x.group_stride == 0;
    if (is_shared) x.groups = 1;
    Spread from(x, 3), to(y_, 5);
    from.copy_from(x);
    engine_.run(is_shared ? from.view().with_groups(y_.groups, 0) : from.view(), to.view());
    note("strided and misaligned", difference(y_, 0, to.view()));
    if (!to.is_clean_around()) broken_.emplace_back("strided and misaligned: stores outside the rows of y");
  }

  void check_other_threads() {
    Options other = options_;
    other.threads = options_.threads == 1 ? 2 : 1;
    run_all(fmt::format("{} threads", other.threads).c_str(), other);
  }

  /// Where rows pass through scratch memory: as much of it as five rows need.
  void check_chunks() {
    const std::size_t budget = engine_.plan(5).scratch_bytes;
    if (y_.rows <= 5 || budget == 0 || budget == engine_.plan(y_.rows).scratch_bytes) return;
    Options other = options_;
    other.memory_budget_bytes = budget;
    run_all("in chunks", other);
  }

  void run_all(const char* way, const Options& options) {
    Matrix y = output(y_.rows);
    Engine(model_, options).run(operands_.x(), y);
    note(way, difference(y_, 0, y.view()));
  }

  const Operands& operands_;
  const ConstMatrixView& y_;
  const Options& options_;
  Model model_;
  Engine engine_;
  std::vector<std::string> broken_;
};

}  // namespace

std::vector<std::string> broken_invariances(const Operands& operands, const ConstMatrixView& y,
                                            const Options& options) {
  if (y.rows == 0) return {};
  return Comparison(operands, y, options).run();
}

}  // namespace perceptron::cli
