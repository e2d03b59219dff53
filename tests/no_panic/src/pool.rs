use pairpick_core::pool::{
    Comparison, ItemPair, Pair, Pairs, Pool, PoolSize, Prompts, pairs_of, pairs_of_ranks,
    ranks_of_pairs,
};

use crate::any;

probes! {
    pool::prompts::Prompts::new => Prompts::new(any(), any());
    pool::prompts::Prompts::len => any::<Prompts<'_>>().len();
    pool::prompts::Prompts::is_empty => any::<Prompts<'_>>().is_empty();
    pool::prompts::Prompts::items => any::<Prompts<'_>>().items();
    pool::prompts::Prompts::pairs => any::<Prompts<'_>>().pairs();
    pool::prompts::Prompts::items_of => any::<Prompts<'_>>().items_of(any(), any());
    pool::prompts::Prompts::first_pair => any::<Prompts<'_>>().first_pair(any());
    pool::prompts::Prompts::pair_number => any::<Prompts<'_>>().pair_number(any(), any());
    pool::prompts::Prompts::items_of_pair => any::<Prompts<'_>>().items_of_pair(any());
    pool::Pool::size => any::<Pool<'_>>().size();
    pool::size::PoolSize::in_prompt => PoolSize::in_prompt(any(), any());
    pool::size::PoolSize::uniform => PoolSize::uniform(any(), any(), any());
    pool::size::PoolSize::cross_prompt => PoolSize::cross_prompt(any(), any());
    pool::size::PoolSize::listed => PoolSize::listed(any(), any(), any());
    pool::prompts::pairs_of => pairs_of(any());

    pool::ranks::pairs_of_ranks => pairs_of_ranks(any(), any());
    pool::ranks::ranks_of_pairs => ranks_of_pairs(any(), any());

    pool::Pair::items[T] => (any::<ItemPair>().items(), any::<Comparison<T>>().items());
    pool::Pair::count[T] =>
        (any::<ItemPair>().count::<T>(), any::<Comparison<T>>().count::<T>());
    pool::Pairs::len => any::<Pairs<'_>>().len();
    pool::Pairs::is_empty => any::<Pairs<'_>>().is_empty();
    pool::Pairs::items_of_pair => any::<Pairs<'_>>().items_of_pair(any());
    pool::Pairs::items_from => any::<Pairs<'_>>().items_from(any()).next();
    pool::Pairs::pair_number => any::<Pairs<'_>>().pair_number(any(), any());
    pool::Pool::cross_prompt => Pool::cross_prompt(any(), any());
    pool::Pool::listed => Pool::listed(any(), any(), any());
    pool::Pool::in_prompt => Pool::in_prompt(any(), any(), any());
    pool::Pool::with_prompts => any::<Pool<'_>>().with_prompts(any());
    pool::Pool::prompt_starts => any::<Pool<'_>>().prompt_starts();
    pool::Pool::features => any::<Pool<'_>>().features();
    pool::Pool::pairs => any::<Pool<'_>>().pairs();
    pool::Pool::available => any::<Pool<'_>>().available();
    pool::Pool::labelled_in => any::<Pool<'_>>().labelled_in(any(), any());
    pool::Pool::labelled => any::<Pool<'_>>().labelled();
}
