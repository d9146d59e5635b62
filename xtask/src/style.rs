//! Rules of style that a machine can check; what they are for stands at each.

use crate::scan::{self, Product, Source};
use crate::tree::File;
use std::collections::BTreeSet;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Path from the root.
    pub path: String,
    /// Line, from 1; 0 for the whole file.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// A longer file holds more than one idea.
const LINES_MAX: usize = 800;

/// Where no input may cause a panic: what a request or a stored byte reaches.
const NO_PANIC: &[&str] = &["core/src/", "api/src/"];

/// All findings in these files.
pub fn findings(files: &[File]) -> Vec<Finding> {
    let rust: Vec<(&File, Source)> = files
        .iter()
        .filter(|file| file.path.ends_with(".rs"))
        .map(|file| (file, scan::scan(&file.text)))
        .collect();
    let products: Vec<(&File, &Source, Product)> =
        rust.iter().map(|(file, source)| (*file, source, scan::product(source))).collect();
    let tests = TestFiles::of(products.iter().map(|(file, _, product)| (*file, product)));

    let mut found: Vec<Finding> = files.iter().filter_map(length).collect();
    for (file, source, product) in &products {
        found.extend(names(file, source));
        found.extend(undocumented(file, product));
        let guarded = NO_PANIC.iter().any(|folder| file.path.starts_with(folder));
        if guarded && !tests.contain(&file.path) {
            found.extend(panics(file, source, product));
        }
    }
    found.extend(lint_tables(files));
    found
}

/// Files that hold only tests, because the `mod` that names them stands under `#[cfg(test)]`.
pub struct TestFiles(BTreeSet<String>);

