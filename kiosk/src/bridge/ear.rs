//! The voice and the screen: keys come to it first, what it says stands on the screen, what it needs to know is read off there.

use std::rc::Rc;

use slint::Global;

use super::{list, reading, text};
use crate::app::{CompassMsg, GAINS_DB, Msg, RATES_PERCENT, Rest, State, VoiceMsg, VoiceSheet};
use crate::voice::keys::{self, Press};
use crate::voice::{Act, Phrase, Scene, Words};
use crate::{Inner, ui};

/// The fourth key held for so long shows what can be set.
const HELD_MS: u64 = 1_000;

/// Words from the markup, in the language on the screen.
pub struct Spoken<'w>(pub &'w ui::AppWindow);

fn number<N>(value: N) -> i32
where
    i32: TryFrom<N>,
{
    i32::try_from(value).unwrap_or(i32::MAX)
}

impl Words for Spoken<'_> {
    fn say(&self, phrase: Phrase) -> String {
        let phrase = match phrase {
            Phrase::Button => ui::Phrase::Button,
            Phrase::Field => ui::Phrase::Field,
            Phrase::Picture => ui::Phrase::Picture,
            Phrase::Checked => ui::Phrase::Checked,
            Phrase::Unchecked => ui::Phrase::Unchecked,
            Phrase::Off => ui::Phrase::Off,
            Phrase::Empty => ui::Phrase::Empty,
            Phrase::OnScreen => ui::Phrase::OnScreen,
            Phrase::Greeting => ui::Phrase::Greeting,
            Phrase::GreetingSwitches => ui::Phrase::GreetingSwitches,
            Phrase::MoreTime => ui::Phrase::MoreTime,
            Phrase::Ended => ui::Phrase::Ended,
            Phrase::HintButton => ui::Phrase::HintButton,
            Phrase::HintField => ui::Phrase::HintField,
            Phrase::HintText => ui::Phrase::HintText,
            Phrase::HintRow => ui::Phrase::HintRow,
            Phrase::HintSwitches => ui::Phrase::HintSwitches,
            Phrase::SameSwitch => ui::Phrase::SameSwitch,
            Phrase::SwitchesKnown => ui::Phrase::SwitchesKnown,
            Phrase::LeaveRow => ui::Phrase::LeaveRow,
            Phrase::Keyboard => ui::Phrase::Keyboard,
        };
        ui::Spoken::get(self.0).invoke_say(phrase).into()
    }

    fn place(&self, place: usize, all: usize) -> String {
        ui::Spoken::get(self.0).invoke_place(number(place), number(all)).into()
    }

    fn row(&self, first: &str, last: &str) -> String {
        ui::Spoken::get(self.0).invoke_row(text(first), text(last)).into()
    }

    fn capital(&self, letter: &str) -> String {
        ui::Spoken::get(self.0).invoke_capital(text(letter)).into()
    }

    fn deleted(&self, letter: &str) -> String {
        ui::Spoken::get(self.0).invoke_deleted(text(letter)).into()
    }

    fn seconds(&self, seconds: u32) -> String {
        ui::Spoken::get(self.0).invoke_seconds(number(seconds)).into()
    }

    fn found(&self, places: usize) -> String {
        ui::Spoken::get(self.0).invoke_found(number(places)).into()
    }

    fn address(&self, address: &str) -> String {
        ui::Spoken::get(self.0).invoke_address(text(address)).into()
    }
}

