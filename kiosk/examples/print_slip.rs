//! Prints a slip with a made-up code, and says what the printer says: `cargo run -p kiosk --example print_slip -- /dev/usb/lp0 80`.

use std::sync::{Mutex, mpsc};
use std::time::Duration;

use anyhow::{Context, bail};
use kiosk::app::{Msg, Printer, Reply, Ticket};
use kiosk::slip::device::{self, Options};
use kiosk::slip::{Slip, Words};

/// For the printer to say that it is ready, and for the slip.
const PATIENCE: Duration = Duration::from_secs(45);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("say which printer: /dev/usb/lp0")?;
    let paper = arguments.next().unwrap_or_else(|| "80".to_owned()).parse().map_err(anyhow::Error::msg)?;
    let (told, heard) = mpsc::channel();
    let told = Mutex::new(told);
    let deliver = std::sync::Arc::new(move |msg| {
        if let Ok(told) = told.lock() {
            let _ = told.send(msg);
        }
    });
    let printer = device::Printer::start(Options { path: path.into(), paper }, deliver)?;
    loop {
        match heard.recv_timeout(PATIENCE).context("the printer never became ready")? {
            Msg::Printer(Printer::Ready) => break,
            Msg::Printer(other) => println!("{other:?}; waiting"),
            _ => {}
        }
    }
    let words = Words {
        title: "Only a test · Δοκιμή · Перевірка · تجربة".to_owned(),
        lines: vec!["Report R-4F7K2".to_owned(), "البلاغ R-4F7K2".to_owned()],
        code_word: "Not a code of any report".to_owned(),
        advice: vec!["Read the picture with a phone: it must say the same.".to_owned()],
    };
    let slip = Slip { town: "WeGovNow".to_owned(), words, code: "7K3F-9QXM-22WP".to_owned() };
    printer.print(Ticket(1), Box::new(slip));
    loop {
        match heard.recv_timeout(PATIENCE).context("the printer said nothing more")? {
            Msg::Reply(_, Reply::Printed(Ok(()))) => break,
            Msg::Reply(_, Reply::Printed(Err(printer))) => bail!("it was not printed: {printer:?}"),
            Msg::Printer(printer) => println!("{printer:?}"),
            _ => {}
        }
    }
    println!("printed");
    Ok(())
}
