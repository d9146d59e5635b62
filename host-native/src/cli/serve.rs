//! `offshoot serve`.

use super::Failure;
use offshoot::EmbeddedDatabase;
use offshoot::api::{ApiServer, DialectName, ServerOptions};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;

/// Serves a file until SIGINT or SIGTERM, then finishes what runs and closes it.
pub fn serve(listen: SocketAddr, data: &Path, dialect: DialectName) -> Result<(), Failure> {
    let filter = EnvFilter::try_from_env("OFFSHOOT_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let database = Arc::new(EmbeddedDatabase::new(data)?);
    if let Some(torn) = &database.store().recovery().torn {
        tracing::warn!(?torn, "an unfinished write was cut off the end of the file");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.map_err(|error| {
            format!("cannot listen on {listen}: {error}; choose another with --listen")
        })?;
        let addr = listener.local_addr()?;
        greet(addr, data)?;
        let options = ServerOptions { dialect, ..ServerOptions::default() };
        let server = ApiServer::new(addr, database).with_options(options);
        server.serve_on(listener, interrupted()).await?;
        tracing::info!("closed");
        Ok(())
    })
}

fn greet(addr: SocketAddr, data: &Path) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Offshoot serves {} on http://{addr}", data.display())?;
    writeln!(out, "Try:")?;
    writeln!(out, "  curl http://{addr}/v1/branches")?;
    writeln!(
        out,
        "  curl -X POST http://{addr}/v1/branches/main/execute -H 'content-type: application/json' \\"
    )?;
    writeln!(
        out,
        "    -d '{{\"sql\": \"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)\"}}'"
    )?;
    writeln!(
        out,
        "  curl -X POST http://{addr}/v1/branches -H 'content-type: application/json' \\"
    )?;
    writeln!(out, "    -d '{{\"name\": \"feature\", \"source_branch\": \"main\"}}'")?;
    out.flush()
}

async fn interrupted() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            },
            Err(_) => drop(interrupt.await),
        }
    }
    #[cfg(not(unix))]
    drop(interrupt.await);
    tracing::info!("shutting down");
}
