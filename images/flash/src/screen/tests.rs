use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::inventory::{Bus, Caution, Refusal};
use crate::job::{Ended, Ending};
use crate::sample::disk;

const LOOK: Look = Look { colour: false };

fn title() -> Title {
    Title { image: "wegovnow.img.xz 0.2.0".to_owned(), people: "Library, Anna".to_owned() }
}

/// The screen as text.
fn shot(width: u16, height: u16, draw: impl FnOnce(&mut ratatui::Frame)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(draw).unwrap();
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..height {
        let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Compares with a file of `golden/`; GOLDEN=write writes it.
#[track_caller]
fn golden(name: &str, found: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    if std::env::var_os("GOLDEN").is_some_and(|word| word == "write") {
        std::fs::write(&path, found).unwrap();
    }
    let wanted = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "golden/{name} differs; GOLDEN=write takes this as right:\n{found}");
}

fn disks() -> Vec<Disk> {
    let mut system = disk("S5GXNX0T123456", 512_110_190_592);
    system.name = "nvme0n1".to_owned();
    system.model = "Samsung SSD 980 500GB".to_owned();
    system.bus = Bus::Nvme;
    system.refusals = vec![Refusal::System("/".to_owned())];
    let mut internal = disk("0x1a2b3c4d", 31_268_536_320);
    internal.name = "mmcblk0".to_owned();
    internal.model = "DG4032".to_owned();
    internal.bus = Bus::Mmc;
    internal.cautions = vec![Caution::Internal];
    let stick = |name: &str, serial: &str| {
        let mut disk = disk(serial, 31_914_983_424);
        disk.name = name.to_owned();
        disk.model = "SanDisk Ultra USB 3.0".to_owned();
        disk.partitions = vec![format!("{name}1")];
        disk
    };
    let mut mounted = stick("sdd", "4C530001170912113");
    mounted.refusals = vec![Refusal::Mounted("/media/anna/HOLIDAY".to_owned())];
    vec![internal, system, stick("sdb", "4C530001170912111"), stick("sdc", "4C530001170912112"), mounted]
}

fn press(pick: &mut Pick, keys: &str) -> Asked {
    let mut asked = Asked::Nothing;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            c => KeyCode::Char(c),
        };
        asked = pick.update(&KeyEvent::new(code, KeyModifiers::NONE));
    }
    asked
}

#[test]
fn point_13_media_are_chosen_on_80_by_24() {
    let mut pick = Pick::new(title(), LOOK, false, disks());
    golden("pick.txt", &shot(80, 24, |frame| pick::draw(frame, &pick)));
    press(&mut pick, " jj ");
    golden("pick-refused.txt", &shot(80, 24, |frame| pick::draw(frame, &pick)));
    press(&mut pick, "\n21");
    golden("pick-confirm.txt", &shot(80, 24, |frame| pick::draw(frame, &pick)));
}

#[test]
fn point_3_the_end_of_the_serial_must_be_typed() {
    let mut pick = Pick::new(title(), LOOK, false, disks());
    assert_eq!(press(&mut pick, "\n"), Asked::Nothing, "nothing is chosen");
    assert_eq!(press(&mut pick, " \n2112\n"), Asked::Nothing, "that is the other stick's");
    assert_eq!(press(&mut pick, "\n2111\n"), Asked::Write);
    assert_eq!(pick.chosen().map(|disk| disk.name.as_str()).collect::<Vec<_>>(), ["sdb"]);

    let mut pick = Pick::new(title(), LOOK, false, disks());
    press(&mut pick, "a");
    assert_eq!(pick.chosen().count(), 2, "all that are free, and no other");
    assert_eq!(press(&mut pick, "\nyes\n"), Asked::Nothing);
    assert_eq!(press(&mut pick, "\nwrite 2\n"), Asked::Write);
}

