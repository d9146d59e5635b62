//! Golden scripts and the statements of sqllogictest records behind a C interface, for `run.mjs` to
//! run on WebAssembly.
//!
//! ```text
//!   input(len)        ─▶ where the bytes go
//!   run()             ─▶ length of the answer to a script, which lies at output()
//!   run_statements()  ─▶ the same for statements
//! ```
//!
//! A script's answer is the script as it runs here, a NUL, and the ids of its commits. Statements end
//! with a NUL each and begin with the name of their session and a `0x01`; each is answered by its
//! transcript and a NUL. No memory is shared but these two buffers, so nothing here needs a pointer to
//! be followed; a panic stops the program, and its message is the output then.

// The names that are exported are this crate's own, so none can stand for another function; that is
// all that `unsafe` says below.
#![allow(unsafe_code)]

#[path = "../../../core/tests/golden_script/mod.rs"]
mod golden_script;

#[path = "../../src/engine.rs"]
pub mod engine;
#[path = "../../src/transcript.rs"]
pub mod transcript;

use std::sync::{Mutex, MutexGuard, PoisonError};

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn locked(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for so many bytes; returns where they are to be written.
#[unsafe(no_mangle)]
pub extern "C" fn input(len: usize) -> *mut u8 {
    let mut input = locked(&INPUT);
    input.clear();
    input.resize(len, 0);
    input.as_mut_ptr()
}

/// Runs the script that was written; returns the length of what lies at `output` then.
#[unsafe(no_mangle)]
pub extern "C" fn run() -> usize {
    with_input(answer)
}

/// Runs the statements that were written; returns the length of what lies at `output` then.
#[unsafe(no_mangle)]
pub extern "C" fn run_statements() -> usize {
    with_input(answers)
}

fn with_input(work: impl FnOnce(&str) -> String) -> usize {
    std::panic::set_hook(Box::new(|panic| {
        *locked(&OUTPUT) = panic.to_string().into_bytes();
    }));
    let text = String::from_utf8(std::mem::take(&mut *locked(&INPUT)));
    let answer = work(&text.expect("SQL is UTF-8"));
    *locked(&OUTPUT) = answer.into_bytes();
    output_len()
}

/// Where the last answer, or the message of a panic, lies.
#[unsafe(no_mangle)]
pub extern "C" fn output() -> *const u8 {
    locked(&OUTPUT).as_ptr()
}

/// How many bytes lie at `output`.
#[unsafe(no_mangle)]
pub extern "C" fn output_len() -> usize {
    locked(&OUTPUT).len()
}

/// A script as it runs here, a NUL, and the ids of its commits.
///
/// # Panics
///
/// If a store that faults gives something else.
pub fn answer(script: &str) -> String {
    let (given, commits) = golden_script::run(script, false);
    let again = golden_script::run(script, true);
    assert!(again == (given.clone(), commits.clone()), "a store that faults gives something else");
    format!("{given}\0{}", commits.join(" "))
}

/// The transcripts of statements that one database answers, each with a NUL behind it.
pub fn answers(statements: &str) -> String {
    let mut engine = engine::Engine::new();
    let mut answers = String::new();
    for statement in statements.split_terminator('\0') {
        let (session, sql) = statement.split_once('\u{1}').unwrap_or(("", statement));
        answers.push_str(&transcript::transcript(&engine.run_as(session, sql)));
        answers.push('\0');
    }
    answers
}
