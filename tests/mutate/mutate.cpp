// ./dev mutate: every mutation of the fixed list, in every instruction of our kernels' PTX, tried on short
// cases that the machine executes. What no case notices, and no argument of equivalent.txt covers, survives.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <thread>

#include "kernels/images.hpp"
#include "src/ptx/parser.hpp"
#include "tests/mutate/equivalent.hpp"
#include "tests/mutate/subject.hpp"

namespace perceptron::mutate {
namespace {

using Clock = std::chrono::steady_clock;

struct Options {
  double seconds = 0;  ///< 0: until all are tried.
  std::uint64_t seed = 0;
  unsigned threads = std::thread::hardware_concurrency();
  std::string filter;         ///< Of entries; empty: all.
  double most_survivors = 0;  ///< Percent of the mutants tried that may survive.
};

/// A mutant by where it stands in the lists.
struct Site {
  std::uint32_t target, instruction, mutation;
};

class Campaign {
 public:
  explicit Campaign(const Options& options);

  int run();

 private:
  const ptx::Module& module_of(std::string_view family);
  void list_sites();
  void deal();
  void work();
  const Subject& subject(std::size_t target);
  void note(const Site& site, const Mutation& mutation, const Outcome& outcome);
  bool is_over() const {
    return options_.seconds > 0 &&
           std::chrono::duration<double>(Clock::now() - start_).count() > options_.seconds;
  }
  int report() const;

