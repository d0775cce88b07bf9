// The demo: one perceptron by hand, then a trained model that reads handwritten digits, judged against their
// labels and, bit for bit, against the reference. The argument is the folder of digits.safetensors.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "drawing.hpp"
#include "perceptron/perceptron.hpp"

namespace {

using perceptron::ActivationKind;
using perceptron::Matrix;

constexpr double kRequiredAccuracy = 0.97;

/// w = [3, −2], b = 1, x = [1, 2]; true where every activation gives what it must.
bool show_one_perceptron() {
  struct Expectation {
    ActivationKind activation;
    double y;
  };
  const double w[] = {3, -2}, b[] = {1}, x[] = {1, 2};
  std::printf("One perceptron: w = [3, -2], b = 1, x = [1, 2], so z = 3·1 - 2·2 + 1 = 0.\n");
  bool is_right = true;
  for (const auto& [activation, expected] : {Expectation{ActivationKind::identity, 0},
                                             {ActivationKind::step, 0},
                                             {ActivationKind::relu, 0},
                                             {ActivationKind::sigmoid, 0.5},
                                             {ActivationKind::tanh, 0}}) {
    double y = -1;
    perceptron::linear({x, 1, 2}, {{w, 1, 2}, {b, 1, 1}, activation}, {&y, 1, 1});
    std::printf("  %s(z) = %g", std::string(to_string(activation)).c_str(), y);
    is_right = is_right && y == expected;
  }
  std::printf("\n\n");
  return is_right;
}

/// What the model makes of one image.
struct Reading {
  int digit = 0;
  float probability = 0;
};

struct Digits {
  explicit Digits(const std::filesystem::path& folder)
      : model(perceptron::Model::load(folder / "digits.safetensors")),
        images(perceptron::load_npy(folder / "images.npy")),
        labels(perceptron::load_npy(folder / "labels.npy")),
        outputs(perceptron::DType::f32, images.rows(), model.outputs()),
        engine(model) {
    engine.run(images, outputs);
  }

  Reading reading(std::int64_t row) const {
    const auto* first = static_cast<const float*>(outputs.view().element(0, row));
    const auto* best = std::max_element(first, first + outputs.columns());
    return {static_cast<int>(best - first), *best};
  }
  /// labels.npy has one dimension, so it is one row.
  int label(std::int64_t row) const {
    return static_cast<int>(static_cast<const float*>(labels.data())[row]);
  }
  bool is_right(std::int64_t row) const { return reading(row).digit == label(row); }

  perceptron::Model model;
  Matrix images;
  Matrix labels;
  Matrix outputs;
  perceptron::Engine engine;
};

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (auto place = static_cast<std::ptrdiff_t>(digits.size()) - 3; place > 0; place -= 3) {
    digits.insert(static_cast<std::size_t>(place), 1, ',');
  }
  return digits;
}

/// Five images, the last one the first that the model gets wrong, where there is one.
std::vector<std::int64_t> rows_to_draw(const Digits& digits) {
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < digits.images.rows() && rows.size() < 5; ++row) {
    const bool is_new = std::none_of(rows.begin(), rows.end(),
                                     [&](auto other) { return digits.label(other) == digits.label(row); });
    if (is_new && digits.is_right(row)) rows.push_back(row);
  }
  for (std::int64_t row = 0; row < digits.images.rows(); ++row) {
    if (digits.is_right(row)) continue;
    rows.back() = row;
    break;
  }
  return rows;
}

void draw_some(const Digits& digits) {
  std::vector<examples::Picture> pictures;
  for (const std::int64_t row : rows_to_draw(digits)) {
    const Reading reading = digits.reading(row);
    char read[32], truth[32];
    std::snprintf(read, sizeof read, "read %d  %5.1f %%", reading.digit,
                  100 * static_cast<double>(reading.probability));
    std::snprintf(truth, sizeof truth, "true %d%s", digits.label(row), digits.is_right(row) ? "" : "  wrong");
    pictures.push_back({row, {read, truth}});
  }
  std::printf("%s\n", examples::draw(digits.images, pictures).c_str());
}

bool show_accuracy(const Digits& digits) {
  std::int64_t right = 0;
  for (std::int64_t row = 0; row < digits.images.rows(); ++row) right += digits.is_right(row) ? 1 : 0;
  const double accuracy = static_cast<double>(right) / static_cast<double>(digits.images.rows());
  std::printf("accuracy    %s of %s right: %.2f %%\n", grouped(right).c_str(),
              grouped(digits.images.rows()).c_str(), 100 * accuracy);
  return accuracy >= kRequiredAccuracy;
}

/// The same images over and over for 0.3 s.
void show_throughput(Digits& digits) {
  using Clock = std::chrono::steady_clock;
  perceptron::Session session = digits.engine.session();
  std::int64_t rows = 0;
  double seconds = 0;
  for (const Clock::time_point start = Clock::now(); seconds < 0.3;) {
    session.run(digits.images, digits.outputs);
    rows += digits.images.rows();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  const perceptron::Plan plan = digits.engine.plan(digits.images.rows());
  std::printf("throughput  %s images/s on %s, %d thread%s\n",
              grouped(static_cast<std::int64_t>(static_cast<double>(rows) / seconds)).c_str(),
              plan.device.c_str(), plan.threads, plan.threads == 1 ? "" : "s");
}

bool show_verdict(const Digits& digits) {
  const perceptron::Verdict verdict = perceptron::validate(digits.images, digits.model, digits.outputs);
  const std::string details =
      verdict.passed() ? std::to_string(verdict.checked) + " elements" : to_string(verdict);
  std::printf("bit-identical to the reference: %s (%s)\n", verdict.passed() ? "yes" : "NO", details.c_str());
  return verdict.passed();
}

bool show_digits(const std::filesystem::path& folder) {
  Digits digits(folder);
  std::printf("Handwritten digits: %s images that the model has never seen, 8 × 8 pixels.\n",
              grouped(digits.images.rows()).c_str());
  std::printf("The model: %lld", static_cast<long long>(digits.model.inputs()));
  for (std::size_t index = 0; index < digits.model.layer_count(); ++index) {
    const perceptron::Layer layer = digits.model.layer(index);
    std::printf(" → %lld %s", static_cast<long long>(layer.outputs()), to_string(layer.activation).c_str());
  }
  std::printf(", %s parameters.\n\n", grouped(digits.model.parameter_count()).c_str());
  draw_some(digits);
  const bool is_accurate = show_accuracy(digits);
  show_throughput(digits);
  return show_verdict(digits) && is_accurate;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: digits_demo FOLDER   (of digits.safetensors, images.npy and labels.npy)\n");
    return 2;
  }
  try {
    const bool is_example_right = show_one_perceptron();
    return show_digits(argv[1]) && is_example_right ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "digits_demo: error: %s\n", error.what());
    return 3;
  }
}
