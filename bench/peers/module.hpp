// The one symbol that a peer's module exports: what perceptron_peer_NAME.so is to the program that loads it.
#pragma once

#include "bench/peers/contender.hpp"

namespace perceptron::bench {

/// Counts up whenever Task, Contender or PeerModule change, so that a module of another build is refused, not
/// called.
inline constexpr int kPeerInterface = 4;

/// A peer offers the ways in which it can serve a task, ready to run and set to the task's threads; none
/// where it cannot.
struct PeerModule {
  int interface = kPeerInterface;
  Contenders (*ways)(const Task& task) = nullptr;
  /// Of a module that looks for its library when it is loaded: why it has none and what to install, "" where
  /// it has one. Null of all others.
  std::string (*missing)() = nullptr;
};

inline constexpr const char* kPeerEntry = "perceptron_peer";

}  // namespace perceptron::bench

/// Defined once by each module.
extern "C" __attribute__((visibility("default"))) const perceptron::bench::PeerModule perceptron_peer;
