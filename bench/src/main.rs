//! Offshoot beside SQLite, and beside itself at two sizes.
//!
//! `cargo xtask bench [small]` prints one table in Markdown. Every line is measured in this run;
//! ratios are Offshoot's time over SQLite's, so less than 1 is faster. `small` leaves out the
//! million rows. SQLite keeps its file in WAL mode; where a line says durable it runs with
//! `synchronous=FULL`, as Offshoot always does.

mod ours;
mod peer;
mod report;

use report::Report;

fn main() {
    let small = std::env::args().any(|argument| argument == "small");
    let sizes: &[u64] = if small { &[10_000] } else { &[10_000, 1_000_000] };
    let mut report = Report::default();
    for rows in sizes {
        eprintln!("# {rows} rows beside SQLite");
        peer::compare(*rows, &mut report);
    }
    for rows in sizes {
        eprintln!("# {rows} rows: branches, time travel, size on disk");
        ours::measure(*rows, &mut report);
    }
    let merges: &[u64] = if small { &[10_000] } else { &[100_000, 1_000_000] };
    for rows in merges {
        eprintln!("# {rows} rows: merges");
        ours::merges(*rows, &mut report);
    }
    println!("{}", report.markdown());
}
