//! The envelope: the one frozen, versioned format. What is written here is read for ever.
//!
//! An event is a COSE_Sign1 (RFC 9052, Ed25519 by RFC 9053) over a header, and a payload that lives apart from it and can be deleted.
//! The protected COSE header carries `alg` (EdDSA) and `kid` (the device id). The signed content is deterministic CBOR
//! (RFC 8949 §4.2.1): a map with these integer keys, all present, in this order.
//!
//! | key | field  | CBOR | meaning |
//! |----:|--------|------|---------|
//! |  1 | `v`    | uint | envelope version, 1. Another version is kept and not understood |
//! |  2 | `kind` | uint | number of the kind, [`KINDS`]. An unknown kind is kept and not understood |
//! |  3 | `org`  | bstr 16 | municipality |
//! |  4 | `dev`  | bstr 16 | device: first half of SHA-256 of its public key |
//! |  5 | `ep`   | uint 32 | epoch of the device's chain; a new one after every restore or rebuild, so that (`ep`, `seq`) is never used twice |
//! |  6 | `seq`  | uint 64 | place in the chain of (`dev`, `ep`), from 1 without gaps |
//! |  7 | `prev` | bstr 32 / null | id of the event before in (`dev`, `ep`) |
//! |  8 | `hlc`  | uint 64 | hybrid logical time: milliseconds × 65536 + counter |
//! |  9 | `subj` | bstr 16 | what it is about (a report's id; zeros for the site itself) |
//! | 10 | `refs` | array of ≤ 8 bstr 32 | decisions about `subj` that this one has seen: tells "after" from "at the same time" |
//! | 11 | `act`  | bstr 8 / null | pseudonym of the member of staff; null = nobody in particular |
//! | 12 | `auth` | bstr 32 / null | id of the role grant relied on; null = the box's own table of staff |
//! | 13 | `ph`   | [bstr 32, uint 32] | SHA-256 of the payload bytes, and their number |
//! | 14 | `kid`  | bstr 16 | data key of the payload: one per subject, equal to `subj` |
//! | 15 | `cls`  | [uint, uint] | data class (0 public, 1 internal, 2 personal, 3 ballot), retention class (0 record, 1 case) |
//!
//! `id = SHA-256(header bytes)`, the COSE payload alone: it names the content, not the signature.
//!
//! The payload is `salt (32 random bytes) ‖ nonce (24) ‖ XChaCha20-Poly1305(data key, nonce, fact)` with the deterministic CBOR array
//! `[v, kind, org, dev, ep, seq, subj]` as associated data. The fact is deterministic CBOR of [`Fact`] with text keys. The salt makes `ph` more
//! than a guessable hash of personal data; it dies with the payload.
//!
//! Limits: header 2 KiB, payload 64 KiB.

mod cbor;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ciborium::Value;
use coset::{CborSerializable, CoseSign1, iana};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::fact::{Body, Fact};
use crate::id::{DeviceId, EventId, KeyId, OrgId, StaffId};
use crate::time::Hlc;

/// Version of the envelope that this code writes.
pub const VERSION: u64 = 1;
/// Largest signed header, in bytes.
pub const HEADER_MAX: usize = 2 * 1024;
/// Largest payload, in bytes.
pub const PAYLOAD_MAX: usize = 64 * 1024;
/// Most references of one event.
pub const REFS_MAX: usize = 8;

const SALT: usize = 32;
const NONCE: usize = 24;

/// A kind of event: number (frozen), name, data class, retention class.
pub struct Kind {
    /// The number in the header.
    pub number: u16,
    /// The name people read.
    pub name: &'static str,
    /// Data class: 0 public, 1 internal, 2 personal, 3 ballot.
    pub class: u8,
    /// Retention class: 0 = as long as the site's record, 1 = as long as the case.
    pub retention: u8,
}

const fn kind(number: u16, name: &'static str, class: u8, retention: u8) -> Kind {
    Kind { number, name, class, retention }
}

