//! merge
/// The conflicts of a merge.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MergeConflicts {
    /// All conflicts, in the order of table, key and column.
    pub conflicts: Vec<()>,
}
