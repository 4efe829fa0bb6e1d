//! Additions whose neighbours were not there yet, put in the order in which the player tries them again.

use std::collections::HashMap;

use serde_json::Value;

/// An addition, and those that hang on it.
struct Waiting {
    parent: Option<usize>,
    children: Vec<usize>,
}

fn number(of: &Value, name: &str) -> Option<i64> {
    of.get(name).and_then(Value::as_i64)
}

/// The queue as groups; the first of a group is its root, the others follow in the order of the player's walk.
pub(super) fn groups(queue: &[Value]) -> Vec<Vec<usize>> {
    let mut by_id: HashMap<i64, usize> = HashMap::new();
    let mut waiting: Vec<Waiting> = Vec::with_capacity(queue.len());
    let mut roots: Vec<usize> = Vec::new();
    for (n, add) in queue.iter().enumerate() {
        let next = number(add, "nextId").filter(|id| *id != 0).and_then(|id| by_id.get(&id));
        let parent = number(add, "parentId").and_then(|id| by_id.get(&id)).copied();
        let above = if let Some(next) = next.copied() {
            let above = waiting[next].parent;
            let list = above.map_or(&mut roots, |above| &mut waiting[above].children);
            let at = list.iter().position(|known| *known == next).unwrap_or(list.len());
            list.insert(at, n);
            above
        } else {
            parent.map_or(&mut roots, |parent| &mut waiting[parent].children).push(n);
            parent
        };
        waiting.push(Waiting { parent: above, children: Vec::new() });
        if let Some(id) = add.get("node").and_then(|node| number(node, "id")) {
            by_id.insert(id, n);
        }
    }
    roots.into_iter().map(|root| walk(&waiting, root)).collect()
}

/// The root first, then its children from the last to the first, since each stands before the one behind it.
fn walk(waiting: &[Waiting], root: usize) -> Vec<usize> {
    let (mut order, mut stack) = (Vec::new(), vec![root]);
    while let Some(n) = stack.pop() {
        order.push(n);
        stack.extend(waiting[n].children.iter());
    }
    order
}