/// Every kind. Numbers are never used again.
pub const KINDS: &[Kind] = &[
    kind(1, "device.enrolled", 0, 0),
    kind(2, "epoch.started", 0, 0),
    kind(16, "site.opened", 0, 0),
    kind(17, "department.defined", 0, 0),
    kind(18, "category.defined", 0, 0),
    kind(32, "report.filed", 2, 1),
    kind(33, "support.given", 0, 1),
    kind(34, "comment.made", 2, 1),
    kind(48, "status.set", 0, 1),
    kind(49, "category.changed", 0, 1),
    kind(50, "department.changed", 0, 1),
    kind(51, "case.assigned", 1, 1),
    kind(52, "note.added", 1, 1),
    kind(53, "case.merged", 0, 1),
    kind(54, "case.deferred", 1, 1),
    kind(55, "content.hidden", 1, 1),
    kind(56, "content.shown", 1, 1),
];

/// The kind's number of a body.
pub fn kind_of(body: &Body) -> u16 {
    match body {
        Body::DeviceEnrolled { .. } => 1,
        Body::EpochStarted { .. } => 2,
        Body::SiteOpened(_) => 16,
        Body::DepartmentDefined(_) => 17,
        Body::CategoryDefined(_) => 18,
        Body::ReportFiled { .. } => 32,
        Body::SupportGiven { .. } => 33,
        Body::CommentMade { .. } => 34,
        Body::StatusSet { .. } => 48,
        Body::CategoryChanged { .. } => 49,
        Body::DepartmentChanged { .. } => 50,
        Body::Assigned { .. } => 51,
        Body::NoteAdded { .. } => 52,
        Body::Merged { .. } => 53,
        Body::Deferred { .. } => 54,
        Body::Hidden { .. } => 55,
        Body::Shown { .. } => 56,
    }
}

/// The registry's entry of a number.
pub fn kind_named(number: u16) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.number == number)
}

/// The signed header. Field by field: the module's table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub version: u64,
    pub kind: u16,
    pub org: OrgId,
    pub device: DeviceId,
    pub epoch: u32,
    pub seq: u64,
    pub prev: Option<EventId>,
    pub hlc: Hlc,
    pub subject: [u8; 16],
    pub refs: Vec<EventId>,
    pub actor: Option<StaffId>,
    pub grant: Option<EventId>,
    pub payload_hash: [u8; 32],
    pub payload_bytes: u32,
    pub key: KeyId,
    pub class: u8,
    pub retention: u8,
}

/// What the domain gives to be sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What it is about; zeros for the site.
    pub subject: [u8; 16],
    /// Decisions seen.
    pub refs: Vec<EventId>,
    /// Who, if staff.
    pub actor: Option<StaffId>,
    /// What happened.
    pub fact: Fact,
}

/// An event as the domain reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// SHA-256 of the header bytes.
    pub id: EventId,
    /// The header.
    pub header: Header,
    /// What happened; none when the payload was erased, its key destroyed, or its kind is not known to this version.
    pub fact: Option<Fact>,
}

/// An event as it lies on disk and travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// SHA-256 of the header bytes.
    pub id: EventId,
    /// The header.
    pub header: Header,
    /// COSE_Sign1 bytes.
    pub signed: Vec<u8>,
    /// Salt, nonce and ciphertext.
    pub payload: Vec<u8>,
}

