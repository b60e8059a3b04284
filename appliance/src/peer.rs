//! Who is at the other end of a connection.

use std::net::IpAddr;

use store::id::StaffId;

/// The other end of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// What limits count by.
    pub key: PeerKey,
    /// The member of staff, if the user at the other end is one. Never over TCP.
    pub staff: Option<StaffId>,
}

/// What limits count by: the user at the other end of the Unix socket, or the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerKey {
    User(u32),
    Address(IpAddr),
}
