//! Two lists of children laid beside each other, with an amount of work that a page cannot choose.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::same::hash_of;

/// Longest stretch in which the longest common subsequence is looked for: the search is quadratic.
const MOST_SEARCHED: usize = 1000;

/// What stands where: in A, in B, or in both.
pub(super) type Row = (Option<usize>, Option<usize>);

/// Lays `b` beside `a`. Each of `tokens` says what makes two items the same, the surest first; items without a token wait for the
/// next. Pairs never cross.
pub(super) fn lay(n_a: usize, n_b: usize, tokens: &[Tokens<'_>]) -> Vec<Row> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for (of_a, of_b) in tokens {
        let mut more = Vec::new();
        for (a, b) in gaps(&pairs, n_a, n_b) {
            let known = |at: &usize, of: &dyn Fn(usize) -> Option<u64>| of(*at).map(|t| (*at, t));
            let left: Vec<(usize, u64)> = a.filter_map(|at| known(&at, of_a)).collect();
            let right: Vec<(usize, u64)> = b.filter_map(|at| known(&at, of_b)).collect();
            let only = |side: &[(usize, u64)]| side.iter().map(|(_, t)| *t).collect::<Vec<_>>();
            let found = common(&only(&left), &only(&right));
            more.extend(found.into_iter().map(|(one, other)| (left[one].0, right[other].0)));
        }
        pairs.extend(more);
        pairs.sort_unstable();
    }
    let (mut rows, mut a, mut b) = (Vec::with_capacity(n_a.max(n_b)), 0, 0);
    for (one, other) in pairs.into_iter().chain([(n_a, n_b)]) {
        rows.extend((a..one).map(|at| (Some(at), None)));
        rows.extend((b..other).map(|at| (None, Some(at))));
        if one < n_a && other < n_b {
            rows.push((Some(one), Some(other)));
        }
        (a, b) = (one + 1, other + 1);
    }
    rows
}

/// Lines of two texts laid beside each other.
pub fn common_lines(a: &[String], b: &[String]) -> Vec<(Option<usize>, Option<usize>)> {
    let of = |lines: &'_ [String]| lines.iter().map(hash_of).collect::<Vec<u64>>();
    let (left, right) = (of(a), of(b));
    let tokens: Tokens<'_> = (&|at| Some(left[at]), &|at| Some(right[at]));
    lay(a.len(), b.len(), &[tokens])
}

/// The token of each item of A, and of each of B.
pub(super) type Tokens<'t> = (&'t dyn Fn(usize) -> Option<u64>, &'t dyn Fn(usize) -> Option<u64>);

/// The stretches between pairs.
fn gaps(
    pairs: &[(usize, usize)],
    n_a: usize,
    n_b: usize,
) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let (mut found, mut a, mut b) = (Vec::new(), 0, 0);
    for (one, other) in pairs.iter().copied().chain([(n_a, n_b)]) {
        if a < one && b < other {
            found.push((a..one, b..other));
        }
        (a, b) = (one + 1, other + 1);
    }
    found
}

/// Equal tokens in the order of both lists: the most of them in short stretches, those around what stands once in long ones.
pub(super) fn common(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let head = a.iter().zip(b).take_while(|(one, other)| one == other).count();
    let (a_rest, b_rest) = (&a[head..], &b[head..]);
    let ends = a_rest.iter().rev().zip(b_rest.iter().rev());
    let tail = ends.take_while(|(one, other)| one == other).count();
    let (a_len, b_len) = (a_rest.len() - tail, b_rest.len() - tail);
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    let inner = inner(&a_rest[..a_len], &b_rest[..b_len]);
    pairs.extend(inner.into_iter().map(|(one, other)| (head + one, head + other)));
    pairs.extend((0..tail).map(|at| (head + a_len + at, head + b_len + at)));
    pairs
}

fn inner(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    if a.len() + b.len() <= MOST_SEARCHED {
        return searched(a, b);
    }
    let anchors = anchors(a, b);
    let mut pairs = anchors.clone();
    for (left, right) in gaps(&anchors, a.len(), b.len()) {
        let (from, to) = (left.start, right.start);
        let (left, right) = (&a[left], &b[right]);
        let short = left.len() + right.len() <= MOST_SEARCHED;
        let found = if short { searched(left, right) } else { in_turn(left, right) };
        pairs.extend(found.into_iter().map(|(one, other)| (from + one, to + other)));
    }
    pairs.sort_unstable();
    pairs
}

fn searched(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            pairs.extend((0..len).map(|n| (old_index + n, new_index + n)));
        }
    }
    pairs
}

/// Of the tokens that stand once on each side, the longest run that is in order on both.
fn anchors(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let once = |list: &[u64]| {
        let mut places: HashMap<u64, Option<usize>> = HashMap::new();
        for (at, token) in list.iter().enumerate() {
            places.entry(*token).and_modify(|place| *place = None).or_insert(Some(at));
        }
        places
    };
    let (of_a, of_b) = (once(a), once(b));
    let place =
        |token: &u64| of_a.get(token).copied().flatten().zip(of_b.get(token).copied().flatten());
    let pairs: Vec<(usize, usize)> = a.iter().filter_map(place).collect();
    // The longest ascending run by patience: the ends of the best runs of each length, and who came before.
    let (mut ends, mut before): (Vec<usize>, Vec<Option<usize>>) = (Vec::new(), Vec::new());
    for (n, (_, other)) in pairs.iter().enumerate() {
        let at = ends.partition_point(|end| pairs[*end].1 < *other);
        before.push(at.checked_sub(1).map(|at| ends[at]));
        if at == ends.len() {
            ends.push(n);
        } else {
            ends[at] = n;
        }
    }
    let mut run = Vec::new();
    let mut at = ends.last().copied();
    while let Some(n) = at {
        run.push(pairs[n]);
        at = before[n];
    }
    run.reverse();
    run
}

/// Each item of A with the next equal one of B.
fn in_turn(a: &[u64], b: &[u64]) -> Vec<(usize, usize)> {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    b.iter().enumerate().for_each(|(at, token)| places.entry(*token).or_default().push(at));
    let (mut pairs, mut from) = (Vec::new(), 0);
    for (at, token) in a.iter().enumerate() {
        let Some(of) = places.get(token) else { continue };
        if let Some(other) = of.get(of.partition_point(|place| *place < from)) {
            pairs.push((at, *other));
            from = other + 1;
        }
    }
    pairs
}
