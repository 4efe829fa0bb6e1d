//! Words to an FTS5 expression. Only tokens of our own making reach the expression, so no caller can write one.

use trace_core::trace::search_tokens;

/// Every token must occur, at least as the beginning of a word; none when the text holds no token.
pub fn match_expression(text: &str) -> Option<String> {
    let tokens = search_tokens(text);
    let terms: Vec<String> = tokens.iter().map(|token| format!("\"{token}\"*")).collect();
    (!terms.is_empty()).then(|| terms.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_quotes_of_the_caller_are_only_words() {
        assert_eq!(match_expression("a\" OR *"), Some("\"a\"* AND \"or\"*".to_owned()));
        assert_eq!(match_expression("  ** "), None);
    }
}
