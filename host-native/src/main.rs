//! The `offshoot` command.

mod cli;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

// Trees that share their nodes take and give back many small pieces; the system's allocator made up
// a tenth to a fifth of a query's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    Serve(Box<cli::serve::Arguments>),
    /// Make, list and revoke API keys.
    Key {
        #[command(subcommand)]
        action: cli::key::Action,
    },
    /// Make and list the databases of tenants.
    Tenant {
        #[command(subcommand)]
        action: cli::key::Tenant,
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
    let command = arguments.command.unwrap_or_else(|| Command::Serve(Box::default()));
    let done = match command {
        Command::Serve(arguments) => cli::serve::serve(&arguments),
        Command::Key { action } => cli::key::key(action),
        Command::Tenant { action } => cli::key::tenant(action),
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
