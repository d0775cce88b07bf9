// Where a call's time goes: staging in, compute, staging out.
#pragma once

#include <functional>

#include "perceptron/engine.hpp"

namespace perceptron::bench {

/// Medians of Session::run_by_stages, of at least five calls and some `seconds` of them; `poll`, where it is
/// one, is called before each.
StageTimes median_stages(Session& session, const ConstMatrixView& x, const MatrixView& y, double seconds,
                         const std::function<void()>& poll);

}  // namespace perceptron::bench
