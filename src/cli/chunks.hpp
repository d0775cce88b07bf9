// The data path of `run`: rows from the input file through the engine to the output file, some at a time, so
// that files may exceed memory.
#pragma once

#include "perceptron/engine.hpp"
#include "perceptron/npy.hpp"
#include "src/cli/run_report.hpp"

namespace perceptron::cli {

/// The ends and the middle of the path; all of them fit each other.
struct Stages {
  const Model& model;
  NpyReader& reader;
  Session& session;
  NpyWriter& writer;
};

struct ChunkOptions {
  std::int64_t rows = 1;  ///< Of a chunk.
  DType output_dtype = DType::f32;
  Conversion conversion = Conversion::exact_only;
  bool is_checked = false;
  bool shows_progress = false;
  int threads = 0;  ///< Of the check.
};

/// How many rows make a chunk: as many as fit 4 MiB of x and y and a work limit that keeps interruption and
/// progress prompt; at least one.
std::int64_t choose_chunk_rows(const Model& model, const NpyReader& reader, const ChunkOptions& options);

/// Runs every row and adds times and verdict to the report. Throws Interrupted between two chunks.
void run_chunks(const Stages& stages, const ChunkOptions& options, RunReport& report);

}  // namespace perceptron::cli
