//! Whether a state keeps its laws.

use super::{State, TableId, check_changes};
use crate::chunk::Chunks;
use crate::error::Result;
use crate::history::RowChange;
use crate::tree::KeyRange;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

impl State {
    /// Checks every tree's laws, that each row stands under its own key and passes its table's
    /// constraints, that each index holds exactly the entries of the rows, and that uniqueness and
    /// references hold. `report` is told of each break.
    ///
    /// # Errors
    /// A fault; what cannot be read at all.
    pub fn verify(&self, chunks: &Chunks, report: &mut dyn FnMut(String)) -> Result<()> {
        for state in self.tables() {
            let table = &state.table;
            let name = table.name();
            for view in state.views() {
                let mut say = |what: String| report(format!("table '{name}': {what}"));
                crate::tree::check(chunks, view.root(), &mut say)?;
            }
            let mut expected: Vec<BTreeSet<Vec<u8>>> = vec![BTreeSet::new(); state.indexes.len()];
            let mut changes: Vec<(TableId, RowChange)> = Vec::new();
            let mut rows = 0u64;
            let mut cursor = state.rows.cursor(chunks, &KeyRange::all(), false)?;
            while let Some((key, bytes)) = cursor.next()? {
                rows += 1;
                let row = table.decode(&bytes)?;
                if table.key_of(&row).is_some_and(|own| own[..] != key[..]) {
                    report(format!("table '{name}': a row stands under another key: {key:?}"));
                }
                let mut again = row.clone();
                match table.generate(&mut again) {
                    Ok(()) if again == row => {}
                    _ => report(format!(
                        "table '{name}': a generated column is not what it is computed from"
                    )),
                }
                if let Err(error) = table.check_row(&row) {
                    report(error.to_string());
                }
                for (index, entries) in table.indexes().iter().zip(&mut expected) {
                    let mut entry = table.index_key(index, &row)?.0;
                    entry.extend_from_slice(&key);
                    entries.insert(entry);
                }
                let new = Some(bytes.into_arc());
                let change =
                    RowChange { key: Arc::from(&key[..]), old: None, new, moved_from: None };
                changes.push((table.id(), change));
            }
            if rows != state.rows.count() {
                let said = state.rows.count();
                report(format!("table '{name}' holds {rows} rows and counts {said}"));
            }
            for (i, entries) in expected.iter().enumerate() {
                let Some(view) = state.indexes.get(i) else { continue };
                let index = table.def.indexes.get(i).map_or("?", |index| &index.name);
                let mut found = BTreeSet::new();
                let mut cursor = view.cursor(chunks, &KeyRange::all(), false)?;
                while let Some((entry, _)) = cursor.next()? {
                    found.insert(entry.to_vec());
                }
                let missing = entries.difference(&found).count();
                let stale = found.difference(entries).count();
                if missing + stale > 0 || view.count() != entries.len() as u64 {
                    report(format!(
                        "index '{index}' of table '{name}' lacks {missing} entries, has {stale} \
                         that belong to no row, and counts {} for {rows} rows",
                        view.count()
                    ));
                }
            }
            let changes = changes.iter().map(|(id, change)| (*id, change));
            check_changes(self, chunks, changes, &mut |violation| {
                report(violation.to_string());
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }
}
