//! The daemon from the outside: a town in a temporary directory, a free socket, a clock that stands still.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use api::{
    Client, Decide, DecideOn, Decision, Follow, FollowCode, Kind, NewComment, NewReport, NewSupport, Place, Point, Queue,
    QueueQuery, ReportId, RequestId, SessionId, Status, What,
};
use futures_util::StreamExt;
use store::fact::Site;
use store::geo::{Area, Bounds};
use store::keyring::Chance;

use super::*;
use crate::config::StaffRule;

pub const NOW_MS: u64 = 1_764_000_000_000;

/// A daemon of a small town, and what is needed to talk to it.
pub struct Town {
    pub directory: tempfile::TempDir,
    pub serving: Serving,
    pub shutdown: CancellationToken,
    pub clock: Arc<AtomicU64>,
}

/// A square of two kilometres in the middle of Helsinki.
fn area() -> Area {
    let center = Point { lat_e7: 601_700_000, lon_e7: 249_400_000 };
    Area::rectangle(Bounds::around(center, 1_000.0))
}

/// Sets a town up in a directory.
fn make(data: &Path) {
    let mut chance = chance::SeededChance::new(1);
    let mut org = [0; 16];
    chance.fill(&mut org);
    Store::init(data, store::id::OrgId(org), &mut chance, NOW_MS).unwrap();
    let (mut store, said) = Store::open(data, Box::new(chance), NOW_MS).unwrap();
    assert!(said.is_empty(), "{said:?}");
    let languages: Vec<store::id::Language> = ["en", "fi"].map(|code| code.parse().unwrap()).to_vec();
    let catalogue = catalogue::built_in(&languages).unwrap();
    let site = Site { name: "Testby".to_owned(), area: area(), languages, demo: false };
    let mut commands = vec![store::decide::Command::OpenSite(site)];
    commands.extend(catalogue.departments.into_iter().map(store::decide::Command::DefineDepartment));
    commands.extend(catalogue.categories.into_iter().map(store::decide::Command::DefineCategory));
    let context = store::decide::Context { actor: store::decide::Actor::System, now_ms: NOW_MS, staff: &[], photo_stored: false };
    let wishes: Vec<_> = commands.iter().map(|command| store::store::Wish { command, context }).collect();
    for outcome in store.submit(&wishes).unwrap() {
        outcome.unwrap();
    }
    store.close().unwrap();
}

