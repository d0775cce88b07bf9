// The command: finds the verb, runs it, and turns every error into one line on stderr and an exit code.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <tuple>

#include "perceptron/error.hpp"
#include "perceptron/version.hpp"
#include "src/cli/exit_code.hpp"
#include "src/cli/verbs.hpp"

namespace perceptron::cli {
namespace {

constexpr const char* kExamples = R"(Examples:
  perceptron run model.safetensors x.npy y.npy --check
  perceptron inspect model.safetensors
  perceptron plan 65536x784x128:f32:relu --traits h200
  perceptron validate --device cpu
  perceptron bench --peers
  perceptron info

`perceptron VERB --help` tells more.)";

/// The exit code tells the same where standard error cannot be written.
int fail(int code, const std::string& message) {
  std::fputs(fmt::format("perceptron: error: {}\n", message).c_str(), stderr);
  return code;
}

/// A stream that the caller closed would give its number, and its text, to the next file that is opened.
void open_standard_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(stream, F_GETFD) == -1) std::ignore = open("/dev/null", O_RDWR);
  }
}

/// The verb that the arguments are meant for, in words for "try … --help".
std::string command_of(const CLI::App& app) {
  const auto verbs = app.get_subcommands();
  return verbs.empty() ? "perceptron" : "perceptron " + verbs.front()->get_name();
}

int fail_usage(const CLI::App& app, const std::string& message) {
  return fail(kBadInput, fmt::format("{}\ntry `{} --help`", message, command_of(app)));
}

bool is_unknown_verb(const CLI::App& app, const std::string& word) {
  const auto has_that_name = [&word](const CLI::App* verb) { return verb->get_name() == word; };
  return !word.starts_with("-") && app.get_subcommands(has_that_name).empty();
}

/// The option of "--option=" without a value, which would be read as if "=" were not there; else empty.
std::string_view find_empty_option(int argc, char** argv) {
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    if (word.starts_with("--") && word.find('=') == word.size() - 1) return word;
  }
  return {};
}

/// An empty word is a variable that its script did not set.
void refuse_empty_words(CLI::App& app) {
  const auto refusal = [](const std::string& word) {
    return word.empty() ? "an empty word; give it a value or leave it out" : std::string();
  };
  for (CLI::App* verb : app.get_subcommands({})) {
    for (CLI::Option* option : verb->get_options()) {
      if (option->get_expected_max() > 0) option->check(CLI::Validator(refusal, ""));
    }
  }
}

int parse_and_act(int argc, char** argv) {
  CLI::App app("Batched perceptrons: y = f(x·Wᵀ + b), the same bits on every device", "perceptron");
  Action action;
  add_run(app, action);
  add_inspect(app, action);
  add_plan(app, action);
  add_validate(app, action);
  add_bench(app, action);
  add_info(app, action);
  app.require_subcommand(0, 1);
  refuse_empty_words(app);
  app.set_version_flag("--version", fmt::format("perceptron {}", version()));
  app.footer(fmt::format("{}\n{}", kExamples, kExitCodeHelp));
  app.get_formatter()->column_width(28);
  if (argc < 2) {
    std::fputs(app.help().c_str(), stderr);
    return kBadInput;
  }
  if (is_unknown_verb(app, argv[1])) {
    return fail_usage(
        app,
        fmt::format("there is no verb `{}`; expected run, inspect, plan, validate, bench or info", argv[1]));
  }
  if (const std::string_view option = find_empty_option(argc, argv); !option.empty()) {
    return fail_usage(app, fmt::format("{}: expected a value behind \"=\", found nothing", option));
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    return app.exit(wish);
  } catch (const CLI::ParseError& error) {
    return fail_usage(app, error.what());
  }
  if (!action) return fail_usage(app, "no verb; expected run, inspect, plan, validate, bench or info");
  return action();
}

int run_command(int argc, char** argv) {
  open_standard_streams();
  std::signal(SIGXFSZ, SIG_IGN);  // So that a file size limit is an error like a full disk.
  try {
    const int code = parse_and_act(argc, argv);
    if (std::fflush(stdout) == 0) return code;
    return fail(kFailure, "standard output cannot be written");
  } catch (const DeviceMissing& error) {
    return fail(kNoSuchDevice, error.what());
  } catch (const Interrupted& error) {
    return fail(error.exit_code(), error.what());
  } catch (const FormatError& error) {
    return fail(kBadInput, error.what());
  } catch (const InvalidArgument& error) {
    return fail(kBadInput, error.what());
  } catch (const Unsupported& error) {
    return fail(kBadInput, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailure, "out of memory");
  } catch (const std::exception& error) {
    return fail(kFailure, error.what());
  }
}

}  // namespace
}  // namespace perceptron::cli

int main(int argc, char** argv) { return perceptron::cli::run_command(argc, argv); }
