// The page is well-formed, needs nothing from elsewhere, and shows each plot; how it looks is asked in
// page_in_browser.py.
#include "bench/page/page.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "bench/page/svg.hpp"
#include "tests/bench/made_up_findings.hpp"

namespace perceptron::bench {
namespace {

std::string page() {
  const auto validation = nlohmann::json::parse(
      R"({"device":"cpu","suite":"quick","totals":{"PASSED":41,"FAILED":1},
          "cases":[{"problem":"1x1x1:f32:<relu>","status":"FAILED","kernel":"cpu/tile"},{"problem":"2x2x2","status":"PASSED"}]})");
  return to_html(made_up_findings(), validation);
}

/// The name of the first element that is opened and not closed, or closed and not open; empty where all
/// match.
std::string unbalanced(const std::string& html) {
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return html.substr(at, 30);
    if (html[at + 1] == '!' || html[end - 1] == '/') continue;
    const bool closes = html[at + 1] == '/';
    const std::size_t begin = at + (closes ? 2 : 1);
    const std::string name = html.substr(begin, html.find_first_of(" >", begin) - begin);
    if (!closes) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return name;
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back();
}

std::size_t count_of(const std::string& text, const std::string& word) {
  std::size_t count = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST(Page, IsWellFormed) { EXPECT_EQ(unbalanced(page()), ""); }

TEST(Page, NeedsNothingFromElsewhere) {
  for (const char* word : {"http", "src=", "href", "url(", "@import", "<script", "<link"}) {
    EXPECT_EQ(page().find(word), std::string::npos) << word;
  }
}

TEST(Page, FitsAPhone) {
  EXPECT_NE(page().find("name=\"viewport\" content=\"width=device-width"), std::string::npos);
  EXPECT_EQ(count_of(page(), "<table>"), count_of(page(), "<div class=\"scroll\"><table>"));
}

TEST(Page, ShowsEachPlotAndTable) {
  for (const char* id : {"speedup", "roofline", "latency", "end-to-end", "results", "validation"}) {
    EXPECT_EQ(count_of(page(), "<section id=\"" + std::string(id) + "\""), 1U) << id;
  }
  EXPECT_EQ(count_of(page(), "class=\"one\""), 1U);
  EXPECT_EQ(count_of(page(), "1.50×"), 2U);
  EXPECT_EQ(count_of(page(), "class=\"spot f32\""), 1U);
  EXPECT_EQ(count_of(page(), "class=\"curve ours\""), 1U);
}

TEST(Page, EscapesWhatOthersNamed) {
  EXPECT_NE(page().find("A &lt;fine&gt; &amp; &quot;quiet&quot; CPU"), std::string::npos);
  EXPECT_NE(page().find("1x1x1:f32:&lt;relu&gt;"), std::string::npos);
  EXPECT_EQ(page().find("2x2x2"), std::string::npos);
}

TEST(Page, LeavesOutWhatThereIsNot) {
  Findings findings = made_up_findings();
  findings.results.resize(1);
  findings.results.front().peers.clear();
  findings.peaks.clear();
  const std::string html = to_html(findings, std::nullopt);
  for (const char* id : {"speedup", "roofline", "latency", "end-to-end", "validation"}) {
    EXPECT_EQ(html.find("id=\"" + std::string(id) + "\""), std::string::npos) << id;
  }
  EXPECT_EQ(unbalanced(html), "");
}

TEST(LogAxis, PlacesDecadesEvenly) {
  const LogAxis axis(1, 1000, 0, 300);
  EXPECT_DOUBLE_EQ(axis.at(10), 100);
  EXPECT_DOUBLE_EQ(axis.at(0.1), 0);
  EXPECT_EQ(axis.ticks().size(), 4U);
  EXPECT_EQ(LogAxis(0.5, 8, 0, 1).ticks(2).size(), 5U);
}

}  // namespace
}  // namespace perceptron::bench
