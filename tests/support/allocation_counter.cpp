// Stands before the C library's allocator, or hooks into the sanitizer's; see allocation_counter.hpp.
#include "tests/support/allocation_counter.hpp"

#include <atomic>
#include <cerrno>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PERCEPTRON_SANITIZER_ALLOCATES
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PERCEPTRON_SANITIZER_ALLOCATES
#endif

namespace {

std::atomic<std::size_t> count{0};

}  // namespace

namespace perceptron::test {

std::size_t allocations() { return count.load(); }

bool counts_aligned_requests() {
#if defined(__SANITIZE_THREAD__)
  return false;
#else
  return true;
#endif
}

}  // namespace perceptron::test

#if defined(PERCEPTRON_SANITIZER_ALLOCATES)
// Declared here, since not every compiler brings sanitizer/allocator_interface.h.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_allocation)(const volatile void*,
                                                                               std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {

void on_allocation(const volatile void*, std::size_t) { count.fetch_add(1, std::memory_order_relaxed); }
void on_free(const volatile void*) {}
const int installed = __sanitizer_install_malloc_and_free_hooks(&on_allocation, &on_free);

}  // namespace
#else
extern "C" {

// The C library's own names of its allocator.
void* __libc_malloc(std::size_t bytes) noexcept;
void* __libc_calloc(std::size_t elements, std::size_t bytes) noexcept;
void* __libc_realloc(void* memory, std::size_t bytes) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t bytes) noexcept;

void* malloc(std::size_t bytes) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t elements, std::size_t bytes) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(elements, bytes);
}
void* realloc(void* memory, std::size_t bytes) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  count.fetch_add(1, std::memory_order_relaxed);
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept { return memalign(alignment, bytes); }
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  *memory = memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
}
#endif
