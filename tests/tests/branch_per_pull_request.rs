//! The recipe of docs/branch-per-pull-request.md, run as it stands there: its script, in the order
//! of its workflow, against a server. Only GitHub is played: by a program `gh` that writes down what
//! it was given.

use offshoot_tests::branch::Branch;
use offshoot_tests::client::Client;
use offshoot_tests::folder::Folder;
use offshoot_tests::server::Server;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

const DOCUMENT: &str = include_str!("../../docs/branch-per-pull-request.md");

/// The one block of the document in a language.
fn block(language: &str) -> &'static str {
    let (_, rest) =
        DOCUMENT.split_once(&format!("```{language}\n")).expect("there is such a block");
    rest.split_once("```").expect("it ends").0
}

/// The commands of a job of the workflow.
fn commands(job: &str) -> Vec<&'static str> {
    let workflow = block("yaml");
    let (_, rest) = workflow.split_once(&format!("\n  {job}:\n")).expect("there is such a job");
    let own = rest.lines().take_while(|line| line.starts_with("    "));
    own.filter_map(|line| line.trim().strip_prefix("- run: ")).collect()
}

/// A working copy of some application, as CI has it.
struct Copy {
    folder: Folder,
}

impl Copy {
    fn new() -> Self {
        let folder = Folder::new();
        for name in ["ci", "migrations", "bin"] {
            std::fs::create_dir(folder.join(name)).unwrap();
        }
        std::fs::write(folder.join("ci/database-branch.sh"), block("bash")).unwrap();
        let gh = "#!/bin/sh\nprintf '%s\\n' \"$@\" > gh-arguments\n";
        let program = folder.join("bin/gh");
        std::fs::write(&program, gh).unwrap();
        Command::new("chmod").arg("+x").arg(&program).status().unwrap();
        Copy { folder }
    }

    fn migration(&self, name: &str, sql: &str) {
        std::fs::write(self.folder.join("migrations").join(format!("{name}.sql")), sql).unwrap();
    }

    fn shell(&self, base: &str, key: &str, command: &str) -> Output {
        let path = std::env::var("PATH").unwrap_or_default();
        let bin = self.folder.join("bin");
        // As GitHub runs what says nothing of its shell.
        Command::new("bash")
            .args(["-e", "-c", command])
            .current_dir(self.root())
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("OFFSHOOT_URL", base)
            .env("OFFSHOOT_KEY", key)
            .env("BRANCH", "pr-7")
            .env("PR", "https://github.com/acme/app/pull/7")
            .output()
            .expect("bash runs")
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a job, all of whose commands succeed.
    #[track_caller]
    fn job(&self, base: &str, job: &str) {
        let commands = commands(job);
        assert!(!commands.is_empty());
        for command in commands {
            let output = self.shell(base, "ci", command);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command}: {said}");
        }
    }

    /// What was put under the pull request.
    fn comment(&self) -> String {
        let arguments = std::fs::read_to_string(self.folder.join("gh-arguments")).unwrap();
        let arguments: Vec<&str> = arguments.lines().collect();
        assert_eq!(arguments[..3], ["pr", "comment", "https://github.com/acme/app/pull/7"]);
        let file = arguments.iter().position(|word| *word == "--body-file").unwrap() + 1;
        std::fs::read_to_string(self.folder.join(arguments[file])).unwrap()
    }
}

fn server() -> Server {
    let keys = ["root,scopes=admin", "ci,scopes=read+branch:pr-*+write:pr-*"];
    let arguments: Vec<&str> = keys.iter().flat_map(|key| ["--api-key", *key]).collect();
    Server::with(&[&arguments[..], &["--rate-limit", "off"]].concat())
}

/// A client with a key that may do everything.
fn root(server: &Server) -> Client {
    server.client().clone().with_header("x-api-key", "root")
}

fn rows(branch: &Branch<'_>, sql: &str) -> Value {
    branch.query(sql).into()
}

