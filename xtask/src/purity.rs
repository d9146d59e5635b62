//! The core uses no clock, randomness, files, threads, network, environment or console of its own:
//! what it needs of them, its host hands in. This proves it on the source, by the paths that the
//! product's code names, with imports and renamings followed inside each file.

use crate::scan::{self, Product, Token};
use crate::style::{Finding, TestFiles};
use crate::tree::File;
use std::collections::BTreeMap;

/// Paths that may not be named, nor anything below them; a `*` is an import of everything, which
/// would hide such a name.
const FORBIDDEN: &[(&str, &str)] = &[
    ("std::fs", "files"),
    ("std::path", "files"),
    ("std::os", "the operating system"),
    ("std::net", "the network"),
    ("std::thread", "threads"),
    ("std::sync::Condvar", "waiting for another thread"),
    ("std::sync::Barrier", "waiting for another thread"),
    ("std::sync::mpsc", "threads"),
    ("std::env", "the environment"),
    ("std::process", "processes"),
    ("std::time::Instant", "a clock"),
    ("std::time::SystemTime", "a clock"),
    ("std::time::UNIX_EPOCH", "a clock"),
    ("std::io::stdin", "the console"),
    ("std::io::stdout", "the console"),
    ("std::io::stderr", "the console"),
    ("std::io::Stdin", "the console"),
    ("std::io::Stdout", "the console"),
    ("std::io::Stderr", "the console"),
    ("std::hash::RandomState", "randomness"),
    ("std::collections::hash_map::RandomState", "randomness"),
    ("std::*", "names that this check cannot see"),
    ("std::time::*", "names that this check cannot see"),
    ("std::io::*", "names that this check cannot see"),
    ("std::sync::*", "names that this check cannot see"),
    ("rand", "randomness"),
    ("rand_core", "randomness"),
    ("rand_chacha", "randomness"),
    ("fastrand", "randomness"),
    ("getrandom", "randomness"),
    ("libc", "the operating system"),
    ("rustix", "the operating system"),
    ("tokio", "an asynchronous runtime"),
    ("async_std", "an asynchronous runtime"),
    ("smol", "an asynchronous runtime"),
    ("mio", "an asynchronous runtime"),
    ("rayon", "threads"),
    ("crossbeam", "threads"),
    ("js_sys", "the browser"),
    ("web_sys", "the browser"),
    ("wasm_bindgen", "the browser"),
    ("web_time", "a clock"),
    ("instant", "a clock"),
];

/// Ends of paths that may not be named, by whatever crate they are re-exported.
const FORBIDDEN_ENDS: &[(&str, &str)] = &[
    ("Utc::now", "a clock"),
    ("Local::now", "a clock"),
    ("Utc::today", "a clock"),
    ("Local::today", "a clock"),
    ("OffsetDateTime::now_utc", "a clock"),
    ("OffsetDateTime::now_local", "a clock"),
    ("Timestamp::now", "a clock"),
    ("Zoned::now", "a clock"),
    ("Uuid::new_v1", "a clock"),
    ("Uuid::now_v1", "a clock"),
    ("Uuid::new_v4", "randomness"),
    ("Uuid::now_v6", "a clock"),
    ("Uuid::new_v7", "randomness"),
    ("Uuid::now_v7", "a clock"),
    ("Ulid::new", "randomness"),
    ("thread_rng", "randomness"),
];

/// Macros that may not be used.
const FORBIDDEN_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// All findings in these files, which are those of the core.
pub fn findings(files: &[File]) -> Vec<Finding> {
    let products: Vec<(&File, Product)> =
        files.iter().map(|file| (file, scan::product(&scan::scan(&file.text)))).collect();
    let tests = TestFiles::of(products.iter().map(|(file, product)| (*file, product)));
    let in_product = products.iter().filter(|(file, _)| !tests.contain(&file.path));
    in_product.flat_map(|(file, product)| of_file(file, &product.tokens)).collect()
}

fn of_file(file: &File, tokens: &[Token]) -> Vec<Finding> {
    let named = paths(tokens);
    let mut imported: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for path in named.iter().filter(|path| path.import) {
        imported.entry(path.local.as_str()).or_default().push(path);
    }
    let mut found: Vec<Finding> = Vec::new();
    let mut add = |line: usize, name: &str, what: &str| {
        let what = format!("`{name}` is {what}: in the core, the host hands it in");
        let finding = Finding { path: file.path.clone(), line, what };
        if !found.contains(&finding) {
            found.push(finding);
        }
    };
    for path in &named {
        if path.called_macro
            && path.parts.last().is_some_and(|m| FORBIDDEN_MACROS.contains(&m.as_str()))
        {
            add(path.line, &path.text(), "the console");
        }
        for full in resolved(path, &imported) {
            if let Some(what) = forbidden(&full) {
                add(path.line, &full, what);
            }
        }
    }
    found
}

/// An import may start from another import; no one chains more, and a circle has to end.
const IMPORTS_FOLLOWED_MAX: usize = 4;

