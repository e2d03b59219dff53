//! V of V-optimal designs: the second moment of the differences whose rewards are wanted.
//!
//! Those are what a reward model is asked for later, two responses to one prompt; so V is the mean of
//! ddᵀ over all pairs within the prompts of the round's items, labelled or not: twice the covariance
//! of features within prompts. Where no prompt has two items, it is the mean over the pool's own
//! pairs.

use pairpick_core::arith::Real;
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::pool::{Pool, Prompts};
use pairpick_core::select::Strategy;

use super::request::Request;
use crate::error::{Error, Result};
use crate::model::Trunk;
use crate::model::differences::add_differences;
use crate::parallel::Threads;

/// V; for `robust-v-opt` that of all training prompts, where the trunk knows it.
pub(crate) fn target<T: Real>(
    request: &Request<'_>,
    trunk: &Trunk,
    pool: &Pool<'_>,
    starts: &[u32],
) -> Result<Packed<T, Vec<T>>> {
    if let Some(moment) = trunk.moment().filter(|_| request.strategy == Strategy::RobustVOpt) {
        let moment = moment.iter().map(|entry| T::from_real(*entry)).collect();
        return Packed::new(trunk.features(), moment).map_err(request.refused());
    }
    let threads = request.context.threads;
    let mut first_pairs = vec![0; starts.len()];
    let context = || Error::core("the target of the design");
    let prompts = Prompts::new(starts, &mut first_pairs).map_err(context())?;
    if prompts.pairs() == 0 {
        return second_moment(threads, pool);
    }
    let within = Pool::in_prompt(pool.features(), prompts, &[]).map_err(context())?;
    second_moment(threads, &within)
}

fn second_moment<T: Real>(threads: &Threads, pool: &Pool<'_>) -> Result<Packed<T, Vec<T>>> {
    let features: Columns<'_, f32> = pool.features();
    let order = features.rows();
    let context = || Error::core("the target of the design");
    let mut sum = Packed::new(order, vec![T::ZERO; packed_len(order)]).map_err(context())?;
    add_differences(threads, pool, &mut sum).map_err(context())?;
    let count = T::from_u64(pool.available());
    for entry in sum.as_mut_slice() {
        *entry /= count;
    }
    Ok(sum)
}
