//! `write`: choose, plan, ask, do, and say how it ended.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{print, select, source};
use crate::board::Board;
use crate::device::{Medium, Target};
use crate::fleet::{self, View};
use crate::inventory::{self, Disk, Roots};
use crate::job::{self, Shop};
use crate::options::Write;
use crate::plain::{Lines, Plain, ask, table};
use crate::plan::{Options, Plan, Refusal, plan};
use crate::screen::pick::Pick;
use crate::screen::{self, Live, Look, Title};
use crate::source::Image;
use crate::station::{self, Inhibitor, Places, Real};
use crate::write::map::Map;
use crate::{keep, personalise};

pub fn run(options: &Write) -> Result<u8> {
    let places = Places::find(&|name| std::env::var_os(name).map(PathBuf::from))?;
    let stop = station::stop_flag()?;
    let image = source::open(&options.source, &places, options.unsigned, &stop)?;
    let roots = Roots::default();
    let read = || inventory::read(&roots, Some(image.on));
    let disks = read().context("cannot read the disks of this machine from /sys and /proc")?;
    let is_screen = std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && !options.plain && !options.json;
    let look = Look { colour: std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) };
    let title = title(options, &image);

    let is_named = !options.which.serial.is_empty()
        || !options.which.device.is_empty()
        || !options.which.file.is_empty()
        || options.which.all_usb;
    let chosen = if is_named {
        select::named(&options.which, &disks)?
    } else if is_screen && !options.dry_run {
        let pick = Pick::new(title.clone(), look, options.force, disks.clone());
        match screen::choose(pick, &read, &stop).context("the terminal cannot be used; try --plain")? {
            Some(chosen) => chosen,
            None => return Ok(job::Ending::Refused.code()),
        }
    } else {
        eprintln!("wegovnow-flash: say which media: --serial, --device or --all-usb; `wegovnow-flash list` shows them");
        return Ok(2);
    };
    if chosen.is_empty() {
        bail!("there is no free medium on USB; `wegovnow-flash list` says why");
    }

    let maps = options.maps.clone().unwrap_or_else(|| places.state.join("maps"));
    let head = image.head()?;
    let own_table = personalise::table(&head);
    let plans: Vec<Result<Plan, Refusal>> =
        chosen.iter().map(|disk| plan_one(options, &image, own_table.as_ref(), disk, &maps)).collect::<Result<_>>()?;
    if options.dry_run {
        return dry_run(&chosen, &plans);
    }
    if plans.iter().any(Result::is_ok) && !is_confirmed(options, &disks, &chosen)? {
        eprintln!("wegovnow-flash: that is something else; nothing is written");
        return Ok(job::Ending::Refused.code());
    }

    let world = Real::new();
    let (key, is_new) = station::receipt_key(options.receipt_key.as_deref(), &places.state, &world)?;
    if is_new {
        eprintln!("made the key that signs receipts here: {}", places.state.join("station.pub").display());
    }
    let mut awake = Inhibitor::take();
    if !awake.is_held() {
        eprintln!("this machine may fall asleep meanwhile: systemd-inhibit is not there");
    }
    let shop = Shop {
        image: &image,
        world: &world,
        open: &|disk| open(options, disk, &roots, &image),
        eject: &|disk| if options.which.file.contains(&disk.path) { Ok(false) } else { station::eject(&roots.sys, disk) },
        stop: &stop,
        maps,
        receipts: options.receipts.clone().unwrap_or_else(|| places.state.join("receipts")),
        key: &key,
        site: options.site.clone(),
        technician: options.technician.clone(),
    };
    let board = {
        let mut view: Box<dyn View> = if options.json {
            Box::new(Lines { out: std::io::stdout() })
        } else if is_screen {
            Box::new(Live::start(title, look).context("the terminal cannot be used; try --plain")?)
        } else {
            Box::new(Plain::new(std::io::stdout()))
        };
        fleet::run(&shop, &plans, Board::new(chosen.iter()), view.as_mut())
    };
    if !options.json {
        print(&table(&board))?;
    }
    Ok(board.code())
}

fn title(options: &Write, image: &Image) -> Title {
    let version =
        image.manifest.as_ref().map_or_else(|| "without a manifest".to_owned(), |manifest| manifest.version.to_string());
    let people = [options.site.as_str(), options.technician.as_str()];
    let people = people.into_iter().filter(|word| !word.is_empty()).map(crate::name::clean).collect::<Vec<_>>().join(", ");
    Title { image: format!("{} {version}", image.name()), people }
}

fn plan_one(
    options: &Write,
    image: &Image,
    table: Option<&gpt::Table>,
    disk: &Disk,
    maps: &std::path::Path,
) -> Result<Result<Plan, Refusal>> {
    let provision = match &options.provision {
        Some(given) => Some(personalise::provisioning(given, disk.serial_or_none())?),
        None => None,
    };
    let own = Options {
        keep_data: options.keep_data,
        verify: !options.no_verify,
        capacity: !options.no_capacity,
        thorough: options.thorough,
        eject: !options.no_eject,
        force: options.force,
        provision,
        unsigned: options.unsigned,
    };
    if !disk.refusals.is_empty() {
        // Not even looked at.
        return Ok(plan(image, table, disk, None, 0, &own));
    }
    let map = Map::look(maps, &job::subject(image, disk, options.keep_data))
        .with_context(|| format!("cannot read the map in {}", maps.display()))?;
    let medium = if options.which.file.contains(&disk.path) { Target::open_file(&disk.path)? } else { Target::peek(disk)? };
    let found = keep::recognise(&medium).with_context(|| format!("cannot read {}", disk.path.display()))?;
    let found = found.map(|found| found.as_noted(map.noted("floor")));
    Ok(plan(image, table, disk, found.as_ref(), map.done(), &own))
}

fn open(options: &Write, disk: &Disk, roots: &Roots, image: &Image) -> Result<Box<dyn Medium>> {
    if options.which.file.contains(&disk.path) {
        return Ok(Box::new(Target::open_file(&disk.path)?));
    }
    let now = inventory::read(roots, Some(image.on)).context("cannot read the disks of this machine")?;
    Ok(Box::new(Target::open(disk, &now)?))
}

fn dry_run(chosen: &[Disk], plans: &[Result<Plan, Refusal>]) -> Result<u8> {
    let mut code = 0;
    for (disk, plan) in chosen.iter().zip(plans) {
        match plan {
            Ok(plan) => print(&(plan.lines().join("\n") + "\n"))?,
            Err(refusal) => {
                print(&format!("{}: refused: {refusal}\n", disk.path.display()))?;
                code = job::Ending::Refused.code();
            }
        }
    }
    Ok(code)
}

/// Has the technician typed back what they must?
fn is_confirmed(options: &Write, disks: &[Disk], chosen: &[Disk]) -> Result<bool> {
    let questions = select::questions(&options.which, disks, chosen)?;
    if !questions.is_empty() && !std::io::stdin().is_terminal() {
        bail!("nobody can be asked here: name the media by --serial");
    }
    for disk in chosen.iter().filter(|_| !questions.is_empty()) {
        eprintln!("  {}  {}  {}  {}", disk.path.display(), crate::amount::bytes(disk.bytes), disk.model, disk.serial_or_none());
    }
    for question in questions {
        if ask(&question.text)? != question.answer {
            return Ok(false);
        }
    }
    Ok(true)
}
