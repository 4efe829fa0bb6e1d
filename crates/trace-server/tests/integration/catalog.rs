//! What every catalog promises. The suite takes any; a new backend adds one test that calls it.

use serde_json::json;
use trace_core::TraceId;
use trace_server::catalog::{
    ArtifactRow, Catalog, ChunkCommit, ChunkRow, FinalizeCommit, FinalizeRequest, Form, ListFilter,
    NewBlob, NewTrace, Outcome, Source, SqliteCatalog, Status, TraceRef,
};
use trace_server::org::OrgScope;

#[tokio::test]
async fn sqlite_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let catalog = SqliteCatalog::open(&dir.path().join("catalog.sqlite")).await.unwrap();
    conforms(&catalog).await;
    catalog.close().await;
    // A second opening finds the schema and the rows.
    let catalog = SqliteCatalog::open(&dir.path().join("catalog.sqlite")).await.unwrap();
    let found = catalog.find_trace(&acme(), &TraceRef::Id(trace(1).id)).await.unwrap();
    assert_eq!(found.unwrap().high_water, 3);
}

fn acme() -> OrgScope {
    "acme".parse().unwrap()
}

fn rival() -> OrgScope {
    "rival".parse().unwrap()
}

fn trace(n: u8) -> NewTrace {
    let id = TraceId::from_random([n; 16]);
    NewTrace {
        id,
        short_id: id.short(),
        wall_ms: 1,
        scenario_id: "sc".to_owned(),
        scenario_slug: "slug".to_owned(),
        scenario_title: "title".to_owned(),
        project: String::new(),
        run_id: "run".to_owned(),
        retry: 0,
        source: Source::Pr,
        code_sha: None,
        parent_trace_id: None,
        run_start: "{}".to_owned(),
    }
}

fn chunk(chunk_no: u32) -> ChunkRow {
    let last_seq = u64::from(chunk_no) * 10;
    ChunkRow {
        chunk_no,
        sha256: format!("{chunk_no:064x}"),
        bytes: 100,
        raw_bytes: 200,
        first_seq: last_seq - 9,
        last_seq,
        min_ts_us: 0,
        max_ts_us: 5,
    }
}

pub(crate) async fn conforms(catalog: &dyn Catalog) {
    traces_are_found_by_their_organisation_only(catalog).await;
    chunks_are_committed_once_and_without_gaps(catalog).await;
    finalize_closes_once_and_enqueues_one_job(catalog).await;
    blobs_are_linked_by_whoever_holds_them(catalog).await;
    artifacts_of_recorders_never_change(catalog).await;
    forms_only_move_forward(catalog).await;
}

async fn traces_are_found_by_their_organisation_only(catalog: &dyn Catalog) {
    let new = trace(1);
    let (record, is_new) = catalog.register(&acme(), &new, 5).await.unwrap();
    assert!(is_new && record.trace == new && record.status == Status::Running);
    assert!(!catalog.register(&acme(), &new, 6).await.unwrap().1);
    let by = [TraceRef::Id(new.id), TraceRef::Short(new.short_id.clone())];
    for by in by {
        assert_eq!(catalog.find_trace(&acme(), &by).await.unwrap().unwrap().created_ms, 5);
        assert_eq!(catalog.find_trace(&rival(), &by).await.unwrap(), None);
    }
    let all = ListFilter { limit: 10, ..ListFilter::default() };
    assert_eq!(catalog.list_traces(&acme(), &all).await.unwrap().len(), 1);
    assert!(catalog.list_traces(&rival(), &all).await.unwrap().is_empty());
    let taken = NewTrace { short_id: new.short_id, ..trace(9) };
    assert!(catalog.register(&acme(), &taken, 7).await.is_err());
}

async fn chunks_are_committed_once_and_without_gaps(catalog: &dyn Catalog) {
    let (org, id) = (acme(), trace(1).id);
    let commit = async |row: &ChunkRow| catalog.commit_chunk(&org, id, row, 9).await.unwrap();
    let added = |high_water, high_seq| ChunkCommit::Added { high_water, high_seq };
    assert_eq!(commit(&chunk(2)).await, added(0, 0));
    assert_eq!(commit(&chunk(3)).await, added(0, 0));
    let bad = ChunkRow { last_seq: 9, ..chunk(1) };
    assert_eq!(commit(&bad).await, ChunkCommit::Gap { wanted: 10, found: 9, neighbour: 2 });
    assert_eq!(commit(&chunk(1)).await, added(3, 30));
    assert_eq!(commit(&chunk(2)).await, ChunkCommit::Known { high_water: 3 });
    let other = ChunkRow { sha256: "f".repeat(64), ..chunk(2) };
    assert_eq!(commit(&other).await, ChunkCommit::Conflict);
    let bad = ChunkRow { first_seq: 32, ..chunk(4) };
    assert_eq!(commit(&bad).await, ChunkCommit::Gap { wanted: 31, found: 32, neighbour: 3 });
    assert!(catalog.commit_chunk(&rival(), id, &chunk(4), 9).await.is_err());
    assert_eq!(catalog.chunks(&rival(), id).await.unwrap(), []);
}

