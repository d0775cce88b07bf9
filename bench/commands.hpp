// The two things the program does.
#pragma once

namespace perceptron::bench {

/// `--compare …`: interleaved comparison; the exit code is 0, or 1 where --strict is given and a bar is
/// missed.
int run_comparison(int argc, char** argv);

/// Google Benchmark with its own options.
int run_google_benchmark(int argc, char** argv);

}  // namespace perceptron::bench
