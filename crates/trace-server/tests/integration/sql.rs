//! The fence of the catalog: a statement on a tenant's table that does not name the organisation does not exist.

use std::fs;
use std::path::Path;

const TENANT_TABLES: [&str; 9] = [
    "traces",
    "chunks",
    "trace_blobs",
    "artifacts",
    "jobs",
    "api_keys",
    "trace_text",
    "replays",
    "replay_progress",
];

/// Every string literal of the catalog's sources that is a statement.
fn statements() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/sqlite");
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let literals = text.split('"').skip(1).step_by(2);
        let is_sql = |literal: &&str| {
            let start = literal.trim_start();
            ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| start.starts_with(verb))
        };
        found.extend(literals.filter(is_sql).map(|sql| (name.clone(), sql.to_owned())));
    }
    found
}

fn words(sql: &str) -> Vec<String> {
    let split = |c: char| !c.is_alphanumeric() && c != '_';
    sql.split(split).map(str::to_lowercase).collect()
}

#[test]
fn every_statement_on_a_tenants_table_names_its_organisation() {
    let statements = statements();
    assert!(statements.len() > 25, "only {} statements were found", statements.len());
    let mut seen = Vec::new();
    for (file, sql) in statements {
        let words = words(&sql);
        let tenant = TENANT_TABLES.iter().filter(|table| words.iter().any(|word| word == *table));
        let tenant: Vec<_> = tenant.collect();
        if !tenant.is_empty() {
            assert!(words.iter().any(|word| word == "org_id"), "{file}: {sql}");
        }
        seen.extend(tenant);
    }
    for table in TENANT_TABLES {
        assert!(seen.contains(&&table), "no statement on {table} was found: the test is blind");
    }
}

#[test]
fn the_check_itself_can_fail() {
    assert!(!words("SELECT * FROM traces WHERE trace_id = ?1").contains(&"org_id".to_owned()));
}
