//! Which organisation is asking: no id is looked up without one.

use std::fmt;
use std::str::FromStr;

use trace_core::blob::{KeyError, OrgId};

/// The first parameter of everything that touches a tenant's rows or objects.
///
/// **Invariant:** made from a checked credential, from a job's own row, or by the operator's command line; never from a path or
/// a body. Its text is safe inside an object key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrgScope(OrgId);

impl OrgScope {
    /// The organisation's id.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// For building object keys.
    pub fn id(&self) -> &OrgId {
        &self.0
    }
}

impl FromStr for OrgScope {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for OrgScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_never_reaches_out_of_its_folder() {
        for good in ["acme", "org_acme", "A-1"] {
            assert!(good.parse::<OrgScope>().is_ok(), "{good}");
        }
        for bad in ["", "..", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(bad.parse::<OrgScope>().is_err(), "{bad}");
        }
    }
}
