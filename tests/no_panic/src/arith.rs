use pairpick_core::arith::{self, Real, chebyshev};

use crate::any;

probes! {
    arith::exp[T] => arith::exp(any::<T>());
    arith::ln[T] => arith::ln(any::<T>());
    arith::log1p[T] => arith::log1p(any::<T>());
    arith::erf[T] => arith::erf(any::<T>());
    arith::sigmoid[T] => arith::sigmoid(any::<T>());
    arith::bernoulli_variance[T] => arith::bernoulli_variance(any::<T>());
    arith::entropy_of_logit[T] => arith::entropy_of_logit(any::<T>());
    arith::entropy_of_probability[T] => arith::entropy_of_probability(any::<T>());
    arith::softplus[T] => arith::softplus(any::<T>());
    arith::gelu[T] => arith::gelu(any::<T>());
    arith::gelu_derivative[T] => arith::gelu_derivative(any::<T>());
    arith::chebyshev::node_count[T] => chebyshev::node_count::<T>();
    arith::chebyshev::node[T] => chebyshev::node::<T>(any());
    arith::chebyshev::at_node[T] => chebyshev::at_node::<T>(any(), any());
    arith::chebyshev::fill_polynomials[T] =>
        chebyshev::fill_polynomials::<T>(any(), any(), any());
    arith::self_test::self_test => arith::self_test();

    arith::real::Real::from_f64[T] => T::from_f64(any());
    arith::real::Real::from_real[T] => (T::from_real(any::<f32>()), T::from_real(any::<f64>()));
    arith::real::Real::to_f64[T] => any::<T>().to_f64();
    arith::real::Real::from_u64[T] => T::from_u64(any());
    arith::real::Real::bits[T] => any::<T>().bits();
    arith::real::Real::sqrt_of[T] => any::<T>().sqrt_of();
    arith::real::Real::magnitude[T] => any::<T>().magnitude();
    arith::real::Real::is_finite_number[T] => any::<T>().is_finite_number();
    arith::real::Real::order[T] => any::<T>().order(any());
}
