//! `offshoot key` and `offshoot tenant`: who may come in, and whose databases there are.

use super::Failure;
use super::table::draw;
use offshoot::EmbeddedDatabase;
use offshoot::api::{
    KeyRecord, Scopes, Tenants, change_keys, is_tenant, key_hash, keys_path, list_keys, new_key,
    tenant_file,
};
use offshoot::core::value::Value;
use std::path::{Path, PathBuf};

/// What is done with API keys. A server takes notice at once.
#[derive(clap::Subcommand)]
pub enum Action {
    /// Make a key and print it: this once, for only its hash is kept.
    Create {
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
        /// What it is called; the author of what it writes.
        #[arg(long)]
        name: String,
        /// What it allows: read, write, branch, admin, or with a pattern of branch names
        /// (write:feature-*).
        #[arg(long, value_delimiter = ',', default_value = "read,write")]
        scopes: Vec<String>,
        /// The dialect in which its holder is answered.
        #[arg(long, value_parser = ["envelope", "plain"])]
        dialect: Option<String>,
    },
    /// List the keys: names, scopes, dates; never the keys themselves.
    List {
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Revoke a key.
    Revoke {
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
        /// What it is called.
        #[arg(long)]
        name: String,
    },
}

/// What is done with tenants' databases.
#[derive(clap::Subcommand)]
pub enum Tenant {
    /// Make a tenant's database, empty.
    Create {
        /// The folder of all databases.
        #[arg(long)]
        data_dir: PathBuf,
        /// Its name: what `tenant_id` says in tokens.
        #[arg(long)]
        tenant: String,
    },
    /// List the tenants.
    List {
        /// The folder of all databases.
        #[arg(long)]
        data_dir: PathBuf,
    },
}

/// Length of a key's name in bytes.
const NAME_MAX_BYTES: usize = 200;

pub fn key(action: Action) -> Result<(), Failure> {
    match action {
        Action::Create { data, name, scopes, dialect } => create(&data, name, scopes, dialect),
        Action::List { data } => list(&data),
        Action::Revoke { data, name } => revoke(&data, &name),
    }
}

fn create(
    data: &Path,
    name: String,
    scopes: Vec<String>,
    dialect: Option<String>,
) -> Result<(), Failure> {
    if name.is_empty() || name.len() > NAME_MAX_BYTES || name.chars().any(char::is_control) {
        return Err(
            format!("a name has 1 to {NAME_MAX_BYTES} bytes, and no control characters").into()
        );
    }
    Scopes::parse(&scopes)?;
    if !data.exists() {
        // A key is often made before the first start.
        EmbeddedDatabase::new(data)?.close()?;
    }
    let key = new_key()?;
    let created = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let record = KeyRecord {
        name,
        hash: key_hash(&key),
        scopes,
        subject: None,
        tenant: None,
        client: None,
        dialect,
        created: i64::try_from(created)?,
    };
    change_keys(&keys_path(data), |keys| {
        if keys.iter().any(|known| known.name == record.name) {
            return Err(format!("there is a key '{}' already", record.name));
        }
        keys.push(record);
        Ok(())
    })?;
    println!("{key}");
    Ok(())
}

fn list(data: &Path) -> Result<(), Failure> {
    let row = |KeyRecord { name, scopes, dialect, created, .. }| {
        let micros = created.saturating_mul(1_000_000);
        let time = Value::Timestamp(micros).to_text();
        vec![name, scopes.join(","), dialect.unwrap_or_default(), time]
    };
    let rows: Vec<_> = list_keys(&keys_path(data))?.into_iter().map(row).collect();
    println!("{}", draw(&["name", "scopes", "dialect", "created"].map(str::to_owned), &rows));
    Ok(())
}

fn revoke(data: &Path, name: &str) -> Result<(), Failure> {
    change_keys(&keys_path(data), |keys| {
        let before = keys.len();
        keys.retain(|known| known.name != name);
        match keys.len() < before {
            true => Ok(()),
            false => Err(format!("there is no key '{name}'")),
        }
    })?;
    println!("revoked {name}");
    Ok(())
}

pub fn tenant(action: Tenant) -> Result<(), Failure> {
    match action {
        Tenant::Create { data_dir, tenant } => {
            if !is_tenant(&tenant) {
                return Err(format!(
                    "'{tenant}' is no name for a tenant: letters, digits, '-', '_' and inner dots, 64 \
                     at most"
                )
                .into());
            }
            let file = tenant_file(&data_dir, &tenant);
            if file.exists() {
                return Err(format!("there is a tenant '{tenant}' already").into());
            }
            EmbeddedDatabase::new(&file)?.close()?;
            println!("{}", file.display());
        }
        Tenant::List { data_dir } => {
            Tenants::new(data_dir, 1).names()?.iter().for_each(|name| println!("{name}"));
        }
    }
    Ok(())
}
