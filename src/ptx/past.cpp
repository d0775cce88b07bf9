#include "src/ptx/past.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace perceptron::ptx {
namespace {

std::shared_ptr<const Reach> both(std::shared_ptr<const Reach> a, const std::shared_ptr<const Reach>& b) {
  if (a == b) return a;
  auto joined = std::make_shared<Reach>(*a);
  joined->join(*b);
  return joined;
}

/// Where the block stands, or would.
template <class Blocks>
auto position(Blocks& blocks, std::uint32_t block) {
  return std::lower_bound(blocks.begin(), blocks.end(), block,
                          [](const auto& known, std::uint32_t wanted) { return known.block < wanted; });
}

}  // namespace

void Reach::join(const Reach& other) {
  floor = std::max(floor, other.floor);
  if (threads.size() < other.threads.size()) threads.resize(other.threads.size());
  for (std::size_t thread = 0; thread < other.threads.size(); ++thread)
    threads[thread] = std::max(threads[thread], other.threads[thread]);
}

const Reach* Past::find(std::uint32_t block) const {
  const auto at = position(blocks_, block);
  return at != blocks_.end() && at->block == block ? at->reach.get() : nullptr;
}

void Past::join(std::uint32_t block, std::shared_ptr<const Reach> reach) {
  const auto at = position(blocks_, block);
  if (at != blocks_.end() && at->block == block) {
    at->reach = both(std::move(at->reach), reach);
  } else {
    blocks_.insert(at, {block, std::move(reach)});
  }
}

void Past::join(const Past& other) {
  if (other.blocks_.empty()) return;
  if (blocks_.empty()) {
    blocks_ = other.blocks_;
    return;
  }
  std::vector<Known> joined;
  joined.reserve(std::max(blocks_.size(), other.blocks_.size()));
  auto mine = blocks_.begin();
  for (const Known& known : other.blocks_) {
    for (; mine != blocks_.end() && mine->block < known.block; ++mine) joined.push_back(std::move(*mine));
    if (mine != blocks_.end() && mine->block == known.block) {
      joined.push_back({known.block, both(std::move(mine->reach), known.reach)});
      ++mine;
    } else {
      joined.push_back(known);
    }
  }
  std::move(mine, blocks_.end(), std::back_inserter(joined));
  blocks_ = std::move(joined);
}

}  // namespace perceptron::ptx
