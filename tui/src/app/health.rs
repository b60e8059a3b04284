//! How the box is: the page at `H`, and the mark in the bar when the machine needs looking after.

use api::client::CallError;
use api::{BoxNotice, Health, Machine, UnixMs};

use super::App;
use crate::effects::{Call, Ticket};
use crate::parts::dialog::{Dialog, Page};
use crate::shared::Shared;
use crate::theme::Tone;
use crate::wording;

const HOUR_S: u64 = 3_600;
const DAY_S: u64 = 24 * HOUR_S;

impl App {
    /// The town told what everybody may know of the machine: what is new is asked for in full, for the log and the bar.
    pub(super) fn noticed(&mut self, before: &[BoxNotice]) -> Vec<(Ticket, Call)> {
        let now = self.shared.town.as_ref().map(|town| town.notices.clone()).unwrap_or_default();
        if now == before { Vec::new() } else { self.load_health() }
    }

    /// The daemon told how the box is.
    pub(super) fn told(&mut self, result: Result<Health, CallError>) {
        let asked = std::mem::take(&mut self.health_asked);
        match result {
            Ok(health) => {
                let lines = lines(&health, self.shared.now_ms, self.shared.offset_s);
                self.shared.health = Some(health);
                if asked {
                    self.dialogs.push(Dialog::Page(Page { title: "How the box is".to_owned(), lines, scroll: 0 }));
                } else if let Some(mark) = mark(&self.shared) {
                    self.say(Tone::Warn, mark);
                }
            }
            Err(error) => self.say(Tone::Bad, error.to_string()),
        }
    }
}

/// What the bar says of the machine; none when nothing is wrong with it. The town's own notices count: they are newer.
pub fn mark(shared: &Shared) -> Option<String> {
    let notices = &shared.town.as_ref()?.notices;
    let machine = shared.health.as_ref().and_then(|health| health.machine.as_ref());
    let reason = machine.and_then(|machine| machine.rollback.as_ref()).map(|rollback| wording::one_line(&rollback.reason));
    let taken_back = notices.contains(&BoxNotice::UpdateTakenBack).then(|| match reason {
        Some(reason) => format!("UPDATE TAKEN BACK (H): {reason}"),
        None => "UPDATE TAKEN BACK (H)".to_owned(),
    });
    let clock = notices.contains(&BoxNotice::ClockUnverified).then(|| "CLOCK NOT VERIFIED (H)".to_owned());
    // The one with the longer tail comes last.
    let marks: Vec<String> = clock.into_iter().chain(taken_back).collect();
    (!marks.is_empty()).then(|| marks.join("; "))
}

fn lines(health: &Health, now_ms: UnixMs, offset_s: i32) -> Vec<String> {
    let line = |name: &str, value: &str| format!("  {name:<14} {}", wording::one_line(value));
    let started_ms = now_ms.saturating_sub(health.uptime_s.saturating_mul(1000));
    let mut lines = vec![
        "Service".to_owned(),
        line("state", &health.state.replace('_', " ")),
        line("version", &health.version),
        line("up", &format!("{}, since {}", span(health.uptime_s), wording::moment(now_ms, started_ms, offset_s))),
        line("reports", &health.reports.to_string()),
        line("events", &health.events.to_string()),
        line("disk", &format!("{} MiB free", health.free_bytes >> 20)),
        line("digest", health.digest.get(..16).unwrap_or(&health.digest)),
    ];
    lines.extend(health.opened.iter().map(|said| line("at the start", said)));
    lines.push(String::new());
    lines.push("Machine".to_owned());
    match &health.machine {
        None => lines.push(line("", "no caretaker is asked here (wegovnowd serve --machine)")),
        Some(Machine { unknown: Some(why), .. }) => lines.push(line("unknown", why)),
        Some(machine) => {
            let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
            lines.push(line("serial", &or_unknown(&machine.serial)));
            lines.push(line("image", &format!("{}, slot {}", or_unknown(&machine.version), or_unknown(&machine.slot))));
            lines.push(line("last check", &or_unknown(&machine.gate)));
            lines.push(line(
                "clock",
                match machine.clock_verified {
                    Some(true) => "verified",
                    Some(false) => "NOT VERIFIED: times may be wrong until the box reaches a time server or staff set it",
                    None => "not known",
                },
            ));
            if let Some(rollback) = &machine.rollback {
                let version = rollback.version.as_deref().unwrap_or("of unknown version");
                lines.push(line("taken back", &format!("the update {version}; the version before it runs")));
                lines.push(line("because", &rollback.reason));
            }
            lines.extend(machine.notices.iter().map(|notice| line(&wording::one_line(&notice.kind), &notice.text)));
        }
    }
    lines
}