/// What a path may stand for once the file's imports are followed, itself included.
fn resolved(path: &Path, imported: &BTreeMap<&str, Vec<&Path>>) -> Vec<String> {
    // A variable may have the name of a crate; so may an import, which then hides the crate.
    let bare = path.parts.len() == 1 && !path.import;
    let hidden = !path.import && path.parts.first().is_some_and(|head| renames(imported, head));
    let mut all = vec![path.text()];
    let mut followed = 0;
    for _ in 0..IMPORTS_FOLLOWED_MAX {
        let mut found = Vec::new();
        for text in &all[followed..] {
            let (first, rest) = text.split_at(text.find("::").unwrap_or(text.len()));
            for import in imported.get(first).into_iter().flatten() {
                // `use rand::…` names a crate, not itself again.
                if import.parts.first().is_none_or(|head| head != first) {
                    found.push(import.text() + rest);
                }
            }
        }
        followed = all.len();
        all.append(&mut found);
    }
    let is_crate = |text: &str| FORBIDDEN.iter().any(|(crate_name, _)| *crate_name == text);
    let head = path.parts.first().map_or("", String::as_str);
    if is_crate(head) && (bare || hidden) {
        all.remove(0);
    }
    all
}

/// Whether an import from elsewhere has taken this name in this file.
fn renames(imported: &BTreeMap<&str, Vec<&Path>>, name: &str) -> bool {
    let imports = imported.get(name).into_iter().flatten();
    imports.into_iter().any(|import| import.parts.first().is_some_and(|head| head != name))
}

fn forbidden(full: &str) -> Option<&'static str> {
    let below = |path: &str| {
        full.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let ends = |end: &str| {
        full.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with("::"))
    };
    let by_path = FORBIDDEN.iter().find(|(path, _)| below(path));
    by_path.or_else(|| FORBIDDEN_ENDS.iter().find(|(end, _)| ends(end))).map(|(_, what)| *what)
}

/// A path as the code names it.
#[derive(Debug)]
struct Path {
    parts: Vec<String>,
    line: usize,
    /// It stands in a `use` (or an `extern crate`).
    import: bool,
    /// The name that an import gives it in this file.
    local: String,
    /// A `!` follows.
    called_macro: bool,
}

impl Path {
    fn text(&self) -> String {
        self.parts.join("::")
    }
}

/// All paths named in these tokens, lists of imports taken apart.
fn paths(tokens: &[Token]) -> Vec<Path> {
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match text(at) {
            "use" => at = import(tokens, at + 1, &mut found),
            "extern" if text(at + 1) == "crate" => at = import(tokens, at + 2, &mut found),
            _ if tokens[at].is_word() => {
                let line = tokens[at].line;
                let mut parts = vec![tokens[at].text.clone()];
                // A name after a dot is a method or a field, not the head of a path.
                let member = at > 0 && text(at - 1) == ".";
                while text(at + 1) == ":"
                    && text(at + 2) == ":"
                    && tokens.get(at + 3).is_some_and(Token::is_word)
                {
                    parts.push(tokens[at + 3].text.clone());
                    at += 3;
                }
                at += 1;
                if !member {
                    let called_macro = text(at) == "!";
                    found.push(Path {
                        parts,
                        line,
                        import: false,
                        local: String::new(),
                        called_macro,
                    });
                }
            }
            _ => at += 1,
        }
    }
    found
}

/// Reads the tree of an import from after its `use` to its semicolon.
fn import(tokens: &[Token], start: usize, found: &mut Vec<Path>) -> usize {
    let mut outer: Vec<Vec<String>> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    let mut local: Option<String> = None;
    let mut line = tokens.get(start).map_or(0, |token| token.line);
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        let base = outer.last().map_or(0, Vec::len);
        match token.text.as_str() {
            "{" => outer.push(parts.clone()),
            "," | "}" | ";" => {
                if parts.len() > base {
                    add_import(&parts, local.take(), line, found);
                }
                if token.text == "}" {
                    outer.pop();
                    // The list as a whole has been added, part by part.
                    parts = outer.last().cloned().unwrap_or_default();
                } else {
                    parts.truncate(base);
                }
                if token.text == ";" {
                    return at + 1;
                }
            }
            "as" => {
                local = tokens.get(at + 1).map(|name| name.text.clone());
                at += 1;
            }
            "*" => parts.push("*".to_string()),
            _ if token.is_word() => {
                line = token.line;
                parts.push(token.text.clone());
            }
            _ => {}
        }
        at += 1;
    }
    at
}

fn add_import(parts: &[String], local: Option<String>, line: usize, found: &mut Vec<Path>) {
    let mut parts = parts.to_vec();
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "self") {
        parts.pop();
    }
    let local = local.or_else(|| parts.last().cloned()).unwrap_or_default();
    found.push(Path { parts, line, import: true, local, called_macro: false });
}

#[cfg(test)]
mod tests {
    use super::{FORBIDDEN, FORBIDDEN_ENDS, FORBIDDEN_MACROS, File, Finding, findings};

