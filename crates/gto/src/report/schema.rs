//! The number of the shapes of reports.

use serde::{Serialize, Serializer};

/// Serialises as the number of the shapes in [`crate::report`]. It grows when a field goes or changes its meaning; a field
/// that is new does not change it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schema;

impl Schema {
    /// The number.
    pub const NUMBER: u32 = 1;
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(Self::NUMBER)
    }
}
