//! The frozen format: what was written once is read for ever.

use proptest::prelude::*;

use super::*;
use crate::fact::{Kind as ReportKind, Place, Status};
use crate::geo::Point;
use crate::id::{CodeHash, RequestId};

const ORG: OrgId = OrgId([3; 16]);
const DATA_KEY: [u8; 32] = [9; 32];

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn facts() -> Vec<Fact> {
    let bodies = vec![
        Body::ReportFiled {
            kind: ReportKind::Problem,
            category: "lighting".parse().unwrap(),
            department: "streets".parse().unwrap(),
            place: Place { point: Point { lat_e7: 601_699_000, lon_e7: 249_384_000 }, address: Some("Mannerheimintie 5".into()) },
            text: "Lamppu on pimeä.".into(),
            language: "fi".parse().unwrap(),
            answers: [("pole".parse().unwrap(), "17".to_owned())].into(),
            photo: None,
            code: Some(CodeHash([5; 32])),
        },
        Body::StatusSet { status: Status::Fixed, answer: Some("New bulb.".into()) },
        Body::Merged { into: None },
    ];
    bodies.into_iter().map(|body| Fact { request: Some(RequestId([1; 16])), undoes: None, body }).collect()
}

fn sealed_chain() -> Vec<Sealed> {
    let mut prev = None;
    facts()
        .into_iter()
        .zip(1..)
        .map(|(fact, seq)| {
            let draft = Draft { subject: [4; 16], refs: prev.into_iter().collect(), actor: Some(StaffId([6; 8])), fact };
            let at = Position { epoch: 2, seq, prev, hlc: Hlc::new(1_790_000_000_000 + seq, 1) };
            let sealed = seal(&draft, ORG, at, &key(), &DATA_KEY, &[8; 56]).unwrap();
            prev = Some(sealed.id);
            sealed
        })
        .collect()
}

/// Three events of version 1 as this project first wrote them (lengths in four bytes, big-endian). Never regenerate this file:
/// a difference means that old boxes can no longer be read.
const GOLDEN: &[u8] = include_bytes!("golden-v1.bin");

fn golden() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rest = GOLDEN;
    let mut take = move || -> Option<Vec<u8>> {
        let (length, tail) = rest.split_first_chunk::<4>()?;
        let (part, tail) = tail.split_at(u32::from_be_bytes(*length) as usize);
        rest = tail;
        Some(part.to_vec())
    };
    std::iter::from_fn(|| Some((take()?, take()?))).collect()
}

#[test]
fn the_first_events_ever_written_still_read() {
    let golden = golden();
    assert_eq!(golden.len(), 3);
    for ((signed, payload), fact) in golden.iter().zip(facts()) {
        let (_, header) = verify(signed, &key().verifying_key()).unwrap();
        assert_eq!(id_of(signed), read(signed).ok().map(|(id, _)| id));
        check_payload(&header, payload).unwrap();
        assert_eq!(open(&header, payload, &DATA_KEY).unwrap(), fact);
    }
}

#[test]
fn the_format_is_still_written_byte_for_byte() {
    let written: Vec<u8> = sealed_chain()
        .into_iter()
        .flat_map(|sealed| [sealed.signed, sealed.payload])
        .flat_map(|part| [(part.len() as u32).to_be_bytes().to_vec(), part].concat())
        .collect();
    if let Some(path) = std::env::var_os("WEGOVNOW_WRITE_GOLDEN") {
        std::fs::write(path, &written).unwrap();
    }
    assert_eq!(written, GOLDEN);
}

#[test]
fn facts_are_sorted_as_the_general_encoder_sorts_them() {
    let texts =
        |words: &[&str]| words.iter().map(|word| (word.parse().unwrap(), word.repeat(30))).collect::<crate::fact::Texts>();
    let mut facts = facts();
    let department = crate::fact::Department { code: "parks".parse().unwrap(), names: texts(&["sv", "en-gb", "fi", "a", "zz"]) };
    facts.push(Fact { request: None, undoes: Some(EventId([2; 32])), body: Body::DepartmentDefined(department) });
    facts.push(Fact { request: None, undoes: None, body: Body::NoteAdded { text: "ä".repeat(40_000) } });
    for fact in facts {
        let mut value = Value::serialized(&fact).unwrap();
        sort_maps(&mut value);
        assert_eq!(fact_bytes(&fact).unwrap(), to_vec(&value), "{fact:?}");
        let plain = to_vec(&Value::serialized(&fact).unwrap());
        assert_eq!(cbor::sorted(&plain), Some(to_vec(&value)), "without the general encoder's help");
    }
}

#[test]
fn another_signature_payload_or_key_is_noticed() {
    let sealed = &sealed_chain()[0];
    let stranger = SigningKey::from_bytes(&[1; 32]);
    assert_eq!(verify(&sealed.signed, &stranger.verifying_key()), Err(BadEvent::Signature));
    let mut other = sealed.payload.clone();
    other[60] ^= 1;
    assert_eq!(check_payload(&sealed.header, &other), Err(BadEvent::Commitment));
    assert_eq!(open(&sealed.header, &other, &DATA_KEY), Err(BadEvent::Sealed));
    assert_eq!(open(&sealed.header, &sealed.payload, &[0; 32]), Err(BadEvent::Sealed));
    let moved = Header { seq: 99, ..sealed.header.clone() };
    assert_eq!(open(&moved, &sealed.payload, &DATA_KEY), Err(BadEvent::Sealed), "a payload belongs to its place");
}

#[test]
fn what_this_program_wrote_reads_as_any_cose_would_be_read() {
    for sealed in sealed_chain() {
        let (id, header, _) = parse(&sealed.signed).unwrap();
        assert_eq!(read(&sealed.signed), Ok((id, header)));
        // A longer head than needed, which other programs may write: it is no part of what is signed.
        let (protected, content, signature) = parts(&sealed.signed).unwrap();
        let mut other = vec![0x98, 4];
        cbor::bytes(&mut other, protected);
        cbor::map(&mut other, 0);
        cbor::bytes(&mut other, content);
        cbor::bytes(&mut other, signature);
        assert!(parts(&other).is_none());
        assert_eq!(read(&other).unwrap().0, id);
        assert_eq!(verify(&other, &key().verifying_key()).unwrap().0, id);
    }
}

#[test]
fn every_kind_has_one_number() {
    for (i, kind) in KINDS.iter().enumerate() {
        assert!(KINDS[..i].iter().all(|other| other.number != kind.number && other.name != kind.name));
    }
    for fact in facts() {
        assert!(kind_named(kind_of(&fact.body)).is_some());
    }
}

proptest! {
    #[test]
    fn a_flipped_bit_anywhere_in_the_header_is_refused(at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let sealed = &sealed_chain()[1];
        let mut signed = sealed.signed.clone();
        let at = at.index(signed.len());
        signed[at] ^= 1 << bit;
        prop_assert!(verify(&signed, &key().verifying_key()).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        prop_assert!(read(&bytes).is_err());
        let _ = (id_of(&bytes), cbor::sorted(&bytes));
        prop_assert!(Header::from_bytes(&bytes).is_err());
    }
}
