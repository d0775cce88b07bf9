// What is known of accesses by whole blocks: what flags carry from one to another.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace perceptron::ptx {

/// A block's count of memory accesses and synchronisations. 0 is before everything.
using Stamp = std::uint32_t;

/// Of a fence, or of an access that is strong (PTX ISA, "Scope"): .cta, or any wider one.
enum class Scope : std::uint8_t { block, grid };

/// How far into one block's accesses somebody knows them.
struct Reach {
  Stamp floor = 0;             ///< All before it,
  std::vector<Stamp> threads;  ///< and of each thread those up to this one.

  bool covers(std::uint32_t thread, Stamp stamp) const {
    return stamp < floor || (thread < threads.size() && threads[thread] >= stamp);
  }
  void join(const Reach& other);
};

/// Of each block how far; what a block has told never changes, so that many hold the same.
class Past {
 public:
  bool is_empty() const { return blocks_.empty(); }
  bool covers(std::uint32_t block, std::uint32_t thread, Stamp stamp) const {
    const Reach* reach = find(block);
    return reach != nullptr && reach->covers(thread, stamp);
  }
  const Reach* find(std::uint32_t block) const;
  void join(std::uint32_t block, std::shared_ptr<const Reach> reach);
  void join(const Past& other);

 private:
  struct Known {
    std::uint32_t block;
    std::shared_ptr<const Reach> reach;
  };
  std::vector<Known> blocks_;  ///< In ascending order.
};

/// What a place in memory tells whoever reads it.
struct Release {
  Past within;  ///< A thread of the block that told.
  Past beyond;  ///< Any thread.

  void join(const Release& other) {
    within.join(other.within);
    beyond.join(other.beyond);
  }
};

}  // namespace perceptron::ptx
