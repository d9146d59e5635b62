//! Offshoot beside SQLite, and beside itself at two sizes.
//!
//! `cargo xtask bench [small] [peer] [ours] [merges] [memory]` prints one table in Markdown; naming
//! sections leaves out the others. Every line is measured in this run;
//! ratios are Offshoot's time over SQLite's, so less than 1 is faster. `small` leaves out the
//! million rows. SQLite keeps its file in WAL mode; where a line says durable it runs with
//! `synchronous=FULL`, as Offshoot always does. `cargo xtask bench http` is a run of its own: whole
//! servers under load, see `http`.

mod http;
mod memory;
mod ours;
mod peer;
mod report;

use report::Report;

/// As in the program. SQLite keeps the system's, as it does in programs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What can be asked for alone.
const SECTIONS: [&str; 4] = ["peer", "ours", "merges", "memory"];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["http", options @ ..] => return http::compare(options),
        [http::SERVE, peer, place] => return http::serve(peer, place),
        _ => {}
    }
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let small = asked("small");
    let all = !SECTIONS.iter().any(|section| asked(section));
    let sizes: &[u64] = if small { &[10_000] } else { &[10_000, 1_000_000] };
    let mut report = Report::default();
    if all || asked("peer") {
        for rows in sizes {
            eprintln!("# {rows} rows beside SQLite");
            peer::compare(*rows, &mut report);
        }
    }
    if all || asked("ours") {
        for rows in sizes {
            eprintln!("# {rows} rows: branches, time travel, size on disk");
            ours::measure(*rows, &mut report);
        }
    }
    if all || asked("merges") {
        let merges: &[u64] = if small { &[10_000] } else { &[100_000, 1_000_000] };
        for rows in merges {
            eprintln!("# {rows} rows: merges");
            ours::merges(*rows, &mut report);
        }
    }
    if all || asked("memory") {
        let rows = if small { 10_000 } else { 100_000 };
        eprintln!("# {rows} rows in memory: CPU time");
        memory::compare(rows, &mut report);
    }
    println!("{}", report.markdown());
}
