//! The bytes on the wire: all numbers are big-endian.

use std::io::{self, Read, Write};

use super::Refusal;

const PASSWORD: u64 = u64::from_be_bytes(*b"NBDMAGIC");
const OPTION: u64 = u64::from_be_bytes(*b"IHAVEOPT");
const OPTION_REPLY: u64 = 0x0003_e889_0455_65a9;
const REQUEST: u32 = 0x2560_9513;
const REPLY: u32 = 0x6744_6698;

/// Fixed newstyle; and no 124 zeros behind an export's name.
const SERVER_FLAGS: u16 = 0b11;
const NO_ZEROES: u32 = 0b10;

/// Flags are given; flush, durable writes (FUA), trim and writing zeros are there.
const TRANSMISSION_FLAGS: u16 = 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6;

const OPTION_EXPORT_NAME: u32 = 1;
const OPTION_ABORT: u32 = 2;
const OPTION_LIST: u32 = 3;
const OPTION_INFO: u32 = 6;
const OPTION_GO: u32 = 7;

const REPLY_ACK: u32 = 1;
const REPLY_SERVER: u32 = 2;
const REPLY_INFO: u32 = 3;
const REPLY_UNSUPPORTED: u32 = 1 << 31 | 1;

const INFO_EXPORT: u16 = 0;
const INFO_BLOCK_SIZE: u16 = 3;

/// Smallest, usual and largest piece that a client may ask for.
const BLOCK_SIZES: [u32; 3] = [512, 4096, LENGTH_MAX];
const LENGTH_MAX: u32 = 32 * 1024 * 1024;

/// An option's data: names are shorter.
const OPTION_MAX: u32 = 64 * 1024;

const FLAG_DURABLE: u16 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Read,
    Write,
    Disconnect,
    Flush,
    Trim,
    Cache,
    WriteZeroes,
    Unknown,
}

/// Something that a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub command: Command,
    /// Durable before it is answered (FUA).
    pub is_durable: bool,
    /// Whose answer it is.
    pub cookie: u64,
    pub offset: u64,
    pub length: u32,
    /// What is written.
    pub data: Vec<u8>,
}

impl Request {
    pub fn read(stream: &mut impl Read) -> io::Result<Request> {
        if u32(stream)? != REQUEST {
            return Err(wrong("a request without its magic number"));
        }
        let (flags, kind) = (u16(stream)?, u16(stream)?);
        let command = match kind {
            0 => Command::Read,
            1 => Command::Write,
            2 => Command::Disconnect,
            3 => Command::Flush,
            4 => Command::Trim,
            5 => Command::Cache,
            6 => Command::WriteZeroes,
            _ => Command::Unknown,
        };
        let (cookie, offset, length) = (u64(stream)?, u64(stream)?, u32(stream)?);
        if length > LENGTH_MAX && matches!(command, Command::Read | Command::Write) {
            return Err(wrong("a request larger than was agreed on"));
        }
        let mut data = vec![0; if command == Command::Write { length as usize } else { 0 }];
        stream.read_exact(&mut data)?;
        Ok(Request { command, is_durable: flags & FLAG_DURABLE != 0, cookie, offset, length, data })
    }
}

/// Agrees with a client on the one disk there is; false when it only looked.
pub fn shake_hands(stream: &mut (impl Read + Write), length: u64) -> io::Result<bool> {
    stream.write_all(&[&PASSWORD.to_be_bytes()[..], &OPTION.to_be_bytes(), &SERVER_FLAGS.to_be_bytes()].concat())?;
    let client_flags = u32(stream)?;
    loop {
        if u64(stream)? != OPTION {
            return Err(wrong("an option without its magic number"));
        }
        let (option, data_length) = (u32(stream)?, u32(stream)?);
        if data_length > OPTION_MAX {
            return Err(wrong("an option that is too long"));
        }
        let mut data = vec![0; data_length as usize];
        stream.read_exact(&mut data)?;
        let mut answer = |kind: u32, data: &[u8]| {
            let length = (data.len() as u32).to_be_bytes();
            let head = [&OPTION_REPLY.to_be_bytes()[..], &option.to_be_bytes(), &kind.to_be_bytes(), &length, data].concat();
            stream.write_all(&head)
        };
        match option {
            OPTION_EXPORT_NAME => {
                let mut reply = [&length.to_be_bytes()[..], &TRANSMISSION_FLAGS.to_be_bytes()].concat();
                if client_flags & NO_ZEROES == 0 {
                    reply.extend([0; 124]);
                }
                stream.write_all(&reply)?;
                return Ok(true);
            }
            OPTION_INFO | OPTION_GO => {
                let export = [&INFO_EXPORT.to_be_bytes()[..], &length.to_be_bytes(), &TRANSMISSION_FLAGS.to_be_bytes()];
                answer(REPLY_INFO, &export.concat())?;
                let sizes: Vec<u8> = BLOCK_SIZES.iter().flat_map(|size| size.to_be_bytes()).collect();
                answer(REPLY_INFO, &[&INFO_BLOCK_SIZE.to_be_bytes()[..], &sizes].concat())?;
                answer(REPLY_ACK, &[])?;
                if option == OPTION_GO {
                    return Ok(true);
                }
            }
            OPTION_LIST => {
                // One export, without a name.
                answer(REPLY_SERVER, &0_u32.to_be_bytes())?;
                answer(REPLY_ACK, &[])?;
            }
            OPTION_ABORT => {
                answer(REPLY_ACK, &[])?;
                return Ok(false);
            }
            _ => answer(REPLY_UNSUPPORTED, &[])?,
        }
    }
}

pub fn reply(stream: &mut impl Write, cookie: u64, answer: Result<Vec<u8>, Refusal>) -> io::Result<()> {
    let (error, data) = match answer {
        Ok(data) => (0, data),
        Err(refusal) => (refusal as u32, Vec::new()),
    };
    stream.write_all(&[&REPLY.to_be_bytes()[..], &error.to_be_bytes(), &cookie.to_be_bytes(), &data].concat())
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn u16(stream: &mut impl Read) -> io::Result<u16> {
    let mut bytes = [0; 2];
    stream.read_exact(&mut bytes)?;
    Ok(u16::from_be_bytes(bytes))
}

fn u32(stream: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

fn u64(stream: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    stream.read_exact(&mut bytes)?;
    Ok(u64::from_be_bytes(bytes))
}
