//! The PROVISION partition: takes what a technician wrote, and answers there.
//!
//! It is read first, and written only if there is something to say. A file with a mistake changes nothing. What was accepted is
//! on the state partition before anything is taken off the stick, so a cut in between leaves both, and the next start goes on.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use argon2::password_hash::SaltString;
use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier};
use provision::{Change, FILE, Problem, Settings, Turn, carry_secrets, check, devices, diff, redact, seal_pins, turn};

use crate::file::{self, PRIVATE, PUBLIC};
use crate::reset::{self, Tier};
use crate::settings::{self, CA, TOWN_FOLDER};
use crate::system::{Access, Volume};
use crate::{Caretaker, history};

const RECEIPT: &str = "receipt.txt";
/// What joins wireless networks, where an image has it.
const SUPPLICANT: &str = "/usr/sbin/wpa_supplicant";
const PROBLEMS: &str = "problems.txt";
const RESET: &str = "reset";
/// The file without its secrets, until the one with them is overwritten.
const SCRUBBED: &str = "appliance.new";

/// What there is to do, after a look at the partition.
#[derive(Debug, Default)]
struct Findings {
    /// The file there, as it stands.
    text: Option<String>,
    /// New settings, and the text with all secrets that is kept.
    accepted: Option<(Settings, String)>,
    /// Lines of `problems.txt`; none: there should not be one.
    problems: Option<String>,
    /// The file is the one in force: its secrets can go.
    is_in_force: bool,
    /// The secrets were being taken off when the power failed: what is left is in [`SCRUBBED`].
    is_half_scrubbed: bool,
    /// `problems.txt` as it lies there.
    said: Option<Vec<u8>>,
    reset: Option<Result<Tier, String>>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// There is no file.
    Nothing,
    /// The file in force, or an older one.
    Unchanged,
    Taken {
        generation: u32,
        changes: usize,
    },
    Refused {
        problems: usize,
    },
    /// Somebody asked for a factory reset; the box must start again.
    Reset(Tier),
}

/// Below `/run/wegovnow-box`: a file that was not taken.
pub const REFUSAL: &str = "refused.json";

/// What is wrong with a file that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Refusal {
    /// How many mistakes there are.
    pub count: usize,
    /// The first of them, with line and column where it has them.
    pub first: String,
}

impl Refusal {
    /// Of the text in `problems.txt`.
    fn of(text: &str) -> Refusal {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("- "));
        let first = lines.next().unwrap_or_default().to_owned();
        Refusal { count: usize::from(!first.is_empty()) + lines.count(), first }
    }
}

/// Looks at the partition and does what is asked for there. `is_known_account` says which accounts the image has.
pub fn run(care: &Caretaker<'_>, serial: &str, is_known_account: &dyn Fn(&str) -> bool) -> Result<Outcome> {
    let findings = care.with(&Volume::Provision, Access::Read, |dir| {
        let findings = look(care, dir, serial, is_known_account)?;
        // Everything large is copied while nothing can be written by mistake.
        if let Some((settings, _)) = &findings.accepted {
            copy_beside(care, dir, settings, true)?;
        } else if findings.problems.is_none() {
            // The data may have been reset since: what lay beside is taken again.
            copy_beside(care, dir, &settings::read(care, Some(serial))?, false)?;
        }
        Ok(findings)
    })?;
    let mut outcome = if findings.text.is_some() { Outcome::Unchanged } else { Outcome::Nothing };
    let mut receipt = None;
    if let Some((new, text)) = &findings.accepted {
        let changes = accept(care, serial, new, text, "from PROVISION")?;
        receipt = Some(write_receipt(care, serial, new, text, &changes));
        outcome = Outcome::Taken { generation: new.generation, changes: changes.len() };
    }
    let refused = findings.problems.as_deref().map(Refusal::of);
    match &refused {
        Some(refused) => {
            file::write_json(&care.places.run(REFUSAL), refused)?;
            outcome = Outcome::Refused { problems: refused.count };
        }
        None => file::remove(&care.places.run(REFUSAL))?,
    }
    if is_quiet(&findings) {
        return Ok(outcome);
    }
    let reset = care.with(&Volume::Provision, Access::Write, |dir| answer(dir, &findings, receipt.as_deref()))?;
    if let Some(tier) = reset {
        // It was taken off the stick first: a request that is lost is better than data that is wiped twice.
        reset::request(care, tier, "asked for on the PROVISION partition")?;
        outcome = Outcome::Reset(tier);
    }
    Ok(outcome)
}

