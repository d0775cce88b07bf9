// Constants of the activation formulas, per precision. Made by coefficients.py: change that, not this.
// Polynomial tables run from the constant term up.
#ifndef PERCEPTRON_KERNELS_EPILOGUE_COEFFICIENTS_HPP
#define PERCEPTRON_KERNELS_EPILOGUE_COEFFICIENTS_HPP

namespace perceptron::epilogue {

template <class T>
struct Coefficients;

template <>
struct Coefficients<float> {
  // Adding and subtracting it rounds to an integer.
  static constexpr float kRound = 0x1.8p+23f;
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLn2Hi = 0x1.62e43p-1f;
  static constexpr float kLn2Lo = -0x1.05c61p-29f;
  // z e^-z rounds to 0 from here on.
  static constexpr float kExpLimit = 0x1.b8p+6f;
  // e^-z is far below half an ulp of 1.
  static constexpr float kExpm1Limit = 0x1.4p+5f;
  // z/(1 + z) rounds to 1 from here on.
  static constexpr float kSoftsignLimit = 0x1p+31f;
  // q in e^r = 1 + r + r^2 q(r), |r| <= ln2/2, relative to e^r; error 2^-30.09.
  static constexpr float kExp[] = {
      0x1p-1f, 0x1.555554p-3f, 0x1.55549cp-5f, 0x1.111254p-7f, 0x1.6d82c2p-10f, 0x1.9f243ep-13f,
  };
  // P in atanh(s) = s + s^3 P(s^2), s <= 1/3, relative to atanh; error 2^-29.34.
  static constexpr float kAtanh[] = {
      0x1.555558p-2f, 0x1.999762p-3f, 0x1.24f78p-3f, 0x1.b83d76p-4f, 0x1.ecc48ep-4f,
  };
  // The scale; its low word is never negative, so that infinity stays infinity.
  static constexpr float kSeluHi = 0x1.0cfabcp+0f;
  static constexpr float kSeluLo = 0x1.6a9114p-24f;
  // Alpha times the scale.
  static constexpr float kSeluAlphaHi = 0x1.c212ccp+0f;
  static constexpr float kSeluAlphaLo = 0x1.903c0cp-26f;
  // 2 sqrt(2/pi); B is this times 0.044715.
  static constexpr float kGeluTanhAHi = 0x1.988454p+0f;
  static constexpr float kGeluTanhALo = -0x1.857936p-25f;
  static constexpr float kGeluTanhBHi = 0x1.2444f2p-4f;
  static constexpr float kGeluTanhBLo = 0x1.49b16ap-29f;
  // z sigmoid(2u(z)) rounds to -0 below its negative.
  static constexpr float kGeluTanhLimit = 0x1.7p+3f;
  // t Phi(-t) rounds to 0 from here on.
  static constexpr float kTailLimit = 0x1.dp+3f;
  // c: a power of two.
  static constexpr float kTailCentre = 0x1p+1f;
  // G in Phi(-t) = e^(-t^2/2) G(v)/(t + c), v = (t - c)/(t + c), relative; error 2^-29.02.
  static constexpr float kTail[] = {
      0x1.5845dcp-1f,   -0x1.535bbp-2f,   0x1.d7d0fep-6f,   0x1.2ccc7ap-5f,  -0x1.ecdfe6p-12f,
      -0x1.b8e666p-8f,  -0x1.fed71ap-10f, 0x1.a2d66p-11f,   0x1.affa08p-11f, 0x1.696a48p-13f,
      -0x1.05fddap-13f, -0x1.74002ap-14f, -0x1.1651bcp-16f,
  };
  // What rounding took from kTail[0].
  static constexpr float kTail0Lo = 0x1.56eba4p-26f;
  // What rounding took from kTail[1].
  static constexpr float kTail1Lo = -0x1.00b6fcp-30f;
};

template <>
struct Coefficients<double> {
  // Adding and subtracting it rounds to an integer.
  static constexpr double kRound = 0x1.8p+52;
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kLn2Hi = 0x1.62e42fefa39efp-1;
  static constexpr double kLn2Lo = 0x1.abc9e3b39803fp-56;
  // z e^-z rounds to 0 from here on.
  static constexpr double kExpLimit = 0x1.788p+9;
  // e^-z is far below half an ulp of 1.
  static constexpr double kExpm1Limit = 0x1.4p+6;
  // z/(1 + z) rounds to 1 from here on.
  static constexpr double kSoftsignLimit = 0x1p+60;
  // q in e^r = 1 + r + r^2 q(r), |r| <= ln2/2, relative to e^r; error 2^-60.6.
  static constexpr double kExp[] = {
      0x1p-1,
      0x1.5555555555555p-3,
      0x1.5555555555559p-5,
      0x1.11111111110f6p-7,
      0x1.6c16c16c14bd2p-10,
      0x1.a01a01a0289b7p-13,
      0x1.a01a01ae5e76ep-16,
      0x1.71de3a1e1e777p-19,
      0x1.27e4caaf10ebbp-22,
      0x1.ae65098a513b8p-26,
      0x1.1f8d8a494201p-29,
      0x1.609170e6c58b8p-33,
  };
  // P in atanh(s) = s + s^3 P(s^2), s <= 1/3, relative to atanh; error 2^-58.87.
  static constexpr double kAtanh[] = {
      0x1.5555555555555p-2, 0x1.999999999999ap-3, 0x1.2492492492493p-3, 0x1.c71c71c71c6bap-4,
      0x1.745d1745d43bcp-4, 0x1.3b13b13a4cdbcp-4, 0x1.1111113628cd2p-4, 0x1.e1e1d83d59f4bp-5,
      0x1.af2951130009p-5,  0x1.8608fa7f6bed6p-5, 0x1.64ec1a9eb933bp-5, 0x1.41094896904c5p-5,
      0x1.582af5b018ed3p-5, 0x1.e32d10ddfd9fcp-7, 0x1.3638aa032c9e7p-4,
  };
  // The scale; its low word is never negative, so that infinity stays infinity.
  static constexpr double kSeluHi = 0x1.0cfabd6a91132p+0;
  static constexpr double kSeluLo = 0x1.ac79fa5f4cebp-55;
  // Alpha times the scale.
  static constexpr double kSeluAlphaHi = 0x1.c212cc640f031p+0;
  static constexpr double kSeluAlphaLo = -0x1.26edf569e8971p-54;
  // 2 sqrt(2/pi); B is this times 0.044715.
  static constexpr double kGeluTanhAHi = 0x1.9884533d43651p+0;
  static constexpr double kGeluTanhALo = -0x1.cbc0d30ebfd15p-54;
  static constexpr double kGeluTanhBHi = 0x1.2444f2a4d8b4bp-4;
  static constexpr double kGeluTanhBLo = -0x1.6c843a29d1c7p-61;
  // z sigmoid(2u(z)) rounds to -0 below its negative.
  static constexpr double kGeluTanhLimit = 0x1.68p+4;
  // t Phi(-t) rounds to 0 from here on.
  static constexpr double kTailLimit = 0x1.38p+5;
  // c: a power of two.
  static constexpr double kTailCentre = 0x1p+2;
  // G in Phi(-t) = e^(-t^2/2) G(v)/(t + c), v = (t - c)/(t + c), relative; error 2^-55.36.
  static constexpr double kTail[] = {
      0x1.82b4bb8c94dcep-1,  -0x1.373e3a893c28ap-1,  0x1.8c6dbf2cfc2b4p-2,   -0x1.7dff2bff6839bp-3,
      0x1.eec4cc3e4d257p-5,  -0x1.ee2761047ea87p-8,  -0x1.c81719d54632ep-9,  0x1.ab825fc0dc959p-10,
      0x1.17a4ae2f7b112p-13, -0x1.e4a42566bdb82p-13, -0x1.001e5172be51p-19,  0x1.26d098dfae4c7p-15,
      0x1.80b1faca8c412p-21, -0x1.8d4b0f7ffb9efp-18, -0x1.51e5961a12a9ap-21, 0x1.12362b17929f7p-20,
      0x1.2340d93419314p-22, -0x1.4ce53b40d1908p-23, -0x1.6c368fae0a55cp-24, 0x1.cdd31565e0265p-27,
      0x1.4a8a6f27c52b4p-26, 0x1.e5480f67b091p-30,   -0x1.4c85c1d86aae4p-29, -0x1.72078972d381p-31,
  };
  // What rounding took from kTail[0].
  static constexpr double kTail0Lo = -0x1.aaa452fadf52ap-56;
  // What rounding took from kTail[1].
  static constexpr double kTail1Lo = -0x1.c72404c1398cp-57;
};

}  // namespace perceptron::epilogue

#endif
