//! A download that goes on where it stopped, over lines that stall and servers that go away.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use ureq::http::{Response, StatusCode};
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy};

use super::{Progress, need_space};
use crate::render::parse_environment;
use crate::settings::CA;
use crate::{Caretaker, file};

/// A bundle holds two slots; more is none of ours.
const LEN_MAX: u64 = 2 << 30;
/// Tries in a row that brought not a byte.
const TRIES_MAX: u32 = 8;
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Of one answer. Whatever came by then is kept, and the rest asked for anew: so a line that stalls is left.
const BODY: Duration = Duration::from_secs(300);

/// How the network is reached.
#[derive(Debug, Clone, Default)]
pub struct Route {
    http_proxy: Option<String>,
    https_proxy: Option<String>,
    /// Reached without a proxy: hosts, and domains with a dot before them.
    none: Vec<String>,
    /// PEM of authorities that are believed: the system's, and the town's.
    authorities: Option<Vec<u8>>,
}

impl Route {
    /// As the settings have it.
    pub fn read(care: &Caretaker<'_>) -> Result<Route> {
        let text = fs::read_to_string(care.places.run("proxy.env")).unwrap_or_default();
        let mut environment = parse_environment(&text);
        let own = fs::read(care.places.state(CA)).ok();
        let authorities = own.map(|own| {
            let mut all = fs::read(care.places.at("/etc/ssl/certs/ca-certificates.crt")).unwrap_or_default();
            all.extend(own);
            all
        });
        Ok(Route {
            http_proxy: environment.remove("http_proxy"),
            https_proxy: environment.remove("https_proxy"),
            none: environment.remove("no_proxy").map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default(),
            authorities,
        })
    }

    fn proxy(&self, url: &str) -> Option<&str> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|c| c.is_ascii_digit())).map_or(host, |(host, _)| host);
        let is_direct =
            |one: &String| if one.starts_with('.') { host.ends_with(one.as_str()) || host == &one[1..] } else { host == one };
        if self.none.iter().any(is_direct) {
            return None;
        }
        if scheme == "https" { self.https_proxy.as_deref() } else { self.http_proxy.as_deref() }
    }

    fn agent(&self, url: &str) -> Result<Agent> {
        // One that is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let proxy = self.proxy(url).map(Proxy::new).transpose().context("the proxy's address is not understood")?;
        let roots = match &self.authorities {
            None => RootCerts::PlatformVerifier,
            Some(pem) => {
                let certificates = ureq::tls::parse_pem(pem).filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(certificate),
                    _ => None,
                });
                RootCerts::new_with_certs(&certificates.collect::<Vec<_>>())
            }
        };
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(proxy)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .timeout_resolve(Some(Duration::from_secs(20)))
            .timeout_connect(Some(Duration::from_secs(20)))
            .timeout_recv_response(Some(Duration::from_secs(30)))
            .timeout_recv_body(Some(BODY))
            .user_agent(concat!("wegovnow-box/", env!("CARGO_PKG_VERSION")));
        Ok(agent.build().into())
    }
}

/// A short text, such as the list of what there is.
pub fn fetch_text(route: &Route, url: &str) -> Result<String> {
    let mut response = route.agent(url)?.get(url).call().with_context(|| url.to_owned())?;
    if response.status() != StatusCode::OK {
        bail!("{url}: the server says {}", response.status());
    }
    response.body_mut().with_config().limit(64 << 10).read_to_string().with_context(|| url.to_owned())
}

/// Where the part that is there came from.
#[derive(Debug, Serialize, Deserialize)]
struct Origin {
    url: String,
    /// ETag or date: whether the server still has the same file. None: it cannot be gone on with.
    validator: Option<String>,
}

/// How one answer ended.
enum Answer {
    Whole,
    /// Cut off; whether anything came.
    Partly {
        came: bool,
        why: String,
    },
    /// Asking again does not help.
    Refused(String),
}

/// Fetches `url` to `folder/bundle.raucb`.
pub fn download(care: &Caretaker<'_>, url: &str, route: &Route, folder: &Path, progress: Progress<'_>) -> Result<()> {
    let agent = route.agent(url)?;
    let mut tries = 0;
    loop {
        match ask(care, &agent, url, folder, progress)? {
            Answer::Whole => break,
            Answer::Refused(why) => bail!("{url}: {why}"),
            Answer::Partly { came, why } => {
                tries = if came { 0 } else { tries + 1 };
                if tries >= TRIES_MAX {
                    bail!("{url}: {why}, {tries} times on end; what came is kept, start again to go on");
                }
                let wait = WAIT_MAX.min(Duration::from_secs(1 << tries.min(16)));
                eprintln!("note: {why}; going on in {} s", wait.as_secs());
                care.system.sleep(wait);
            }
        }
    }
    fs::rename(folder.join("bundle.part"), folder.join("bundle.raucb")).context("cannot keep the download")?;
    file::remove(&folder.join("bundle.json"))
}