async fn finalize_closes_once_and_enqueues_one_job(catalog: &dyn Catalog) {
    let (org, id) = (acme(), trace(1).id);
    let request =
        |outcome, expect, idle_since| FinalizeRequest { outcome, expect, reason: None, idle_since };
    let close =
        async |request: FinalizeRequest| catalog.finalize(&org, id, &request, 20).await.unwrap();
    assert_eq!(catalog.idle_traces(9, 10).await.unwrap(), []);
    assert_eq!(catalog.idle_traces(10, 10).await.unwrap(), [(acme(), id)]);
    assert_eq!(close(request(Outcome::Aborted, None, Some(9))).await, FinalizeCommit::Awake);
    let more = request(Outcome::Failed, Some((5, 50)), None);
    assert_eq!(close(more).await, FinalizeCommit::Missing(vec![4, 5]));
    let fewer = FinalizeCommit::Mismatch { chunks: 3, last_seq: 30 };
    assert_eq!(close(request(Outcome::Failed, Some((2, 20)), None)).await, fewer);
    let right = request(Outcome::Failed, Some((3, 30)), None);
    assert_eq!(close(right.clone()).await, FinalizeCommit::Closed);
    assert_eq!(close(right).await, FinalizeCommit::Already);
    let other = FinalizeCommit::Other(Outcome::Failed);
    assert_eq!(close(request(Outcome::Passed, None, None)).await, other);
    let late = catalog.commit_chunk(&org, id, &chunk(4), 21).await.unwrap();
    assert_eq!(late, ChunkCommit::Finalized);
    assert_eq!(catalog.job_counts(25).await.unwrap().ready, 1);
    let job = catalog.claim_job("me", 25, 100).await.unwrap().unwrap();
    assert_eq!((job.trace, job.org.clone(), job.attempt), (id, acme(), 1));
    assert!(catalog.record_step(&job, "publish", &json!({"a": 1})).await.unwrap());
    assert_eq!(catalog.job(&rival(), &job.key).await.unwrap(), None);
    let found = catalog.job(&acme(), &job.key).await.unwrap().unwrap();
    assert_eq!(found.step_state["publish"], json!({"a": 1}));
}

async fn blobs_are_linked_by_whoever_holds_them(catalog: &dyn Catalog) {
    let (org, one, two) = (acme(), trace(1).id, trace(2).id);
    catalog.register(&org, &trace(2), 1).await.unwrap();
    catalog.register(&rival(), &trace(3), 1).await.unwrap();
    let sha256 = "a".repeat(64);
    let blob = NewBlob {
        sha256: sha256.clone(),
        size: 9,
        media_type: "text/html".to_owned(),
        stored_bytes: 5,
        zstd: true,
    };
    let ask = [sha256.clone(), "b".repeat(64)];
    assert_eq!(catalog.claim_blobs(&org, one, &ask, 2).await.unwrap(), [false, false]);
    assert!(catalog.commit_blob(&org, one, &blob, 2).await.unwrap());
    assert!(!catalog.commit_blob(&org, one, &blob, 2).await.unwrap());
    assert_eq!(catalog.trace_blob(&org, two, &sha256).await.unwrap(), None);
    assert_eq!(catalog.claim_blobs(&org, two, &ask, 2).await.unwrap(), [true, false]);
    let linked = catalog.trace_blob(&org, two, &sha256).await.unwrap().unwrap();
    assert_eq!((linked.size, linked.media_type.as_str(), linked.zstd), (9, "text/html", true));
    assert_eq!(catalog.trace_blobs(&org, two).await.unwrap(), [linked]);
    let theirs = catalog.claim_blobs(&rival(), trace(3).id, &ask, 2).await.unwrap();
    assert_eq!(theirs, [false, false]);
    assert_eq!(catalog.trace_blob(&rival(), one, &sha256).await.unwrap(), None);
    assert!(catalog.stored_blob(&sha256).await.unwrap().is_some());
}

async fn artifacts_of_recorders_never_change(catalog: &dyn Catalog) {
    let (org, id) = (acme(), trace(1).id);
    let row = |name: &str, sha256: &str, ours| ArtifactRow {
        name: name.to_owned(),
        sha256: sha256.to_owned(),
        bytes: 1,
        ours,
    };
    for (name, ours, expect) in [("video.webm", false, "a"), ("summary.json", true, "b")] {
        catalog.commit_artifact(&org, id, &row(name, "a", ours), 3).await.unwrap();
        let kept = catalog.commit_artifact(&org, id, &row(name, "b", ours), 3).await.unwrap();
        assert_eq!(kept.sha256, expect, "{name}");
    }
    assert_eq!(catalog.artifacts(&org, id).await.unwrap().len(), 2);
    assert!(catalog.artifacts(&rival(), id).await.unwrap().is_empty());
}

async fn forms_only_move_forward(catalog: &dyn Catalog) {
    let (org, id) = (acme(), trace(1).id);
    for (form, expect) in [
        (Form::Viewable, Form::Viewable),
        (Form::Archived, Form::Archived),
        (Form::Viewable, Form::Archived),
    ] {
        catalog.set_form(&org, id, form, 7).await.unwrap();
        let found = catalog.find_trace(&org, &TraceRef::Id(id)).await.unwrap().unwrap();
        assert_eq!(found.form, expect);
    }
    catalog.set_pinned(&rival(), id, true).await.unwrap();
    let found = catalog.find_trace(&org, &TraceRef::Id(id)).await.unwrap().unwrap();
    assert!(!found.pinned, "another organisation pinned it");
}
