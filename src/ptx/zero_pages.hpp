// Memory that costs nothing until it is touched, however much of it there is: strides of 2³² elements are
// tried on machines that could never hold them.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace perceptron::ptx {

/// `count` elements, all bytes zero.
template <class T>
requires std::is_trivially_destructible_v<T>
class ZeroPages {
 public:
  ZeroPages() = default;
  explicit ZeroPages(std::size_t count)
      : pages_(map(count * sizeof(T)), Unmap{count * sizeof(T)}), size_(count) {}

  T* data() const { return pages_.get(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t index) const { return pages_[index]; }

 private:
  /// Below, pages used again cost less than fresh ones: 64 KiB 0.6 µs against 30 µs on a Zen 4 guest.
  static constexpr std::size_t kMapped = std::size_t{32} << 20;

  struct Unmap {
    std::size_t bytes = 0;
    void operator()(T* pages) const {
      bytes < kMapped ? std::free(pages) : static_cast<void>(munmap(pages, bytes));
    }
  };

  static T* map(std::size_t bytes) {
    if (bytes == 0) return nullptr;
    if (bytes < kMapped) {
      void* zeros = std::calloc(bytes, 1);
      if (zeros == nullptr) throw std::bad_alloc();
      return static_cast<T*>(zeros);
    }
    void* pages =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) throw std::bad_alloc();
    return static_cast<T*>(pages);
  }

  std::unique_ptr<T[], Unmap> pages_;
  std::size_t size_ = 0;
};

}  // namespace perceptron::ptx
