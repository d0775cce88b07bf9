// How an Engine is made, and what devices there are.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "perceptron/dtype.hpp"
#include "perceptron/export.hpp"

struct CUstream_st;

namespace perceptron {

/// An ordered queue of a GPU: the pointer type of a CUDA stream. Null on the CPU.
using Stream = CUstream_st*;

struct Options {
  /// "auto"               a GPU where there is one, else the CPU
  /// "cpu", "cpu:avx2"    the CPU; one of its targets that devices() lists
  /// "cuda", "cuda:N"     the first GPU; that one
  /// "ptx"                the CUDA kernels' PTX executed on the CPU, watched: for tests. What a kernel must
  ///                      not do is an Error that names kernel, line, block and thread
  /// ":FAMILY/POLICY" behind "cuda:N" or "ptx" forces a kernel ("ptx:tile_fma/64x64"), "@SEED" behind a ptx
  /// name the machine's choices.
  std::string device = "auto";
  /// CPU threads of one call, the caller's included; 0: one per core that the process may use, which is also
  /// the most that are used. 1: no others.
  int threads = 0;
  Arithmetic arithmetic = Arithmetic::reproducible;
  /// Upper bound of a Session's scratch memory in bytes; 0: chosen. Smaller chunks give the same bits.
  std::size_t memory_budget_bytes = 0;
  /// Asks the driver about every pointer of a view in device memory: host memory, managed memory and another
  /// device's are refused by name. Costs a driver call per view; without it Place is trusted.
  bool verify_pointers = false;
  /// Receives news (device chosen, chunk halved), one line each, on the thread where it happens. May be
  /// empty.
  std::function<void(std::string_view)> log;
};

struct DeviceInfo {
  std::string name;         ///< What Options::device takes: "cuda:0", "cpu", "cpu:avx2".
  std::string description;  ///< Processor or board, for people.
  int lanes_f32 = 1;        ///< f32 elements per vector; of a GPU 32, its warp; of ptx 1.
  bool is_default = false;  ///< What "auto" chooses.
};

/// Every device that this build and machine can use, the default first.
PERCEPTRON_API std::vector<DeviceInfo> devices();

/// One line: why no GPU is among them (no driver, too old a one, no GPU, built without CUDA). Empty where one
/// is.
PERCEPTRON_API std::string gpu_absence();

}  // namespace perceptron
