//! Runs the golden scripts that it is given natively and prints, one line each, the path of the
//! script and the ids of its commits: what WebAssembly must give, too.

fn main() -> std::io::Result<()> {
    for path in std::env::args().skip(1) {
        let answer = offshoot_golden::answer(&std::fs::read_to_string(&path)?);
        let commits = answer.rsplit('\0').next().unwrap_or_default();
        println!("{path}\t{commits}");
    }
    Ok(())
}
