//! One suite for every store.

use trace_core::blob::{BlobId, ObjectKey, TracePrefix};
use trace_core::edge::{S3Options, Store, StoreError};

use crate::bucket::Bucket;
use crate::kit::{WALL_MS, trace_id};

async fn conforms(store: &Store) {
    let prefix = TracePrefix::new(&"acme".parse().unwrap(), WALL_MS, trace_id(1)).unwrap();
    let (first, second) = (prefix.chunk(1), prefix.chunk(2));
    let blob = ObjectKey::blob(&BlobId::of(b"blob"));

    assert!(matches!(store.get(&first).await, Err(StoreError::NotFound(_))));
    assert!(matches!(store.head(&first).await, Err(StoreError::NotFound(_))));
    store.put(&first, &b"one"[..]).await.unwrap();
    store.put(&first, &b"one again"[..]).await.unwrap();
    store.put(&second, vec![2; 100_000]).await.unwrap();
    assert!(store.put_if_absent(&blob, &b"blob"[..]).await.unwrap());
    assert!(!store.put_if_absent(&blob, &b"other"[..]).await.unwrap());

    assert_eq!(&store.get(&first).await.unwrap()[..], b"one again");
    assert_eq!(&store.get(&blob).await.unwrap()[..], b"blob");
    assert_eq!(&store.get_range(&first, 4..9).await.unwrap()[..], b"again");
    assert_eq!(store.get_range(&second, 99_990..100_000).await.unwrap().len(), 10);
    let head = store.head(&second).await.unwrap();
    assert_eq!((head.key.as_str(), head.size), (second.as_str(), 100_000));
    assert!(head.modified_ms > WALL_MS);

    let listed = store.list(prefix.as_str()).await.unwrap();
    let keys: Vec<&str> = listed.iter().map(|object| object.key.as_str()).collect();
    assert_eq!(keys, [first.as_str(), second.as_str()]);
    assert_eq!(store.list("blobs/sha256/").await.unwrap().len(), 1);
    assert_eq!(store.list("nothing/here").await.unwrap(), []);

    store.delete(&first).await.unwrap();
    store.delete(&first).await.unwrap();
    assert!(matches!(store.get(&first).await, Err(StoreError::NotFound(_))));
    assert_eq!(store.list(prefix.as_str()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn memory_conforms() {
    conforms(&Store::memory()).await;
}

#[tokio::test]
async fn a_directory_conforms() {
    let root = tempfile::tempdir().unwrap();
    conforms(&Store::directory(&root.path().join("made/on/demand")).unwrap()).await;
}

#[tokio::test]
async fn a_bucket_conforms() {
    let bucket = Bucket::start("traces");
    let options = S3Options {
        endpoint: Some(bucket.url.clone()),
        region: "eu-central-1".to_owned(),
        bucket: "traces".to_owned(),
        access_key_id: "fake-id".to_owned(),
        secret_access_key: "fake-secret".to_owned(),
        path_style: true,
    };
    assert!(!format!("{options:?}").contains("fake"));
    conforms(&Store::s3(&options).unwrap()).await;
    assert_eq!(bucket.unsigned(), 0);
}
