//! What a recorder is taught, and pictures that are left out rather than shown.

use trace_core::edge::{ContentDraft, Draft, Recorder};

use crate::kit::{check_whole, files, lines, log, of_kind, options, passed};

#[test]
fn a_taught_value_goes_from_what_comes_later_and_is_nowhere_on_the_disk() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    recorder.append(log("before anybody knew: lovelace-17"));
    recorder.learn("lovelace-1815".to_owned());
    recorder.learn("password".to_owned());
    recorder.append(log("typed lovelace-1815 into the password field"));
    recorder.append(log("and bG92ZWxhY2UtMTgxNQ== once more"));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    let texts: Vec<_> = of_kind(&lines, "console.log").iter().map(|line| &line["text"]).collect();
    assert_eq!(texts[1], "typed [REDACTED:input:1] into the password field");
    assert_eq!(texts[2], "and [REDACTED:input-base64:2]== once more");
    for path in files(root.path()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(13).any(|part| part == b"lovelace-1815"), "{}", path.display());
    }
}

#[test]
fn a_picture_that_cannot_be_painted_over_becomes_a_notice() {
    let root = tempfile::tempdir().unwrap();
    let recorder = Recorder::start(options(root.path(), 1)).unwrap();
    let picture = |covered: &str| Draft {
        kind: "screenshot".to_owned(),
        payload: format!(
            r#"{{"page":"p1","reason":"heartbeat","width":8,"height":8,"covered":{covered}}}"#
        ),
        contents: vec![ContentDraft {
            field: "image".to_owned(),
            media_type: "image/jpeg".to_owned(),
            data: b"secret pixels".to_vec(),
            truncated: 0,
        }],
        ..Draft::default()
    };
    recorder.append(picture("[]"));
    recorder.append(picture("[[0,0,1,1]]"));
    let report = passed(&recorder);
    let lines = lines(&report.dir);
    check_whole(&lines);
    assert_eq!(of_kind(&lines, "screenshot").len(), 1);
    let notice = of_kind(&lines, "capture.notice")[0];
    assert_eq!(
        (&notice["code"], &notice["source"]),
        (&"screenshot.left_out".into(), &"screenshot".into())
    );
}