/// Wires what the screen asks of the voice.
pub fn connect(inner: &Rc<Inner>, send: &super::Send) {
    macro_rules! on {
        ($callback:ident, [$($name:ident)?] => $msg:expr) => {{
            let send = Rc::clone(send);
            ui::VoiceData::get(&inner.window).$callback(move |$($name)?| send($msg));
        }};
    }
    on!(on_faster, [steps] => Msg::Voice(VoiceMsg::Faster(steps)));
    on!(on_louder, [steps] => Msg::Voice(VoiceMsg::Louder(steps)));
    on!(on_darken, [dark] => Msg::Voice(VoiceMsg::Dark(dark)));
    on!(on_learn, [] => Msg::Voice(VoiceMsg::Learn));
    on!(on_stop, [] => Msg::Voice(VoiceMsg::Stop));
    on!(on_close, [] => Msg::Voice(VoiceMsg::Sheet(VoiceSheet::None)));
    on!(on_open_compass, [] => Msg::Voice(VoiceMsg::Sheet(VoiceSheet::Compass)));
    on!(on_go, [degrees] => Msg::Compass(CompassMsg::Go(u16::try_from(degrees).unwrap_or(0))));
    on!(on_step, [] => Msg::Compass(CompassMsg::Step));
    on!(on_centre, [] => Msg::Compass(CompassMsg::Centre));
    on!(on_near_chosen, [index] => Msg::Compass(CompassMsg::Choose(usize::try_from(index).unwrap_or(usize::MAX))));
    let tell = Rc::clone(send);
    ui::Shell::get(&inner.window).on_read_aloud(move || tell(Msg::Voice(VoiceMsg::ReadAloud)));
    let weak = Rc::downgrade(inner);
    ui::VoiceData::get(&inner.window).on_key(move |key| weak.upgrade().is_some_and(|inner| inner.key(&key)));
    let weak = Rc::downgrade(inner);
    ui::VoiceData::get(&inner.window).on_key_up(move |key| weak.upgrade().is_some_and(|inner| inner.key_up(&key)));
}

/// Shows what of the voice can be seen.
pub(crate) fn show(window: &ui::AppWindow, state: &State, said: &str, soundless: bool) {
    let data = ui::VoiceData::get(window);
    let voice = &state.session.voice;
    data.set_on(voice.on);
    data.set_said(text(if voice.on { said } else { "" }));
    data.set_soundless(soundless);
    data.set_dark(voice.on && voice.dark);
    data.set_sheet(match voice.sheet {
        VoiceSheet::None => ui::VoiceSheetName::None,
        VoiceSheet::Menu => ui::VoiceSheetName::Menu,
        VoiceSheet::Switches => ui::VoiceSheetName::Switches,
        VoiceSheet::Compass => ui::VoiceSheetName::Compass,
    });
    data.set_rate(voice.rate_percent().into());
    data.set_slowest(voice.rate == 0);
    data.set_fastest(voice.rate + 1 == RATES_PERCENT.len());
    data.set_volume(number(voice.gain + 1));
    data.set_volumes(number(GAINS_DB.len()));
    data.set_quietest(voice.gain == 0);
    data.set_loudest(voice.gain + 1 == GAINS_DB.len());
    data.set_second_switch(voice.first_switch.is_some());
    let (draft, compass) = (&state.session.draft, &state.session.compass);
    data.set_has_place(draft.point.is_some());
    data.set_address(text(draft.address.as_deref().unwrap_or("")));
    data.set_looking(draft.address_wanted.is_some());
    data.set_step_m(compass.step_m().into());
    let near = compass.near.iter().map(|near| ui::NearPlace {
        label: text(&near.label),
        heading: near.heading.into(),
        distance: number(near.distance_m),
    });
    data.set_near(list(data.get_near(), near.collect()));
}

impl Inner {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes in what has changed on the screen, and says it.
    pub fn listen(&self) {
        let state = self.state.borrow().clone();
        let mut voice = self.voice.borrow_mut();
        let soundless = state.ears.soundless || voice.is_soundless();
        ui::Shell::get(&self.window).set_speaks(voice.is_there());
        show(&self.window, &state, &voice.said, soundless);
        reading::keep_listening(&self.window);
        let scene = Scene::of(&state);
        if !scene.on && !voice.narrator.is_on() {
            return;
        }
        let now_ms = self.now_ms();
        let spots = if scene.on { reading::spots(&self.window) } else { Vec::new() };
        let words = Spoken(&self.window);
        let says = voice.narrator.follow(spots, scene, &words);
        for say in &says {
            voice.say(say, &state, &words, now_ms);
        }
        let (said, on) = (voice.said.clone(), state.session.voice.on);
        let target = voice.narrator.spot().filter(|_| !voice.narrator.is_in_row()).map(|spot| spot.key);
        let moved = std::mem::replace(&mut voice.shown, target) != target;
        if !on {
            voice.forget();
        }
        drop(voice);
        show(&self.window, &state, &said, soundless);
        if let Some(key) = target.filter(|_| moved && on) {
            reading::show(&self.window, key);
        }
        self.ring();
    }

