//! The part of S3 that the store uses, in memory: objects, ranges, conditional puts and listings.
//!
//! It sees that every request is signed but does not check the signature: that is the `object_store` crate's own part.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::server::{Asked, read};

type Objects = Mutex<BTreeMap<String, Vec<u8>>>;

pub(crate) struct Bucket {
    pub(crate) url: String,
    unsigned: Arc<AtomicUsize>,
}

impl Bucket {
    pub(crate) fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let unsigned = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&unsigned);
        let objects = Arc::new(Objects::default());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (objects, count) = (Arc::clone(&objects), Arc::clone(&count));
                std::thread::spawn(move || {
                    let Some(asked) = read(&stream) else { return };
                    let scope = "eu-central-1/s3/aws4_request";
                    let signed = asked.headers.get("authorization");
                    if !signed.is_some_and(|text| text.contains(scope)) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    answer(stream, &asked, name, &mut objects.lock().unwrap());
                });
            }
        });
        Self { url, unsigned }
    }

    pub(crate) fn unsigned(&self) -> usize {
        self.unsigned.load(Ordering::SeqCst)
    }
}

fn answer(stream: TcpStream, asked: &Asked, bucket: &str, objects: &mut BTreeMap<String, Vec<u8>>) {
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    let key = path.trim_start_matches('/').strip_prefix(bucket).unwrap_or_default();
    let key = key.trim_start_matches('/').to_owned();
    match (asked.method.as_str(), objects.contains_key(&key)) {
        ("GET", _) if key.is_empty() => {
            reply(stream, 200, "", list(query, objects).as_bytes(), true);
        }
        ("PUT", true) if asked.headers.get("if-none-match").is_some_and(|tag| tag == "*") => {
            reply(stream, 412, "", b"<Error><Code>PreconditionFailed</Code></Error>", true);
        }
        ("PUT", _) => {
            objects.insert(key, asked.body.clone());
            reply(stream, 200, "", b"", true);
        }
        ("POST", _) if query.starts_with("delete") => {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            let keys = body.split("<Key>").skip(1).filter_map(|part| part.split("</Key>").next());
            let mut told = String::new();
            for key in keys {
                objects.remove(key);
                told.push_str("<Deleted><Key>");
                told.push_str(key);
                told.push_str("</Key></Deleted>");
            }
            let told = format!("<DeleteResult>{told}</DeleteResult>");
            reply(stream, 200, "", told.as_bytes(), true);
        }
        (_, false) => reply(stream, 404, "", b"<Error><Code>NoSuchKey</Code></Error>", true),
        ("HEAD", true) => reply(stream, 200, "", &objects[&key], false),
        (_, true) => match asked.headers.get("range").and_then(|text| range(text)) {
            Some((start, end)) => {
                let all = &objects[&key];
                let end = end.min(all.len() - 1);
                let head = format!("content-range: bytes {start}-{end}/{}\r\n", all.len());
                reply(stream, 206, &head, &all[start..=end], true);
            }
            None => reply(stream, 200, "", &objects[&key], true),
        },
    }
}

fn range(text: &str) -> Option<(usize, usize)> {
    let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some((start.parse().ok()?, end.parse().ok()?))
}

fn list(query: &str, objects: &BTreeMap<String, Vec<u8>>) -> String {
    let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or_default();
    let prefix = prefix.replace("%2F", "/");
    let rows = objects.iter().filter(|(key, _)| key.starts_with(&prefix)).map(|(key, bytes)| {
        let size = bytes.len();
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified>\
             <ETag>\"e\"</ETag><Size>{size}</Size></Contents>"
        )
    });
    let rows: String = rows.collect();
    format!("<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>")
}

fn reply(mut stream: TcpStream, status: u16, head: &str, body: &[u8], shows: bool) {
    let text = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\netag: \"e\"\r\n\
         last-modified: Sat, 21 Nov 2026 10:00:00 GMT\r\n{head}\r\n",
        body.len()
    );
    drop(stream.write_all(text.as_bytes()));
    if shows {
        drop(stream.write_all(body));
    }
}