impl TestFiles {
    /// Reads the declarations in these files.
    pub fn of<'a>(products: impl Iterator<Item = (&'a File, &'a Product)>) -> Self {
        let mut paths = BTreeSet::new();
        for (file, product) in products {
            let folder = module_folder(&file.path);
            paths.extend(product.test_modules.iter().map(|module| format!("{folder}/{module}")));
        }
        TestFiles(paths)
    }

    /// Whether this file, or a module that it lies in, is only for tests.
    pub fn contain(&self, path: &str) -> bool {
        let module = path.strip_suffix(".rs").unwrap_or(path);
        self.0.iter().any(|test| {
            module
                .strip_prefix(test.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// The folder in which the modules that a file declares lie.
fn module_folder(path: &str) -> &str {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder,
        _ => path.strip_suffix(".rs").unwrap_or(path),
    }
}

fn length(file: &File) -> Option<Finding> {
    let lines = file.text.lines().count();
    let code = [".rs", ".ts", ".tsx", ".py"].iter().any(|ending| file.path.ends_with(ending));
    (code && lines > LINES_MAX).then(|| Finding {
        path: file.path.clone(),
        line: 0,
        what: format!("{lines} lines; a file holds one idea in at most {LINES_MAX}"),
    })
}

/// A name that says nothing collects everything.
fn names(file: &File, source: &Source) -> Vec<Finding> {
    let path = file.path.strip_suffix(".rs").unwrap_or(&file.path);
    let from_path = path.split('/').map(|part| (part, 0));
    let declared = source.tokens.windows(2).filter(|pair| pair[0].text == "mod");
    let from_text = declared.map(|pair| (pair[1].text.as_str(), pair[1].line));
    from_path
        .chain(from_text)
        .filter(|(name, _)| says_nothing(name))
        .map(|(name, line)| Finding {
            path: file.path.clone(),
            line,
            what: format!("`{name}` does not say what the module is for"),
        })
        .collect()
}

fn says_nothing(name: &str) -> bool {
    const WORDS: &[&str] = &["util", "utils", "helper", "helpers", "manager", "managers"];
    name == "common" || name == "misc" || name.split(['_', '-']).any(|word| WORDS.contains(&word))
}

/// `missing_docs` is a warning of the whole workspace and warnings are denied; here no one opts out.
fn undocumented(file: &File, product: &Product) -> Vec<Finding> {
    let opts_out = |words: &[scan::Token]| {
        matches!(words[0].text.as_str(), "allow" | "expect") && words[2].text == "missing_docs"
    };
    let places = product.tokens.windows(3).filter(|words| opts_out(words));
    let finding = |words: &[scan::Token]| Finding {
        path: file.path.clone(),
        line: words[0].line,
        what: "public items carry a docstring, without exception".to_string(),
    };
    places.map(finding).collect()
}

/// Every member of the workspace takes the lints of the workspace, `missing_docs` among them.
fn lint_tables(files: &[File]) -> Vec<Finding> {
    let finding = |path: &str, what: &str| Finding {
        path: path.to_string(),
        line: 0,
        what: what.to_string(),
    };
    let manifest = |path: &str| files.iter().find(|file| file.path == path);
    let Some(workspace) = manifest("Cargo.toml") else {
        return vec![finding("Cargo.toml", "the workspace has no manifest")];
    };
    let mut found = Vec::new();
    let says = |word: &str| workspace.text.lines().any(|line| line.trim() == word);
    if !says("missing_docs = \"warn\"") && !says("missing_docs = \"deny\"") {
        found.push(finding("Cargo.toml", "`missing_docs` is not among the workspace's lints"));
    }
    for member in members(&workspace.text) {
        let path = format!("{member}/Cargo.toml");
        let takes = |text: &str| {
            let mut lines =
                text.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
            lines.next() == Some("workspace = true")
        };
        if !manifest(&path).is_some_and(|file| takes(&file.text)) {
            found.push(finding(&path, "lacks `[lints]` with `workspace = true`"));
        }
    }
    found
}

fn members(manifest: &str) -> Vec<String> {
    let list = manifest.split_once("\nmembers = [").and_then(|(_, rest)| rest.split_once(']'));
    let quoted = list.map_or("", |(list, _)| list).split('"').skip(1).step_by(2);
    quoted.map(str::to_string).collect()
}

/// Places that panic if they are reached, without a comment that proves that they are not.
fn panics(file: &File, source: &Source, product: &Product) -> Vec<Finding> {
    let tokens = &product.tokens;
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let called = i > 0 && matches!(text(i - 1), "." | ":");
        let panics = match token.text.as_str() {
            "unwrap" | "expect" | "unwrap_err" | "expect_err" => called,
            "panic" | "todo" | "unimplemented" | "unreachable" => text(i + 1) == "!",
            _ => false,
        };
        if panics && !proven(source, token.line) {
            let what = format!(
                "`{}` can panic: return an error, or prove with `// cannot happen: …` on this line \
                 or above it that it is not reached",
                token.text
            );
            found.push(Finding { path: file.path.clone(), line: token.line, what });
        }
    }
    found
}

/// Whether a comment on this line, or in the lines of comment directly above, argues that something
/// cannot happen.
fn proven(source: &Source, line: usize) -> bool {
    let argues = |line: &usize| {
        source.comments.get(line).is_some_and(|comment| comment.to_lowercase().contains("cannot"))
    };
    let code = |line: usize| source.tokens.iter().any(|token| token.line == line);
    let above = (1..line).rev().take_while(|line| source.comments.contains_key(line));
    argues(&line) || above.take_while(|line| !code(*line)).any(|line| argues(&line))
}

#[cfg(test)]
mod tests {
    use super::{File, Finding, findings};

    const WORKSPACE: &str = "[workspace]\nmembers = [\"core\", \"api\"]\nmissing_docs = \"warn\"\n";
    const MEMBER: &str = "[package]\n\n[lints]\nworkspace = true\n";

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_string(), text: text.to_string() }
    }

    /// The findings in these files, beside manifests that are in order.
    fn check(files: &[(&str, &str)]) -> Vec<Finding> {
        let manifests =
            [("Cargo.toml", WORKSPACE), ("core/Cargo.toml", MEMBER), ("api/Cargo.toml", MEMBER)];
        let all: Vec<File> = manifests.iter().chain(files).map(|(p, t)| file(p, t)).collect();
        findings(&all)
    }

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&[(path, text)]).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn long_files() {
        assert_eq!(check(&[("core/src/a.rs", &"//\n".repeat(800))]), []);
        let found =
            check(&[("tests/a.rs", &"//\n".repeat(801)), ("clients/js/a.ts", &"\n".repeat(900))]);
        let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["tests/a.rs", "clients/js/a.ts"]);
    }

    #[test]
    fn every_way_to_panic_is_found() {
        for place in [
            "a.unwrap()",
            "a.expect(\"b\")",
            "a\n.unwrap_err()",
            "a.expect_err(\"\")",
            "a.map(Option::unwrap)",
            "panic!(\"a\")",
            "todo!()",
            "unimplemented!()",
            "unreachable!()",
            "std::panic!()",
        ] {
            let text = format!("fn f() {{ {place}; }}");
            assert_eq!(lines("core/src/a.rs", &text).len(), 1, "{place}");
            assert_eq!(lines("api/src/rest/a.rs", &text).len(), 1, "{place}");
            assert_eq!(lines("host-native/src/a.rs", &text).len(), 0, "{place}");
        }
        for other in [
            "a.unwrap_or(b)",
            "// .unwrap()",
            "\".unwrap()\"",
            "a.unwrap_or_else(c)",
            "expect(1)",
            "panic::f()",
        ] {
            assert_eq!(lines("core/src/a.rs", &format!("fn f() {{ {other}\n}}")), [], "{other}");
        }
    }

    #[test]
    fn a_proof_clears_its_own_place_only() {
        assert_eq!(
            lines("core/src/a.rs", "a.unwrap(); // cannot happen: a is 1\nb.unwrap();"),
            [2]
        );
        assert_eq!(
            lines(
                "core/src/a.rs",
                "// Cannot happen: a is\n// one, as f says.\na.unwrap();\nb.unwrap();"
            ),
            [4]
        );
        assert_eq!(lines("core/src/a.rs", "// cannot happen: c\n\na.unwrap();"), [3]);
        assert_eq!(lines("core/src/a.rs", "// a is one\na.unwrap();"), [2]);
    }

    #[test]
    fn tests_may_panic() {
        assert_eq!(
            lines("core/src/a.rs", "#[cfg(test)]\nmod tests { fn f() { a.unwrap(); } }"),
            []
        );
        let files = [
            ("core/src/tree/mod.rs", "#[cfg(test)]\nmod model;\nmod edit;"),
            ("core/src/tree/model.rs", "f.unwrap();"),
            ("core/src/tree/model/b.rs", "f.unwrap();"),
            ("core/src/tree/models.rs", "f.unwrap();"),
            ("core/src/tree/edit.rs", "#[cfg(test)] mod tests;"),
            ("core/src/tree/edit/tests.rs", "f.unwrap();"),
            ("core/src/tree/tests.rs", "f.unwrap();"),
        ];
        let found = check(&files);
        let paths: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
        assert_eq!(paths, ["core/src/tree/models.rs", "core/src/tree/tests.rs"]);
    }

    #[test]
    fn names_that_say_nothing() {
        for path in [
            "core/src/utils.rs",
            "api/src/helpers/mod.rs",
            "tests/common/mod.rs",
            "xtask/src/lock_manager.rs",
        ] {
            assert_eq!(check(&[(path, "")]).len(), 1, "{path}");
        }
        assert_eq!(lines("core/src/a.rs", "mod a;\nmod helper { }"), [2]);
        assert_eq!(check(&[("core/src/common_ancestor.rs", "mod management;")]), []);
    }

    #[test]
    fn no_one_opts_out_of_docstrings() {
        assert_eq!(lines("api/src/lib.rs", "\n#![allow(missing_docs)]"), [2]);
        assert_eq!(
            lines("api/src/lib.rs", "#[expect(missing_docs, reason = \"\")] pub mod a;"),
            [1]
        );
        let wrong = [
            ("Cargo.toml", "[workspace]\nmembers = [\"core\"]\n", "core/Cargo.toml", MEMBER),
            ("Cargo.toml", WORKSPACE, "api/Cargo.toml", "[lints]\nworkspace = false\n"),
        ];
        for (a, a_text, b, b_text) in wrong {
            let files = [file(a, a_text), file("core/Cargo.toml", MEMBER), file(b, b_text)];
            assert_eq!(findings(&files).len(), 1, "{a_text}{b_text}");
        }
    }
}
