//! What every fuzz target does with its bytes. A target fails by panicking; each also asserts what must hold of input that is accepted, and
//! says whether it was.

// A panic is how a target says that it found something.
#![allow(clippy::expect_used, clippy::unwrap_used)]

pub mod mutation;

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use ed25519_dalek::SigningKey;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use store::code::FollowCode;
use store::event::{self, Header};
use store::fact::Fact;

/// Tries one input; true when it was accepted.
pub type Target = fn(&[u8]) -> bool;

/// Every target by name; each has seeds in `seeds/NAME` and a libFuzzer program in `targets/NAME.rs`.
pub const TARGETS: [(&str, Target); 10] = [
    ("body", body),
    ("border", border),
    ("change", change),
    ("code", code),
    ("envelope", envelope),
    ("extract", extract),
    ("fact", fact),
    ("pairing", pairing),
    ("text", text),
    ("town", town),
];

/// The device whose events are the seeds.
pub static DEVICE: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::from_bytes(&[7; 32]));

/// The data key of the seeds' payloads.
pub const DATA_KEY: [u8; 32] = [9; 32];

/// A town file ends with the SHA-256 of all before.
const DIGEST_LEN: usize = 32;

/// An event from anywhere: length of the signed part (two bytes, big-endian), signed part, payload.
pub fn envelope(data: &[u8]) -> bool {
    // The signed part alone, and a header alone.
    let _ = event::read(data);
    if let Ok(header) = Header::from_bytes(data) {
        assert_eq!(header.to_bytes(), data, "a header was accepted that this program would have written otherwise");
        return true;
    }
    let Some((length, rest)) = data.split_first_chunk::<2>() else { return false };
    let Some((signed, payload)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { return false };
    let Ok((id, header)) = event::read(signed) else { return false };
    if let Ok(verified) = event::verify(signed, &DEVICE.verifying_key()) {
        assert_eq!(verified, (id, header.clone()), "reading and verifying disagree");
    }
    let _ = event::check_payload(&header, payload);
    let _ = event::open(&header, payload, &DATA_KEY);
    true
}

/// The fact inside an opened payload.
pub fn fact(data: &[u8]) -> bool {
    let Ok(fact) = ciborium::de::from_reader_with_recursion_limit::<Fact, _>(data, 16) else { return false };
    let Ok(bytes) = event::fact_bytes(&fact) else { return false };
    let again: Fact = ciborium::from_reader(bytes.as_slice()).expect("a fact that was written can be read");
    assert_eq!(again, fact);
    true
}

/// Bodies and queries of the local API: the first byte chooses which.
pub fn body(data: &[u8]) -> bool {
    let Some((which, json)) = data.split_first() else { return false };
    match which % 16 {
        0 => round_trip::<api::NewReport>(json),
        1 => round_trip::<api::NewSupport>(json),
        2 => round_trip::<api::NewComment>(json),
        3 => round_trip::<api::Follow>(json),
        4 => round_trip::<api::Decide>(json),
        5 => round_trip::<api::ReportQuery>(json),
        6 => round_trip::<api::QueueQuery>(json),
        7 => round_trip::<api::NearQuery>(json),
        _ => round_trip::<api::ClusterQuery>(json),
    }
}

fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(json: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(json) else { return false };
    let text = serde_json::to_string(&value).expect("what was read can be written");
    assert_eq!(serde_json::from_str::<T>(&text).expect("what was written can be read"), value, "{text}");
    true
}

/// A follow-up code as somebody types it.
pub fn code(data: &[u8]) -> bool {
    let Ok(code) = FollowCode::from_str(&String::from_utf8_lossy(data)) else { return false };
    assert_eq!(FollowCode::from_str(&code.to_string()), Ok(code));
    true
}

/// Text of strangers.
pub fn text(data: &[u8]) -> bool {
    let text = String::from_utf8_lossy(data);
    let _ = store::text::title(&text, 60);
    let folded = store::text::fold(&text);
    assert_eq!(store::text::fold(&folded), folded, "folding folded text changed it");
    let Ok(clean) = store::text::clean(&text) else { return false };
    assert!(clean.chars().all(|c| c == '\n' || !c.is_control()), "a control character came through: {clean:?}");
    assert!(!clean.contains(['\u{202E}', '\u{2066}', '\u{FEFF}']), "a hiding character came through: {clean:?}");
    assert_eq!(store::text::clean(&clean).as_deref(), Ok(clean.as_str()), "cleaning clean text changed it");
    true
}

/// What anybody in the network may send to a box that waits to be paired: code and settings.
pub fn pairing(data: &[u8]) -> bool {
    let Ok(provision::Sent { code, text }) = provision::sent(data) else { return false };
    assert!(!code.is_empty() && code.len() <= provision::CODE_LEN_MAX && !code.contains('\n'));
    let settings = match provision::check_sent(&text, Some("B-7")) {
        Ok(settings) => settings,
        Err(problems) => {
            assert!(!problems.is_empty(), "refused, and nobody is told why");
            return false;
        }
    };
    assert!(!settings.technician.is_empty(), "settings that let nobody in were taken");
    // Each key is one line of authorized_keys, behind options that we write.
    assert!(settings.technician.iter().all(|key| !key.contains(['\n', '\r', '\0'])));
    // What is kept is read at every start.
    assert_eq!(provision::check(&text, Some("B-7")), Ok(settings));
    true
}

/// A damaged town file whose checksum fits: made by somebody, not broken by a disk.
pub fn town(data: &[u8]) -> bool {
    let Some((body, _)) = data.split_last_chunk::<DIGEST_LEN>() else { return false };
    let mut bytes = body.to_vec();
    bytes.extend(Sha256::digest(body));
    let path = scratch("town");
    std::fs::write(&path, bytes).expect("the scratch directory takes a file");
    let town = map::Town::open(&path);
    // The open file stays readable.
    let _ = std::fs::remove_file(&path);
    let Ok(town) = town else { return false };
    let view = map::View::over(town.bounds(), 320.0, 240.0);
    let drawing = town.features(view.rect(8.0), view.zoom);
    assert_eq!(drawing.iter().count(), drawing.len());
    let _ = town.place_labels(&view, Some("en"), &mut |text, size_px| text.chars().count() as f32 * size_px / 2.0);
    for question in ["birch 7", "birch & elm", "pharmacy near birch 7"] {
        let _ = town.search(question, None, 10);
    }
    let _ = town.reverse(60.164, 24.928);
    let _ = town.stamps().count();
    true
}

/// A damaged OpenStreetMap extract.
pub fn extract(data: &[u8]) -> bool {
    let (pbf, out) = (scratch("osm.pbf"), scratch("imported"));
    std::fs::write(&pbf, data).expect("the scratch directory takes a file");
    let is_accepted = map::import(&pbf, None, &out, &mut |_| {}).is_ok();
    if is_accepted {
        map::Town::open(&out).expect("an import that succeeded can be opened");
    }
    for path in [&pbf, &out] {
        let _ = std::fs::remove_file(path);
    }
    is_accepted
}

/// A damaged change file, for an extract that is whole.
pub fn change(data: &[u8]) -> bool {
    static EXTRACT: LazyLock<PathBuf> = LazyLock::new(|| {
        let path = scratch("whole.osm.pbf");
        map::pbf::testville::extract().write(&path).expect("the scratch directory takes a file");
        path
    });
    let (file, out) = (scratch("osc"), scratch("changed"));
    std::fs::write(&file, data).expect("the scratch directory takes a file");
    let changes = [file];
    let sources = map::import::Sources { extract: &EXTRACT, changes: &changes, border: None, name: None };
    let is_accepted = map::import::import_all(sources, &out, &mut |_| {}).is_ok();
    if is_accepted {
        map::Town::open(&out).expect("an import that succeeded can be opened");
    }
    for path in [&changes[0], &out] {
        let _ = std::fs::remove_file(path);
    }
    is_accepted
}

/// A border as GeoJSON.
pub fn border(data: &[u8]) -> bool {
    let Ok(area) = map::geojson::area(&String::from_utf8_lossy(data)) else { return false };
    assert!(area.bounds().is_some(), "an area without corners was accepted");
    true
}

/// A file of this process's own: fuzzers run side by side.
fn scratch(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wegovnow-fuzz-{}.{name}", std::process::id()))
}
