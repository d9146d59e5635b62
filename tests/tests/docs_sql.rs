//! `docs/sql.md` says what is so: every block that begins with ```` ```sql runs ```` is run, and what
//! it shows is what comes.
//!
//! ```text
//! SELECT id, name FROM users WHERE id = 1;      a statement ends with `;` at the end of a line
//! -- id | name                                  the comment right below is its answer:
//! -- 1 | ada                                    names and rows,
//! SELECT 1 / 0;
//! -- error: division by zero                    or the beginning of the error,
//! INSERT INTO users VALUES (2, 'bo');           or nothing, where there are no rows to show
//! SELECT name FROM users WHERE id = :id;
//! -- given: {"id": 2}                           values for parameters come before the answer
//! -- name
//! -- bo
//! SELECT name FROM users WHERE id = :id;
//! -- prepared:                                  what it is without being run: its columns
//! -- column name TEXT                           and parameters
//! -- parameter :id INTEGER
//! ```
//!
//! The time that EXPLAIN ANALYZE shows is shown as `…`.
//!
//! A heading `##` begins a database of its own. `UPDATE_DOCS=1` writes the answers anew; read them.

use offshoot_core::sql::{Output, Prepared};
use offshoot_tests::engine::{Engine, on_large_stack};
use std::path::Path;

/// Statements that must be shown, so that none is lost unseen.
const STATEMENTS_MIN: usize = 150;

/// What stands before the values for a statement's parameters.
const GIVEN: &str = "given: ";
/// What stands in place of them where the statement is not run.
const PREPARED: &str = "prepared:";

/// What a statement is, line by line.
fn prepared(engine: &mut Engine, sql: &str) -> Vec<String> {
    let Prepared { columns, parameters, .. } = match engine.prepare(sql) {
        Ok(prepared) => prepared,
        Err(error) => return vec![format!("error: {error}")],
    };
    let columns = columns.iter().map(|c| format!("column {} {}", c.name, c.ty));
    let parameters = parameters.iter().map(|p| {
        let name = p.name.clone().unwrap_or_else(|| format!("${}", p.number));
        format!("parameter {name} {}", p.ty)
    });
    columns.chain(parameters).collect()
}

/// A line of a plan without the time that it took.
fn untimed(line: String) -> String {
    match line.rsplit_once(", ") {
        Some((head, tail)) if tail.ends_with(" ms)") => format!("{head}, … ms)"),
        _ => line,
    }
}

/// What a statement gives, line by line. What it is given is the first line that is shown.
fn answer(engine: &mut Engine, sql: &str, given: Option<&str>) -> Vec<String> {
    let output = match given {
        None => engine.run(sql),
        Some(PREPARED) => return prepared(engine, sql),
        Some(given) => {
            let given = given.strip_prefix(GIVEN).unwrap_or_default();
            engine.run_given(sql, &serde_json::from_str(given).unwrap())
        }
    };
    match output {
        Ok(Output { columns, .. }) if columns.is_empty() => Vec::new(),
        Ok(Output { columns, rows, .. }) => {
            let names: Vec<&str> = columns.iter().map(|c| c.name.as_str()).collect();
            let row = |row: &Vec<_>| row.iter().map(ToString::to_string).collect::<Vec<_>>();
            let rows = rows.iter().map(|values| untimed(row(values).join(" | ")));
            std::iter::once(names.join(" | ")).chain(rows).collect()
        }
        Err(error) => vec![format!("error: {error}")],
    }
}

/// Whether what is shown is what came. An error may be shown by its beginning.
fn holds(shown: &[String], given: &[String]) -> bool {
    match (shown, given) {
        ([shown], [given]) if given.starts_with("error: ") && shown.len() > "error: ".len() => {
            given.starts_with(shown)
        }
        _ => shown == given,
    }
}

/// The page with the answers that came, how many statements it runs, and what did not hold.
fn run(page: &str) -> (String, usize, Vec<String>) {
    let (mut out, mut wrong, mut count) = (String::new(), Vec::new(), 0);
    let (mut engine, mut inside, mut sql) = (Engine::new(), false, String::new());
    let mut lines = page.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if !inside {
            if line.starts_with("## ") {
                engine = Engine::new();
            }
            inside = line == "```sql runs";
            continue;
        }
        if line == "```" {
            assert!(sql.is_empty(), "line {number}: no `;` behind {sql}");
            inside = false;
            continue;
        }
        sql.push_str(line);
        let Some(statement) = sql.strip_suffix(';').map(str::to_owned) else {
            sql.push('\n');
            continue;
        };
        sql.clear();
        count += 1;
        let mut shown = Vec::new();
        while let Some((_, below)) = lines.next_if(|(_, below)| below.starts_with("-- ")) {
            shown.push(below[3..].to_owned());
        }
        let takes = shown.first().is_some_and(|l| l.starts_with(GIVEN) || l == PREPARED);
        let takes = takes.then(|| shown.remove(0));
        let given = answer(&mut engine, &statement, takes.as_deref());
        let as_shown = holds(&shown, &given);
        if !as_shown {
            let (shown, given) = (shown.join("\n"), given.join("\n"));
            wrong.push(format!(
                "line {}: {statement}\nshown:\n{shown}\ngiven:\n{given}\n",
                number + 1
            ));
        }
        for line in takes.iter().chain(if as_shown { &shown } else { &given }) {
            out.push_str(&format!("-- {line}\n"));
        }
    }
    assert!(!inside, "a block has no end");
    (out, count, wrong)
}

#[test]
fn examples_give_what_they_show() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sql.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (anew, count, wrong) = on_large_stack(|| run(&page));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, anew).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{} differ:\n\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= STATEMENTS_MIN, "{count} statements");
}

#[test]
fn a_page_that_lies_is_found_out() {
    let page = "# a\n```sql runs\nSELECT 1 AS x;\n-- x\n-- 2\nSELECT nosuch;\n-- error: \
                column\nSELECT :a AS a;\n-- given: {\"a\": 3}\n-- a\n-- 3\nSELECT 1 AS \
                one;\n-- prepared:\n-- column one INTEGER\n```\n```sql\nnot run;\n```\n";
    let (anew, count, wrong) = run(page);
    assert_eq!((count, wrong.len()), (4, 1), "{wrong:?}");
    assert_eq!(anew, page.replace("-- 2", "-- 1"));
}
