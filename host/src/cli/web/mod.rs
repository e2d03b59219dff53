//! `pairpick label --web`: the questions on one page, served on this machine. The page shows what the
//! desk says and sends back what a person presses; all else is the desk's.

mod api;
mod door;
mod files;
mod token;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use self::door::Door;
use self::token::Token;
use super::output::Output;
use crate::error::{Error, Result};
use crate::session::Desk;

/// How long those who are answering have when the server ends.
const LAST_REPLIES: Duration = Duration::from_secs(2);

/// Where the page is.
#[derive(Debug, Args)]
pub(in crate::cli) struct WebOptions {
    /// Answer on a page in the browser in place of the terminal; its address is printed
    #[arg(long, help_heading = "Page")]
    pub web: bool,

    /// Address and port that the page is served at; port 0 is any free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0", requires = "web", help_heading = "Page")]
    pub listen: SocketAddr,

    /// Let --listen name an address that other machines reach: what they send and get is not encrypted
    #[arg(long, requires = "web", help_heading = "Page")]
    pub beyond_loopback: bool,
}

impl WebOptions {
    fn check(&self, output: &mut Output) -> Result<()> {
        let local = self.listen.ip().is_loopback();
        if local {
            return Ok(());
        }
        if !self.beyond_loopback {
            let expected = "is reached by other machines: say `beyond_loopback` if that is meant";
            return Err(Error::setting("listen", self.listen, expected));
        }
        use crate::progress::Progress;
        output.note(
            "other machines reach this page; nothing is encrypted, so whoever sees the traffic can read \
             the texts and answer in somebody's place",
        );
        Ok(())
    }
}
