//! Documents compared, and compared when they are hostile.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::VirtualDom;
use super::same::may_be;
use super::{Comparison, Document, PageDocument, beside, compare, outline};

/// A document with this body, its nodes numbered from `first` on.
fn document(body: &Value, first: i64) -> Document {
    let mut ids = first;
    let mut numbered = body.clone();
    let mut next = || {
        ids += 1;
        ids
    };
    number(&mut numbered, &mut next);
    let html = json!({"type": 2, "id": next(), "tagName": "html", "attributes": {}, "childNodes": [numbered]});
    let mut dom = VirtualDom::new();
    dom.apply(&json!({"type": 4, "data": {"href": "http://127.0.0.1:4000/shop", "width": 1, "height": 1}}));
    dom.apply(
        &json!({"type": 2, "data": {"node": {"type": 0, "id": next(), "childNodes": [html]}}}),
    );
    Document::of(&dom).unwrap()
}

fn number(node: &mut Value, next: &mut impl FnMut() -> i64) {
    node["id"] = next().into();
    for child in node["childNodes"].as_array_mut().into_iter().flatten() {
        number(child, next);
    }
}

fn element(tag: &str, attributes: &Value, children: &[Value]) -> Value {
    json!({"type": 2, "tagName": tag, "attributes": attributes, "childNodes": children})
}

fn text(text: &str) -> Value {
    json!({"type": 3, "textContent": text})
}

fn body(children: &[Value]) -> Value {
    element("body", &json!({}), children)
}

fn of(a: &[Value], b: &[Value]) -> Comparison {
    let (a, b) = (document(&body(a), 0), document(&body(b), 500));
    let found = compare(&a, &b);
    let back = compare(&b, &a);
    assert!((found.likeness - back.likeness).abs() < f64::EPSILON, "{found:?}\n{back:?}");
    found
}

/// `expect` has a line for each change: what happened, where, what.
fn check(a: &[Value], b: &[Value], expect: &[&str]) {
    let found = of(a, b);
    let told: Vec<String> = found
        .changes
        .iter()
        .map(|change| format!("{:?} {}: {}", change.op, change.place, change.what))
        .collect();
    assert_eq!(told, expect);
    assert_eq!(found.likeness >= 1.0, expect.is_empty(), "{}", found.likeness);
}

fn item(words: &str) -> Value {
    element("li", &json!({"class": "row"}), &[text(words)])
}

#[test]
fn a_difference_is_told_with_its_place() {
    let list = |items: &[&str]| {
        let items: Vec<Value> = items.iter().map(|words| item(words)).collect();
        vec![element("ul", &json!({"id": "cart"}), &items)]
    };
    check(&list(&["tea"]), &list(&["tea"]), &[]);
    check(
        &list(&["tea", "milk"]),
        &list(&["tea", "cold milk"]),
        &["Changed ul#cart > li[2]: «milk» → «cold milk»"],
    );
    check(
        &list(&["tea", "milk"]),
        &list(&["sugar", "tea", "milk"]),
        &["Added ul#cart: <li class=\"row\">, and 1 node in it"],
    );
    check(
        &list(&["tea", "milk"]),
        &list(&["milk"]),
        &["Removed ul#cart: <li class=\"row\">, and 1 node in it"],
    );
    let button = |attributes: Value| [element("button", &attributes, &[text("Pay")])];
    check(
        &button(json!({"data-testid": "pay", "aria-pressed": "false"})),
        &button(json!({"data-testid": "pay", "disabled": true})),
        &[
            "Changed html > body > button[data-testid=pay]: aria-pressed: «false» → none, disabled: none → «»",
        ],
    );
}

#[test]
fn a_node_is_known_by_its_id_wherever_it_stands_among_others() {
    let field = |id: &str, words: &str| element("div", &json!({"id": id}), &[text(words)]);
    check(
        &[field("a", "one"), field("b", "two")],
        &[field("x", "new"), field("b", "too")],
        &[
            "Changed div#a: id: «a» → «x»",
            "Changed div#a: «one» → «new»",
            "Changed div#b: «two» → «too»",
        ],
    );
}

#[test]
fn what_is_drawn_anew_or_hidden_is_no_difference() {
    let one = |class: &str, words: &str| {
        [element("p", &json!({"class": class, "nonce": words, "onclick": words}), &[text(words)])]
    };
    for (a, b) in [
        (one("css-1xow64h b", "at 10:22:01"), one("b css-9zzzzz1", "at 9:05")),
        (
            one("b", "id 6f2b1c7e-0000-4000-8000-000000000000"),
            one("b", "id 0a2b1c7e-1111-4000-8000-000000000001"),
        ),
        (one("b", "hello [REDACTED:email:3], welcome"), one("b", "hello a@b.c, welcome")),
        (one("b", "*****"), one("b", "mouse")),
    ] {
        let found = of(&a, &b);
        assert!(found.likeness >= 1.0 && found.changes.is_empty() && !found.identical, "{found:?}");
    }
    let script = |words: &str| {
        [element("script", &json!({}), &[text(words)]), element("p", &json!({}), &[])]
    };
    assert!(of(&script("a"), &script("b")).identical);
    // The secret itself is never shown.
    let secret = of(&[item("card [REDACTED:card:1] ok")], &[item("card 4242 no")]);
    assert!(secret.changes.len() == 1 && !format!("{secret:?}").contains("4242"), "{secret:?}");
    let hidden = element("div", &json!({"rr_width": "3px", "rr_height": "3px"}), &[]);
    assert!(
        of(&[hidden], &[element("div", &json!({"class": "chat"}), &[text("secret")])])
            .changes
            .is_empty()
    );
}

