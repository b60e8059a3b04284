//! The contract between the daemon and its clients: words, routes, push, and the typed client.
//!
//! The local API is lockstep: daemon, kiosk and console are built together and may change together. Paths, methods, who may
//! call, request and reply types and error codes stand once, in [`routes`]; the daemon builds its router from that table, the client
//! its calls, `GET /openapi.json` its document.
//!
//! Transport: HTTP/1.1 over the Unix socket `wegovnowd.sock` in the runtime directory. The kernel tells the daemon which user is at
//! the other end; that user decides whether staff routes answer. Over TCP (only when configured) nobody is staff.

pub mod client;
pub mod routes;
pub mod words;

pub use client::Client;
pub use words::*;
