//! Keys: the device's, the town's, and the data keys of payloads. They never enter the journal, the tape or a backup of either.
//!
//! One sealed file, `keyring`, holds them. It is rewritten whole (temporary file, fsync, rename) under a key-encryption key that lies
//! apart in `kek`. Both are readable by their owner only.
//!
//! **Seal.** `kek` is 32 bytes, or those bytes sealed under a [`Seal`]: a secret that is not on the data partition, such as a credential
//! that the service manager keeps encrypted under the machine's TPM. Then a disk that is carried away cannot be read. A `kek` that lies open is
//! sealed when the store is first opened with a seal; flash may keep the old block for a while, so a box that needs this is set up with it.
//!
//! **Data keys.** Every subject has a key of its own, so that destroying it makes the subject's payloads unreadable for ever. Writing a
//! new key to disk for every report would rewrite the file for every batch. Instead the keys are the leaves of a tree of secrets that is
//! worked out from its root (Goldreich, Goldwasser, Micali, "How to construct random functions", 1986): child `i` of a node is
//! `SHA-256("wegovnow key tree" ‖ node ‖ i)`, four children to a node, 32 levels down along the first 64 bits of `SHA-256(key id)`. A new
//! report costs no write at all.
//!
//! **Destroying a key** replaces the one node above it by the at most 96 nodes beside its path (a "punctured" function; Boneh and Waters,
//! 2013). Neither the leaf nor any secret from which it could be worked out remains, and every other key stays what it was. The file grows
//! by at most 4 KB for each destroyed key. Then a new key-encryption key is made and the old one overwritten by rename, which makes every stale copy of the file
//! (SSD blocks, backups) unreadable.
//!
//! Order of the two renames: the new `kek.new` is durable before `keyring` changes, and becomes `kek` after. A crash in between leaves a
//! `keyring` that `kek.new` opens; [`Keyring::open`] finishes the step.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ed25519_dalek::SigningKey;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_bytes::{ByteArray, ByteBuf};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use crate::durable;
use crate::id::{KeyId, OrgId};

const FORMAT: &str = "wegovnow keyring 1";
const KEK_FORMAT: &str = "wegovnow key-encryption key 1";
const LEVELS: u8 = 32;
const KEYRING: &str = "keyring";
const KEK: &str = "kek";

/// Source of random bytes. The system's generator in service, a seeded one in simulations.
pub trait Chance: Send {
    /// Fills `bytes` with random bytes.
    fn fill(&mut self, bytes: &mut [u8]);
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{path}: there is no {what}. Without it nothing in the store can be read; bring it back from where keys are kept, or start anew in an empty directory"
    )]
    Missing { what: &'static str, path: PathBuf },
    #[error(
        "{path}: the keyring does not open with the key in {kek}. One of the two is damaged or from another box; bring back the pair"
    )]
    Sealed { path: PathBuf, kek: PathBuf },
    #[error(
        "{path}: the key-encryption key is sealed, and there is no seal to open it. Start with the credential it was sealed under"
    )]
    NoSeal { path: PathBuf },
    #[error("{path}: the key-encryption key does not open with the seal given. Bring back the credential it was sealed under")]
    OtherSeal { path: PathBuf },
    #[error("{path}: the keyring has a form that this program does not know: {reason}")]
    Form { path: PathBuf, reason: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: io::Error },
}

/// A secret of the tree stands at the first `level` × 2 bits of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Node(u8, u64);

#[derive(Serialize, Deserialize)]
struct Content {
    format: String,
    org: OrgId,
    device: ByteArray<32>,
    town: ByteArray<32>,
    /// The last epoch that was ever started; 0 before the first event.
    epoch: u32,
    nodes: Vec<(Node, ByteArray<32>)>,
}

#[derive(Serialize, Deserialize)]
struct SealedFile {
    format: String,
    nonce: ByteArray<24>,
    ciphertext: ByteBuf,
}

/// What `kek` is sealed under.
#[derive(Clone)]
pub struct Seal(Zeroizing<[u8; 32]>);

impl Seal {
    /// Fewest bytes of a secret.
    pub const SECRET_MIN: usize = 16;