fn look(care: &Caretaker<'_>, dir: &Path, serial: &str, is_known_account: &dyn Fn(&str) -> bool) -> Result<Findings> {
    let said = fs::read(dir.join(PROBLEMS)).ok();
    let mut findings = Findings { reset: reset_request(dir), said, ..Findings::default() };
    let read = |name: &str| match fs::read(dir.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {name} on PROVISION")),
    };
    let mut bytes = read(FILE)?;
    if bytes.iter().flatten().all(|byte| *byte == b'#')
        && let Some(scrubbed) = read(SCRUBBED)?
    {
        bytes = Some(scrubbed);
        findings.is_half_scrubbed = true;
    }
    let Some(text) = bytes.map(String::from_utf8) else { return Ok(findings) };
    let Ok(text) = text else {
        findings.problems = Some(problems_text(&["it is no text in UTF-8: save it as such".to_owned()]));
        findings.text = Some(String::new());
        return Ok(findings);
    };
    // Windows' editors put a mark before the text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    findings.text = Some(text.clone());
    match judge(care, dir, &text, serial, is_known_account)? {
        Verdict::InForce => findings.is_in_force = true,
        Verdict::Refused(lines) => findings.problems = Some(problems_text(&lines)),
        Verdict::Accepted(settings, carried) => findings.accepted = Some((*settings, carried)),
    }
    Ok(findings)
}

/// What a text comes to.
#[derive(Debug)]
pub enum Verdict {
    /// It is what is kept already.
    InForce,
    /// What is wrong with it, a line each.
    Refused(Vec<String>),
    /// New settings of this box, and the text with all secrets that is kept.
    Accepted(Box<Settings>, String),
}

/// Whether a text is taken, wherever it came from; what it names is looked for in `dir`.
pub fn judge(
    care: &Caretaker<'_>,
    dir: &Path,
    text: &str,
    serial: &str,
    is_known_account: &dyn Fn(&str) -> bool,
) -> Result<Verdict> {
    let in_force = settings::text(care)?;
    let carried = check(text, Some(serial)).and_then(|new| Ok((new, carry_secrets(text, in_force.as_deref())?)));
    let (new, carried) = match carried {
        Ok(read) => read,
        Err(problems) => return Ok(Verdict::Refused(problems.iter().map(Problem::to_string).collect())),
    };
    let carried = seal_pins(&carried, in_force.as_deref(), |pin, old| seal_pin(care, pin, old))?;
    if in_force.as_deref() == Some(&carried) {
        return Ok(Verdict::InForce);
    }
    let generation = in_force.as_ref().and_then(|text| check(text, Some(serial)).ok()).map(|settings| settings.generation);
    if let Turn::Ignored { in_force } = turn(generation, new.generation) {
        let what = format!(
            "generation {} is not higher than {in_force}, which is in force: the file is left alone; count `generation` up",
            new.generation
        );
        return Ok(Verdict::Refused(vec![what]));
    }
    let missing = missing_beside(care, dir, &new, is_known_account);
    if !missing.is_empty() {
        return Ok(Verdict::Refused(missing));
    }
    // Secrets were carried into the text; the settings have them from there.
    let settings = check(&carried, Some(serial)).map_err(|problems| {
        anyhow::anyhow!(
            "the file is not the same with its secrets: {}",
            problems.first().map(ToString::to_string).unwrap_or_default()
        )
    })?;
    Ok(Verdict::Accepted(Box::new(settings), carried))
}

