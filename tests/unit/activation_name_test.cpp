// Reading and printing activations: names, parameters, lists, and every refusal.
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "perceptron/activation.hpp"
#include "perceptron/error.hpp"

namespace perceptron {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_activations(text);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  ADD_FAILURE() << text << " was accepted";
  return {};
}

TEST(ActivationName, EveryKindReadsBack) {
  for (std::size_t index = 0; index < kActivations.size(); ++index) {
    const Activation activation = static_cast<ActivationKind>(index);
    EXPECT_EQ(to_string(activation), kActivations[index].name);
    EXPECT_EQ(Activation::parse(kActivations[index].name), activation);
  }
}

TEST(ActivationName, ParametersReadBackExactly) {
  for (const double a : {0.1, 1.0 / 3, -2.5, 1e-300, 0x1.fffffep127, 0.0, -0.0}) {
    const Activation activation{ActivationKind::leaky_relu, a};
    EXPECT_EQ(Activation::parse(to_string(activation)), activation) << a;
  }
  EXPECT_EQ(to_string({ActivationKind::leaky_relu, 0.1}), "leaky_relu=0.1");
  EXPECT_EQ(to_string({ActivationKind::elu, 1}), "elu");
  EXPECT_EQ(Activation::parse("hard_sigmoid").parameter, 1.0 / 6);
}

TEST(ActivationName, ListsKeepTheirOrder) {
  const auto list = parse_activations("relu,leaky_relu=0.1,softmax");
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[0], Activation(ActivationKind::relu));
  EXPECT_EQ(list[1], Activation(ActivationKind::leaky_relu, 0.1));
  EXPECT_EQ(list[2], Activation(ActivationKind::softmax));
}

TEST(ActivationName, UnknownNamesGetTheWholeList) {
  for (const std::string text : {"", "Relu", "relu ", "relu,,tanh", "relu,", "swish"}) {
    const std::string message = refusal(text);
    for (const auto& known : kActivations) EXPECT_NE(message.find(known.name), std::string::npos) << message;
  }
  EXPECT_NE(refusal("swish").find("\"swish\""), std::string::npos);
}

TEST(ActivationName, BadParametersAreNamed) {
  EXPECT_NE(refusal("relu=1").find("takes no parameter"), std::string::npos);
  for (const std::string digits : {"", "x", "0.1x", " 1", "+1", "1e999", "0x1"}) {
    EXPECT_NE(refusal("elu=" + digits).find("\"" + digits + "\""), std::string::npos);
  }
  for (const std::string digits : {"inf", "nan", "-inf", "1e39"}) {
    EXPECT_NE(refusal("elu=" + digits).find("finite"), std::string::npos);
  }
  for (const std::string digits : {"0", "-0.2", "1e-60"}) {
    EXPECT_NE(refusal("hard_sigmoid=" + digits).find("above 0"), std::string::npos);
  }
}

TEST(ActivationName, CheckJudgesValuesToo) {
  EXPECT_NO_THROW(check({ActivationKind::leaky_relu, -3}));
  EXPECT_THROW(check({static_cast<ActivationKind>(99), 0}), InvalidArgument);
  EXPECT_THROW(check({ActivationKind::relu, 1}), InvalidArgument);
  EXPECT_THROW(check({ActivationKind::elu, std::numeric_limits<double>::infinity()}), InvalidArgument);
}

TEST(ActivationName, VisitFindsTheConstant) {
  for (std::size_t index = 0; index < kActivations.size(); ++index) {
    const auto kind = static_cast<ActivationKind>(index);
    EXPECT_EQ(visit_activation(kind, [](auto constant) { return constant(); }), kind);
  }
}

}  // namespace
}  // namespace perceptron
