//! What the operator wrote ([`Raw`], [`Flags`], the environment) and what it means ([`Config`]): one conversion, once, at start.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Deserialize;
use store::fact::UnixMs;
use store::geo::Point;
use store::keyring::Seal;
use zeroize::Zeroizing;

/// Where the configuration is looked for when `--config` does not say.
pub const CONFIG_FILE: &str = "/etc/wegovnow/appliance.toml";
/// Where the store lives when nothing says otherwise.
pub const DATA_DIR: &str = "/var/lib/wegovnow";
/// Where the socket lives when nothing says otherwise.
pub const RUNTIME_DIR: &str = "/run/wegovnow";
/// Credential (systemd.exec(5), `LoadCredential=`) that the key-encryption key is sealed under.
pub const SEAL: &str = "wegovnow.seal";
/// Name of the socket in the runtime directory.
pub const SOCKET_NAME: &str = "wegovnowd.sock";

/// Tells the time: milliseconds since 1970. Tests pass their own.
pub type Clock = Arc<dyn Fn() -> UnixMs + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMs::try_from(since.as_millis()).unwrap_or(UnixMs::MAX)
    })
}

/// The configuration file as written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Raw {
    /// Directory of the store and the town file.
    pub data: Option<PathBuf>,
    /// Path of the Unix socket.
    pub socket: Option<PathBuf>,
    /// TCP address to listen on as well; nobody is staff there.
    pub listen: Option<String>,
    /// Where the box stands, as people say it.
    pub place_name: Option<String>,
    /// Where the map opens: latitude and longitude in degrees.
    pub center: Option<Vec<f64>>,
    /// Accounts that are staff, beside root, the daemon's own account and the members of `staff_group`.
    pub staff: Option<Vec<String>>,
    /// Group whose members are staff.
    pub staff_group: Option<String>,
    /// Whether every account of this machine is staff (development).
    pub staff_all: Option<bool>,
    /// File in which the machine's caretaker says how it is.
    pub machine: Option<PathBuf>,
    /// Bounds on what clients may use.
    pub limits: RawLimits,
}

/// The table `[limits]` as written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RawLimits {
    /// Connections in all.
    pub connections: Option<usize>,
    /// Connections of one user or address.
    pub connections_per_peer: Option<usize>,
    /// Requests being answered at the same time.
    pub requests: Option<usize>,
    /// Subscribers of changes.
    pub subscribers: Option<usize>,
    /// Time for a request's head, and for an idle connection, in seconds.
    pub head_s: Option<u64>,
    /// Time for a request's body, in seconds.
    pub body_s: Option<u64>,
    /// Time for an answer, in seconds.
    pub answer_s: Option<u64>,
    /// Wrong follow-up codes per minute of one user or address.
    pub wrong_codes_per_minute: Option<u32>,
    /// Wrong follow-up codes per minute of everybody together.
    pub wrong_codes_per_minute_all: Option<u32>,
    /// Largest photo, in MiB.
    pub photo_mib: Option<usize>,
}

/// What the command line said.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub data: Option<PathBuf>,
    pub socket: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub place_name: Option<String>,
    pub center: Option<Point>,
    pub staff: Vec<String>,
    pub staff_all: bool,
    pub machine: Option<PathBuf>,
}

/// What the service manager said: the directories it made.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// `$CREDENTIALS_DIRECTORY`
    pub credentials: Option<PathBuf>,
    /// `$STATE_DIRECTORY`
    pub state: Option<PathBuf>,
    /// `$RUNTIME_DIRECTORY`
    pub runtime: Option<PathBuf>,
}

impl Environment {
    /// Of this process. systemd may name several directories with colons; the first is ours.
    pub fn read() -> Environment {
        let first = |name: &str| {
            let value = std::env::var(name).ok()?;
            value.split(':').next().filter(|path| !path.is_empty()).map(PathBuf::from)
        };
        Environment {
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").filter(|path| !path.is_empty()).map(PathBuf::from),
            state: first("STATE_DIRECTORY"),
            runtime: first("RUNTIME_DIRECTORY"),
        }
    }

