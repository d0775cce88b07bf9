// memcpy on as many threads as a contender has: the machine's own rate of moving bytes.
#pragma once

#include <cstddef>

namespace perceptron::bench {

/// Copies in `threads` equal parts at once; returns when all are done.
void parallel_copy(void* to, const void* from, std::size_t bytes, int threads);

}  // namespace perceptron::bench
