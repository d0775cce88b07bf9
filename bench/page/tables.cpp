#include "bench/page/tables.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/page/svg.hpp"

namespace perceptron::bench {
namespace {

std::string cell(const std::string& text, std::string_view css_class = "") {
  return css_class.empty() ? fmt::format("<td>{}</td>", escaped(text))
                           : fmt::format("<td class=\"{}\">{}</td>", css_class, escaped(text));
}

/// Within `section`, under its heading, a table that scrolls by itself. Columns of text, whose cells stand
/// left, begin with '<'.
std::string table(std::string_view id, std::string_view heading,
                  std::initializer_list<std::string_view> columns, const std::string& rows) {
  std::string text =
      fmt::format("<section id=\"{}\"><h2>{}</h2><div class=\"scroll\"><table><thead><tr>", id, heading);
  for (const std::string_view column : columns) {
    text += column.starts_with('<') ? fmt::format("<th class=\"left\">{}</th>", column.substr(1))
                                    : fmt::format("<th>{}</th>", column);
  }
  return text + "</tr></thead><tbody>\n" + rows + "</tbody></table></div></section>\n";
}

/// A bar behind the figure.
std::string share_cell(const Result& result) {
  if (!result.limit) return cell("not measured");
  const double percent = 100 * result.share_of_limit();
  return fmt::format("<td class=\"share\" style=\"--of:{:.0f}%\">{:.0f} %</td>", std::min(100.0, percent),
                     percent);
}

std::string remarks(const Result& result, int cores) {
  std::string text = advice(result, cores);
  if (result.is_noisy()) text += text.empty() ? "noisy" : "; noisy";
  if (result.rejected > 0) {
    text +=
        fmt::format("{}{} of {} samples rejected", text.empty() ? "" : "; ", result.rejected, result.samples);
  }
  return text;
}

std::string result_row(const Result& result, const Findings& findings) {
  const Quartiles& ns = result.nanoseconds;
  std::string row =
      "<tr>" + cell(result.name) + cell(fmt::format("{}", result.threads)) + cell(result.kernel) +
      cell(duration(ns.median)) + cell(fmt::format("{:.1f}", 50 * (ns.p75 - ns.p25) / ns.median)) +
      cell(fmt::format("{:.2f}", result.gflops())) + cell(fmt::format("{:.2f}", result.gbytes_per_second())) +
      share_cell(result) + cell(result.limit ? result.limit->limiter : "", "left") +
      cell(placement_text(result, findings), "left");
  return row + cell(remarks(result, findings.machine.cores), "left") + "</tr>\n";
}

/// Of calls timed one by one where there are such, else of the rounds.
std::string end_to_end_row(const Result& result) {
  const StageTimes& stages = *result.stages;
  const auto latency = result.latency;
  const double p50_ns = latency ? latency->p50_ns : result.nanoseconds.median;
  std::string row = "<tr>" + cell(result.name) + cell(fmt::format("{}", result.threads)) +
                    cell(tick_text(static_cast<double>(result.rows) / p50_ns * 1e9)) +
                    cell(duration(p50_ns)) + cell(latency ? duration(latency->p90_ns) : "") +
                    cell(latency ? duration(latency->p99_ns) : "");
  for (const double seconds : {stages.staging_in, stages.compute, stages.staging_out}) {
    row += cell(seconds == 0 ? "none" : duration(1e9 * seconds));
  }
  return row + "</tr>\n";
}

/// Of a field that may be absent or of another type.
std::string text_of(const nlohmann::json& object, const char* field) {
  const auto found = object.find(field);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string failed_cases(const nlohmann::json& validation) {
  std::string rows;
  const auto cases = validation.find("cases");
  if (cases == validation.end() || !cases->is_array()) return rows;
  for (const nlohmann::json& one : *cases) {
    if (!one.is_object() || text_of(one, "status") != "FAILED") continue;
    rows += "<tr>" + cell(text_of(one, "problem")) + cell(text_of(one, "kernel"), "left") +
            cell("FAILED", "bad") + "</tr>\n";
  }
  return rows;
}

}  // namespace

std::string results_section(const Findings& findings) {
  std::string rows;
  for (const Result& result : findings.results) rows += result_row(result, findings);
  return table("results", "Every result",
               {"problem", "threads", "kernel", "median", "± %", "GFLOP/s", "GB/s", "of the limit",
                "<limiter", "<operands", "<remarks"},
               rows);
}

std::string end_to_end_section(const Findings& findings) {
  std::string rows;
  for (const Result& result : findings.results) {
    if (result.stages) rows += end_to_end_row(result);
  }
  if (rows.empty()) return "";
  return table("end-to-end", "From host arrays to host arrays",
               {"what", "threads", "rows/s", "p50", "p90", "p99", "staging in", "compute", "staging out"},
               rows);
}

std::string validation_section(const nlohmann::json& validation) {
  std::string rows;
  for (const auto& [status, count] : validation.at("totals").items()) {
    const std::string suite = text_of(validation, "suite");
    rows += "<tr>" +
            cell(fmt::format("{}, {}", text_of(validation, "device"),
                             suite == "none" ? "problems by name" : suite + " suite")) +
            cell(count.dump(), "left") + cell(status, status == "FAILED" && count != 0 ? "bad" : "") +
            "</tr>\n";
  }
  return table("validation", "Validation", {"what", "<cases", "status"}, rows + failed_cases(validation));
}

}  // namespace perceptron::bench