/// Why bytes are not an event, or not a true one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    #[error("the {part} has {bytes} bytes, at most {max} are allowed")]
    TooLarge { part: &'static str, bytes: usize, max: usize },
    #[error("not a COSE_Sign1 structure: {0}")]
    Cose(String),
    #[error("the header is not deterministic CBOR of the envelope: {0}")]
    Header(&'static str),
    #[error("the envelope has version {0}, this program reads {VERSION}")]
    Version(u64),
    #[error("the signature is not the device's")]
    Signature,
    #[error("the payload is not the one that the header commits to")]
    Commitment,
    #[error("the payload does not open with its data key")]
    Sealed,
    #[error("the fact cannot be read: {0}")]
    Fact(String),
}

/// A device's identity.
pub fn device_id(key: &VerifyingKey) -> DeviceId {
    let hash = Sha256::digest(key.as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    DeviceId(id)
}

/// Position and stamp that a device's chain gives to a draft.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    pub epoch: u32,
    pub seq: u64,
    pub prev: Option<EventId>,
    pub hlc: Hlc,
}

/// Seals a draft. `chance` holds 56 random bytes: salt and nonce.
pub fn seal(
    draft: &Draft,
    org: OrgId,
    at: Position,
    key: &SigningKey,
    data_key: &[u8; 32],
    chance: &[u8; SALT + NONCE],
) -> Result<Sealed, BadEvent> {
    let plain = fact_bytes(&draft.fact)?;
    let linked = wrap(draft, &plain, org, device_id(&key.verifying_key()), at, data_key, chance)?.link(at.prev);
    let signed = linked.sign(key)?;
    Ok(linked.sealed(signed))
}

/// A draft with its payload, which needs neither the event before nor a signature: of a batch, all can be made at once.
pub struct Wrapped {
    header: Header,
    payload: Vec<u8>,
}

/// A draft that has its place in the chain and lacks the signature: of a batch, all can be signed at once.
pub struct Linked {
    id: EventId,
    header: Header,
    content: Vec<u8>,
    payload: Vec<u8>,
}

/// First step of [`seal`]: `plain` is [`fact_bytes`] of the draft; `at.prev` is not looked at.
pub fn wrap(
    draft: &Draft,
    plain: &[u8],
    org: OrgId,
    device: DeviceId,
    at: Position,
    data_key: &[u8; 32],
    chance: &[u8; SALT + NONCE],
) -> Result<Wrapped, BadEvent> {
    let number = kind_of(&draft.fact.body);
    let kind = kind_named(number).ok_or(BadEvent::Header("kind"))?;
    let mut header = Header {
        version: VERSION,
        kind: number,
        org,
        device,
        epoch: at.epoch,
        seq: at.seq,
        prev: None,
        hlc: at.hlc,
        subject: draft.subject,
        refs: draft.refs.iter().take(REFS_MAX).copied().collect(),
        actor: draft.actor,
        grant: None,
        payload_hash: [0; 32],
        payload_bytes: 0,
        key: KeyId(draft.subject),
        class: kind.class,
        retention: kind.retention,
    };
    let cipher = XChaCha20Poly1305::new(data_key.into());
    let nonce = XNonce::from_slice(&chance[SALT..]);
    let ciphertext =
        cipher.encrypt(nonce, Payload { msg: plain, aad: &associated_data(&header) }).map_err(|_| BadEvent::Sealed)?;
    let mut payload = Vec::with_capacity(chance.len() + ciphertext.len());
    payload.extend_from_slice(chance);
    payload.extend_from_slice(&ciphertext);
    if payload.len() > PAYLOAD_MAX {
        return Err(BadEvent::TooLarge { part: "payload", bytes: payload.len(), max: PAYLOAD_MAX });
    }
    header.payload_hash = Sha256::digest(&payload).into();
    header.payload_bytes = payload.len() as u32;
    Ok(Wrapped { header, payload })
}

impl Wrapped {
    /// Second step of [`seal`].
    pub fn link(self, prev: Option<EventId>) -> Linked {
        let header = Header { prev, ..self.header };
        let content = header.to_bytes();
        Linked { id: EventId(Sha256::digest(&content).into()), header, content, payload: self.payload }
    }
}

impl Linked {
    /// SHA-256 of the header.
    pub fn id(&self) -> EventId {
        self.id
    }

    /// Third step of [`seal`]: the COSE_Sign1 bytes.
    pub fn sign(&self, key: &SigningKey) -> Result<Vec<u8>, BadEvent> {
        let protected = protected_bytes(&self.header.device);
        // RFC 9052 §4.4.
        let mut to_sign = Vec::with_capacity(self.content.len() + 64);
        cbor::array(&mut to_sign, 4);
        cbor::text(&mut to_sign, "Signature1");
        cbor::bytes(&mut to_sign, &protected);
        cbor::bytes(&mut to_sign, b"");
        cbor::bytes(&mut to_sign, &self.content);
        let mut signed = Vec::with_capacity(self.content.len() + 128);
        cbor::array(&mut signed, 4);
        cbor::bytes(&mut signed, &protected);
        cbor::map(&mut signed, 0);
        cbor::bytes(&mut signed, &self.content);
        cbor::bytes(&mut signed, &key.sign(&to_sign).to_bytes());
        if signed.len() > HEADER_MAX {
            return Err(BadEvent::TooLarge { part: "header", bytes: signed.len(), max: HEADER_MAX });
        }
        Ok(signed)
    }

    /// The event with its signature.
    pub fn sealed(self, signed: Vec<u8>) -> Sealed {
        Sealed { id: self.id, header: self.header, signed, payload: self.payload }
    }
}

/// Reads a signed header without checking the signature: for what this box wrote and the disk's checksums vouch for.
pub fn read(signed: &[u8]) -> Result<(EventId, Header), BadEvent> {
    if signed.len() <= HEADER_MAX
        && let Some((protected, content, _)) = parts(signed)
    {
        let header = Header::from_bytes(content)?;
        if protected == protected_bytes(&header.device) {
            return Ok((EventId(Sha256::digest(content).into()), header));
        }
    }
    let (id, header, _) = parse(signed)?;
    Ok((id, header))
}

/// The id that a signed header has if it is an event: nothing is checked but where its content stands.
pub fn id_of(signed: &[u8]) -> Option<EventId> {
    parts(signed).map(|(_, content, _)| EventId(Sha256::digest(content).into()))
}

/// Protected header, content and signature of a COSE_Sign1 as this program writes it. Nothing where it was written otherwise.
fn parts(signed: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let rest = signed.strip_prefix(&[0x84])?;
    let (protected, rest) = cbor::read_bytes(rest)?;
    let (content, rest) = cbor::read_bytes(rest.strip_prefix(&[0xA0])?)?;
    let (signature, rest) = cbor::read_bytes(rest)?;
    rest.is_empty().then_some((protected, content, signature))
}

/// The protected COSE header: EdDSA, and the device as key id.
fn protected_bytes(device: &DeviceId) -> Vec<u8> {
    let mut protected = Vec::with_capacity(24);
    cbor::map(&mut protected, 2);
    cbor::uint(&mut protected, iana::HeaderParameter::Alg as u64);
    cbor::negative(&mut protected, iana::Algorithm::EdDSA as i64);
    cbor::uint(&mut protected, iana::HeaderParameter::Kid as u64);
    cbor::bytes(&mut protected, &device.0);
    protected
}

/// Reads a signed header and checks all that can be checked without the payload: form, determinism, signature (`verify_strict`).
pub fn verify(signed: &[u8], key: &VerifyingKey) -> Result<(EventId, Header), BadEvent> {
    let (id, header, cose) = parse(signed)?;
    if device_id(key) != header.device {
        return Err(BadEvent::Signature);
    }
    cose.verify_signature(b"", |signature, content| {
        let signature = Signature::from_slice(signature).map_err(|_| BadEvent::Signature)?;
        key.verify_strict(content, &signature).map_err(|_| BadEvent::Signature)
    })?;
    Ok((id, header))
}

/// Whether the payload is the one that the header commits to.
pub fn check_payload(header: &Header, payload: &[u8]) -> Result<(), BadEvent> {
    let fits = payload.len() == header.payload_bytes as usize && Sha256::digest(payload).as_slice() == header.payload_hash;
    if fits { Ok(()) } else { Err(BadEvent::Commitment) }
}

/// Opens a payload. An unknown kind of fact is an error of the kind [`BadEvent::Fact`].
pub fn open(header: &Header, payload: &[u8], data_key: &[u8; 32]) -> Result<Fact, BadEvent> {
    if payload.len() < SALT + NONCE {
        return Err(BadEvent::Commitment);
    }
    let (nonce, ciphertext) = payload[SALT..].split_at(NONCE);
    let plain = XChaCha20Poly1305::new(data_key.into())
        .decrypt(XNonce::from_slice(nonce), Payload { msg: ciphertext, aad: &associated_data(header) })
        .map_err(|_| BadEvent::Sealed)?;
    ciborium::from_reader(plain.as_slice()).map_err(|error| BadEvent::Fact(error.to_string()))
}

fn parse(signed: &[u8]) -> Result<(EventId, Header, CoseSign1), BadEvent> {
    if signed.len() > HEADER_MAX {
        return Err(BadEvent::TooLarge { part: "header", bytes: signed.len(), max: HEADER_MAX });
    }
    let cose = CoseSign1::from_slice(signed).map_err(|error| BadEvent::Cose(error.to_string()))?;
    let bytes = cose.payload.as_deref().ok_or(BadEvent::Header("no content"))?;
    let header = Header::from_bytes(bytes)?;
    let id = EventId(Sha256::digest(bytes).into());
    let names_device = cose.protected.header.key_id == header.device.0;
    let ed25519 = cose.protected.header.alg == Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA));
    if !names_device || !ed25519 || !cose.unprotected.is_empty() {
        return Err(BadEvent::Cose("protected header is not EdDSA with the device as key id".to_owned()));
    }
    Ok((id, header, cose))
}