fn ask(care: &Caretaker<'_>, agent: &Agent, url: &str, folder: &Path, progress: Progress<'_>) -> Result<Answer> {
    let (part, note) = (folder.join("bundle.part"), folder.join("bundle.json"));
    need_space(care, &part, 0)?;
    let origin: Option<Origin> = file::read_json(&note);
    let validator = origin.filter(|origin| origin.url == url).and_then(|origin| origin.validator);
    let have = if validator.is_some() { fs::metadata(&part).map_or(0, |metadata| metadata.len()) } else { 0 };
    let mut request = agent.get(url);
    if let Some(validator) = validator.filter(|_| have > 0) {
        request = request.header("Range", format!("bytes={have}-")).header("If-Range", validator);
    }
    let mut response = match request.call() {
        Ok(response) => response,
        Err(ureq::Error::BadUri(what)) => return Ok(Answer::Refused(format!("this is no address: {what}"))),
        Err(error) => return Ok(Answer::Partly { came: false, why: error.to_string() }),
    };
    let (from, all) = match response.status() {
        StatusCode::OK => (0, header(&response, "content-length").and_then(|text| text.parse().ok())),
        StatusCode::PARTIAL_CONTENT => match header(&response, "content-range").and_then(parse_range) {
            Some((from, all)) if from == have => (have, all),
            _ => {
                file::remove(&note)?;
                return Ok(Answer::Partly { came: false, why: "the server sent another part than was asked for".to_owned() });
            }
        },
        // All is there already, or the file became shorter.
        StatusCode::RANGE_NOT_SATISFIABLE => {
            let all = header(&response, "content-range").and_then(|text| text.strip_prefix("bytes */")?.parse().ok());
            if all == Some(have) {
                return Ok(Answer::Whole);
            }
            file::remove(&note)?;
            return Ok(Answer::Partly { came: false, why: "the file there is another one by now".to_owned() });
        }
        status if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) => {
            return Ok(Answer::Partly { came: false, why: format!("the server says {status}") });
        }
        status => return Ok(Answer::Refused(format!("the server says {status}"))),
    };
    if all.is_some_and(|all| all > LEN_MAX) {
        return Ok(Answer::Refused(format!("this is no bundle: it has more than {} MB", LEN_MAX / 1_000_000)));
    }
    need_space(care, &part, all.unwrap_or(0).saturating_sub(from))?;
    let mut target =
        OpenOptions::new().write(true).create(true).truncate(false).open(&part).context("cannot make the download's file")?;
    target.set_len(from).context("cannot begin the download anew")?;
    let validator = header(&response, "etag").filter(|tag| !tag.starts_with("W/")).or_else(|| header(&response, "last-modified"));
    file::write_json(&note, &Origin { url: url.to_owned(), validator: validator.map(str::to_owned) })?;
    use std::io::{Seek, SeekFrom};
    target.seek(SeekFrom::Start(from))?;
    receive(&mut response, &mut target, from, all, progress)
}

fn receive(
    response: &mut Response<Body>,
    target: &mut File,
    from: u64,
    all: Option<u64>,
    progress: Progress<'_>,
) -> Result<Answer> {
    const FLUSH: u64 = 8 << 20;
    let mut reader = response.body_mut().with_config().limit(LEN_MAX).reader();
    let (mut buffer, mut done, mut flushed) = (vec![0; 128 << 10], from, from);
    let why = loop {
        match reader.read(&mut buffer) {
            Ok(0) if all.is_none_or(|all| done == all) => {
                target.sync_all().context("cannot write the download")?;
                return Ok(Answer::Whole);
            }
            Ok(0) => break "the line was cut".to_owned(),
            Ok(count) => {
                target.write_all(buffer.get(..count).unwrap_or_default()).context("cannot write the download")?;
                done += count as u64;
                if done - flushed >= FLUSH {
                    target.sync_data().context("cannot write the download")?;
                    flushed = done;
                }
                progress("downloading", done, all);
            }
            Err(error) => break error.to_string(),
        }
    };
    target.sync_all().context("cannot write the download")?;
    Ok(Answer::Partly { came: done > from, why })
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name)?.to_str().ok()
}

/// `bytes 5-9/10`: the first byte, and how many there are.
fn parse_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, all) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((span.split_once('-')?.0.parse().ok()?, all.parse().ok()))
}
