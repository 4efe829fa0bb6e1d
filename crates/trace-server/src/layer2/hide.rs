//! Values of a suite's variables in what the runner tells: a failing build prints its environment easily enough.

use crate::config::SuiteConfig;

/// Shorter values are words, and hiding them would only garble messages.
const SHORTEST: usize = 8;

/// Texts to take out of every line, the longest first.
#[derive(Debug, Clone, Default)]
pub(super) struct Hidden(Vec<(String, String)>);

impl Hidden {
    /// The values of the suite's own variables and of those that it passes on.
    pub(super) fn of(suite: &SuiteConfig) -> Self {
        let own = suite.env.iter().map(|(name, value)| (name.clone(), value.clone()));
        let passed = suite.pass_env.iter();
        let passed = passed.filter_map(|name| Some((name.clone(), std::env::var(name).ok()?)));
        let mut found: Vec<_> =
            own.chain(passed).filter(|(_, value)| value.len() >= SHORTEST).collect();
        found.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        // A line is JSON, where a value with quotes is written otherwise.
        let escaped = |(name, value): (String, String)| {
            let quoted = serde_json::Value::from(value).to_string();
            (name, quoted[1..quoted.len() - 1].to_owned())
        };
        Self(found.into_iter().map(escaped).collect())
    }

    /// The line without them.
    pub(super) fn hide(&self, line: &str) -> String {
        let hide = |line: String, (name, value): &(String, String)| {
            if line.contains(value.as_str()) {
                line.replace(value.as_str(), &format!("[hidden: {name}]"))
            } else {
                line
            }
        };
        self.0.iter().fold(line.to_owned(), hide)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_variables_are_hidden_also_where_json_writes_them_otherwise() {
        let suite: SuiteConfig = toml::from_str(
            "name = 's'\norg = 'a'\nroot = '/'\n[env]\nTOKEN = 'sk-12345678'\nLONGER = 'sk-12345678-and-more'\nQUOTED = 'say \"please\"'\nPORT = '4000'",
        )
        .unwrap();
        let hidden = Hidden::of(&suite);
        for (line, expect) in [
            (r#"{"message":"sk-12345678"}"#, r#"{"message":"[hidden: TOKEN]"}"#),
            ("sk-12345678-and-more", "[hidden: LONGER]"),
            (r#"{"m":"say \"please\" now"}"#, r#"{"m":"[hidden: QUOTED] now"}"#),
            ("port 4000", "port 4000"),
        ] {
            assert_eq!(hidden.hide(line), expect);
        }
    }
}
