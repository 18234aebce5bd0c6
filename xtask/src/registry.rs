//! `cargo xtask registry`: real schema registries on this machine, from packages.

mod apicurio;
mod server;
mod srfake;

use anyhow::{Result, ensure};
pub(crate) use server::Server;
pub(crate) use srfake::program as srfake_program;
use std::process::Command;

/// Arguments of `cargo xtask registry`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Start them, wait until they answer, print their base URLs
    Up {
        /// Which; both, when none is named
        kinds: Vec<Kind>,
    },
    /// End them
    Down,
    /// Show which run, and where
    Status,
}

/// The two registries: one judges compatibility, the other has contexts and GUIDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Apicurio Registry, by its Confluent-compatible interface
    Apicurio,
    /// franz-go's in-memory registry, with faults and a record of requests
    Srfake,
}

/// Both, in the order in which they start.
pub(crate) const KINDS: [Kind; 2] = [Kind::Apicurio, Kind::Srfake];

/// Runs `cargo xtask registry`.
pub(crate) fn run(args: Args) -> Result<()> {
    match args.action {
        Action::Up { kinds } => {
            let kinds = if kinds.is_empty() { KINDS.to_vec() } else { kinds };
            kinds.into_iter().try_for_each(|kind| {
                let server = match Server::find(kind)?.filter(Server::is_running) {
                    Some(server) => server,
                    None => kind.start(true)?,
                };
                println!("{} {}", kind.name(), server.url());
                Ok(())
            })
        }
        Action::Down => {
            KINDS.into_iter().try_for_each(|kind| Server::find(kind)?.map_or(Ok(()), |server| server.stop()))
        }
        Action::Status => KINDS.into_iter().try_for_each(|kind| {
            match Server::find(kind)?.filter(Server::is_running) {
                Some(server) => println!("{} runs at {} (process {})", kind.name(), server.url(), server.pid()),
                None => println!("{} does not run", kind.name()),
            }
            Ok(())
        }),
    }
}

/// Both registries while a task runs; they end when they are dropped.
pub(crate) struct Scoped(Vec<(Kind, Server)>);

impl Scoped {
    pub(crate) fn start() -> Result<Self> {
        let mut started = Self(Vec::new());
        for kind in KINDS {
            started.0.push((kind, kind.start(false)?));
        }
        Ok(started)
    }

    /// `apicurio=URL,srfake=URL`.
    pub(crate) fn urls(&self) -> String {
        let urls = self.0.iter().map(|(kind, server)| format!("{}={}", kind.name(), server.url()));
        urls.collect::<Vec<_>>().join(",")
    }
}

impl Drop for Scoped {
    fn drop(&mut self) {
        for (kind, server) in &self.0 {
            if let Err(error) = server.stop() {
                eprintln!("{} was not stopped: {error:#}", kind.name());
            }
        }
    }
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Apicurio => "apicurio",
            Self::Srfake => "srfake",
        }
    }

    /// `detached`: it lives on when this command is interrupted from the keyboard.
    fn start(self, detached: bool) -> Result<Server> {
        match self {
            Self::Apicurio => apicurio::start(detached),
            Self::Srfake => srfake::start(detached),
        }
    }
}

/// Fails with one sentence when what builds and runs them is missing.
pub(crate) fn require() -> Result<()> {
    let has_go = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
    ensure!(has_go, "srfake is built by Go, and there is no go here: install Go 1.24 or newer");
    Ok(())
}