    /// Draws the ring round what the cursor stands on, where nothing else shows it.
    fn ring(&self) {
        let data = ui::VoiceData::get(&self.window);
        let voice = self.voice.borrow();
        let narrator = &voice.narrator;
        let shows_itself = narrator.spot().is_some_and(|spot| spot.takes_focus && !narrator.is_in_row());
        let place = match narrator.spot().map(|spot| spot.key) {
            Some(key) => reading::place(&self.window, key),
            None => narrator.place(),
        };
        let place = place.filter(|_| narrator.is_on() && !shows_itself);
        data.set_ring(place.is_some());
        if let Some([x, y, width, height]) = place {
            data.set_ring_x(x);
            data.set_ring_y(y);
            data.set_ring_width(width);
            data.set_ring_height(height);
        }
    }

    /// A key, before anybody else has it; `true` when it was meant for the voice.
    fn key(self: &Rc<Self>, key: &str) -> bool {
        let state = self.state.borrow().clone();
        if state.rest != Rest::Awake {
            return false;
        }
        let session = &state.session;
        if !session.voice.on {
            if !keys::begins(key, self.keypad) {
                return false;
            }
            self.take(Msg::Voice(VoiceMsg::Start(self.keypad)));
            return true;
        }
        let now_ms = self.now_ms();
        if session.voice.sheet == VoiceSheet::Switches && key != keys::ESCAPE && !key.is_empty() {
            self.voice.borrow_mut().hush(now_ms);
            self.take(Msg::Voice(VoiceMsg::Switch(key.to_owned())));
            return true;
        }
        let ground = self.voice.borrow().narrator.ground();
        let Some(press) = keys::meaning(key, self.keypad, session.voice.switches.as_ref(), ground) else {
            let mut voice = self.voice.borrow_mut();
            voice.hush(now_ms);
            if keys::types(key) && (ground.at_field || session.typing.is_some()) {
                voice.narrator.typed_by_hand();
            }
            return false;
        };
        self.voice.borrow_mut().hush(now_ms);
        let warned = session.warning_s.is_some();
        self.take(Msg::Touched);
        if warned {
            // One simple action gives more time, and does nothing else.
            return true;
        }
        self.pressed(press, now_ms);
        true
    }

    fn pressed(self: &Rc<Self>, press: Press, now_ms: u64) {
        let state = self.state.borrow().clone();
        let words = Spoken(&self.window);
        let mut voice = self.voice.borrow_mut();
        let say = match press {
            Press::Next | Press::Previous => voice.narrator.step(press == Press::Next, &words),
            Press::Choose => match voice.narrator.choose(&words) {
                Act::Moved(say) => say,
                Act::Press(key) => {
                    drop(voice);
                    reading::press(&self.window, key);
                    return;
                }
            },
            Press::Repeat if voice.held_since_ms.is_some() => return,
            Press::Repeat => {
                voice.held_since_ms = Some(now_ms);
                voice.narrator.again()
            }
        };
        voice.say(&say, &state, &words, now_ms);
        drop(voice);
        self.listen();
    }

    /// A key was let go.
    fn key_up(self: &Rc<Self>, key: &str) -> bool {
        let ground = self.voice.borrow().narrator.ground();
        if keys::meaning(key, self.keypad, None, ground) != Some(Press::Repeat) {
            return false;
        }
        let Some(since_ms) = self.voice.borrow_mut().held_since_ms.take() else { return false };
        if self.now_ms().saturating_sub(since_ms) >= HELD_MS {
            self.take(Msg::Voice(VoiceMsg::Sheet(VoiceSheet::Menu)));
        }
        true
    }

    /// Cuts what is being said: somebody touched the screen.
    pub fn hush(&self) {
        let now_ms = self.now_ms();
        self.voice.borrow_mut().hush(now_ms);
    }

    /// Says how to go on when it has been silent for a while.
    pub fn hint(&self) {
        let now_ms = self.now_ms();
        let state = self.state.borrow().clone();
        let words = Spoken(&self.window);
        let mut voice = self.voice.borrow_mut();
        let speaking = voice.is_speaking(now_ms);
        if let Some(say) = voice.narrator.hint(speaking, now_ms, &words) {
            voice.say(&say, &state, &words, now_ms);
            let (said, soundless) = (voice.said.clone(), state.ears.soundless || voice.is_soundless());
            drop(voice);
            show(&self.window, &state, &said, soundless);
        }
    }
}
