//! Trait implementations, and a selection as a device makes it: memory owned by arrays and
//! `heapless::Vec`, values from their checked constructors.

use heapless::Vec;
use nalgebra::SMatrix;
use pairpick_core::Error;
use pairpick_core::arith::Real;
use pairpick_core::arith::lanes::{BitLanes, Lanes, Operation, Simd, run_at};
use pairpick_core::columns::Columns;
use pairpick_core::linalg::{Packed, packed_len};
use pairpick_core::parallel::Sequential;
use pairpick_core::pool::{Pool, PoolSize, Prompts};
use pairpick_core::rng::Stream;
use pairpick_core::select::{
    ArraySelector, Options, Posterior, Problem, Selection, Sizes, Strategy, Workload, WorkspaceLen,
};
use pairpick_core::topk::Scored;

use crate::{any, give};

probes! {
    also::Columns::try_from[T] => Columns::try_from(any::<&SMatrix<T, 8, 4>>());
    also::Sequential::default => Sequential::default();
    also::Scored::default[T] => Scored::<T>::default();
    also::Scored::eq[T] => any::<Scored<T>>() == any();
    also::Error::eq => any::<Error>() == any();
    also::Lanes::operators[T] => run_at(any(), Operators::<T>(core::marker::PhantomData));
    also::device[T] => device::<T>();
}

struct Operators<T>(core::marker::PhantomData<T>);

impl<T: Real> Operation for Operators<T> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let (a, b) = (any::<Lanes<S, T>>(), any::<Lanes<S, T>>());
        give((a + b, a - b, a * b, a / b, -a));
        let (a, b) = (any::<BitLanes<S, T>>(), any::<BitLanes<S, T>>());
        give((a + b, a - b, a & b, a | b, a << any::<u32>(), a >> any::<u32>()));
    }
}

const ORDER: usize = 16;
const PROMPTS: usize = 8;
const REPLIES: usize = 4;
const BATCH: usize = 8;

/// A batch of 8 pairs of 8 prompts of 4 replies, by any strategy.
struct Labelling;

impl Workload for Labelling {
    const SIZES: Sizes =
        Sizes { pool: PoolSize::uniform(ORDER, PROMPTS, REPLIES), batch: BATCH, threads: 1 };
    const LEN: WorkspaceLen = {
        let (mut len, mut rest) = (WorkspaceLen::NONE, Strategy::ALL.as_slice());
        while let [strategy, others @ ..] = rest {
            len = len.max(strategy.workspace_len(&Self::SIZES, &Options::<f32>::DEFAULT));
            rest = others;
        }
        len
    };
}

const LEN: WorkspaceLen = Labelling::LEN;
type Device<T> = ArraySelector<T, { LEN.numbers }, { LEN.heaps }, { LEN.ranks }, BATCH>;

/// One batch from up to 8 prompts of 4 replies, features of order 16 or less.
fn device<T: Real>() -> Result<Selection, Error> {
    let starts: Vec<u32, 9> = any();
    let labelled: Vec<u64, 48> = any();
    let features: Vec<f32, { ORDER * PROMPTS * REPLIES }> = any();
    let head: Vec<f32, ORDER> = any();
    let mut first_pairs = [0; 9];
    let mut selector = Device::<T>::for_workload::<Labelling>();

    let slots = first_pairs.get_mut(..starts.len()).unwrap_or_default();
    let prompts = Prompts::new(&starts, slots)?;
    let features = Columns::new(&features, head.len(), prompts.items())?;
    let pool = Pool::in_prompt(features, prompts, &labelled)?;
    let past = Packed::<T, [T; packed_len(ORDER)]>::zeros(head.len())?;
    let posterior = Posterior {
        head: &head,
        prior_precision: any(),
        covariates: any(),
        jitter: any(),
        past: Packed::new(past.order(), past.as_slice())?,
    };
    let mut rng = Stream::new(any(), "pool", any());
    let strategy: Strategy = any();
    let executor = &Sequential::default();
    let options = Options { target: None, ..any() };
    let problem = Problem { executor, pool: &pool, posterior: &posterior, options: &options };
    let batch = selector.select(strategy, &problem, any(), &mut rng)?;
    give(batch.pairs);
    batch.selection.checked::<T>()
}