fn to_vec(value: &Value) -> Vec<u8> {
    let mut out = Vec::with_capacity(320);
    // Writing to memory cannot fail, and every value here is one that CBOR has.
    let _ = ciborium::into_writer(value, &mut out);
    out
}

fn associated_data(header: &Header) -> Vec<u8> {
    let mut out = Vec::with_capacity(80);
    cbor::array(&mut out, 7);
    cbor::uint(&mut out, header.version);
    cbor::uint(&mut out, header.kind.into());
    cbor::bytes(&mut out, &header.org.0);
    cbor::bytes(&mut out, &header.device.0);
    cbor::uint(&mut out, header.epoch.into());
    cbor::uint(&mut out, header.seq);
    cbor::bytes(&mut out, &header.subject);
    out
}

/// Deterministic CBOR of a fact: maps sorted by the bytes of their encoded keys (RFC 8949 §4.2.1).
pub fn fact_bytes(fact: &Fact) -> Result<Vec<u8>, BadEvent> {
    let mut plain = Vec::with_capacity(512);
    ciborium::into_writer(fact, &mut plain).map_err(|error| BadEvent::Fact(error.to_string()))?;
    if let Some(sorted) = cbor::sorted(&plain) {
        return Ok(sorted);
    }
    let mut value = Value::serialized(fact).map_err(|error| BadEvent::Fact(error.to_string()))?;
    sort_maps(&mut value);
    Ok(to_vec(&value))
}

