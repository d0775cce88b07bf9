// Which rows of a file have been written, however the pieces came.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

namespace perceptron::files {

/// Ranges that neither touch nor overlap; written in ascending order, one.
class RowRanges {
 public:
  void add(std::int64_t first, std::int64_t count) {
    if (count == 0) return;
    std::int64_t end = first + count;
    auto next = ends_.upper_bound(first);
    if (next != ends_.begin() && std::prev(next)->second >= first) --next;
    while (next != ends_.end() && next->first <= end) {
      first = std::min(first, next->first);
      end = std::max(end, next->second);
      next = ends_.erase(next);
    }
    ends_.emplace(first, end);
  }

  std::int64_t count() const {
    std::int64_t rows = 0;
    for (const auto& [first, end] : ends_) rows += end - first;
    return rows;
  }

 private:
  std::map<std::int64_t, std::int64_t> ends_;  ///< By the first row, the one behind the last.
};

}  // namespace perceptron::files
