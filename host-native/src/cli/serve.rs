//! `offshoot serve`.

use super::Failure;
use offshoot::EmbeddedDatabase;
use offshoot::api::{
    ApiServer, AuthMiddleware, DialectName, RateLimitConfig, RateLimitMiddleware, ServerOptions,
    Tenants, Tls, bind, development_key, env, keys_path,
};
use offshoot::webhooks::WebhookOptions;
use std::io::{IsTerminal, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tracing_subscriber::EnvFilter;

/// How a database is served.
#[derive(clap::Args)]
pub struct Arguments {
    /// Address and port to listen on; port 0 takes a free one [default: OFFSHOOT_API_HOST and
    /// OFFSHOOT_API_PORT, else 127.0.0.1:8080].
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// The database file.
    #[arg(long, default_value = super::DEFAULT_FILE)]
    data: PathBuf,
    /// A folder with a database file for each tenant, instead of one file (`offshoot tenant create`).
    #[arg(long, conflicts_with_all = ["data", "tenant"])]
    data_dir: Option<PathBuf>,
    /// How many databases of --data-dir are open at a time.
    #[arg(long, default_value_t = 64)]
    open_max: usize,
    /// The tenant whose database this is: credentials of others are refused.
    #[arg(long)]
    tenant: Option<String>,
    #[command(flatten)]
    credentials: Credentials,
    /// Listen on any address although everybody may do everything.
    #[arg(long)]
    insecure: bool,
    /// How often callers may ask: off, specification, tutorial, or a file in JSON [default:
    /// specification where callers have to say who they are, else off].
    #[arg(long)]
    rate_limit: Option<String>,
    /// An origin whose pages may ask (CORS), or * for all; may be given several times.
    #[arg(long)]
    cors_origin: Vec<String>,
    /// Speak TLS: the chain of certificates, in PEM.
    #[arg(long, requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key for it, in PEM.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The largest body of a request, in bytes.
    #[arg(long, default_value_t = ServerOptions::default().body_bytes)]
    body_max: usize,
    /// What the bodies of all requests may take together, in bytes.
    #[arg(long, default_value_t = ServerOptions::default().bodies_bytes)]
    bodies_max: u64,
    /// Connections at a time.
    #[arg(long, default_value_t = ServerOptions::default().connections_max)]
    connections_max: usize,
    /// Seconds that a connection may take for the head of a request, or do nothing.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    head_timeout: u64,
    /// Seconds that the body of a request may take; a second more for each 16 KiB.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    body_timeout: u64,
    /// The dialect of answers where a request chooses none: envelope or plain.
    #[arg(long, default_value = "envelope")]
    dialect: DialectName,
    /// Send webhooks to addresses that are not public, too (this machine, private networks). Whoever
    /// may register webhooks can then make the server ask them.
    #[arg(long)]
    webhook_allow_private: bool,
    /// Seconds that the receiver of a webhook may take.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    webhook_timeout: u64,
    /// Write a line for each request, not only for those that fail through the server's fault.
    #[arg(long)]
    log_requests: bool,
    /// How logs are written: text or json.
    #[arg(long, default_value = "text", value_parser = ["text", "json"])]
    log_format: String,
}

/// Who callers may be.
#[derive(clap::Args)]
struct Credentials {
    /// The secret that tokens are signed with, HS256 [env: OFFSHOOT_JWT_SECRET; others on this machine
    /// can read arguments].
    #[arg(long)]
    jwt_secret: Option<String>,
    /// A file with the public key for tokens: RSA (RS256) or Ed25519 (EdDSA), in PEM.
    #[arg(long)]
    jwt_public_key: Option<PathBuf>,
    /// A file with a JSON Web Key Set for tokens.
    #[arg(long)]
    jwks: Option<PathBuf>,
    /// Take only tokens of this issuer (`iss`).
    #[arg(long)]
    jwt_issuer: Option<String>,
    /// Take only tokens for this audience (`aud`).
    #[arg(long)]
    jwt_audience: Option<String>,
    /// An API key for development: KEY[,dialect=plain][,scopes=read+write][,name=NAME]; may be given
    /// several times.
    #[arg(long)]
    api_key: Vec<String>,
}

/// What HS256 asks of a secret: as long as its hash (RFC 7518, 3.2).
const SECRET_SHORT_BYTES: usize = 32;

impl Credentials {
    fn auth(
        &self,
        data: &Path,
        tenants: Option<&Tenants>,
    ) -> Result<Option<AuthMiddleware>, Failure> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
        };
        let secret = self.jwt_secret.clone().or_else(|| env("JWT_SECRET"));
        if secret.as_ref().is_some_and(|secret| secret.len() < SECRET_SHORT_BYTES) {
            tracing::warn!("the secret for tokens is short: whoever has a token may guess it");
        }
        let mut auth = match secret.as_deref() {
            Some("") => return Err("the secret for tokens is empty".into()),
            Some(secret) => AuthMiddleware::new(secret),
            None => AuthMiddleware::without_tokens(),
        };
        if let Some(path) = &self.jwt_public_key {
            auth = auth.with_public_key(&read(path)?)?;
        }
        if let Some(path) = &self.jwks {
            auth = auth.with_jwks(&read(path)?)?;
        }
        auth = auth.expecting(self.jwt_issuer.clone(), self.jwt_audience.clone());
        for text in &self.api_key {
            let (key, caller) = development_key(text)?;
            auth = auth.with_caller(&key, caller);
        }
        auth = match tenants {
            Some(tenants) => tenants.keys_into(auth)?,
            None => auth.with_key_file(keys_path(data))?,
        };
        Ok((!auth.is_empty()).then_some(auth))
    }
}

