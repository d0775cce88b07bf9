#include "src/reference/verdict.hpp"

#include <algorithm>
#include <numeric>

namespace perceptron {
namespace {

constexpr std::size_t kShownFailures = 10;

/// The greatest step in which both lie.
std::int64_t common_step(std::int64_t a, std::int64_t b, std::int64_t distance) {
  return std::gcd(std::gcd(a, b), distance);
}

void extend(std::optional<FailureExtent>& extent, const FailureExtent& more) {
  if (!extent) {
    extent = more;
    return;
  }
  FailureExtent& all = *extent;
  all.row_step = common_step(all.row_step, more.row_step, all.first_row - more.first_row);
  all.column_step = common_step(all.column_step, more.column_step, all.first_column - more.first_column);
  all.first_group = std::min(all.first_group, more.first_group);
  all.last_group = std::max(all.last_group, more.last_group);
  all.first_row = std::min(all.first_row, more.first_row);
  all.last_row = std::max(all.last_row, more.last_row);
  all.first_column = std::min(all.first_column, more.first_column);
  all.last_column = std::max(all.last_column, more.last_column);
}

bool is_worse(const WorstError& a, const WorstError& b) {
  return a.share != b.share ? a.share > b.share : a.ulps > b.ulps;
}

}  // namespace

void Verdict::add(const Verdict& more, std::int64_t first_row) {
  arithmetic = more.arithmetic;
  groups = more.groups;
  columns = more.columns;
  rows += more.rows;
  checked += more.checked;
  ambiguous += more.ambiguous;
  unjudged += more.unjudged;
  vague += more.vague;
  for (std::size_t index = 0; index < classes.size(); ++index) {
    classes[index].checked += more.classes[index].checked;
    classes[index].mismatches += more.classes[index].mismatches;
  }
  if (more.worst) {
    WorstError moved = *more.worst;
    moved.row += first_row;
    reference::note(*this, moved);
  }
  mismatches += more.mismatches;
  for (Mismatch failure : more.failures) {
    if (failures.size() == kShownFailures) break;
    failure.row += first_row;
    failures.push_back(failure);
  }
  if (!first && more.first) {
    first = more.first;
    first->row += first_row;
  }
  if (!more.extent) return;
  FailureExtent moved = *more.extent;
  moved.first_row += first_row;
  moved.last_row += first_row;
  extend(extent, moved);
}

namespace reference {

Verdict verdict_on(const ConstMatrixView& y, Arithmetic arithmetic) {
  Verdict verdict;
  verdict.arithmetic = arithmetic;
  verdict.groups = y.groups;
  verdict.rows = y.rows;
  verdict.columns = y.columns;
  return verdict;
}

void count(Verdict& verdict, ElementClass element_class, bool is_right) {
  ClassCount& counted = verdict.classes[static_cast<std::size_t>(element_class)];
  ++verdict.checked;
  ++counted.checked;
  if (!is_right) ++counted.mismatches;
}

void enter(Verdict& verdict, const Mismatch& mismatch) {
  ++verdict.mismatches;
  if (!verdict.first) verdict.first = mismatch;
  if (verdict.failures.size() < kShownFailures) verdict.failures.push_back(mismatch);
  FailureExtent place;
  place.first_group = place.last_group = mismatch.group;
  place.first_row = place.last_row = mismatch.row;
  place.first_column = place.last_column = mismatch.column;
  extend(verdict.extent, place);
}

void note(Verdict& verdict, const WorstError& error) {
  if (!verdict.worst || is_worse(error, *verdict.worst)) verdict.worst = error;
}

}  // namespace reference
}  // namespace perceptron
