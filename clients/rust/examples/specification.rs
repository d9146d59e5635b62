//! The specification's example, as printed but for the name of the crate: it creates a branch, queries
//! it, and merges it into `main`, which must have a table `users` with a column `active`.
//!
//! ```text
//! OFFSHOOT_URL=http://localhost:8080 OFFSHOOT_KEY=your-api-key cargo run -p offshoot-client --example specification
//! ```

// The listing names `BranchCreateOptions` and does not use it; it uses `ConflictResolution` and does
// not name it.
use offshoot_client::ConflictResolution;
#[allow(unused_imports)]
use offshoot_client::{BranchCreateOptions, Client};

#[tokio::main(flavor = "current_thread")]
async fn main() -> offshoot_client::Result<()> {
    let set = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let url = set("OFFSHOOT_URL", "http://localhost:8080");
    let rows = listing(&url, &set("OFFSHOOT_KEY", "your-api-key")).await?;
    println!("{rows} rows on the branch, and the branch is merged");
    Ok(())
}

/// The listing; how many rows its query gave.
#[rustfmt::skip]
pub async fn listing(url: &str, key: &str) -> offshoot_client::Result<usize> {
    let client = Client::new(url)
        .with_api_key(key);

    // Create branch
    #[allow(unused_variables)]
    let branch = client.branches()
        .create("feature-auth")
        .from_branch("main")
        .as_of_now()
        .send()
        .await?;

    // Query data
    let results = client.branches()
        .get("feature-auth")
        .query("SELECT * FROM users WHERE active = true")
        .send()
        .await?;

    // Merge branch
    client.branches()
        .get("feature-auth")
        .merge_into("main")
        .with_conflict_resolution(ConflictResolution::SourceWins)
        .delete_after_merge(true)
        .send()
        .await?;

    Ok(results.rows.len())
}