impl Town {
    pub async fn start() -> Town {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        Town::serve(directory, |_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Town {
        let directory = tempfile::tempdir().unwrap();
        make(directory.path());
        Town::serve(directory, change).await
    }

    async fn serve(directory: tempfile::TempDir, change: impl FnOnce(&mut Config)) -> Town {
        let clock = Arc::new(AtomicU64::new(NOW_MS));
        let hand = Arc::clone(&clock);
        let mut config = Config::new(directory.path().to_owned());
        config.socket = Some(directory.path().join("d.sock"));
        config.listen = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        config.clock = Arc::new(move || hand.load(Ordering::Relaxed));
        config.staff = StaffRule { names: ["anna".to_owned()].into(), ..StaffRule::default() };
        change(&mut config);
        let shutdown = CancellationToken::new();
        let serving = serve(config, shutdown.clone()).await.unwrap();
        Town { directory, serving, shutdown, clock }
    }

    /// Over the socket the test's own user is staff.
    pub fn client(&self) -> Client {
        Client::over_socket(self.serving.socket.as_ref().unwrap()).unwrap()
    }

    /// Over TCP nobody is.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.serving.tcp.unwrap())
    }

    pub async fn stop(self) -> tempfile::TempDir {
        self.shutdown.cancel();
        self.serving.stopped().await.unwrap();
        self.directory
    }
}

pub fn code(number: u64) -> FollowCode {
    FollowCode::from_random((number << 9).to_be_bytes())
}

/// A report that the rules take; `number` tells reports apart.
pub fn new_report(number: u64) -> NewReport {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    NewReport {
        id: ReportId(id),
        kind: Kind::Problem,
        category: "road".parse().unwrap(),
        place: Place { point: Point { lat_e7: 601_700_000 + number as i32 % 1000, lon_e7: 249_400_000 }, address: None },
        text: format!("There is a hole, number {number}"),
        language: "en".parse().unwrap(),
        answers: Default::default(),
        photo: None,
        code: code(number),
    }
}

fn request(number: u8) -> RequestId {
    RequestId([number; 16])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_goes_from_the_kiosk_to_the_console_and_back() {
    let town = Town::start().await;
    let client = town.client();
    let mut changes = Box::pin(client.changes().await.unwrap());

    let filed = client.file_report(&new_report(1)).await.unwrap();
    assert_eq!((filed.filed_ms, filed.department.as_str(), filed.due_days), (NOW_MS, "works", 21));
    let again = client.file_report(&new_report(1)).await.unwrap();
    assert_eq!(again, filed, "the same request files once and is answered again");
    let other = NewReport { text: "Something else".to_owned(), ..new_report(1) };
    assert_eq!(client.file_report(&other).await.unwrap_err().code(), "id_taken");

    let supported = client.support(filed.id, &NewSupport { session: SessionId([1; 16]) }).await.unwrap();
    assert_eq!((supported.people, supported.already), (2, false));
    let supported = client.support(filed.id, &NewSupport { session: SessionId([1; 16]) }).await.unwrap();
    assert_eq!((supported.people, supported.already), (2, true));

    let queue = QueueQuery { queue: Queue::New, filter: None, department: None, limit: None, offset: None };
    let reply = client.queue(&queue).await.unwrap();
    assert_eq!((reply.rows.len(), reply.total, reply.counts.new), (1, 1, 1));
    let seen = reply.rows[0].heads.clone();
    let decide =
        |request, seen, decision| Decide { on: vec![DecideOn { report: filed.id, request, seen, undo: None }], decision };
    let answer = Decision::SetStatus { status: Status::Fixed, answer: Some("Filled this morning.".to_owned()) };
    let outcome = client.decide(&decide(request(1), Some(seen.clone()), answer)).await.unwrap().outcomes.remove(0);
    let event = outcome.event.unwrap();
    let late = Decision::SetStatus { status: Status::InProgress, answer: None };
    let late = client.decide(&decide(request(2), Some(seen), late)).await.unwrap().outcomes.remove(0);
    assert!(matches!(late.refusal, Some(api::Refusal::Conflict { .. })), "{:?}", late.refusal);
    assert_eq!(late.since.len(), 1, "a conflict shows what the other did");
    assert_eq!(late.since[0].event, event);

    let mine = client.follow(&Follow { code: code(1) }).await.unwrap();
    assert_eq!(mine.summary.status, Status::Fixed);
    assert_eq!(mine.steps.last().unwrap().answer.as_deref(), Some("Filled this morning."));
    let case = client.case(filed.id).await.unwrap();
    assert_eq!(case.record.len(), 1);
    assert!(case.record[0].undoable);
    let undo = Decision::Undo { decision: event };
    client.decide(&decide(request(3), None, undo)).await.unwrap().outcomes.remove(0).event.unwrap();
    assert_eq!(client.report(filed.id).await.unwrap().summary.status, Status::Received);

    let comment = NewComment {
        id: store::id::CommentId([1; 16]),
        text: "Still <b>there</b>".to_owned(),
        language: "en".parse().unwrap(),
        code: Some(code(1)),
    };
    let comment = client.comment(filed.id, &comment).await.unwrap();
    assert_eq!((comment.text.as_str(), comment.by_reporter), ("Still <b>there</b>", true), "HTML is text");

    let mut heard = Vec::new();
    let mut numbers = Vec::new();
    for _ in 0..5 {
        let change = changes.next().await.unwrap().unwrap();
        numbers.push(change.change);
        heard.push(change.what);
    }
    assert_eq!(heard, [What::Filed, What::Supported, What::Decided, What::Decided, What::Commented]);
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    drop(changes);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_loses_nothing_and_the_next_start_finds_the_same_state() {
    let town = Town::start().await;
    let mut clients = Vec::new();
    for client_number in 0..4_u64 {
        let client = town.client();
        clients.push(tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for number in 0..10_000 {
                let report = new_report(client_number * 100_000 + number);
                match client.file_report(&report).await {
                    Ok(filed) => acknowledged.push(filed.id),
                    Err(_) => break,
                }
            }
            acknowledged
        }));
    }
    // The stop comes when some are through, whatever the machine's speed.
    while town.serving.app.present().state.report_count() < 40 {
        tokio::task::yield_now().await;
    }
    let socket = town.serving.socket.clone().unwrap();
    let directory = town.stop().await;
    assert!(!socket.exists(), "the socket is removed");
    let mut acknowledged = Vec::new();
    for client in clients {
        acknowledged.extend(client.await.unwrap());
    }
    assert!(acknowledged.len() >= 36);
    let town = Town::serve(directory, |_| {}).await;
    {
        let present = town.serving.app.present();
        assert!(acknowledged.iter().all(|id| present.state.report(id).is_some()));
    }
    let health = town.client().health().await.unwrap();
    assert_eq!((health.state.as_str(), health.opened.len()), ("ok", 0), "{:?}", health.opened);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_slowed_down_and_right_ones_are_not() {
    let town = Town::start().await;
    let client = town.client();
    client.file_report(&new_report(1)).await.unwrap();
    for number in 100..110 {
        assert_eq!(client.follow(&Follow { code: code(number) }).await.unwrap_err().code(), "unknown_code");
    }
    assert_eq!(client.follow(&Follow { code: code(200) }).await.unwrap_err().code(), "too_many");
    town.clock.fetch_add(7_000, Ordering::Relaxed);
    client.follow(&Follow { code: code(1) }).await.unwrap();
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_is_refused_and_a_stale_socket_taken_over() {
    let town = Town::start().await;
    let socket = town.serving.socket.clone().unwrap();
    let refused = listen::unix(&socket).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("another daemon answers"), "{refused}");
    let directory = town.stop().await;
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(socket.exists());
    let town = Town::serve(directory, |_| {}).await;
    town.client().health().await.unwrap();
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_credential_the_data_directory_alone_opens_nothing() {
    let secret = || store::keyring::Seal::new(b"a secret that is not on this disk");
    let town = Town::start_with(|config| config.seal = secret()).await;
    town.client().file_report(&new_report(1)).await.unwrap();
    let directory = town.stop().await;
    let mut config = Config::new(directory.path().to_owned());
    config.socket = Some(directory.path().join("d.sock"));
    let error = serve(config, CancellationToken::new()).await.err().unwrap();
    assert!(format!("{error:#}").contains("Start with the credential"), "{error:#}");
    let town = Town::serve(directory, |config| config.seal = secret()).await;
    assert_eq!(town.client().health().await.unwrap().reports, 1);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_connections_of_one_peer_leave_room_for_others() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let town = Town::start_with(|config| config.limits.connections_per_peer = 3).await;
    let address = town.serving.tcp.unwrap();
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /api/v1/town HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    let mut refused = Vec::new();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.read_to_end(&mut refused).await.unwrap();
    let refused = String::from_utf8(refused).unwrap();
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("\"busy\""), "{refused}");
    town.client().town().await.unwrap();
    drop(held);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_half_a_body_is_told_and_let_go() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let town = Town::start_with(|config| config.limits.body = Duration::from_millis(50)).await;
    let mut stream = tokio::net::TcpStream::connect(town.serving.tcp.unwrap()).await.unwrap();
    let head = "POST /api/v1/follow HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too_slow\""), "{answer}");
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_read_how_the_machine_is_and_residents_what_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("status.json");
    std::fs::write(&file, r#"{"serial":"B-7","rollback":{"version":"2","reason":"no answer"},"clock":{"is_verified":false}}"#)
        .unwrap();
    let town = Town::start_with(|config| config.machine = Some(file)).await;
    let health = town.client().health().await.unwrap();
    assert_eq!(health.state, "ok", "the daemon itself is well");
    let machine = health.machine.unwrap();
    assert_eq!((machine.serial.as_deref(), machine.rollback.as_ref().unwrap().reason.as_str()), (Some("B-7"), "no answer"));
    let answer = reqwest::get(town.url("/api/v1/town")).await.unwrap().text().await.unwrap();
    assert!(answer.contains(r#""notices":["update_taken_back","clock_unverified"]"#), "{answer}");
    assert!(!answer.contains("B-7") && !answer.contains("no answer"), "residents need no more: {answer}");
    assert_eq!(machine.pairing, None);
    town.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_caretakers_file_everything_else_goes_on() {
    let town = Town::start_with(|config| config.machine = Some("/nowhere/at/all".into())).await;
    let health = town.client().health().await.unwrap();
    assert_eq!(health.state, "ok");
    assert!(health.machine.unwrap().unknown.is_some());
    assert_eq!(town.client().town().await.unwrap().notices, []);
    town.stop().await;
    let town = Town::start().await;
    assert_eq!(town.client().health().await.unwrap().machine, None);
    town.stop().await;
}
