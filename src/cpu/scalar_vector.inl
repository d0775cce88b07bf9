// The vocabulary of simd_vector.inl for machines without a SIMD target that fuses: one lane, std::fma.

template <class A>
struct Vector : epilogue::ScalarLane<A> {
  using Real = A;
  static constexpr int kLanes = 1;

  template <class Storage>
  static Real load(const Storage* from) {
    return static_cast<Real>(*from);
  }
  static void store(Real v, A* to) { *to = v; }
  static void store_first(Real, A*, int) {}
  template <int kColumns>
  static void load_interleaved(const A* from, Real (&to)[kColumns]) {
    std::copy_n(from, kColumns, to);
  }
  template <int kColumns>
  static void store_interleaved(const Real (&v)[kColumns], A* to) {
    std::copy_n(v, kColumns, to);
  }
  static void transpose(Real (&)[1]) {}
  static constexpr int kHalf = 0;
};

template <class A, class Storage>
void store_rounded(A v, Storage* to) {
  *to = static_cast<Storage>(v);
}
