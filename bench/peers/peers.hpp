// The list of peers that this build holds.
#pragma once

#include <span>
#include <string_view>

#include "bench/peers/contender.hpp"

namespace perceptron::bench {

/// A peer offers the ways in which it can serve a task, ready to run and set to the task's threads; none
/// where it cannot. The comparison times all of them and keeps the fastest, so that each peer is judged by
/// its best call.
struct Peer {
  std::string_view name;
  Contenders (*ways)(const Task& task);
};

std::span<const Peer> peers();

Contenders openblas_ways(const Task& task);
Contenders onednn_ways(const Task& task);
Contenders eigen_ways(const Task& task);

}  // namespace perceptron::bench
