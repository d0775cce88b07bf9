// Runs a fuzz target over files instead of under libFuzzer, so that any compiler repeats the corpus:
// replay DIRECTORY…. Fails where a directory is missing or empty.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>

#include "tests/support/temp_dir.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** directories) {
  std::size_t files = 0;
  try {
    for (int i = 1; i < count; ++i) {
      for (const auto& entry : std::filesystem::directory_iterator(directories[i])) {
        const std::string bytes = perceptron::test::read_file(entry.path());
        std::printf("%s\n", entry.path().c_str());
        std::fflush(stdout);  // A crash is the business of the file named last.
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        ++files;
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return files > 0 ? 0 : 1;
}