    /// From a secret of any form that has at least 128 bits of chance in it; nothing where it is too short for that.
    pub fn new(secret: &[u8]) -> Option<Seal> {
        if secret.len() < Self::SECRET_MIN {
            return None;
        }
        let mut hash = Sha256::new();
        hash.update(b"wegovnow seal");
        hash.update(secret);
        Some(Seal(Zeroizing::new(hash.finalize().into())))
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

/// All secrets of a box.
pub struct Keyring {
    dir: PathBuf,
    seal: Option<Seal>,
    /// Whether `kek` on disk is not sealed.
    lies_open: bool,
    kek: Zeroizing<[u8; 32]>,
    org: OrgId,
    device: SigningKey,
    town: Zeroizing<[u8; 32]>,
    epoch: u32,
    nodes: BTreeMap<Node, Zeroizing<[u8; 32]>>,
}

impl Keyring {
    /// Whether `dir` has a keyring.
    pub fn exists(dir: &Path) -> bool {
        dir.join(KEYRING).exists() || dir.join(KEK).exists()
    }

    /// New keys for a new box.
    pub fn create(dir: &Path, seal: Option<Seal>, org: OrgId, chance: &mut dyn Chance) -> Result<Keyring, KeyError> {
        let mut secret = || {
            let mut bytes = Zeroizing::new([0; 32]);
            chance.fill(bytes.as_mut());
            bytes
        };
        let kek = secret();
        let device = SigningKey::from_bytes(&secret());
        let town = secret();
        let nodes = [(Node(0, 0), secret())].into();
        let mut keyring =
            Keyring { dir: dir.to_owned(), lies_open: seal.is_none(), seal, kek, org, device, town, epoch: 0, nodes };
        keyring.write_kek(&dir.join(KEK), chance)?;
        keyring.write(chance)?;
        Ok(keyring)
    }

    /// Reads the keys, and finishes a destruction that a crash interrupted.
    pub fn open(dir: &Path, seal: Option<Seal>) -> Result<Keyring, KeyError> {
        let path = dir.join(KEYRING);
        let kek_path = dir.join(KEK);
        let kek_new = durable::temporary(&kek_path);
        let sealed = read(&path, "keyring")?;
        let kek = read_kek(&kek_path, seal.as_ref())?;
        let opened = open_sealed(&path, &kek_path, &sealed, &kek.key);
        let (kek, content) = match opened {
            Ok(content) => {
                if kek_new.exists() {
                    let _ = fs::remove_file(&kek_new);
                }
                (kek, content)
            }
            Err(error) => {
                let Ok(newer) = read_kek(&kek_new, seal.as_ref()) else { return Err(error) };
                let content = open_sealed(&path, &kek_new, &sealed, &newer.key).map_err(|_| error)?;
                promote(&kek_new, &kek_path)?;
                (newer, content)
            }
        };
        Ok(Keyring {
            dir: dir.to_owned(),
            seal,
            lies_open: !kek.was_sealed,
            kek: kek.key,
            org: content.org,
            device: SigningKey::from_bytes(&content.device),
            town: Zeroizing::new(*content.town),
            epoch: content.epoch,
            nodes: content.nodes.iter().map(|(node, secret)| (*node, Zeroizing::new(**secret))).collect(),
        })
    }

    /// Seals a `kek` that lies open, where there is a seal for it. Answers whether it did.
    pub fn settle(&mut self, chance: &mut dyn Chance) -> Result<bool, KeyError> {
        let seals = self.lies_open && self.seal.is_some();
        if seals {
            self.write_kek(&self.dir.join(KEK), chance)?;
            self.lies_open = false;
        }
        Ok(seals)
    }

    /// The municipality.
    pub fn org(&self) -> OrgId {
        self.org
    }

    /// The device's signing key.
    pub fn device(&self) -> &SigningKey {
        &self.device
    }

    /// The town's secret for follow-up codes and staff pseudonyms.
    pub fn town(&self) -> &[u8; 32] {
        &self.town
    }

    /// The last epoch that was ever started; 0 before the first event.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Notes that an epoch begins, durably, before its first event is written: an epoch is never begun twice.
    pub fn start_epoch(&mut self, epoch: u32, chance: &mut dyn Chance) -> Result<(), KeyError> {
        let before = std::mem::replace(&mut self.epoch, epoch);
        self.write(chance).inspect_err(|_| self.epoch = before)
    }

    /// The data key of a subject; none when it was destroyed.
    pub fn data_key(&self, id: KeyId) -> Option<Zeroizing<[u8; 32]>> {
        let path = path_of(id);
        let (node, secret) = (0..=LEVELS).find_map(|level| self.nodes.get_key_value(&Node(level, prefix(path, level))))?;
        let mut key = secret.clone();
        for level in node.0..LEVELS {
            key = child(&key, step(path, level));
        }
        Some(key)
    }

    /// Destroys the data key of a subject, and with it every copy of the keyring made before. Answers whether there was one.
    pub fn destroy(&mut self, id: KeyId, chance: &mut dyn Chance) -> Result<bool, KeyError> {
        let path = path_of(id);
        let Some(&top) =
            (0..=LEVELS).find_map(|level| self.nodes.get_key_value(&Node(level, prefix(path, level)))).map(|(n, _)| n)
        else {
            return Ok(false);
        };
        let Some(mut secret) = self.nodes.remove(&top) else { return Ok(false) };
        for level in top.0..LEVELS {
            let taken = step(path, level);
            for other in (0..4).filter(|other| *other != taken) {
                let place = Node(level + 1, prefix(path, level) | u64::from(other) << shift(level));
                self.nodes.insert(place, child(&secret, other));
            }
            secret = child(&secret, taken);
        }
        let kek_path = self.dir.join(KEK);
        let kek_new = durable::temporary(&kek_path);
        chance.fill(self.kek.as_mut());
        // Durable under the temporary name: the name changes only after the keyring did.
        self.write_kek(&kek_new, chance)?;
        self.write(chance)?;
        promote(&kek_new, &kek_path)?;
        Ok(true)
    }

    /// A key for what else must be unreadable without the keyring, such as the snapshot. Changes when a data key is destroyed.
    pub fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        // HMAC takes keys of any length; the fallback is never reached.
        let Ok(mut mac) = <Hmac<Sha256> as Mac>::new_from_slice(self.kek.as_ref()) else { return self.kek.clone() };
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }

    fn write_kek(&self, path: &Path, chance: &mut dyn Chance) -> Result<(), KeyError> {
        let bytes = match &self.seal {
            None => self.kek.to_vec(),
            Some(seal) => sealed(KEK_FORMAT, &seal.0, self.kek.as_ref(), path, chance)?,
        };
        durable::replace(path, &Zeroizing::new(bytes)).map_err(|source| KeyError::Io { path: path.to_owned(), source })
    }

    fn write(&mut self, chance: &mut dyn Chance) -> Result<(), KeyError> {
        let path = self.dir.join(KEYRING);
        let form = |reason: String| KeyError::Form { path: path.clone(), reason };
        let content = Content {
            format: FORMAT.to_owned(),
            org: self.org,
            device: ByteArray::new(self.device.to_bytes()),
            town: ByteArray::new(*self.town),
            epoch: self.epoch,
            nodes: self.nodes.iter().map(|(node, secret)| (*node, ByteArray::new(**secret))).collect(),
        };
        let mut plain = Zeroizing::new(Vec::new());
        ciborium::into_writer(&content, &mut *plain).map_err(|error| form(error.to_string()))?;
        let bytes = sealed(FORMAT, &self.kek, &plain, &path, chance)?;
        durable::replace(&path, &bytes).map_err(|source| KeyError::Io { path, source })
    }
}

impl Drop for Content {
    fn drop(&mut self) {
        self.device.zeroize();
        self.town.zeroize();
        self.nodes.iter_mut().for_each(|(_, secret)| secret.zeroize());
    }
}

fn read(path: &Path, what: &'static str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyError::Missing { what, path: path.to_owned() }),
        Err(source) => Err(KeyError::Io { path: path.to_owned(), source }),
    }
}