fn sort_maps(value: &mut Value) {
    match value {
        Value::Map(entries) => {
            entries.iter_mut().for_each(|(_, value)| sort_maps(value));
            entries.sort_by_cached_key(|(key, _)| to_vec(key));
        }
        Value::Array(items) => items.iter_mut().for_each(sort_maps),
        _ => {}
    }
}

impl Header {
    /// Deterministic CBOR.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(320 + 34 * self.refs.len());
        cbor::map(&mut out, 15);
        let mut keys = 1..;
        // Writes the next key: the table's keys are 1, 2, 3, …
        let mut field = |out: &mut Vec<u8>| cbor::uint(out, keys.next().unwrap_or_default());
        field(&mut out);
        cbor::uint(&mut out, self.version);
        field(&mut out);
        cbor::uint(&mut out, self.kind.into());
        field(&mut out);
        cbor::bytes(&mut out, &self.org.0);
        field(&mut out);
        cbor::bytes(&mut out, &self.device.0);
        field(&mut out);
        cbor::uint(&mut out, self.epoch.into());
        field(&mut out);
        cbor::uint(&mut out, self.seq);
        field(&mut out);
        cbor::bytes_or_null(&mut out, self.prev.as_ref().map(|id| id.0.as_slice()));
        field(&mut out);
        cbor::uint(&mut out, self.hlc.0);
        field(&mut out);
        cbor::bytes(&mut out, &self.subject);
        field(&mut out);
        cbor::array(&mut out, self.refs.len());
        self.refs.iter().for_each(|id| cbor::bytes(&mut out, &id.0));
        field(&mut out);
        cbor::bytes_or_null(&mut out, self.actor.as_ref().map(|id| id.0.as_slice()));
        field(&mut out);
        cbor::bytes_or_null(&mut out, self.grant.as_ref().map(|id| id.0.as_slice()));
        field(&mut out);
        cbor::array(&mut out, 2);
        cbor::bytes(&mut out, &self.payload_hash);
        cbor::uint(&mut out, self.payload_bytes.into());
        field(&mut out);
        cbor::bytes(&mut out, &self.key.0);
        field(&mut out);
        cbor::array(&mut out, 2);
        cbor::uint(&mut out, self.class.into());
        cbor::uint(&mut out, self.retention.into());
        out
    }

    /// Reads deterministic CBOR; anything that this program would have written otherwise is refused.
    pub fn from_bytes(content: &[u8]) -> Result<Header, BadEvent> {
        let mut fields = Fields { rest: cbor::Reader(content), next: 1 };
        let entries = fields.rest.map().ok_or(BadEvent::Header("not a map"))?;
        let version = fields.read("v", cbor::Reader::uint)?;
        if version != VERSION {
            return Err(BadEvent::Version(version));
        }
        let header = Header {
            version,
            kind: fields.number("kind")?,
            org: OrgId(fields.read("org", cbor::Reader::fixed)?),
            device: DeviceId(fields.read("dev", cbor::Reader::fixed)?),
            epoch: fields.number("ep")?,
            seq: fields.number("seq")?,
            prev: fields.read("prev", cbor::Reader::fixed_or_null)?.map(EventId),
            hlc: Hlc(fields.number("hlc")?),
            subject: fields.read("subj", cbor::Reader::fixed)?,
            refs: fields.read("refs", |rest| {
                let count = rest.array().filter(|count| *count <= REFS_MAX as u64)?;
                (0..count).map(|_| rest.fixed().map(EventId)).collect()
            })?,
            actor: fields.read("act", cbor::Reader::fixed_or_null)?.map(StaffId),
            grant: fields.read("auth", cbor::Reader::fixed_or_null)?.map(EventId),
            payload_hash: [0; 32],
            payload_bytes: 0,
            key: KeyId([0; 16]),
            class: 0,
            retention: 0,
        };
        let (payload_hash, payload_bytes) = fields.read("ph", |rest| {
            rest.array().filter(|count| *count == 2)?;
            Some((rest.fixed()?, rest.uint()?.try_into().ok()?))
        })?;
        let key = KeyId(fields.read("kid", cbor::Reader::fixed)?);
        let (class, retention) = fields.read("cls", |rest| {
            rest.array().filter(|count| *count == 2)?;
            Some((rest.uint()?.try_into().ok()?, rest.uint()?.try_into().ok()?))
        })?;
        let header = Header { payload_hash, payload_bytes, key, class, retention, ..header };
        if entries != fields.next - 1 || !fields.rest.0.is_empty() {
            return Err(BadEvent::Header("more fields than the envelope has"));
        }
        if header.to_bytes() != content {
            return Err(BadEvent::Header("not deterministic"));
        }
        Ok(header)
    }
}

/// Entries of the header's map, in the order of its keys.
struct Fields<'a> {
    rest: cbor::Reader<'a>,
    next: u64,
}

impl<'a> Fields<'a> {
    fn read<T>(&mut self, name: &'static str, read: impl FnOnce(&mut cbor::Reader<'a>) -> Option<T>) -> Result<T, BadEvent> {
        let value = self.rest.uint().filter(|key| *key == self.next).and_then(|_| read(&mut self.rest));
        self.next += 1;
        value.ok_or(BadEvent::Header(name))
    }

    fn number<T: TryFrom<u64>>(&mut self, name: &'static str) -> Result<T, BadEvent> {
        self.read(name, |rest| T::try_from(rest.uint()?).ok())
    }
}

#[cfg(test)]
mod tests;