    /// What the store's keys are sealed under: the credential [`SEAL`], if the service manager handed one over.
    pub fn seal(&self) -> Result<Option<Seal>, ConfigError> {
        let Some(path) = self.credentials.as_ref().map(|directory| directory.join(SEAL)) else { return Ok(None) };
        let unusable = |what: String| ConfigError::Read { path: path.display().to_string(), what };
        match std::fs::read(&path) {
            Ok(secret) => {
                let short = || unusable(format!("a seal has at least {} bytes", Seal::SECRET_MIN));
                Seal::new(&Zeroizing::new(secret)).map(Some).ok_or_else(short)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unusable(error.to_string())),
        }
    }
}

/// Checked configuration of a running daemon.
#[derive(Clone)]
pub struct Config {
    /// Directory of the store and the town file.
    pub data: PathBuf,
    /// What the store's keys are sealed under.
    pub seal: Option<Seal>,
    /// The Unix socket; none serves TCP only.
    pub socket: Option<PathBuf>,
    /// TCP address to listen on as well; port 0 takes a free one.
    pub listen: Option<SocketAddr>,
    /// Where the box stands, as people say it.
    pub place_name: String,
    /// Where the map opens; none is the middle of the town.
    pub center: Option<Point>,
    /// Who is staff.
    pub staff: StaffRule,
    /// File in which the machine's caretaker says how it is; none on a machine without one.
    pub machine: Option<PathBuf>,
    /// Bounds on what clients may use.
    pub limits: Limits,
    /// Tells the time.
    pub clock: Clock,
}

/// Who on this machine is staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRule {
    /// Everyone who reaches the socket.
    pub everyone: bool,
    /// Accounts by name.
    pub names: BTreeSet<String>,
    /// Members of this group.
    pub group: String,
}

/// Bounds on what clients may use, so that a slow, dead or greedy one harms nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Connections of one user or address.
    pub connections_per_peer: usize,
    /// Requests being answered at the same time.
    pub requests: usize,
    /// Subscribers of changes.
    pub subscribers: usize,
    /// Notices that a slow subscriber may be behind.
    pub notices: usize,
    /// Commands waiting for the writer.
    pub waiting: usize,
    /// Time for a request's head, and for an idle connection.
    pub head: Duration,
    /// Time for a request's body.
    pub body: Duration,
    /// Time for an answer.
    pub answer: Duration,
    /// Time without a byte taken by the client while an answer is sent.
    pub stalled: Duration,
    /// Time for requests in flight when the daemon stops.
    pub stopping: Duration,
    /// Between two comments that keep a subscriber's line alive.
    pub keep_alive: Duration,
    /// Largest JSON body, in bytes.
    pub json_max: usize,
    /// Largest photo, in bytes.
    pub photo_max: usize,
    /// Wrong follow-up codes per minute of one user or address.
    pub wrong_codes_per_minute: u32,
    /// Wrong follow-up codes per minute of everybody together.
    pub wrong_codes_per_minute_all: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 1024,
            connections_per_peer: 256,
            requests: 256,
            subscribers: 128,
            notices: 256,
            waiting: 1024,
            head: Duration::from_secs(30),
            body: Duration::from_secs(20),
            answer: Duration::from_secs(25),
            stalled: Duration::from_secs(30),
            stopping: Duration::from_secs(5),
            keep_alive: Duration::from_secs(15),
            json_max: 256 * 1024,
            photo_max: 12 * 1024 * 1024,
            wrong_codes_per_minute: 10,
            wrong_codes_per_minute_all: 120,
        }
    }
}

impl Default for StaffRule {
    fn default() -> StaffRule {
        StaffRule { everyone: false, names: BTreeSet::new(), group: "wegovnow-staff".to_owned() }
    }
}

