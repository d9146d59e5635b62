//! The clock of branches that end by themselves: now and then their time is looked at.

use super::host::PoolHost;
use crate::embedded::moment;
use offshoot_api::host::{Answer, Host as _, Job};
use std::sync::Arc;
use std::time::Duration;

/// How often. A branch whose time is over is not found any more in between, so nobody depends on it.
const EVERY: Duration = Duration::from_secs(1);

/// Deletes branches whose time is over, until it is dropped.
pub(super) struct Expiry(tokio::task::JoinHandle<()>);

impl Expiry {
    /// Over a host's database, on its threads.
    pub fn over(host: &Arc<PoolHost>) -> Self {
        let host = host.clone();
        Expiry(tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                look(&host).await;
            }
        }))
    }
}

impl Drop for Expiry {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn look(host: &PoolHost) {
    let Ok(moment) = moment() else { return };
    let database = host.database().database();
    database.tell_time(moment.now);
    if !database.has_expired() {
        return;
    }
    let job: Job = Box::new(|call| {
        let gone = call.database.delete_expired(&call.moment)?;
        for record in gone.value {
            tracing::info!(branch = record.name, "deleted, for its time was over");
        }
        Ok(Answer { value: Box::new(()), ticket: gone.ticket })
    });
    if let Err(error) = host.run(None, job).await.result {
        // Tried again soon.
        tracing::warn!(%error, "branches whose time is over could not be deleted");
    }
}
