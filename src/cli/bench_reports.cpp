#include "src/cli/bench_reports.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include "bench/page/page.hpp"
#include "perceptron/error.hpp"
#include "src/cli/output_paths.hpp"

namespace perceptron::cli {
namespace {

namespace fs = std::filesystem;

/// A file and what it is to the user.
struct NamedFile {
  const char* name;
  fs::path path;
};

std::vector<NamedFile> reports_of(const BenchPaths& paths) {
  std::vector<NamedFile> files;
  if (paths.json) files.push_back({"JSON", *paths.json});
  if (paths.csv) files.push_back({"CSV", *paths.csv});
  if (paths.html) files.push_back({"HTML", *paths.html});
  return files;
}

nlohmann::json read_validation_file(const fs::path& path) {
  constexpr std::string_view kExpected = "what `perceptron validate --json` writes";
  std::error_code error;
  if (fs::is_directory(path, error)) {
    throw FileError(fmt::format("{} is a directory; expected {}", path.string(), kExpected));
  }
  std::ifstream file(path);
  if (!file) {
    const std::string reason = std::generic_category().message(errno);
    throw FileError(fmt::format("{}: cannot be read: {}; expected {}", path.string(), reason, kExpected));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_object() && json.contains("totals") && json["totals"].is_object()) return json;
  throw FormatError(fmt::format("{}: expected {}, an object with \"totals\"", path.string(), kExpected));
}

}  // namespace

void refuse_conflicts(const BenchPaths& paths, const fs::path& model) {
  if (paths.validation && !paths.html) {
    throw InvalidArgument(fmt::format("--validation {}: it is shown in the page of --html, which is missing",
                                      paths.validation->string()));
  }
  std::vector<NamedFile> kept;
  if (!model.empty()) kept.push_back({"model", model});
  if (paths.validation) kept.push_back({"validation", *paths.validation});
  for (const NamedFile& report : reports_of(paths)) {
    for (const NamedFile& file : kept) refuse_overwriting(report.path, report.name, file.path, file.name);
    kept.push_back(report);
  }
}

std::FILE* text_stream(const BenchPaths& paths) {
  const auto is_taken = [](const NamedFile& file) { return is_standard_output(file.path); };
  return std::ranges::any_of(reports_of(paths), is_taken) ? stderr : stdout;
}

std::optional<nlohmann::json> read_validation(const BenchPaths& paths) {
  if (!paths.validation) return {};
  return read_validation_file(*paths.validation);
}

BenchReports::BenchReports(const BenchPaths& paths) {
  if (paths.json) json_.emplace(*paths.json);
  if (paths.csv) csv_.emplace(*paths.csv);
  if (paths.html) html_.emplace(*paths.html);
}

void BenchReports::write(const bench::Findings& findings, const std::optional<nlohmann::json>& validation) {
  if (json_) json_->write(bench::to_json(findings).dump(1) + "\n");
  if (csv_) csv_->write(bench::to_csv(findings));
  if (html_) html_->write(bench::to_html(findings, validation));
}

}  // namespace perceptron::cli