/// Why there is no configuration. Says what, where and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {what}")]
    Read { path: String, what: String },
    #[error("{path}, line {line}: unknown key {key:?}{}", hint(.nearest))]
    UnknownKey { path: String, line: usize, key: String, nearest: Option<String> },
    #[error("{path}, line {line}: {what}")]
    Syntax { path: String, line: usize, what: String },
    #[error("{key} = {value}: {what}")]
    Value { key: &'static str, value: String, what: &'static str },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("; did you mean {key:?}?")).unwrap_or_default()
}

impl Config {
    /// Defaults over a data directory: what tests and tools start from.
    pub fn new(data: PathBuf) -> Config {
        Config {
            data,
            seal: None,
            socket: None,
            listen: None,
            place_name: String::new(),
            center: None,
            staff: StaffRule::default(),
            machine: None,
            limits: Limits::default(),
            clock: system_clock(),
        }
    }

    /// The configuration of file, command line and environment. The command line wins over the file, the file over the
    /// environment. Without `file` the usual one is read if it is there.
    pub fn load(file: Option<&Path>, flags: Flags, environment: &Environment) -> Result<Config, ConfigError> {
        let path = file.unwrap_or(Path::new(CONFIG_FILE));
        let raw = match std::fs::read_to_string(path) {
            Ok(text) => parse(&text, &path.display().to_string())?,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => Raw::default(),
            Err(error) => return Err(ConfigError::Read { path: path.display().to_string(), what: error.to_string() }),
        };
        Config::check(raw, flags, environment)
    }

    /// What was written, checked.
    pub fn check(raw: Raw, flags: Flags, environment: &Environment) -> Result<Config, ConfigError> {
        let runtime = environment.runtime.clone().unwrap_or_else(|| PathBuf::from(RUNTIME_DIR));
        let listen = match (flags.listen, raw.listen) {
            (Some(address), _) => Some(address),
            (None, Some(text)) => Some(text.parse().map_err(|_| ConfigError::Value {
                key: "listen",
                value: text,
                what: "expected an address and a port, such as 127.0.0.1:8311",
            })?),
            (None, None) => None,
        };
        let center = match (flags.center, raw.center) {
            (Some(point), _) => Some(point),
            (None, Some(degrees)) => {
                let point = match degrees.as_slice() {
                    [lat, lon] => Point::from_degrees(*lat, *lon),
                    _ => None,
                };
                Some(point.ok_or_else(|| ConfigError::Value {
                    key: "center",
                    value: format!("{degrees:?}"),
                    what: "expected latitude and longitude in degrees, such as [60.17, 24.94]",
                })?)
            }
            (None, None) => None,
        };
        let mut names: BTreeSet<String> = raw.staff.unwrap_or_default().into_iter().collect();
        names.extend(flags.staff);
        let place_name = flags.place_name.or(raw.place_name).unwrap_or_default();
        let place_name = store::text::clean(&place_name).map_err(|_| ConfigError::Value {
            key: "place_name",
            value: format!("{place_name:?}"),
            what: "a control character cannot be shown",
        })?;
        Ok(Config {
            seal: environment.seal()?,
            data: flags.data.or(raw.data).or_else(|| environment.state.clone()).unwrap_or_else(|| PathBuf::from(DATA_DIR)),
            socket: Some(flags.socket.or(raw.socket).unwrap_or_else(|| runtime.join(SOCKET_NAME))),
            listen,
            place_name,
            center,
            staff: StaffRule {
                everyone: flags.staff_all || raw.staff_all.unwrap_or(false),
                names,
                group: raw.staff_group.unwrap_or_else(|| StaffRule::default().group),
            },
            machine: flags.machine.or(raw.machine),
            limits: raw.limits.check()?,
            clock: system_clock(),
        })
    }
}