fn span(seconds: u64) -> String {
    match seconds {
        0..HOUR_S => format!("{} min", seconds / 60),
        HOUR_S..DAY_S => format!("{} h", seconds / HOUR_S),
        _ => format!("{} d", seconds / DAY_S),
    }
}

#[cfg(test)]
mod tests {
    use api::{MachineNotice, MachineRollback};

    use super::super::Msg;
    use super::super::tests::Desk;
    use super::*;
    use crate::effects::{Notice, Reply};
    use crate::keys::Command;
    use crate::sample;

    fn machine() -> Machine {
        let rollback =
            MachineRollback { version: Some("1.3.0".into()), reason: "the daemon does not answer: exit code 1".into() };
        Machine {
            slot: Some("a".into()),
            version: Some("1.2.0".into()),
            serial: Some("B-7".into()),
            gate: Some("passed".into()),
            rollback: Some(rollback),
            clock_verified: Some(false),
            notices: vec![MachineNotice { kind: "disk".into(), text: "worn out".into() }],
            ..Machine::default()
        }
    }

    /// A console to which the town tells these notices.
    fn desk(notices: &[BoxNotice]) -> (Desk, Vec<(Ticket, Call)>) {
        let mut desk = Desk::new();
        desk.app.update(Msg::Notice(Notice::Up));
        let ticket = desk.app.town_ticket.expect("the town is asked for");
        let town = api::Town { notices: notices.to_vec(), ..sample::town() };
        let calls = desk.app.update(Msg::Reply(ticket, Box::new(Reply::Town(Box::new(Ok(town))))));
        (desk, calls)
    }

    fn answer(desk: &mut Desk, calls: &[(Ticket, Call)], machine: Option<Machine>) {
        let asked = calls.iter().find(|(_, call)| *call == Call::Health).expect("health is asked for");
        let health = Health { machine, ..sample::health() };
        desk.app.update(Msg::Reply(asked.0, Box::new(Reply::Health(Box::new(Ok(health))))));
    }

    #[test]
    fn an_update_that_was_taken_back_stands_in_the_bar_with_its_reason() {
        let (mut desk, calls) = desk(&[BoxNotice::UpdateTakenBack, BoxNotice::ClockUnverified]);
        answer(&mut desk, &calls, Some(machine()));
        assert!(desk.app.dialogs.is_empty(), "nobody asked for the page");
        let wide = desk.screen(160, 40);
        let bar = wide.lines().next().unwrap();
        assert!(bar.contains("CLOCK NOT VERIFIED (H); UPDATE TAKEN BACK (H): the daemon does not answer: exit code 1"), "{bar}");
        let last = desk.app.shared.log.last().unwrap();
        assert!(last.tone == Tone::Warn && last.text.contains("exit code 1"));
        let narrow = desk.screen(60, 24);
        assert!(narrow.lines().next().unwrap().contains("CLOCK NOT VER"), "{narrow}");
        // It goes when the machine is well again.
        desk.app.update(Msg::Notice(Notice::Up));
        let ticket = desk.app.town_ticket.unwrap();
        desk.app.update(Msg::Reply(ticket, Box::new(Reply::Town(Box::new(Ok(sample::town()))))));
        assert_eq!(mark(&desk.app.shared), None);
    }

    #[test]
    fn the_page_says_how_service_and_machine_are() {
        let (mut desk, _) = desk(&[]);
        let calls = desk.app.command(Command::Health);
        answer(&mut desk, &calls, Some(machine()));
        let Some(Dialog::Page(page)) = desk.app.dialogs.last() else { panic!("no page") };
        insta::assert_snapshot!(page.lines.join("\n"));
        let calls = desk.app.command(Command::Health);
        answer(&mut desk, &calls, Some(Machine { unknown: Some("No such file".into()), ..Machine::default() }));
        let Some(Dialog::Page(page)) = desk.app.dialogs.last() else { panic!("no page") };
        assert!(page.lines.last().unwrap().contains("No such file"));
    }

    #[test]
    fn the_town_is_asked_again_every_minute_while_the_daemon_is_there() {
        let mut desk = Desk::new();
        let asks = |desk: &mut Desk, after| !desk.app.update(Msg::Tick(sample::NOW_MS + after, 0)).is_empty();
        assert!(!asks(&mut desk, super::super::TOWN_MS - 1));
        assert!(asks(&mut desk, super::super::TOWN_MS));
        assert!(!asks(&mut desk, super::super::TOWN_MS * 2), "one question is on its way");
    }
}
