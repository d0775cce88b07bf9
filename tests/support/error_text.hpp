// Errors in tests: the type must be exactly the one expected, and the message must hold certain words.
#pragma once

#include <gtest/gtest.h>

#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <typeinfo>

namespace perceptron::test {

/// Runs `action` and expects it to throw `Expected` itself (not a class derived from it) with all of `words`
/// in its message.
template <class Expected, class Action>
void expect_error(Action&& action, std::initializer_list<std::string_view> words) {
  try {
    action();
  } catch (const std::exception& error) {
    EXPECT_EQ(std::string(typeid(error).name()), typeid(Expected).name()) << error.what();
    for (const std::string_view word : words) {
      EXPECT_NE(std::string_view(error.what()).find(word), std::string_view::npos)
          << "no \"" << word << "\" in: " << error.what();
    }
    return;
  }
  ADD_FAILURE() << "nothing thrown; expected an error with \"" << (words.size() ? *words.begin() : "") << '"';
}

}  // namespace perceptron::test
