//! Words to an FTS5 expression. Only tokens of our own making reach the expression, so no caller can write one.

/// Every token must occur, at least as a prefix; none when the text holds no token.
pub fn match_expression(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let terms: Vec<String> =
        words.map(|word| format!("\"{}\"*", word.to_lowercase())).collect();
    (!terms.is_empty()).then(|| terms.join(" AND "))
}