#[test]
fn from_opened_to_closed() {
    let (server, copy) = (server(), Copy::new());
    let client = root(&server);
    let base = client.base();
    let main = client.main();
    main.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
    main.execute("INSERT INTO users (name) VALUES ('Alice'), ('Bob')");
    main.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)");
    main.execute("INSERT INTO migrations VALUES ('0001_users')");
    // Would fail where it ran again.
    copy.migration("0001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n");
    copy.migration("0002_age", "ALTER TABLE users ADD COLUMN age INTEGER DEFAULT 30;\n");
    copy.migration("0003_rename", "UPDATE users SET name = 'Al|ice'\nWHERE id = 1\n");

    copy.job(base, "preview");
    let pr = client.branch("pr-7");
    assert_eq!(rows(&pr, "SELECT name, age FROM users"), json!([["Al|ice", 30], ["Bob", 30]]));
    assert_eq!(rows(&main, "SELECT * FROM users"), json!([[1, "Alice"], [2, "Bob"]]));
    let first_end = pr.details()["expires_at"].as_str().unwrap().to_owned();
    let comment = copy.comment();
    for line in [
        "### Database: `pr-7` against `main`",
        "| `users` | altered | 0 | 1 | 0 |",
        "| `migrations` |  | 2 | 0 | 0 |",
        "- `users`: – → age INTEGER",
        "| `users` 1 | update | name | Alice | Al ice |",
        "| `migrations` 0003_rename | insert | name |  | 0003_rename |",
    ] {
        assert!(comment.lines().any(|have| have == line), "{line} is not in\n{comment}");
    }

    // The same job again comes to the same.
    copy.job(base, "preview");
    assert_eq!(copy.comment(), comment);

    // A push, after somebody played on the branch and main went on.
    pr.execute("DELETE FROM users");
    pr.execute("CREATE TABLE rubbish (id INTEGER PRIMARY KEY)");
    main.execute("INSERT INTO users (name) VALUES ('Carol')");
    std::fs::remove_file(copy.folder.join("migrations/0003_rename.sql")).unwrap();
    copy.job(base, "preview");
    let names = rows(&pr, "SELECT name, age FROM users ORDER BY id");
    assert_eq!(names, json!([["Alice", 30], ["Bob", 30], ["Carol", 30]]));
    assert!(pr.details()["expires_at"].as_str().unwrap() >= first_end.as_str());
    let comment = copy.comment();
    assert!(comment.contains("| `users` | altered | 0 | 0 | 0 |"), "{comment}");
    assert!(!comment.contains("rubbish") && !comment.contains("Carol"), "{comment}");

    // Without anything of its own.
    std::fs::remove_file(copy.folder.join("migrations/0002_age.sql")).unwrap();
    copy.job(base, "preview");
    assert!(copy.comment().contains("Nothing differs."), "{}", copy.comment());

    copy.job(base, "remove");
    client.get("/v1/branches/pr-7").error(404, "BRANCH_NOT_FOUND");
    copy.job(base, "remove");
    assert_eq!(rows(&main, "SELECT count(*) FROM users"), json!([[3]]));
}

#[test]
fn what_fails_says_so_and_keeps_its_secret() {
    let (server, copy) = (server(), Copy::new());
    let client = root(&server);
    let base = client.base();
    client.main().execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)");
    let failed = |key: &str, command: &str| {
        let output = copy.shell(base, key, command);
        assert!(!output.status.success(), "{command}");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let up = commands("preview")[0];
    let said = failed("a-wrong-secret", up);
    assert!(said.contains("401") && !said.contains("a-wrong-secret"), "{said}");
    client.get("/v1/branches/pr-7").error(404, "BRANCH_NOT_FOUND");
    // A migration that fails leaves nothing of itself, and is tried again.
    copy.migration("0001_bad", "CREATE TABLE t (id INTEGER PRIMARY KEY, x NONSENSE())");
    assert!(copy.shell(base, "ci", up).status.success());
    failed("ci", commands("preview")[1]);
    copy.migration("0001_bad", "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    assert!(copy.shell(base, "ci", commands("preview")[1]).status.success());
    assert_eq!(rows(&client.branch("pr-7"), "SELECT name FROM migrations"), json!([["0001_bad"]]));
    // The key of CI reaches no branch but those of pull requests.
    let other = format!("BRANCH=main {}", commands("remove")[0]);
    let said = failed("ci", &other);
    assert!(said.contains("403"), "{said}");
}

#[test]
fn nothing_of_a_request_stands_in_its_commands() {
    // What a pull request brings along (its title, its branch) would be run where it stands in a command.
    for job in ["preview", "remove"] {
        assert!(commands(job).iter().all(|command| !command.contains("${{")), "{job}");
    }
}
