//! What makes a medium that of one box: GUIDs of its own, the table's copy at its real end, `appliance.toml`, and a label to stick on.

pub mod fat;
pub mod label;

use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use gpt::{Guid, SECTOR, Table};

/// Names of partitions, as `cargo x image` lays them out.
pub const ESP: &str = "esp";
pub const PROVISION: &str = "PROVISION";
pub const STATE: &str = "state";
pub const DATA: &str = "data";
pub const LAYOUT: [&str; 8] = [ESP, PROVISION, "boot-a", "root-a", "boot-b", "root-b", STATE, DATA];

/// What the first MiB is kept free for: the table and nothing else.
pub const HEAD: u64 = 1 << 20;

/// The file on the PROVISION partition.
pub const FILE: &str = "appliance.toml";

/// The table in the first bytes of an image or a medium, if there is one.
pub fn table(head: &[u8]) -> Option<Table> {
    Table::read_at(&mut Cursor::new(head), 1).ok().flatten()
}

/// The same table under GUIDs that no other medium has. `random` gives sixteen bytes that nobody chose.
pub fn with_own_guids(table: &Table, random: &mut dyn FnMut() -> [u8; 16]) -> Table {
    let mut own = table.clone();
    own.disk = Guid::custom(random());
    for partition in &mut own.partitions {
        partition.guid = Guid::custom(random());
    }
    own
}

/// Boot code of the MBR, which is the image's and not the table's.
const BOOT_CODE: usize = 440;

/// Lays a table into the first MiB, and gives its copy for the medium's end.
pub fn lay(table: &Table, head: &mut [u8], medium_bytes: u64) -> Result<Vec<u8>> {
    let ends = table.write(medium_bytes / SECTOR).context("the partitions do not fit on the medium")?;
    let Some(own) = head.get_mut(BOOT_CODE..ends.head.len()) else { bail!("the image has no room for a partition table") };
    own.copy_from_slice(&ends.head[BOOT_CODE..]);
    Ok(ends.tail)
}

/// Bytes of a partition.
pub fn range(table: &Table, name: &str) -> Option<Range<u64>> {
    let partition = table.partitions.iter().find(|partition| partition.name == name)?;
    Some(partition.first * SECTOR..(partition.last + 1) * SECTOR)
}

/// The file for a medium: the one given, or in a folder the one named after the serial, else `appliance.toml`.
pub fn file_for(given: &Path, serial: &str) -> Result<PathBuf> {
    if !given.is_dir() {
        return Ok(given.to_owned());
    }
    let safe = !serial.contains(['/', '\0']) && serial != ".." && serial != ".";
    let own = given.join(format!("{serial}.toml"));
    let found = [Some(own).filter(|_| safe), Some(given.join(FILE))].into_iter().flatten().find(|path| path.is_file());
    found.with_context(|| format!("{} holds neither {serial}.toml nor {FILE}", given.display()))
}

/// Reads and checks what a technician wants on the PROVISION partition.
pub fn provisioning(given: &Path, serial: &str) -> Result<String> {
    let path = file_for(given, serial)?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    check_provisioning(&text).with_context(|| format!("{} would not be accepted by the box", path.display()))?;
    Ok(text)
}

/// Is this what the box will accept, in every section for one box, too? All that is wrong is said at once.
pub fn check_provisioning(text: &str) -> Result<()> {
    match provision::check(text, None) {
        Ok(_) => Ok(()),
        Err(problems) => bail!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}