impl RawLimits {
    fn check(self) -> Result<Limits, ConfigError> {
        let usual = Limits::default();
        let count = |key: &'static str, value: Option<usize>, usual: usize, max: usize| match value {
            None => Ok(usual),
            Some(value) if (1..=max).contains(&value) => Ok(value),
            Some(value) => Err(ConfigError::Value { key, value: value.to_string(), what: "out of range: see the manual page" }),
        };
        let seconds = |key: &'static str, value: Option<u64>, usual: Duration| match value {
            None => Ok(usual),
            Some(value) if (1..=3600).contains(&value) => Ok(Duration::from_secs(value)),
            Some(value) => Err(ConfigError::Value { key, value: value.to_string(), what: "expected 1 to 3600 seconds" }),
        };
        let tries = |key, value: Option<u32>, usual: u32| {
            count(key, value.map(|value| value as usize), usual as usize, 100_000).map(|value| value as u32)
        };
        let photo_mib = count("limits.photo_mib", self.photo_mib, usual.photo_max >> 20, 64)?;
        Ok(Limits {
            connections: count("limits.connections", self.connections, usual.connections, 65_536)?,
            connections_per_peer: count(
                "limits.connections_per_peer",
                self.connections_per_peer,
                usual.connections_per_peer,
                65_536,
            )?,
            requests: count("limits.requests", self.requests, usual.requests, 65_536)?,
            subscribers: count("limits.subscribers", self.subscribers, usual.subscribers, 65_536)?,
            head: seconds("limits.head_s", self.head_s, usual.head)?,
            body: seconds("limits.body_s", self.body_s, usual.body)?,
            answer: seconds("limits.answer_s", self.answer_s, usual.answer)?,
            wrong_codes_per_minute: tries(
                "limits.wrong_codes_per_minute",
                self.wrong_codes_per_minute,
                usual.wrong_codes_per_minute,
            )?,
            wrong_codes_per_minute_all: tries(
                "limits.wrong_codes_per_minute_all",
                self.wrong_codes_per_minute_all,
                usual.wrong_codes_per_minute_all,
            )?,
            photo_max: photo_mib << 20,
            ..usual
        })
    }
}

/// Reads the configuration file's text; `path` is for messages.
pub fn parse(text: &str, path: &str) -> Result<Raw, ConfigError> {
    let line = |offset: usize| text.get(..offset).unwrap_or(text).matches('\n').count() + 1;
    let syntax = |error: &toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        line: line(error.span().map_or(0, |span| span.start)),
        what: error.message().to_owned(),
    };
    let table = toml::de::DeTable::parse(text).map_err(|error| syntax(&error))?;
    let unknown = |key: &toml::Spanned<std::borrow::Cow<'_, str>>, known: &[String]| ConfigError::UnknownKey {
        path: path.to_owned(),
        line: line(key.span().start),
        key: key.get_ref().to_string(),
        nearest: nearest(key.get_ref(), known),
    };
    let (top, limits) = (keys::<Raw>(), keys::<RawLimits>());
    for (key, value) in table.get_ref() {
        if !top.iter().any(|known| known == key.get_ref().as_ref()) {
            return Err(unknown(key, &top));
        }
        let Some(inner) = value.get_ref().as_table().filter(|_| key.get_ref() == "limits") else { continue };
        if let Some((key, _)) = inner.iter().find(|(key, _)| !limits.iter().any(|known| known == key.get_ref().as_ref())) {
            return Err(unknown(key, &limits));
        }
    }
    toml::from_str(text).map_err(|error| syntax(&error))
}

/// The keys of a table, from its type.
fn keys<T: JsonSchema>() -> Vec<String> {
    let schema = schemars::schema_for!(T);
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.into_iter().flatten().map(|(key, _)| key.clone()).collect()
}

/// The known word that fewest typing mistakes turn into this one; none when more than a third of the letters differ.
fn nearest(word: &str, known: &[String]) -> Option<String> {
    let best = known.iter().map(|other| (mistakes(word, other), other)).min()?;
    (best.0 * 3 <= word.chars().count().max(3)).then(|| best.1.clone())
}

/// Letters to add, drop or change to make one word of the other (Levenshtein 1966).
fn mistakes(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let changed = corner + usize::from(x != *y);
            corner = *cell;
            left = changed.min(corner + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
