//! The map file: how far one medium has come with one image, so that a write goes on after a power cut. (The idea is ddrescue's.)
//!
//! Lines are only added. A line that was torn is worth nothing, the one before it counts; a byte too few is written twice, which is no harm.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// For which medium and image a map holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub serial: String,
    pub bytes: u64,
    pub image: String,
    /// Whether data is kept: the two modes write different ranges.
    pub mode: String,
}

pub struct Map {
    path: PathBuf,
    file: File,
    /// Below this byte all of the image is on the medium.
    pub done: u64,
    /// What an earlier run noted, under a word.
    notes: Vec<(String, String)>,
}

/// What a map says.
pub struct Seen {
    done: u64,
    notes: Vec<(String, String)>,
}

impl Seen {
    pub fn done(&self) -> u64 {
        self.done
    }

    pub fn noted(&self, word: &str) -> Option<&str> {
        noted(&self.notes, word)
    }
}

fn noted<'a>(notes: &'a [(String, String)], word: &str) -> Option<&'a str> {
    notes.iter().rev().find(|(own, _)| own == word).map(|(_, text)| text.as_str())
}

const HEAD: &str = "wegovnow-flash map 1";

impl Subject {
    fn lines(&self) -> String {
        format!("{HEAD}\nserial {}\nbytes {}\nimage {}\nmode {}\n", self.serial, self.bytes, self.image, self.mode)
    }

    /// A name of its own within the folder of maps.
    pub fn file_name(&self) -> String {
        let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
        format!("{}-{}.map", self.serial.chars().map(safe).collect::<String>(), self.bytes)
    }
}

impl Map {
    /// Opens the map of a medium. One of another image or another medium is begun anew.
    pub fn open(folder: &Path, subject: &Subject) -> io::Result<Map> {
        fs::create_dir_all(folder)?;
        let path = folder.join(subject.file_name());
        let text = match fs::read(&path) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let head = subject.lines();
        let (done, notes, whole) = match text.strip_prefix(&head) {
            Some(rest) => {
                let (done, notes) = parse(rest);
                (done, notes, rest.rfind('\n').map_or(head.len(), |at| head.len() + at + 1))
            }
            None => (0, Vec::new(), 0),
        };
        let mut file = OpenOptions::new().create(true).write(true).truncate(false).open(&path)?;
        file.set_len(whole as u64)?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        if whole == 0 {
            file.write_all(head.as_bytes())?;
        }
        file.sync_all()?;
        Ok(Map { path, file, done, notes })
    }

    /// What an earlier run noted, without beginning one.
    pub fn look(folder: &Path, subject: &Subject) -> io::Result<Seen> {
        let text = match fs::read(folder.join(subject.file_name())) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let (done, notes) = text.strip_prefix(&subject.lines()).map(parse).unwrap_or_default();
        Ok(Seen { done, notes })
    }

    pub fn advance(&mut self, done: u64) -> io::Result<()> {
        if done > self.done {
            writeln!(self.file, "done {done}")?;
            self.file.sync_data()?;
            self.done = done;
        }
        Ok(())
    }

    /// Keeps a word that a later run needs and the medium may not hold any more. On one line.
    pub fn note(&mut self, word: &str, text: &str) -> io::Result<()> {
        writeln!(self.file, "note {word} {}", text.replace('\n', " "))?;
        self.file.sync_data()?;
        self.notes.push((word.to_owned(), text.to_owned()));
        Ok(())
    }

    pub fn noted(&self, word: &str) -> Option<&str> {
        noted(&self.notes, word)
    }

    /// Where a finished or given-up write leaves nothing to go on with.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path)
    }
}

fn parse(text: &str) -> (u64, Vec<(String, String)>) {
    let mut done = 0;
    let mut notes = Vec::new();
    for line in text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        if let Some(number) = line.strip_prefix("done ").and_then(|number| number.parse::<u64>().ok()) {
            done = done.max(number);
        } else if let Some((word, note)) = line.strip_prefix("note ").and_then(|note| note.split_once(' ')) {
            notes.push((word.to_owned(), note.to_owned()));
        }
    }
    (done, notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn subject() -> Subject {
        Subject { serial: "AA/../1".to_owned(), bytes: 1000, image: "sha256:00".to_owned(), mode: "whole".to_owned() }
    }

    proptest! {
        #[test]
        fn point_13_a_torn_map_never_says_too_much(steps in prop::collection::vec(1_u64..1 << 40, 1..8), cut in any::<prop::sample::Index>()) {
            let dir = tempfile::tempdir().unwrap();
            let mut map = Map::open(dir.path(), &subject()).unwrap();
            map.note("table", "kept").unwrap();
            let mut reached = vec![0];
            for step in &steps {
                map.advance(map.done + step).unwrap();
                reached.push(map.done);
            }
            let path = dir.path().join(subject().file_name());
            let text = fs::read(&path).unwrap();
            fs::write(&path, &text[..cut.index(text.len() + 1)]).unwrap();
            let mut again = Map::open(dir.path(), &subject()).unwrap();
            prop_assert!(reached.contains(&again.done), "{} of {reached:?}", again.done);
            again.advance(1 << 50).unwrap();
            prop_assert_eq!(Map::open(dir.path(), &subject()).unwrap().done, 1 << 50, "it goes on behind the tear");
        }
    }

    #[test]
    fn point_13_a_map_is_for_one_medium_and_one_image() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(subject().file_name(), "AA____1-1000.map");
        let mut map = Map::open(dir.path(), &subject()).unwrap();
        map.advance(77).unwrap();
        map.note("floor", "0.2.0").unwrap();
        let again = Map::open(dir.path(), &subject()).unwrap();
        assert_eq!((again.done, again.noted("floor"), again.noted("other")), (77, Some("0.2.0"), None));
        let other = Subject { image: "sha256:11".to_owned(), ..subject() };
        assert_eq!(Map::open(dir.path(), &other).unwrap().done, 0);
        assert_eq!(Map::open(dir.path(), &subject()).unwrap().done, 0, "the other image was begun since");
    }
}
