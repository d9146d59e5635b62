//! `offshoot branch` and `offshoot log`.

use super::{Failure, Place, table};
use clap::Subcommand;
use offshoot::EmbeddedDatabase;
use offshoot::embedded::moment;
use offshoot_core::database::{AsOf, MergeRequest, NewBranch};
use offshoot_core::error::Error;
use offshoot_core::history::{BranchStatus, Micros, Scn};
use offshoot_core::merge::{Conflict, Held, Policy, row_id};
use offshoot_core::row::{Table, TableDef, TableId};
use offshoot_core::value::{SqlType, Value};
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Action {
    /// List branches.
    List {
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
        /// Deleted ones too.
        #[arg(long)]
        all: bool,
    },
    /// Make a branch. Nothing is copied.
    Create {
        /// Its name.
        name: String,
        /// The branch that it comes from.
        #[arg(long, default_value = "main")]
        from: String,
        /// A point of that branch: an SCN, a time such as 2025-12-01T08:00:00Z, or a snapshot.
        #[arg(long)]
        as_of: Option<String>,
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Delete a branch.
    Delete {
        /// Its name.
        name: String,
        /// Also where its source lacks some of its commits.
        #[arg(long)]
        force: bool,
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Merge a branch into another.
    Merge {
        /// The branch whose changes are taken.
        source: String,
        /// The branch that takes them.
        #[arg(long, default_value = "main")]
        into: String,
        /// What decides cells that both changed: source_wins, target_wins, newest_wins, abort or
        /// manual.
        #[arg(long, default_value = "manual")]
        policy: String,
        /// Only say what would happen.
        #[arg(long)]
        dry_run: bool,
        /// Delete the source afterwards.
        #[arg(long)]
        delete_source: bool,
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
    },
    /// Show the rows that differ between two branches.
    Diff {
        /// The branch to start from.
        from: String,
        /// The branch to go to.
        to: String,
        /// The database file.
        #[arg(long, default_value = super::DEFAULT_FILE)]
        data: PathBuf,
    },
}

pub fn branch(action: Action) -> Result<(), Failure> {
    match action {
        Action::List { data, all } => list(&super::open_existing(&data)?, all),
        Action::Create { name, from, as_of, data } => {
            let db = super::open_existing(&data)?;
            let as_of = as_of.map_or(Ok(AsOf::Now), |text| point(&text))?;
            let new = NewBranch { name, source: from, as_of, ..NewBranch::default() };
            let made = db.database().create_branch(&moment()?, new)?;
            db.settle(made.ticket)?;
            println!("created {} at SCN {}", made.value.name, made.value.head_scn);
            Ok(())
        }
        Action::Delete { name, force, data } => {
            let db = super::open_existing(&data)?;
            let gone = db.database().delete_branch(&moment()?, &name, force)?;
            db.settle(gone.ticket)?;
            println!("deleted {name}");
            Ok(())
        }
        Action::Merge { source, into, policy, dry_run, delete_source, data } => {
            let db = super::open_existing(&data)?;
            let policy = policy_named(&policy)?;
            let target = into;
            let request = MergeRequest {
                source,
                target,
                policy,
                dry_run,
                delete_source,
                ..Default::default()
            };
            merge(&db, &request)
        }
        Action::Diff { from, to, data } => {
            print!("{}", diff(&super::open_existing(&data)?, &from, &to)?);
            Ok(())
        }
    }
}

/// A point as a person types it.
pub fn point(text: &str) -> Result<AsOf, Failure> {
    if let Ok(scn) = text.parse() {
        return Ok(AsOf::Scn(Scn(scn)));
    }
    match Value::from(text).coerce(&SqlType::Timestamp) {
        Ok(Value::Timestamp(at)) => {
            Ok(AsOf::Time { at: Micros(at), whole_second: !text.contains('.') })
        }
        _ => Ok(AsOf::Snapshot(text.to_owned())),
    }
}

fn policy_named(name: &str) -> Result<Policy, Failure> {
    let all =
        [Policy::SourceWins, Policy::TargetWins, Policy::Newest, Policy::Manual, Policy::Abort];
    let found = all.into_iter().find(|policy| policy.name() == name);
    found.ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|policy| policy.name()).collect();
        format!("'{name}' is no policy; there are {}", names.join(", ")).into()
    })
}

fn list(db: &EmbeddedDatabase, all: bool) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for record in db.database().branches()? {
        if record.status == BranchStatus::Deleted && !all {
            continue;
        }
        rows.push(vec![
            record.name.clone(),
            format!("{:?}", record.status).to_lowercase(),
            record.head_scn.to_string(),
            record.source_branch.map(|(_, name)| name).unwrap_or_default(),
            Value::Timestamp(record.updated.0).to_text(),
            record.id.to_string(),
        ]);
    }
    let columns = ["name", "status", "scn", "source", "updated", "id"].map(str::to_owned);
    println!("{}", table::draw(&columns, &rows));
    Ok(())
}

