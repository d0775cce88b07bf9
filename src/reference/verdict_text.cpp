// Verdicts in words.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

#include "perceptron/validate.hpp"

namespace perceptron {
namespace {

/// Of all elements; fewer others would not show a kernel that writes zeros.
constexpr double kMostZeros = 0.9;
/// Of all elements: beyond it a step's outputs prove little.
constexpr double kMostAmbiguous = 0.05;
/// Of the elements that ought not to be 0.
constexpr double kMostVague = 0.5;

double share_of(std::int64_t part, const Verdict& verdict) {
  return static_cast<double>(part) / static_cast<double>(verdict.checked);
}

std::string place(std::int64_t group, std::int64_t row, std::int64_t column) {
  return fmt::format("group {}, row {}, column {}", group, row, column);
}

std::string ulps_text(double ulps) {
  return std::isinf(ulps) ? "" : fmt::format(" ({:.0f} ulp{})", ulps, ulps == 1 ? "" : "s");
}

/// One direction of the box of failures.
struct Side {
  const char* name;
  std::int64_t first, last, step, count;

  /// "row 99 (the last)", "rows 96 to 99 of 100", "rows 3 to 99 in steps of 16"; empty where they are all
  /// over.
  std::string text() const {
    if (count == 1) return "";
    if (first == last) return fmt::format("{} {}{}", name, first, first == count - 1 ? " (the last)" : "");
    if (step > 1 && last - first == step) return fmt::format("{}s {} and {}", name, first, last);
    if (step > 1) return fmt::format("{}s {} to {} in steps of {}", name, first, last, step);
    return first == 0 && last == count - 1 ? "" : fmt::format("{}s {} to {} of {}", name, first, last, count);
  }
};

/// The smallest aligned square of a power of two that holds both sides; none where that is nearly everything.
std::string tile_text(const Side& rows, const Side& columns) {
  if (rows.first == rows.last || columns.first == columns.last) return "";
  for (std::int64_t tile = 4; tile <= 256; tile *= 2) {
    if (tile >= rows.count && tile >= columns.count) return "";
    if (rows.first / tile != rows.last / tile || columns.first / tile != columns.last / tile) continue;
    return fmt::format("the {0}×{0} tile from row {1}, column {2}", tile, rows.first / tile * tile,
                       columns.first / tile * tile);
  }
  return "";
}

std::string worst_text(const Verdict& verdict) {
  const WorstError& worst = *verdict.worst;
  const std::string at = place(worst.group, worst.row, worst.column);
  if (verdict.arithmetic == Arithmetic::reproducible) {
    return fmt::format("worst: {}{}", at, ulps_text(worst.ulps));
  }
  const std::string share = std::isinf(worst.share) ? "where one value is allowed"
                                                    : fmt::format("{:.3g} of what is allowed", worst.share);
  return fmt::format("worst: {}{}, at {}", share, ulps_text(worst.ulps), at);
}

std::string classes_text(const Verdict& verdict) {
  std::string text;
  for (std::size_t index = 0; index < verdict.classes.size(); ++index) {
    const ClassCount& count = verdict.classes[index];
    if (count.checked == 0) continue;
    text += fmt::format("  {:<10}{:>12} checked", kElementClasses[index], count.checked);
    text += count.mismatches == 0 ? "\n" : fmt::format(", {} wrong\n", count.mismatches);
  }
  if (verdict.ambiguous > 0) {
    text +=
        fmt::format("  {} ambiguous: a step whose threshold lies within the error of z\n", verdict.ambiguous);
  }
  if (verdict.unjudged > 0) {
    text += fmt::format("  {} not judged: the order of summation decides whether they overflow\n",
                        verdict.unjudged);
  }
  return text;
}

std::string allowed_text(const Mismatch& mismatch) {
  if (mismatch.lo <= mismatch.hi) {
    return fmt::format("[{}, {}]{}", mismatch.lo, mismatch.hi, mismatch.nan_allowed ? " and NaN" : "");
  }
  return mismatch.nan_allowed ? "NaN only" : "unknown";
}

bool is_allowed(const Mismatch& mismatch) {
  if (std::isnan(mismatch.found)) return mismatch.nan_allowed;
  return mismatch.lo <= mismatch.found && mismatch.found <= mismatch.hi;
}

}  // namespace

std::string mistrust(const Verdict& verdict) {
  if (!verdict.passed()) return "";
  if (verdict.checked == 0) return "no element was checked";
  const std::int64_t zeros = verdict.of(ElementClass::zero).checked;
  if (share_of(zeros, verdict) > kMostZeros) {
    return fmt::format("{} of {} outputs ought to be 0: too many to tell", zeros, verdict.checked);
  }
  if (share_of(verdict.unjudged, verdict) > kMostZeros) {
    return fmt::format(
        "{} of {} outputs may be anything, since the order of summation decides whether they overflow",
        verdict.unjudged, verdict.checked);
  }
  if (share_of(verdict.ambiguous, verdict) > kMostAmbiguous) {
    return fmt::format("{} of {} steps have their threshold within the error of z: too many to tell",
                       verdict.ambiguous, verdict.checked);
  }
  const std::int64_t others = verdict.checked - zeros;
  if (static_cast<double>(verdict.vague) > kMostVague * static_cast<double>(others)) {
    return fmt::format(
        "for {} of {} outputs that ought not to be 0, what is allowed is as wide as the value: too wide to "
        "tell",
        verdict.vague, others);
  }
  return "";
}

std::string to_string(const Verdict& verdict) {
  const bool is_bits = verdict.arithmetic == Arithmetic::reproducible;
  if (verdict.passed()) {
    if (is_bits) return fmt::format("{} elements, all bit-identical to the reference", verdict.checked);
    const std::string worst = verdict.worst ? fmt::format("; {}", worst_text(verdict)) : "";
    return fmt::format("{} elements, all inside what correct arithmetic allows{}", verdict.checked, worst);
  }
  const Mismatch& first = *verdict.first;
  return fmt::format("{} of {} elements {}; first at {}: expected {}, found {}", verdict.mismatches,
                     verdict.checked,
                     is_bits ? "differ from the reference" : "lie outside what correct arithmetic allows",
                     place(first.group, first.row, first.column), first.expected, first.found);
}

std::string to_string(const Mismatch& mismatch) {
  std::string text =
      fmt::format("{}: expected {}, found {}{}", place(mismatch.group, mismatch.row, mismatch.column),
                  mismatch.expected, mismatch.found, ulps_text(mismatch.ulps));
  if (!std::isnan(mismatch.z)) {
    text += fmt::format("; z* = {}, B = {:.3g}, Z = [{}, {}]", mismatch.z, mismatch.z_bound,
                        mismatch.z - mismatch.z_bound, mismatch.z + mismatch.z_bound);
  }
  text += fmt::format("; allowed {}", allowed_text(mismatch));
  // Under the interval test a mismatch never is.
  if (is_allowed(mismatch)) text += ", so only bits differ";
  return text;
}

std::string shared_by_failures(const Verdict& verdict) {
  if (!verdict.extent) return "";
  const FailureExtent& extent = *verdict.extent;
  const Side groups{"group", extent.first_group, extent.last_group, 1, verdict.groups};
  const Side rows{"row", extent.first_row, extent.last_row, extent.row_step, verdict.rows};
  const Side columns{"column", extent.first_column, extent.last_column, extent.column_step, verdict.columns};
  std::string text;
  for (const std::string& part : {groups.text(), rows.text(), columns.text(), tile_text(rows, columns)}) {
    if (part.empty()) continue;
    text += (text.empty() ? "" : ", ") + part;
  }
  return text.empty() ? "nothing: they lie all over y" : text;
}

std::string describe(const Verdict& verdict) {
  std::string text = to_string(verdict) + "\n" + classes_text(verdict);
  if (verdict.worst && !verdict.passed()) text += "  " + worst_text(verdict) + "\n";
  if (const std::string doubt = mistrust(verdict); !doubt.empty()) text += "  " + doubt + "\n";
  if (verdict.passed()) return text;
  text += fmt::format("  failures share {}\n", shared_by_failures(verdict));
  for (const Mismatch& failure : verdict.failures) text += fmt::format("  {}\n", to_string(failure));
  const auto left = verdict.mismatches - static_cast<std::int64_t>(verdict.failures.size());
  if (left > 0) text += fmt::format("  and {} more\n", left);
  return text;
}

}  // namespace perceptron
