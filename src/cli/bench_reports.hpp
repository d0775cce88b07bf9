// The files of `perceptron bench`: the reports that it writes and the validation that one of them shows.
#pragma once

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "bench/findings.hpp"
#include "src/cli/report_file.hpp"

namespace perceptron::cli {

struct BenchPaths {
  std::optional<std::filesystem::path> json, csv, html, validation;
};

/// Throws InvalidArgument where a report would destroy what is read (the model, if any, and the validation)
/// or another report, and where the validation would be shown nowhere.
void refuse_conflicts(const BenchPaths& paths, const std::filesystem::path& model);

/// Where the table goes: stdout, but not between the bytes of a report.
std::FILE* text_stream(const BenchPaths& paths);

/// What `perceptron validate --json` wrote, if asked for. Throws FileError and FormatError.
std::optional<nlohmann::json> read_validation(const BenchPaths& paths);

/// The reports that were asked for, proved writable on construction (FileError) and written once.
class BenchReports {
 public:
  explicit BenchReports(const BenchPaths& paths);
  void write(const bench::Findings& findings, const std::optional<nlohmann::json>& validation);

 private:
  std::optional<ReportFile> json_, csv_, html_;
};

}  // namespace perceptron::cli