#[test]
fn a_placeholder_stands_for_what_fits_around_it() {
    for (a, b, expect) in [
        ("[REDACTED:card:1]", "4242", true),
        ("a [REDACTED:x:1] b [REDACTED:x:2] c", "a 1 b 2 c", true),
        ("a [REDACTED:x:1] b", "a 1 c", false),
        ("***", "abcd", false),
        ("***", "äöü", true),
        ("a", "b", false),
    ] {
        assert_eq!((may_be(a, b), may_be(b, a)), (expect, expect), "{a} {b}");
    }
}

#[test]
fn a_page_as_it_is_is_graded_beside_its_record() {
    let long: Vec<Value> = (0..100).map(|n| item(&format!("item {n}"))).collect();
    let recorded = PageDocument { page: "p1".to_owned(), document: document(&body(&long), 0) };
    let check = |children: &[Value], grade: &str, message: &str| {
        let html = element("html", &json!({}), &[body(children)]);
        let live =
            json!({"href": "http://localhost:9/shop", "node": {"type": 0, "childNodes": [html]}});
        let found = serde_json::to_value(beside(&recorded, &live.to_string()).unwrap()).unwrap();
        assert_eq!(found["grade"], grade, "{found}");
        let told = found["message"].as_str().unwrap_or_default();
        assert!(told.contains(message), "{told}");
    };
    check(&long, "exact", "");
    check(
        &[&long[1..], &[]].concat(),
        "equivalent",
        "in html > body there is no <li class=\"row\">",
    );
    check(&long[..50], "degraded", "; 49 further places");
    assert!(beside(&recorded, "{").is_err());
    assert!(beside(&recorded, "{}").unwrap().comparison.likeness <= 0.0);
}

/// One below the other, or one beside the other.
fn hostile(n: i64, is_deep: bool, words: &str) -> Document {
    let mut dom = VirtualDom::new();
    let html = json!({"type": 2, "id": 2, "tagName": "html", "attributes": {}, "childNodes": []});
    dom.apply(&json!({"type": 2, "data": {"node": {"type": 0, "id": 1, "childNodes": [html]}}}));
    let add = |id: i64| {
        let parent = if is_deep { id - 1 } else { 2 };
        let node = json!({"type": 2, "id": id, "tagName": "b", "attributes": {"class": format!("{words}{}", id % 7)}, "childNodes": []});
        json!({"parentId": parent, "nextId": null, "node": node})
    };
    let adds: Vec<Value> = (3..n + 3).map(add).collect();
    dom.apply(&json!({"type": 3, "data": {"source": 0, "texts": [], "attributes": [], "removes": [], "adds": adds}}));
    // What writes recurses, and must not follow.
    assert_eq!(dom.keyframe(&json!(0)).len(), 2);
    Document::of(&dom).unwrap()
}

#[test]
fn hostile_trees_are_compared_without_a_deep_stack_or_a_long_search() {
    for (n, is_deep) in [(10_000, true), (100_000, false)] {
        let (a, b) = (hostile(n, is_deep, "x"), hostile(n, is_deep, "y"));
        assert_eq!(i64::try_from(a.len()).unwrap(), n + 1);
        let found = compare(&a, &b);
        assert!(found.likeness > 0.4 && found.likeness < 1.0, "{}", found.likeness);
        assert!(found.changes.len() + found.more > 1000);
        assert!(compare(&a, &a).identical);
        assert!(outline(&a).len() <= 20_000);
    }
}

/// A tree of few words: below which earlier node each stands, and what it is.
fn trees() -> impl Strategy<Value = Value> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..5_usize, "[ab]{0,2}"), 0..24).prop_map(
        |parts| {
            let mut tree = Tree::default();
            for (above, kind, words) in parts {
                tree.add(above, kind, words);
            }
            body(&tree.below(None))
        },
    )
}

#[derive(Default)]
struct Tree(Vec<(Option<usize>, usize, String)>);

impl Tree {
    fn add(&mut self, above: prop::sample::Index, kind: usize, words: String) {
        let elements: Vec<usize> = (0..self.0.len()).filter(|at| self.0[*at].1 > 1).collect();
        let above = above.index(elements.len() + 1).checked_sub(1).map(|at| elements[at]);
        self.0.push((above, kind, words));
    }

    fn below(&self, above: Option<usize>) -> Vec<Value> {
        let children = (0..self.0.len()).filter(|at| self.0[*at].0 == above);
        let value = |at: usize| match &self.0[at] {
            (_, 0 | 1, words) => text(words),
            (_, 2, words) => element("div", &json!({"id": words}), &self.below(Some(at))),
            (_, 3, words) => element("p", &json!({"class": words}), &self.below(Some(at))),
            (_, _, _) => element("p", &json!({}), &self.below(Some(at))),
        };
        children.map(value).collect()
    }
}

proptest! {
    #[test]
    fn likeness_is_one_with_itself_and_the_same_from_either_side(a in trees(), b in trees()) {
        let (one, again, other) = (document(&a, 0), document(&a, 7000), document(&b, 300));
        let itself = compare(&one, &again);
        prop_assert!(itself.identical && itself.likeness >= 1.0 && itself.changes.is_empty());
        let (there, back) = (compare(&one, &other), compare(&other, &one));
        prop_assert_eq!(there.likeness.to_bits(), back.likeness.to_bits());
        prop_assert_eq!(there.likeness >= 1.0, there.changes.is_empty());
        prop_assert_eq!(there.changes.len(), back.changes.len());
        prop_assert!((0.0..=1.0).contains(&there.likeness));
    }
}