impl Default for Arguments {
    fn default() -> Self {
        <Alone as clap::Parser>::parse_from(["serve"]).arguments
    }
}

/// The arguments where none are given.
#[derive(clap::Parser)]
struct Alone {
    #[command(flatten)]
    arguments: Arguments,
}

impl Arguments {
    fn address(&self) -> Result<SocketAddr, Failure> {
        if let Some(address) = self.listen {
            return Ok(address);
        }
        let host = env("API_HOST").map(|host| {
            let host = if host == "localhost" { "127.0.0.1".to_owned() } else { host };
            host.parse::<IpAddr>().map_err(|_| format!("API_HOST '{host}' is no address"))
        });
        let port = env("API_PORT")
            .map(|port| port.parse::<u16>().map_err(|_| format!("API_PORT '{port}' is no port")));
        let host = host.transpose()?.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        Ok(SocketAddr::new(host, port.transpose()?.unwrap_or(8080)))
    }

    fn limits(&self) -> Result<Option<RateLimitMiddleware>, Failure> {
        Ok(match self.rate_limit.as_deref() {
            None => limits_of_environment()?,
            Some("off") => Some(RateLimitMiddleware::off()),
            Some("specification") => Some(RateLimitMiddleware::specification()),
            Some("tutorial") => Some(RateLimitMiddleware::tutorial()),
            Some(file) => {
                let wrong = |why: String| {
                    format!("--rate-limit {file}: {why} (off, specification, tutorial or a file)")
                };
                let bytes = std::fs::read(file).map_err(|error| wrong(error.to_string()))?;
                Some(RateLimitMiddleware::from_json(&bytes).map_err(wrong)?)
            }
        })
    }

    fn options(&self) -> ServerOptions {
        ServerOptions {
            body_bytes: self.body_max,
            bodies_bytes: self.bodies_max,
            connections_max: self.connections_max,
            head_timeout: Duration::from_secs(self.head_timeout),
            body_timeout: Duration::from_secs(self.body_timeout),
            cors_origins: self.cors_origin.clone(),
            dialect: self.dialect,
            webhooks: WebhookOptions {
                allow_private: self.webhook_allow_private,
                timeout: Duration::from_secs(self.webhook_timeout),
            },
            ..ServerOptions::default()
        }
    }

    fn tls(&self) -> Result<Option<Tls>, Failure> {
        Ok(match (&self.tls_cert, &self.tls_key) {
            (Some(chain), Some(key)) => Some(Tls::from_files(chain, key)?),
            _ => None,
        })
    }

