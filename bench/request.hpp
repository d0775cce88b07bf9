// What `perceptron bench` was asked for: its arguments read, every mistake found before anything is measured.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure.hpp"

namespace perceptron::bench {

/// As the arguments have it; empty where one was not given.
struct Words {
  std::vector<std::string> problems;
  std::string model, rows, threads, peers, sweep;
  std::string device = "auto";
  double seconds = 0.3;
  int repetitions = 6;
  std::uint64_t seed = 1;
  bool is_resident = false;
};

struct Asked {
  Problem problem;
  std::optional<SweepPoint> sweep;
};

struct Request {
  std::vector<Asked> problems;
  std::filesystem::path model;     ///< Empty: none.
  std::vector<std::int64_t> rows;  ///< Of the model.
  std::vector<int> threads;
  MeasureOptions options;            ///< But for the threads.
  int lanes_f32 = 1;                 ///< Of the device, 0 where it is no CPU.
  std::vector<std::string> missing;  ///< One line for each peer that was not found.
};

/// Throws InvalidArgument, PeerMissing where a peer that was named or all of them cannot be loaded,
/// DeviceMissing, and Unsupported where no kernel serves a problem.
Request read_request(const Words& words);

}  // namespace perceptron::bench
