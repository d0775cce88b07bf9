#include "bench/page/page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "bench/page/plots.hpp"
#include "bench/page/style.hpp"
#include "bench/page/svg.hpp"
#include "bench/page/tables.hpp"

namespace perceptron::bench {
namespace {

/// Of one speed-up plot, so that a page on a desk shows several side by side.
constexpr std::size_t kMostProblemsPerPlot = 10;

std::string plot_card(std::string_view title, const std::string& plot) {
  return fmt::format("<figure class=\"plot\" style=\"margin:0\"><h3>{}</h3>{}</figure>\n", escaped(title),
                     plot);
}

/// Colour and name of each.
std::string key(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string text = "<div class=\"key\">";
  for (const auto& [css_class, name] : entries) {
    text += fmt::format(
        R"(<span><svg viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" class="{}"/></svg>{}</span>)",
        css_class, escaped(name));
  }
  return text + "</div>\n";
}

std::string peers_key(const Findings& findings, bool has_ours) {
  std::set<std::string_view> there;
  for (const Result& result : findings.results) {
    for (const Timing& peer : result.peers) there.insert(peer.contender);
  }
  std::vector<std::pair<std::string, std::string>> entries;
  if (has_ours) entries.emplace_back("ours", "perceptron");
  for (const std::string_view peer : kPeers) {
    if (there.contains(peer)) entries.emplace_back(peer_class(peer), peer);
  }
  return key(entries);
}

std::string dtypes_key(const Findings& findings) {
  std::set<std::string> there;
  for (const Result& result : findings.results) there.insert(dtype_class(result));
  std::vector<std::pair<std::string, std::string>> entries;
  for (const char* one : {"f32", "f64", "f16", "bf16", "model"}) {
    if (there.contains(fmt::format("spot {}", one)))
      entries.emplace_back(one, one == std::string_view("model") ? "a model" : one);
  }
  return key(entries);
}

std::string speedup_section(const Findings& findings) {
  const std::vector<const Result*> results = compared_results(findings);
  if (results.empty()) return "";
  std::string text =
      "<section id=\"speedup\"><h2>Speed-up over peers</h2><p class=\"soft\">A peer's time divided by ours, "
      "the median of interleaved rounds; each peer by its fastest way. Right of the line at 1× we are "
      "faster, left of it the peer is.</p>";
  text += peers_key(findings, false) + "<div class=\"plots\">";
  const double most = most_ratio(results);
  const std::span<const Result* const> all(results);
  const std::size_t plots = (all.size() + kMostProblemsPerPlot - 1) / kMostProblemsPerPlot;
  const std::size_t per_plot = (all.size() + plots - 1) / plots;
  for (std::size_t begin = 0; begin < all.size(); begin += per_plot) {
    const std::size_t count = std::min(per_plot, all.size() - begin);
    text += plot_card(fmt::format("{}–{} of {}", begin + 1, begin + count, all.size()),
                      speedup_plot(all.subspan(begin, count), most));
  }
  return text + "</div></section>\n";
}

std::string roofline_section(const Findings& findings) {
  if (findings.peaks.empty()) return "";
  std::string text =
      "<section id=\"roofline\"><h2>Roofline</h2><p class=\"soft\">Each dot is a result; the lines are what "
      "this machine did at most in this run: multiply-adds in registers, and copies through memory and each "
      "cache.</p>";
  text += dtypes_key(findings);
  text += "<div class=\"plots\">";
  for (const Peaks& peaks : findings.peaks) {
    text += plot_card(fmt::format("{} thread{}", peaks.threads, peaks.threads == 1 ? "" : "s"),
                      roofline_plot(findings, peaks));
  }
  return text + "</div></section>\n";
}

std::string latency_section(const Findings& findings) {
  std::map<std::pair<std::string, int>, std::vector<const Result*>> sweeps;
  for (const Result& result : findings.results) {
    if (result.sweep) sweeps[{result.sweep->series, result.threads}].push_back(&result);
  }
  if (sweeps.empty()) return "";
  std::string text =
      "<section id=\"latency\"><h2>Time of a call</h2>" + peers_key(findings, true) + "<div class=\"plots\">";
  for (const auto& [name, points] : sweeps) {
    text += plot_card(fmt::format("{} · {} thread{}", name.first, name.second, name.second == 1 ? "" : "s"),
                      latency_plot(points));
  }
  return text + "</div></section>\n";
}

std::string header(const Findings& findings) {
  const Machine& machine = findings.machine;
  return fmt::format(
      "<header><h1>perceptron on {}</h1><p class=\"soft\">{} cores · {} · {} · {} · load {:.2f} · {} · "
      "commit <code>{}</code></p></header>\n",
      escaped(machine.cpu), machine.cores, escaped(fmt::format("{}", fmt::join(machine.caches, ", "))),
      escaped(machine.kernel), escaped(machine.compiler), findings.load_before, escaped(findings.date),
      escaped(findings.commit));
}

}  // namespace

std::string to_html(const Findings& findings, const std::optional<nlohmann::json>& validation) {
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
      "<title>perceptron benchmark</title>\n";
  page += fmt::format("<style>{}</style></head>\n<body>\n", kStyle);
  page += header(findings);
  page += speedup_section(findings) + roofline_section(findings) + latency_section(findings);
  page += end_to_end_section(findings) + results_section(findings);
  if (validation) page += validation_section(*validation);
  page += fmt::format("<footer><h2>What is inside each number</h2><p class=\"soft\">{}</p></footer>\n",
                      escaped(kInside));
  return page + "</body></html>\n";
}

}  // namespace perceptron::bench
