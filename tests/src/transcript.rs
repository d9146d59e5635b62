//! An answer as one line of text, nothing of it rounded: what two machines must both give.

use offshoot_core::error::Result;
use offshoot_core::sql::Output;
use std::fmt::Write as _;

/// All of an answer that a client could see. Text in it is escaped, so that no control character is
/// left in the line.
pub fn transcript(given: &Result<Output>) -> String {
    let output = match given {
        Ok(output) => output,
        Err(error) => return format!("error {:?}", error.to_string()),
    };
    let mut line = format!("{} {}", output.kind.name(), output.affected);
    for column in &output.columns {
        let _ = write!(line, " {:?} {:?}", column.name, column.ty);
    }
    for row in &output.rows {
        let _ = write!(line, " {row:?}");
    }
    if !output.ids.is_empty() {
        let _ = write!(line, " ids {:?}", output.ids);
    }
    if let Some(commit) = &output.commit {
        let _ = write!(line, " commit {:?} {:?} {:?}", commit.scn, commit.time, commit.id);
    }
    line
}
