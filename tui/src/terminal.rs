//! The shell around the console on a terminal: keys, changes and the clock in, the screen out.

use std::time::Duration;

use api::Client;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event, EventStream};
use crossterm::execute;
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::app::{self, App, Msg};
use crate::effects::{Call, Ticket, perform, watch};
use crate::{DONE, Options, now};

/// Puts the terminal back as it was, however the console ends.
struct Restore;

impl Drop for Restore {
    fn drop(&mut self) {
        // Nothing more can be done when the terminal is gone.
        let _ = execute!(std::io::stdout(), DisableBracketedPaste);
        ratatui::restore();
    }
}

/// Runs the console on the terminal until it is left.
pub async fn run(options: &Options, client: Client, seed: [u8; 16]) -> anyhow::Result<u8> {
    let mut terminal = ratatui::try_init()?;
    let restore = Restore;
    execute!(std::io::stdout(), EnableBracketedPaste)?;
    let (now_ms, offset_s) = now();
    let mut app = App::new(seed, options.theme(), now_ms, offset_s);
    let (sender, mut messages) = mpsc::unbounded_channel();
    let watcher = tokio::spawn(watch(client.clone(), sender.clone()));
    let mut keys = EventStream::new();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut terminated = signal(SignalKind::terminate())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    let start = |calls: Vec<(Ticket, Call)>| {
        for (ticket, call) in calls {
            let (client, sender) = (client.clone(), sender.clone());
            tokio::spawn(async move {
                let reply = perform(client, call).await;
                // Nobody listens any more when the console was left.
                let _ = sender.send(Msg::Reply(ticket, Box::new(reply)));
            });
        }
    };
    while !app.quit {
        if std::mem::take(&mut app.redraw) {
            terminal.clear()?;
        }
        if std::mem::take(&mut app.dirty) {
            terminal.draw(|frame| app::view(&app, frame))?;
        }
        tokio::select! {
            event = keys.next() => match event {
                Some(Ok(Event::Key(key))) => start(app.update(Msg::Key(key))),
                Some(Ok(Event::Paste(text))) => start(app.update(Msg::Paste(text))),
                Some(Ok(Event::Resize(..))) => start(app.update(Msg::Resize)),
                Some(Ok(_)) => {}
                // The terminal is gone.
                Some(Err(_)) | None => break,
            },
            message = messages.recv() => {
                let mut next = message;
                // Whatever has come in by now is drawn once.
                while let Some(message) = next {
                    start(app.update(message));
                    next = messages.try_recv().ok();
                }
            }
            _ = tick.tick() => {
                let (now_ms, offset_s) = now();
                start(app.update(Msg::Tick(now_ms, offset_s)));
            }
            _ = terminated.recv() => break,
            _ = hung_up.recv() => break,
        }
    }
    watcher.abort();
    drop(restore);
    Ok(DONE)
}
