use pairpick_core::pool::{Pool, Prompts, pairs_of};

use crate::any;

probes! {
    pool::Prompts::new => Prompts::new(any(), any());
    pool::Prompts::len => any::<Prompts<'_>>().len();
    pool::Prompts::is_empty => any::<Prompts<'_>>().is_empty();
    pool::Prompts::items => any::<Prompts<'_>>().items();
    pool::Prompts::pairs => any::<Prompts<'_>>().pairs();
    pool::Prompts::items_of => any::<Prompts<'_>>().items_of(any(), any());
    pool::Prompts::first_pair => any::<Prompts<'_>>().first_pair(any());
    pool::Prompts::pair_number => any::<Prompts<'_>>().pair_number(any(), any());
    pool::Prompts::items_of_pair => any::<Prompts<'_>>().items_of_pair(any());
    pool::Prompts::largest_block => any::<Prompts<'_>>().largest_block(any());
    pool::pairs_of => pairs_of(any());
    pool::Pool::in_prompt => Pool::in_prompt(any(), any(), any());
    pool::Pool::features => any::<Pool<'_>>().features();
    pool::Pool::prompts => any::<Pool<'_>>().prompts();
    pool::Pool::available => any::<Pool<'_>>().available();
    pool::Pool::labelled_in => any::<Pool<'_>>().labelled_in(any(), any());
    pool::Pool::labelled => any::<Pool<'_>>().labelled();
}
