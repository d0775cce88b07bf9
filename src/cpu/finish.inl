// Bias, activation and rounding to the storage type of y: each activation exists once per accumulator.

template <class A, ActivationKind kKind>
void finish(const FinishArguments<A>& arguments) {
  using V = Vector<A>;
  using Real = typename V::Real;
  const Real parameter = V::set(arguments.parameter);
  const std::int64_t whole = arguments.columns / V::kLanes * V::kLanes;
  for (std::int64_t r = 0; r < arguments.rows; ++r) {
    const A* t = arguments.t + r * arguments.t_stride;
    A* y = arguments.y + r * arguments.y_stride;
    const auto apply = [&](std::int64_t c, Real bias) {
      return Formula<kKind>::template apply<V>(V::load(t + c) + bias, parameter);
    };
    const Real row_bias = V::set(arguments.bias_by_row ? arguments.bias[r] : A{0});
    const auto bias_at = [&](std::int64_t c) {
      return arguments.bias_by_row ? row_bias : V::load(arguments.bias + c);
    };
    for (std::int64_t c = 0; c < whole; c += V::kLanes) V::store(apply(c, bias_at(c)), y + c);
    if (whole < arguments.columns) {
      V::store_first(apply(whole, bias_at(whole)), y + whole, static_cast<int>(arguments.columns - whole));
    }
  }
}

/// The contract's order: kSoftmaxPartials partial sums, sum l over columns ≡ l, then halved down to one.
template <class A>
void row_softmax(A* row, std::int64_t columns) {
  using V = Vector<A>;
  using Real = typename V::Real;
  A largest = row[0];
  for (std::int64_t c = 1; c < columns; ++c) largest = row[c] > largest ? row[c] : largest;
  A sums[kSoftmaxPartials] = {};
  for (std::int64_t c = 0; c < columns; c += V::kLanes) {
    const int count = static_cast<int>(std::min<std::int64_t>(V::kLanes, columns - c));
    alignas(64) A lanes[V::kLanes] = {};
    std::copy_n(row + c, count, lanes);
    V::store(exp_nonpositive<V>(V::load(lanes) - V::set(largest)), lanes);
    std::copy_n(lanes, count, row + c);
    for (int l = 0; l < count; ++l) sums[(c + l) % kSoftmaxPartials] += lanes[l];
  }
  for (std::int64_t half = kSoftmaxPartials / 2; half > 0; half /= 2) {
    for (std::int64_t l = 0; l < half; ++l) sums[l] += sums[l + half];
  }
  const Real total = V::set(sums[0]);
  std::int64_t c = 0;
  for (; c + V::kLanes <= columns; c += V::kLanes) V::store(V::load(row + c) / total, row + c);
  for (; c < columns; ++c) row[c] = row[c] / sums[0];
}
