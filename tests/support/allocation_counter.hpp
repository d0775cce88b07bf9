// Counts every request for memory of the program that links it: malloc and its kin, and so operator new.
#pragma once

#include <cstddef>

namespace perceptron::test {

/// Requests by all threads since the program began. What oneTBB takes from its own allocator is not among
/// them.
std::size_t allocations();

/// False under the thread sanitizer, which does not tell of aligned_alloc and posix_memalign.
bool counts_aligned_requests();

}  // namespace perceptron::test