struct Kek {
    key: Zeroizing<[u8; 32]>,
    was_sealed: bool,
}

fn read_kek(path: &Path, seal: Option<&Seal>) -> Result<Kek, KeyError> {
    let bytes = read(path, "key-encryption key")?;
    if let Ok(key) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(Kek { key: Zeroizing::new(key), was_sealed: false });
    }
    let file: Option<SealedFile> = ciborium::from_reader(bytes.as_slice()).ok();
    let Some(file) = file.filter(|file| file.format == KEK_FORMAT) else {
        return Err(KeyError::Form { path: path.to_owned(), reason: "it is no key-encryption key".to_owned() });
    };
    let Some(seal) = seal else { return Err(KeyError::NoSeal { path: path.to_owned() }) };
    let key = file.open(KEK_FORMAT, &seal.0).and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok());
    let key = key.ok_or_else(|| KeyError::OtherSeal { path: path.to_owned() })?;
    Ok(Kek { key: Zeroizing::new(key), was_sealed: true })
}

fn sealed(format: &str, key: &[u8; 32], plain: &[u8], path: &Path, chance: &mut dyn Chance) -> Result<Vec<u8>, KeyError> {
    let form = |reason: String| KeyError::Form { path: path.to_owned(), reason };
    let mut nonce = [0; 24];
    chance.fill(&mut nonce);
    let ciphertext = XChaCha20Poly1305::new(key.into())
        .encrypt(XNonce::from_slice(&nonce), Payload { msg: plain, aad: format.as_bytes() })
        .map_err(|_| form("sealing failed".to_owned()))?;
    let file = SealedFile { format: format.to_owned(), nonce: ByteArray::new(nonce), ciphertext: ByteBuf::from(ciphertext) };
    let mut bytes = Vec::new();
    ciborium::into_writer(&file, &mut bytes).map_err(|error| form(error.to_string()))?;
    Ok(bytes)
}

