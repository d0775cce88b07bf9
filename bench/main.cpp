// perceptron_bench --compare …, or Google Benchmark's own command line.
#include <algorithm>
#include <exception>
#include <iostream>
#include <string_view>

#include "bench/commands.hpp"
#include "perceptron/error.hpp"

int main(int argc, char** argv) {
  const bool is_comparison =
      std::any_of(argv + 1, argv + argc, [](std::string_view argument) { return argument == "--compare"; });
  try {
    return is_comparison ? perceptron::bench::run_comparison(argc, argv)
                         : perceptron::bench::run_google_benchmark(argc, argv);
  } catch (const perceptron::InvalidArgument& error) {
    std::cerr << "perceptron_bench: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "perceptron_bench: " << error.what() << '\n';
    return 3;
  }
}
