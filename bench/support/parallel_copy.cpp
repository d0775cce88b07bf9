#include "bench/support/parallel_copy.hpp"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>

namespace perceptron::bench {

void parallel_copy(void* to, const void* from, std::size_t bytes, int threads) {
  if (threads == 1) {
    std::memcpy(to, from, bytes);
    return;
  }
  const std::size_t part = (bytes / static_cast<std::size_t>(threads) + 64) / 64 * 64;
  tbb::parallel_for(
      0, threads,
      [&](int index) {
        const std::size_t first = std::min(bytes, static_cast<std::size_t>(index) * part);
        std::memcpy(static_cast<char*>(to) + first, static_cast<const char*>(from) + first,
                    std::min(part, bytes - first));
      },
      tbb::static_partitioner());
}

}  // namespace perceptron::bench