impl SealedFile {
    fn open(&self, format: &str, key: &[u8; 32]) -> Option<Zeroizing<Vec<u8>>> {
        let nonce = XNonce::from_slice(self.nonce.as_slice());
        let payload = Payload { msg: &self.ciphertext, aad: format.as_bytes() };
        XChaCha20Poly1305::new(key.into()).decrypt(nonce, payload).ok().map(Zeroizing::new)
    }
}

fn promote(from: &Path, to: &Path) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { path: to.to_owned(), source };
    fs::rename(from, to).map_err(io)?;
    durable::sync_dir(durable::parent(to)).map_err(io)
}

fn open_sealed(path: &Path, kek_path: &Path, sealed: &[u8], kek: &[u8; 32]) -> Result<Content, KeyError> {
    let form = |reason: String| KeyError::Form { path: path.to_owned(), reason };
    let shut = || KeyError::Sealed { path: path.to_owned(), kek: kek_path.to_owned() };
    let file: SealedFile = ciborium::from_reader(sealed).map_err(|_| shut())?;
    if file.format != FORMAT {
        return Err(form(file.format));
    }
    let plain = file.open(FORMAT, kek).ok_or_else(shut)?;
    let content: Content = ciborium::from_reader(plain.as_slice()).map_err(|error| form(error.to_string()))?;
    if content.format == FORMAT { Ok(content) } else { Err(form(content.format.clone())) }
}

/// Where a key's leaf is: the first 64 bits of SHA-256 of its id, so that chosen ids do not choose their neighbours.
fn path_of(id: KeyId) -> u64 {
    Sha256::digest(id.0).iter().take(8).fold(0, |path, byte| path << 8 | u64::from(*byte))
}

fn shift(level: u8) -> u32 {
    62 - 2 * u32::from(level)
}

fn step(path: u64, level: u8) -> u8 {
    (path >> shift(level) & 3) as u8
}

fn prefix(path: u64, level: u8) -> u64 {
    if level == 0 { 0 } else { path >> shift(level - 1) << shift(level - 1) }
}

