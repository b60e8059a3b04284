//! Sockets and connections: who may come in, how long they may take, how they are seen off.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use crate::answer::No;
use crate::config::Limits;
use crate::peer::{Peer, PeerKey};

/// Takes the Unix socket. One that a daemon left behind when it was killed is taken over; one that answers is not.
pub fn unix(path: &Path) -> anyhow::Result<(UnixListener, SocketFile)> {
    use anyhow::Context;
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot make the directory {}", parent.display()))?;
    }
    if path.exists() {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            anyhow::bail!("another daemon answers on {}: stop it first, or choose another --socket", path.display());
        }
        let kind = std::fs::symlink_metadata(path)?.file_type();
        if !std::os::unix::fs::FileTypeExt::is_socket(&kind) {
            anyhow::bail!("{} is there and is no socket: remove it, or choose another --socket", path.display());
        }
        std::fs::remove_file(path).with_context(|| format!("cannot remove the stale socket {}", path.display()))?;
    }
    let listener = UnixListener::bind(path).with_context(|| format!("cannot listen on {}", path.display()))?;
    // Anyone on the machine may speak; the kernel says who it is, and that decides what they may ask.
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666))
        .with_context(|| format!("cannot open {} to others", path.display()))?;
    Ok((listener, SocketFile(path.to_owned())))
}

/// A socket's file, removed when the daemon leaves.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What connections share.
#[derive(Clone)]
pub struct Door {
    pub router: Router,
    pub limits: Limits,
    /// New connections are taken until then.
    pub stop: CancellationToken,
    /// Connections that are still there are cut.
    pub cut: CancellationToken,
    /// Connections in progress.
    pub tracker: TaskTracker,
    /// Connections by peer, and all.
    pub counts: Arc<Mutex<BTreeMap<PeerKey, usize>>>,
}

/// Names the user at the other end of the Unix socket.
pub type Recognise = Arc<dyn Fn(u32) -> Peer + Send + Sync>;

impl Door {
    pub fn new(router: Router, limits: Limits, stop: CancellationToken) -> Door {
        Door { router, limits, stop, cut: CancellationToken::new(), tracker: TaskTracker::new(), counts: Arc::default() }
    }

    /// Takes connections on the Unix socket until the stop.
    pub async fn serve_unix(self, listener: UnixListener, recognise: Recognise) {
        loop {
            let stream = tokio::select! {
                () = self.stop.cancelled() => return,
                taken = listener.accept() => taken.map(|(stream, _)| stream),
            };
            match stream.and_then(|stream| Ok((user(&stream)?, stream))) {
                Ok((uid, stream)) => self.take(recognise(uid), stream),
                Err(error) => self.hold_off(error).await,
            }
        }
    }

    /// Takes connections on TCP until the stop. Nobody is staff there.
    pub async fn serve_tcp(self, listener: TcpListener) {
        loop {
            let taken = tokio::select! {
                () = self.stop.cancelled() => return,
                taken = listener.accept() => taken,
            };
            match taken {
                Ok((stream, address)) => {
                    // Answers are small and whole: waiting to fill a packet only delays them.
                    let _ = stream.set_nodelay(true);
                    self.take(Peer { key: PeerKey::Address(address.ip().to_canonical()), staff: None }, stream);
                }
                Err(error) => self.hold_off(error).await,
            }
        }
    }

    /// Out of file descriptors, or a client that went away at the door: the next one may fare better in a moment.
    async fn hold_off(&self, error: io::Error) {
        tracing::warn!(%error, "a connection could not be taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    fn take<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, peer: Peer, stream: S) {
        let Some(seat) = Seat::take(&self.counts, peer.key, &self.limits) else {
            let refusal = busy_bytes();
            let mut stream = Patient::new(stream, Duration::from_millis(500));
            self.tracker.spawn(async move {
                use tokio::io::AsyncWriteExt;
                let _ = stream.write_all(&refusal).await;
                let _ = stream.shutdown().await;
            });
            return;
        };
        let door = self.clone();
        self.tracker.spawn(async move {
            door.converse(peer, stream).await;
            drop(seat);
        });
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(&self, peer: Peer, stream: S) {
        let router = self.router.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer.clone());
            let request: Request = request.map(axum::body::Body::new);
            router.clone().oneshot(request)
        });
        let io = TokioIo::new(Patient::new(stream, self.limits.stalled));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                // Also closes a connection that has been idle for so long.
                .header_read_timeout(self.limits.head)
                .max_buf_size(64 * 1024)
                .max_headers(64)
                .serve_connection(io, service)
        );
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => ended,
                    () = self.cut.cancelled() => return,
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "a connection ended early");
        }
    }
}

/// The user at the other end, as the kernel knows it (SO_PEERCRED).
fn user(stream: &UnixStream) -> io::Result<u32> {
    stream.peer_cred().map(|credentials| credentials.uid())
}

/// One connection's share of what all may use.
struct Seat {
    counts: Arc<Mutex<BTreeMap<PeerKey, usize>>>,
    key: PeerKey,
}

impl Seat {
    fn take(counts: &Arc<Mutex<BTreeMap<PeerKey, usize>>>, key: PeerKey, limits: &Limits) -> Option<Seat> {
        let mut taken = counts.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.get(&key).copied().unwrap_or_default();
        if own >= limits.connections_per_peer || taken.values().sum::<usize>() >= limits.connections {
            return None;
        }
        taken.insert(key, own + 1);
        Some(Seat { counts: Arc::clone(counts), key })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = taken.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

/// What a connection too many reads.
fn busy_bytes() -> Vec<u8> {
    let body = serde_json::to_string(&No::busy().body).unwrap_or_default();
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A stream whose writer gives up when the other end has taken nothing for a while.
struct Patient<S> {
    inner: S,
    patience: Duration,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    fn new(inner: S, patience: Duration) -> Patient<S> {
        Patient { inner, patience, waiting: None }
    }

    fn judge<T>(&mut self, context: &mut Context<'_>, progress: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.waiting = None;
            return progress;
        }
        let deadline = Instant::now() + self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if waiting.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")));
        }
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.judge(context, progress)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_flush(context);
        self.judge(context, progress)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let progress = Pin::new(&mut self.inner).poll_shutdown(context);
        self.judge(context, progress)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let progress = Pin::new(&mut self.inner).poll_write_vectored(context, parts);
        self.judge(context, progress)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
