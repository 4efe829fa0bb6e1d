//! Two lists of tokens laid beside each other: what stands in both, in order; what only moved; what one side alone has.

use std::collections::{HashMap, VecDeque};

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// One row of an alignment: the places in both lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pair {
    pub(crate) a: Option<usize>,
    pub(crate) b: Option<usize>,
    /// Equal tokens that stand elsewhere in the order.
    pub(crate) moved: bool,
}

/// Lays `b` beside `a`. The longest common subsequence stays in order; equal tokens that are left over on both sides moved.
///
/// Swapping the sides gives the swapped rows: the search itself has a preferred side, so it always sees the smaller list first.
pub(crate) fn align(a: &[String], b: &[String]) -> Vec<Pair> {
    if a <= b {
        return aligned(a, b);
    }
    let mut rows = aligned(b, a);
    for row in &mut rows {
        (row.a, row.b) = (row.b, row.a);
    }
    rows
}

fn aligned(a: &[String], b: &[String]) -> Vec<Pair> {
    let mut rows = Vec::with_capacity(a.len().max(b.len()));
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => rows.extend((0..len).map(|n| Pair {
                a: Some(old_index + n),
                b: Some(new_index + n),
                moved: false,
            })),
            DiffOp::Delete { old_index, old_len, .. } => left(&mut rows, old_index, old_len),
            DiffOp::Insert { new_index, new_len, .. } => right(&mut rows, new_index, new_len),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                left(&mut rows, old_index, old_len);
                right(&mut rows, new_index, new_len);
            }
        }
    }
    join_moved(rows, a, b)
}

fn left(rows: &mut Vec<Pair>, from: usize, len: usize) {
    rows.extend((from..from + len).map(|at| Pair { a: Some(at), b: None, moved: false }));
}

fn right(rows: &mut Vec<Pair>, from: usize, len: usize) {
    rows.extend((from..from + len).map(|at| Pair { a: None, b: Some(at), moved: false }));
}

/// Joins what is left over on both sides under the same token, first with first.
fn join_moved(rows: Vec<Pair>, a: &[String], b: &[String]) -> Vec<Pair> {
    let mut waiting: HashMap<&str, VecDeque<usize>> = HashMap::new();
    for row in &rows {
        if let (None, Some(at)) = (row.a, row.b) {
            waiting.entry(&b[at]).or_default().push_back(at);
        }
    }
    let mut taken = vec![false; b.len()];
    let mut joined: Vec<Pair> = Vec::with_capacity(rows.len());
    for row in rows {
        let partner = match (row.a, row.b) {
            (Some(at), None) => waiting.get_mut(a[at].as_str()).and_then(VecDeque::pop_front),
            _ => None,
        };
        if let Some(at) = partner {
            taken[at] = true;
            joined.push(Pair { b: Some(at), moved: true, ..row });
        } else {
            joined.push(row);
        }
    }
    joined.retain(|row| row.a.is_some() || row.b.is_none_or(|at| !taken[at]));
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(a: &str, b: &str, expect: &str) {
        let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let (a, b) = (list(a), list(b));
        let told = |row: &Pair| match (row.a, row.b, row.moved) {
            (Some(at), Some(_), true) => format!("~{}", a[at]),
            (Some(at), Some(_), false) => a[at].clone(),
            (Some(at), None, _) => format!("-{}", a[at]),
            (_, Some(at), _) => format!("+{}", b[at]),
            _ => "?".to_owned(),
        };
        assert_eq!(align(&a, &b).iter().map(told).collect::<String>(), expect);
    }

    #[test]
    fn keeps_the_order_and_names_the_rest() {
        check("", "", "");
        check("abc", "abc", "abc");
        check("abc", "abd", "ab-c+d");
        check("abc", "bca", "~abc");
        check("aab", "ab", "a-ab");
    }

    proptest! {
        #[test]
        fn every_place_stands_once_and_sides_swap(a in "[a-d]{0,12}", b in "[a-d]{0,12}") {
            let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
            let (a, b) = (list(&a), list(&b));
            let rows = align(&a, &b);
            let mut of_a: Vec<_> = rows.iter().filter_map(|row| row.a).collect();
            let mut of_b: Vec<_> = rows.iter().filter_map(|row| row.b).collect();
            of_a.sort_unstable();
            of_b.sort_unstable();
            prop_assert_eq!(of_a, (0..a.len()).collect::<Vec<_>>());
            prop_assert_eq!(of_b, (0..b.len()).collect::<Vec<_>>());
            let mut swapped: Vec<_> = align(&b, &a)
                .into_iter()
                .map(|row| Pair { a: row.b, b: row.a, moved: row.moved })
                .collect();
            let mut rows = rows;
            swapped.sort_unstable();
            rows.sort_unstable();
            prop_assert_eq!(rows, swapped);
        }
    }
}
