//! Patterns of kind names: `network.response`, `network.*`.

/// A kind's name in which `*` stands for any run of characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindPattern(String);

impl KindPattern {
    /// The pattern of that text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True without a `*`: exactly one kind matches.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// True when the name fits.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let first = parts.next().unwrap_or_default();
        let Some(mut rest) = name.strip_prefix(first) else { return false };
        if self.is_exact() {
            return rest.is_empty();
        }
        let parts: Vec<&str> = parts.collect();
        let Some((last, middle)) = parts.split_last() else { return true };
        for part in middle {
            match rest.find(part) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// What both sets of patterns can match, or somewhat more; never less.
    pub(super) fn both(left: &[Self], right: &[Self]) -> Vec<Self> {
        let mut common = Vec::new();
        for a in left {
            for b in right {
                let kept = match (a.is_exact(), b.is_exact()) {
                    (true, _) if b.matches(&a.0) => Some(a),
                    (_, true) if a.matches(&b.0) => Some(b),
                    (false, false) => Some(a),
                    _ => None,
                };
                common.extend(kept.filter(|kept| !common.contains(*kept)).cloned());
            }
        }
        common
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_any_run() {
        for (pattern, name, fits) in [
            ("network.*", "network.response", true),
            ("network.*", "networking", false),
            ("*.start", "step.start", true),
            ("*", "x", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("step.start", "step.start", true),
            ("step.start", "step.star", false),
            ("a*a", "a", false),
        ] {
            assert_eq!(KindPattern::new(pattern).matches(name), fits, "{pattern} {name}");
        }
    }
}
