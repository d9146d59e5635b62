//! What a session needs of a branch to begin and to finish a transaction.

use super::{Database, SlotToken};
use crate::error::Result;
use crate::history::Micros;
use crate::moment::Moment;
use crate::txn::{Isolation, Txn};

impl Database {
    /// A transaction on the newest accepted commit of a branch.
    ///
    /// # Errors
    /// `NotFound`, `Protected`, `ReadOnly`: what could not be committed is not begun. A fault.
    pub fn begin(&self, branch: &str, moment: &Moment, isolation: Isolation) -> Result<Txn> {
        let cell = self.cell(branch)?;
        let head = cell.accepted(self)?;
        super::commit::writable(&head.record)?;
        let base = (head.commit, head.header.scn.0, head.state.clone());
        Ok(Txn::new(self.chunks(), base, *moment, cell.ids(), isolation))
    }

    /// Takes a branch's writer slot until `expires`, or prolongs it: meanwhile nobody else's commit
    /// comes in between.
    ///
    /// # Errors
    /// `Busy` where another holds it; `NotFound`.
    pub fn take_slot(
        &self,
        branch: &str,
        who: SlotToken,
        now: Micros,
        expires: Micros,
    ) -> Result<()> {
        self.cell(branch)?.take_slot(who, now, expires)
    }

    /// Gives a branch's writer slot back. Nothing happens where it is no longer held.
    pub fn give_slot(&self, branch: &str, who: SlotToken) {
        if let Ok(cell) = self.cell(branch) {
            cell.give_slot(who);
        }
    }

    /// Statements with these seeds will not run again: the automatic ids that they were given need
    /// not be remembered. Until then a statement that faulted, or whose commit did, gets the same
    /// ids when it runs again.
    pub fn forget_ids(&self, branch: &str, seeds: &[[u8; 32]]) {
        if let Ok(cell) = self.cell(branch) {
            let ids = cell.ids();
            seeds.iter().for_each(|seed| ids.forget(seed));
        }
    }
}
