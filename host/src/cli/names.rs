//! [`Names`]: settings as the command line calls them. The library's messages name a setting
//! `` `best_of` ``; here it is the option `--best-of`.

use std::collections::BTreeMap;

use clap::Command;

/// The option of each setting.
#[derive(Debug)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Of all options that a command and those beneath it have.
    pub fn of(command: &Command) -> Self {
        let below = command.get_subcommands().flat_map(|command| Self::of(command).0);
        let own = command.get_arguments().filter_map(|argument| {
            Some((argument.get_id().to_string(), format!("--{}", argument.get_long()?)))
        });
        let mut names = BTreeMap::new();
        for (setting, option) in below.chain(own) {
            // Where commands call a setting otherwise, the first command's name is its name.
            names.entry(setting).or_insert(option);
        }
        Self(names)
    }

    /// A message with an option wherever a setting is named.
    pub fn in_message(&self, message: &str) -> String {
        let mut told = String::new();
        let mut rest = message;
        while let Some((before, after)) = rest.split_once('`') {
            told.push_str(before);
            let named = after.split_once('`');
            let option = named.and_then(|(name, rest)| Some((self.0.get(name)?.as_str(), rest)));
            let (text, after) = option.unwrap_or(("`", after));
            told.push_str(text);
            rest = after;
        }
        told + rest
    }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::Names;

    #[test]
    fn settings_become_options_and_other_words_stay() {
        let option = |name: &'static str, long: &'static str| Arg::new(name).long(long);
        let below = Command::new("below").arg(option("best_of", "best-of"));
        let names = Names::of(&Command::new("top").subcommand(below).arg(option("seed", "seed")));
        for (message, expected) in [
            ("`seed` 3: see `best_of`", "--seed 3: see --best-of"),
            ("a`b.npy: `seed`", "a`b.npy: --seed"),
            ("no `such` name, `", "no `such` name, `"),
        ] {
            assert_eq!(names.in_message(message), expected);
        }
    }
}
