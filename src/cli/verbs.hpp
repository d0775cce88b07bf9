// The verbs of the command, one file each.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

namespace perceptron::cli {

/// The work of the verb that was chosen; returns the exit code.
using Action = std::function<int()>;

/// Each adds its verb to `app`, which sets `action` where it is chosen.
void add_run(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_plan(CLI::App& app, Action& action);
void add_validate(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_info(CLI::App& app, Action& action);

}  // namespace perceptron::cli
