use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Each change as `replace /a 1>2`.
fn check(a: &Value, b: &Value, options: &JsonOptions, expect: &[&str]) {
    let shown = |value: &Option<Value>| value.as_ref().map_or_else(String::new, Value::to_string);
    let one = |change: &JsonChange| match &change.to {
        Some(to) => format!("move {} {to}", change.pointer),
        None => format!(
            "{} {} {}>{}",
            change.op.as_str(),
            change.pointer,
            shown(&change.before),
            shown(&change.after)
        ),
    };
    let told: Vec<String> = diff_json(a, b, options).iter().map(one).collect();
    assert_eq!(told, expect, "{a}\n{b}");
}

#[test]
fn objects_go_by_keys_and_lists_by_identity() {
    let plain = JsonOptions::default();
    check(&json!({"a": 1, "b": 2}), &json!({"b": 2, "a": 1}), &plain, &[]);
    check(
        &json!({"a": 1, "b": {"c/d": 1}}),
        &json!({"b": {"c/d": 2}, "e": null}),
        &plain,
        &["remove /a 1>", "replace /b/c~1d 1>2", "add /e >null"],
    );
    let customer = |id: &str, plan: &str| json!({"id": id, "object": "customer", "plan": plan});
    check(
        &json!([customer("1", "free"), customer("2", "pro"), customer("3", "pro")]),
        &json!([customer("0", "new"), customer("1", "pro"), customer("3", "pro")]),
        &plain,
        &[
            "add /0 >{\"id\":\"0\",\"object\":\"customer\",\"plan\":\"new\"}",
            "replace /0/plan \"free\">\"pro\"",
            "remove /1 {\"id\":\"2\",\"object\":\"customer\",\"plan\":\"pro\"}>",
        ],
    );
    check(
        &json!([{"name": "a", "n": 1}, {"name": "b", "n": 2}]),
        &json!([{"name": "b", "n": 2}, {"name": "a", "n": 3}]),
        &plain,
        &["replace /0/n 1>3", "move /1 /0"],
    );
    // The same id of two objects is two things; twice the same identity is none.
    check(
        &json!([{"id": 1, "object": "a"}, {"id": 1, "object": "b"}]),
        &json!([{"id": 1, "object": "b"}]),
        &plain,
        &["remove /0 {\"id\":1,\"object\":\"a\"}>"],
    );
    check(&json!([1, 2, 3, 4]), &json!([1, 5, 3]), &plain, &["replace /1 2>5", "remove /3 4>"]);
    let by_sku = JsonOptions { identity: vec!["sku".into()], ..JsonOptions::default() };
    check(
        &json!([{"sku": "x", "name": "old"}]),
        &json!([{"sku": "x", "name": "new"}]),
        &by_sku,
        &["replace /0/name \"old\">\"new\""],
    );
}

#[test]
fn what_is_near_or_ignored_does_not_count() {
    let options = JsonOptions {
        number_tolerance: 0.5,
        time_tolerance_ms: 1_000.0,
        ignore: ["updated", "/list/*/seen", "/meta/**"].map(Pattern::new).to_vec(),
        identity: Vec::new(),
    };
    check(
        &json!({"n": 1, "at": "2026-11-21T10:00:00Z", "updated": 1, "list": [{"id": 1, "seen": 1}], "meta": {"x": {"y": 1}}}),
        &json!({"n": 1.5, "at": "2026-11-21T11:00:00.9+01:00", "updated": 9, "list": [{"id": 1, "seen": 2}], "meta": {"x": {"y": 2}}}),
        &options,
        &[],
    );
    check(
        &json!({"n": 1, "at": "2026-11-21T10:00:00Z", "seen": 1}),
        &json!({"n": 2, "at": "2026-11-21T10:00:02Z", "seen": 2}),
        &options,
        &[
            "replace /at \"2026-11-21T10:00:00Z\">\"2026-11-21T10:00:02Z\"",
            "replace /n 1>2",
            "replace /seen 1>2",
        ],
    );
    check(&json!(1), &json!(1.0), &JsonOptions::default(), &[]);
    check(&json!(2), &json!("2"), &JsonOptions::default(), &["replace  2>\"2\""]);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..5_i64).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("(id|name|a|b)", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Equal values have no differences, other values have some, and both ways tell as many.
    #[test]
    fn nothing_is_told_of_equal_values_and_something_of_others(a in value(), b in value()) {
        let options = JsonOptions::default();
        prop_assert_eq!(diff_json(&a, &a, &options), []);
        let (there, back) = (diff_json(&a, &b, &options), diff_json(&b, &a, &options));
        prop_assert_eq!(there.is_empty(), a == b);
        prop_assert_eq!(there.len(), back.len());
        prop_assert!(there.is_sorted_by(|one, other| pointer::order(&one.pointer, &other.pointer).is_le()));
        for change in there.iter().filter(|change| change.op == JsonOp::Remove || change.op == JsonOp::Replace) {
            prop_assert_eq!(a.pointer(&change.pointer), change.before.as_ref());
        }
    }
}
