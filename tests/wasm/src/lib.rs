//! Golden scripts behind a C interface, for `run.mjs` to run on WebAssembly.
//!
//! ```text
//!   input(len) ─▶ where the script's bytes go
//!   run()      ─▶ length of the answer, which lies at output()
//! ```
//!
//! The answer is the script as it runs here, a NUL, and the ids of its commits. No memory is shared
//! but these two buffers, so nothing here needs a pointer to be followed; a panic stops the program,
//! and its message is the output then.

// The names that are exported are this crate's own, so none can stand for another function; that is
// all that `unsafe` says below.
#![allow(unsafe_code)]

#[path = "../../../core/tests/golden_script/mod.rs"]
mod golden_script;

use std::sync::{Mutex, MutexGuard, PoisonError};

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn locked(buffer: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    buffer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for a script of so many bytes; returns where they are to be written.
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
    std::panic::set_hook(Box::new(|panic| {
        *locked(&OUTPUT) = panic.to_string().into_bytes();
    }));
    let script = String::from_utf8(std::mem::take(&mut *locked(&INPUT)));
    let answer = answer(&script.expect("a script is UTF-8"));
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