/// The hash of a PIN: the one that is kept, if it is of the same PIN, so that a file taken before is known again.
fn seal_pin(care: &Caretaker<'_>, pin: &str, old: Option<&str>) -> Result<String> {
    let argon2 = Argon2::default();
    let is_of_it = |hash: &&str| PasswordHash::new(hash).is_ok_and(|hash| argon2.verify_password(pin.as_bytes(), &hash).is_ok());
    if let Some(hash) = old.filter(is_of_it) {
        return Ok(hash.to_owned());
    }
    let mut salt = [0; 16];
    care.system.chance(&mut salt).context("no chance for the hash of staff's PIN")?;
    let wrong = |error: argon2::password_hash::Error| anyhow::anyhow!("staff's PIN cannot be hashed: {error}");
    let salt = SaltString::encode_b64(&salt).map_err(wrong)?;
    Ok(argon2.hash_password(pin.as_bytes(), &salt).map_err(wrong)?.to_string())
}

/// Keeps new settings, so that they are in force from the next look on; what changed.
pub fn accept(care: &Caretaker<'_>, serial: &str, new: &Settings, text: &str, how: &str) -> Result<Vec<Change>> {
    let old = settings::read(care, Some(serial)).unwrap_or_default();
    let changes = diff(&old, new);
    file::write(&care.places.state(settings::FILE), text, PRIVATE)?;
    history::note(care, "settings", &format!("generation {} was taken {how}, {} changes", new.generation, changes.len()))?;
    Ok(changes)
}

/// What the file names and is not there, or not what it should be.
fn missing_beside(care: &Caretaker<'_>, dir: &Path, new: &Settings, is_known_account: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut missing = Vec::new();
    let mut beside = |key: &str, name: &Option<String>| {
        if let Some(name) = name
            && !dir.join(name).is_file()
            && !care.places.var(TOWN_FOLDER).join(name).is_file()
        {
            missing.push(format!("{key}: there is no file {name:?} beside {FILE}"));
        }
    };
    beside("site.town", &new.site.town);
    beside("site.border", &new.site.border);
    beside("proxy.ca", &new.proxy.ca);
    if let Some(name) = &new.proxy.ca
        && let Ok(text) = fs::read_to_string(dir.join(name))
        && !text.contains("-----BEGIN CERTIFICATE-----")
    {
        missing.push(format!("proxy.ca: {name:?} holds no certificate in the form PEM"));
    }
    let zones = care.places.at("/usr/share/zoneinfo");
    if let Some(zone) = &new.site.time_zone
        && zones.is_dir()
        && !zones.join(zone).is_file()
    {
        missing.push(format!("site.time_zone: there is no time zone {zone:?}"));
    }
    for account in new.staff.iter().filter(|account| is_known_account(&account.name)) {
        missing.push(format!("staff.accounts: {:?} is an account of the system: take another name", account.name));
    }
    missing
}

/// Copies town, border and certificates. `is_new`: what is there is of an older file.
pub fn copy_beside(care: &Caretaker<'_>, dir: &Path, settings: &Settings, is_new: bool) -> Result<()> {
    let town = |name: &Option<String>| name.as_ref().map(|name| (name.clone(), care.places.var(TOWN_FOLDER).join(name)));
    let certificates = settings.proxy.ca.as_ref().map(|name| (name.clone(), care.places.state(CA)));
    for (name, to) in [town(&settings.site.town), town(&settings.site.border), certificates].into_iter().flatten() {
        let from = dir.join(&name);
        if !from.is_file() || !is_new && to.exists() {
            continue;
        }
        copy(&from, &to).with_context(|| format!("cannot copy {name} from PROVISION"))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("no folder")?;
    fs::create_dir_all(folder)?;
    let new = to.with_extension("new");
    fs::copy(from, &new)?;
    let file = OpenOptions::new().write(true).open(&new)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(PUBLIC))?;
    file.sync_all()?;
    fs::rename(&new, to)?;
    Ok(file::sync_folder(to)?)
}

fn reset_request(dir: &Path) -> Option<Result<Tier, String>> {
    let path = ["reset", "reset.txt"].map(|name| dir.join(name)).into_iter().find(|path| path.is_file())?;
    let word = fs::read_to_string(&path).unwrap_or_default();
    Some(word.trim().parse().map_err(|_| "reset: expected one word: settings, data or full".to_owned()))
}

/// Whether everything on the partition already says what it should.
fn is_quiet(findings: &Findings) -> bool {
    let has_secrets = findings.is_in_force && findings.text.as_ref().is_some_and(|text| redact(text) != *text);
    let is_said = findings.said == findings.problems.as_deref().map(|text| for_windows(text).into_bytes());
    findings.reset.is_none() && is_said && !has_secrets && !findings.is_half_scrubbed && findings.accepted.is_none()
}