    fn check(text: &str) -> Vec<Finding> {
        findings(&[File { path: "core/src/a.rs".to_string(), text: text.to_string() }])
    }

    #[test]
    fn each_forbidden_path_is_found_however_it_is_written() {
        for (path, _) in FORBIDDEN {
            let (parent, last) = path.rsplit_once("::").unwrap_or(("", path));
            let mut ways =
                vec![format!("use {path};"), format!("use ::{path};"), format!("pub use {path};")];
            if last != "*" {
                ways.push(format!("fn f() {{ let x = {path}::g(); }}"));
                ways.push(format!("fn f() {{ let x = ::{path}::g(); }}"));
                ways.push(format!("type T = Vec<{path}::G>;"));
                ways.push(format!("use {path} as other;"));
                ways.push(format!("use {path}::*;"));
            }
            if !parent.is_empty() {
                ways.push(format!("use {parent}::{{vec::Vec, {last}}};"));
                ways.push(format!("use std::{{fmt, cmp::{{Ord}}}}; use {parent}::{{{last}, a}};"));
            }
            if !parent.is_empty() && last != "*" {
                ways.push(format!("use {parent} as p; fn f() {{ p::{last}::g(); }}"));
                ways.push(format!(
                    "use {parent}::{{self, a}}; fn f() {{ {}::{last}; }}",
                    parent.rsplit("::").next().unwrap()
                ));
                ways.push(format!(
                    "use std as s; fn f() {{ s{}::g(); }}",
                    path.strip_prefix("std").unwrap()
                ));
                ways.push(format!(
                    "extern crate std as s; fn f() {{ s{}::g(); }}",
                    path.strip_prefix("std").unwrap()
                ));
            }
            for way in ways {
                assert!(!check(&way).is_empty(), "{way}");
            }
        }
    }

    #[test]
    fn each_forbidden_end_is_found_through_any_crate() {
        for (end, _) in FORBIDDEN_ENDS {
            let last = end.rsplit("::").next().unwrap();
            let first = end.split("::").next().unwrap();
            let mut ways = vec![
                format!("fn f() {{ {end}(); }}"),
                format!("fn f() {{ gluesql_core::chrono::{end}(); }}"),
                format!("fn f() {{ x.map(a::{end}) }}"),
            ];
            if first != last {
                ways.push(format!("use a::b::{first} as C; fn f() {{ C::{last}(); }}"));
            }
            for way in ways {
                assert_eq!(check(&way).len(), 1, "{way}");
            }
        }
    }

    #[test]
    fn each_forbidden_macro_is_found() {
        for name in FORBIDDEN_MACROS {
            assert_eq!(check(&format!("fn f() {{ {name}!(\"a\"); }}")).len(), 1, "{name}");
            assert_eq!(check(&format!("fn f() {{ std::{name}!(\"a\"); }}")).len(), 1, "{name}");
        }
    }

    #[test]
    fn the_place_is_named() {
        let found = check("use std::fmt;\nuse std::time::{Duration,\n    Instant};\n");
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].line, found[0].path.as_str()), (3, "core/src/a.rs"));
        assert!(found[0].what.contains("`std::time::Instant` is a clock"), "{}", found[0].what);
    }

    #[test]
    fn what_the_core_may_use_is_left_alone() {
        for text in [
            "use std::sync::{Arc, Mutex, atomic::{AtomicU64, Ordering}}; use std::time::Duration;",
            "use std::{fmt, collections::{BTreeMap, HashMap}, io::{Read, Write}};",
            "// std::fs::read\nfn f() { let a = \"std::time::Instant::now()\"; }",
            "fn now(&self) -> Micros { self.now } fn f(c: C) { c.rand.fs.env(); }",
            "use crate::env; use super::{thread, process::net};",
            "use crate::sql::rand as rand_function; struct Instant; use a::Uuid; fn f() { Uuid::from_bytes(b); }",
            "fn f(rand: u64) -> u64 { let instant = rand; g(instant) }",
            "use crate::sql::rand; use super::a as instant; fn f() { rand::g(); instant::g(); }",
            "#[cfg(test)] mod tests { use std::time::Instant; use rand::Rng; }",
            "macro_rules! print_rows { () => {} } fn f() { print_rows!(); writeln!(out, \"a\"); }",
        ] {
            assert_eq!(check(text), [], "{text}");
        }
    }

    #[test]
    fn circular_imports_end() {
        assert_eq!(check("use a::b as c; use c::d as a; fn f() { a::x(); c::y(); }"), []);
    }

    #[test]
    fn test_files_are_left_alone_and_no_others() {
        let file = |path: &str, text: &str| File { path: path.to_string(), text: text.to_string() };
        let clock = "use std::time::Instant;";
        let found = findings(&[
            file("core/src/tree/mod.rs", "#[cfg(test)] mod model; mod edit;"),
            file("core/src/tree/model.rs", clock),
            file("core/src/tree/edit.rs", clock),
        ]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "core/src/tree/edit.rs");
    }
}