fn merge(db: &EmbeddedDatabase, request: &MergeRequest) -> Result<(), Failure> {
    let done = match db.database().merge(&moment()?, request) {
        Ok(done) => done,
        Err(Error::Conflicts(open)) => {
            println!("{}", conflicts(&open.conflicts));
            return Err(format!(
                "{} conflicts; choose --policy source_wins, target_wins or newest_wins, or settle \
                 them over HTTP",
                open.conflicts.len()
            )
            .into());
        }
        Err(other) => return Err(other.into()),
    };
    db.settle(done.ticket)?;
    let report = done.value;
    let would = if report.dry_run { "would merge" } else { "merged" };
    println!(
        "{would} {} into {}: {} rows, {} conflicts settled",
        report.source,
        report.target,
        report.changes,
        report.settled.len()
    );
    Ok(())
}

fn conflicts(conflicts: &[Conflict]) -> String {
    let show = |held: &Held| match held {
        Held::Nothing => "—".to_owned(),
        Held::Cell(value) => value.to_text(),
        Held::Row(row) => {
            let cells = row.iter().map(|(name, value)| format!("{name}={}", value.to_text()));
            cells.collect::<Vec<_>>().join(" ")
        }
    };
    let rows: Vec<Vec<String>> = conflicts
        .iter()
        .map(|c| {
            vec![
                c.table.clone(),
                c.row_id.clone().unwrap_or_default(),
                c.column.clone().unwrap_or_default(),
                c.kind.name().to_owned(),
                show(&c.base),
                show(&c.source),
                show(&c.target),
            ]
        })
        .collect();
    let columns = ["table", "row", "column", "kind", "base", "source", "target"].map(str::to_owned);
    table::draw(&columns, &rows)
}

/// The rows that differ, one line each: `+` came, `-` went, `~` changed.
pub fn diff(db: &EmbeddedDatabase, from: &str, to: &str) -> Result<String, Failure> {
    let diff = db.database().diff((from, &AsOf::Now), (to, &AsOf::Now))?;
    let mut text = String::new();
    for change in &diff.delta.schemas {
        let name = |bytes: &Option<std::sync::Arc<[u8]>>| {
            bytes.as_deref().and_then(|b| TableDef::decode(b).ok()).map(|def| def.name)
        };
        let (sign, name) = match (name(&change.old), name(&change.new)) {
            (None, Some(name)) => ('+', name),
            (Some(name), None) => ('-', name),
            (_, name) => ('~', name.unwrap_or_default()),
        };
        text.push_str(&format!("{sign} table {name}\n"));
    }
    for table in &diff.delta.tables {
        let id = TableId(table.table);
        let (before, after) = (diff.before.table(id), diff.after.table(id));
        let Some(now) = after.or(before) else { continue };
        for row in &table.rows {
            let shown = row_id(&now.table, &row.key);
            let name = now.table.name();
            let cells = |table: &Table, bytes: &[u8]| -> Result<Vec<(String, String)>, Failure> {
                let row = table.decode(bytes)?;
                let names = table.def.columns.iter().map(|c| c.name.clone());
                Ok(names.zip(row.iter().map(|v| v.to_text())).collect())
            };
            let all = |cells: &[(String, String)]| {
                let cells = cells.iter().map(|(name, value)| format!("{name}={value}"));
                cells.collect::<Vec<_>>().join(" ")
            };
            let old = match (&row.old, before) {
                (Some(bytes), Some(table)) => Some(cells(&table.table, bytes)?),
                _ => None,
            };
            let new = match (&row.new, after) {
                (Some(bytes), Some(table)) => Some(cells(&table.table, bytes)?),
                _ => None,
            };
            text.push_str(&match (old, new) {
                (None, Some(new)) => format!("+ {name} {shown}: {}\n", all(&new)),
                (Some(old), None) => format!("- {name} {shown}: {}\n", all(&old)),
                (Some(old), Some(new)) => {
                    let changed = new.iter().filter(|cell| !old.contains(cell)).map(|(c, now)| {
                        let was = old.iter().find(|(name, _)| name == c);
                        format!("{c}: {} → {now}", was.map_or("—", |(_, v)| v))
                    });
                    format!("~ {name} {shown}: {}\n", changed.collect::<Vec<_>>().join(", "))
                }
                (None, None) => continue,
            });
        }
    }
    Ok(text)
}

pub fn log(place: &Place, limit: usize) -> Result<(), Failure> {
    println!("{}", log_text(&place.open()?, &place.branch, limit)?);
    Ok(())
}

/// A branch's newest commits as a table.
pub fn log_text(db: &EmbeddedDatabase, branch: &str, limit: usize) -> Result<String, Failure> {
    let entries = db.database().log(branch, None, None, limit)?;
    let rows: Vec<Vec<String>> = entries
        .iter()
        .map(|entry| {
            vec![
                entry.header.scn.to_string(),
                Value::Timestamp(entry.header.time.0).to_text(),
                entry.header.author.clone(),
                entry.header.message.clone(),
            ]
        })
        .collect();
    Ok(table::draw(&["scn", "time", "author", "message"].map(str::to_owned), &rows))
}