fn child(secret: &[u8; 32], step: u8) -> Zeroizing<[u8; 32]> {
    let mut hash = Sha256::new();
    hash.update(b"wegovnow key tree");
    hash.update(secret);
    hash.update([step]);
    Zeroizing::new(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u64);

    impl Chance for Counting {
        fn fill(&mut self, bytes: &mut [u8]) {
            for chunk in bytes.chunks_mut(32) {
                self.0 += 1;
                chunk.copy_from_slice(&Sha256::digest(self.0.to_be_bytes())[..chunk.len()]);
            }
        }
    }

    fn open(dir: &tempfile::TempDir) -> Result<Keyring, KeyError> {
        Keyring::open(dir.path(), None)
    }

    fn ids() -> Vec<KeyId> {
        (0..64).map(|i| KeyId([i; 16])).collect()
    }

    #[test]
    fn every_subject_has_a_key_of_its_own_that_survives_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let made = Keyring::create(dir.path(), None, OrgId([1; 16]), &mut Counting(0)).unwrap();
        let read = open(&dir).unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for id in ids() {
            let key = made.data_key(id).unwrap();
            assert_eq!(*key, *read.data_key(id).unwrap());
            assert!(seen.insert(*key));
        }
        assert_eq!(made.device().to_bytes(), read.device().to_bytes());
        assert_eq!((made.town(), made.org()), (read.town(), read.org()));
    }

    #[test]
    fn a_destroyed_key_is_gone_and_the_others_stay() {
        let dir = tempfile::tempdir().unwrap();
        let mut chance = Counting(0);
        let mut keyring = Keyring::create(dir.path(), None, OrgId([1; 16]), &mut chance).unwrap();
        let before: Vec<_> = ids().into_iter().map(|id| keyring.data_key(id).unwrap()).collect();
        let old_file = fs::read(dir.path().join(KEYRING)).unwrap();
        let doomed: Vec<_> = ids().into_iter().step_by(5).collect();
        for id in &doomed {
            assert!(keyring.destroy(*id, &mut chance).unwrap());
            assert!(!keyring.destroy(*id, &mut chance).unwrap());
        }
        let read = open(&dir).unwrap();
        for (id, key) in ids().into_iter().zip(before) {
            let expected = (!doomed.contains(&id)).then_some(*key);
            assert_eq!(keyring.data_key(id).map(|key| *key), expected);
            assert_eq!(read.data_key(id).map(|key| *key), expected);
            // No stored secret is the leaf, nor leads to it.
            assert!(read.nodes.values().all(|secret| expected.is_some() || **secret != *key));
        }
        assert!(fs::metadata(dir.path().join(KEYRING)).unwrap().len() < 5_000 * doomed.len() as u64);
        // A stale copy from a backup does not open any more.
        fs::write(dir.path().join(KEYRING), old_file).unwrap();
        assert!(matches!(open(&dir), Err(KeyError::Sealed { .. })));
    }

    #[test]
    fn a_destruction_that_a_crash_interrupted_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        let mut chance = Counting(0);
        let mut keyring = Keyring::create(dir.path(), None, OrgId([1; 16]), &mut chance).unwrap();
        let old_kek = fs::read(dir.path().join(KEK)).unwrap();
        keyring.destroy(KeyId([3; 16]), &mut chance).unwrap();
        // As if power had failed before the last rename.
        fs::rename(dir.path().join(KEK), dir.path().join("kek.new")).unwrap();
        fs::write(dir.path().join(KEK), old_kek).unwrap();
        let read = open(&dir).unwrap();
        assert!(read.data_key(KeyId([3; 16])).is_none());
        assert!(!dir.path().join("kek.new").exists());
        open(&dir).unwrap();
    }

    #[test]
    fn under_a_seal_the_files_alone_open_nothing() {
        let seal = Seal::new(b"a secret of the machine's own");
        let sealed = |dir: &tempfile::TempDir, seal| Keyring::open(dir.path(), seal);
        let (open_once, from_start) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut chance = Counting(0);
        let kek = Keyring::create(open_once.path(), None, OrgId([1; 16]), &mut chance).unwrap().kek;
        assert_eq!(fs::read(open_once.path().join(KEK)).unwrap(), *kek);
        assert!(sealed(&open_once, seal.clone()).unwrap().settle(&mut chance).unwrap());
        Keyring::create(from_start.path(), seal.clone(), OrgId([1; 16]), &mut chance).unwrap();
        for dir in [&open_once, &from_start] {
            let content = fs::read(dir.path().join(KEK)).unwrap();
            assert!(!content.windows(32).any(|window| window == kek.as_slice()));
            assert!(matches!(open(dir), Err(KeyError::NoSeal { .. })));
            assert!(matches!(sealed(dir, Seal::new(b"another secret of a machine")), Err(KeyError::OtherSeal { .. })));
            let mut keyring = sealed(dir, seal.clone()).unwrap();
            assert!(!keyring.settle(&mut chance).unwrap());
            assert!(keyring.destroy(KeyId([3; 16]), &mut chance).unwrap());
            assert!(matches!(open(dir), Err(KeyError::NoSeal { .. })), "the new key is sealed as well");
            assert!(sealed(dir, seal.clone()).unwrap().data_key(KeyId([3; 16])).is_none());
        }
        assert!(Seal::new(b"short").is_none());
    }

    #[test]
    fn missing_or_strange_keys_are_said_plainly() {
        let dir = tempfile::tempdir().unwrap();
        Keyring::create(dir.path(), None, OrgId([1; 16]), &mut Counting(0)).unwrap();
        let keyring = fs::read(dir.path().join(KEYRING)).unwrap();
        fs::write(dir.path().join(KEYRING), &keyring[..keyring.len() / 2]).unwrap();
        assert!(matches!(open(&dir), Err(KeyError::Sealed { .. })));
        fs::remove_file(dir.path().join(KEYRING)).unwrap();
        let error = open(&dir).err().unwrap().to_string();
        assert!(error.contains("keyring") && error.contains("bring it back"), "{error}");
    }
}
