#include "src/ptx/clocks.hpp"

#include <memory>

namespace perceptron::ptx {

void Clocks::fence(std::uint32_t thread, Scope scope) {
  if (const auto heard = heard_.find(thread); heard != heard_.end()) {
    learn(thread, scope, heard->second);
    if (scope == Scope::grid) heard_.erase(heard);
  }
  perform(thread, scope);
}

void Clocks::perform(std::uint32_t thread, Scope scope) {
  has_performed_ = true;
  Reach reach{floor_, {}};
  if (!rows_.empty()) reach.threads.assign(row(thread), row(thread) + threads_);
  for (std::size_t each = 0; each <= static_cast<std::size_t>(scope); ++each) {
    std::vector<Fence>& fences = fences_[each][thread];
    fences.push_back({now_, reach});
    // A loop that waits may hold a fence: then the first two are taken for one.
    if (fences.size() > kMostFences) {
      fences[0].reach.join(reach_of(thread, fences[1]));
      fences.erase(fences.begin() + 1);
    }
  }
}

Reach Clocks::reach_of(std::uint32_t thread, const Fence& fence) const {
  Reach reach = fence.reach;
  reach.threads.resize(threads_);
  reach.threads[thread] = std::max(reach.threads[thread], fence.stamp);
  return reach;
}

/// Anybody may have made the fence, if only the thread knows of it and of the access, by barriers or flags.
Reach Clocks::performed_of(std::uint32_t thread, Scope scope) const {
  Reach reach = performed_[static_cast<std::size_t>(scope)];
  for (const auto& [other, fences] : fences_[static_cast<std::size_t>(scope)]) {
    const Stamp last = known(thread, other);
    const auto unknown =
        std::find_if(fences.begin(), fences.end(), [&](const Fence& fence) { return fence.stamp > last; });
    if (unknown != fences.begin()) reach.join(reach_of(other, *(unknown - 1)));
  }
  for (std::uint32_t other = 0; other < reach.threads.size(); ++other)
    reach.threads[other] = std::min(reach.threads[other], known(thread, other));
  return reach;
}

void Clocks::tell(std::uint32_t thread, Scope scope, Release& into) const {
  into.within.join(block_, std::make_shared<Reach>(performed_of(thread, Scope::block)));
  if (scope == Scope::block) return;
  into.beyond.join(block_, std::make_shared<Reach>(performed_of(thread, Scope::grid)));
  into.beyond.join(common_);
  if (!beyond_.empty()) into.beyond.join(beyond_[thread]);
}

void Clocks::learn(std::uint32_t thread, Scope scope, const Release& release) {
  learn_own(thread, release.within);
  if (scope == Scope::block) return;
  learn_own(thread, release.beyond);
  learn_beyond(thread, release.beyond);
}

void Clocks::learn_own(std::uint32_t thread, const Past& past) {
  if (const Reach* own = past.find(block_)) learn_stamps(thread, own->threads);
}

void Clocks::learn_beyond(std::uint32_t thread, const Past& past) {
  if (past.is_empty()) return;
  beyond_.resize(threads_);
  beyond_[thread].join(past);
}

void Clocks::share() {
  for (const Past& past : beyond_) common_.join(past);
  beyond_.clear();
  for (std::size_t scope = 0; scope < 2; ++scope) {
    for (const auto& [thread, fences] : fences_[scope]) {
      for (const Fence& fence : fences) performed_[scope].join(reach_of(thread, fence));
    }
    fences_[scope].clear();
  }
}

}  // namespace perceptron::ptx