/// Writes to the partition; answers the reset that was asked for, which is no longer there.
fn answer(dir: &Path, findings: &Findings, receipt: Option<&str>) -> Result<Option<Tier>> {
    if findings.is_half_scrubbed {
        fs::rename(dir.join(SCRUBBED), dir.join(FILE)).context("the file on PROVISION cannot be put back")?;
    }
    let mut problems = findings.problems.clone();
    if let Some(Err(what)) = &findings.reset {
        problems = Some(problems.unwrap_or_else(|| problems_text(&[])) + &format!("- {what}\n"));
    }
    say(&dir.join(PROBLEMS), problems.as_deref())?;
    if let Some(receipt) = receipt {
        say(&dir.join(RECEIPT), Some(receipt))?;
    }
    if let Some(text) = findings.text.as_ref().filter(|_| findings.accepted.is_some() || findings.is_in_force) {
        scrub(dir, text)?;
    }
    let Some(Ok(tier)) = findings.reset else { return Ok(None) };
    for name in [RESET, "reset.txt"] {
        file::remove(&dir.join(name))?;
    }
    Ok(Some(tier))
}

/// Overwrites the file where it stands, and puts one without secrets in its place, which is on the disk before. (A flash medium
/// may keep old pages all the same; who fears that gives hashes.)
fn scrub(dir: &Path, text: &str) -> Result<()> {
    let redacted = redact(text);
    if redacted == *text {
        return Ok(());
    }
    let (path, new) = (dir.join(FILE), dir.join(SCRUBBED));
    let scrubbed = || -> std::io::Result<()> {
        let mut file = fs::File::create(&new)?;
        file.write_all(redacted.as_bytes())?;
        file.sync_all()?;
        file::sync_folder(&new)?;
        file::cut_point();
        let mut file = OpenOptions::new().write(true).open(&path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(0);
        file.write_all(&vec![b'#'; length])?;
        file.sync_all()?;
        file::cut_point();
        fs::rename(&new, &path)?;
        file::sync_folder(&path)
    };
    scrubbed().context("the secrets cannot be taken off PROVISION")
}

/// Makes a file say this, or be away; nothing is written where nothing changes.
fn say(path: &Path, text: Option<&str>) -> Result<()> {
    match text.map(for_windows) {
        None => file::remove(path),
        Some(text) if fs::read(path).is_ok_and(|old| old == text.as_bytes()) => Ok(()),
        Some(text) => {
            let written = || -> std::io::Result<()> {
                let mut file = fs::File::create(path)?;
                file::cut_point();
                file.write_all(text.as_bytes())?;
                file.sync_all()
            };
            written().with_context(|| format!("cannot write {}", path.display()))
        }
    }
}

/// Its editors want both.
fn for_windows(text: &str) -> String {
    text.replace('\n', "\r\n")
}

fn problems_text(lines: &[String]) -> String {
    let lines: String = lines.iter().map(|line| format!("- {line}\n")).collect();
    format!("{FILE} was not taken: the box works on as before. Mend this, and start the box again:\n{lines}")
}

fn write_receipt(care: &Caretaker<'_>, serial: &str, new: &Settings, text: &str, changes: &[Change]) -> String {
    let mut receipt = format!(
        "WeGovNow box {serial} took {FILE}, generation {}, on {} (UTC, by its own clock).\n",
        new.generation,
        history::date(care.system.now_s())
    );
    let devices = devices(text);
    if !devices.is_empty() {
        let own = devices.iter().any(|device| device.eq_ignore_ascii_case(serial));
        receipt +=
            &format!("The file has a part for {}; for this box: {}.\n", devices.join(", "), if own { "yes" } else { "no" });
    }
    if new.wifi.is_some() && !care.places.at(SUPPLICANT).exists() {
        receipt += "[wifi] is kept, but this image has no drivers of wireless cards: the box needs a cable.\n";
    }
    receipt += "Passwords were taken off the file; \"(kept)\" in their place means: as the box has it.\n\nWhat changed:\n";
    for change in changes {
        receipt += &format!("- {change}\n");
    }
    receipt
}