#[test]
fn point_2_refused_disks_cannot_be_chosen_and_careful_ones_only_by_force() {
    for (force, count) in [(false, 0), (true, 1)] {
        let mut pick = Pick::new(title(), LOOK, force, disks());
        press(&mut pick, "kkkk j jjjj ");
        assert_eq!(pick.chosen().count(), count, "force {force}");
    }
}

#[test]
fn point_3_what_is_swapped_while_choosing_is_not_chosen_any_more() {
    let mut pick = Pick::new(title(), LOOK, false, disks());
    press(&mut pick, " \n21");
    let mut now = disks();
    now[2].sequence = Some(8);
    pick.set_disks(now);
    assert_eq!(pick.chosen().count(), 0);
    assert_eq!(press(&mut pick, "11\n"), Asked::Nothing);
    pick.set_disks(Vec::new());
    assert!(shot(80, 24, |frame| pick::draw(frame, &pick)).contains("no disk at all"));
}

/// A board in the middle of its work.
fn board(count: usize) -> Board {
    let all: Vec<Disk> = (0..count)
        .map(|number| {
            let mut disk = disk(&format!("4C53000117091211{number}"), 31_914_983_424);
            disk.name = format!("sd{}", char::from(b'b' + number as u8));
            disk.model = "SanDisk Ultra USB 3.0".to_owned();
            disk
        })
        .collect();
    let mut board = Board::new(all.iter());
    for number in 0..count {
        board.apply(number, Event::Phase { name: "write", bytes: Some(1_948_254_208) });
    }
    board.tick(Duration::from_secs(20));
    for number in 0..count {
        board.apply(number, Event::At { bytes: 940_000_000_u64.saturating_sub(77_000_000 * number as u64) });
    }
    let end = |ending, text: &str| Event::Ended(Ended { ending, text: text.to_owned(), receipt: None });
    board.apply(0, end(Ending::Done, "all 1858 MiB read back as written; switched off, safe to remove"));
    if count > 2 {
        board.apply(
            1,
            end(Ending::Bad, "the medium says 31.9 GB and holds no more than 7.9 GB: it is a fake or worn out, do not use it"),
        );
        board.apply(2, Event::Note { text: "goes on at byte 67108864, where an earlier run stopped".to_owned() });
    }
    board
}

#[test]
fn point_9_each_medium_has_its_own_bar() {
    for (count, name) in [(4, "lanes-4.txt"), (8, "lanes-8.txt"), (24, "lanes-24.txt")] {
        golden(name, &shot(80, 24, |frame| lanes::draw(frame, &board(count), &title(), LOOK)));
    }
}

#[test]
fn point_13_no_size_of_the_terminal_is_too_small_to_run() {
    for (width, height) in [(1, 1), (7, 3), (20, 5), (40, 12), (200, 60)] {
        shot(width, height, |frame| lanes::draw(frame, &board(3), &title(), LOOK));
        let pick = Pick::new(title(), Look { colour: true }, false, disks());
        shot(width, height, |frame| pick::draw(frame, &pick));
    }
}

#[test]
fn point_13_lines_for_people_and_for_programs() {
    let mut plain = crate::plain::Plain::new(Vec::new());
    let mut lines = crate::plain::Lines { out: Vec::new() };
    let mut board = Board::new([disk("A1", 1_000_000)].iter());
    let mut tell = |board: &mut Board, event: Event| {
        board.apply(0, event.clone());
        plain.show(board, Some((0, &event)));
        lines.show(board, Some((0, &event)));
    };
    tell(&mut board, Event::Phase { name: "write", bytes: Some(1_000_000) });
    for step in 1..=20 {
        board.tick(Duration::from_secs(step));
        tell(&mut board, Event::At { bytes: step * 50_000 });
    }
    tell(&mut board, Event::Ended(Ended { ending: Ending::Done, text: "safe to remove".to_owned(), receipt: None }));
    let plain = String::from_utf8(plain.into_inner()).unwrap();
    golden("plain.txt", &plain);
    let lines = String::from_utf8(lines.out).unwrap();
    golden("lines.txt", &lines.lines().step_by(7).map(|line| format!("{line}\n")).collect::<String>());
}