    fn log(&self) {
        let usual = match self.log_requests {
            true => "info",
            false => "info,offshoot::request=warn",
        };
        let filter = EnvFilter::try_from_env("OFFSHOOT_LOG").unwrap_or_else(|_| usual.into());
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        let log = log.with_ansi(std::io::stderr().is_terminal());
        match self.log_format.as_str() {
            "json" => log.json().init(),
            _ => log.init(),
        }
    }
}

/// The tutorial's variables: one measure for everything.
fn limits_of_environment() -> Result<Option<RateLimitMiddleware>, Failure> {
    let number = |name: &str| {
        let text = env(name);
        let number = text.map(|text| match text.parse::<u32>() {
            Ok(0) | Err(_) => Err(format!("{name} '{text}' is no number of at least 1")),
            Ok(number) => Ok(number),
        });
        number.transpose()
    };
    let (most, window) = (number("RATE_LIMIT_MAX_REQUESTS")?, number("RATE_LIMIT_WINDOW_SECS")?);
    if most.is_none() && window.is_none() {
        return Ok(None);
    }
    let config = RateLimitConfig::new(most.unwrap_or(100), window.unwrap_or(60).into(), 0);
    Ok(Some(RateLimitMiddleware::new(config)))
}

/// Serves until SIGINT or SIGTERM, then finishes what runs and closes what is open.
pub fn serve(arguments: &Arguments) -> Result<(), Failure> {
    arguments.log();
    let listen = arguments.address()?;
    let tenants =
        arguments.data_dir.as_ref().map(|dir| Tenants::new(dir.clone(), arguments.open_max));
    let auth = arguments.credentials.auth(&arguments.data, tenants.as_ref())?;
    let open = auth.is_none();
    if open && !listen.ip().to_canonical().is_loopback() && !arguments.insecure {
        return Err(format!(
            "without --jwt-secret, --jwt-public-key, --jwks or an API key (`offshoot key create`) \
             everybody may do everything, so {listen} is not listened on; --insecure does it all the \
             same"
        )
        .into());
    }
    let (limits, tls) = (arguments.limits()?, arguments.tls()?);
    let place = arguments.data_dir.as_ref().unwrap_or(&arguments.data);
    let mut server = match tenants {
        Some(tenants) => ApiServer::of_tenants(listen, tenants),
        None => {
            let database = Arc::new(EmbeddedDatabase::new(&arguments.data)?);
            if let Some(torn) = &database.store().recovery().torn {
                tracing::warn!(?torn, "an unfinished write was cut off the end of the file");
            }
            ApiServer::new(listen, database)
        }
    };
    server = server.with_options(arguments.options());
    let scheme = if tls.is_some() { "https" } else { "http" };
    server = auth.into_iter().fold(server, ApiServer::with_auth);
    server = limits.into_iter().fold(server, ApiServer::with_rate_limiting);
    server = tls.into_iter().fold(server, ApiServer::with_tls);
    server = arguments.tenant.iter().fold(server, ApiServer::with_tenant);
    if arguments.insecure {
        server = server.insecure();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = bind(listen).map_err(|error| {
            format!("cannot listen on {listen}: {error}; choose another with --listen")
        })?;
        let addr = listener.local_addr()?;
        greet(&format!("{scheme}://{addr}"), place, open)?;
        server.serve_on(listener, interrupted()).await?;
        tracing::info!("closed");
        Ok(())
    })
}

fn greet(base: &str, data: &Path, open: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Offshoot serves {} on {base}", data.display())?;
    if !open {
        writeln!(out, "Callers show a token (Authorization: Bearer …) or a key (X-API-Key: …).")?;
        return out.flush();
    }
    writeln!(out, "It asks nobody who they are: every program on this machine may do everything.")?;
    writeln!(out, "Try, beside {base}/ in a browser:")?;
    writeln!(out, "  curl {base}/v1/branches")?;
    writeln!(
        out,
        "  curl -X POST {base}/v1/branches/main/execute -H 'content-type: application/json' \\"
    )?;
    writeln!(
        out,
        "    -d '{{\"sql\": \"CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)\"}}'"
    )?;
    writeln!(out, "  curl -X POST {base}/v1/branches -H 'content-type: application/json' \\")?;
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
