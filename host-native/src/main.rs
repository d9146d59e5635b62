//! The `offshoot` command.

mod cli;

use clap::{Parser, Subcommand};
use offshoot::api::DialectName;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// A SQL database that branches.
#[derive(Parser)]
#[command(name = "offshoot", version, about, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve a database over HTTP (what happens without a command).
    Serve {
        /// Address and port to listen on; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8080")]
        listen: SocketAddr,
        /// The database file.
        #[arg(long, default_value = cli::DEFAULT_FILE)]
        data: PathBuf,
        /// The dialect of answers where a request chooses none: envelope or plain.
        #[arg(long, default_value = "envelope")]
        dialect: DialectName,
    },
    /// Type SQL at a prompt, or pipe it in.
    Sql {
        #[command(flatten)]
        place: cli::Place,
        /// Run this and leave.
        #[arg(long, short = 'c')]
        command: Option<String>,
    },
    /// List, make, delete, merge and compare branches.
    Branch {
        #[command(subcommand)]
        action: cli::branch::Action,
    },
    /// Show a branch's history, newest first.
    Log {
        #[command(flatten)]
        place: cli::Place,
        /// How many commits.
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Load SQL scripts, JSON or CSV files.
    Import(cli::import::Arguments),
    /// Verify every hash, tree, index and reference of a file, and say what is wrong.
    Check {
        /// The database file.
        #[arg(long, default_value = cli::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Remove what no branch and no snapshot needs, and thin out keyframes.
    Gc {
        /// The database file.
        #[arg(long, default_value = cli::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Copy a database file consistently.
    Backup {
        /// The database file.
        #[arg(long, default_value = cli::DEFAULT_FILE)]
        data: PathBuf,
        /// Where the copy goes; nothing may stand there.
        to: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let command = arguments.command.unwrap_or_else(|| Command::Serve {
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        data: cli::DEFAULT_FILE.into(),
        dialect: DialectName::default(),
    });
    let done = match command {
        Command::Serve { listen, data, dialect } => cli::serve::serve(listen, &data, dialect),
        Command::Sql { place, command } => cli::sql::sql(&place, command.as_deref()),
        Command::Branch { action } => cli::branch::branch(action),
        Command::Log { place, limit } => cli::branch::log(&place, limit),
        Command::Import(arguments) => cli::import::import(&arguments),
        Command::Check { data } => return cli::admin::check(&data),
        Command::Gc { data } => cli::admin::gc(&data),
        Command::Backup { data, to } => cli::admin::backup(&data, &to),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("offshoot: {error}");
            ExitCode::FAILURE
        }
    }
}