  const Options options_;
  const Clock::time_point start_ = Clock::now();
  const Equivalents equivalents_;
  std::map<std::string_view, ptx::Module> modules_;
  std::vector<Target> targets_;
  std::vector<std::unique_ptr<Subject>> subjects_;
  std::vector<std::once_flag> is_made_;
  std::vector<Site> sites_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::map<std::string, std::size_t> outcomes_;
  std::vector<std::string> survivors_;
  std::size_t tried_ = 0, same_ = 0, rare_ = 0;
  std::string failure_;
};

Campaign::Campaign(const Options& options) : options_(options) {
  for (Target& target : targets()) {
    if (target.entry.find(options.filter) != std::string_view::npos) targets_.push_back(std::move(target));
  }
  subjects_.resize(targets_.size());
  is_made_ = std::vector<std::once_flag>(targets_.size());
  list_sites();
}

const ptx::Module& Campaign::module_of(std::string_view family) {
  const auto found = modules_.find(family);
  if (found != modules_.end()) return found->second;
  const kernels::Image* image = kernels::find_image(family);
  if (image == nullptr) throw std::runtime_error(fmt::format("this build holds no kernels of {}", family));
  return modules_.emplace(family, ptx::parse(image->ptx, fmt::format("{}.ptx", family))).first->second;
}

void Campaign::list_sites() {
  for (std::uint32_t target = 0; target < targets_.size(); ++target) {
    const ptx::Entry& entry = module_of(targets_[target].family).entry(targets_[target].entry);
    for (std::uint32_t index = 0; index < entry.instructions.size(); ++index) {
      const auto count = static_cast<std::uint32_t>(mutations_of(entry.instructions[index]).size());
      for (std::uint32_t mutation = 0; mutation < count; ++mutation)
        sites_.push_back({target, index, mutation});
    }
  }
  if (options_.seconds > 0) deal();
}

/// In random order, yet some of one entry after another, since the cases of an entry take seconds to make.
void Campaign::deal() {
  constexpr std::size_t kAtOnce = 150;
  std::mt19937_64 random(options_.seed);
  std::vector<std::vector<Site>> hands(targets_.size());
  for (const Site& site : sites_) hands[site.target].push_back(site);
  for (auto& hand : hands) std::shuffle(hand.begin(), hand.end(), random);
  std::shuffle(hands.begin(), hands.end(), random);
  const std::size_t total = sites_.size();
  sites_.clear();
  for (std::size_t begin = 0; sites_.size() < total; begin += kAtOnce) {
    for (const auto& hand : hands) {
      const std::size_t end = std::min(begin + kAtOnce, hand.size());
      if (begin < end)
        sites_.insert(sites_.end(), hand.begin() + static_cast<std::ptrdiff_t>(begin),
                      hand.begin() + static_cast<std::ptrdiff_t>(end));
    }
  }
}

const Subject& Campaign::subject(std::size_t target) {
  std::call_once(is_made_[target], [&] {
    subjects_[target] = std::make_unique<Subject>(modules_.at(targets_[target].family), targets_[target]);
  });
  return *subjects_[target];
}

void Campaign::work() {
  ptx::Entry copy;
  std::size_t copied = targets_.size();
  for (std::size_t at; (at = next_++) < sites_.size() && !is_over();) {
    const Site& site = sites_[at];
    const Subject& current = subject(site.target);
    if (copied != site.target) copy = current.entry();
    copied = site.target;
    const Mutation mutation = mutations_of(copy.instructions[site.instruction])[site.mutation];
    note(site, mutation, current.try_mutant(copy, site.instruction, mutation));
  }
}

void Campaign::note(const Site& site, const Mutation& mutation, const Outcome& outcome) {
  const Target& target = targets_[site.target];
  const ptx::Instruction& instruction = subjects_[site.target]->entry().instructions[site.instruction];
  Mutant mutant = describe(target.family, modules_.at(target.family), instruction, mutation.name);
  mutant.is_formula = mutant.is_formula || subjects_[site.target]->is_formula(site.instruction);
  mutant.is_executed = outcome.by != "not executed";
  const std::string_view kind = equivalents_.kind_of(mutant);
  const std::lock_guard lock(mutex_);
  ++tried_;
  if (outcome.is_killed) {
    ++outcomes_[outcome.by];
  } else if (kind == "same") {
    ++same_;
  } else if (kind == "rare") {
    ++rare_;
  } else {
    survivors_.push_back(fmt::format("{}: {}", target.entry, to_string(mutant)));
  }
}

int Campaign::report() const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  fmt::print("{} of {} mutants of {} entries tried in {:.0f} s on {} threads{}\n", tried_, sites_.size(),
             targets_.size(), seconds, options_.threads,
             options_.seconds > 0 ? fmt::format(", a sample of seed {}", options_.seed) : "");
  std::size_t killed = 0;
  for (const auto& [by, count] : outcomes_) killed += count;
  fmt::print("{:<24}{:>8}\n", "killed", killed);
  for (const auto& [by, count] : outcomes_) fmt::print("  by {:<19}{:>8}\n", by, count);
  for (const auto& [name, count] :
       {std::pair{"the same", same_}, {"too rare to show", rare_}, {"surviving", survivors_.size()}}) {
    fmt::print("{:<24}{:>8}\n", name, count);
  }
  for (const std::string& survivor : survivors_) fmt::print("  {}\n", survivor);
  return static_cast<double>(survivors_.size()) <= options_.most_survivors / 100 * static_cast<double>(tried_)
             ? 0
             : 1;
}

int Campaign::run() {
  std::vector<std::thread> workers;
  for (unsigned index = 0; index < options_.threads; ++index) {
    workers.emplace_back([this] {
      try {
        work();
      } catch (const std::exception& error) {
        const std::lock_guard lock(mutex_);
        failure_ = error.what();
        next_ = sites_.size();
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  if (!failure_.empty()) throw std::runtime_error(failure_);
  return report();
}

template <class T>
T parse_number(const char* option, std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::invalid_argument(fmt::format("{}: \"{}\" is no number", option, text));
  }
  return value;
}

Options parse_options(int argc, char** argv) {
  Options options;
  for (int at = 1; at < argc; at += 2) {
    const std::string_view name = argv[at];
    if (at + 1 == argc) throw std::invalid_argument(fmt::format("{} needs a value", name));
    if (name == "--seconds") {
      options.seconds = parse_number<double>(argv[at], argv[at + 1]);
    } else if (name == "--seed") {
      options.seed = parse_number<std::uint64_t>(argv[at], argv[at + 1]);
    } else if (name == "--threads") {
      options.threads = parse_number<unsigned>(argv[at], argv[at + 1]);
    } else if (name == "--most-survivors") {
      options.most_survivors = parse_number<double>(argv[at], argv[at + 1]);
    } else if (name == "--entry") {
      options.filter = argv[at + 1];
    } else {
      throw std::invalid_argument(fmt::format(
          "{}: expected --seconds N, --seed N, --threads N, --entry TEXT or --most-survivors PERCENT", name));
    }
  }
  return options;
}

}  // namespace
}  // namespace perceptron::mutate

int main(int argc, char** argv) {
  try {
    return perceptron::mutate::Campaign(perceptron::mutate::parse_options(argc, argv)).run();
  } catch (const std::invalid_argument& error) {
    fmt::print(stderr, "mutate: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "mutate: {}\n", error.what());
    return 3;
  }
}
