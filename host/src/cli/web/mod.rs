//! `pairpick label --web`: the questions on one page, served on this machine. The page shows what the
//! desk says and sends back what a person presses; all else is the desk's.

mod api;
mod door;
mod files;
mod token;
mod view;
mod visitors;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::oneshot;

use self::api::Office;
use self::door::Door;
use self::token::Token;
use self::visitors::Visitors;
use super::output::Output;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::session::Desk;

/// How long those who are just sending something have when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// The most people who answer at once.
const MOST_ANNOTATORS: i64 = 64;

/// Whether there is a page, and where.
#[derive(Debug, Args)]
pub(super) struct WebOptions {
    /// Answer on a page in a browser, whose address is printed, and not in the terminal
    #[arg(long, help_heading = "Page")]
    pub web: bool,

    /// People who answer at once, each at an address of their own: the questions of a batch are shared
    /// out
    #[arg(long, value_name = "N", default_value_t = 1, requires = "web", help_heading = "Page",
          value_parser = clap::value_parser!(u32).range(1..=MOST_ANNOTATORS))]
    pub annotators: u32,

    /// Address, not name, and port that the page is served at; port 0 is any that is free, 0.0.0.0 every
    /// address of this machine
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:0",
        requires = "web",
        help_heading = "Page"
    )]
    pub listen: SocketAddr,

    /// Let --listen be an address that other machines reach, though nothing is encrypted
    #[arg(long, requires = "web", help_heading = "Page")]
    pub beyond_loopback: bool,
}

/// A server that has its address and waits for a desk.
pub(super) struct Server {
    socket: TcpListener,
    address: SocketAddr,
    tokens: Vec<Token>,
}

impl Server {
    /// Takes the address.
    ///
    /// # Errors
    /// An address that other machines reach and that nobody allowed; one that cannot be had.
    pub fn open(options: &WebOptions, output: &mut Output) -> Result<Self> {
        let WebOptions { listen, beyond_loopback, annotators, .. } = *options;
        if !listen.ip().is_loopback() {
            if !beyond_loopback {
                let expected = "an address of this machine alone, such as 127.0.0.1:8080; others reach \
                                this one, which `beyond_loopback` allows";
                return Err(Error::setting("listen", listen, expected));
            }
            output.note(
                "other machines reach the page, and nothing is encrypted: who sees the traffic can read \
                 the texts and answer in somebody's place",
            );
        }
        let refused = |error| Error::io(listen.to_string(), "listen there", error);
        let socket = TcpListener::bind(listen).map_err(refused)?;
        socket.set_nonblocking(true).map_err(refused)?;
        let address = socket.local_addr().map_err(refused)?;
        let tokens = (0..annotators).map(|_| Token::draw()).collect::<Result<_>>()?;
        Ok(Self { socket, address, tokens })
    }

    /// Serves a session until the program is interrupted.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn serve(self, desk: Arc<Desk>, session: &Path, output: &mut Output) -> Result<()> {
        let Self { socket, address, tokens } = self;
        let (end, ended) = oneshot::channel();
        output.work().serves(session, end);
        for token in &tokens {
            output.result(&format!("http://{address}/#{token}\n"))?;
        }
        if address.ip().is_unspecified() {
            let ip = address.ip();
            output.note(&format!(
                "{ip} stands for every address of this machine: open the page with one of them in its place"
            ));
        }
        output.log("questions are there in a browser, each address for one person; Ctrl-C ends");
        let door = Door::new(address, tokens);
        let office = Arc::new(Office { desk, door, visitors: Visitors::default() });
        let refused = |error| Error::io(address.to_string(), "serve there", error);
        serve_until(socket, office, ended).map_err(refused)
    }
}

/// Serves until the other end of the channel is gone.
fn serve_until(
    socket: TcpListener,
    office: Arc<Office>,
    ended: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let socket = tokio::net::TcpListener::from_std(socket)?;
        let (told, ending) = oneshot::channel::<()>();
        let wait = async move {
            let _ = ended.await;
            drop(told);
        };
        let serving = axum::serve(socket, api::router(office)).with_graceful_shutdown(wait);
        let mut serving = tokio::spawn(serving.into_future());
        let _ = ending.await;
        match tokio::time::timeout(LAST_WORDS, &mut serving).await {
            Ok(served) => served.unwrap_or(Ok(())),
            // Somebody who sends nothing more keeps nobody waiting.
            Err(_late) => Ok(()),
        }
    })
}
